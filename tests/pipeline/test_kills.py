"""SIGKILL of a build at any moment: readers never see a wrong row, nothing is lost, no process stays behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from tests.driver import build, dataset_bytes
from tests.pipeline.raw_pages import fetched, html, write_all, write_loose

ROOT = Path(__file__).resolve().parents[2]
N_KILLS = 10
SETTINGS = ["batch_records=8", "chunk_records=2"]
BATCH: dict[str, Any] = {"batch_records": 8, "chunk_records": 2}


class Reader(threading.Thread):
    """Polls `documents` as an analyst would, with pandas and with DuckDB, and keeps every wrong answer."""

    def __init__(self, documents: Path, versions: set[tuple[str, str]]) -> None:
        super().__init__(daemon=True)
        self.documents, self.versions = documents, versions
        self.wrong: list[str] = []
        self.answers: Counter[str] = Counter()
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            self._ask("pandas", self._pandas)
            self._ask("duckdb", self._duckdb)
            time.sleep(0.01)

    def __enter__(self) -> "Reader":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()

    def _ask(self, name: str, question: object) -> None:
        try:
            rows = question()  # type: ignore[operator]
        except (FileNotFoundError, duckdb.Error, OSError):
            self.answers[f"{name} raised"] += 1
            return
        self.answers[name] += 1
        ids = [document_id for document_id, _ in rows]
        if len(ids) != len(set(ids)):
            self.wrong.append(f"{name}: {len(ids) - len(set(ids))} documents twice")
        strange = set(rows) - self.versions
        if strange:
            self.wrong.append(f"{name}: {len(strange)} rows that no build gives, e.g. {sorted(strange)[0]}")

    def _pandas(self) -> list[tuple[str, str]]:
        frame = pd.read_parquet(self.documents, columns=["document_id", "text_sha256"])
        return list(frame.itertuples(index=False, name=None))

    def _duckdb(self) -> list[tuple[str, str]]:
        pattern = f"{self.documents}/**/*.parquet"
        with duckdb.connect() as connection:
            query = f"SELECT document_id, text_sha256 FROM read_parquet('{pattern}', hive_partitioning = true)"
            return connection.execute(query).fetchall()


def processes_of(marker: str) -> list[str]:
    """Processes whose environment bears the marker, with their command lines."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if marker.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def wait_until_gone(marker: str) -> list[str]:
    """The processes of killed builds that are there five seconds later (a run of the command line takes longer)."""
    deadline = time.monotonic() + 5
    while (left := processes_of(marker)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def start_build(raw: Path, out: Path, marker: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.driver", str(raw), str(out), *SETTINGS],
        cwd=ROOT,
        env={**os.environ, "MARSAD_TEST": marker},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for_commits(out: Path, since_ns: int, n_files: int, process: "subprocess.Popen[bytes]") -> int:
    """How many files the build has committed when it has `n_files` of them or has ended."""
    while True:
        files = [path for dataset in ("pages", "documents") for path in (out / dataset).rglob("*.parquet")]
        new = 0
        for path in files:
            try:
                new += path.stat().st_mtime_ns > since_ns
            except FileNotFoundError:
                continue
        if new >= n_files or process.poll() is not None:
            return new
        time.sleep(0.002)


def change_pages(raw: Path, round_: int) -> None:
    """Other words in a third of the loose pages, so that a run has files to replace."""
    for number in range(round_ % 3, 24, 3):
        path = raw / "loose" / f"page-{number:05d}.html"
        path.write_bytes(html(number).replace(b"eastern basin", f"basin of round {round_}".encode()))
        stamp = fetched(number).timestamp() + round_
        os.utime(path, (stamp, stamp))


def kill_once(raw: Path, out: Path, kill: int, marker: str, reader: Reader) -> bool:
    """Whether the kill fell between first and last commit; the state after the next run is seen to be right."""
    change_pages(raw, kill)
    fresh = out.parent / f"fresh-{kill}"
    build(raw, fresh, **BATCH)
    reader.versions = reader.versions | _versions(fresh)
    since_ns = time.time_ns()
    process = start_build(raw, out, marker)
    committed = wait_for_commits(out, since_ns, 1 + kill % 3, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    is_between = committed > 0 and dataset_bytes(out) != dataset_bytes(fresh)
    build(raw, out, **BATCH)
    assert dataset_bytes(out) == dataset_bytes(fresh), f"after kill {kill}"
    assert not list(out.rglob(".*.tmp"))
    assert wait_until_gone(marker) == []
    return is_between


@pytest.mark.crash
def test_ten_kills_leave_no_wrong_answer_and_no_process(tmp_path: Path) -> None:
    raw, out, marker = tmp_path / "raw", tmp_path / "out", f"kills-{os.getpid()}"
    write_all(raw)
    write_loose(raw / "loose", range(24))
    build(raw, out, **BATCH)
    n_files = len(dataset_bytes(out))
    reader = Reader(out / "documents", _versions(out))
    with reader:
        between = sum(kill_once(raw, out, kill, marker, reader) for kill in range(N_KILLS))
    print(f"{between} of {N_KILLS} kills between first and last commit of {n_files} files; readers: {reader.answers}")
    assert reader.wrong == []
    assert reader.answers["pandas"] > 20
    assert reader.answers["duckdb"] > 20
    assert between >= N_KILLS // 2 + 1


def _versions(out: Path) -> set[tuple[str, str]]:
    frame = pd.read_parquet(out / "documents", columns=["document_id", "text_sha256"])
    return set(frame.itertuples(index=False, name=None))
