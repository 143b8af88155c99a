"""What a start point's answer names, as rows for the ledger: parsed, cleaned, held against the source's patterns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.sources import Source
from tasks.acquire.feeds import parse_feed
from tasks.acquire.found import Feed
from tasks.acquire.ledger import Ledger, NewUrl
from tasks.acquire.listings import section_links, url_list
from tasks.acquire.sitemaps import parse_sitemap
from tasks.extract.decoding import detect_codec
from tasks.extract.urls import clean_url
from tasks.raw.meta import charset_in, instant
from tasks.records.errors import UsageError
from tasks.records.fetches import FoundUrl, UrlKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one start point named: rows for the ledger, what it says of itself, and whether a page of it is news."""

    rows: tuple[NewUrl, ...] = ()
    ttl_s: float | None = None
    error: str | None = None
    has_news: bool = False


def start_points(source: Source, *, at: datetime) -> tuple[NewUrl, ...]:
    """The start points of a source as rows that are due now."""
    return tuple(
        NewUrl(url=cleaned, source=source.name, kind=start.kind, found_at=at, due_at=at)
        for start in source.start
        if not start.is_local and (cleaned := clean_url(start.address)) is not None
    )


def local_lists(source: Source, *, folder: Path, at: datetime) -> tuple[NewUrl, ...]:
    """Rows of the URLs in the source's lists on this machine, whose paths are relative to `folder`.

    Raises UsageError for one that cannot be read.
    """
    rows: list[NewUrl] = []
    for path in (folder / start.address for start in source.start if start.is_local):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{source.name}: list {path} cannot be read ({error.strerror})") from error
        rows += to_rows(url_list(content, name=path.name).items, source=source, found_in=path.name, at=at)
    return tuple(rows)


def find_urls(
    payload: bytes, *, kind: UrlKind, url: str, content_type: str | None, source: Source, at: datetime
) -> Found:
    """What a decoded answer names. `kind` says how it is read."""
    feed = _parse(payload, kind=kind, url=url, content_type=content_type)
    more = [FoundUrl(url=link, kind=kind) for link in feed.next_urls]
    rows = tuple(to_rows([*feed.items, *more], source=source, found_in=url, at=at))
    return Found(rows=rows, ttl_s=feed.ttl_s, error=feed.error)


def to_follow(found: Found, kind: UrlKind, ledger: Ledger) -> list[NewUrl]:
    """The further start points that one leads to: all parts of a sitemap, and the next page of what names new pages.

    The pages of some feeds go on for ever.
    """
    pages = [row.url for row in found.rows if row.kind == "page"]
    is_worth = kind == "sitemap" or ledger.n_known(pages) < len(pages)
    return [row for row in found.rows if row.kind != "page"] if is_worth else []


def _parse(payload: bytes, *, kind: UrlKind, url: str, content_type: str | None) -> Feed:
    if kind == "list":
        return url_list(payload, name=url)
    charset = charset_in(content_type or "")
    encoding = detect_codec(payload, charset=charset, is_html=True)  # XML declares its own as HTML may
    if kind == "section":
        return section_links(payload, url=url, encoding=encoding)
    parse = parse_feed if kind == "feed" else parse_sitemap
    return parse(payload, url=url, content_type=content_type, encoding=encoding)


def to_rows(found: Iterable[FoundUrl], *, source: Source, found_in: str, at: datetime) -> Iterator[NewUrl]:
    """Rows of what was found, each address once; what the source's patterns leave out is a row that is never due.

    A new page is due at the date it states, so that the newest are fetched first; an address that is none is left out
    of the ledger, which has no name for it.
    """
    seen: set[str] = set()
    for one in found:
        url = clean_url(one.url)
        if url is None or url in seen:
            continue
        seen.add(url)
        is_wanted = one.kind != "page" or source.takes(url)
        yield NewUrl(
            url=url,
            source=source.name,
            kind=one.kind,
            found_at=at,
            due_at=min(instant(one.published or one.changed) or at, at) if is_wanted else None,
            outcome="found" if is_wanted else "excluded",
            found_in=found_in,
            title=one.title,
            published=one.published,
            authors=one.authors,
        )
