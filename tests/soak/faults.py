"""Faults planted in real processes, stage by stage: a hang, an exit, a kill, a segfault, an allocation, an exception.

`python -m tests.soak.faults RAW OUT fault=STAGE:KIND key=value ...` is `python -m tests.driver` with one of them.
"""

import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import tasks.run
from tasks import identities, name_forms, page, pipeline, site_rules
from tasks.extract.article import extract_article
from tests.driver import build

VARIABLE = "MARSAD_FAULT"
# A page that bears this word is the guilty one; stages that see no page fail on every call.
WORD = "FAULT-WORD"
PAGE_STAGES = ("read", "extract", "enrich")
BATCH_STAGES = ("lines", "rules", "names", "settle", "entities", "write", "fsync", "rename")
KINDS = ("hang", "exit", "kill", "segfault", "memory", "raise", "disk")


def _allocate() -> None:
    hoard = []
    while True:
        hoard.append(b"x" * (64 * 1024 * 1024))


def _raise() -> None:
    raise RuntimeError("a fault that was planted")


def _disk_full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


FAULTS: dict[str, Callable[[], Any]] = {
    "hang": lambda: time.sleep(600),
    "exit": lambda: os._exit(7),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "memory": _allocate,
    "raise": _raise,
    "disk": _disk_full,
}


def plant(stated: str) -> None:
    """Nothing; afterwards the stage of `stage:kind` does what the kind says ("extract": see `faulty_extractor`)."""
    stage, _, kind = stated.partition(":")
    fault = FAULTS[kind]
    if stage == "read":
        read_chunk = vars(pipeline)["read_chunk"]

        def read(*arguments: Any, **named: Any) -> Any:
            for record in read_chunk(*arguments, **named):
                if WORD.encode() in record.payload:
                    fault()
                yield record

        vars(pipeline)["read_chunk"] = read
    elif stage == "enrich":
        _put_before(page, "detect_language", fault, only_with=WORD)
    elif stage in ("lines", "rules"):
        _put_before(site_rules, {"lines": "_page_lines", "rules": "rules_of"}[stage], fault)
    elif stage == "names":
        _put_before(name_forms, "_mentions", fault)
    elif stage == "entities":
        _put_before(identities, "load_places", fault)
    elif stage == "settle":
        _put_before(pipeline, "_settled_rows", fault)
    elif stage == "write":
        _put_before(pipeline, "write_temp", fault)
    elif stage in ("fsync", "rename"):
        _put_before(os, {"fsync": "fsync", "rename": "replace"}[stage], fault)


def _put_before(module: ModuleType, name: str, fault: Callable[[], Any], *, only_with: str | None = None) -> None:
    """Nothing; afterwards a function of a module meets the fault first, where its first argument holds the word."""
    function = vars(module)[name]

    def faulty(*arguments: Any, **named: Any) -> Any:
        if only_with is None or only_with in arguments[0]:
            fault()
        return function(*arguments, **named)

    vars(module)[name] = faulty


def _main(raw: Path, out: Path, settings: dict[str, Any]) -> None:
    stated = str(settings.pop("fault"))
    os.environ[VARIABLE] = stated
    if stated.startswith("rename"):
        plant(stated)  # only the flow process renames
    tasks.run.PRELOAD = "tests.soak.faulty_preload"
    # By the name that a worker can import, which `__main__` is not.
    from tests.soak.faults import faulty_extractor as extractor  # noqa: PLC0415

    report = build(raw, out, extractor=extractor if stated.startswith("extract") else None, **settings)
    sys.exit(1 if report.failed else 0)


def faulty_extractor(raw: Any, *, min_chars: int) -> Any:
    """Marsad's own extractor; the fault of this process's environment on the guilty page."""
    if WORD.encode() in raw.payload:
        FAULTS[os.environ[VARIABLE].partition(":")[2]]()
    return extract_article(raw, min_chars=min_chars)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), dict(argument.split("=") for argument in sys.argv[3:]))
