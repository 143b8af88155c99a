import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.names_model import TRAINED_LANGUAGES
from tasks.enrich.recognisers import load_recogniser
from tasks.enrich.spans import SAME_DOCUMENT
from tasks.records.article import Mention, Recogniser
from tasks.records.errors import UsageError

GAZETTEERS = Path(__file__).parents[2] / "config" / "gazetteers"
LANGUAGES = ("ar", "fr", "es", "en", "de", "zh", "und")
PIECES = (
    *(
        "Paris",
        "M. ",
        "Mme ",
        "Jean-Claude ",
        "Dupont",
        "le président ",
        "de l'",
        "Maroc",
        "DGSN",
        "\n",
        ", ",
        ". ",
        "(",
    ),
    *("السيد ", "محمد ", "بن ", "المغرب", "بالمغرب", "وطنجة", "للأردن", "طَنْجَة", "طـنـجـة", ")", " ", "  ", "東京", "É"),
    *("\u200d", "\u200f", "🎉", "e\u0301", "İ", "ß"),
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join)


@pytest.fixture(scope="session", params=["lexicon", "trained"])
def recogniser(request: pytest.FixtureRequest) -> Recogniser:
    """The lexicons alone, then beside the models that ship."""
    return load_recogniser(GAZETTEERS, tuple((code, request.param) for code in TRAINED_LANGUAGES))


def found(recogniser: Recogniser, text: str, language: str) -> list[tuple[str, str]]:
    return [(mention.type, mention.surface) for mention in recogniser.find_mentions(text, language=language)]


def test_countries_are_found_in_the_language_of_the_text(recogniser: Recogniser) -> None:
    assert found(recogniser, "Entre le Maroc et l'Espagne, dit-on.", "fr") == [("LOC", "Maroc"), ("LOC", "Espagne")]
    assert found(recogniser, "La visita a Marruecos y Alemania.", "es") == [("LOC", "Marruecos"), ("LOC", "Alemania")]
    assert found(recogniser, "Die Reise nach Marokko und Spanien.", "de") == [("LOC", "Marokko"), ("LOC", "Spanien")]


@pytest.mark.parametrize(
    ("text", "language", "due"),
    [
        ("Ayer el Gobierno habló y el Congreso calló.", "es", ["Gobierno", "Congreso"]),
        ("El Gobierno dijo que no. El puente se abre hoy.", "es", ["Gobierno"]),
        ("Ayer no habló el Gobierno. Nadie dijo nada.", "es", ["Gobierno"]),
        ("Ayer el Consejo decidió. Consejo práctico: beba agua.", "es", ["Consejo"]),
        ("Later that day the Senate voted against the bill.", "en", ["Senate"]),
        ("Hier le Parlement a siégé.", "fr", ["Parlement"]),
        # The first word of a sentence, a small letter: nothing says that it is a name.
        ("Gobierno y vecinos pagan.", "es", []),
        ("Ayer el gobierno habló.", "es", []),
    ],
)
def test_a_common_noun_with_a_capital_inside_a_sentence_is_a_body(
    recogniser: Recogniser, text: str, language: str, due: list[str]
) -> None:
    assert found(recogniser, text, language) == [("ORG", surface) for surface in due]


def test_a_family_name_that_is_a_common_noun_stays_a_person(recogniser: Recogniser) -> None:
    text = "El general Alfonso Armada fue condenado. Años después Armada recibió el indulto."
    assert found(recogniser, text, "es")[-1] == ("PER", "Armada")


@pytest.mark.parametrize(
    ("text", "language", "due"),
    [
        ("Le monde change vite. Hier Le Monde l'a écrit.", "fr", ["Le Monde"]),
        ("El país crece. Ayer lo publicó El País en portada.", "es", ["El País"]),
        ("White house paint is cheap. Later the White House said so.", "en", ["White House"]),
        ("Fue la voz de Galicia en Madrid. Lo publica La Voz de Galicia.", "es", ["La Voz de Galicia"]),
        ("Selon l'organisation mondiale de la santé.", "fr", ["organisation mondiale de la santé"]),
        ("Selon les Nations Unies et les Nations unies.", "fr", ["Nations Unies", "Nations unies"]),
    ],
)
def test_common_words_at_the_beginning_of_a_sentence_are_no_name_that_is_written_with_capitals(
    recogniser: Recogniser, text: str, language: str, due: list[str]
) -> None:
    assert [surface for type_, surface in found(recogniser, text, language) if type_ == "ORG"] == due


