"""Which fetches are alive: each holds a lock on a file of its own, which is gone with its process, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from tasks.records.errors import UsageError

FOLDER = "fetches"


@contextmanager
def announced(state_dir: Path, run_id: str) -> Iterator[None]:
    """Let other fetches of this machine see that this one is alive."""
    path = state_dir / FOLDER / f"{run_id}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"state folder {state_dir} cannot be written ({error.strerror}); set state_dir") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def ended_runs(state_dir: Path) -> Iterator[str]:
    """The ids of runs that were killed; the caller gives back what they had taken. Each is told once."""
    for path in _files(state_dir):
        with suppress(FileNotFoundError), path.open("r", encoding="utf-8") as file:
            if not _is_held(file):
                yield path.stem
                path.unlink(missing_ok=True)


def has_live_run(state_dir: Path) -> bool:
    """Whether a fetch of this machine is running."""
    for path in _files(state_dir):
        with suppress(FileNotFoundError), path.open("r", encoding="utf-8") as file:
            if _is_held(file):
                return True
    return False


@contextmanager
def alone(state_dir: Path, source: str) -> Iterator[bool]:
    """Whether no other fetch of this machine is at this source: two would ask its hosts twice as often as they may."""
    path = state_dir / FOLDER / f"{source}.source"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        yield not _is_held(file)


def _files(state_dir: Path) -> list[Path]:
    return sorted((state_dir / FOLDER).glob("*.lock"))


def _is_held(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
