"""Section pages and lists of URLs."""

import pytest

from tasks.acquire.discovery import country_of, discover, propose_name
from tasks.acquire.found import is_same_site
from tasks.acquire.listings import section_links, url_list
from tasks.extract.urls import site_of
from tasks.records.fetches import FoundUrl

URL = "https://www.journal.example/culture/"
PAGE = """<html lang="ar-MA"><head><title>Culture</title><link rel="next" href="?page=2">
<link rel="alternate" type="application/rss+xml" title="Flux" href="/flux.xml">
<link rel="alternate" type="application/rss+xml" href="/comments/feed/"><link rel="sitemap" href="/plan.xml">
<link rel="alternate" hreflang="fr" href="/fr/"></head><body>
<nav><a href="/politique/une-page-de-menu-longue">Une page de menu qui est bien longue</a></nav>
<a href="/">Accueil</a> <a href="/sport/">Sport</a> <a href="#haut">Haut</a> <a href="/culture/?tri=1">Trier</a>
<article><a href="/culture/le-phare-de-sete-rouvre"><img src="x.jpg"></a>
<h2><a href="/culture/le-phare-de-sete-rouvre#suite">Le phare de Sète rouvre ses portes</a></h2></article>
<a href="/?p=123"><h3>Les dockers chantent encore au port</h3><p>Un long résumé</p></a>
<a href="/خبر/إعادة-فتح-المنارة">إعادة فتح المنارة بعد العاصفة</a>
<a href="/a/20261125.html">...</a>
<a href="/tag/phares">Tous les articles sur les phares</a> <a rel="author" href="/x/nora-vidal-de-la-redaction">Nora</a>
<a href="/doc/rapport-annuel-du-port-2026.pdf">Le rapport annuel du port est là</a>
<a href="https://other.example/une-histoire-qui-est-ailleurs">Une histoire qui est ailleurs</a>
<a href="mailto:a@b.example">Écrire à la rédaction du journal</a> <a href="javascript:void(0)">x</a>
<footer><a href="/legal/mentions-de-ce-journal-ci">Les mentions légales de ce journal</a></footer></body></html>"""


def test_article_links_of_a_section_are_found_with_their_headlines() -> None:
    assert section_links(PAGE.encode(), url=URL).items == (
        FoundUrl(
            url="https://www.journal.example/culture/le-phare-de-sete-rouvre",
            title="Le phare de Sète rouvre ses portes",
        ),
        FoundUrl(url="https://www.journal.example/?p=123", title="Les dockers chantent encore au port"),
        FoundUrl(url="https://www.journal.example/خبر/إعادة-فتح-المنارة", title="إعادة فتح المنارة بعد العاصفة"),
        FoundUrl(url="https://www.journal.example/a/20261125.html"),
        FoundUrl(url="https://www.journal.example/culture/?page=2", kind="section"),
    )


def test_a_section_page_is_read_in_the_codec_that_is_given() -> None:
    content = '<a href="/1">إعادة فتح المنارة بعد العاصفة</a>'.encode("windows-1256")
    found = section_links(content, url=URL, encoding="windows-1256").items
    assert [item.title for item in found] == ["إعادة فتح المنارة بعد العاصفة"]


def test_links_of_a_section_are_relative_to_its_base() -> None:
    content = b'<base href="/b/"><a href="un-titre-de-quatre-mots">x</a>'
    assert [item.url for item in section_links(content, url=URL).items] == [
        "https://www.journal.example/b/un-titre-de-quatre-mots"
    ]


def test_links_beyond_the_limit_are_counted() -> None:
    content = "".join(f'<a href="/un-titre-de-mots-{n}">x</a>' for n in range(1_200)).encode()
    feed = section_links(content, url=URL)
    assert (len(feed.items), feed.n_left_out) == (1_000, 200)
    assert feed.error == "more than 1000 links; the rest was left out"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("# list\nhttps://e.org/a  # first\n\nhttps://e.org/b\r\nnot one\n", "x.txt", [("a", None), ("b", None)]),
        ("https://e.org/a?x=1,2;3\n", "x.txt", [("a?x=1,2;3", None)]),
        ("id,URL,title\n1,https://e.org/a,\"One, two\"\n2,https://e.org/b,\n", "x.csv", 
            [("a", "One, two"), ("b", None)]),
        ("title;link;date\nUn;https://e.org/a;2026-11-25\n", "export", [("a", "Un")]),
        ("1\thttps://e.org/a\n2\thttps://e.org/b\n", "x.tsv", [("a", None), ("b", None)]),
        ("name,where\nx,https://e.org/a\n", "x.csv", [("a", None)]),
        ("", "x.csv", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_lists_are_read(content: str, name: str, expected: list[tuple[str, str | None]], codec: str) -> None:
    found = url_list(content.encode(codec), name=name).items
    assert [(item.url, item.title) for item in found] == [(f"https://e.org/{path}", title) for path, title in expected]


def test_a_list_takes_over_the_date() -> None:
    found = url_list(b"url,published\nhttps://e.org/a,2026-11-25T10:00:00+01:00\n", name="x.csv").items
    assert found == (FoundUrl(url="https://e.org/a", published="2026-11-25T09:00:00Z"),)


def test_lines_that_are_no_urls_are_counted() -> None:
    assert url_list(b"https://e.org/a\nhello\nftp://e.org/b\nhttps://e.org/a\n", name="x.txt").n_left_out == 3


def test_a_home_page_gives_candidates_the_stated_first() -> None:
    found = discover(
        PAGE.encode(), url="https://www.journal.co.ma/", robots_sitemaps=["https://www.journal.co.ma/news.xml"]
    )
    assert [(item.kind, item.how, item.url.rpartition("/")[2]) for item in found.candidates[:4]] == [
        ("feed", "page", "flux.xml"),
        ("sitemap", "page", "plan.xml"),
        ("sitemap", "robots", "news.xml"),
        ("sitemap", "usual", "sitemap_news.xml"),
    ]
    assert (found.name, found.language, found.country) == ("journal", "ar", "MA")
    assert len({item.url for item in found.candidates}) == len(found.candidates)


def test_an_address_that_is_stated_and_usual_is_one_candidate() -> None:
    content = b'<link rel="alternate" type="application/rss+xml" href="/rss.xml">'
    found = discover(content, url="https://e.org/").candidates
    assert [item.how for item in found if item.url == "https://e.org/rss.xml"] == ["page"]


@pytest.mark.parametrize(
    ("url", "name", "country"),
    [
        ("https://www.a-b_c.co.uk/x", "a-b-c", "GB"),
        ("https://news.tv/", "news", None),
        ("https://press.example/", "press", None),
        ("http://127.0.0.1:8000/", "127-0-0-1", None),
        ("nothing", "outlet", None),
    ],
)
def test_name_and_country_are_proposed_from_the_address(url: str, name: str, country: str | None) -> None:
    assert (propose_name(url), country_of(url)) == (name, country)


HOSTS = ["a.co.uk", "www.a.co.uk", "b.co.uk", "a.blogspot.com", "b.blogspot.com", "127.0.0.1", "127.0.0.2", "x.test"]
HOSTS += ["y.x.test", "localhost", "[::1]", "[::2]", "خبر.example"]


@pytest.mark.parametrize("host", HOSTS)
def test_sites_are_told_apart_as_the_rows_do(host: str) -> None:
    for other in HOSTS:
        pair = (f"http://{host}/", f"http://{other}:81/")
        assert is_same_site(*pair) == (site_of(pair[0]) == site_of(pair[1])), other
