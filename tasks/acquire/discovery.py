"""A home page -> what an entry of sources.yaml may say of its outlet. Asking for the candidates is the caller's."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import pytz
from lxml.html import HtmlElement

from tasks.acquire.found import host_of, is_same_site, plain_text, site_of_host, web_url
from tasks.acquire.listings import base_of, html_tree

MAX_CANDIDATES = 40
FEED_TYPES = frozenset(
    [
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/xml",
        "text/xml",
    ]
)
FEED_PATHS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feeds/posts/default", "/feed.json")
SITEMAP_PATHS = ("/sitemap_news.xml", "/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_index.xml", "/sitemap.xml")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z])")
# Country codes that are sold to the whole world.
_SOLD = "ac ai am bz cc cd co fm gg gl im io is la li ly me ms mu nu pw sc sh so st su tk to tv vc ws"
SOLD_WORLDWIDE = frozenset(_SOLD.split())
COUNTRY_OF_SUFFIX = {"uk": "GB"}
NO_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a start point. `how`: stated by the page, by robots.txt, or only usual."""

    url: str
    kind: Literal["feed", "sitemap"]
    how: Literal["page", "robots", "usual"]
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a home page says of its outlet: a name from its domain, language, country, and where to look."""

    name: str
    language: str | None
    country: str | None
    candidates: tuple[Candidate, ...]


def discover(
    content: bytes, *, url: str, encoding: str | None = None, robots_sitemaps: Iterable[str] = ()
) -> Discovery:
    """What can be told of an outlet from its home page, its robots.txt and its address; never an exception.

    Candidates come in the order in which they are worth a try: what the page states, what robots.txt states, what is
    usual. Feeds of comments are left out. A caller asks for them and keeps those that parse.
    """
    tree = html_tree(content, encoding=encoding)
    found = [] if tree is None else list(_stated_feeds(tree, url=url))
    found += [Candidate(url=link, kind="sitemap", how="robots") for link in robots_sitemaps]
    usual: tuple[tuple[Literal["feed", "sitemap"], tuple[str, ...]], ...] = (
        ("sitemap", SITEMAP_PATHS),
        ("feed", FEED_PATHS),
    )
    for kind, paths in usual:
        links = (web_url(path, base=url) for path in paths)
        found += [Candidate(url=link, kind=kind, how="usual") for link in links if link]
    unique = {candidate.url: candidate for candidate in reversed(found)}
    ordered = [candidate for candidate in found if unique.get(candidate.url) is candidate]
    return Discovery(
        name=propose_name(url),
        language=None if tree is None else _language(tree),
        country=country_of(url),
        candidates=tuple(ordered[:MAX_CANDIDATES]),
    )


def _stated_feeds(tree: HtmlElement, *, url: str) -> Iterator[Candidate]:
    """The feeds and sitemaps that `<link>` elements name."""
    base = base_of(tree, url)
    for element in tree.iter("link"):
        relations = set(element.get("rel", "").lower().split())
        link = web_url(element.get("href"), base=base)
        kind = element.get("type", "").lower().partition(";")[0].strip()
        is_feed = bool(relations & {"alternate", "feed"}) and (kind in FEED_TYPES or "feed" in relations)
        if link and is_feed and "/comments/" not in urlsplit(link).path:
            yield Candidate(url=link, kind="feed", how="page", title=plain_text(element.get("title"), is_markup=False))
        elif link and "sitemap" in relations and is_same_site(link, url):
            yield Candidate(url=link, kind="sitemap", how="page")


def _language(tree: HtmlElement) -> str | None:
    """The language that the page claims, as `fr`; None where it claims none."""
    root = next(tree.iter("html"), tree)
    match = LANGUAGE.match((root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip())
    return match[0].lower() if match else None


def propose_name(url: str) -> str:
    """A name for an outlet from its registered domain without the suffix: `https://www.a-b.co.uk/` -> `a-b`."""
    host = host_of(url)
    domain = site_of_host(host)
    own = domain if domain.replace(".", "").isdigit() or ":" in domain else domain.partition(".")[0]
    return NO_NAME.sub("-", own.lower()).strip("-")[:60] or "outlet"


def country_of(url: str) -> str | None:
    """The country (ISO 3166 alpha-2) of an address's country code; None for codes that are sold to all."""
    suffix = host_of(url).rpartition(".")[2]
    code = COUNTRY_OF_SUFFIX.get(suffix, suffix.upper())
    return code if suffix not in SOLD_WORLDWIDE and code in pytz.country_names else None
