"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1 and 1.1 -> the pages they name."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from tasks.acquire.encodings import codec_of
from tasks.acquire.found import Collector, Feed, plain_text, web_url
from tasks.acquire.stated_dates import iso_date
from tasks.acquire.xml_stream import Piece, XmlStream, local_name
from tasks.records.fetches import FoundUrl

MAX_FEED_BYTES = 20_000_000
# Python's objects take up to twenty times the bytes of the JSON that they were.
MAX_JSON_BYTES = 8_000_000
MAX_FEED_ITEMS = 10_000
MAX_NEXT_URLS = 10
MAX_AUTHORS = 20

ENTRIES = frozenset(["item", "entry"])
FIELDS = frozenset(["title", "link", "ttl", "updatePeriod", "updateFrequency"])
ROOTS = frozenset(["rss", "RDF", "feed", "rdf", "channel"])
CHANNELS = frozenset(["channel", "feed"])
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
PUBLISHED = ("pubDate", "published", "issued", "date", "created")
CHANGED = ("updated", "modified")
PERIODS_S = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
LEAST_TTL_S, MOST_TTL_S = 60, 2_592_000
# `mail (Name)`; and `Name (mail)`, `Name <mail>`.
MAIL_AND_NAME = re.compile(r"[^\s@()]{1,200}@[^\s@()]{1,200} \(([^()@]{1,200})\)")
NAME_AND_MAIL = re.compile(r"([^()<>@]{1,200}) [(<][^()<>]{0,200}@[^()<>]{1,200}[)>]")
# Types of a title whose text is the title: markup, where there is any, is of elements.
NO_MARKUP = ("text", "text/plain", "xhtml", "application/xhtml+xml")


def parse_feed(content: bytes, *, url: str, content_type: str | None = None, encoding: str | None = None) -> Feed:
    """The pages that a feed names, its further pages, its title and how often it says that it changes.

    `content_type` is the HTTP header; `encoding` the codec of the bytes where the caller found out (a byte order mark
    wins over it). At most MAX_FEED_BYTES and MAX_FEED_ITEMS; never an exception, nothing is ever resolved or fetched.
    An item's link is the first there is of: FeedBurner's original link, the alternate link, a guid that is a permalink,
    rdf:about. Items without one are counted in `n_left_out`.
    """
    head = content[:MAX_FEED_BYTES]
    codec = codec_of(head, content_type=content_type, encoding=encoding)
    read = _json_feed if _begins(head, codec).startswith(("{", "[")) else _xml_feed
    return read(head, url=url, codec=codec)


def _begins(content: bytes, codec: str) -> str:
    return content[:400].decode(codec, "replace").lstrip("\ufeff \t\r\n")


def _xml_feed(content: bytes, *, url: str, codec: str) -> Feed:
    stream = XmlStream(content, codec=codec, entries=ENTRIES, fields=FIELDS)
    items, channel = Collector(max_items=MAX_FEED_ITEMS), _Channel(url)
    error = None
    for piece in stream:
        if local_name(piece.element) not in ENTRIES:
            channel.add(piece)
        elif items.is_full:
            error = f"more than {MAX_FEED_ITEMS} items; the rest was not read"
            break
        else:
            items.add(_entry(piece, url=url))
    if len(content) == MAX_FEED_BYTES:
        error = error or f"longer than {MAX_FEED_BYTES} bytes; the rest was not read"
    error = error or stream.error
    if not items.items and stream.root not in ROOTS:
        error = f"no feed: its root is {stream.root[:40]}" if stream.root else f"no feed: {error}"
    return Feed(
        items=items.items,
        next_urls=tuple(channel.next_urls[:MAX_NEXT_URLS]),
        title=channel.title,
        ttl_s=channel.ttl_s,
        n_left_out=items.n_left_out,
        error=error,
    )


