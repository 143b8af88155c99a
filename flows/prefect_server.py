"""The Prefect server a run talks to: a running `marsad serve`, or a temporary one that dies with the run.

Prefect reads its settings when it is imported, so `prepare_environment` is called first. Nothing here imports it.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tasks.records.errors import UsageError

PR_SET_PDEATHSIG = 1
STARTUP_TIMEOUT_S = 120
SERVING_NAME = "serving.json"

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,flows",
    # The report says what failed, in sentences; tracebacks are in the UI.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLI_PROMPT": "false",
    "DO_NOT_TRACK": "1",
}


def prepare_environment(state_dir: Path) -> None:
    """Set what Prefect reads at import; what the operator has set already stays."""
    home = state_dir / "prefect"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"state folder {state_dir} cannot be written ({reason}); set state_dir") from error
    os.environ.setdefault("PREFECT_HOME", str(home.resolve()))
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, even by SIGKILL; for a child before its exec."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def is_healthy(api_url: str) -> bool:
    """Whether a Prefect API answers at this address."""
    try:
        with urllib.request.urlopen(f"{api_url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def serving_url(state_dir: Path) -> str | None:
    """The API address of a running `marsad serve` over the same state folder, or None."""
    try:
        url = json.loads((state_dir / SERVING_NAME).read_text(encoding="utf-8"))["api_url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) and is_healthy(url) else None


def is_free(port: int) -> bool:
    """Whether a port of the loopback interface can be listened on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """A Prefect server in a process of its own, starting while its caller goes on."""

    def __init__(self, *, port: int, with_ui: bool, log: Path) -> None:
        self.api_url = f"http://127.0.0.1:{port}/api"
        self.log = log
        kind = {"PREFECT_UI_ENABLED": "1"} if with_ui else {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"}
        command = ["uvicorn", "--factory", "prefect.server.api.server:create_app", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--log-level", "warning", "--lifespan", "on", "--timeout-keep-alive", "5"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**os.environ, **kind, "PREFECT__SERVER_FINAL": "1", "PREFECT_API_URL": self.api_url},
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - called before any thread of ours exists
                start_new_session=True,  # Ctrl-C is for the run, which then stops its server
            )

    def wait_until_ready(self) -> None:
        """Return once the API answers. Raises UsageError, naming the log, when it does not start."""
        deadline = time.monotonic() + STARTUP_TIMEOUT_S
        while not is_healthy(self.api_url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise UsageError(f"the Prefect server did not start; its log is {self.log}")
            time.sleep(0.05)

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the server; by force after ten seconds."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def server_for_run(state_dir: Path) -> Iterator["ServerProcess | None"]:
    """The server of one run: the one of PREFECT_API_URL, of a running `marsad serve`, else a temporary one.

    Yields the temporary server, which may still be starting, or None.
    """
    prepare_environment(state_dir)
    url = os.environ.get("PREFECT_API_URL") or serving_url(state_dir)
    if url:
        if not is_healthy(url):
            raise UsageError(f"no Prefect server answers at {url}; start it, or unset PREFECT_API_URL")
        os.environ["PREFECT_API_URL"] = url
        yield None
        return
    server = ServerProcess(port=free_port(), with_ui=False, log=state_dir / "prefect" / "server.log")
    os.environ["PREFECT_API_URL"] = server.api_url
    try:
        yield server
    finally:
        del os.environ["PREFECT_API_URL"]
        server.stop()
