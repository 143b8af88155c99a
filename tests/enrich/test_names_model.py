"""Names by trained models: files that are missing or broken, texts read once, and sums that agree with training."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from config.settings import GAZETTEERS
from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.name_features import LABELS, WordFeatures, sentence_features, span_codes, units_of
from tasks.enrich.name_weights import Weights
from tasks.enrich.names_model import (
    MAX_KNOWN_WORDS,
    TRAINED_LANGUAGES,
    NamesModel,
    StackedRecogniser,
    describe_words,
    model_path,
)
from tasks.enrich.spans import without_overlaps
from tasks.enrich.viterbi import best_labels
from tasks.lexicons.words import Words
from tasks.records.errors import UsageError

FRENCH = "M. Karim Tarnaoui préside la Société Volmar à Lyon.\nSelon Élise Marchetti, l'usine de Volmar fermera en mai."
ARABIC = "قال السيد كريم الفاسي إن الوفد زار بالمغرب مدينة طنجة ثم عاد للأردن (رويترز)."
ENGLISH = "RABAT (Agency) - The Norvale Bank of Leeds, said Ann O'Dell, \"will close 12 offices\" in St. Mary's. WHO IS"


@pytest.fixture(scope="module")
def lexicon() -> LexiconRecogniser:
    return LexiconRecogniser.load(GAZETTEERS)


def stacked(lexicon: LexiconRecogniser, language: str) -> StackedRecogniser:
    return StackedRecogniser(lexicon, NamesModel.load(model_path(language), language))


Array = npt.NDArray[Any]


def chain_score(emissions: Array, transitions: Array, labels: Array) -> float:
    inside = sum(float(transitions[a, b]) for a, b in pairwise(labels))
    return inside + sum(float(emissions[i, label]) for i, label in enumerate(labels))


@pytest.mark.parametrize("language", TRAINED_LANGUAGES)
def test_models_of_every_language_load_and_find_names(lexicon: LexiconRecogniser, language: str) -> None:
    text = {"ar": ARABIC, "fr": FRENCH, "en": ENGLISH, "es": "El presidente Ramiro Belmonte viajó a Lima."}[language]
    assert stacked(lexicon, language).find_mentions(text, language=language)


@pytest.mark.parametrize(("language", "text"), [("fr", FRENCH), ("ar", ARABIC), ("en", ENGLISH)])
def test_scores_are_the_sums_of_the_features_that_training_reads(
    lexicon: LexiconRecogniser, language: str, text: str
) -> None:
    model = NamesModel.load(model_path(language), language)
    profile, words = lexicon.language_words(language), Words(text)
    codes = span_codes(without_overlaps(lexicon.rule_spans(words, profile), taken=[False] * len(words)), len(words))

    def describe(surfaces: Sequence[str], keys: Sequence[str]) -> list[WordFeatures]:
        return describe_words(surfaces, keys, lexicon, profile, model.weights.letters)

    features = describe(words.surfaces, words.keys)
    units = units_of(words)
    summed = [
        model.weights.of(row).sum(axis=0) for unit in units for row in sentence_features(words, unit, codes, features)
    ]
    np.testing.assert_allclose(model.emissions(words, units, codes, describe), np.array(summed), atol=1e-3)


def test_the_best_chain_is_the_best_of_all() -> None:
    dice = np.random.default_rng(3)
    transitions = dice.normal(size=(3, 3)).astype(np.float32)
    lengths = np.array([4, 1, 5, 2])
    emissions = dice.normal(size=(12, 3)).astype(np.float32)
    found = best_labels(emissions, transitions, lengths)
    for begin, length in zip(np.cumsum(lengths) - lengths, lengths, strict=True):
        own = emissions[begin : begin + length]
        chains = np.array(np.meshgrid(*[range(3)] * length)).reshape(length, -1).T
        best = max(chain_score(own, transitions, chain) for chain in chains)
        assert chain_score(own, transitions, found[begin : begin + length]) == pytest.approx(best, abs=1e-5)


def test_a_paragraph_read_before_is_not_read_again(lexicon: LexiconRecogniser) -> None:
    recogniser = stacked(lexicon, "fr")
    first, second = FRENCH.split("\n")
    whole = recogniser.find_mentions(FRENCH, language="fr")
    n_words = recogniser.n_words_read
    assert n_words == len(Words(FRENCH))
    again = recogniser.find_mentions(f"Une ligne nouvelle.\n{second}\n{second}", language="fr")
    assert recogniser.n_words_read == n_words + 3
    theirs = [mention.surface for mention in whole if mention.start_char > len(first)]
    assert [mention.surface for mention in again] == theirs * 2


def test_what_was_read_before_does_not_change_what_is_found(lexicon: LexiconRecogniser) -> None:
    used = stacked(lexicon, "fr")
    for text in (FRENCH.split("\n")[1], "Karim Tarnaoui", FRENCH):
        used.find_mentions(text, language="fr")
    text = f"{FRENCH}\nTarnaoui est parti."
    assert used.find_mentions(text, language="fr") == stacked(lexicon, "fr").find_mentions(text, language="fr")


def test_what_is_kept_of_words_and_paragraphs_is_bounded(lexicon: LexiconRecogniser) -> None:
    recogniser = stacked(lexicon, "en")
    for start in range(0, 3 * MAX_KNOWN_WORDS, 10_000):
        text = " ".join(f"Word{number}x" for number in range(start, start + 10_000))
        recogniser.find_mentions(text, language="en")
        assert recogniser.n_words_known <= MAX_KNOWN_WORDS
        assert recogniser.n_chars_kept <= 2_000_000


def write_nothing(path: Path) -> None:
    path.unlink(missing_ok=True)


def write_text(path: Path) -> None:
    path.write_text("no model")


def write_half(path: Path) -> None:
    whole = model_path("fr").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def write_other_shape(path: Path) -> None:
    about = {"format": 1, "language": "fr", "labels": LABELS, "scale": 1.0}
    nothing = np.zeros((2, 2), dtype=np.float32)
    Weights(np.array([1], np.uint32), np.zeros((1, 2), np.int16), nothing, np.zeros((2, 3), np.int8), about).save(path)


def write_other_language(path: Path) -> None:
    path.write_bytes(model_path("es").read_bytes())


@pytest.mark.parametrize("write", [write_nothing, write_text, write_half, write_other_shape, write_other_language])
def test_a_missing_or_broken_model_is_a_sentence_with_a_remedy(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "names.fr.npz"
    write(path)
    with pytest.raises(UsageError, match=rf"^fr: .*{re.escape(str(path))}.*make models.*lexicon") as caught:
        NamesModel.load(path, "fr")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_the_same_weights_are_written_as_the_same_bytes(tmp_path: Path) -> None:
    weights = NamesModel.load(model_path("ar"), "ar").weights
    weights.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == model_path("ar").read_bytes()


def test_all_models_together_take_less_than_15_mb() -> None:
    assert sum(path.stat().st_size for path in model_path("ar").parent.iterdir()) < 15_000_000
