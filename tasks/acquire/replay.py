"""The archive read again: every answer in it, as the ledger took it down, and single records."""

import fcntl
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast, get_args

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from tasks.acquire.archive import warc_files
from tasks.acquire.members import BrokenMember, Member, iter_members, read_member
from tasks.records.fetches import OUTCOMES, ArchivePlace, Provenance, UrlKind

# What is kept of a record while replaying: all of a metadata record, the headers of a response.
HEAD_BYTES = 4 * 1024 * 1024
MAX_RECORD_BYTES = 64 * 1024 * 1024
KINDS = frozenset(get_args(UrlKind))
CAPTURES = WarcRecordType.response | WarcRecordType.revisit
# What fastwarc raises for a head that it does not take for a WARC record's.
PARSE_ERRORS = (OSError, ValueError, StopIteration)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One answer as it was archived.

    `place`: its final response or revisit record, else its metadata record. `digest` and `captured_at` (WARC-Date of
    that record) are None where no response was archived. `read_to`: where reading of the file of `place` goes on.
    """

    url: str
    final_url: str
    provenance: Provenance
    outcome: str
    detail: str | None
    status: int | None
    etag: str | None
    last_modified: str | None
    digest: str | None
    at: datetime
    captured_at: datetime | None
    place: ArchivePlace
    read_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedRecord:
    """One record: the headers of WARC, status and headers of HTTP where it has them, the body as it was transferred."""

    record_type: str
    headers: tuple[tuple[str, str], ...]
    status: int | None
    http_headers: tuple[tuple[str, str], ...]
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Capture:
    """A response or revisit record that its metadata record is waited for; `asked` began its redirects."""

    record_id: str | None
    asked: str
    record: WarcRecord
    member: Member


def replay(raw: Path, *, since: Mapping[str, int]) -> Iterator[Replayed]:
    """The answers in all WARC files that fetches wrote, file by file, from the byte on that `since` names for a path.

    Reading goes on behind damage: an answer without its metadata record is given with what its response says, one whose
    response is lost as `error`. A file that is being written is read as far as its last whole answer.
    """
    for path in warc_files(raw):
        name = path.relative_to(raw).as_posix()
        with path.open("rb") as file:
            is_ended = not _is_held(file)
            yield from _answers(file, name, since.get(name, 0), is_ended=is_ended)


def _is_held(file: BinaryIO) -> bool:
    """Whether a live writer has the file. Asked before reading: a file without one has all it will ever have."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def _answers(file: BinaryIO, name: str, offset: int, *, is_ended: bool) -> Iterator[Replayed]:
    asked: str | None = None
    capture: _Capture | None = None
    end = offset
    for member in iter_members(file, offset=offset, keep_bytes=HEAD_BYTES):
        record = _parsed(member.content, with_http=True)
        end = member.end
        if record is None:
            continue
        if record.record_type & CAPTURES:
            if capture is not None:
                yield _untold(capture, name, read_to=member.offset)
                asked, capture = None, None
            asked = asked or _uri(record)
            if _status(record) == 200:
                capture = _Capture(record_id=record.record_id, asked=asked, record=record, member=member)
        elif record.record_type is WarcRecordType.metadata:
            is_own = capture is not None and capture.record_id == record.headers.get("WARC-Concurrent-To")
            if capture is not None and not is_own:
                yield _untold(capture, name, read_to=member.offset)
            yield _told(record, member, capture if is_own else None, name)
            asked, capture = None, None
    if capture is not None and is_ended:
        yield _untold(capture, name, read_to=end)


def _parsed(content: bytes, *, with_http: bool) -> WarcRecord | None:
    records = ArchiveIterator(
        io.BytesIO(content), parse_http=with_http, record_types=WarcRecordType.any_type, stream_detect=False
    )
    try:
        return next(records)
    except PARSE_ERRORS:
        return None


def _uri(record: WarcRecord) -> str:
    return (record.headers.get("WARC-Target-URI") or "").strip()


