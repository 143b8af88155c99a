"""What this process and all processes below it have used, as the kernel counts it in /proc."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU seconds of the whole family; peak resident sizes of this process and of the largest one below it."""

    cpu_s: float
    parent_peak_bytes: int
    worker_peak_bytes: int


def family_usage() -> Usage:
    """The use until now; of processes that have ended, what their parent has waited for."""
    me, parents = os.getpid(), _parents()
    family, grown = {me}, True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in family} - family
        family |= children
        grown = bool(children)
    peaks = {pid: _peak_bytes(pid) for pid in family}
    return Usage(
        cpu_s=sum(_cpu_s(pid) for pid in family),
        parent_peak_bytes=peaks[me],
        worker_peak_bytes=max((peak for pid, peak in peaks.items() if pid != me), default=0),
    )


def _read(pid: int, name: str) -> str:
    """A file of a process; empty where it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, from the state on (field 3 of proc(5))."""
    return _read(pid, "stat").rpartition(")")[2].split()


def _parents() -> dict[int, int]:
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return {pid: int(fields[1]) for pid in pids if (fields := _stat(pid))}


def _cpu_s(pid: int) -> float:
    """User and system time of a process and of its children that have ended: fields 14 to 17 of proc(5)."""
    return sum(map(int, _stat(pid)[11:15])) / os.sysconf("SC_CLK_TCK")


def _peak_bytes(pid: int) -> int:
    for line in _read(pid, "status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