@pytest.mark.parametrize(
    ("text", "language", "due"),
    [
        ("Ayer el Congreso y el Ayuntamiento de Lodosa callaron.", "es", ["Congreso", "Ayuntamiento de Lodosa"]),
        ("The Ministry of Culture and the Arts closed the hall.", "en", ["Ministry of Culture and the Arts"]),
        ("Le ministère de l'Économie et des Finances a répondu.", "fr", ["ministère de l'Économie et des Finances"]),
    ],
)
def test_an_article_after_and_begins_another_name(
    recogniser: Recogniser, text: str, language: str, due: list[str]
) -> None:
    assert [surface for type_, surface in found(recogniser, text, language) if type_ == "ORG"] == due


def test_a_country_name_of_another_language_is_no_country(recogniser: Recogniser) -> None:
    assert found(recogniser, "Il habite rue Marruecos.", "fr") == []


def test_arabic_clitics_stay_outside_the_span(recogniser: Recogniser) -> None:
    text = "زار الوفد بالمغرب مدن الشمال وطنجة ثم عاد للأردن"
    mentions = recogniser.find_mentions(text, language="ar")
    assert [(m.surface, m.name) for m in mentions] == [("المغرب", "المغرب"), ("طنجة", "طنجة"), ("لأردن", "الأردن")]


def test_vowel_marks_and_tatweel_do_not_hide_a_city(recogniser: Recogniser) -> None:
    assert found(recogniser, "مدينة طَنْجَة في الشمال", "ar") == [("LOC", "طَنْجَة")]
    assert found(recogniser, "مدينة طـنـجـة في الشمال", "ar") == [("LOC", "طـنـجـة")]


def test_a_city_is_no_body_whatever_a_model_says(recogniser: Recogniser) -> None:
    text = "The carrier left Algeciras on Sunday evening. Corona Borealis is bound for Rotterdam with phosphate."
    assert {("LOC", "Algeciras"), ("LOC", "Rotterdam")} <= set(found(recogniser, text, "en"))


def test_a_city_of_several_words_is_not_cut(recogniser: Recogniser) -> None:
    text = "ووقع الاختيار على موانئ طنجة والجزيرة الخضراء وبيروت لتجريب السجل الجديد مدة ثمانية عشر شهرا."
    assert ("LOC", "الجزيرة الخضراء") in found(recogniser, text, "ar")
    assert ("LOC", "بيروت") in found(recogniser, text, "ar")


def test_a_common_word_is_no_name_to_the_lexicons() -> None:
    assert found(load_recogniser(GAZETTEERS, ()), "Nice to meet you, Reading is fun.", "en") == []


def test_a_common_word_is_no_city(recogniser: Recogniser) -> None:
    assert "LOC" not in dict(found(recogniser, "Nice to meet you, Reading is fun.", "en"))
    assert found(recogniser, "كان ليل المدينة طويلا", "ar") == []


def test_a_city_inside_a_longer_name_is_no_place(recogniser: Recogniser) -> None:
    assert ("LOC", "Houston") not in found(recogniser, "Last night the Houston Rockets lost.", "en")


def test_title_gives_a_person_and_stays_outside(recogniser: Recogniser) -> None:
    assert found(recogniser, "Ainsi, M. Karim El Fassi a parlé.", "fr") == [("PER", "Karim El Fassi")]
    assert found(recogniser, "Según el presidente Quiroga, no.", "es") == [("PER", "Quiroga")]
    assert found(recogniser, "It was said by Mrs. Oakhurst today.", "en") == [("PER", "Oakhurst")]


def test_arabic_title_gives_a_person(recogniser: Recogniser) -> None:
    assert found(recogniser, "وقال السيد كريم الفاسي في كلمته", "ar") == [("PER", "كريم الفاسي")]


def test_arabic_name_ends_before_a_verb(recogniser: Recogniser) -> None:
    assert found(recogniser, "الدكتور سمير بن علي طرفاوي أكد ذلك", "ar") == [("PER", "سمير بن علي طرفاوي")]


def test_name_between_commas_after_a_role_is_a_person(recogniser: Recogniser) -> None:
    text = "Le directeur général de la caisse, Yvo Tarnier, a ouvert la séance."
    assert found(recogniser, text, "fr") == [("PER", "Yvo Tarnier")]


