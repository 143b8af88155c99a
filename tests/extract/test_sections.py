"""What a page files itself under: one section and its tags, without what names no subject."""

import json

import pytest

from tasks.extract.html import parse_html
from tasks.extract.page_data import read_page_data
from tasks.extract.sections import MAX_STATEMENTS, MAX_TAGS, find_section, find_tags, own_names, section_in

URL = "https://www.dailyquay.example/coast/harbour-opens"
OWN = own_names(title="Harbour opens again after storm", sitename="The Daily Quay", url=URL)


def read(head: str = "", body: str = "") -> tuple[str | None, tuple[str, ...]]:
    """Section and tags of a page."""
    text = f"<!DOCTYPE html><html><head>{head}</head><body>{body}<p>Text.</p></body></html>"
    tree = parse_html(text)
    assert tree is not None
    data = read_page_data(tree)
    return find_section(tree, text, data, own=OWN, url=URL), find_tags(tree, data, own=OWN)


def tags_of(*values: str) -> tuple[str, ...]:
    """The tags of a page whose `keywords` have these values."""
    metas = "".join(f"<meta name='keywords' content='{value.replace(chr(39), '&#39;')}'>" for value in values)
    return read(metas)[1]


def json_ld(node: dict[str, object]) -> str:
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def trail(*steps: tuple[str, str | None]) -> str:
    items = [{"@type": "ListItem", "position": n, "name": name, "item": item} for n, (name, item) in enumerate(steps)]
    return json_ld({"@type": "BreadcrumbList", "itemListElement": items})


META = '<meta property="article:section" content="Coast">'
SECTION_LD = json_ld({"@type": "NewsArticle", "articleSection": "Sea"})
TRAIL_LD = trail(("Home", "/"), ("News", "/news"), ("Harbours", "/news/harbours"), ("Harbour opens", None))
CATEGORY = '<a rel="category tag" href="/c/ships">Ships</a>'
SHOWN = '<nav class="Breadcrumb-list"><a href="/">Home</a> &rsaquo; <a href="/q">Quays</a> &rsaquo; Harbour opens</nav>'


@pytest.mark.parametrize(
    ("head", "body", "section"),
    [
        (META + SECTION_LD + TRAIL_LD, CATEGORY + SHOWN, "Coast"),
        (SECTION_LD + TRAIL_LD, CATEGORY + SHOWN, "Sea"),
        (TRAIL_LD, CATEGORY + SHOWN, "Harbours"),
        ("", CATEGORY + SHOWN, "Ships"),
        ("", SHOWN, "Quays"),
        (META.replace("Coast", "Uncategorized"), SHOWN, "Quays"),
        ("", "", None),
    ],
)
def test_the_section_is_the_first_that_names_one(head: str, body: str, section: str | None) -> None:
    assert read(head, body)[0] == section


@pytest.mark.parametrize(
    "last", ["http://[", None, URL, "/coast/harbour-opens/", "https://dailyquay.example/coast/harbour-opens?x=1"]
)
def test_the_page_itself_is_no_step_of_its_breadcrumb(last: str | None) -> None:
    assert read(trail(("Coast", "/coast"), ("Harbour opens", last)))[0] == "Coast"


def test_a_breadcrumb_may_name_its_steps_in_their_items() -> None:
    step = {"@type": "ListItem", "item": {"@id": "https://www.dailyquay.example/coast", "name": "Coast"}}
    assert read(json_ld({"@type": "BreadcrumbList", "itemListElement": [step]}))[0] == "Coast"


def test_a_menu_in_a_breadcrumb_names_no_section() -> None:
    links = "".join(
        f'<a href="/{word}">{word}</a>' for word in ("Coast", "Sea", "Ships", "Quays", "Towns", "Art", "Food")
    )
    assert read(body=f'<div class="breadcrumb">{links}</div>')[0] is None


@pytest.mark.parametrize(
    ("stated", "section"),
    [
        ("News > Politics", "Politics"),
        ("Accueil » Culture » Cinéma", "Cinéma"),
        ("News|Politics", "Politics"),
        ("news/world/africa", "africa"),
        ("/meteo/", "meteo"),
        ("News/World/Africa", "Africa"),
        ("Monde / Afrique", "Afrique"),
        ("Politics > Harbour opens again after storm", "Politics"),
        ("AC/DC", "AC/DC"),
        ("Film/TV", "Film/TV"),
        ("Lunch,Sharing,Sides", "Lunch"),
        ("Uncategorized, Coast", "Coast"),
        ("Art, Culture & Media", "Art, Culture & Media"),
        ("Santé, sport et bien-être", "Santé, sport et bien-être"),
        ("Gossip, Art, Duke of Quay, TV, Books & Films", "Gossip"),
        ("relations-internationales", "relations internationales"),
        ("Jean-Bouin", "Jean-Bouin"),
        ("Section: Coast", "Coast"),
        ("Hot topic: Coast", "Hot topic: Coast"),
        ("Home," * 10_000 + "Coast", None),
        ("قسم: اقتصاد", "اقتصاد"),
        ("&laquo; Économie &raquo;", "Économie"),
        ("<b>Coast</b>", "Coast"),
        ("\u200fاقتصاد\u200b", "اقتصاد"),
        ("Cafe\u0301s", "Cafés"),
        ("#Coast", "Coast"),
        ("Aktuelles...", "Aktuelles"),
    ],
)
def test_a_section_is_the_innermost_name(stated: str, section: str | None) -> None:
    assert section_in(stated, own=OWN) == section


