"""Lines of the page go, lines of the article stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import fragment_fromstring

from tasks.extract.article import extract_article
from tasks.extract.frames import join_parts
from tasks.extract.trimming import trim
from tasks.records.article import Article
from tasks.records.raw import RawRecord

PROSE = (
    "The new tram line will open in March, two years later than the city had planned, the mayor said on Thursday.",
    "It will carry some forty thousand people a day between the harbour and the university, by the planners' count.",
    "Residents of the old quarter had gone to court over the noise; the judges told the builders to plant two rows of "
    "trees and to close the depot at night.",
)


@pytest.mark.parametrize(
    "line",
    [
        "Read more: City hall votes on the harbour",
        "READ ALSO: The harbour at night",
        "Related: Ten trams we loved",
        "[Related: Ten trams we loved]",
        "Also on example.com The mayor's rivals",
        "Don't miss",
        "À lire aussi : le port de nuit",
        "Lire aussi | Le port de nuit",
        "Le puede interesar: el puerto de noche",
        "PUEDES VER: El puerto de noche",
        "Leia também: o porto à noite",
        "Lesen Sie auch: Der Hafen bei Nacht",
        "Mehr zum Thema: Der Hafen bei Nacht",
        "Leggi anche: Il porto di notte",
        "Czytaj też: Port nocą",
        "اقرأ أيضا: الميناء ليلا",
        "شاهد المزيد",
        "Photo: A. Photographer",
        "Photo credit: A. Photographer / Agency",
        "Crédits photos : Agence",
        "Foto: Agentur",
        "Quelle: Stadtverwaltung",
        "© 2024 The Harbour Post",
        "صورة: وكالة",
        "Sign up for our morning newsletter",
        "Follow us on Facebook and Instagram.",
        "Like this story? Share it with a friend!",
        "Click here to get our app",
        "Have a tip? Email the reporter at someone@example.com.",
        "Inscrivez-vous à notre newsletter",
        "Síguenos en nuestro canal de WhatsApp",
        "تابعونا على صفحة الجريدة",
        "(Reporting by A. Reporter; editing by an Editor)",
        "Another Reporter contributed to this report.",
        "All rights reserved.",
        "Alle Angaben ohne Gewähr",
        "Filed under: Harbour |",
        "3 comments",
        "Comments",
        "Anzeige",
        "4 min read",
        "Tempo de leitura: 2 minutos",
        "Updated at 1:23 p.m.",
        "23.10.2018",
        "10:45 Uhr",
    ],
)
def test_a_line_of_the_page_goes_wherever_it_stands(line: str) -> None:
    for at in (1, 2, 3):
        lines = [*PROSE[:at], line, *PROSE[at:]]
        assert trim(lines, None) == list(PROSE)


@pytest.mark.parametrize(
    "line",
    [
        "See also the case of the northern line, which the same judges stopped eleven years ago.",
        "- Sign up: bring your passport and a photograph",
        "More than forty thousand people will use it.",
        "The newsletter of the quarter calls it a victory.",
        "He follows the debate on Facebook, he says, and does not answer.",
        "Photographers waited at the depot.",
        "Sources close to the mayor say the opposite.",
        "“Read it again,” she said.",
        "Comments of this kind are rare in court.",
        "In 2018, 10:45 was the hour of the last tram.",
        "اقرأ كتاب المدينة",
    ],
)
def test_a_line_of_the_article_stays(line: str) -> None:
    lines = [*PROSE[:2], line, PROSE[2]]
    assert trim(lines, "New tram line") == lines


def test_the_title_and_lines_about_it_go_once() -> None:
    title = "New tram line opens in March"
    lines = ["New Tram Line Opens in March", "By Anna Muster", "Thursday, 3 May 2024", *PROSE, title]
    assert trim(lines, title) == [*PROSE, title]


def test_what_stands_above_the_body_without_a_date_stays() -> None:
    lines = ["The mayor keeps a promise", *PROSE]
    assert trim(lines, "New tram line") == lines


@pytest.mark.parametrize(
    "heading",
    ["You may also like", "More from the harbour", "Weitere Artikel", "Articles similaires", "Noticias relacionadas",
     "Polecamy", "مقالات ذات صلة", "Most read in local news"],
)  # fmt: skip
def test_the_tail_goes_from_its_heading_on(heading: str) -> None:
    tail = [heading, "Ten trams we loved", "The harbour at night", "Who will be the next mayor?"]
    assert trim([*PROSE, *tail], None) == list(PROSE)


def test_a_heading_with_prose_behind_it_ends_nothing() -> None:
    lines = [PROSE[0], "More in the north", PROSE[1], PROSE[2]]
    assert trim(lines, None) == lines


def test_a_text_that_would_lose_half_of_itself_is_left() -> None:
    lines = ["Photo: the harbour at night, with the new bridge", "Photo: the harbour at noon", "A short line."]
    assert trim(lines, None) == lines


@given(
    st.lists(st.sampled_from([*PROSE, "Read more: x", "3 comments", "You may also like", "x", "By A. B.", "1.2.2024"]))
)
def test_what_stays_is_a_part_in_order_and_at_least_half(lines: list[str]) -> None:
    kept = trim(lines, "x")
    rest = iter(lines)
    assert all(line in rest for line in kept)
    assert sum(map(len, kept)) * 2 >= sum(map(len, lines))


def extracted(body: str, head: str = "") -> Article:
    html = f"<!DOCTYPE html><html><head><title>New tram line</title>{head}</head><body>{body}</body></html>"
    record = RawRecord(container="c", position="0", raw_path="c/p", payload=html.encode(), media_type="text/html")
    article = extract_article(record, min_chars=50)
    assert isinstance(article, Article), article
    return article


def test_an_article_in_several_parts_of_one_class_is_read_whole() -> None:
    parts = "".join(f'<div class="row"><div class="body article__body"><p>{prose}</p></div></div>' for prose in PROSE)
    article = extracted(f'<div class="chunks">{parts}</div>')
    assert article.text == "\n".join(PROSE)


def test_articles_below_one_another_are_not_joined() -> None:
    others = "".join(
        f'<div><h2><a href="/{n}">Another story {n}</a></h2><div class="article__body"><p>{PROSE[n]}</p></div></div>'
        for n in (1, 2)
    )
    first = f'<div><div class="article__body"><p>{PROSE[0]}</p></div></div>'
    tree = fragment_fromstring(f"<main>{first}{others}</main>")
    join_parts(tree)
    assert tree.xpath("//@itemprop") == []


def test_the_stated_text_is_taken_where_the_page_shows_the_first_of_it_alone() -> None:
    stated = [*PROSE, *(f"{prose} It was the {n}. time that they spoke." for n, prose in enumerate(PROSE * 2))]
    data = "</p><p>".join(stated)
    head = f'<script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"<p>{data}</p>"}}</script>'
    article = extracted(f"<article>{''.join(f'<p>{prose}</p>' for prose in PROSE)}</article>", head)
    assert (article.extractor, article.text) == ("json-ld-1", "\n".join(stated))


def test_the_stated_text_is_not_taken_where_the_page_shows_as_much() -> None:
    body = "".join(f"<p>{prose}</p>" for prose in PROSE)
    head = f'<script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"{" ".join(PROSE)}"}}</script>'
    article = extracted(f"<article>{body}</article>", head)
    assert article.extractor.startswith("trafilatura-")
