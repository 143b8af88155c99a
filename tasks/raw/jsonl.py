"""JSON Lines: one page a line, {url, html or text, fetched_at, source, headers}."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.raw.meta import instant, text_of
from tasks.raw.streams import BrokenRecord, Window
from tasks.records.article import Rejection
from tasks.records.batches import Container, Mark
from tasks.records.raw import RawRecord

# JSON escapes can make a line six times as long as its page ("\\u0627").
ESCAPE_FACTOR = 6
# What a decoder that lost its way makes up before it sees that: a bzip2 block is 900 kB at most.
MAX_HELD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank: its bytes, whether they are cut at the limit, whether a newline ends it."""

    content: bytes
    is_cut: bool
    is_ended: bool


def iter_lines(window: Window, *, line: int = 0, max_bytes: int) -> Iterator[tuple[Mark, Line | BrokenRecord]]:
    """The lines that are not blank, and damaged stretches, which count as a line; `line` are before the window.

    A longer line than a page can need is cut, not kept whole.
    """
    limit, buffer = ESCAPE_FACTOR * max_bytes + 65_536, window.buffer
    while True:
        mark, at = Mark(window.offset, 0, line), 0
        while (end := buffer.find(b"\n", at)) < 0 and at < limit:
            at = len(buffer)
            if window.fill(at + 1) == at:
                break
        is_last_held = end < 0 or window.fill(end + 2) == end + 1
        if is_last_held and window.damage is not None and (end < 0 or window.is_doubtful):
            yield mark, window.damage
            if not window.resume():
                return
        elif end < 0 and at == 0:
            return
        elif 0 <= end < limit or (end < 0 and len(buffer) < limit):
            content = bytes(buffer[: end + 1 or len(buffer)])
            window.drop(len(content))
            if content.strip():
                yield mark, Line(content, False, end >= 0)
        else:
            content = bytes(buffer[:max_bytes])
            yield mark, Line(content, True, _skip_line(window))
        line += 1


def without_made_up(found: Iterator[tuple[Mark, Line | BrokenRecord]]) -> Iterator[tuple[Mark, Line | BrokenRecord]]:
    """The same lines and damaged stretches; lines that are no objects, right before damage, are a part of it."""
    held: list[tuple[Mark, Line | BrokenRecord]] = []
    n_bytes = 0
    for mark, line in found:
        if isinstance(line, BrokenRecord):
            yield held[0][0] if held else mark, line
            held, n_bytes = [], 0
            continue
        content = line.content.strip()
        held.append((mark, line))
        n_bytes += len(content)
        if n_bytes > MAX_HELD_BYTES or (content.startswith(b"{") and content.endswith(b"}")):
            yield from held
            held, n_bytes = [], 0
    yield from held


def _skip_line(window: Window) -> bool:
    """Whether a newline ends the line that is passed over."""
    while (end := window.buffer.find(b"\n")) < 0:
        window.drop(len(window.buffer))
        if not window.fill(1):
            return False
    window.drop(end + 1)
    return True


def parse_line(line: Line) -> dict[str, Any] | None:
    """The JSON object of a line, or None."""
    try:
        # RFC 8259: UTF-8. What the library guesses otherwise makes other letters of UTF-16 that was cut at newlines.
        parsed = json.loads(line.content.decode("utf-8-sig", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def to_record(
    container: Container, mark: Mark, line: Line, *, member: str = "", ordinal: int = 1, max_bytes: int
) -> RawRecord:
    """One line as a raw record; `member` is the archive member that holds it, with '!' before, `ordinal` its number."""
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
        feed_date=text_of(described, "feed_date"),
        feed_title=text_of(described, "feed_title"),
        feed_authors=text_of(described, "feed_authors"),
        rejection=rejection,
    )
