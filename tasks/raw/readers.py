"""Every container as one stream of entries, whatever its format: what the scan counts is what workers read."""

import atexit
import dataclasses
import functools
import io
import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tasks.raw import jsonl, loose, warc, zipped
from tasks.raw.containers import kind_of
from tasks.raw.framing import UNPACK_ERRORS, BrokenRecord, ByteStream, ForwardFile, LimitedFile, TornRecord
from tasks.raw.meta import instant
from tasks.records.article import Rejection
from tasks.records.batches import Chunk, Container, Kind, Mark
from tasks.records.raw import RawRecord

READ_BYTES = 256 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record found: where it begins; its date and the record itself are read only when asked for."""

    mark: Mark
    fetched_at: Callable[[], datetime | None]
    record: Callable[[], RawRecord]


def iter_entries(root: Path, container: Container, mark: Mark, *, max_bytes: int) -> Iterator[Entry]:
    """The records of a container from `mark` on.

    A place that is no record becomes one entry with the rejection 'unreadable' and ends the container. Raises
    TornRecord with its offset where an append-only container ends inside a record.
    """
    try:
        if container.kind is Kind.LOOSE:
            yield from _loose_entries(root, container, mark, max_bytes)
        elif container.kind is Kind.ZIP:
            yield from _zip_entries(root, container, mark, max_bytes)
        else:
            yield from _whole_file_entries(root, container, mark, max_bytes)
    except (TornRecord, BrokenRecord) as error:
        if isinstance(error, TornRecord) and container.is_append_only:
            raise
        yield _unreadable(container, Mark(error.offset, error.skip, error.line), str(error))
    except UNPACK_ERRORS as error:
        detail = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        yield _unreadable(container, Mark(), detail)


def read_chunk(root: Path, chunk: Chunk, *, max_bytes: int) -> Iterator[RawRecord]:
    """The records of one chunk, in order; fewer only where the file changed since the scan."""
    container = Container(
        path=chunk.container,
        kind=chunk.kind,
        size_bytes=chunk.size_bytes,
        is_append_only=False,
        files=chunk.files,
    )
    skip = 0 if chunk.kind is Kind.LOOSE else chunk.skip
    mark = Mark() if chunk.kind is Kind.LOOSE else chunk.mark
    entries = iter_entries(root, container, mark, max_bytes=max_bytes)
    for entry in itertools.islice(entries, skip, skip + chunk.n_records):
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


def _unreadable(container: Container, mark: Mark, detail: str, *, member: str = "", ordinal: int = 1) -> Entry:
    rejection = Rejection(stage="read", reason="unreadable", detail=detail)
    at = f"{mark.offset}+{mark.skip}" if mark.skip else str(mark.offset)
    record = _failed(container, member, at, rejection, ordinal=ordinal)
    return Entry(mark, lambda: None, lambda: record)


def _whole_file_entries(root: Path, container: Container, mark: Mark, max_bytes: int) -> Iterator[Entry]:
    """The records of a WARC or JSONL container that is a file of its own."""
    path = root / container.path
    if container.kind is Kind.JSONL and path.name.lower().endswith(".gz"):
        stream = GUNZIPPED.at(path, mark.offset, size_bytes=container.size_bytes)
        yield from _line_entries(container, stream, mark, max_bytes)
        return
    with warc.open_warc(path, size_bytes=container.size_bytes) as file:
        yield from _file_entries(container, container.path, file, mark, max_bytes)


class GunzippedFile:
    """The decompressed stream of the last .gz file that was read, kept open.

    A gzip stream cannot seek: the chunks of a batch come one after another, and each goes on where the one before it in
    this process ended, instead of decompressing all that lies before it again.
    """

    def __init__(self) -> None:
        self._key: tuple[Path, int, int] | None = None
        self._file: BinaryIO | None = None
        self._stream: BinaryIO | None = None

    def at(self, path: Path, offset: int, *, size_bytes: int) -> BinaryIO:
        """The stream of `path`, as far as `size_bytes` of the file, ready to be read from `offset`."""
        key = (path, size_bytes, path.stat().st_mtime_ns)
        if self._key == key and self._stream is not None:
            try:
                self._stream.seek(offset)
                return self._stream
            except (OSError, BrokenRecord):  # it lies behind, or the stream is damaged: from the beginning
                pass
        self.close()
        self._file = path.open("rb", buffering=0)
        self._stream = jsonl.gunzipped(io.BufferedReader(LimitedFile(self._file, size_bytes), READ_BYTES))
        self._key = key
        return self._stream

    def close(self) -> None:
        """Let the file go."""
        if self._stream is not None:
            self._stream.close()
        if self._file is not None:
            self._file.close()
        self._key = self._file = self._stream = None


GUNZIPPED = GunzippedFile()
atexit.register(GUNZIPPED.close)


def _loose_entries(root: Path, container: Container, mark: Mark, max_bytes: int) -> Iterator[Entry]:
    for number, file in enumerate(container.files[mark.member :], start=mark.member):
        yield Entry(
            Mark(member=number),
            functools.partial(getattr, file, "fetched_at"),
            functools.partial(loose.to_record, root, container, file, max_bytes=max_bytes),
        )


def _zip_entries(root: Path, container: Container, mark: Mark, max_bytes: int) -> Iterator[Entry]:
    path = root / container.path
    stat = path.stat()
    opened = zipped.open_zip(path, stat.st_size, stat.st_mtime_ns)
    for number in range(mark.member, len(opened.members)):
        kind = kind_of(opened.members[number].filename)
        inner = mark if number == mark.member else Mark()
        if kind in (Kind.WARC, Kind.JSONL):
            yield from _member_entries(container, opened, number, inner, kind, max_bytes)
        else:
            yield Entry(
                Mark(member=number),
                functools.partial(zipped.fetched_at, opened, opened.members[number]),
                functools.partial(
                    zipped.to_record, container, opened, number, is_page=kind is Kind.LOOSE, max_bytes=max_bytes
                ),
            )


def _member_entries(
    container: Container, opened: zipped.OpenZip, number: int, mark: Mark, kind: Kind, max_bytes: int
) -> Iterator[Entry]:
    """The records of a WARC or JSONL file inside a zip; a broken one costs its rest, not the zip's."""
    info, ordinal = opened.members[number], opened.ordinals[number]
    try:
        with opened.archive.open(info) as file:
            stream = io.BufferedReader(ForwardFile(file), 256 * 1024)
            inner = dataclasses.replace(container, kind=kind)
            member = (f"!{info.filename}", ordinal)
            for entry in _file_entries(inner, info.filename, stream, mark, max_bytes, member=member):
                yield dataclasses.replace(entry, mark=dataclasses.replace(entry.mark, member=number))
    except (TornRecord, BrokenRecord) as error:
        at = Mark(error.offset, error.skip, error.line, number)
        yield _unreadable(container, at, str(error), member=info.filename, ordinal=ordinal)
    except UNPACK_ERRORS as error:
        at = Mark(member=number)
        detail = f"zip member: {type(error).__name__}"
        yield _unreadable(container, at, detail, member=info.filename, ordinal=ordinal)


