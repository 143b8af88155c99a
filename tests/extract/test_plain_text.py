"""A page saved as text gives its article, and leaves its menus, forms and tails."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.extract.article import extract_article
from tasks.extract.line_region import split_lines
from tasks.records.article import Article
from tasks.records.raw import RawRecord

FRENCH = (
    "Le nouveau quai du port a été inauguré lundi par le maire, qui a salué devant la foule le travail des ouvriers et "
    "des ingénieurs, après deux années d'un chantier que la tempête avait rendu nécessaire et que la ville attendait.",
    "Les pêcheurs, qui avaient dû s'installer de l'autre côté de la baie, sont revenus avec leurs bateaux dès le matin "
    "et ils ont dit leur joie de retrouver la halle aux poissons, où la vente a repris dans une ambiance de fête.",
    "La région a payé un tiers des travaux, car elle veut faire revenir les ferries sur cette côte, et elle promet "
    "pour l'année prochaine une nouvelle gare maritime qui doit accueillir les voyageurs pendant toute la saison.",
)
ARABIC = (
    "أعلن المدير العام للميناء أن الأشغال التي انطلقت قبل سنتين انتهت في موعدها، وأن الصيادين يمكنهم العودة إلى الرصيف "
    "الجديد ابتداء من "
    "يوم الإثنين، مؤكدا أن المشروع كلف أكثر من مائة مليون درهم وأن الجهة ساهمت فيه بالثلث من أجل تشجيع "
    "السياحة في المنطقة.",
    "وأضاف المتحدث نفسه أن المحطة البحرية الجديدة ستفتح أبوابها في الصيف المقبل أمام المسافرين، وأن العمل جار مع "
    "الشركات من أجل تنظيم "
    "رحلات يومية إلى الضفة الأخرى، وهو ما كان سكان المدينة يطالبون به منذ سنوات طويلة في كل لقاء مع المسؤولين.",
)
TITLE = "Le port de la vieille ville retrouve ses pêcheurs"
MENU = "Accueil\nPolitique\nSport\nCulture\nContact\n"
RUN = "    ".join(f"Titre numéro {number} : une nouvelle du jour qui n'a rien à voir" for number in range(8))


def article_of(text: str) -> Article:
    fetched_at = datetime(2024, 11, 25, 10, tzinfo=UTC)
    raw = RawRecord(
        container="c",
        position="0",
        raw_path="c/p.txt",
        payload=text.encode(),
        media_type="text/plain",
        fetched_at=fetched_at,
    )
    outcome = extract_article(raw, min_chars=50)
    assert isinstance(outcome, Article), outcome
    return outcome


def page(*above: str, body: tuple[str, ...] = FRENCH, below: str = "") -> str:
    return "\n".join([*above, "", *body, below])


def test_the_headline_stands_above_the_body_and_begins_the_text() -> None:
    article = article_of(page(MENU, TITLE))
    assert article.title == TITLE
    assert article.text.split("\n") == [TITLE, *FRENCH]


def test_a_headline_that_the_page_repeats_stands_once() -> None:
    article = article_of(page(f"{TITLE}.", "", f"{TITLE}.", "- in International"))
    assert (article.title, article.section) == (f"{TITLE}.", "International")
    assert article.text.count(TITLE) == 1


def test_a_page_without_headline_has_none() -> None:
    assert article_of(page("13 November 2024", "Édité par Jeanne Petit")).title is None


def test_a_line_of_origin_gives_date_and_outlet() -> None:
    article = article_of(page(RUN, TITLE, "Publié dans Le Quai le 06 - 12 - 2023"))
    assert (article.title, article.sitename) == (TITLE, "Le Quai")
    assert article.published is not None
    assert (article.published.at, article.published.precision, article.published.source) == (
        datetime(2023, 12, 6, tzinfo=UTC),
        "day",
        "text",
    )


def test_headlines_held_apart_by_spaces_are_a_menu() -> None:
    assert len(split_lines(RUN)) == 8
    assert "Titre numéro" not in article_of(page(RUN, TITLE)).text


def test_a_masthead_dates_nothing() -> None:
    masthead = "Menu\nSearch\nLundi 18 Novembre 2024\nS'abonner\nclose\nLundi 18 Novembre 2024\nMenu\nSearch\n"
    article = article_of(page(masthead, TITLE))
    assert (article.title, article.published) == (TITLE, None)
    assert "Novembre 2024" not in article.text


def test_a_bare_date_that_is_the_day_of_the_fetch_dates_nothing() -> None:
    assert article_of(page("Lundi 25 Novembre 2024", TITLE)).published is None
    assert article_of(page("Publié le 25 novembre 2024 à 09h15", TITLE)).published is not None


def test_the_line_under_the_headline_dates_the_page_even_on_the_day_of_the_fetch() -> None:
    article = article_of(page("Mardi 26 novembre 2024", TITLE, "Par Mona Adel", "25 novembre 2024"))
    assert article.published is not None
    assert (article.published.at.day, article.authors) == (25, ("Mona Adel",))


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("Mona Adel | 25 novembre 2024", ("Mona Adel",)),
        ("منى عادل - ٢٥ تشرين الثاني ٢٠٢٤", ("منى عادل",)),
        ("Ajloun | 25 novembre 2024", ()),
        ("New York | 25 novembre 2024", ()),
        ("Lundi | 25 novembre 2024", ()),
    ],
)
def test_a_line_under_the_headline_bears_name_and_date(line: str, authors: tuple[str, ...]) -> None:
    article = article_of(page(MENU, TITLE, line))
    assert article.published is not None
    assert (article.title, article.authors, article.published.at.day) == (TITLE, authors, 25)


def test_a_menu_line_that_the_tail_repeats_is_not_the_headline() -> None:
    other = "Une fanfare cherche son tuba depuis le printemps"
    tail = f"Dans la même rubrique\n{other}"
    assert article_of(page(MENU, other, TITLE, "25 novembre 2024", below=tail)).title == TITLE


@pytest.mark.parametrize(
    "tail",
    [
        "Leave a Reply\nYour email address will not be published. Required fields are marked *",
        "You may also like\nUn autre article du journal",
        "Lire aussi :\nUn autre article du journal",
        "Nous utilisons des cookies pour améliorer votre expérience sur notre site, et vous les acceptez en "
        "continuant.",
        "Partager sur Facebook",
        "Cliquez ici pour lire l'article depuis sa source.",
        "Loading",
    ],
)
def test_forms_notices_and_tails_are_left_out(tail: str) -> None:
    article = article_of(page(TITLE, below=tail))
    assert article.text.split("\n") == [TITLE, *FRENCH]


def test_arabic_body_is_told_from_its_tail() -> None:
    article = article_of(page("بقلم: سلمى الإدريسي", body=ARABIC, below="تعليقات الزوار ( 0 )"))
    assert article.text.split("\n") == list(ARABIC)
    assert article.authors == ("سلمى الإدريسي",)


def test_short_lines_inside_the_body_stay() -> None:
    body = (FRENCH[0], "Une attente de deux ans", FRENCH[1], FRENCH[2])
    assert "Une attente de deux ans" in article_of(page(TITLE, body=body)).text.split("\n")


@given(
    st.lists(
        st.sampled_from([*FRENCH, *ARABIC, TITLE, RUN, "Menu", "6 mai 2024", "", "x " * 50, "©", "1234"]), max_size=25
    )
)
@settings(max_examples=150, deadline=None)
def test_any_lines_have_an_outcome(lines: list[str]) -> None:
    raw = RawRecord(
        container="c", position="0", raw_path="p", payload="\n".join(lines).encode(), media_type="text/plain"
    )
    outcome = extract_article(raw, min_chars=1)
    assert isinstance(outcome, Article) or outcome.reason in ("empty", "no_main_text")


def test_many_short_lines_take_linear_time() -> None:
    raw = RawRecord(container="c", position="0", raw_path="p", payload=b"one two\n" * 60_000, media_type="text/plain")
    assert not isinstance(extract_article(raw, min_chars=1), Article)