class _Channel:
    """What a feed says of itself: its title, further pages and how often it changes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.title: str | None = None
        self.next_urls: list[str] = []
        self._said: dict[str, str] = {}

    def add(self, piece: Piece) -> None:
        """Takes in an element that stands beside the items; what stands in an image or author says nothing here."""
        if piece.parent not in CHANNELS:
            return
        name, element = local_name(piece.element), piece.element
        if name == "title":
            self.title = self.title or _title(element)
        elif name != "link":
            self._said.setdefault(name, (element.text or "").strip().lower())
        elif element.get("rel") == "next":
            found = web_url(element.get("href"), base=_base(piece, self._url))
            if found and found != self._url and found not in self.next_urls:
                self.next_urls.append(found)

    @property
    def ttl_s(self) -> int | None:
        """Seconds between two changes, by `ttl` (minutes), else by sy:updatePeriod and its frequency; bounded."""
        minutes, frequency = self._said.get("ttl", ""), self._said.get("updateFrequency", "1")
        period_s = PERIODS_S.get(self._said.get("updatePeriod", ""))
        if _is_small_number(minutes) and int(minutes):
            ttl_s = int(minutes) * 60
        elif period_s and _is_small_number(frequency):
            ttl_s = period_s // max(int(frequency), 1)
        else:
            return None
        return max(LEAST_TTL_S, min(ttl_s, MOST_TTL_S))


def _is_small_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _base(piece: Piece, url: str) -> str:
    """The address that links of an element are relative to."""
    for base in piece.bases:
        url = web_url(base, base=url) or url
    return url


def _namespace(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[0].removeprefix("{")


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if local_name(child) == name)


def _texts(element: etree._Element, name: str) -> list[str]:
    """The texts of the children of a name, those without any left out."""
    found = ("".join(child.itertext()).strip() for child in _children(element, name))
    return [text for text in found if text]


def _title(element: etree._Element) -> str | None:
    """The plain text of a title; Atom says when it is no markup, RSS never does."""
    kind = element.get("type")
    is_text = kind in NO_MARKUP or (kind is None and "atom" in _namespace(element).lower())
    return plain_text("".join(element.itertext()), is_markup=not is_text)


def _entry(piece: Piece, *, url: str) -> FoundUrl | None:
    """One item or entry; None when it has no link."""
    element, base = piece.element, _base(piece, url)
    link = next((found for found in (web_url(stated, base=base) for stated in _links(element)) if found), None)
    if link is None:
        return None
    own = _namespace(element)
    titles = sorted(_children(element, "title"), key=lambda child: _namespace(child) != own)
    return FoundUrl(
        url=link,
        title=next((text for text in map(_title, titles) if text), None),
        published=_first_date(element, PUBLISHED),
        authors=_authors(element),
        changed=_first_date(element, CHANGED),
    )


def _links(element: etree._Element) -> Iterator[str]:
    """What may be the address of an item, the best first."""
    yield from _texts(element, "origLink")
    links = list(_children(element, "link"))
    alternate = [link for link in links if link.get("href") and link.get("rel", "alternate") == "alternate"]
    yield from _texts(element, "link")
    pages = [link for link in alternate if "html" in link.get("type", "html")]
    yield from (link.get("href", "") for link in [*pages, *alternate])
    for guid in _children(element, "guid"):
        text = (guid.text or "").strip()
        if guid.get("isPermaLink", "true").lower() != "false" and text.lower().startswith(("http://", "https://")):
            yield text
    about = element.get(RDF_ABOUT)
    if about:
        yield about


def _first_date(element: etree._Element, names: tuple[str, ...]) -> str | None:
    return next((iso_date(text) for name in names for text in _texts(element, name)), None)


def _authors(element: etree._Element) -> tuple[str, ...]:
    """The names of an item's authors, each once. A mail address is no name."""
    found: list[str | None] = []
    for author in _children(element, "author"):
        named = _texts(author, "name")
        stated = named or ["".join(author.itertext()) if not len(author) else ""]
        found += [plain_text(_without_mail(text), is_markup=False) for text in stated]
    found += [plain_text(_without_mail(text), is_markup=True) for text in _texts(element, "creator")]
    return tuple(dict.fromkeys(name for name in found if name and "@" not in name))[:MAX_AUTHORS]


def _without_mail(text: str) -> str:
    folded = " ".join(text.split())[:500]
    match = MAIL_AND_NAME.fullmatch(folded) or NAME_AND_MAIL.fullmatch(folded)
    return match[1] if match else folded


def _json_feed(content: bytes, *, url: str, codec: str) -> Feed:
    if len(content) > MAX_JSON_BYTES:
        return Feed(error=f"longer than {MAX_JSON_BYTES} bytes, too long for a JSON feed")
    try:
        stated = json.loads(content.decode(codec, "replace").strip("\ufeff \t\r\n\0"))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Feed(error=f"not JSON: {reason[:120]}")
    entries = stated.get("items") if isinstance(stated, dict) else None
    if not isinstance(entries, list):
        return Feed(error="no feed: JSON without items")
    items = Collector(max_items=MAX_FEED_ITEMS)
    for entry in entries[:MAX_FEED_ITEMS]:
        items.add(_json_entry(entry, url=url))
    next_url = web_url(_text(stated, "next_url"), base=url)
    return Feed(
        items=items.items,
        next_urls=(next_url,) if next_url and next_url != url else (),
        title=plain_text(_text(stated, "title"), is_markup=False),
        n_left_out=items.n_left_out,
        error=f"more than {MAX_FEED_ITEMS} items; the rest was not read" if len(entries) > MAX_FEED_ITEMS else None,
    )


def _text(stated: dict[str, Any], name: str) -> str | None:
    """A text of a JSON object; None for what is none, lone surrogates replaced."""
    text = stated.get(name)
    return text.encode("utf-8", "replace").decode("utf-8") if isinstance(text, str) else None


def _json_entry(entry: object, *, url: str) -> FoundUrl | None:
    """One item: its own address, else an id that is one, else the page elsewhere that it points to."""
    if not isinstance(entry, dict):
        return None
    identity = _text(entry, "id") or ""
    stated = (_text(entry, "url"), identity if "://" in identity else None, _text(entry, "external_url"))
    link = next((found for found in (web_url(text, base=url) for text in stated) if found), None)
    if link is None:
        return None
    listed = entry.get("authors")
    people = [entry.get("author"), *(listed[:MAX_AUTHORS] if isinstance(listed, list) else [])]
    names = (plain_text(_text(person, "name"), is_markup=False) for person in people if isinstance(person, dict))
    return FoundUrl(
        url=link,
        title=plain_text(_text(entry, "title"), is_markup=False),
        published=iso_date(_text(entry, "date_published")),
        authors=tuple(dict.fromkeys(name for name in names if name)),
        changed=iso_date(_text(entry, "date_modified")),
    )
