"""A page saved as text gives its article, and leaves its menus, forms and tails."""

import textwrap
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.extract.article import extract_article
from tasks.extract.dates import DateContext
from tasks.extract.line_region import split_lines
from tasks.extract.plain_text import extract_text
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
SPANISH = (
    "El nuevo muelle del puerto fue inaugurado el lunes por el alcalde, que saludó ante la multitud el trabajo de los "
    "obreros y de los ingenieros, después de dos años de unas obras que la tormenta había hecho necesarias.",
    "Los pescadores, que habían tenido que instalarse al otro lado de la bahía, volvieron con sus barcos por la mañana "
    "y dijeron su alegría de encontrar la lonja de pescado, donde la venta se reanudó en un ambiente de fiesta.",
)
ENGLISH = (
    "The new quay of the port was opened on Monday by the mayor, who praised before the crowd the work of the builders "
    "and of the engineers, after two years of works that the storm had made necessary and the town had waited for.",
    "The fishermen, who had to move to the other side of the bay, came back with their boats in the morning and they "
    "told of their joy to find the fish market again, where the sale has begun once more in the mood of a feast.",
)
SWAHILI = (
    "Meya wa mji alifungua gati jipya siku ya Jumatatu mbele ya umati wa watu, akisifu kazi ya mafundi na wahandisi "
    "baada ya miaka miwili ya ujenzi.",
    "Wavuvi walirudi na mashua zao asubuhi na mapema, wakisema furaha yao ya kuona soko la samaki limefunguliwa tena "
    "katika hali ya sherehe.",
)
# Eight words and more, none of them a function word.
RESULTS = "Mona Adel 12 points, Jeanne Petit 9, Karim Sayegh 8, Ali Omari 7, Lina Haddad 4, Rita Saab 2."
OTHERS = (
    "Une fanfare cherche son tuba depuis le printemps",
    "Le musée des horloges ferme une heure plus tôt",
    "Trois chèvres visitent la mairie du village voisin",
    "La bibliothèque prête désormais des cerfs-volants",
)
TEASER = "Le chef de la fanfare dit qu'il a tout essayé et que la ville doit maintenant l'aider à trouver."
TITLES = {
    "fr": "Le port de la vieille ville retrouve ses pêcheurs",
    "es": "El puerto de la ciudad vieja recupera a sus pescadores",
    "en": "The old town harbour gets its fishermen back",
    "ar": "الميناء القديم يستعيد صياديه بعد عامين من الأشغال",
}
BODIES = {"fr": FRENCH, "es": SPANISH, "en": ENGLISH, "ar": ARABIC}
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


def test_the_headline_stands_above_share_labels_and_captions() -> None:
    between = ("Facebook", "Twitter", "0", "Jeanne Petit", "Voir la galerie", "Le quai vu de la mer en 2023")
    article = article_of(page(MENU, "Une fanfare cherche son tuba", TITLE, "6 mai 2024", *between))
    assert article.title == TITLE
    assert article.published is not None
    assert article.text.split("\n") == [TITLE, *FRENCH]


def test_a_long_line_without_full_stop_above_a_paragraph_is_the_headline() -> None:
    headline = "Le maire et les pêcheurs ont ouvert le nouveau quai du port dans la vieille ville (ouest)"
    assert article_of(page(MENU, "6 mai 2024", headline)).title == headline
    assert article_of(page(MENU, "6 mai 2024", f"« {headline} »")).title is None


@pytest.mark.parametrize(
    "line",
    ["La ville et le port", "Vie de la ville, port, bateaux, agenda culturel, petites annonces, bourse, horoscope"],
)
def test_a_menu_line_that_shares_some_words_with_the_body_is_not_the_headline(line: str) -> None:
    assert article_of(page(line, "Menu")).title is None


def test_a_masthead_names_no_author() -> None:
    assert article_of(page("Radio Plus - 6 mai 2024", TITLE)).authors == ()


def test_a_caption_is_not_the_headline() -> None:
    caption = "Le port et la halle aux poissons, où les pêcheurs sont revenus (Photo : Mona Adel)"
    assert article_of(page(MENU, TITLE, caption)).title == TITLE
    assert article_of(page(MENU, "Tout le fil du jour", caption)).title != caption


def test_who_took_the_picture_is_not_the_author() -> None:
    assert article_of(page(MENU, TITLE, "Photo : Jeanne Petit", "Par Mona Adel")).authors == ("Mona Adel",)


