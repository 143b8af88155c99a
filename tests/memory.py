"""The most memory that this process held, as the kernel counts it (VmHWM, KiB)."""

from pathlib import Path


def peak_kib() -> int:
    """The peak of resident memory. getrusage is of no use: it keeps the parent's over fork and exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def peak_kib_from_here() -> int:
    """The resident memory of now, and from now on the peak: what was held and given back before is forgotten."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_kib()
