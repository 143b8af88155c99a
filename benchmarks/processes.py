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
    me = os.getpid()
    members = family(me)
    peaks = {pid: peak_bytes(pid) for pid in members}
    return Usage(
        cpu_s=sum(_cpu_s(pid) for pid in members),
        parent_peak_bytes=peaks[me],
        worker_peak_bytes=max((peak for pid, peak in peaks.items() if pid != me), default=0),
    )


def family(pid: int) -> set[int]:
    """A process and all processes below it, as they are now."""
    parents = _parents()
    members, grown = {pid}, True
    while grown:
        children = {child for child, parent in parents.items() if parent in members} - members
        members |= children
        grown = bool(children)
    return members


def peak_bytes(pid: int) -> int:
    """The largest resident size of a process until now; 0 once it has ended."""
    return _bytes(pid, "status", "VmHWM:")


def proportional_bytes(pid: int) -> int:
    """The resident size of a process now, what n processes share counted as its n-th part; 0 once it has ended."""
    return _bytes(pid, "smaps_rollup", "Pss:")


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


def _bytes(pid: int, name: str, key: str) -> int:
    """A size that a file of a process states in kB."""
    for line in _read(pid, name).splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0
