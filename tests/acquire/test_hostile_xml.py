"""XML that was written to harm: nothing is resolved, read or asked for, and time stays bounded."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.acquire.feeds import parse_feed
from tasks.acquire.found import Feed
from tasks.acquire.listings import section_links, url_list
from tasks.acquire.robots import Robots
from tasks.acquire.sitemaps import parse_sitemap
from tests.pace import within

URL = "https://journal.example/feed"
ITEM = "<item><title>{title}</title><link>https://journal.example/1</link></item>"
# What is measured is a tenth of it on an idle machine.
BOUND_S = 20.0


def feed_of(doctype: str, title: str, attribute: str = "") -> Feed:
    text = f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel a="{attribute}">{ITEM}</channel></rss>'
    return parse_feed(text.replace("{title}", title).encode(), url=URL)


def test_a_billion_laughs_are_not_expanded() -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    with within(1):
        feed = feed_of(f'<!DOCTYPE rss [<!ENTITY e0 "laugh">{entities}]>', "&e12;", "&e12;")
    assert [item.title for item in feed.items] == ["&e12;"]


def test_parameter_entities_are_not_expanded() -> None:
    entities = '<!ENTITY % p0 "laugh">' + "".join(f'<!ENTITY % p{n + 1} "{f"%p{n};" * 10}">' for n in range(12))
    with within(1):
        feed = feed_of(f'<!DOCTYPE rss [{entities} %p12; <!ENTITY all "%p12;">]>', "&all;")
    assert "laugh" not in str(feed)


def test_an_entity_of_a_file_does_not_read_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("open sesame")
    address = secret.as_uri()
    doctype = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{address}"><!ENTITY % y SYSTEM "{address}">%y;]>'
    feeds = [feed_of(doctype, "&x;"), feed_of(f'<!DOCTYPE rss SYSTEM "{address}">', "t")]
    assert "sesame" not in str(feeds)
    assert [item.title for item in feeds[0].items] == ["&x;"]


def test_entities_doctypes_stylesheets_and_includes_of_an_address_ask_for_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        at = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        doctype = f'<!DOCTYPE rss SYSTEM "{at}" [<!ENTITY x SYSTEM "{at}"><!ENTITY % y SYSTEM "{at}">%y;]>'
        texts = [
            f'{doctype}<?xml-stylesheet href="{at}"?><rss><channel>{ITEM.format(title="&x;")}</channel></rss>',
            f'<rss xmlns:xi="http://www.w3.org/2001/XInclude"><channel><xi:include href="{at}"/></channel></rss>',
            f'<rss xmlns:x="{at}" x:schemaLocation="{at} {at}"><channel/></rss>',
        ]
        for text in texts:
            parse_feed(text.encode(), url=at)
            parse_sitemap(text.encode(), url=at)
            section_links(text.encode(), url=at)
        with pytest.raises(TimeoutError):
            server.accept()


PARSERS: dict[str, Callable[[bytes], object]] = {
    "feed": lambda content: parse_feed(content, url=URL),
    "sitemap": lambda content: parse_sitemap(content, url=URL),
    "section": lambda content: section_links(content, url=URL),
    "list": lambda content: url_list(content, name="list.csv"),
    "robots": lambda content: Robots.parse(200, content, url=URL).may_fetch(URL, "marsad"),
}
REPEATED = [
    "<a>", "<a/>", "<item>", "<item/>", "<url><loc>", "<", "&", "&amp;", "&lol;", "&#0;", "]]>", "<![CDATA[", "<!--",
    "<?x ",
    "<!DOCTYPE a [", '<!ENTITY a "b">', '<a b="', '<a b="c" ', '<a xmlns:b="c">', "</a>", "\0", "\r", '"', ",", "x",
    "<a href='/a-b-c-d'>", "<a href=/1><h2>", "<nav><a href=/2>", "User-agent: a\n", "Disallow: /*a*b\n", "[",
    '{"items":[',
    "http://e.org/a\n", "\u0646",
]  # fmt: skip


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("begins", ["", "<rss><channel>", "<urlset><url>", "<html><body>"], ids=["bare", "r", "u", "h"])
def test_repeats_of_anything_take_bounded_time(parser: str, begins: str) -> None:
    size = 1_000_000
    with within(BOUND_S):
        for scrap in REPEATED:
            PARSERS[parser](begins.encode() + (scrap * (size // len(scrap))).encode())


def test_a_robots_file_of_agents_and_rules_is_not_multiplied() -> None:
    agents, rules = "".join(f"User-agent: a{n}\n" for n in range(15_000)), "Disallow: /a*b\n" * 18_000
    with within(2):
        assert Robots.parse(200, (agents + rules).encode(), url=URL).may_fetch("https://journal.example/x", "marsad")


@pytest.mark.parametrize("n_levels", [1_000, 100_000])
def test_deep_nesting_ends_in_an_error(n_levels: int) -> None:
    feed = parse_feed(b"<rss><channel>" + b"<a>" * n_levels, url=URL)
    assert feed.error == "more than 256 levels; the rest was not read"


@pytest.mark.parametrize("n_chars", [10_000, 1_000_000])
def test_a_link_of_any_length_is_found_or_left_out(n_chars: int) -> None:
    long = "https://journal.example/" + "a" * n_chars
    feed = parse_feed(f"<rss><channel><item><link>{long}</link></item></channel></rss>".encode(), url=URL)
    assert [item.url for item in feed.items] == ([long] if n_chars == 10_000 else [])
    assert feed.n_left_out == (n_chars > 10_000)
