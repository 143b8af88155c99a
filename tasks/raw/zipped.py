"""Members of a zip file: pages, and JSONL or WARC files inside it."""

import functools
import logging
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tasks.raw.framing import UNPACK_ERRORS
from tasks.raw.jsonl import text_of
from tasks.raw.loose import charset_of, media_type_of, unpack
from tasks.raw.meta import META_NAME, MetaEntry, parse_meta
from tasks.records.article import Rejection
from tasks.records.batches import Container
from tasks.records.raw import RawRecord

log = logging.getLogger(__name__)

MAX_META_BYTES = 64 * 1024 * 1024
ENCRYPTED_FLAG = 0x1


class OpenZip:
    """A zip file opened once: its members that may be records, in the order of its directory."""

    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path)
        self.members = [info for info in self.archive.infolist() if _may_be_record(info)]
        seen: Counter[str] = Counter()
        self.ordinals = [seen.update([info.filename]) or seen[info.filename] for info in self.members]
        self._meta: dict[str, dict[str, MetaEntry]] = {}
        for info in self.archive.infolist():
            if info.filename.rpartition("/")[2] == META_NAME and info.file_size <= MAX_META_BYTES:
                folder = info.filename.rpartition("/")[0]
                self._meta[folder] = parse_meta(self._content(info), name=f"{path.name}!{info.filename}")

    def _content(self, info: zipfile.ZipInfo) -> bytes:
        try:
            return self.archive.read(info)
        except UNPACK_ERRORS as error:
            log.warning("%s!%s cannot be read (%s)", self.archive.filename, info.filename, type(error).__name__)
            return b""

    def entry_of(self, name: str) -> MetaEntry | None:
        """What the nearest meta.jsonl inside the zip says of a member, or None."""
        folder, relative = name, ""
        while folder:
            folder, _, last = folder.rpartition("/")
            relative = f"{last}/{relative}" if relative else last
            entry = self._meta.get(folder, {}).get(relative)
            if entry is not None:
                return entry
        return None


def _may_be_record(info: zipfile.ZipInfo) -> bool:
    name = info.filename.rpartition("/")[2]
    return not info.is_dir() and name != META_NAME and not name.startswith(".") and "__MACOSX/" not in info.filename


@functools.lru_cache(maxsize=1)
def open_zip(path: Path, size_bytes: int, mtime_ns: int) -> OpenZip:
    """The zip at `path`; chunks of one batch are read one after another, so the last one opened is kept."""
    return OpenZip(path)


def member_time(info: zipfile.ZipInfo) -> datetime | None:
    """The member's time read as UTC, None where the bytes are no time."""
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None


def fetched_at(opened: OpenZip, info: zipfile.ZipInfo) -> datetime | None:
    """When a member was fetched: meta.jsonl of the zip, else the member's time."""
    entry = opened.entry_of(info.filename)
    return entry.fetched_at if entry and entry.fetched_at else member_time(info)


def member_content(opened: OpenZip, info: zipfile.ZipInfo, *, max_bytes: int) -> tuple[bytes, Rejection | None]:
    """The unpacked page of a member, or what hinders it."""
    if info.flag_bits & ENCRYPTED_FLAG:
        return b"", Rejection(stage="read", reason="unreadable", detail="the zip member is encrypted")
    try:
        with opened.archive.open(info) as file:
            return unpack(file.read(max_bytes + 1), info.filename, max_bytes=max_bytes)
    except UNPACK_ERRORS as error:
        return b"", Rejection(stage="read", reason="unreadable", detail=f"zip member: {type(error).__name__}")


def to_record(container: Container, opened: OpenZip, number: int, *, is_page: bool, max_bytes: int) -> RawRecord:
    """One member as a raw record; a member of another kind than a page is a rejection."""
    info, ordinal = opened.members[number], opened.ordinals[number]
    if is_page:
        payload, rejection = member_content(opened, info, max_bytes=max_bytes)
    else:
        payload, rejection = b"", Rejection(stage="read", reason="not_html", detail=Path(info.filename).suffix.lower())
    entry = opened.entry_of(info.filename)
    described = entry.described if entry else {}
    return RawRecord(
        container=container.path,
        position=f"{info.filename}\0{ordinal}",
        raw_path=f"{container.path}!{info.filename}",
        payload=payload,
        media_type=media_type_of(info.filename),
        charset=charset_of(described),
        url=text_of(described, "url"),
        fetched_at=fetched_at(opened, info),
        source=text_of(described, "source") or container.source,
        zone=text_of(described, "zone"),
        rejection=rejection,
    )
