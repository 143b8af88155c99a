"""meta.jsonl: what is known of loose pages beside their bytes. The nearest folder's line wins."""

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

META_NAME = "meta.jsonl"
MAX_META_BYTES = 64 * 1024 * 1024

CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MetaEntry:
    """One line of meta.jsonl: what it says of one file, and its instant in UTC where that can be read."""

    described: dict[str, Any]
    fetched_at: datetime | None


class MetaIndex:
    """The meta.jsonl files of a raw root, each read once, on the first page below it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_folder: dict[str, dict[str, MetaEntry]] = {}

    def entry_of(self, path: str) -> MetaEntry | None:
        """What the nearest meta.jsonl above `path` says of it, or None."""
        folder, relative = path, ""
        while folder:
            folder, _, name = folder.rpartition("/")
            relative = f"{name}/{relative}" if relative else name
            entry = self._entries(folder).get(relative)
            if entry is not None:
                return entry
        return None

    def _entries(self, folder: str) -> dict[str, MetaEntry]:
        if folder not in self._by_folder:
            path = self._root / folder / META_NAME
            self._by_folder[folder] = parse_meta(_content(path, root=self._root), name=str(path))
        return self._by_folder[folder]


def _content(path: Path, *, root: Path) -> bytes:
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            return b""
        with path.open("rb") as file:
            return file.read(MAX_META_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself, before Python 3.13
        log.warning("%s cannot be read (%s); it describes no page", path, error)
        return b""


def parse_meta(content: bytes, *, name: str) -> dict[str, MetaEntry]:
    """The entries of one meta.jsonl by file name; a line that is no object with `file` is left out with a warning."""
    entries: dict[str, MetaEntry] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            described = json.loads(line)
        except (ValueError, RecursionError):
            described = None
        if not isinstance(described, dict) or not isinstance(described.get("file"), str):
            log.warning('%s line %d is no JSON object with a "file"; it describes no page', name, number)
            continue
        file = described.pop("file")
        entries[file.removeprefix("./")] = MetaEntry(described, instant(described.get("fetched_at")))
    return entries


def instant(value: object) -> datetime | None:
    """An ISO 8601 text as a UTC instant of whole microseconds; no zone reads as UTC; anything else is None."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text_of(described: dict[str, Any] | None, name: str) -> str | None:
    """A field that is a non-empty text without lone surrogates, or None."""
    value = (described or {}).get(name)
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().encode("utf-8", "replace").decode()


def charset_of(described: dict[str, Any]) -> str | None:
    """The charset of a Content-Type among the described headers, or None."""
    headers = described.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if isinstance(value, str) and str(name).lower() == "content-type" and (charset := charset_in(value)):
            return charset
    return None


def charset_in(content_type: str) -> str | None:
    """The charset that a Content-Type states, lower-case and without quotes, or None."""
    found = CHARSET.search(content_type[:500])
    return found[1].lower() if found else None