def _date(record: WarcRecord) -> datetime:
    date = record.record_date
    return date.astimezone(UTC) if date is not None else datetime.fromtimestamp(0, UTC)


def _status(record: WarcRecord) -> int | None:
    return record.http_headers.status_code if record.http_headers is not None else None


def _kind(text: str | None) -> UrlKind:
    return cast("UrlKind", text) if text in KINDS else "page"


def _told(record: WarcRecord, member: Member, capture: _Capture | None, name: str) -> Replayed:
    """An answer by its metadata record; `capture` is its response, where one was archived and can be read."""
    fields = _fields(record.reader.read())
    first = {key: values[0] for key, values in fields.items()}
    outcome, detail = first.get("outcome", ""), first.get("detail")
    if outcome not in OUTCOMES:
        outcome, detail = "error", f"the archive states the outcome {outcome[:40]!r}"
    elif capture is None and record.headers.get("WARC-Concurrent-To"):
        outcome, detail = "error", "the archived response cannot be read"
    status = first.get("status", "")
    url = first.get("url") or _uri(record)
    return Replayed(
        url=url,
        final_url=first.get("finalUrl") or url,
        provenance=Provenance(
            source=first.get("source", ""),
            zone=first.get("zone"),
            kind=_kind(first.get("kind")),
            found_in=first.get("via"),
            title=first.get("title"),
            published=first.get("published"),
            authors=tuple(fields.get("author", ())),
        ),
        outcome=outcome,
        detail=detail,
        status=int(status) if status.isascii() and status.isdigit() else None,
        etag=first.get("etag"),
        last_modified=first.get("lastModified"),
        digest=capture.record.headers.get("WARC-Payload-Digest") if capture else None,
        at=_date(record),
        captured_at=_date(capture.record) if capture else None,
        place=ArchivePlace(path=name, offset=capture.member.offset if capture else member.offset),
        read_to=member.end,
    )


def _untold(capture: _Capture, name: str, *, read_to: int) -> Replayed:
    """An answer whose metadata record is lost, by its response."""
    record = capture.record
    headers, http_headers = record.headers, record.http_headers
    return Replayed(
        url=capture.asked,
        final_url=_uri(record),
        provenance=Provenance(
            source=headers.get("Marsad-Source") or "",
            zone=headers.get("Marsad-Zone"),
            kind=_kind(headers.get("Marsad-Kind")),
            published=headers.get("Marsad-Feed-Date"),
        ),
        outcome="fetched" if record.record_type is WarcRecordType.response else "unchanged",
        detail=None,
        status=_status(record),
        etag=http_headers.get("ETag"),
        last_modified=http_headers.get("Last-Modified"),
        digest=headers.get("WARC-Payload-Digest"),
        at=_date(record),
        captured_at=_date(record),
        place=ArchivePlace(path=name, offset=capture.member.offset),
        read_to=read_to,
    )


def _fields(block: bytes) -> dict[str, list[str]]:
    """The values of application/warc-fields by name, in order."""
    fields: dict[str, list[str]] = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, parted, value = line.partition(": ")
        if parted:
            fields.setdefault(name, []).append(value)
    return fields


def read_record(raw: Path, place: ArchivePlace, *, max_bytes: int = MAX_RECORD_BYTES) -> ArchivedRecord | None:
    """The record at a place, or None where no whole one of at most `max_bytes` lies. Raises OSError without a file."""
    with (raw / place.path).open("rb") as file:
        try:
            member = read_member(file, place.offset, keep_bytes=max_bytes)
        except BrokenMember:
            return None
    if member is None or member.is_cut or (record := _parsed(member.content, with_http=True)) is None:
        return None
    http = record.http_headers
    return ArchivedRecord(
        record_type=record.headers.get("WARC-Type") or "",
        headers=tuple(record.headers.items()),
        status=_status(record),
        http_headers=tuple(http.items()) if http is not None else (),
        payload=record.reader.read(),
    )
