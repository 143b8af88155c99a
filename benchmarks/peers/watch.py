"""A command, and the memory of all its processes while it ran, as the kernel counts it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import family, peak_bytes, proportional_bytes

# Between two looks at a family: its sum may have been a little higher in between. A look takes about 5 ms.
LOOK_S = 0.1
# Twenty times what the slowest peer takes for the scored pages on two idle cores.
LIMIT_S = 1_200.0


class CommandFailed(Exception):
    """A command did not come to its end; the message has what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a command printed; the resident size of its largest process, and of all together (shared pages once)."""

    printed: str
    largest_bytes: int
    family_bytes: int


def run_watched(command: Sequence[str | Path], *, cwd: Path) -> Watched:
    """The output and memory of a command. Raises CommandFailed where it fails or takes longer than LIMIT_S."""
    largest = whole = 0
    deadline = time.monotonic() + LIMIT_S
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=cwd, stdout=printed, stderr=said, text=True, start_new_session=True)
        try:
            while process.poll() is None and time.monotonic() < deadline:
                members = family(process.pid)
                largest = max(largest, *map(peak_bytes, members))
                whole = max(whole, sum(map(proportional_bytes, members)))
                time.sleep(LOOK_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode:
            said.seek(0)
            lines = said.read().strip().splitlines() or ["nothing"]
            raise CommandFailed(f"exit code {process.returncode}, saying: {lines[-1]}")
        printed.seek(0)
        return Watched(printed=printed.read(), largest_bytes=largest, family_bytes=whole)
