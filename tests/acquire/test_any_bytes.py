"""No bytes, under any label, raise or give what could not be written down."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.acquire.discovery import discover
from tasks.acquire.feeds import parse_feed
from tasks.acquire.found import Feed, web_url
from tasks.acquire.listings import section_links, url_list
from tasks.acquire.robots import Robots
from tasks.acquire.sitemaps import parse_sitemap
from tasks.acquire.stated_dates import iso_date

PIECES = st.sampled_from(
    [
        "<rss>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "https://e.org/",
        "<urlset>",
        "<url>", "<loc>", "</loc>", "</url>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "<link href='",
        "'/>", "<a href='", "'>", "</a>", "&", "&amp;", "&#xD800;", "&#0;", "<![CDATA[", "]]>", "<!--", "-->",
        "<!DOCTYPE",
        "<?xml version='1.0' encoding='utf-16'?>", "<pubDate>", "25 Nov 2026", "2026-11-25T", "\0", "\ufeff",
        "xml:base='",
        "http://[", "http://\u2100/", "User-agent: *\n", "Disallow: /", "Crawl-delay: ", "1e999", "url,title\n",
        '"', ",",
        '{"items":[', '{"url":', '"\\ud800"', "]}", "<x:y ", "<base href='", "<html lang='", "<h2>", "<nav>", " ", "\n",
    ]
)  # fmt: skip
MARKUP = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=30).map("".join)
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.tuples(MARKUP, st.sampled_from(["utf-8", "utf-16", "utf-16-be", "cp1256"])).map(
        lambda pair: pair[0].encode(pair[1], "replace")
    ),
)
LABEL = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["zlib", "punycode", "utf-16", "utf-7", "cp1256", "\0"])
)
URLS = st.sampled_from(["https://e.org/a", "http://127.0.0.1:1/", "http://[", "", "nothing"])
SETTINGS = settings(deadline=None, max_examples=300)


def is_writable(feed: Feed) -> bool:
    return all(item.url.startswith(("http://", "https://")) for item in feed.items) and bool(str(feed).encode())


@SETTINGS
@given(CONTENT, URLS, LABEL, LABEL)
def test_any_bytes_are_a_feed_or_none(content: bytes, url: str, label: str | None, encoding: str | None) -> None:
    assert is_writable(parse_feed(content, url=url, content_type=f"text/xml; charset={label}", encoding=encoding))


@SETTINGS
@given(CONTENT, URLS, LABEL)
def test_any_bytes_are_a_sitemap_or_none(content: bytes, url: str, encoding: str | None) -> None:
    assert is_writable(parse_sitemap(content, url=url, encoding=encoding))


@SETTINGS
@given(CONTENT, URLS, LABEL)
def test_any_bytes_are_a_section_page_or_none(content: bytes, url: str, encoding: str | None) -> None:
    assert is_writable(section_links(content, url=url, encoding=encoding))
    discover(content, url=url, encoding=encoding)


@SETTINGS
@given(CONTENT, st.sampled_from(["x.csv", "x.txt", ""]))
def test_any_bytes_are_a_list_or_none(content: bytes, name: str) -> None:
    assert is_writable(url_list(content, name=name))


@SETTINGS
@given(CONTENT, URLS, st.one_of(st.none(), st.integers(0, 999)), st.text(max_size=10))
def test_any_bytes_are_a_robots_file(content: bytes, url: str, status: int | None, agent: str) -> None:
    robots = Robots.parse(status, content, url=url)
    assert robots.may_fetch(url, agent) in (True, False)
    delay_s = robots.delay_s(agent)
    assert delay_s is None or 0 <= delay_s <= 300


@SETTINGS
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_link_and_a_date_or_none(link: str, base: str) -> None:
    web_url(link, base=base)
    web_url(link, base=f"https://{base}")
    assert iso_date(link) != ""
