"""Peak memory of this process and those below it, from /proc."""

from pathlib import Path


def peak_rss_bytes() -> tuple[int, int]:
    """The peak resident size of this process, and of the largest process below it, as the kernel has kept them."""
    status = {path.parent.name: _status(path) for path in Path("/proc").glob("[0-9]*/status")}
    me = str(Path("/proc/self").resolve().name)
    family, grown = {me}, True
    while grown:
        children = {pid for pid, fields in status.items() if fields.get("PPid") in family} - family
        family |= children
        grown = bool(children)
    peaks = {pid: int(status[pid].get("VmHWM", "0 kB").split()[0]) * 1024 for pid in family}
    return peaks[me], max((peak for pid, peak in peaks.items() if pid != me), default=0)


def _status(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # it ended meanwhile
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
