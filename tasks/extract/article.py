"""A raw record -> what the page says, from its own bytes alone."""

import dataclasses
import re

from tasks.extract.complexity import excess_of, excess_of_text
from tasks.extract.dates import DateContext, warm_up_dates
from tasks.extract.decoding import decode
from tasks.extract.html import extract_html, shows_nothing
from tasks.extract.page_data import plain
from tasks.extract.people import people
from tasks.extract.plain_text import extract_text
from tasks.extract.urls import captured_at, warm_up_domains
from tasks.records.article import Article, Rejection
from tasks.records.raw import RawRecord

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/xhtml", "application/vnd.wap.xhtml+xml"})
PLAIN_TYPES = frozenset({"text/plain"})

MAGIC = (
    b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"\x7fELF",
    b"Rar!", b"7z\xbc\xaf", b"\xfd7zXZ", b"OggS", b"wOFF", b"wOF2", b"\x00\x00\x01\x00", b"\xd0\xcf\x11\xe0",
    b"\x28\xb5\x2f\xfd", b"ID3\x03", b"ID3\x04", b"BZh9",
)  # fmt: skip
HTML_SIGN = re.compile(
    r"<(?:!doctype\s{1,9}html|html|head|body|meta|title|div|article|p|h1|table|span|script)\b", re.IGNORECASE
)
SNIFFED_CHARS = 20_000
# Above this share of controls a text is no text; real pages have a stray one at most.
MAX_CONTROL_SHARE = 0.01
CONTROLS = bytes([*range(0x00, 0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])


def _is_binary(payload: bytes, text: str) -> bool:
    """Whether the bytes are no text: a known file signature, or controls among the first characters."""
    if payload.startswith(MAGIC) or payload[4:8] == b"ftyp":
        return True
    head = text[:SNIFFED_CHARS].encode("utf-8", "surrogatepass")
    controls = len(head) - len(head.translate(None, CONTROLS))
    return controls > MAX_CONTROL_SHARE * len(head)


def _is_html(raw: RawRecord) -> bool | None:
    """Whether the record is HTML (True) or plain text (False); None for any other declared type. No type is sniffed."""
    media_type = (raw.media_type or "").partition(";")[0].strip().lower()
    if media_type in HTML_TYPES:
        return True
    if media_type in PLAIN_TYPES:
        return raw.payload[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
    if media_type:
        return None
    head = raw.payload[:SNIFFED_CHARS].replace(b"\0", b"").decode("latin-1")
    return HTML_SIGN.search(head) is not None


def _reject(reason: str, detail: str | None = None) -> Rejection:
    return Rejection(stage="extract", reason=reason, detail=detail)


def _read(raw: RawRecord) -> tuple[str, bool] | Rejection:
    """The decoded text of a record and whether it is HTML, or why there is none."""
    if not raw.payload.strip(b"\0 \t\r\n\x0b\x0c\xef\xbb\xbf"):
        return _reject("empty")
    is_html = _is_html(raw)
    if is_html is None:
        return _reject("not_html", raw.media_type)
    text = decode(raw.payload, charset=raw.charset, is_html=is_html)
    if _is_binary(raw.payload, text):
        return _reject("binary")
    return (text.replace("\0", ""), is_html) if text.strip() else _reject("empty")


def _extract(raw: RawRecord, min_chars: int) -> Article | Rejection:
    read = _read(raw)
    if isinstance(read, Rejection):
        return read
    text, is_html = read
    if excess := excess_of(text) if is_html else excess_of_text(text):
        return _reject("too_complex", excess)
    context = DateContext(fetched_at=captured_at(raw.url) or raw.fetched_at, zone=raw.zone, feed_date=raw.feed_date)
    route = extract_html if is_html else extract_text
    article = route(text, url=raw.url, context=context)
    if article is None:
        return _reject("empty" if is_html and shows_nothing(text) else "no_main_text")
    return _objection(article, min_chars) or _with_feed(article, raw)


def _with_feed(article: Article, raw: RawRecord) -> Article:
    """The article with the title and the authors that its feed states, where the page states none."""
    title = article.title or plain(raw.feed_title)
    outlet = frozenset({article.sitename.casefold()} if article.sitename else ())
    authors = article.authors or people([raw.feed_authors] if raw.feed_authors else [], organisations=outlet)
    return dataclasses.replace(article, title=title, authors=authors)


def _objection(article: Article, min_chars: int) -> Rejection | None:
    """Why what was found is no document; None where it is one."""
    if article.is_listing:
        return _reject("listing")
    if excess := excess_of_text(article.text):
        return _reject("too_complex", excess)
    if len(article.text) < min_chars:
        return _reject("too_short", f"{len(article.text)} characters, at least {min_chars} were due")
    return None


def extract_article(raw: RawRecord, *, min_chars: int) -> Article | Rejection:
    """What one page says, or the reason why it is no article; deterministic, from the record's own bytes alone.

    `min_chars` counts code points of the main text after NFC. An error nobody foresaw is the caller's to catch, at the
    page's boundary; time and memory are the process pool's to limit.
    """
    if raw.rejection is not None:
        return raw.rejection
    try:
        return _extract(raw, min_chars)
    except RecursionError:
        return _reject("no_main_text", "nested too deep to be read")


WARM_UP_PAGE = b"""<html><head><title>Warm-up</title></head><body><article><h1>A page to load every parser</h1>
<p>The first page a process reads pays for date locales and expressions; this one pays instead, in the parent.</p>
<p>It has no date but this line: 13 novembre 2024, and enough text to be taken for an article by every route.</p>
</article></body></html>"""


def warm_up() -> None:
    """Nothing; afterwards a forked worker finds date locales, parsers and expressions loaded."""
    warm_up_dates()
    warm_up_domains()
    for media_type in ("text/html", "text/plain"):
        record = RawRecord(container="", position="", raw_path="", payload=WARM_UP_PAGE, media_type=media_type)
        extract_article(record, min_chars=1)
