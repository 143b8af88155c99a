"""The containers of a raw root, in order, from file names and sizes alone: no page is opened."""

import errno
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.raw.loose import plain_name
from tasks.raw.meta import META_NAME, MetaIndex
from tasks.records.batches import Container, Kind, LooseFile
from tasks.records.errors import UsageError

PAGE_SUFFIXES = (".html", ".htm", ".xhtml", ".txt", ".mhtml", ".mht")
# Each of them also as .gz, .bz2 or .zst.
SUFFIXES = ((".warc", Kind.WARC), (".arc", Kind.ARC), (".jsonl", Kind.JSONL), (".tar", Kind.TAR))
BATCH_ID_HEX = 16


def kind_of(name: str) -> Kind | None:
    """How a file is read, by its name; None for what Marsad does not read."""
    if name.lower().endswith(".zip"):
        return Kind.ZIP
    if name.lower().endswith((".tgz", ".tbz2")):
        return Kind.TAR
    plain = plain_name(name)
    if plain.endswith(PAGE_SUFFIXES):
        return Kind.LOOSE
    return next((kind for suffix, kind in SUFFIXES if plain.endswith(suffix)), None)


def _is_append_only(path: str, kind: Kind) -> bool:
    """Whether a file may grow at its end: WARC, plain or of gzip members, and plain JSONL."""
    return path.lower().endswith((".warc", ".warc.gz")) or (kind is Kind.JSONL and path.lower().endswith(".jsonl"))


def batch_id(container: str, part: str) -> str:
    """16 hex of sha256 over container path and part: the name of the batch's files."""
    return hashlib.sha256(f"{container}\0{part}".encode("utf-8", "surrogateescape")).hexdigest()[:BATCH_ID_HEX]


@dataclass(frozen=True, slots=True)
class RawListing:
    """What lies under a raw root: its containers by path, files of kinds that are not read, folders without access."""

    containers: list[Container]
    unread: list[str]
    closed: list[str]


def list_containers(root: Path) -> list[Container]:
    """All containers under `root`, sorted by path."""
    return list_raw(root).containers


def list_raw(root: Path) -> RawListing:
    """Everything under `root`; hidden files and links that leave the root are passed over.

    Raises UsageError when `root` is no readable folder.
    """
    if not root.is_dir():
        what = "is no folder" if root.exists() else "does not exist"
        raise UsageError(f"raw folder {root} {what}; name one with --raw, or put pages into it")
    containers: list[Container] = []
    unread: list[str] = []
    closed: list[str] = []
    loose: dict[str, list[LooseFile]] = defaultdict(list)
    meta = MetaIndex(root)
    for path, stat in _files(root, closed):
        if path.rpartition("/")[2] == META_NAME:
            continue
        kind = kind_of(path)
        if kind is Kind.LOOSE:
            loose[path.partition("/")[0] if "/" in path else ""].append(_loose_file(path, stat, meta))
        elif kind is None:
            unread.append(path)
        else:
            appends = _is_append_only(path, kind)
            containers.append(Container(path=path, kind=kind, size_bytes=stat.st_size, is_append_only=appends))
    for folder, files in loose.items():
        containers.append(Container(path=folder, kind=Kind.LOOSE, files=tuple(sorted(files, key=lambda f: f.path))))
    return RawListing(sorted(containers, key=lambda c: (c.path, c.kind)), sorted(unread), sorted(closed))


def _files(root: Path, closed: list[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files below `root` with their paths relative to it; a file that vanishes meanwhile is not there.

    Folders that may not be read are added to `closed`. Raises UsageError when that is the root itself.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(root / folder))
        except FileNotFoundError:
            continue
        except PermissionError as error:
            if not folder:
                raise UsageError(f"raw folder {root} may not be read ({error.strerror})") from error
            closed.append(folder)
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                elif entry.is_file() and _stays_inside(root, entry):
                    yield path, entry.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                if error.errno != errno.ELOOP:  # a link that leads to itself is no file
                    raise


def _stays_inside(root: Path, entry: os.DirEntry[str]) -> bool:
    return not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(root.resolve())


def _loose_file(path: str, stat: os.stat_result, meta: MetaIndex) -> LooseFile:
    entry = meta.entry_of(path)
    fetched_at = entry.fetched_at if entry else None
    if fetched_at is None:
        fetched_at = _mtime(stat)
    described = json.dumps(entry.described, sort_keys=True) if entry else None
    return LooseFile(path=path, size_bytes=stat.st_size, fetched_at=fetched_at, meta=described)


def _mtime(stat: os.stat_result) -> datetime | None:
    try:
        seconds, nanoseconds = divmod(stat.st_mtime_ns, 1_000_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanoseconds // 1_000)
    except (ValueError, OverflowError, OSError):  # some file systems keep years that no calendar has
        return None
