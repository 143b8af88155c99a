"""Over one text every person and organisation carries one form of its name: the fullest that the text has."""

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import GAZETTEERS
from tasks.enrich.joined_names import join_names
from tasks.lexicons.titles import load_titles, titles_of
from tasks.records.article import EntityType, Mention
from tests.pace import within

# [P:name] marks a mention of a person, [O:name] of an organisation, [L:name] of a place.
MARKED = re.compile(r"\[([POL]):([^\]]*)\]")
TYPES: dict[str, EntityType] = {"P": "PER", "O": "ORG", "L": "LOC"}


def read(marked: str) -> tuple[str, list[Mention]]:
    """A text and its mentions."""
    text, mentions, at = "", [], 0
    for found in MARKED.finditer(marked):
        text += marked[at : found.start()]
        surface = found.group(2)
        name = " ".join(surface.split())
        start, end = len(text), len(text) + len(surface)
        type_ = TYPES[found.group(1)]
        mentions.append(Mention(type=type_, name=name, surface=surface, start_char=start, end_char=end, score=0.9))
        text += surface
        at = found.end()
    return text + marked[at:], mentions


def joined(marked: str, language: str) -> list[str]:
    """The names of the mentions of a marked text, in its order."""
    text, mentions = read(marked)
    titles = titles_of(load_titles(GAZETTEERS), language)
    return [mention.name for mention in join_names(text, mentions, language=language, titles=titles)]


FULL = "Abdellatif Kettouni"


@pytest.mark.parametrize("bare", ["Kettouni", "KETTOUNI", "Al-Kettouni", "El Kettouni", "Ketouni", "A. Kettouni"])
def test_a_family_name_alone_is_the_one_person_of_that_family(bare: str) -> None:
    assert joined(f"[P:{FULL}] est arrivé. Selon M. [P:{bare}], rien ne presse.", "fr") == [FULL, FULL]


def test_the_full_name_may_stand_after_the_bare_one() -> None:
    assert joined("[P:Delvaux] a gagné. C'est la première fois que [P:Jeanne Delvaux] court.", "fr") == [
        "Jeanne Delvaux",
        "Jeanne Delvaux",
    ]


@pytest.mark.parametrize(
    ("full", "bare", "language"),
    [
        ("عبد اللطيف الكتوني", "الكتوني", "ar"),
        ("عبد اللطيف الكتوني", "كتوني", "ar"),
        ("زين العابدين بن علي", "بن علي", "ar"),
        ("Zine El Abidine Ben Ali", "Ben Ali", "fr"),
        ("Charles de Gaulle", "de Gaulle", "fr"),
        ("Marine Le Pen", "Le Pen", "fr"),
        ("Martin Luther King Jr.", "King", "en"),
        ("Conan O'Brien", "O'Brien", "en"),
        ("Donald J. Trump", "Trump", "en"),
        ("Donald J. Trump", "Donald Trump", "en"),
        ("Donald John Trump", "Donald J. Trump", "en"),
        ("John Fitzgerald Kennedy", "J. F. Kennedy", "en"),
        ("Benjamin Odukale", "B. U. Odukale", "en"),
        ("Mohammed Ben Ali Rouas", "Rouas", "fr"),
        ("Gabriel García Márquez", "García Márquez", "es"),
        ("Gabriel García Márquez", "García", "es"),
        ("Mariano Rajoy Brey", "Mariano Rajoy", "es"),
        ("Mariano Rajoy Brey", "Rajoy", "es"),
        ("Vincent van Gogh", "Gogh", "en"),
        ("Antoine de Saint-Exupéry", "Saint-Exupéry", "fr"),
        ("José Núñez", "NUNEZ", "es"),
    ],
)
def test_a_shorter_form_gets_the_fuller_one(full: str, bare: str, language: str) -> None:
    assert joined(f"[P:{full}] / [P:{bare}]", language) == [full, full]
    assert joined(f"[P:{bare}] / [P:{full}]", language) == [full, full]


