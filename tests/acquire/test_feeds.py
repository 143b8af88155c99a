"""What feeds name, in every format, language and encoding that outlets write them in."""

import json

import pytest

from tasks.acquire.feeds import MAX_FEED_BYTES, MAX_FEED_ITEMS, parse_feed
from tasks.acquire.stated_dates import iso_date
from tasks.extract.decoding import detect_codec
from tasks.records.fetches import FoundUrl

URL = "https://journal.example/flux/rss.xml"


def rss(*items: str, head: str = "", prolog: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
    return f'{prolog}<rss version="2.0" {spaces}><channel>{head}{"".join(items)}</channel></rss>'


def item(title: str = "Le phare rouvre", link: str = "https://journal.example/1", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def only(text: str | bytes, **how: str) -> FoundUrl:
    feed = parse_feed(text if isinstance(text, bytes) else text.encode(), url=URL, **how)
    assert len(feed.items) == 1, feed
    return feed.items[0]


def test_an_rss_item_gives_url_title_date_and_author() -> None:
    more = "<pubDate>Wed, 25 Nov 2026 11:04:00 +0100</pubDate><author>desk@journal.example (Nora Vidal)</author>"
    assert only(rss(item(more=more))) == FoundUrl(
        url="https://journal.example/1",
        title="Le phare rouvre",
        published="2026-11-25T10:04:00Z",
        authors=("Nora Vidal",),
    )


def test_an_atom_entry_gives_the_alternate_link_and_both_dates() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Gazette</title><entry><title>Ferry late &amp; full</title>'
        '<link rel="self" href="/e/1.atom"/><link rel="enclosure" href="/1.mp3"/>'
        '<link rel="alternate" type="application/json" href="/1.json"/><link type="text/html" href="/1"/>'
        "<published>2026-11-25T08:00:00-05:00</published><updated>2026-11-25T14:00:00Z</updated>"
        "<author><name>Ann Reid</name></author></entry></feed>"
    )
    assert only(atom) == FoundUrl(
        url="https://journal.example/1",
        title="Ferry late & full",
        published="2026-11-25T13:00:00Z",
        authors=("Ann Reid",),
        changed="2026-11-25T14:00:00Z",
    )


def test_an_rdf_item_gives_dublin_core() -> None:
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>El Faro</title></channel>'
        '<item rdf:about="https://journal.example/9"><title>Puerto cerrado</title>'
        "<dc:date>2026-11-25T09:00:00+01:00</dc:date><dc:creator>Luz Marín</dc:creator></item></rdf:RDF>"
    )
    assert only(rdf) == FoundUrl(
        url="https://journal.example/9",
        title="Puerto cerrado",
        published="2026-11-25T08:00:00Z",
        authors=("Luz Marín",),
    )


