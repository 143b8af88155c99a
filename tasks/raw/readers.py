"""Every container as one stream of entries, whatever its format: what the scan counts is what workers read."""

import atexit
import dataclasses
import functools
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tasks.raw import jsonl, loose, warc
from tasks.raw.arc import ArcFormat
from tasks.raw.archives import Archive, open_archive, reader_of
from tasks.raw.containers import kind_of
from tasks.raw.framing import Damage, RecordFormat, WarcFormat
from tasks.raw.members import Member
from tasks.raw.meta import instant
from tasks.raw.streams import (
    GZIP,
    UNPACK_ERRORS,
    BrokenRecord,
    OpenFile,
    Source,
    TornRecord,
    Unpacked,
    Window,
    codec_of,
    describe,
)  # fmt: skip
from tasks.records.article import Rejection
from tasks.records.batches import Chunk, Container, Kind, Mark
from tasks.records.raw import RawRecord

FORMATS: dict[Kind, RecordFormat] = {Kind.WARC: WarcFormat(), Kind.ARC: ArcFormat()}
LINE_BEGINS = re.compile(rb"\s*\{")
# As many as batches are read at a time, and one: each is a decoder and its window.
KEPT_READINGS = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One record found: where it begins; its date and the record itself are read only when asked for.

    They can be asked for until the next entry is.
    """

    mark: Mark
    fetched_at: Callable[[], datetime | None]
    record: Callable[[], RawRecord]


def iter_entries(root: Path, container: Container, mark: Mark, *, max_bytes: int) -> Iterator[Entry]:
    """The records of a container from the last place at or before `mark` that reading can begin at.

    A stretch that is no record becomes one entry with the rejection 'unreadable'. Raises TornRecord with its offset
    where an append-only container ends inside a record.
    """
    start = _restart(container, mark)
    try:
        if container.kind is Kind.LOOSE:
            yield from _loose_entries(root, container, start, max_bytes)
            return
        with OpenFile(root / container.path, size_bytes=container.size_bytes) as file:
            if container.kind in (Kind.ZIP, Kind.TAR):
                yield from _archive_entries(root, container, file, start, max_bytes)
            else:
                source = file.source(start.offset)
                yield from _file_entries(container, container.path, source, start, max_bytes)
    except UNPACK_ERRORS as error:
        yield _unreadable(container, Mark(), describe(error))


def _restart(container: Container, mark: Mark) -> Mark:
    """The last place at or before `mark` where reading can begin: a packed stream is read from its head."""
    if container.kind is Kind.LOOSE:
        return mark
    codec = codec_of(container.path)
    if codec is not None and not (container.kind in FORMATS and codec is GZIP):
        return Mark()
    if container.kind in (Kind.ZIP, Kind.TAR):
        return Mark(member=mark.member)
    return dataclasses.replace(mark, skip=0)


@dataclass(slots=True)
class _Reading:
    """The entries of a container on their way, what they belong to, and how far they have come."""

    key: tuple[object, ...]
    entries: Iterator[Entry]
    last: Mark | None = None
    chunk_mark: Mark | None = None
    n_past: int = 0

    def reaches(self, chunk: Chunk) -> bool:
        """Whether the records of a chunk still lie ahead."""
        if self.chunk_mark == chunk.mark:
            return self.n_past <= chunk.skip
        return self.last is None or self.last.order < chunk.mark.order

    def entries_of(self, chunk: Chunk) -> Iterator[Entry]:
        """The entries of a chunk, which lie ahead."""
        n_given = 0
        for entry in self.entries:
            self.last = entry.mark
            if self.chunk_mark != chunk.mark:
                if entry.mark.order < chunk.mark.order:
                    continue
                self.chunk_mark, self.n_past = chunk.mark, 0
            self.n_past += 1
            if self.n_past > chunk.skip:
                n_given += 1
                yield entry
            if n_given == chunk.n_records:
                return


class Readings:
    """The last containers that were read in this process, each kept open where its reading ended.

    A packed stream cannot seek: the chunks of a batch come one after another, and each goes on where one before it
    ended, instead of unpacking all that lies before it again.
    """

    def __init__(self) -> None:
        self._kept: deque[_Reading] = deque()

    def at(self, root: Path, container: Container, chunk: Chunk, *, max_bytes: int) -> _Reading:
        """A reading that has the records of the chunk ahead, the one that has come furthest."""
        path = root / container.path
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError:  # what opens it says why
            changed_ns = 0
        key = (path, container.kind, container.size_bytes, changed_ns, _restart(container, chunk.mark), max_bytes)
        found = [reading for reading in self._kept if reading.key == key and reading.reaches(chunk)]
        if found:
            reading = max(found, key=lambda kept: (kept.last.order if kept.last else (), kept.n_past))
            self._kept.remove(reading)
        else:
            reading = _Reading(key, iter_entries(root, container, chunk.mark, max_bytes=max_bytes))
            if len(self._kept) >= KEPT_READINGS:
                _close(self._kept.popleft())
        self._kept.append(reading)
        return reading

    def close(self) -> None:
        """Let the files go."""
        while self._kept:
            _close(self._kept.popleft())


def _close(reading: _Reading) -> None:
    reading.entries.close()  # type: ignore[attr-defined]  # a generator


READINGS = Readings()
atexit.register(READINGS.close)


def read_chunk(root: Path, chunk: Chunk, *, max_bytes: int) -> Iterator[RawRecord]:
    """The records of one chunk, in order; fewer only where the file changed since the scan."""
    container = Container(
        path=chunk.container,
        kind=chunk.kind,
        size_bytes=chunk.size_bytes,
        is_append_only=False,
        files=chunk.files,
    )
    if chunk.kind is Kind.LOOSE:
        for entry in iter_entries(root, container, Mark(), max_bytes=max_bytes):
            yield entry.record()
        return
    for entry in READINGS.at(root, container, chunk, max_bytes=max_bytes).entries_of(chunk):
        yield entry.record()


def no_records(container: Container, *, scan_failure: str | None) -> RawRecord:
    """What stands for a container that holds no record, or could not be scanned."""
    rejection = Rejection(stage="read", reason="no_records")
    if scan_failure is not None:
        rejection = Rejection(stage="read", reason="unreadable", detail=scan_failure)
    return _failed(container, "", "", rejection)


def unread_record(chunk: Chunk, rejection: Rejection) -> RawRecord:
    """What stands for the one record of a chunk that cannot even be read: its place alone."""
    container = Container(path=chunk.container, kind=chunk.kind)
    if chunk.files:
        position = chunk.files[0].path
        return dataclasses.replace(_failed(container, "", position, rejection), raw_path=position)
    mark = chunk.mark
    return _failed(container, "", f"{mark.member}:{mark.offset}+{mark.skip + chunk.skip}", rejection)


def _failed(container: Container, member: str, position: str, rejection: Rejection, *, ordinal: int = 1) -> RawRecord:
    return RawRecord(
        container=container.path,
        position=f"{member}\0{ordinal}\0{position}" if member else position,
        raw_path=f"{container.path}{'!' if member else ''}{member}{'#' if position else ''}{position}",
        payload=b"",
        media_type=None,
        source=container.source,
        rejection=rejection,
    )


def _unreadable(
    container: Container, mark: Mark, detail: str, *, member: str = "", ordinal: int = 1, position: str = ""
) -> Entry:
    rejection = Rejection(stage="read", reason="unreadable", detail=detail)
    at = position or (f"{mark.offset}+{mark.skip}" if mark.skip else str(mark.offset))
    record = _failed(container, member, at, rejection, ordinal=ordinal)
    return Entry(mark, lambda: None, lambda: record)


def _loose_entries(root: Path, container: Container, mark: Mark, max_bytes: int) -> Iterator[Entry]:
    for number, file in enumerate(container.files[mark.member :], start=mark.member):
        yield Entry(
            Mark(member=number),
            functools.partial(getattr, file, "fetched_at"),
            functools.partial(loose.to_record, root, container, file, max_bytes=max_bytes),
        )


def _archive_entries(root: Path, container: Container, file: OpenFile, mark: Mark, max_bytes: int) -> Iterator[Entry]:
    """The records of a zip or tar: its pages, and those of the JSONL, WARC and ARC files in it."""
    path = root / container.path
    stat = path.stat()
    archive = open_archive(path, container.kind, stat.st_size, stat.st_mtime_ns)
    read = reader_of(container.kind, container.path, file)
    for number in range(mark.member, len(archive.members)):
        member = archive.members[number]
        kind = kind_of(member.name)
        if member.wrong is None and kind in (Kind.WARC, Kind.ARC, Kind.JSONL):
            yield from _member_entries(container, archive, number, read, kind, max_bytes)
        else:
            yield Entry(
                Mark(member=number),
                functools.partial(archive.fetched_at, number),
                functools.partial(_member_record, container, archive, number, read, max_bytes),
            )


def _member_record(
    container: Container, archive: Archive, number: int, read: Callable[[Member], Source], max_bytes: int
) -> RawRecord:
    """One member as a raw record; a member of another kind than a page is a rejection."""
    member, ordinal = archive.members[number], archive.ordinals[number]
    if member.wrong is not None:
        rejection = Rejection(stage="read", reason="unreadable", detail=member.wrong)
        return _failed(container, member.name, "" if member.name else str(member.offset), rejection, ordinal=ordinal)
    if kind_of(member.name) is not Kind.LOOSE:
        rejection = Rejection(stage="read", reason="not_html", detail=Path(member.name).suffix.lower())
        return _failed(container, member.name, "", rejection, ordinal=ordinal)
    entry = archive.entry_of(member.name)
    return loose.page_record(
        read(member),
        member.name,
        container=container,
        place=(f"{member.name}\0{ordinal}", f"{container.path}!{member.name}"),
        described=entry.described if entry else {},
        fetched_at=archive.fetched_at(number),
        max_bytes=max_bytes,
    )


def _member_entries(
    container: Container,
    archive: Archive,
    number: int,
    read: Callable[[Member], Source],
    kind: Kind,
    max_bytes: int,
) -> Iterator[Entry]:
    """The records of a WARC, ARC or JSONL file inside an archive; damage in it costs the archive nothing."""
    member, ordinal = archive.members[number], archive.ordinals[number]
    inner = dataclasses.replace(container, kind=kind, is_append_only=False)
    place = (f"!{member.name}", ordinal)
    for entry in _file_entries(inner, member.name, read(member), Mark(), max_bytes, member=place):
        yield dataclasses.replace(entry, mark=dataclasses.replace(entry.mark, member=number))


def _file_entries(
    container: Container,
    name: str,
    source: Source,
    mark: Mark,
    max_bytes: int,
    *,
    member: tuple[str, int] = ("", 1),
) -> Iterator[Entry]:
    """The records of a WARC, ARC or JSONL file whose bytes from `mark` on are `source`.

    `member`: its name, with '!' before, and ordinal where it is in an archive.
    """
    codec, form = codec_of(name), FORMATS.get(container.kind)
    has_members = form is not None and codec is GZIP
    if codec is not None and not has_members:
        source = Unpacked(source, codec, begins=form.begins if form else LINE_BEGINS)
    window = Window(source, offset=mark.offset)
    if form is None:
        yield from _line_entries(container, window, mark, max_bytes, member=member)
        return
    name_inside, ordinal = member
    found = warc.iter_frames(window, form, is_gzip=has_members, is_open=container.is_append_only, max_bytes=max_bytes)
    for at, frame in found:
        if isinstance(frame, Damage):
            yield _unreadable(container, at, frame.detail, member=name_inside[1:], ordinal=ordinal)
            continue
        to_record = functools.partial(
            warc.to_record, container, at, frame, member=name_inside, ordinal=ordinal, max_bytes=max_bytes
        )
        yield Entry(at, functools.partial(warc.warc_date, frame), to_record)


def _line_entries(
    container: Container, window: Window, mark: Mark, max_bytes: int, *, member: tuple[str, int]
) -> Iterator[Entry]:
    """The records of JSON lines."""
    name_inside, ordinal = member
    for at, line in jsonl.without_made_up(jsonl.iter_lines(window, line=mark.line, max_bytes=max_bytes)):
        if isinstance(line, BrokenRecord):
            yield _unreadable(
                container, at, str(line), member=name_inside[1:], ordinal=ordinal, position=str(at.line + 1)
            )
            continue
        if container.is_append_only and not line.is_ended and jsonl.parse_line(line) is None:
            raise TornRecord("the last line does not end", at.offset)
        to_record = functools.partial(
            jsonl.to_record, container, at, line, member=name_inside, ordinal=ordinal, max_bytes=max_bytes
        )
        yield Entry(at, functools.partial(_line_date, line), to_record)


def _line_date(line: jsonl.Line) -> datetime | None:
    return instant((jsonl.parse_line(line) or {}).get("fetched_at"))
