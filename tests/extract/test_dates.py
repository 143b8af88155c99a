"""Dates are read as the press writes them, and from the best evidence a page gives."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.extract.dates import DateContext, modified, published
from tasks.extract.html import parse_html
from tasks.extract.moments import parse_machine, parse_moment, parse_visible
from tasks.extract.page_data import read_page_data
from tasks.records.article import DatedBy

FETCHED = datetime(2024, 11, 25, 10, tzinfo=UTC)


def date_of(
    html: str, *, url: str | None = None, zone: str | None = None, fetched_at: datetime | None = FETCHED
) -> DatedBy | None:
    tree = parse_html(f"<html>{html}</html>")
    assert tree is not None
    return published(tree, read_page_data(tree), url=url, context=DateContext(fetched_at, zone))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("06 - 12 - 2023", "2023-12-06"),
        ("13 November 2024", "2024-11-13"),
        ("Lundi 25 Novembre 2024", "2024-11-25"),
        ("Samedi 1er août 2020", "2020-08-01"),
        ("12 de marzo de 2021", "2021-03-12"),
        ("March 3rd, 2020", "2020-03-03"),
        ("3. Oktober 2019", "2019-10-03"),
        ("2019/5/7", "2019-05-07"),
        ("12 شتنبر 2024", "2024-09-12"),
        ("الخميس 8 غشت 2024", "2024-08-08"),
        ("3 دجنبر 2022", "2022-12-03"),
        ("5 نونبر 2021", "2021-11-05"),
        ("25 كانون الثاني 2024", "2024-01-25"),
        ("7 شباط 2024", "2024-02-07"),
        ("1 تشرين الأول 2023", "2023-10-01"),
        ("10 أيار/مايو 2024", "2024-05-10"),
        ("٢٥ نوفمبر ٢٠٢٤", "2024-11-25"),
        ("۵ ژوئن ۲۰۲۱", "2021-06-05"),
        ("8 جانفي 2022", "2022-01-08"),
        ("17 جويلية 2023", "2023-07-17"),
        ("السبت، 30 أغسطس 2025", "2025-08-30"),
        ("12 ربيع الأول 1446 هـ الموافق 15 سبتمبر 2024", "2024-09-15"),
    ],
)
def test_a_day_is_read_as_the_press_writes_it(text: str, day: str) -> None:
    moment = parse_visible(text)
    assert moment is not None
    assert (moment.wall.date().isoformat(), moment.precision) == (day, "day")


@pytest.mark.parametrize(
    "text",
    [
        "12 ربيع الأول 1446",
        "1446/03/12",
        "15 رمضان 1445 هـ",
        "12/03/1446 هـ",
        "muharram 1446",
        "١٢/٣/١٤٤٦هـ",
        "15/03/46 هـ",
        "20/صفر/1446",
        "غرة محرم 1446",
        "1403/08/22",
        "22 آبان 1403",
    ],
)
def test_an_islamic_date_is_not_read_as_gregorian(text: str) -> None:
    assert parse_visible(text) is None


@pytest.mark.parametrize(
    ("text", "precision", "at"),
    [
        ("le 6 décembre 2023 à 14h30", "minute", "2023-12-06T13:30:00+00:00"),
        ("2023-12-06T14:30:05+01:00", "second", "2023-12-06T13:30:05+00:00"),
        ("2023-12-06T14:30:05Z", "second", "2023-12-06T14:30:05+00:00"),
        ("2023-07-06 14:30", "minute", "2023-07-06T13:30:00+00:00"),
        ("2023-12-06T00:00:00", "day", "2023-12-06T00:00:00+00:00"),
        ("5/28/2019 3:04 PM", "minute", "2019-05-28T13:04:00+00:00"),
        ("20231206", "day", "2023-12-06T00:00:00+00:00"),
        ("1701869405", "second", "2023-12-06T13:30:05+00:00"),
        ("Wed, 06 Dec 2023 14:30:05 +0100", "second", "2023-12-06T13:30:05+00:00"),
        ("décembre 2023", "month", "2023-12-01T00:00:00+00:00"),
    ],
)
def test_an_instant_is_utc_by_its_offset_else_by_the_zone(text: str, precision: str, at: str) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert (
        moment.precision,
        moment.at_utc("Africa/Casablanca" if "07-06" in text else "Europe/Paris").isoformat(),
    ) == (precision, at)


@pytest.mark.parametrize(
    "text", ["", "Call 0522 20 30 40", "31/02/2024", "Version 10.2", "99 mars 2024", "2024", "© 2019"]
)
def test_what_is_no_date_gives_none(text: str) -> None:
    assert parse_visible(text) is None


@given(st.text("0123456789 -/.:TZ+hjanmarsيناير٢", max_size=120))
@settings(max_examples=400, deadline=None)
def test_no_text_raises(text: str) -> None:
    moment = parse_moment(text)
    if moment is not None:
        moment.at_utc("Asia/Tokyo")


JSON_LD = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2024-05-04T08:00:00+01:00"}</script>'
)
META = '<meta property="article:published_time" content="2024-05-03T09:15:00Z">'
TIME = '<article><time class="entry-date" datetime="2024-05-02T10:00">2 May</time></article>'


def test_json_ld_comes_before_meta_tags_and_time_tags() -> None:
    dated = date_of(f"<head>{META}{JSON_LD}</head><body>{TIME}</body>")
    assert dated == DatedBy(at=datetime(2024, 5, 4, 7, tzinfo=UTC), precision="second", source="json_ld")


def test_a_meta_tag_comes_before_the_address() -> None:
    dated = date_of(f"<head>{META}</head><body></body>", url="https://a.example/2024/05/01/x")
    assert dated is not None
    assert (dated.source, dated.at.day, dated.precision) == ("meta", 3, "second")


def test_a_time_tag_tells_the_hour_of_the_day_in_the_address() -> None:
    dated = date_of(f"<body>{TIME}</body>", url="https://a.example/2024/05/01/x")
    assert dated is not None
    assert (dated.source, dated.at.date().isoformat()) == ("time_tag", "2024-05-02")


def test_the_day_in_the_address_comes_before_a_time_tag_of_another_week() -> None:
    plain = TIME.replace(' class="entry-date"', "")
    dated = date_of(f"<body>{plain}</body>", url="https://a.example/2024/04/01/x")
    assert dated == DatedBy(at=datetime(2024, 4, 1, tzinfo=UTC), precision="day", source="url")


def test_a_time_tag_marked_as_the_publication_comes_before_any_address() -> None:
    dated = date_of(f"<body>{TIME}</body>", url="https://a.example/2024/04/01/x")
    assert dated is not None
    assert dated.source == "time_tag"


def test_a_time_tag_without_offset_is_in_the_zone_of_its_source() -> None:
    dated = date_of(f"<body>{TIME}</body>", zone="Africa/Tunis")
    assert dated == DatedBy(at=datetime(2024, 5, 2, 9, tzinfo=UTC), precision="minute", source="time_tag")


def test_time_tags_of_related_articles_and_comments_do_not_count() -> None:
    related = '<div class="related-posts"><time datetime="2020-01-02">x</time></div>'
    comment = '<ol class="comments"><li><time datetime="2024-06-02">x</time></li></ol>'
    dated = date_of(f"<body>{related}{TIME}{comment}</body>")
    assert dated is not None
    assert dated.at.date().isoformat() == "2024-05-02"


def test_a_visible_date_under_the_headline_is_text() -> None:
    dated = date_of(
        "<body><h1>A quiet week in the harbour</h1><div>الجمعة 12 شتنبر 2023</div><p>Words follow.</p></body>"
    )
    assert dated == DatedBy(at=datetime(2023, 9, 12, tzinfo=UTC), precision="day", source="text")


def test_the_masthead_shows_today_and_dates_nothing() -> None:
    masthead = "<div class='date'>Lundi 25 Novembre 2024</div>"
    assert date_of(f"<body>{masthead}<h1>Le marché rouvre</h1><p>Les travaux sont finis.</p></body>") is None


def test_a_copyright_year_dates_nothing() -> None:
    assert date_of("<body><h1>About</h1><p>Who we are.</p><footer>Copyright 2019 by the firm</footer></body>") is None


def test_a_date_after_the_fetch_is_not_believed() -> None:
    future = '<head><meta property="article:published_time" content="2031-01-01T00:00:00Z"></head><body><p>x</p></body>'
    assert date_of(future) is None
    tomorrow = (
        '<head><meta property="article:published_time" content="2024-11-26T00:00:00Z"></head><body><p>x</p></body>'
    )
    assert date_of(tomorrow) is not None


def test_an_old_date_is_believed_from_a_machine_only() -> None:
    assert date_of('<head><meta name="citation_date" content="1962-03-04"></head><body></body>') is not None
    assert date_of("<body><h1>The old bridge</h1><p>4 mars 1962</p></body>") is None


def test_the_last_change_is_its_own_column() -> None:
    tree = parse_html(
        '<html><head><meta property="og:updated_time" content="2024-05-05T10:00:00+02:00"></head><body></body></html>'
    )
    assert tree is not None
    data = read_page_data(tree)
    assert modified(tree, data, context=DateContext(FETCHED, None)) == datetime(2024, 5, 5, 8, tzinfo=UTC)
    assert published(tree, data, url=None, context=DateContext(FETCHED, None)) is None


PROSE = (
    "<p>The harbour of the old town was opened again after two years of work, the mayor said in a short speech, and "
    "many came to see the first boat, which had waited outside since Friday, 22 November 2024, for the tide.</p>"
)
HEADLINE = "<h1>The old harbour opens again</h1>"
TITLE = "The old harbour opens again"


def date_beside(body: str) -> str | None:
    tree = parse_html(f"<html><body>{body}{PROSE}</body></html>")
    assert tree is not None
    context = DateContext(FETCHED, None)
    dated = published(tree, read_page_data(tree), url=None, context=context, title=TITLE)
    return dated.at.isoformat()[:16] if dated else None


@pytest.mark.parametrize(
    "line",
    [
        "<p class='dateline'>25 November 2024</p>",
        "<div><span class='writer'>Mona Adel</span> <span class='when'>25 November 2024</span></div>",
        "<font><i>par Mona Adel</i> &nbsp;|&nbsp; mis en ligne le 25/11/2024</font>",
        "<div>٢٥ تشرين الثاني ٢٠٢٤</div>",
        "<div>الاثنين 25 نونبر 2024</div>",
        "<div>23 جمادى الأولى 1446 هـ الموافق 25 نوفمبر 2024</div>",
        "<div>Ajloun | 25 November 2024</div>",
        "<div>November 25, 2024</div>",
    ],
)
def test_the_line_under_the_headline_dates_the_page_even_on_the_day_of_the_fetch(line: str) -> None:
    masthead = "<div class='today'>Tuesday 26 November 2024</div><ul><li><a href='/'>Home</a></li></ul>"
    assert date_beside(masthead + HEADLINE + line) == "2024-11-25T00:00"


def test_a_line_in_a_cell_under_the_headline_dates_the_page() -> None:
    rows = f"<tr><td>{HEADLINE}</td></tr><tr><td>Mona Adel</td><td>24.11.2024</td></tr>"
    assert date_beside(f"<table><tr><td>Home</td></tr>{rows}</table>") == "2024-11-24T00:00"


def test_the_line_above_the_headline_dates_the_page_inside_the_article_only() -> None:
    line = "<span>25 November 2024</span>"
    assert date_beside(f"<article>{line}{HEADLINE}</article>") == "2024-11-25T00:00"
    assert date_beside(f"<div>{line}{HEADLINE}</div>") is None


def test_a_change_and_a_clock_under_the_headline_date_nothing() -> None:
    assert date_beside(f"{HEADLINE}<div><b>Last updated:</b> <i>25 November 2024</i></div>") is None
    assert date_beside(f"{HEADLINE}<div class='clock'>25 November 2024</div>") is None


def test_a_day_that_the_story_names_dates_nothing() -> None:
    story = f"<p>On <b>25 November 2024</b> {'the tide was high and the boats stayed out. ' * 5}</p>"
    assert date_beside(HEADLINE + story) is None


def test_a_clock_with_a_dot_is_read_before_am_and_pm_only() -> None:
    shown = parse_visible("Thursday, 28th November 2024, 5.45pm")
    assert shown is not None
    assert (shown.wall.isoformat(), shown.precision) == ("2024-11-28T17:45:00", "minute")
    bare = parse_visible("28 November 2024, 5.45")
    assert bare is not None
    assert bare.precision == "day"


def test_a_text_that_opens_with_a_word_of_publication_dates_a_page_without_headings() -> None:
    cells = "<table><tr><td><font size=5><b>Le quai</b></font></td></tr><tr><td>{}</td></tr></table>"
    assert date_beside(cells.format("Publié le 25/11/2024")) == "2024-11-25T00:00"
    assert date_beside(cells.format("نشر يوم 25 نونبر 2024")) == "2024-11-25T00:00"
    assert date_beside(cells.format("25/11/2024")) is None
    assert date_beside(f"<div class='related'>{cells.format('Publié le 25/11/2024')}</div>") is None
    assert date_beside(cells.format("Created 25 November 2024")) is None


def test_a_heading_that_links_to_the_start_page_is_no_headline() -> None:
    assert date_beside(f"<h1><a href='/'>{TITLE}</a></h1><p>25 November 2024</p>") is None


def test_a_zone_beyond_every_clock_is_no_date() -> None:
    assert parse_machine("Mon, 06 May 2024 07:08:09 +99999999999999") is None


@pytest.mark.parametrize("day", ["12 ربيع الأول 1446 هـ", "1446-03-12", "12/03/1446", "15/03/46 هـ", "۱۴۰۳/۰۸/۲۲"])
@pytest.mark.parametrize(
    "shown",
    [
        '<div class="date">{}</div>', "<time>{}</time>", '<time datetime="{}">x</time>', "<p>نشر في {}</p>",
        '<meta name="date" content="{}">',
    ],
)  # fmt: skip
def test_a_page_that_shows_an_islamic_date_alone_has_no_date(day: str, shown: str) -> None:
    story = "<p>" + "قال الوزير إن الأشغال ستبدأ قريبا في جميع المدن الساحلية. " * 8 + "</p>"
    html = f"<body><article><h1>الأشغال تبدأ</h1>{shown.format(day)}{story}</article></body>"
    assert date_of(html) is None
    assert date_of(html, fetched_at=None) is None


def test_the_civil_day_beside_an_islamic_one_is_the_date() -> None:
    dated = date_of('<body><h1>الأشغال تبدأ</h1><div class="date">1446/03/12 هـ - 15/09/2024 م</div></body>')
    assert dated == DatedBy(at=datetime(2024, 9, 15, tzinfo=UTC), precision="day", source="text")


STATED = '{"@type": "NewsArticle", "datePublished": "2024-11-01"}'


def dated_by_feed(
    html: str, feed_date: str | None, *, url: str | None = None, zone: str | None = None
) -> DatedBy | None:
    tree = parse_html(f"<html>{html}</html>")
    assert tree is not None
    return published(tree, read_page_data(tree), url=url, context=DateContext(FETCHED, zone, feed_date))


@pytest.mark.parametrize(
    ("feed_date", "at", "precision"),
    [
        ("2024-11-20T08:15:30+01:00", datetime(2024, 11, 20, 7, 15, 30, tzinfo=UTC), "second"),
        ("2024-11-20T08:15+01:00", datetime(2024, 11, 20, 7, 15, tzinfo=UTC), "minute"),
        ("2024-11-20", datetime(2024, 11, 20, tzinfo=UTC), "day"),
        ("Wed, 20 Nov 2024 08:15:30 +0100", datetime(2024, 11, 20, 7, 15, 30, tzinfo=UTC), "second"),
    ],
)
def test_a_page_that_is_silent_has_the_date_of_its_feed(feed_date: str, at: datetime, precision: str) -> None:
    dated = dated_by_feed("<body><p>Nothing here says when.</p></body>", feed_date)
    assert dated is not None
    assert (dated.at, dated.precision, dated.source) == (at, precision, "feed")


def test_a_feed_date_without_offset_is_of_the_pages_zone() -> None:
    dated = dated_by_feed("<body><p>Nothing here says when.</p></body>", "2024-11-20T08:15:30", zone="Asia/Amman")
    assert dated is not None
    assert dated.at == datetime(2024, 11, 20, 5, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("html", "url", "source"),
    [
        (f'<script type="application/ld+json">{STATED}</script>', None, "json_ld"),
        ('<head><meta property="article:published_time" content="2024-11-01"></head>', None, "meta"),
        ('<body><time datetime="2024-11-01">yesterday</time></body>', None, "time_tag"),
        ("<body><p>Nothing.</p></body>", "http://a.example/2024/11/01/ferry", "url"),
        ('<body><p class="date">1 November 2024</p></body>', None, "text"),
    ],
)
def test_what_the_page_says_itself_goes_before_its_feed(html: str, url: str | None, source: str) -> None:
    dated = dated_by_feed(html, "2024-11-20", url=url)
    assert dated is not None
    assert (dated.at, dated.source) == (datetime(2024, 11, 1, tzinfo=UTC), source)


@pytest.mark.parametrize("feed_date", ["2024-11-27T00:00:00Z", "1970-01-01T00:00:00Z", "soon", "", None, "9" * 300])
def test_a_feed_date_that_cannot_be_is_none(feed_date: str | None) -> None:
    assert dated_by_feed("<body><p>Nothing here says when.</p></body>", feed_date) is None