@pytest.mark.parametrize(
    ("names", "language"),
    [
        (["Fatima Bouazza", "Karim Bouazza", "Bouazza"], "fr"),
        (["Mohammed VI", "Mohammed Ben Ali Rouas", "Mohammed"], "fr"),
        (["محمد السادس", "محمد بن علي رواسي", "محمد"], "ar"),
        (["Karim Mohammed", "Mohammed VI", "Mohammed"], "fr"),
        (["خالد محمد", "محمد"], "ar"),
        (["Mohammed bin Salman", "Salman"], "en"),
        (["محمد بن سلمان بن عبد العزيز", "محمد بن عبد العزيز", "سلمان بن عبد العزيز"], "ar"),
        (["George W. Bush", "George H. W. Bush", "George Bush", "Bush"], "en"),
        (["Donald Trump", "Donald Trump Jr.", "Trump"], "en"),
        (["Jean-Paul Sartre", "Paul Sartre"], "fr"),
        (["Abdellatif Kettouni", "Abdellatif"], "fr"),
        (["Abdellatif Kettouni", "B. Kettouni", "Kettouni"], "fr"),
        (["Ahmed Alaoui", "Ahmed Laraoui"], "fr"),
        (["Pedro Sánchez Pérez", "Luis Pérez Gil", "Pérez"], "es"),
        (["Juan Carlos Ferrero", "Juan Carlos"], "es"),
        (["Abdellatif Kettouni", "عبد اللطيف الكتوني"], "fr"),
    ],
)
def test_in_doubt_names_stay_apart(names: list[str], language: str) -> None:
    marked = " / ".join(f"[P:{name}]" for name in names)
    assert joined(marked, language) == names


def test_spellings_of_one_full_name_are_the_most_frequent_one() -> None:
    marked = "[P:Abdelatif Kettouni], [P:Abdellatif Kettouni], [P:Abdellatif Kettouni], [P:ABDELLATIF KETTOUNI]"
    assert joined(marked, "fr") == [FULL] * 4


def test_a_compound_given_name_is_one_however_it_is_spaced() -> None:
    assert joined("[P:عبد اللطيف الكتوني] [P:عبداللطيف الكتوني]", "ar") == ["عبد اللطيف الكتوني"] * 2
    assert joined("[P:Gamal Abd el Nasser] [P:Gamal Abdel Nasser]", "fr") == ["Gamal Abd el Nasser"] * 2


def test_the_name_is_not_that_of_a_headline_in_capitals() -> None:
    assert joined("[P:ANA LOZANO] GANA. [P:Ana Lozano] ganó ayer; [P:Lozano] ríe.", "es") == ["Ana Lozano"] * 3


def test_a_title_inside_a_mention_is_no_part_of_the_name() -> None:
    assert joined("[P:Mme Lina Bertrand] et [P:Mme Bertrand]", "fr") == ["Lina Bertrand"] * 2


def test_a_person_is_no_organisation_and_no_place() -> None:
    names = ["Ana Cortina", "Cortina", "Cortina", "Cortina"]
    assert joined("[P:Ana Cortina] [O:Cortina] [L:Cortina] [P:Cortina]", "es") == [*names[:3], "Ana Cortina"]


def test_the_article_that_a_clitic_swallowed_is_not_lost() -> None:
    text = "قال للكتوني"
    mention = Mention(type="PER", name="الكتوني", surface="كتوني", start_char=6, end_char=11, score=0.9)
    assert join_names(text, [mention], language="ar") == [mention]


def test_an_acronym_whose_article_a_clitic_swallowed_gets_its_long_form_too() -> None:
    text, mentions = read("[O:الشبكة الدولية للأنهار] ([O:الشبان]) ثم ل[O:لشبان]")
    mentions[2] = replace(mentions[2], name="الشبان")
    assert [mention.name for mention in join_names(text, mentions, language="ar")] == ["الشبكة الدولية للأنهار"] * 3


LONG = "Direction générale de la sûreté nationale"


@pytest.mark.parametrize(
    ("marked", "language", "long"),
    [
        (f"La [O:{LONG}] ([O:DGSN]) dit. La [O:DGSN] agit.", "fr", LONG),
        (f"La [O:DGSN] ([O:{LONG}]) agit. [O:D.G.S.N.]", "fr", LONG),
        ("L'[O:Organisation de coopération et de développement économiques] ([O:OCDE])", "fr", None),
        ("L'[O:Organisation du traité de l'Atlantique nord] (Otan) ; l'[O:Otan] et l'[O:OTAN].", "fr", None),
        ("El [O:Instituto Nacional de Estadística] (INE) publica. El [O:INE] dice.", "es", None),
        ("The [O:International Committee of the Red Cross] ([O:ICRC]) and the [O:ICRC]", "en", None),
        ("[O:Organization for Security and Co-operation in Europe] ([O:OSCE])", "en", None),
        ("[O:المديرية العامة للأمن الوطني] ([O:DGSN]) قالت [O:DGSN]", "ar", None),
        ("[O:DGSN] ([O:المديرية العامة للأمن الوطني])", "ar", "المديرية العامة للأمن الوطني"),
        ("[O:منظمة حلف شمال الأطلسي] ([O:ناتو]) ثم [O:ناتو]", "ar", None),
        ("The «[O:Central Bank of Freedonia]» ([O:CBF], in short): [O:CBF].", "en", None),
    ],
)
def test_an_acronym_gets_the_long_form_the_text_gives_it(marked: str, language: str, long: str | None) -> None:
    names = joined(marked, language)
    assert names == [long or names[0]] * len(names)
    assert " " in names[0]