def _file_entries(
    container: Container,
    name: str,
    file: ByteStream,
    mark: Mark,
    max_bytes: int,
    *,
    member: tuple[str, int] = ("", 1),
) -> Iterator[Entry]:
    """The records of a WARC or JSONL file; `member`: its name, with '!' before, and ordinal where it is in a zip."""
    name_in_zip, ordinal = member
    if container.kind is Kind.WARC:
        for at, frame in warc.iter_frames(name, file, mark, max_bytes=max_bytes):
            to_record = functools.partial(
                warc.to_record, container, at, frame, member=name_in_zip, ordinal=ordinal, max_bytes=max_bytes
            )
            yield Entry(at, functools.partial(warc.warc_date, frame), to_record)
        return
    stream: BinaryIO = jsonl.gunzipped(file) if name.lower().endswith(".gz") else file
    yield from _line_entries(container, stream, mark, max_bytes, member=member)


def _line_entries(
    container: Container, stream: BinaryIO, mark: Mark, max_bytes: int, *, member: tuple[str, int] = ("", 1)
) -> Iterator[Entry]:
    """The records of JSON lines."""
    name_in_zip, ordinal = member
    for at, line in jsonl.iter_lines(stream, mark, max_bytes=max_bytes):
        if container.is_append_only and not line.is_ended and jsonl.parse_line(line) is None:
            raise TornRecord("the last line does not end", at.offset)
        to_record = functools.partial(
            jsonl.to_record, container, at, line, member=name_in_zip, ordinal=ordinal, max_bytes=max_bytes
        )
        yield Entry(at, functools.partial(_line_date, line), to_record)


def _line_date(line: jsonl.Line) -> datetime | None:
    return instant((jsonl.parse_line(line) or {}).get("fetched_at"))
