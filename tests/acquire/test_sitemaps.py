"""What sitemaps name: XML, news, indexes, text, feeds; bounded whatever their size."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.acquire.sitemaps import MAX_SITEMAP_URLS, parse_sitemap
from tasks.records.fetches import FoundUrl

URL = "https://www.journal.example/sitemap.xml"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urls(content: str | bytes) -> list[str]:
    feed = parse_sitemap(content if isinstance(content, bytes) else content.encode(), url=URL)
    return [found.url for found in feed.items]


@pytest.mark.parametrize("space", [SPACE, "", 'xmlns="http://odd.example/ns"'])
def test_urls_and_their_changes_are_read_whatever_the_namespace(space: str) -> None:
    text = (
        f"<urlset {space}><url><loc>\n https://www.journal.example/a?x=1&amp;y=2 </loc>"
        "<lastmod>2026-11-25T10:00:00+01:00</lastmod></url></urlset>"
    )
    assert parse_sitemap(text.encode(), url=URL).items == (
        FoundUrl(url="https://www.journal.example/a?x=1&y=2", changed="2026-11-25T09:00:00Z"),
    )


def test_a_prefix_for_the_sitemap_itself_does_not_matter() -> None:
    assert urls('<s:urlset xmlns:s="x"><s:url><s:loc>https://journal.example/a</s:loc></s:url></s:urlset>') == [
        "https://journal.example/a"
    ]


def test_a_news_sitemap_gives_title_and_date() -> None:
    text = (
        f'<urlset {SPACE} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>'
        "<loc>https://www.journal.example/n</loc><news:news><news:publication><news:name>J</news:name>"
        "</news:publication><news:publication_date>2026-11-25</news:publication_date>"
        "<news:title>عاصفة على الساحل</news:title></news:news></url></urlset>"
    )
    assert parse_sitemap(text.encode(), url=URL).items == (
        FoundUrl(url="https://www.journal.example/n", title="عاصفة على الساحل", published="2026-11-25"),
    )


def test_images_videos_and_alternates_are_no_pages() -> None:
    text = (
        f'<urlset {SPACE} xmlns:image="i" xmlns:video="v" xmlns:xhtml="h"><url>'
        "<image:image><image:loc>https://journal.example/i.jpg</image:loc></image:image>"
        "<video:video><video:loc>https://journal.example/v</video:loc></video:video>"
        '<xhtml:link rel="alternate" hreflang="ar" href="https://journal.example/ar"/>'
        "<loc>https://journal.example/a</loc></url></urlset>"
    )
    assert urls(text) == ["https://journal.example/a"]


@pytest.mark.parametrize("entry", ["<loc>https://journal.example/s1.xml</loc>", "\nhttps://journal.example/s1.xml\n"])
def test_an_index_names_sitemaps(entry: str) -> None:
    text = f"<sitemapindex {SPACE}><sitemap>{entry}</sitemap></sitemapindex>"
    assert parse_sitemap(text.encode(), url=URL).items == (
        FoundUrl(url="https://journal.example/s1.xml", kind="sitemap"),
    )


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_sitemap_is_read_line_by_line(codec: str) -> None:
    text = "https://journal.example/a\r\nhttps://journal.example/خبر\r\nhttps://other.example/b\r\n"
    feed = parse_sitemap(text.encode(codec), url=URL)
    assert [found.url for found in feed.items] == ["https://journal.example/a", "https://journal.example/خبر"]
    assert feed.n_left_out == 1


def test_a_feed_given_as_a_sitemap_is_read_as_a_feed() -> None:
    text = (
        '<rss version="2.0"><channel><image><url>https://journal.example/i.png</url></image>'
        "<item><title>t</title><link>https://journal.example/1</link></item></channel></rss>"
    )
    assert parse_sitemap(text.encode(), url=URL).items == (FoundUrl(url="https://journal.example/1", title="t"),)


def test_urls_of_other_sites_are_counted_and_left_out() -> None:
    hosts = ["journal.example", "ar.journal.example", "journal.example.evil.test", "other.example", "journal.example:8"]
    text = "".join(f"<url><loc>https://{host}/a</loc></url>" for host in hosts) + "<url></url>"
    feed = parse_sitemap(f"<urlset>{text}</urlset>".encode(), url=URL)
    assert [found.url for found in feed.items] == [f"https://{hosts[n]}/a" for n in (0, 1, 4)]
    assert feed.n_left_out == 3


@pytest.mark.parametrize("tail", ["<url><loc>https://journal.exam", "</urlset>trailing words", "<<<", "\x00\xff"])
def test_a_malformed_tail_costs_what_it_holds_alone(tail: str) -> None:
    text = f"<urlset {SPACE}><url><loc>https://journal.example/a</loc></url>{tail}"
    feed = parse_sitemap(text.encode(), url=URL)
    assert [found.url for found in feed.items] == ["https://journal.example/a"]
    assert feed.error


@pytest.mark.parametrize("content", [b"", b"<html><body>404</body></html>", b"nothing"])
def test_what_is_no_sitemap_says_so(content: bytes) -> None:
    assert (parse_sitemap(content, url=URL).error or "").startswith("no sitemap")


def test_more_urls_than_the_protocol_allows_are_left_out_with_an_error() -> None:
    text = "".join(f"<url><loc>https://journal.example/{n}</loc></url>" for n in range(MAX_SITEMAP_URLS + 9))
    feed = parse_sitemap(f"<urlset>{text}</urlset>".encode(), url=URL)
    assert len(feed.items) == MAX_SITEMAP_URLS
    assert feed.error == "more than 50000 URLs; the rest was not read"


GROWTH = """
from tasks.acquire.sitemaps import parse_sitemap
from tests.memory import peak_kib, peak_kib_from_here
parse_sitemap(b"<urlset><url><loc>https://e.org/a</loc></url></urlset>", url="https://e.org/s.xml")
filler = {filler!r}.encode()
content = b"<urlset>" + filler * (30_000_000 // len(filler))
before = peak_kib_from_here()
feed = parse_sitemap(content, url="https://e.org/s.xml")
print(peak_kib() - before)
"""


@pytest.mark.parametrize(
    "filler",
    [
        "<x/>",
        "<url><x>y</x></url><!-- z -->",
        "<url><loc>https://e.org/a</loc></url><x:y/>",
        "words and words ",
        "&amp;&",
        "<url><loc>" + "https://e.org/" + "a" * 9_000 + "</loc></url>",
    ],
)
def test_thirty_megabytes_take_a_bounded_part_of_them_in_memory(filler: str) -> None:
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", GROWTH.format(filler=filler)],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        timeout=60,
    )
    assert int(ran.stdout) < 15_000  # KiB; a tree of the first would take three gigabytes
