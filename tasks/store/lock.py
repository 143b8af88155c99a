"""One writer at a time, and one raw root for ever, per output folder."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.records.errors import LockedError, UsageError

LOCK_NAME = ".marsad.lock"
OWNER_NAME = ".marsad.json"


_held: set[Path] = set()


@contextmanager
def output_lock(out: Path, *, holder: str) -> Iterator[None]:
    """Hold the output folder for one writing command; the lock is gone with the process, however it ends.

    A command that holds it already (the flow inside `marsad run`) passes through.
    Raises LockedError, naming the holder, when another command holds it, UsageError when the folder cannot be made.
    """
    if out.resolve() in _held:
        yield
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = (out / LOCK_NAME).open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"output folder {out} cannot be written ({error.strerror}); name another with --out"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            named = file.read().strip() or "another process"
            raise LockedError(f"output folder {out} is being written by {named}; wait for it to end") from None
        file.truncate(0)
        file.write(f"{holder} (process {os.getpid()})\n")
        file.flush()
        _held.add(out.resolve())
        try:
            yield
        finally:
            _held.discard(out.resolve())


def claim(out: Path, raw: Path) -> None:
    """Bind the output folder to its raw root, or see that it is bound to this one.

    The root is stored relative to the folder, so that both can move together. Raises UsageError for another root.
    """
    path = out / OWNER_NAME
    wanted = os.path.relpath(raw.resolve(), out.resolve())
    owner = owner_of(out)
    if owner is None:
        temp = out / f"{OWNER_NAME}.tmp"
        temp.write_text(json.dumps({"raw": wanted}) + "\n", encoding="utf-8")
        os.replace(temp, path)
    elif owner != wanted:
        raise UsageError(
            f"output folder {out} belongs to the raw folder {(out / owner).resolve()}, not to {raw.resolve()}; "
            "name another with --out"
        )


def owner_of(out: Path) -> str | None:
    """The raw root an output folder is bound to, relative to it; None while it is free."""
    try:
        stated = json.loads((out / OWNER_NAME).read_text(encoding="utf-8"))
        return str(stated["raw"])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"output folder {out} cannot be used ({error.strerror}); name another with --out") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f'{out / OWNER_NAME} is damaged; it should hold {{"raw": ...}}; delete it and run again'
        ) from error