def test_a_long_form_that_was_not_recognised_serves_too() -> None:
    marked = "L'Agence nationale des\u00a0ports (ANP) gère les quais. L'[O:ANP] recrute."
    assert joined(marked, "fr") == ["Agence nationale des ports"]


@pytest.mark.parametrize(
    "marked",
    [
        "Le [O:ministère de l'Intérieur] ([O:DGSN]) et la [O:DGSN]",
        "La [O:Caisse des marchés] ([O:CDM]). Le [O:Conseil des métiers] ([O:CDM]). [O:CDM]",
        "[O:DGSN]. Le ministère (de Rabat) et la [O:DGSN] (Rabat)",
        "Direction générale de la sûreté\nnationale ([O:DGSN])",
        "Le [O:ministère de la Santé] a parlé ; le [O:ministère] agit.",
    ],
)
def test_an_acronym_without_its_letters_stays(marked: str) -> None:
    assert joined(marked, "fr") == [name for _, name in MARKED.findall(marked)]


PIECES = st.sampled_from(
    [
        *(
            "Ali",
            "Hassan",
            "Karim",
            "Bouazza",
            "BOUAZZA",
            "Bouaza",
            "García",
            "Pérez",
            "Márquez",
            "O'Neil",
            "Al-",
            "El",
        ),
        *(
            "Ben",
            "Bin",
            "de",
            "VI",
            "Jr",
            "J.",
            "W.",
            "M.",
            "Mme",
            "DGSN",
            "Direction",
            "générale",
            "sûreté",
            "nationale",
        ),
        *(
            "عبد",
            "اللطيف",
            "الكتوني",
            "كتوني",
            "بن",
            "محمد",
            "علي",
            "السادس",
            "(",
            ")",
            "(DGSN)",
            "\u200f",
            "ـ",
            "\u0651",
        ),
    ]
)
NAMES = st.lists(PIECES, min_size=1, max_size=5).map(" ".join)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    parts=st.lists(st.tuples(NAMES, st.sampled_from(["PER", "ORG", "LOC", ""])), max_size=14),
    language=st.sampled_from(["ar", "fr", "es", "en", "und"]),
    order=st.randoms(use_true_random=False),
)
def test_only_names_change_whatever_the_order_and_once_is_enough(
    parts: list[tuple[str, EntityType]], language: str, order: random.Random
) -> None:
    text, mentions = "", []
    for surface, type_ in parts:
        if type_:
            end = len(text) + len(surface)
            mentions.append(
                Mention(type=type_, name=surface, surface=surface, start_char=len(text), end_char=end, score=0.5)
            )
        text += surface + order.choice([" ", ", ", "\n"])
    titles = titles_of(load_titles(GAZETTEERS), language)
    came = join_names(text, mentions, language=language, titles=titles)
    assert [replace(mention, name="") for mention in came] == [replace(mention, name="") for mention in mentions]
    assert all(text[mention.start_char : mention.end_char] == mention.surface for mention in came)
    assert join_names(text, came, language=language, titles=titles) == came
    shuffled = order.sample(mentions, len(mentions))
    again = join_names(text, shuffled, language=language, titles=titles)
    assert sorted(again, key=lambda mention: mention.start_char) == came


# So many mentions take 1 to 4 s, most of it reading different names one by one; the square of them takes an hour.
BOUND_S = 30
N_MENTIONS = 30_000
MANY: dict[str, Callable[[int], str]] = {
    "one family": lambda number: f"Nom{number} Bouazza",
    "one given and family name": lambda number: f"Karim Nom{number} Bouazza",
    "long names of one beginning": lambda number: f"Ana Maria Luz Sol Paz {number} García Pérez",
    "initials": lambda number: f"K. Nom{number} Bouazza",
    "family names alone": lambda number: f"Nom{number}",
    "acronyms": lambda number: "DGSN",
}


@pytest.mark.parametrize("kind", MANY)
def test_many_mentions_take_linear_time(kind: str) -> None:
    type_ = "O" if kind == "acronyms" else "P"
    unit = " (" + LONG + ")" if type_ == "O" else ""
    text, mentions = read(" ".join(f"[{type_}:{MANY[kind](number)}]{unit}" for number in range(N_MENTIONS)))
    with within(BOUND_S):
        assert len(join_names(text, mentions, language="es")) == N_MENTIONS
