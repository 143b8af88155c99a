"""robots.txt by RFC 9309."""

import pytest

from tasks.acquire.robots import MAX_ROBOTS_BYTES, Robots

URL = "https://journal.example/robots.txt"
PAGE = "https://journal.example/private/a"


def robots(text: str | bytes, status: int | None = 200) -> Robots:
    return Robots.parse(status, text if isinstance(text, bytes) else text.encode(), url=URL)


FORBIDDING = b"User-agent: *\nDisallow: /\nCrawl-delay: 9"


@pytest.mark.parametrize(
    ("status", "is_allowed"),
    [
        (200, False),
        (204, False),
        (301, True),
        (401, True),
        (403, True),
        (404, True),
        (410, True),
        (429, False),
        (500, False),
        (503, False),
        (None, False),
    ],
)
def test_what_a_status_allows(status: int | None, is_allowed: bool) -> None:
    assert robots(FORBIDDING, status).may_fetch(PAGE, "marsad") is is_allowed


def test_a_host_without_a_file_asks_for_no_delay() -> None:
    assert robots(FORBIDDING, 404).delay_s("marsad") is None


@pytest.mark.parametrize(
    ("text", "is_allowed"),
    [
        ("User-agent: *\nDisallow: /private/", False),
        ("User-agent: marsad\nDisallow:\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: MARSAD\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: marsad\nCrawl-delay: 1\nX-y: z\nUser-agent: other\nDisallow: /private", False),
        ("User-agent: other\nUser-agent: marsad\nDisallow: /private", False),
        ("User-agent: marsad\nUser-agent: other\nDisallow: /private", False),
        ("User-agent: marsad\nDisallow: /x\nUser-agent: other\nDisallow: /private", True),
        ("User-agent: *\nDisallow: /private\nAllow: /private/a", True),
        ("User-agent: *\nDisallow: /*a$", False),
        ("User-agent: *\rDisallow: /private\r", False),
        ("\ufeffUser-agent: *\r\nDisallow: /private\r\n", False),
        ("User-agent: * # all\nDisallow: /private # none", False),
        ("User-agent: *\nDisallow: /%70rivate", False),
        ("<html><body>\nUser-agent: *\nDisallow: /\n</body></html>", True),
        ("", True),
    ],
)
def test_the_rules_of_the_file_count(text: str, is_allowed: bool) -> None:
    assert robots(text).may_fetch(PAGE, "Marsad") is is_allowed


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_odd_encodings_are_read(codec: str) -> None:
    assert not robots("User-agent: *\nDisallow: /private".encode(codec)).may_fetch(PAGE, "marsad")


def test_junk_is_no_rule() -> None:
    assert robots(bytes(range(256)) * 100).may_fetch(PAGE, "marsad")


def test_the_file_itself_may_always_be_fetched() -> None:
    assert robots(FORBIDDING).may_fetch(URL, "marsad")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User-agent: *\nCrawl-delay: 7.5", 7.5),
        ("User-agent: *\nCrawl-delay: 86400", 300.0),
        ("User-agent: *\nCrawl-delay: -1", None),
        ("User-agent: *\nCrawl-delay: inf", None),
        ("User-agent: *\nRequest-rate: 1/10", 10.0),
        ("User-agent: *\nRequest-rate: 30/1m\nCrawl-delay: 1", 2.0),
        ("User-agent: *\nRequest-rate: 1/999999999999999999999d", 300.0),
        ("User-agent: other\nCrawl-delay: 7", None),
        ("User-agent: marsad\nCrawl-delay: 3\n\nUser-agent: *\nCrawl-delay: 7", 3.0),
    ],
)
def test_the_delay_is_the_longest_asked_for_within_bounds(text: str, expected: float | None) -> None:
    assert robots(text).delay_s("marsad") == expected


def test_sitemaps_are_absolute_each_once_and_of_the_web() -> None:
    text = (
        "Sitemap: /s.xml\nsitemap:https://journal.example/s.xml\nUser-agent: *\nSitemap: ftp://x/y\n"
        "SITEMAP: //b.example/t"
    )
    assert robots(text).sitemaps == ("https://journal.example/s.xml", "https://b.example/t")


def test_rules_beyond_the_limit_do_not_count_nor_does_one_that_it_cuts() -> None:
    head = b"User-agent: *\nDisallow: /other\n"
    cut = head + b"#" * (MAX_ROBOTS_BYTES - len(head) - 13) + b"\nDisallow: /privileged/\nDisallow: /private\n"
    assert cut[:MAX_ROBOTS_BYTES].endswith(b"\nDisallow: /p")
    rules = robots(cut)
    assert rules.may_fetch(PAGE, "marsad")
    assert not rules.may_fetch("https://journal.example/other", "marsad")
