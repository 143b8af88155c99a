"""Addresses lose what tracks a reader, and nothing that names a page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.extract.urls import canonical_url, clean_url, page_id, site_of


@pytest.mark.parametrize(
    "parameter",
    ["utm_source=x", "UTM_Medium=x", "fbclid=1", "gclid=1", "PHPSESSID=ab", "jsessionid=9", "xtor=RSS-1", "sort=asc"],
)
def test_tracking_and_sessions_are_stripped(parameter: str) -> None:
    assert clean_url(f"https://news.example/a?id=1&{parameter}") == "https://news.example/a?id=1"


@pytest.mark.parametrize("name", ["sid", "cid", "source", "ref", "id", "p", "page", "lang"])
def test_parameters_that_name_a_page_stay(name: str) -> None:
    assert clean_url(f"https://news.example/a?{name}=Ab1") == f"https://news.example/a?{name}=Ab1"


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        ("HTTPS://News.Example:443/Path/Story.HTML#top", "https://news.example/Path/Story.HTML"),
        ("http://news.example:80", "http://news.example/"),
        ("http://news.example:8080/", "http://news.example:8080/"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/a;jsessionid=77?b=1", "https://news.example/a?b=1"),
        ("https://news.example/x/../a/./b", "https://news.example/a/b"),
        ("https://news.example/caf%c3%a9/%7euser", "https://news.example/caf%C3%A9/~user"),
        ("https://news.example/café", "https://news.example/caf%C3%A9"),
        ("https://news.example/خبر", "https://news.example/%D8%AE%D8%A8%D8%B1"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://news.example/100%", "https://news.example/100%25"),
        ("https://news.example/?b=2&a=1&b=1", "https://news.example/?a=1&b=2&b=1"),
        ("https://news.example/?12345", "https://news.example/?12345"),
        ("  https://news.example/a \n", "https://news.example/a"),
        ("https://news.example/a?q=", "https://news.example/a?q="),
    ],
)
def test_one_page_has_one_address(url: str, cleaned: str) -> None:
    assert clean_url(url) == cleaned


@pytest.mark.parametrize(
    "junk",
    [None, "", " ", "news", "mailto:a@b.example", "javascript:void(0)", "ftp://a.example/", "http://", "http://a b/",
     "https://a:port/", "https://a.example:99999/", "http://[::1", "http://..", "https://<host>/"],
)  # fmt: skip
def test_junk_is_no_address(junk: str | None) -> None:
    assert clean_url(junk) is None


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(max_size=60).map("https://".__add__),
        st.text(max_size=60).map("http://a.example/".__add__),
    )
)
@settings(max_examples=400, deadline=None)
def test_cleaning_is_idempotent_and_never_raises(text: str) -> None:
    cleaned = clean_url(text)
    assert clean_url(cleaned) == cleaned
    site_of(text)
    canonical_url(text, text)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("https://ar.journal.ma/x", "journal.ma"),
        ("https://sub.outlet.example/x", "outlet.example"),
        ("http://192.0.2.7/x", "192.0.2.7"),
        ("http://[2001:db8::1]/x", "2001:db8::1"),
        ("http://localhost:8000/", "localhost"),
        ("not an address", None),
        (None, None),
    ],
)
def test_the_site_is_the_registered_domain(url: str | None, site: str | None) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize(
    ("url", "link", "canonical"),
    [
        ("https://m.journal.ma/a?utm_source=x", "https://www.journal.ma/a", "https://www.journal.ma/a"),
        ("https://journal.ma/a", "/b?fbclid=1", "https://journal.ma/b"),
        ("https://journal.ma/a", "//www.journal.ma/c", "https://www.journal.ma/c"),
        ("https://journal.ma/a", "https://other.ma/a", "https://journal.ma/a"),
        ("https://journal.ma/a", "https://journal.ma/", "https://journal.ma/a"),
        ("https://journal.ma/", "https://www.journal.ma", "https://www.journal.ma/"),
        ("https://journal.ma/a", "http://[broken", "https://journal.ma/a"),
        ("https://journal.ma/a#x", None, "https://journal.ma/a"),
        (None, "https://journal.ma/a", "https://journal.ma/a"),
        (None, "/a", None),
        (None, None, None),
    ],
)
def test_a_canonical_link_is_believed_on_its_own_site_only(
    url: str | None, link: str | None, canonical: str | None
) -> None:
    assert canonical_url(url, link) == canonical


def test_a_page_is_known_by_its_canonical_address_first() -> None:
    by_canonical = page_id(canonical_url="https://a.example/1", url="https://a.example/1?x", raw_path="f.html")
    assert by_canonical == page_id(canonical_url="https://a.example/1", url=None, raw_path="other.html")
    assert by_canonical != page_id(canonical_url=None, url=None, raw_path="f.html")
    assert len(by_canonical) == 32


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://a.blogspot.com/2024/05/x.html", "a.blogspot.com"),
        ("https://b.blogspot.com/", "b.blogspot.com"),
        ("https://someone.github.io/post", "someone.github.io"),
        ("https://web.archive.org/web/20240502103000/https://www.paper.example/story", "paper.example"),
        ("https://web.archive.org/web/20240502103000id_/http://news.bbc.co.uk/1/hi/x", "bbc.co.uk"),
        ("https://web.archive.org/web/20240502103000/www.paper.example/story", "paper.example"),
        ("https://web.archive.org/", "archive.org"),
    ],
)
def test_blogs_of_one_host_and_captures_of_the_archive_are_not_one_site(url: str, site: str) -> None:
    assert site_of(url) == site
