"""Real builds as processes of their own: started, watched, ended, and seen to leave nothing behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARSAD = Path(sys.executable).with_name("marsad")
# A build of these folders takes seconds on an idle machine.
PATIENCE_S = 120


def processes_of(marker: str) -> list[str]:
    """Processes whose environment bears the marker, with their command lines."""
    return [command for _, command in _marked(marker)]


def process_ids_of(marker: str, words: str) -> list[int]:
    """Ids of the processes whose environment bears the marker and whose command line holds `words`."""
    return [number for number, command in _marked(marker) if words in command]


def _marked(marker: str) -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if marker.encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(folder.name), command))
        except OSError:
            continue
    return found


def wait_until_gone(marker: str) -> list[str]:
    """The processes of killed builds that are there five seconds later (a run of the command line takes longer)."""
    deadline = time.monotonic() + 5
    while (left := processes_of(marker)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def start_build(
    raw: Path,
    out: Path,
    *settings: str,
    marker: str,
    program: Sequence[str] = ("tests.driver",),
    environment: dict[str, str] | None = None,
    log: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """A build in a process of its own, its words in `log`."""
    with (log or Path(os.devnull)).open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *program, str(raw), str(out), *settings],
            cwd=ROOT,
            env={**os.environ, "MARSAD_TEST": marker, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def end_of(process: "subprocess.Popen[bytes]", *, within_s: float = PATIENCE_S) -> int | None:
    """The exit code of a build; None when it hung and was killed."""
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def run_marsad(
    raw: Path, out: Path, settings: Path, *, marker: str, within_s: float = PATIENCE_S
) -> "subprocess.CompletedProcess[str] | None":
    """`marsad run` to its end, None when it hung."""
    command = list(map(str, [MARSAD, "run", "--raw", raw, "--out", out, "--settings", settings]))
    try:
        return subprocess.run(
            command,
            env={**os.environ, "MARSAD_TEST": marker},
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None


def committed_since(out: Path, since_ns: int) -> list[Path]:
    """Files of both datasets that were written after a moment."""
    found = []
    for dataset in ("pages", "documents"):
        for path in (out / dataset).rglob("*.parquet"):
            try:
                if path.stat().st_mtime_ns > since_ns:
                    found.append(path)
            except FileNotFoundError:
                continue
    return found


def wait_for_commits(out: Path, since_ns: int, n_files: int, process: "subprocess.Popen[bytes]") -> int:
    """How many files the build has committed when it has `n_files` of them or has ended."""
    while (new := len(committed_since(out, since_ns))) < n_files and process.poll() is None:
        time.sleep(0.002)
    return new


def wait_for(condition: Callable[[], bool], *, within_s: float = PATIENCE_S) -> bool:
    """Whether something came true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
