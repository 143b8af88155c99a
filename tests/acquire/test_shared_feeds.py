"""Real feeds, sitemaps and robots files, counted by the readers that they were collected for and by feedparser."""

import gzip
import html
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import feedparser
import pytest

from tasks.acquire.feeds import parse_feed
from tasks.acquire.robots import Robots
from tasks.acquire.sitemaps import parse_sitemap

SHARED = Path(__file__).parents[2].parent / "shared" / "feeds"
CRAWLER = SHARED / "crawler-commons" / "src" / "test" / "resources"
FEEDS = sorted(path for path in (SHARED / "feed-rs" / "fixture").rglob("*") if path.suffix in (".xml", ".json"))
FEEDS = [path for path in FEEDS if not path.name.endswith(".serde.json")]
READ = [path for path in FEEDS if path.with_suffix(".serde.json").exists()]
needs_shared = pytest.mark.skipif(not FEEDS, reason="../shared, the folder of real feeds, is not here")
URL = "https://feed.example/x/feed.xml"
# Their items are left out: links of self alone, an id, a title and a description are no address of a page.
WITHOUT_LINKS = {
    "atom_entry_1", "atom_example_7", "atom_pub_spec_1", "atom_xml_base", "rss_0.91_missing_id", "rss_0.92_spec_1",
    "rss_2.0_ghost_1",
}  # fmt: skip
# FeedBurner's original links, which feed-rs and feedparser do not know.
ORIGINAL_LINKS = {"atom_example_3", "rss_2.0_rps"}
# Month first and `PM`, which feedparser reads as the morning; its text is kept as it stands.
ODD_DATE = "rss_2.0_nbcny"
# Two permalinks into one page.
ONE_PAGE = {"rss_2.0_spec_1"}
PAIRED = [path for path in READ if path.suffix == ".xml" and path.stem not in WITHOUT_LINKS | ONE_PAGE]