@pytest.mark.parametrize("version", ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1"])
def test_a_json_feed_gives_the_same(version: str) -> None:
    entry = {"id": "1", "url": "/1", "title": "Storm", "date_published": "2026-11-25T10:00:00Z"}
    people = {"author": {"name": "Ann Reid"}} if version.endswith("/1") else {"authors": [{"name": "Ann Reid"}]}
    stated = {"version": version, "title": "G", "next_url": "/feed.json?page=2", "items": [entry | people, {"id": "2"}]}
    feed = parse_feed(json.dumps(stated).encode(), url="https://journal.example/feed.json")
    assert feed.next_urls == ("https://journal.example/feed.json?page=2",)
    assert feed.n_left_out == 1
    assert feed.items == (
        FoundUrl(
            url="https://journal.example/1", title="Storm", published="2026-11-25T10:00:00Z", authors=("Ann Reid",)
        ),
    )


ARABIC = "إعادة فتح المنارة بعد العاصفة في طنجة"
TITLES = [ARABIC, "L’été s’achève à Sète", "¿Qué pasó en Cádiz?", "Lighthouse reopens"]
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
IN_CODECS = [(title, codec) for title in TITLES for codec in UNICODE]
IN_CODECS += [(ARABIC, "windows-1256"), (TITLES[1], "windows-1256"), (TITLES[1], "windows-1252")]
IN_CODECS += [(TITLES[2], "iso-8859-1"), (TITLES[3], "us-ascii"), (ARABIC, "iso-8859-6")]


@pytest.mark.parametrize(("title", "codec"), IN_CODECS)
def test_a_title_is_read_in_the_codec_that_its_xml_declares(title: str, codec: str) -> None:
    content = rss(item(title), prolog=f'<?xml version="1.0" encoding="{codec}"?>').encode(codec)
    assert only(content).title == title


def test_windows_1256_is_read_by_the_content_type_alone() -> None:
    content = rss(item(ARABIC), prolog="").encode("windows-1256")
    assert only(content, content_type="text/xml; charset=windows-1256").title == ARABIC


def test_windows_1256_that_nothing_declares_is_read_by_the_codec_that_the_caller_detects() -> None:
    content = rss(item(ARABIC), prolog="").encode("windows-1256")
    assert only(content, encoding=detect_codec(content, charset=None, is_html=True)).title == ARABIC


def test_utf8_is_read_whatever_is_declared() -> None:
    content = rss(item(ARABIC), prolog='<?xml version="1.0" encoding="windows-1256"?>').encode()
    assert only(content, content_type="text/xml; charset=iso-8859-1").title == ARABIC


@pytest.mark.parametrize("junk", ["\n\n  ", "\ufeff\n", "<br />\n<b>Warning</b>: line 3\n", "ok\x00\x01"])
def test_junk_before_the_xml_does_not_matter(junk: str) -> None:
    assert only(junk + rss(item())).url == "https://journal.example/1"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("<guid>https://journal.example/g</guid>", "https://journal.example/g"),
        ('<guid isPermaLink="false">https://journal.example/g</guid>', None),
        ("<guid>tag:journal,2026:1</guid>", None),
        ("<link>\n  ../a b?x=1&amp;y=2#top\n</link>", "https://journal.example/a b?x=1&y=2"),
        ("<link><![CDATA[https://journal.example/c?x=1&y=2]]></link>", "https://journal.example/c?x=1&y=2"),
        ("<link>https://journal.example/c?x=1&y=2&copy=3</link>", "https://journal.example/c?x=1&y=2&copy=3"),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>http://[bad/</link><guid>https://journal.example/g</guid>", "https://journal.example/g"),
        ('<link/><atom:link xmlns:atom="http://www.w3.org/2005/Atom" href="/al"/>', "https://journal.example/al"),
        (
            '<link>https://proxy.example/x</link><f:origLink xmlns:f="http://rssnamespace.org/feedburner/ext/1.0">'
            "https://journal.example/o</f:origLink>",
            "https://journal.example/o",
        ),
    ],
)
def test_the_link_of_an_item_is_the_best_it_has(more: str, expected: str | None) -> None:
    feed = parse_feed(rss(f"<item><title>x</title>{more}</item>").encode(), url=URL)
    assert [found.url for found in feed.items] == ([expected] if expected else [])
    assert feed.n_left_out == (0 if expected else 1)


def test_a_long_article_before_the_link_does_not_hide_it() -> None:
    article = "<p>Le <b>port</b></p>" * 5_000
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
        f'{article}<title>no</title></div></content><title>yes</title><link href="/1"/></entry></feed>'
    )
    assert only(atom) == FoundUrl(url="https://journal.example/1", title="yes")


def test_links_are_relative_to_the_xml_base_in_force() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example/a/"><entry xml:base="b/">'
        '<title>x</title><link href="c"/></entry><entry><title>y</title><link href="d"/></entry></feed>'
    )
    urls = [found.url for found in parse_feed(atom.encode(), url=URL).items]
    assert urls == ["https://base.example/a/b/c", "https://base.example/a/d"]


def test_an_item_named_twice_is_found_once_and_counted() -> None:
    feed = parse_feed(rss(item(), item(), item(link="https://journal.example/1#c")).encode(), url=URL)
    assert (len(feed.items), feed.n_left_out) == (1, 2)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("<![CDATA[<b>Port</b> fermé &amp; calme]]>", "Port fermé & calme"),
        ("Port &amp;eacute;troit", "Port étroit"),
        ("L&eacute;gende &nbsp; d&rsquo;ici", "Légende d’ici"),
        ("2 < 3 & 4", "2 < 3 & 4"),
        ("&lt;i&gt;Nuit&lt;/i&gt;", "Nuit"),
        ("&unknown; name", "&unknown; name"),
        ("d&#146;ici &#xD800;&#0;&#x110000;.", "d’ici ���."),
    ],
)
def test_a_title_is_plain_text(title: str, expected: str) -> None:
    assert only(rss(item(title))).title == expected