def test_a_headline_that_the_page_repeats_stands_once() -> None:
    article = article_of(page(f"{TITLE}.", "", f"{TITLE}.", "- in International"))
    assert (article.title, article.section) == (f"{TITLE}.", "International")
    assert article.text.count(TITLE) == 1


def test_a_default_name_is_no_section() -> None:
    assert article_of(page(f"{TITLE}.", "", f"{TITLE}.", "- in Non classé")).section is None


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


def body_of(*lines: str) -> list[str]:
    """The body found under a headline among these lines."""
    return article_of(page(MENU, TITLE, body=lines)).text.split("\n")[1:]


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
def test_utf8_that_was_read_as_latin_1_is_mended(codec: str) -> None:
    text = page(TITLE, body=(*FRENCH, "L’été fut « beau » – et même très beau, dit-on sur les quais."))
    article = article_of(text.encode().decode(codec, "ignore"))
    assert article.title == TITLE
    assert article.text.split("\n")[1:4] == list(FRENCH)


def test_letters_whose_last_byte_was_taken_for_white_space_are_mended() -> None:
    def damaged(text: str) -> str:
        return " ".join(text.encode().decode("latin-1").replace("\x85", " ").replace("\xa0", " ").split())

    body = ("Le maire a salué à la fois les ouvriers, déjà rentrés, et les pêcheurs, là où ils sont.", *FRENCH)
    assert article_of("\n".join(map(damaged, body))).text.split("\n")[0] == body[0]
    assert "أعلن المدير" in article_of("\n".join(map(damaged, ARABIC))).text


def test_letters_that_are_latin_1_indeed_are_not_mended() -> None:
    body = (*FRENCH, "Sur l'affiche, « Ã¨ » se lisait au lieu de « è », et le maire en a ri avec les pêcheurs du port.")
    assert article_of(page(TITLE, body=body)).text.split("\n")[1:] == list(body)


def test_teasers_of_other_articles_below_are_left_out() -> None:
    tail = [line for other in OTHERS for line in (other, "Il y a 2 heures", TEASER.replace("fanfare", other))]
    assert body_of(*FRENCH, *OTHERS, *tail) == list(FRENCH)


def test_sentences_held_apart_by_captions_stay() -> None:
    sentences = [f"{FRENCH[number % 3][:80]} le {number} de ce mois." for number in range(4)]
    body = [line for sentence in sentences for line in (sentence, "Le quai vu de la mer")]
    assert [line for line in body_of(*FRENCH, *body) if line in sentences] == sentences


@pytest.mark.parametrize(
    "items",
    [
        ("- le quai de la vieille ville", "- la halle aux poissons du port", "- la gare maritime de la baie"),
        ("1. le quai de la vieille ville", "2. la halle aux poissons du port", "3. la gare maritime de la baie"),
        ("https://port.example/quai", "https://port.example/halle", "https://port.example/gare"),
        ("le quai de la vieille ville ;", "la halle aux poissons du port ;", "la gare maritime de la baie."),
        (RESULTS, RESULTS.replace("Adel", "Nasser"), RESULTS.replace("Adel", "Tazi")),
    ],
)
def test_a_list_that_ends_the_body_stays(items: tuple[str, ...]) -> None:
    assert body_of(*FRENCH, *items) == [*FRENCH, *items]


def test_text_wrapped_at_a_width_stays() -> None:
    wrapped = [line for paragraph in FRENCH for line in textwrap.wrap(paragraph, 60)]
    assert body_of(*wrapped) == wrapped


def test_lines_of_japanese_stay() -> None:
    body = (
        "新しい埠頭は月曜日に市長によって開かれた。",
        "嵐のために必要になった二年間の工事のあと、",
        "漁師たちは朝から船で戻り、魚市場が開いたのを喜んだ。",
    )
    assert article_of("\n".join(["ホーム", "会社概要", *body, "お問い合わせ"])).text.split("\n") == list(body)


def test_long_paragraphs_of_japanese_stay() -> None:
    body = tuple(
        f"{place}の新しい埠頭は月曜日に市長によって開かれ、嵐のために必要になった二年間の工事のあと、漁師たちは朝から船で戻り、"
        "魚市場がふたたび開いたのを喜んだ。"
        for place in ("港町", "旧市街")
    )
    assert article_of("\n".join(["ホーム", "会社概要", *body, "お問い合わせ"])).text.split("\n") == list(body)


def test_a_language_without_function_words_has_its_body_found_by_structure() -> None:
    text = "\n".join(["Mwanzo", "Siasa", "Michezo", *SWAHILI, "Wasiliana nasi", "Kuhusu sisi"])
    assert article_of(text).text.split("\n") == list(SWAHILI)


