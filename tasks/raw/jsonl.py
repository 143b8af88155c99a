"""JSON Lines: one page a line, {url, html or text, fetched_at, source, headers}."""

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from tasks.raw.framing import BrokenRecord, ForwardFile
from tasks.raw.meta import instant
from tasks.records.article import Rejection
from tasks.records.batches import Container, Mark
from tasks.records.raw import RawRecord

# JSON escapes can make a line six times as long as its page ("\\u0627").
ESCAPE_FACTOR = 6
READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank: its bytes, whether they are cut at the limit, whether a newline ends it."""

    content: bytes
    is_cut: bool
    is_ended: bool


def gunzipped(file: BinaryIO) -> io.BufferedReader:
    """The decompressed stream of a .gz file; seeking forward reads."""
    return io.BufferedReader(ForwardFile(gzip.GzipFile(fileobj=file, mode="rb")), READ_BYTES)


def iter_lines(stream: BinaryIO, mark: Mark, *, max_bytes: int) -> Iterator[tuple[Mark, Line]]:
    """The lines from `mark` on that are not blank; a longer line than a page can need is cut, not kept whole."""
    limit = ESCAPE_FACTOR * max_bytes + 65_536
    at, number = mark.offset, mark.line
    try:
        stream.seek(mark.offset)
        while content := stream.readline(limit):
            n_bytes, is_ended = len(content), content.endswith(b"\n")
            is_cut = len(content) >= limit and not is_ended
            while is_cut and not is_ended and (rest := stream.readline(READ_BYTES)):
                n_bytes, is_ended = n_bytes + len(rest), rest.endswith(b"\n")
            if content.strip():
                yield Mark(at, 0, number), Line(content, is_cut, is_ended)
            at, number = at + n_bytes, number + 1
    except BrokenRecord as error:
        error.offset, error.line = at, number
        raise


def parse_line(line: Line) -> dict[str, Any] | None:
    """The JSON object of a line, or None."""
    try:
        parsed = json.loads(line.content)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def to_record(
    container: Container, mark: Mark, line: Line, *, member: str = "", ordinal: int = 1, max_bytes: int
) -> RawRecord:
    """One line as a raw record; `member` is the zip member that holds it, with '!' before, `ordinal` its number."""
    number = mark.line + 1
    described = None if line.is_cut else parse_line(line)
    rejection = None
    media_type, page = "text/html", (described or {}).get("html")
    if not isinstance(page, str):
        media_type, page = "text/plain", (described or {}).get("text")
    if line.is_cut:
        rejection = Rejection(stage="read", reason="too_large")
    elif described is None:
        rejection = Rejection(stage="read", reason="bad_record", detail="the line is no JSON object")
    elif not isinstance(page, str):
        rejection = Rejection(stage="read", reason="bad_record", detail='the object has neither "html" nor "text"')
    payload = page.encode("utf-8", "surrogatepass") if isinstance(page, str) else line.content[:max_bytes]
    if len(payload) > max_bytes:
        rejection, payload = Rejection(stage="read", reason="too_large"), payload[:max_bytes]
    position = f"{member[1:]}\0{ordinal}\0{number}" if member else str(number)
    return RawRecord(
        container=container.path,
        position=position,
        raw_path=f"{container.path}{member}#{number}",
        payload=payload,
        media_type=media_type,
        charset="utf-8",
        url=text_of(described, "url"),
        fetched_at=instant((described or {}).get("fetched_at")),
        source=text_of(described, "source") or container.source,
        zone=text_of(described, "zone"),
        rejection=rejection,
    )


def text_of(described: dict[str, Any] | None, name: str) -> str | None:
    """A field that is a non-empty text without lone surrogates, or None."""
    value = (described or {}).get(name)
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().encode("utf-8", "replace").decode()
