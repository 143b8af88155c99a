"""Sitemaps: XML with its news extension, indexes, plain text, feeds given as one -> the pages or sitemaps they name."""

from lxml import etree

from tasks.acquire.encodings import codec_of
from tasks.acquire.feeds import ROOTS, parse_feed
from tasks.acquire.found import Collector, Feed, is_same_site, plain_text, web_url
from tasks.acquire.listings import url_list
from tasks.acquire.stated_dates import iso_date
from tasks.acquire.xml_stream import XmlStream, local_name, root_name
from tasks.records.fetches import FoundUrl

# The protocol's own limit.
MAX_SITEMAP_URLS = 50_000
ENTRIES = frozenset(["url", "sitemap"])


def parse_sitemap(content: bytes, *, url: str, content_type: str | None = None, encoding: str | None = None) -> Feed:
    """The pages that a sitemap names, or the sitemaps (`kind`) that an index names.

    As the protocol has it, a sitemap speaks for its own site: URLs of another registered domain are counted in
    `n_left_out`, as is what has no `loc`. Images, videos and alternates are no pages of their own. At most
    MAX_SITEMAP_URLS, read in pieces: the memory taken is that of the URLs. Never an exception.
    """
    codec = codec_of(content, content_type=content_type, encoding=encoding)
    beginning = content[:400].decode(codec, "replace").lstrip("\ufeff \t\r\n")
    if "<" not in beginning and beginning.startswith(("http://", "https://")):
        return _of_own_site(url_list(content, name="sitemap.txt", max_urls=MAX_SITEMAP_URLS), url=url)
    if beginning.startswith("{") or root_name(content, codec=codec) in ROOTS:
        return _of_own_site(parse_feed(content, url=url, encoding=codec), url=url)
    return _xml_sitemap(content, url=url, codec=codec)


def _of_own_site(feed: Feed, *, url: str) -> Feed:
    own = tuple(item for item in feed.items if is_same_site(item.url, url))
    return Feed(
        items=own,
        next_urls=feed.next_urls,
        title=feed.title,
        ttl_s=feed.ttl_s,
        n_left_out=feed.n_left_out + len(feed.items) - len(own),
        error=feed.error,
    )


def _xml_sitemap(content: bytes, *, url: str, codec: str) -> Feed:
    stream = XmlStream(content, codec=codec, entries=ENTRIES)
    items, error = Collector(max_items=MAX_SITEMAP_URLS), None
    for piece in stream:
        if items.is_full:
            error = f"more than {MAX_SITEMAP_URLS} URLs; the rest was not read"
            break
        items.add(_entry(piece.element, url=url))
    error = error or stream.error
    if not items.items and stream.root not in ("urlset", "sitemapindex"):
        error = f"no sitemap: its root is {stream.root[:40]}" if stream.root else f"no sitemap: {error}"
    return Feed(items=items.items, n_left_out=items.n_left_out, error=error)


def _entry(element: etree._Element, *, url: str) -> FoundUrl | None:
    """One `url` or `sitemap`; None without an address of the same site."""
    # Some indexes write the address into `sitemap` itself, without `loc`.
    location = _child_text(element, "loc") or (element.text or "").strip()
    link = web_url(location, base=url)
    if link is None or not is_same_site(link, url):
        return None
    news = next((child for child in element if local_name(child) == "news"), None)
    is_news = news is not None
    return FoundUrl(
        url=link,
        kind="sitemap" if local_name(element) == "sitemap" else "page",
        title=plain_text(_child_text(news, "title"), is_markup=True) if is_news else None,
        published=iso_date(_child_text(news, "publication_date")) if is_news else None,
        changed=iso_date(_child_text(element, "lastmod")),
    )


def _child_text(element: etree._Element, name: str) -> str | None:
    """The text of the first child of a name."""
    return next((child.text for child in element if local_name(child) == name), None)