@pytest.mark.parametrize(
    "opening",
    [
        ("Nora le 3 mai 2024 à 10 h 20 a dit :",),
        ("Nora dit :", "3 mai 2024 à 10 h 20"),
        ("Nora on May 3, 2024 at 6:34 am said:",),
        ("Nora says:", "May 3, 2024 at 6:34 am"),
        ("Nora dice:", "3 de mayo de 2024"),
        ("نورة يقول:", "3 ماي 2024"),
    ],
)
def test_comments_end_a_page_however_long_they_are(opening: tuple[str, ...]) -> None:
    comments = [
        line for number in range(5) for line in (*opening, f"{number} : {FRENCH[2]}", f"{number} : {FRENCH[1]}")
    ]
    assert body_of(*FRENCH, *comments) == list(FRENCH)


def test_what_someone_says_within_the_body_ends_nothing() -> None:
    body = (*FRENCH[:2], "Le maire a dit :", FRENCH[2])
    assert body_of(*body) == list(body)


def test_a_comment_shown_above_the_body_ends_nothing() -> None:
    article = article_of(page("Derniers avis", "Nora le 3 mai 2024 a dit :", "Merci pour tout !", TITLE))
    assert article.text.split("\n") == [TITLE, *FRENCH]


def test_an_article_that_the_page_holds_twice_stands_once() -> None:
    assert body_of(*FRENCH, "Version à imprimer", *FRENCH) == list(FRENCH)


def test_a_sentence_shown_large_within_its_article_stands_once() -> None:
    assert body_of(*FRENCH[:2], FRENCH[0], FRENCH[2]) == list(FRENCH)


def test_a_heading_within_the_body_may_come_again() -> None:
    body = ("Les chiffres", FRENCH[0], "Les chiffres", *FRENCH[1:])
    assert body_of(FRENCH[2].upper(), *body) == [FRENCH[2].upper(), *body[:-1]]


def test_a_few_words_with_a_full_stop_are_no_prose() -> None:
    assert body_of(*FRENCH, "Voir la suite…", "Tout voir.", "Encore !") == list(FRENCH)


def test_sentences_held_apart_by_spaces_are_a_menu() -> None:
    run = "    ".join(f"{other} et le maire en est content." for other in OTHERS)
    assert body_of(*FRENCH, run) == list(FRENCH)


def test_a_label_of_the_menu_parts_teasers_from_the_body() -> None:
    teasers = [line for other in OTHERS for line in ("Vie locale", f"{other}.")]
    article = article_of(page(MENU, "Vie locale", TITLE, body=(*FRENCH, *teasers)))
    assert article.text.split("\n")[1:] == list(FRENCH)


@pytest.mark.parametrize(
    "line",
    [
        "Le nouveau quai, vu de la mer (Photo : Mona Adel)",
        "The new quay, seen from the sea (Image: PA)",
        "الرصيف الجديد (صورة: منى عادل)",
        "Lire aussi : une fanfare cherche son tuba",
        "Lea también: la banda busca su tuba",
        "اقرأ أيضا: الفرقة تبحث عن آلتها",
        "Rédaction le 3 mai 2024",
        "Advertisement",
    ],
)
def test_lines_of_the_page_within_the_body_are_left_out(line: str) -> None:
    assert body_of(FRENCH[0], line, *FRENCH[1:]) == list(FRENCH)


@pytest.mark.parametrize(
    "heading", ["Articles récents", "Latest stories", "Más noticias", "مواضيع أخرى", "Laissez un commentaire"]
)
def test_prose_under_a_heading_of_other_articles_is_left_out(heading: str) -> None:
    assert body_of(*FRENCH, heading, f"{OTHERS[0]}. {TEASER}") == list(FRENCH)


