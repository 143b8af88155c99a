"""WARC records as raw records: captures (response, resource) and, as rejections, what stands in for one."""

import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from tasks.raw.coding import CodingError, dechunk, decode_content
from tasks.raw.framing import Damage, Frame, Framing, RecordFormat, member_frames
from tasks.raw.meta import charset_in
from tasks.raw.streams import Window
from tasks.records.article import Rejection
from tasks.records.batches import Container, Mark
from tasks.records.raw import RawRecord

# Request, metadata and warcinfo records tell about captures and are none themselves: they are no rows.
ABOUT_CAPTURES = {b"warcinfo", b"request", b"metadata"}
# Neither are the feeds, sitemaps and robots files that led the fetch to pages: it marks their records so.
NO_PAGE = b"\nmarsad-kind:"
# What fastwarc raises for a head that it does not take for a WARC record's.
PARSE_ERRORS = (OSError, ValueError, StopIteration)
BLANK_LINE = re.compile(rb"\n\r?\n")
BARE_LF = re.compile(rb"(?<!\r)\n")
HTML_TYPES = {"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"}


def iter_frames(
    window: Window, form: RecordFormat, *, is_gzip: bool, is_open: bool, max_bytes: int
) -> Iterator[tuple[Mark, Frame | Damage]]:
    """The captures and damaged stretches from the window's beginning on, each with its own mark.

    Bodies are cut a little above `max_bytes`, which leaves room for HTTP headers and chunk sizes.
    """
    limit = max_bytes + max_bytes // 8 + 1024 * 1024
    found: Iterable[Frame | Damage] = (
        member_frames(window, form, body_limit=limit, is_open=is_open)
        if is_gzip
        else Framing(window, form, body_limit=limit, is_open=is_open)
    )
    for frame in found:
        if isinstance(frame, Damage) or not _is_about_captures(frame):
            yield Mark(frame.offset, frame.skip), frame


def _is_about_captures(frame: Frame) -> bool:
    return _record_type(frame) in ABOUT_CAPTURES or NO_PAGE in frame.head.lower()


def _record_type(frame: Frame) -> bytes:
    for line in frame.head.split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"warc-type":
            return value.strip().lower()
    return b""


def warc_date(frame: Frame) -> datetime | None:
    """WARC-Date of a record in UTC, or None."""
    try:
        return _utc(_parsed(frame, with_http=False).record_date)
    except PARSE_ERRORS:
        return None


def _utc(date: datetime | None) -> datetime | None:
    if date is None:
        return None
    try:
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # year 1 or 9999, beside a zone
        return None


def _parsed(frame: Frame, *, with_http: bool) -> WarcRecord:
    """The record as fastwarc reads it. The body bears its true length, so that it is read to its end and no further.

    fastwarc knows CRLF only, and takes a block whose lines end otherwise for one endless header.
    """
    body = frame.body
    if with_http and body.startswith(b"HTTP/") and (blank := BLANK_LINE.search(body)):
        body = _with_crlf(body[: blank.end()]) + body[blank.end() :]
    head = _with_crlf(_with_length(frame.head, len(body)))
    stream = io.BytesIO(head + body + b"\r\n\r\n")
    return next(
        ArchiveIterator(stream, parse_http=with_http, record_types=WarcRecordType.any_type, stream_detect=False)
    )


def _with_crlf(block: bytes) -> bytes:
    return BARE_LF.sub(b"\r\n", block)


def _with_length(head: bytes, n_bytes: int) -> bytes:
    lines = [
        b"Content-Length: %d\r" % n_bytes if line.partition(b":")[0].strip().lower() == b"content-length" else line
        for line in head.split(b"\n")
    ]
    return b"\n".join(lines)


def to_record(
    container: Container, mark: Mark, frame: Frame, *, member: str = "", ordinal: int = 1, max_bytes: int
) -> RawRecord:
    """One capture as a raw record; what is no page bears its rejection.

    `member`: the zip or tar member, with '!' before; `ordinal` tells it from others of its name.
    """
    at = f"{mark.offset}+{mark.skip}" if mark.skip else str(mark.offset)
    position = f"{member[1:]}\0{ordinal}\0{at}" if member else at
    raw_path = f"{container.path}{member}#{at}"
    try:
        parsed = _parsed(frame, with_http=_record_type(frame) in (b"response", b"revisit"))
    except PARSE_ERRORS as error:
        return RawRecord(
            container=container.path,
            position=position,
            raw_path=raw_path,
            payload=frame.body[:max_bytes],
            media_type=None,
            source=container.source,
            rejection=Rejection(stage="read", reason="bad_record", detail=str(error)),
        )
    body = parsed.reader.read()
    payload, rejection = body, _type_rejection(frame)
    status, content_type = None, parsed.headers.get("Content-Type") or ""
    if parsed.http_headers is not None:
        status, content_type = parsed.http_headers.status_code, parsed.http_headers.get("Content-Type") or ""
    if parsed.http_headers is not None and rejection is None:
        payload, rejection = _decoded(parsed, body, max_bytes)
        if frame.body and frame.body[:5].upper() != b"HTTP/":
            payload, rejection = frame.body, Rejection(stage="read", reason="bad_record", detail="no HTTP status line")
    media_type = content_type.partition(";")[0].strip().lower() or None
    if rejection is None:
        is_cut = frame.content_length > len(frame.body)
        rejection = _page_rejection(status, media_type, too_large=is_cut or len(payload) > max_bytes)
    return RawRecord(
        container=container.path,
        position=position,
        raw_path=raw_path,
        payload=payload[:max_bytes],
        media_type="text/html" if media_type in HTML_TYPES else media_type,
        charset=charset_in(content_type),
        url=(parsed.headers.get("WARC-Target-URI") or "").strip().strip("<>") or None,
        fetched_at=_utc(parsed.record_date),
        source=parsed.headers.get("Marsad-Source") or container.source,
        zone=parsed.headers.get("Marsad-Zone") or None,
        feed_date=parsed.headers.get("Marsad-Feed-Date") or None,
        feed_title=parsed.headers.get("Marsad-Feed-Title") or None,
        feed_authors=parsed.headers.get("Marsad-Feed-Authors") or None,
        rejection=rejection,
    )


def _decoded(parsed: WarcRecord, body: bytes, max_bytes: int) -> tuple[bytes, Rejection | None]:
    headers = parsed.http_headers
    transfer = (headers.get("Transfer-Encoding") or "").lower()
    if "chunked" in transfer:
        body = dechunk(body)
    codings = f"{headers.get('Content-Encoding') or ''},{transfer.replace('chunked', '')}"
    try:
        return decode_content(body, codings, limit=max_bytes), None
    except CodingError as error:
        return body, Rejection(stage="read", reason="bad_encoding", detail=str(error))


def _type_rejection(frame: Frame) -> Rejection | None:
    record_type = _record_type(frame)
    if record_type == b"revisit":
        return Rejection(stage="read", reason="revisit")
    if record_type in (b"conversion", b"continuation"):
        return Rejection(stage="read", reason="unsupported_record", detail=record_type.decode())
    return None


def _page_rejection(status: int | None, media_type: str | None, *, too_large: bool) -> Rejection | None:
    if status is not None and status != 200:
        return Rejection(stage="read", reason="http_status", detail=str(status))
    if media_type is not None and media_type not in HTML_TYPES and media_type != "text/plain":
        return Rejection(stage="read", reason="not_html", detail=media_type)
    if too_large:
        return Rejection(stage="read", reason="too_large")
    return None