def read(path: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(path.with_suffix(".serde.json").read_text("utf-8"))["entries"]
    return entries


@needs_shared
@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_every_entry_is_an_item_or_counted(path: Path) -> None:
    feed = parse_feed(path.read_bytes(), url=URL)
    assert len(feed.items) + feed.n_left_out == len(read(path))
    assert (feed.n_left_out == 0) == (path.stem not in WITHOUT_LINKS | ONE_PAGE)


@needs_shared
@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_every_link_is_one_that_feed_rs_reads(path: Path) -> None:
    stated = [link["href"] for entry in read(path) for link in entry["links"]]
    known = {urljoin(URL, link).partition("#")[0].rstrip("/").lower() for link in stated}
    strange = [
        item.url for item in parse_feed(path.read_bytes(), url=URL).items if item.url.rstrip("/").lower() not in known
    ]
    if path.stem in ORIGINAL_LINKS:
        assert [url for url in strange if f">{url}</feedburner:origLink>" not in path.read_text("utf-8")] == []
        assert strange
    elif path.stem != "rss_2.0_spec_1":  # its guids are permalinks; feed-rs reads no link
        assert strange == []


@needs_shared
@pytest.mark.parametrize("path", PAIRED, ids=lambda path: path.stem)
def test_titles_and_dates_are_those_of_feedparser(path: Path) -> None:
    content = path.read_bytes()
    peers = feedparser.parse(io.BytesIO(content), response_headers={"content-location": URL}).entries
    feed = parse_feed(content, url=URL)
    for item, peer in zip(feed.items, peers, strict=True):
        assert (item.title or "") == " ".join(peer.get("title", "").split())
        day = peer.get("published_parsed")
        if day and path.stem != ODD_DATE:
            assert item.published == "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*day[:6])


@needs_shared
@pytest.mark.parametrize("name", ["rss_2.0_invalid_1", "xml_sample_1", "xml_sample_2"])
def test_what_is_no_feed_has_an_error(name: str) -> None:
    path = next(path for path in FEEDS if path.stem == name)
    feed = parse_feed(path.read_bytes(), url=URL)
    assert not feed.items
    assert feed.error


SITEMAPS = sorted(path for path in (CRAWLER / "sitemaps").rglob("*") if path.is_file() and path.stem != "atom")
SITEMAPS += sorted((SHARED / "news-crawl").rglob("sitemap-news.xml"))
# An address in an element of pages or sitemaps, which have no prefix or that of the sitemap's own namespace.
ADDRESS = re.compile(r"<(?:sit:)?(?:loc|sitemap)>\s*(http[^<]*)<")


@needs_shared
@pytest.mark.parametrize("path", SITEMAPS, ids=lambda path: path.name)
def test_every_url_of_a_real_sitemap_is_found(path: Path) -> None:
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    text = plain.decode("utf-8-sig")
    stated = [html.unescape(url.strip()) for url in (ADDRESS.findall(text) if "<" in text else text.split())]
    feed = parse_sitemap(plain, url=urljoin(stated[0], "/sitemap.xml"))
    assert [item.url for item in feed.items] == stated
    assert (feed.n_left_out, feed.error) == (0, None)
    assert {item.kind for item in feed.items} == {"sitemap" if "index" in path.name else "page"}


@needs_shared
@pytest.mark.parametrize("path", [path for path in SITEMAPS if "news" in path.name], ids=lambda path: path.name)
def test_every_page_of_a_news_sitemap_has_title_and_date(path: Path) -> None:
    text = path.read_text("utf-8")
    feed = parse_sitemap(path.read_bytes(), url=urljoin(ADDRESS.findall(text)[0], "/sitemap.xml"))
    titles = [html.unescape(title.strip()) for title in re.findall(r"<news:title>([^<]*)<", text)]
    assert [item.title for item in feed.items] == titles
    assert all(item.published for item in feed.items)


@needs_shared
def test_a_feed_with_the_namespace_of_sitemaps_is_a_feed() -> None:
    content = (SHARED / "news-crawl" / "src" / "test" / "resources" / "feed-with-sitemap-namespace.xml").read_bytes()
    feed = parse_sitemap(content, url="https://example.com/feed")
    assert len(feed.items) == content.count(b"<item>") == 2
    assert all(item.title and item.published and item.authors for item in feed.items)


# File, agent, path, whether it may be fetched: what RFC 9309 and the names of the files promise.
RULES = [
    ("rfc9309-example-longest-match-robots.txt", "foobot", "/example/page/a", True),
    ("rfc9309-example-longest-match-robots.txt", "foobot", "/example/page/disallowed.gif", False),
    ("rfc9309-example-rule-group-merging.txt", "examplebot", "/foo", False),
    ("rfc9309-example-rule-group-merging.txt", "examplebot", "/baz", False),
    ("rfc9309-example-rule-group-merging.txt", "bazbot", "/foo", True),
    ("rfc9309-example-simple-robots.txt", "foobot", "/example/allowed.gif", True),
    ("rfc9309-example-simple-robots.txt", "foobot", "/other", False),
    ("rfc9309-example-simple-robots.txt", "bazbot", "/example/page.html", False),
    ("rfc9309-example-simple-robots.txt", "marsad", "/a.gif", False),
    ("rfc9309-example-simple-robots.txt", "marsad", "/publications/", True),
    ("merge-rules.txt", "wget", "/tmp/bar", False),
    ("merge-rules.txt", "wget", "/ckh/bar", True),
    ("merge-rules.txt", "curl", "/ckh/bar", False),
    ("extensions-group-merging.txt", "mybot", "/private/", False),
    ("extensions-group-merging.txt", "yourbot", "/login/", False),
    ("format-errors-robots.txt", "bot1", "/whitespace-before-colon/", False),
    ("format-errors-robots.txt", "bot2", "/no-colon-useragent/", False),
    ("directive-typos-robots.txt", "bot2", "/useragent/", False),
]


@needs_shared
@pytest.mark.parametrize(("name", "agent", "path", "is_allowed"), RULES)
def test_real_robots_files_are_read_as_their_names_promise(name: str, agent: str, path: str, is_allowed: bool) -> None:
    rules = Robots.parse(200, (CRAWLER / "robots" / name).read_bytes(), url="https://example.org/robots.txt")
    assert rules.may_fetch(f"https://example.org{path}", agent) is is_allowed


@needs_shared
@pytest.mark.parametrize("order", ["utf8", "utf16le", "utf16be"])
def test_robots_files_with_a_byte_order_mark_are_read(order: str) -> None:
    content = (CRAWLER / "robots" / f"robots-with-{order}-bom.txt").read_bytes()
    rules = Robots.parse(200, content, url="https://example.org/robots.txt")
    assert len(rules.sitemaps) == 1
    assert not rules.may_fetch("https://example.org/profile", "googlebot")