ABOUT = [
    ("fr", "Publié dans Le Quai le 06 - 12 - 2023", {"day": 6, "sitename": "Le Quai"}),
    ("fr", "Paru dans Le Quai le 6 décembre 2023", {"day": 6, "sitename": "Le Quai"}),
    ("fr", "Publié par Mona Adel le 6 décembre 2023", {"day": 6, "authors": ("Mona Adel",)}),
    ("fr", "Publié le 6 décembre 2023 par Mona Adel", {"day": 6, "authors": ("Mona Adel",)}),
    ("fr", "Par Mona Adel, le 6 décembre 2023 à 10h20", {"day": 6, "authors": ("Mona Adel",)}),
    ("fr", "Édité par Mona Adel", {"authors": ("Mona Adel",)}),
    ("fr", "Rédigé par : Mona Adel", {"authors": ("Mona Adel",)}),
    ("fr", "Rubrique : Économie", {"section": "Économie"}),
    ("fr", "- dans Économie", {"section": "Économie"}),
    ("fr", "Accueil > Économie > Ports", {"section": "Économie"}),
    ("fr", "Le Caire, le 6 décembre 2023", {"day": 6}),
    ("fr", "Mona Adel\n6 décembre 2023", {"day": 6}),
    ("fr", "Mis à jour le 7 décembre 2023\nPublié le 6 décembre 2023", {"day": 6}),
    ("en", "Published in The Quay on December 6, 2023", {"day": 6, "sitename": "The Quay"}),
    ("en", "Posted by Mona Adel on December 6, 2023", {"day": 6, "authors": ("Mona Adel",)}),
    ("en", "By Mona Adel and Jean Petit", {"authors": ("Mona Adel", "Jean Petit")}),
    ("en", "By Mona Adel | December 6, 2023", {"day": 6, "authors": ("Mona Adel",)}),
    ("en", "Edited by Mona Adel", {"authors": ("Mona Adel",)}),
    ("en", "- in International", {"section": "International"}),
    ("en", "Filed under: Economy", {"section": "Economy"}),
    ("en", "Home » Economy » Ports", {"section": "Economy"}),
    ("es", "Publicado en El Muelle el 6 de diciembre de 2023", {"day": 6, "sitename": "El Muelle"}),
    ("es", "Publicado por Mona Adel el 6 de diciembre de 2023", {"day": 6, "authors": ("Mona Adel",)}),
    ("es", "Publicado el 6 de diciembre de 2023 por Mona Adel", {"day": 6, "authors": ("Mona Adel",)}),
    ("es", "Por Mona Adel", {"authors": ("Mona Adel",)}),
    ("es", "Escrito por Mona Adel", {"authors": ("Mona Adel",)}),
    ("es", "Editado por Mona Adel", {"authors": ("Mona Adel",)}),
    ("es", "Sección: Economía", {"section": "Economía"}),
    ("es", "- en Internacional", {"section": "Internacional"}),
    ("ar", "نشر في الرصيف يوم 6 دجنبر 2023", {"day": 6, "sitename": "الرصيف"}),
    ("ar", "تاريخ النشر: ٦ كانون الأول ٢٠٢٣", {"day": 6}),
    ("ar", "كتبه منى عادل يوم 6 ديسمبر 2023", {"day": 6, "authors": ("منى عادل",)}),
    ("ar", "بقلم: منى عادل", {"authors": ("منى عادل",)}),
    ("ar", "تحرير: منى عادل", {"authors": ("منى عادل",)}),
    ("ar", "كتبت منى عادل", {"authors": ("منى عادل",)}),
    ("ar", "القسم: اقتصاد", {"section": "اقتصاد"}),
    ("ar", "- في اقتصاد", {"section": "اقتصاد"}),
    ("ar", "الرئيسية » اقتصاد » موانئ", {"section": "اقتصاد"}),
]


@pytest.mark.parametrize(("language", "lines", "stated"), ABOUT)
def test_lines_under_the_headline_say_who_when_and_where(language: str, lines: str, stated: dict[str, object]) -> None:
    article = article_of(page("Menu", TITLES[language], lines, body=BODIES[language]))
    found = {
        "day": article.published and article.published.at.day,
        "authors": article.authors,
        "section": article.section,
        "sitename": article.sitename,
    }
    assert found == {"day": None, "authors": (), "section": None, "sitename": None} | stated
    assert article.text.split("\n") == [TITLES[language], *BODIES[language]]


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


def test_a_page_of_white_space_and_controls_has_no_article() -> None:
    assert extract_text("\u2028\n \x1c\n", url=None, context=DateContext()) is None


def test_a_text_that_is_silent_has_the_date_of_its_feed_and_its_own_goes_before() -> None:
    dates = []
    for text in (page(MENU, TITLE), page(MENU, TITLE, "Publié le 12 novembre 2024 à 10h15")):
        raw = RawRecord(
            container="c",
            position="0",
            raw_path="c/p.txt",
            payload=text.encode(),
            media_type="text/plain",
            fetched_at=datetime(2024, 11, 25, 10, tzinfo=UTC),
            feed_date="2024-11-20T08:15Z",
        )
        outcome = extract_article(raw, min_chars=50)
        assert isinstance(outcome, Article)
        assert outcome.published is not None
        dates.append((outcome.published.at.day, outcome.published.precision, outcome.published.source))
    assert dates == [(20, "minute", "feed"), (12, "minute", "text")]
