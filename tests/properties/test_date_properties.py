"""No text breaks the date reader; what the press writes comes back; no page is dated after it was fetched."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.extract.calendar_words import HIJRI_MONTHS
from tasks.extract.dates import TOLERANCE, DateContext, modified, published
from tasks.extract.html import parse_html
from tasks.extract.moments import parse_moment, parse_visible
from tasks.extract.page_data import read_page_data

DIGIT_SETS = {"latin": "0123456789", "arabic": "٠١٢٣٤٥٦٧٨٩", "persian": "۰۱۲۳۴۵۶۷۸۹"}
ENGLISH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
FRENCH = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
SPANISH = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]
MOROCCO = ["يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"]
MAGHREB = ["جانفي", "فيفري", "مارس", "أفريل", "ماي", "جوان", "جويلية", "أوت", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"]
LEVANT = [
    "كانون الثاني",
    "شباط",
    "آذار",
    "نيسان",
    "أيار",
    "حزيران",
    "تموز",
    "آب",
    "أيلول",
    "تشرين الأول",
    "تشرين الثاني",
    "كانون الأول",
]
FORMS: dict[str, Callable[[date], str]] = {
    "iso": lambda day: day.isoformat(),
    "year first": lambda day: f"{day.year}/{day.month}/{day.day}",
    "day first": lambda day: f"{day.day:02d}/{day.month:02d}/{day.year}",
    "spaced": lambda day: f"{day.day:02d} - {day.month:02d} - {day.year}",
    "dotted": lambda day: f"{day.day}.{day.month}.{day.year}",
    "english": lambda day: f"{day.day} {ENGLISH[day.month - 1]} {day.year}",
    "american": lambda day: f"{ENGLISH[day.month - 1]} {day.day}, {day.year}",
    "french": lambda day: f"le {day.day} {FRENCH[day.month - 1]} {day.year}",
    "spanish": lambda day: f"{day.day} de {SPANISH[day.month - 1]} de {day.year}",
    "morocco": lambda day: f"{day.day} {MOROCCO[day.month - 1]} {day.year}",
    "maghreb": lambda day: f"{day.day} {MAGHREB[day.month - 1]} {day.year}",
    "levant": lambda day: f"{day.day} {LEVANT[day.month - 1]} {day.year}",
}
DAYS = st.dates(date(1990, 1, 1), date(2039, 12, 31))
FETCHED = datetime(2024, 11, 25, 10, tzinfo=UTC)
SCRAPS = st.sampled_from(
    [
        *ENGLISH,
        *FRENCH,
        *MOROCCO,
        *LEVANT,
        *HIJRI_MONTHS,
        "2024",
        "1446",
        "31",
        "02",
        "0",
        "99999999999",
        "T",
        "Z",
        "+25:99",
        "-00:00",
        ":",
        "/",
        "-",
        ".",
        ",",
        " ",
        "h",
        "pm",
        "GMT",
        "هـ",
        "\u200f",
        "Mon,",
        "Wed, 06 Dec 2023 14:30:05 ",
    ]
)
DATE_LIKE = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(SCRAPS, st.text(max_size=3), st.integers().map(str)), max_size=12).map(" ".join),
    st.lists(st.one_of(SCRAPS, st.text(max_size=3), st.integers().map(str)), max_size=12).map("".join),
)


@given(text=DATE_LIKE, zone=st.one_of(st.none(), st.text(max_size=12), st.just("Africa/Casablanca")))
def test_no_text_breaks_the_reader(text: str, zone: str | None) -> None:
    for moment in (parse_moment(text), parse_visible(text)):
        if moment is not None:
            assert moment.at_utc(zone).tzinfo is UTC


@pytest.mark.parametrize("digits", DIGIT_SETS)
@pytest.mark.parametrize("form", FORMS)
@given(day=DAYS)
def test_a_day_in_every_form_and_digit_set_reads_back(form: str, digits: str, day: date) -> None:
    text = FORMS[form](day).translate(str.maketrans("0123456789", DIGIT_SETS[digits]))
    moment = parse_visible(text) if form != "iso" else parse_moment(text)
    assert moment is not None
    assert (moment.wall.date(), moment.precision) == (day, "day")


@given(at=st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)), offset=st.integers(-14 * 60, 14 * 60))
def test_an_instant_with_its_offset_reads_back(at: datetime, offset: int) -> None:
    local = at.replace(microsecond=0, tzinfo=UTC) + timedelta(minutes=offset)
    sign, minutes = ("-" if offset < 0 else "+"), abs(offset)
    text = f"{local:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    if not 1900 <= local.year < 2100:
        return
    moment = parse_moment(text)
    assert moment is not None
    assert moment.at_utc(None) == at.replace(microsecond=0, tzinfo=UTC)


@pytest.mark.parametrize("digits", DIGIT_SETS)
@given(
    day=st.integers(1, 30),
    month=st.sampled_from(HIJRI_MONTHS),
    year=st.integers(1300, 1499),
    tail=st.sampled_from(["", " هـ", "هـ", " ه", " AH"]),
)
def test_an_islamic_date_alone_is_never_read_as_gregorian(
    digits: str, day: int, month: str, year: int, tail: str
) -> None:
    for text in (
        f"{day} {month} {year}{tail}",
        f"{day} {month} سنة {year}{tail}",
        f"{day}/{1 + day % 12}/{year}{tail}",
    ):
        assert parse_visible(text.translate(str.maketrans("0123456789", DIGIT_SETS[digits]))) is None


@given(
    stated=st.lists(DAYS, min_size=1, max_size=4),
    places=st.lists(st.sampled_from(["json_ld", "meta", "time", "text", "modified"]), min_size=4, max_size=4),
    form=st.sampled_from(sorted(FORMS)),
    junk=DATE_LIKE,
)
def test_no_page_is_dated_after_its_fetch(stated: list[date], places: list[str], form: str, junk: str) -> None:
    clean = junk.encode("utf-8", "replace").decode().replace("\x00", "")
    parts = {
        "json_ld": lambda text: (
            f"<script type='application/ld+json'>{json.dumps({'@type': 'NewsArticle', 'datePublished': text})}</script>"
        ),
        "meta": lambda text: f"<meta property='article:published_time' content='{escape(text, quote=True)}'>",
        "modified": lambda text: f"<meta property='article:modified_time' content='{escape(text, quote=True)}'>",
        "time": lambda text: f"<time>{escape(text)}</time>",
        "text": lambda text: f"<span class='date'>{escape(text)}</span>",
    }
    texts = [FORMS[form](day) for day in stated] + [clean]
    body = "".join(parts[place](text) for place, text in zip(places, texts, strict=False))
    tree = parse_html(f"<html><body><h1>The quay</h1>{body}</body></html>")
    assert tree is not None
    data, context = read_page_data(tree), DateContext(FETCHED, "Asia/Amman")
    dated = published(tree, data, url=f"https://a.example/{stated[0]:%Y/%m/%d}/x", context=context, title="The quay")
    assert dated is None or dated.at <= FETCHED + TOLERANCE
    changed = modified(tree, data, context=context)
    assert changed is None or changed <= FETCHED + TOLERANCE