def test_family_name_alone_is_the_person_named_before(recogniser: Recogniser) -> None:
    text = "M. Karim Tarnaoui préside. Le soir, Tarnaoui est parti."
    assert found(recogniser, text, "fr") == [("PER", "Karim Tarnaoui"), ("PER", "Tarnaoui")]


def test_organisations_are_found_by_name_and_acronym(recogniser: Recogniser) -> None:
    text = "L'Organisation mondiale de la santé (OMS) et Interpol."
    expected = [("ORG", "Organisation mondiale de la santé"), ("ORG", "OMS"), ("ORG", "Interpol")]
    assert found(recogniser, text, "fr") == expected


def test_acronym_defined_in_brackets_is_found_again(recogniser: Recogniser) -> None:
    text = "L'Institut national de Topographie (INTX) publie. Selon l'INTX, rien."
    assert [surface for _, surface in found(recogniser, text, "fr")][1:] == ["INTX", "INTX"]


def test_who_in_small_letters_is_no_organisation(recogniser: Recogniser) -> None:
    assert found(recogniser, "the man who came; WHO IS WHO", "en") == []


def test_the_dot_of_initials_and_abbreviations_belongs_to_the_name(recogniser: Recogniser) -> None:
    assert found(recogniser, "Entre EE.UU. y Alemania, nada.", "es") == [("LOC", "EE.UU."), ("LOC", "Alemania")]
    assert ("LOC", "Mexico") in found(recogniser, "He went to Mexico. Then he left.", "en")


def test_a_dateline_in_capitals_is_a_place(recogniser: Recogniser) -> None:
    assert found(recogniser, "RABAT (Reuters) - The king met envoys.", "en") == [("LOC", "RABAT"), ("ORG", "Reuters")]


def test_missing_gazetteer_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"places\.yaml"):
        LexiconRecogniser.load(tmp_path)


def is_sound(text: str, mentions: list[Mention]) -> bool:
    ends = [0, *(mention.end_char for mention in mentions)]
    pairs = list(zip(mentions, ends, strict=False))
    return all(text[m.start_char : m.end_char] == m.surface != "" and m.start_char >= end for m, end in pairs)


@settings(max_examples=300, deadline=None)
@given(
    text=TEXTS,
    language=st.sampled_from(LANGUAGES),
)
def test_surface_is_the_text_between_the_offsets(recogniser: Recogniser, text: str, language: str) -> None:
    mentions = recogniser.find_mentions(text, language=language)
    assert is_sound(text, mentions)
    assert mentions == recogniser.find_mentions(text, language=language)


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4), language=st.sampled_from(("ar", "fr", "es", "en")))
def test_paragraphs_are_read_alike_alone_and_among_others(
    recogniser: Recogniser, texts: list[str], language: str
) -> None:
    """Up to what a document says of its own names: that comes after, and only adds."""
    text = "\n".join(texts)
    mentions = recogniser.find_mentions(text, language=language)
    assert is_sound(text, mentions)
    at = 0
    for line in text.split("\n"):
        alone = recogniser.find_mentions(line, language=language)
        named = {(m.start_char + at, m.end_char + at, m.type) for m in alone if m.score != SAME_DOCUMENT.score}
        assert named <= {(m.start_char, m.end_char, m.type) for m in mentions}
        at += len(line) + 1


@pytest.mark.parametrize("piece", ["M. Jean-", "محمد بن ", "Université de ", "Paris de la ", "A, ", "x"])
def test_time_grows_with_the_text_and_not_faster(recogniser: Recogniser, piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        begin = time.process_time()
        for language in ("fr", "ar"):
            recogniser.find_mentions(text, language=language)
        return time.process_time() - begin

    # Ten times the text in less than thirty times the time: quadratic would be a hundred.
    assert seconds(100_000) < 30 * max(seconds(10_000), 0.01)


def test_form_of_address_that_is_a_given_name_elsewhere_stays_outside(recogniser: Recogniser) -> None:
    assert found(recogniser, "Don Andrés Belmonte nos recibió.", "es") == [("PER", "Andrés Belmonte")]


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_elided_article_does_not_make_a_town_of_half_a_name(recogniser: Recogniser, apostrophe: str) -> None:
    assert found(recogniser, f"L{apostrophe}Union européenne paiera.", "fr") == [("ORG", "Union européenne")]