@pytest.mark.parametrize(
    "stated",
    [
        "Uncategorized", "Non classé", "غير مصنف", "Sin categoría", "Home", "Accueil", "الرئيسية", "Inicio",
        "Startseite", "The Daily Quay", "THE DAILY-QUAY", "thedailyquay", "dailyquay.example",
        "Harbour opens again after storm",
        "https://dailyquay.example/coast", "www.quay.example", "12", "2024-05-04", "X", "", "post-123", "page_article",
        "type:article", "desk@quay.example", "Will the harbour open again?",
        "one two three four five six seven eight", "x" * 61, "@top-river", "null", "À la une", "Featured",
    ],
)  # fmt: skip
def test_what_names_no_subject_is_no_section(stated: str) -> None:
    assert section_in(stated, own=OWN) is None


@pytest.mark.parametrize(
    ("values", "tags"),
    [
        (["port, sea; ships | quays، ميناء"], ("port", "sea", "ships", "quays", "ميناء")),
        (['["port, old town", "sea"]'], ("port, old town", "sea")),
        (["['port', 'sea']"], ("port", "sea")),
        (['["port", "sea"'], ("port", "sea")),
        (["#port #x, #sea"], ("port #x", "sea")),
        (['"port", «sea», “quays”'], ("port", "sea", "quays")),
        (["The sea..., Quay & Co., U.S., Storm…"], ("The sea", "Quay & Co.", "U.S.", "Storm")),
        (["Brasília, brasilia, BRASÍLIA", "star-wars, Star Wars"], ("Brasília", "star-wars")),
        (["Washington, D.C., Quay, Inc., Sea, U.S."], ("Washington, D.C.", "Quay, Inc", "Sea", "U.S.")),
        (["Topic: Ports, Category: Sea"], ("Ports", "Sea")),
        (["The Daily Quay, dailyquay.example, port"], ("port",)),
        (["Harbour opens again after storm, port"], ("port",)),
        (["post-123, tag:12, pagetype_article, _feed, source:tag:x, /article, @river, 104746419, port"], ("port",)),
        (["https://quay.example/a, www.quay.example, desk@quay.example, port"], ("port",)),
        (["the mayor opened the old harbour on a Monday, port"], ("port",)),
        (["Will the port open?, Why?"], ("Why?",)),
        (["Uncategorized, Allgemein, Home, port"], ("port",)),
    ],
)
def test_tags_are_subjects_each_once(values: list[str], tags: tuple[str, ...]) -> None:
    assert tags_of(*values) == tags


def test_keywords_of_json_ld_are_texts_or_named_terms() -> None:
    head = json_ld({"@type": "Article", "keywords": ["port", {"@type": "DefinedTerm", "name": "sea"}]})
    assert read(head)[1] == ("port", "sea")
    assert read(json_ld({"@type": "Article", "keywords": "P&amp;amp;O, sea"}))[1] == ("P&O", "sea")


def test_stuffed_keywords_are_bounded() -> None:
    assert len(tags_of(", ".join(f"tag {n} x" for n in range(5_000)))) == MAX_TAGS


def test_of_many_sections_the_first_are_looked_at() -> None:
    sections = ["Home"] * MAX_STATEMENTS
    assert read(json_ld({"@type": "Article", "articleSection": [*sections, "Coast"]}))[0] is None
    assert read(json_ld({"@type": "Article", "articleSection": [*sections[1:], "Coast"]}))[0] == "Coast"


def test_links_marked_as_tags_are_read_where_the_head_names_none() -> None:
    links = '<a rel="tag" href="/t/1">Port, old</a><a rel="category tag" href="/c/0">Uncategorized</a>'
    assert read(body=links)[1] == ("Port, old",)
    assert read('<meta name="keywords" content="sea">', links)[1] == ("sea",)
    assert read('<meta name="keywords" content="The Daily Quay">', links)[1] == ("Port, old",)