def test_a_title_of_media_is_not_that_of_the_item() -> None:
    text = "<item><media:title>Photo</media:title><title>News</title><link>/1</link></item>"
    assert only(rss(text)).title == "News"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Wed, 25 Nov 2026 11:04:00 GMT", "2026-11-25T11:04:00Z"),
        ("Wed, 25 Nov 2026 11:04 CEST", "2026-11-25T09:04:00Z"),
        ("25 Nov 26 11:04:00 EST", "2026-11-25T16:04:00Z"),
        ("Mer, 25 November 2026 11:04:00 GMT+1", "2026-11-25T10:04:00Z"),
        ("Wed, 25 Nov 2026 11:04:00 +01:00", "2026-11-25T10:04:00Z"),
        ("Wed, 25 Nov 2026 11:04:00 +0530 (IST)", "2026-11-25T05:34:00Z"),
        ("Wed, 25 Nov 2026 11:04:00", "2026-11-25T11:04:00"),
        ("2026-11-25T11:04:00.123Z", "2026-11-25T11:04:00Z"),
        ("2026-11-25 11:04", "2026-11-25T11:04:00"),
        ("2026-11-25", "2026-11-25"),
        ("2026-11", "2026-11"),
        ("الأربعاء 25 نوفمبر 2026", "الأربعاء 25 نوفمبر 2026"),
        ("31 Feb 2026 10:00:00 GMT", "31 Feb 2026 10:00:00 GMT"),
        ("Thu, 31 Dec 2026 23:59:60 GMT", "2026-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("  ", None),
    ],
)
def test_a_date_is_iso_8601_or_as_stated(stated: str, expected: str | None) -> None:
    assert iso_date(stated) == expected


def test_a_feed_says_its_title_and_further_pages_but_not_those_of_its_image() -> None:
    head = (
        "<image><title>Logo</title><url>/logo.png</url></image><title>Le Journal</title>"
        '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="next" href="?page=2"/>'
    )
    feed = parse_feed(rss(item(), head=head).encode(), url=URL)
    assert (feed.title, feed.next_urls) == ("Le Journal", (f"{URL}?page=2",))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("<ttl>30</ttl>", 1_800),
        ("<ttl>0</ttl>", None),
        ("<ttl>999999999</ttl>", 2_592_000),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1_800),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", 86_400),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 3_600),
    ],
)
def test_a_feed_says_how_often_it_changes(head: str, expected: int | None) -> None:
    assert parse_feed(rss(item(), head=head).encode(), url=URL).ttl_s == expected


def test_a_truncated_feed_gives_its_whole_items_and_an_error() -> None:
    whole = rss(*(item(link=f"https://journal.example/{n}") for n in range(10)))
    feed = parse_feed(whole[: whole.index("example/7") + 9].encode(), url=URL)
    assert [found.url[-1] for found in feed.items] == [*"01234567"]
    assert feed.error is not None
    assert feed.error.startswith("malformed XML in line 1")


def test_an_item_with_a_tag_left_open_does_not_swallow_the_next() -> None:
    broken = item(more="<description>a <b></description>", link="https://journal.example/a")
    feed = parse_feed(rss(broken, item(link="https://journal.example/b")).encode(), url=URL)
    assert [found.url[-1] for found in feed.items] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no feed"),
        (b"<!doctype html><html><body><p>Not found</p></body></html>", "its root is html"),
        (b"plain words", "no feed"),
        (b'{"a": 1}', "JSON without items"),
        (b'{"items": [', "not JSON"),
        (b'{"items": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_feed_says_so(content: bytes, said: str) -> None:
    feed = parse_feed(content, url=URL)
    assert feed.items == ()
    assert said in (feed.error or "")


def test_a_feed_without_items_is_no_error() -> None:
    assert parse_feed(rss(head="<title>x</title>").encode(), url=URL).error is None


def test_items_beyond_the_limit_are_left_out_with_an_error() -> None:
    many = rss(*(item("t", f"/{n}") for n in range(MAX_FEED_ITEMS + 5)))
    feed = parse_feed(many.encode(), url=URL)
    assert len(feed.items) == MAX_FEED_ITEMS
    assert feed.error == "more than 10000 items; the rest was not read"


def test_bytes_beyond_the_limit_are_not_read() -> None:
    content = rss(item(), head="<!--" + "x" * 1_000 + "-->").encode()
    long = content.replace(b"</channel>", b" " * MAX_FEED_BYTES + item(link="/late").encode() + b"</channel>")
    feed = parse_feed(long, url=URL)
    assert [found.url for found in feed.items] == ["https://journal.example/1"]
    assert feed.error == "longer than 20000000 bytes; the rest was not read"
