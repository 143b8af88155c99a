"""Databases for tests: an SQLite file, and a real PostgreSQL server that is started once and stopped at the end.

A test module uses it by `pytest_plugins = ["tests.acquire.databases"]`. PYTEST_DONT_REWRITE: it may be imported before.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

# Where Debian's package `postgresql` puts initdb and postgres; elsewhere they are on the PATH.
DEBIAN = Path("/usr/lib/postgresql")
USER, PASSWORD = "marsad", "correct-horse"
STARTS_WITHIN_S = 30


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server on loopback without a database name; skipped where there are no binaries."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not here (Debian: apt-get install postgresql)")
    if os.getuid() == 0 and not _has_user("postgres"):
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="marsad-postgres-", dir="/tmp"))
    try:
        with _running(binaries, folder) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new, empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"
        return
    with new_database(request.getfixturevalue("postgres_server")) as address:
        yield address


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The address of a new database on the server, dropped on the way out whoever is connected."""
    name = f"ledger_{uuid.uuid4().hex}"
    plain = server.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(f"{plain}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def _running(binaries: Path, folder: Path) -> Iterator[str]:
    """A server on a port that was free, with passwords and without the waits that make a disk safe."""
    as_user = _as_postgres(folder)
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    initdb = [
        str(binaries / "initdb"), "-D", str(data), "-U", USER, "-E", "UTF8", "--locale=C", "--auth=scram-sha-256",
        f"--pwfile={secret}", "--no-sync",
    ]  # fmt: skip
    subprocess.run(initdb, check=True, capture_output=True, timeout=60, cwd=folder, **as_user)
    port = _free_port()
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
        "full_page_writes": "off", "max_connections": 40, "shared_buffers": "32MB",
    }  # fmt: skip
    command = [str(binaries / "postgres"), "-D", str(data)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, **as_user)
        try:
            _wait_until_it_answers(server, port, folder / "log")
            yield f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{port}"
        finally:
            # SIGTERM would wait for clients that are still connected; SIGINT breaks them off.
            server.send_signal(2)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_until_it_answers(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    address = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
    while True:
        try:
            psycopg.connect(address, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            said = log.read_text(encoding="utf-8", errors="replace")
            assert server.poll() is None, f"PostgreSQL ended while it started: {said}"
            assert time.monotonic() < ends, f"PostgreSQL did not answer within {STARTS_WITHIN_S} s: {said}"
            time.sleep(0.05)


def _as_postgres(folder: Path) -> dict[str, Any]:
    """What makes a command run as a user that PostgreSQL accepts; the folder is then that user's."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _binaries() -> Path | None:
    """The folder of initdb and postgres, of the newest version installed."""
    on_path = shutil.which("initdb")
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name)) if DEBIAN.is_dir() else []
    folders += [Path(on_path).parent] if on_path else []
    found = [folder for folder in folders if (folder / "initdb").is_file() and (folder / "postgres").is_file()]
    return found[-1] if found else None


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
