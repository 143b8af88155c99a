"""An extractor that does, on pages that ask for it, what the worst pages do; on all others it is Marsad's own."""

import ctypes
import os
import signal
import sys
import time

from tasks.extract.article import extract_article
from tasks.records.article import Article, Rejection
from tasks.records.raw import RawRecord


def faulty_extractor(raw: RawRecord, *, min_chars: int) -> Article | Rejection:
    """The article, unless the page bears one of the fault words."""
    faults = {
        b"FAULT-HANG": _hang,
        b"FAULT-EXIT": _leave,
        b"FAULT-SEGFAULT": _segfault,
        b"FAULT-KILL": _kill,
        b"FAULT-MEMORY": _allocate,
        b"FAULT-RAISE": _raise,
        b"FAULT-RECURSION": _recurse,
    }
    for word, fault in faults.items():
        if word in raw.payload:
            fault()
    return extract_article(raw, min_chars=min_chars)


def short_extractor(raw: RawRecord, *, min_chars: int) -> Article | Rejection:
    """A one-line article, for tests that need many rows and no extraction."""
    return Article(text=raw.payload[:80].decode("ascii", "replace"), extractor="short")


def modules_extractor(raw: RawRecord, *, min_chars: int) -> Article | Rejection:
    """An article whose text names the packages that its process has loaded."""
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    return Article(text=" ".join(loaded), extractor="modules")


def _hang() -> None:
    time.sleep(600)


def _leave() -> None:
    os._exit(7)


def _segfault() -> None:
    ctypes.string_at(0)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _allocate() -> None:
    hoard = []
    while True:
        hoard.append(bytearray(64 * 1024 * 1024))


def _raise() -> None:
    raise ValueError(f"no reason at all, at {object()!r}")


def _recurse() -> None:
    _recurse()


def endless_scan(*_: object) -> None:
    """A scan that does not end."""
    time.sleep(600)
