"""Hostile texts in the enrich stage: bounded time, offsets that hold, and the names beside them found."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from config.settings import GAZETTEERS, Settings
from tasks.enrich.language import detect_language
from tasks.enrich.recognisers import load_recogniser
from tasks.records.article import Mention
from tests.memory import peak_kib, peak_kib_from_here
from tests.pace import within

# So much common prose takes 0.8 s on a quiet core, the dearest of these 2.2 s; a quadratic rule takes hours.
BOUND_S = 15
N_CHARS = 500_000
FAMILY, FLAG, BROKEN = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1f2\U0001f1e6", "\ud83d"


def filled(piece: str) -> str:
    """A text of N_CHARS characters of one piece."""
    return (piece * (N_CHARS // len(piece) + 1))[:N_CHARS]


HOSTILE: dict[str, Callable[[], str]] = {
    "one paragraph": lambda: filled("The minister spoke in Casablanca of the Bank of England and of Angela Merkel. "),
    "one word": lambda: filled("a"),
    "one capital word": lambda: filled("A"),
    "one Arabic word": lambda: filled("محمد"),
    "a capital letter a word": lambda: filled("A "),
    "initials": lambda: filled("J. "),
    "given names": lambda: filled("Maria "),
    "given names and particles": lambda: filled("Maria de la "),
    "titles": lambda: filled("Mr. Dr. Prof. Mme "),
    "roles": lambda: filled("président directeur ministre "),
    "roles and commas": lambda: filled("le ministre, Abdellatif, "),
    "Arabic roles": lambda: filled("رئيس الوزراء وزير الخارجية "),
    "Arabic given names": lambda: filled("محمد عبد الله بن "),
    "clitics": lambda: filled("وبالمغرب وللمغرب فبالرباط "),
    "heads of organisations": lambda: filled("Ministry of "),
    "heads and linkers": lambda: filled("Université de la "),
    "cores": lambda: filled("University United FC "),
    "acronyms defined": lambda: filled("United Nations Organization (UNO) "),
    "open brackets": lambda: filled("Bank ("),
    "cities": lambda: filled("New York Paris Rabat "),
    "beginnings of names": lambda: filled("New "),
    "emoji": lambda: filled(FAMILY),
    "emoji between letters": lambda: filled(f"Paris{FLAG}{FAMILY} "),
    "joiners in words": lambda: filled("Ra\u200db\u200cat "),
    "tatweel": lambda: filled("المـــــــغرب "),
    "vowel marks": lambda: filled("مُحَمَّدٌ "),
    "one letter under many marks": lambda: filled("\u064b"),
    "directions": lambda: filled("\u202eParis\u202c الرباط \u200fLondon "),
    "lone surrogates": lambda: filled(f"Paris {BROKEN}"),
    "digits": lambda: filled("1234567890 "),
    "lines": lambda: filled("a\n"),
    "empty lines": lambda: filled("\n"),
    "Chinese without a space": lambda: filled("中华人民共和国北京市"),
    "Thai without a space": lambda: filled("กรุงเทพมหานคร"),
    "apostrophes": lambda: filled("l'"),
    "hyphens": lambda: filled("Jean-"),
}
BESIDE = "Angela Merkel"
CHOICES = Settings().recogniser_choices


def mentions_of(text: str) -> list[Mention]:
    return load_recogniser(GAZETTEERS, CHOICES).find_mentions(text, language=detect_language(text).language)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_read_in_bounded_time_and_its_offsets_hold(name: str) -> None:
    text = HOSTILE[name]()
    with within(BOUND_S):
        mentions = mentions_of(text)
    assert [mention.surface for mention in mentions] == [text[m.start_char : m.end_char] for m in mentions]
    ends = [0, *(mention.end_char for mention in mentions)]
    assert all(end <= mention.start_char < mention.end_char for end, mention in zip(ends, mentions, strict=False))


# A megabyte in one paragraph and one sentence, of as many distinct words as will fit, in each language with a model.
MEGABYTE = 1_000_000
LONG = {
    "en": lambda: " ".join(f"Angela Merkel met w{number}" for number in range(60_000)),
    "fr": lambda: " ".join(f"M. Karim Tarnaoui a vu X{number}" for number in range(60_000)),
    "es": lambda: " ".join(f"la ciudad de Ñ{number} y Lima" for number in range(60_000)),
    "ar": lambda: " ".join(f"زار محمد بن علي المغرب ك{number}" for number in range(60_000)),
}


@pytest.mark.parametrize("language", LONG)
def test_a_megabyte_in_one_sentence_takes_linear_time_and_bounded_memory(language: str) -> None:
    recogniser = load_recogniser(GAZETTEERS, CHOICES)
    text = LONG[language]()[:MEGABYTE]
    recogniser.find_mentions(text[:1_000], language=language)
    before_kib = peak_kib_from_here()
    with within(BOUND_S):
        mentions = recogniser.find_mentions(text, language=language)
    assert peak_kib() - before_kib < 250_000
    assert all(text[m.start_char : m.end_char] == m.surface != "" for m in mentions)
    assert all(one.end_char <= other.start_char for one, other in pairwise(mentions))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("language", ["ar", "en", "es", "fr"])
def test_every_model_reads_hostile_texts_whatever_their_language(name: str, language: str) -> None:
    text = HOSTILE[name]()[:20_000]
    mentions = load_recogniser(GAZETTEERS, CHOICES).find_mentions(text, language=language)
    assert all(text[m.start_char : m.end_char] == m.surface != "" and 0 <= m.score <= 1 for m in mentions)
    assert all(one.end_char <= other.start_char for one, other in pairwise(mentions))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_in_a_line_of_its_own_is_found_behind_a_hostile_text(name: str) -> None:
    before = f"{HOSTILE[name]()[:5_000]}.\n"
    text = f"{before}The chancellor {BESIDE} met the president in Berlin on Monday, her office said in the evening."
    found = [mention for mention in load_recogniser(GAZETTEERS, CHOICES).find_mentions(text, language="en")]
    assert any(m.name == BESIDE and m.type == "PER" and m.start_char == text.rindex(BESIDE) for m in found)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_language_of_a_hostile_text_is_a_code_with_shares_that_add_up(name: str) -> None:
    text = HOSTILE[name]()
    with within(BOUND_S):
        guess = detect_language(text)
    assert guess.language.isalpha()
    assert guess.score is None or 0 < guess.score <= 1
    assert sum(share for _, share in guess.shares) == pytest.approx(1, abs=0.01)
