"""What an HTML page says: text, headline, people, and the claims of its head."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.extract.article import extract_article, warm_up
from tasks.extract.html import parse_html
from tasks.extract.page_data import read_page_data
from tasks.extract.people import outlet_words, people
from tasks.extract.titles import without_site_name
from tasks.records.article import Article, Rejection
from tasks.records.raw import RawRecord

PARAGRAPHS = (
    "The harbour of the old town was opened again on Monday after two years of work, the mayor said in a short speech.",
    "Fishermen had waited for the new quay since the storm took the old one, and many of them came to see "
    "the first boat.",
    "The work cost eleven million, a third of it paid by the region, which wants to bring ferries back to the coast.",
)
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def record(
    payload: str | bytes,
    *,
    media_type: str | None = "text/html",
    url: str | None = "https://www.dailyquay.example/news/harbour",
) -> RawRecord:
    raw = payload.encode() if isinstance(payload, str) else payload
    fetched_at = datetime(2024, 11, 25, tzinfo=UTC)
    return RawRecord(
        container="c",
        position="0",
        raw_path="c/p.html",
        payload=raw,
        media_type=media_type,
        url=url,
        fetched_at=fetched_at,
    )


def page(head: str = "", body: str = "", *, lang: str = "en") -> str:
    return f'<!DOCTYPE html><html lang="{lang}"><head>{head}</head><body><article>{body}{BODY}</article></body></html>'


def article_of(payload: str | bytes, **kwargs: str | None) -> Article:
    outcome = extract_article(record(payload, **kwargs), min_chars=50)
    assert isinstance(outcome, Article), outcome
    return outcome


def test_text_is_paragraphs_on_lines_of_their_own() -> None:
    assert article_of(page()).text == "\n".join(PARAGRAPHS)


def test_text_is_nfc_without_controls_and_empty_lines() -> None:
    text = article_of(
        page(body="<p>Le cafe\u0301 du port\u200b a rouvert\x07 ses portes hier soir devant une foule de clients.</p>")
    ).text
    assert text.startswith("Le café du port a rouvert ses portes hier soir")
    assert "\n\n" not in text


def test_lists_in_layout_tables_stay_in_the_text() -> None:
    items = "".join(
        f"<li>{word} boats will use the quay every day from the spring of next year</li>" for word in ("Six", "Nine")
    )
    cell = f"{BODY}<ul>{items}</ul>{BODY[: BODY.find('</p>')]}"
    html = f"<html><body><p class='nav'>Menu line</p><table><tr><td>{cell}</td></tr></table></body></html>"
    text = article_of(html).text
    assert "Six boats will use the quay" in text
    assert PARAGRAPHS[0] in text.split("\n")


@pytest.mark.parametrize(
    ("title", "sitename", "url", "stripped"),
    [
        ("Harbour opens again - The Daily Quay", "The Daily Quay", None, "Harbour opens again"),
        ("The Daily Quay | Harbour opens again", "The Daily Quay", None, "Harbour opens again"),
        ("Harbour opens again | DailyQuay.com", None, "https://www.dailyquay.com/a", "Harbour opens again"),
        ("Le port rouvre – un pari - Le Quai", "Le Quai", None, "Le port rouvre – un pari"),
        ("إعادة فتح الميناء | جريدة الرصيف", "جريدة الرصيف", None, "إعادة فتح الميناء"),
        ("War - and peace", "The Daily Quay", "https://dailyquay.example/", "War - and peace"),
        ("The Daily Quay", "The Daily Quay", None, None),
        ("Mona Adel: «A quay is a promise»", None, None, "Mona Adel: «A quay is a promise»"),
        ("« Un quai, une promesse » - Le Quai", "Le Quai", None, "« Un quai, une promesse »"),
        ("»Ein Kai, ein Wort« | Hafenblatt", "Hafenblatt", None, "»Ein Kai, ein Wort«"),
    ],
)
def test_a_title_loses_the_name_of_its_outlet_only(
    title: str, sitename: str | None, url: str | None, stripped: str | None
) -> None:
    assert without_site_name(title, sitename=sitename, url=url) == stripped


def test_the_heading_decides_where_the_title_is_glued_to_an_unknown_name() -> None:
    html = page(
        "<title>Harbour opens again after storm | Coast and sea</title>", "<h1>Harbour opens again after storm</h1>"
    )
    assert article_of(html).title == "Harbour opens again after storm"


@pytest.mark.parametrize(
    ("title", "heading", "found"),
    [
        ("Harbour opens after storm: what now", "Old harbour, hit by the storm, opens again", "heading"),
        ("Quay: harbour and storm in numbers", "The storm took the harbour of the old town", "heading"),
        ("إعادة فتح الميناء بعد العاصفة", "العاصفة لم تمنع فتح الميناء القديم", "heading"),
        ("Harbour opens after storm: what now", "News of the coast and the sea", "title"),
        ("Storm in the port of the town", "News of the port and the sea", "title"),
        ("Harbour opens after storm: what now", "Harbour storm", "title"),
        ("Harbour opens after storm: what now", "Harbour and storm: " + "a very long story " * 30, "title"),
        (
            "Harbour opens again after the worst storm...",
            "Harbour opens again after the worst storm in years",
            "heading",
        ),
        ("Harbour opens again after the worst storm", "Harbour opens again after the worst storm in years", "title"),
    ],
)
def test_the_only_heading_that_tells_the_same_story_is_the_headline(title: str, heading: str, found: str) -> None:
    article = article_of(page(f"<title>{title}</title>", f"<h1>{heading}</h1>"))
    assert article.title == {"title": title, "heading": heading}[found]


def test_one_heading_of_several_is_not_the_headline() -> None:
    headings = "<h1>Old harbour, hit by the storm, opens again</h1><h1>Storm took three harbours last year</h1>"
    title = "Harbour opens after storm: what now"
    assert article_of(page(f"<title>{title}</title>", headings)).title == title


@pytest.mark.parametrize(
    ("title", "headline", "sitename"),
    [
        ("Harbour opens again after storm | The Old Lantern", "Harbour opens again after storm", "The Old Lantern"),
        ("Harbour opens again after storm - Coast - Lantern", "Harbour opens again after storm", "Lantern"),
        ("Old Lantern - Harbour opens again after storm", "Harbour opens again after storm", "Old Lantern"),
        ("إعادة فتح ميناء المدينة القديمة - صوت الرصيف", "إعادة فتح ميناء المدينة القديمة", "صوت الرصيف"),
        ("Harbour opens again after storm | Page 2", "Harbour opens again after storm", None),
        ("Harbour opens again after storm | News", "Harbour opens again after storm", None),
        ("Harbour opens again: what now", "Harbour opens again: what now", None),
        ("Harbour opens again after storm | Daily Quay", "Daily Quay", None),
    ],
)
def test_the_title_names_the_outlet_beside_the_heading(title: str, headline: str, sitename: str | None) -> None:
    article = article_of(page(f"<title>{title}</title>", f"<h1>{headline}</h1>"))
    assert article.sitename == sitename
    assert article.title == (headline if headline != "Daily Quay" else "Harbour opens again after storm")


def test_a_stated_site_name_comes_before_the_title() -> None:
    head = '<title>Harbour opens again after storm | Coast</title><meta property="og:site_name" content="Daily Quay">'
    assert article_of(page(head, "<h1>Harbour opens again after storm</h1>")).sitename == "Daily Quay"


def test_a_personal_site_is_called_as_its_author_is() -> None:
    head = '<title>Harbour opens again after storm | Ann Field</title><meta name="author" content="Ann Field">'
    assert article_of(page(head, "<h1>Harbour opens again after storm</h1>")).authors == ("Ann Field",)


def test_json_ld_is_read_through_graphs_lists_and_comments() -> None:
    script = """<script type="application/ld+json"><!-- {"@context": "https://schema.org", "@graph": [
      {"@type": ["NewsArticle"], "headline": "Harbour opens again",
       "author": [{"@id": "#p"}, {"@type": "Organization", "name": "AFP"}],
       "datePublished": "2024-05-04T08:00:00+01:00", "dateModified": "2024-05-05",
       "articleSection": ["Coast"], "keywords": "port, sea",
       "publisher": {"@type": "Organization", "name": "Daily Quay"}, "isAccessibleForFree": "False",},
      {"@type": "Person", "@id": "#p", "name": "Salma Idrissi"}]} --></script>"""
    article = article_of(page(script))
    assert article.title == "Harbour opens again"
    assert article.authors == ("Salma Idrissi",)
    assert (article.section, article.tags, article.sitename) == ("Coast", ("port", "sea"), "Daily Quay")
    assert article.is_paywalled
    assert article.published is not None
    assert article.published.source == "json_ld"
    assert article.modified_at == datetime(2024, 5, 5, tzinfo=UTC)


def test_json_ld_beyond_repair_still_gives_its_date() -> None:
    broken = '{"@type": "NewsArticle" "headline": "A \\"new\\" quay", "datePublished": "2024-05-04", oops'
    script = f'<script type="application/ld+json">{broken}</script>'
    tree = parse_html(page(script))
    assert tree is not None
    assert read_page_data(tree).articles[0]["datePublished"] == "2024-05-04"


@pytest.mark.parametrize(
    ("strings", "names"),
    [
        (["By Ann Field and Bo Reed"], ("Ann Field", "Bo Reed")),
        (["Par Salma Idrissi, Youssef Amrani"], ("Salma Idrissi", "Youssef Amrani")),
        (["بقلم: سلمى الإدريسي"], ("سلمى الإدريسي",)),
        (["Ann Field", "ann field"], ("Ann Field",)),
        (["AFP"], ()),
        (["Ann Field / AFP"], ("Ann Field",)),
        (["Rédaction"], ()),
        (["Ann Field (Rabat)", "desk@quay.example"], ("Ann Field",)),
        (["https://facebook.example/annfield"], ()),
        (["Von Jan Berg | 04.05.2024, 10:00"], ("Jan Berg",)),
        (["Ann Field, Jr."], ("Ann Field, Jr",)),
        (["Daily Quay"], ()),
        (["Agence Rivage Presse"], ()),
        (["Agencia del Faro", "Ann Field"], ("Ann Field",)),
        (["وكالة أنباء الساحل"], ()),
        (["Shoreline News"], ()),
        (["Ann Newsome"], ("Ann Newsome",)),
        (["هيئة التحرير"], ()),
        (["Par Claire Amsel et Karim Nour"], ("Claire Amsel", "Karim Nour")),
        (["Ana Peña y Luis Mora"], ("Ana Peña", "Luis Mora")),
        (["AFP avec Reuters"], ()),
        (["Rédaction AFP"], ()),
        (["وكالات"], ()),
        (["Redação"], ()),
        (["Daily Quay avec MAP"], ()),
        (["DailyQuay"], ()),
        (["The Daily Quay Online"], ()),
        (["DailyQuay.com, Rabat, Morocco"], ()),
        (["AFP, Rabat"], ()),
        (["Ann Field, Rabat"], ("Ann Field",)),
        (["Ann, Bo and Cy"], ("Ann", "Bo", "Cy")),
        (["Madonna, Prince"], ("Prince Madonna",)),
        (["red."], ()),
        (["Anónimo"], ()),
        (["ANN FIELD; Ann Field"], ("ANN FIELD",)),
        (["José Peña", "Jose Pena"], ("José Peña",)),
        (["Ann Field Ann Field"], ("Ann Field",)),
        (["Amsel, Claire"], ("Claire Amsel",)),
        (["Amsel, Claire; Nour, Karim"], ("Amsel", "Claire", "Nour", "Karim")),
        (["Claire Amsel, Karim Nour"], ("Claire Amsel", "Karim Nour")),
        (["Claire AmselKarim Nour"], ("Claire Amsel", "Karim Nour")),
        (["Ronald MacDonald Smith"], ("Ronald MacDonald Smith",)),
        (["Garret FitzGerald Roe"], ("Garret FitzGerald Roe",)),
        (["Ann Field QuayNews Reporter"], ("Ann Field QuayNews",)),
        (["Claire Amsel, envoyée spéciale à Gaza"], ("Claire Amsel",)),
        (["Claire Amsel à Gaza"], ("Claire Amsel",)),
        (["Sophie in 't Dorp"], ("Sophie in 't Dorp",)),
        (["Ann Field, Senior Political Correspondent"], ("Ann Field",)),
        (["Ann Field Political Editor"], ("Ann Field",)),
        (["Journaliste Claire Amsel"], ("Claire Amsel",)),
        (["Senior correspondent"], ()),
        (["Journaliste"], ()),
        (["مراسل الرباط"], ()),
        (["Roving Reporter"], ("Roving Reporter",)),
        (["Ann Field 8 January 2024, 3:51 pm"], ("Ann Field",)),
        (["Ann Field on May 4"], ("Ann Field",)),
        (["6 De Mayo De 2024"], ()),
        (["© Ann Field"], ("Ann Field",)),
        (["سلمى الإدريسي ويوسف العمراني"], ("سلمى الإدريسي", "يوسف العمراني")),
        (["سلمى الإدريسي و يوسف العمراني"], ("سلمى الإدريسي", "يوسف العمراني")),
        (["أحمد وليد"], ("أحمد وليد",)),
        (["Ministère du Rivage"], ()),
        (["Letters to the Quay"], ()),
        (["Coast Press"], ()),
        (["Old Quay24.de"], ()),
        (["Ana Peña con EFE"], ("Ana Peña",)),
    ],
)
def test_authors_are_people(strings: list[str], names: tuple[str, ...]) -> None:
    assert people(strings, organisations=outlet_words("Daily Quay")) == names


@pytest.mark.parametrize(
    "byline",
    [
        '<a rel="author" href="/a">Ann Field</a>',
        '<span class="author vcard">By <a class="fn">Ann Field</a></span>',
        '<div itemprop="author"><span itemprop="name">Ann Field</span><i>Reporter</i></div>',
        "<p>By Ann Field</p>",
        "<p>بقلم Ann Field</p>",
        "<div><em>Von Ann Field</em></div>",
        '<div class="meta"><span class="writer">Ann Field</span> <span class="when">4 May 2024</span></div>',
        '<div class="article-auteur">Ann Field</div>',
        '<div class="redakteur">Ann Field</div>',
        "<p>Posted by Ann Field</p>",
        "<p>- Autorin: Ann Field, Sprecherin</p>",
        "<p><strong>Words:</strong> Ann Field</p>",
        "<div><span>von</span> <a>Ann Field</a></div>",
        "<span>04.05.2024 - Ann Field</span>",
        "<span>4. Mai 2024, 10:00 Uhr | Ann Field</span>",
        '<p>Ideas of <a href="/autoren/ann-field/">Ann Field</a></p>',
    ],
)
def test_a_byline_on_the_page_names_the_author(byline: str) -> None:
    assert article_of(page(body=f"<h1>Harbour opens again</h1>{byline}")).authors == ("Ann Field",)


@pytest.mark.parametrize(
    "line",
    [
        "<span>04.05.2024 - Update</span>",
        '<a href="/contributors">Contributors</a><a href="/autoren/ann-field/">All her articles</a>',
        "<p>Text: about the old harbour and what became of it in the end</p>",
        "<p>Author:</p>",
    ],
)
def test_lines_that_look_like_bylines_name_nobody(line: str) -> None:
    assert article_of(page(body=f"<h1>Harbour opens again</h1>{line}")).authors == ()


AUTHOR_LD = '<script type="application/ld+json">{"@type": "Article", "author": {"name": "%s"}}</script>'


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ('<meta property="og:site_name" content="Daily Quay">' + AUTHOR_LD % "Daily Quay", ("Ann Field",)),
        ('<meta name="author" content="DailyQuay Online"><meta name="byl" content="x">', ("Ann Field",)),
        (AUTHOR_LD % "annfield", ("Ann Field",)),
        (AUTHOR_LD % "Ann", ("Ann Field",)),
        (AUTHOR_LD % "Bo", ("Bo",)),
        (AUTHOR_LD % "Bo Reed", ("Bo Reed",)),
        (
            '<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Bo Reed">',
            ("Bo Reed",),
        ),
        (
            '<meta name="twitter:label1" content="Read in"><meta name="twitter:data1" content="Five Minutes">',
            ("Ann Field",),
        ),
    ],
)
def test_the_byline_names_whom_the_head_does_not_name_in_full(head: str, names: tuple[str, ...]) -> None:
    body = "<h1>Harbour opens again</h1><p>By Ann Field</p>"
    assert article_of(page(head, body), url="https://www.dailyquay.example/a").authors == names


def test_a_site_called_as_its_author_has_an_author() -> None:
    head = '<meta property="og:site_name" content="Ann Field">' + AUTHOR_LD % "Ann Field"
    assert article_of(page(head, "<h1>Harbour opens again</h1>")).authors == ("Ann Field",)
    meta = '<meta name="author" content="Ann Field">'
    assert article_of(page(meta), url="https://www.annfield.example/a").authors == ("Ann Field",)


def test_authors_of_comments_are_not_authors() -> None:
    comment = '<div class="comments"><a rel="author" href="/x">Troll One</a></div>'
    assert article_of(page(body="<h1>Harbour opens again</h1>").replace("</body>", f"{comment}</body>")).authors == ()


def test_the_claims_of_the_head_are_taken_over() -> None:
    head = (
        '<meta property="og:site_name" content="Daily Quay"><meta name="description" content="A &amp; B">'
        '<meta property="article:section" content="Coast"><meta property="article:tag" content="port">'
        '<meta property="article:tag" content="Port"><meta property="og:image" content="/i.jpg">'
        '<link rel="canonical" href="https://dailyquay.example/news/harbour-1?utm_source=x">'
    )
    article = article_of(page(head, lang="ar-MA"))
    assert (article.sitename, article.description, article.section, article.tags) == (
        "Daily Quay",
        "A & B",
        "Coast",
        ("port",),
    )
    assert article.image_url == "https://www.dailyquay.example/i.jpg"
    assert article.canonical_url == "https://dailyquay.example/news/harbour-1"
    assert article.declared_language == "ar-MA"
    assert not article.is_paywalled


@pytest.mark.parametrize(
    ("payload", "media_type", "reason"),
    [
        (b"", "text/html", "empty"),
        (b" \n\t\xef\xbb\xbf", None, "empty"),
        (b"%PDF-1.7 something", "text/html", "binary"),
        (bytes(range(32)) * 40, "text/html", "binary"),
        (b"\x89PNG\r\n\x1a\n....", None, "binary"),
        (b"{}", "application/json", "not_html"),
        (b"<html><body></body></html>", "text/html", "empty"),
        (b"<html><body><div id=a></div><script>let a = 1;</script></body></html>", "text/html", "empty"),
        (b"<html><body><form><input name=a></form></body></html>", "text/html", "no_main_text"),
        (b"<html><body><p>Short.</p></body></html>", "text/html", "too_short"),
    ],
)
def test_what_is_no_article_is_rejected_with_its_reason(payload: bytes, media_type: str | None, reason: str) -> None:
    outcome = extract_article(record(payload, media_type=media_type), min_chars=50)
    assert isinstance(outcome, Rejection)
    assert (outcome.stage, outcome.reason) == ("extract", reason)


def test_a_record_rejected_by_its_reader_stays_rejected() -> None:
    rejection = Rejection(stage="read", reason="http_status", detail="404")
    raw = RawRecord(
        container="c", position="0", raw_path="c", payload=b"x", media_type="text/html", rejection=rejection
    )
    assert extract_article(raw, min_chars=1) is rejection


def test_a_record_without_media_type_is_sniffed() -> None:
    assert article_of(page(), media_type=None).extractor.startswith("trafilatura-")
    assert article_of("\n".join(PARAGRAPHS), media_type=None).extractor == "text-lines-2"


def test_html_served_as_plain_text_is_html() -> None:
    assert article_of(page(), media_type="text/plain").extractor.startswith("trafilatura-")


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li", "blockquote"])
def test_deep_nesting_is_an_outcome(tag: str) -> None:
    html = f"<html><body>{f'<{tag}>' * 5000}{BODY}</body></html>"
    assert isinstance(extract_article(record(html), min_chars=50), Article | Rejection)


def test_the_same_page_gives_the_same_article_every_time() -> None:
    warm_up()
    first = [
        article_of(page(body=f"<p>{word} is the word of the day, and every page has its own one.</p>"))
        for word in ("One", "Two")
    ]
    again = [
        article_of(page(body=f"<p>{word} is the word of the day, and every page has its own one.</p>"))
        for word in ("One", "Two")
    ]
    assert first == again


@given(st.binary(max_size=300), st.sampled_from(["text/html", "text/plain", None]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_raise(payload: bytes, media_type: str | None) -> None:
    outcome = extract_article(record(payload, media_type=media_type), min_chars=1)
    assert not isinstance(outcome, Rejection) or outcome.reason != "error"


FRAGMENTS = (
    "<html>", "<p>", "</p>", "<div class='date'>", "<time datetime='", "2024-05-06", "'>", "</script>", "<h1>", "]]>",
    "<script type='application/ld+json'>", '{"@type": ["Article", 5], "author": {"name": [null, {}]}, "image": 7}',
    "<meta property='og:title' content='x'>", "<table><td><ul>", "word " * 30, "<a rel=author>", "&#0;", "<title>",
    "<link rel=canonical href='http://[x'>", "<svg>", "\x00", "مرحبا ", "<frameset>", "<body>", "<base href=//x>",
)  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_markup_raises(html: str) -> None:
    outcome = extract_article(record(html), min_chars=1)
    assert not isinstance(outcome, Rejection) or outcome.reason != "error", outcome


def test_a_page_that_is_silent_has_the_title_and_authors_of_its_feed_and_its_own_go_before() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    named = '<head><title>Le quai avance</title><meta name="author" content="Nadia Berrada"></head>'
    said = []
    for head in ("", named):
        raw = RawRecord(
            container="c",
            position="0",
            raw_path="c/p.html",
            payload=f"<html>{head}<body><article>{body}</article></body></html>".encode(),
            media_type="text/html",
            feed_title="Un titre du fil",
            feed_authors="Par Karim Sayegh; AFP",
        )
        article = extract_article(raw, min_chars=50)
        assert isinstance(article, Article)
        said.append((article.title, article.authors))
    assert said == [("Un titre du fil", ("Karim Sayegh",)), ("Le quai avance", ("Nadia Berrada",))]
