"""Training recognisers of names: the same sentences give the same bytes, and what is read is what was marked."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.names.cards import to_licence
from benchmarks.names.corpora import Sentence, gold_spans, to_sentence, with_other_names
from benchmarks.names.recipes import CORPORA, NON_COMMERCIAL, RECIPES, corpora_of
from benchmarks.names.scoring import score
from benchmarks.names.training import Penalties, mean_of, to_chains, train
from config.settings import GAZETTEERS
from tasks.enrich.likeness import KINDS, N_WEIGHTS
from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.name_weights import Weights
from tasks.enrich.names_model import NamesModel, StackedRecogniser

NO_LETTERS = np.zeros((len(KINDS), N_WEIGHTS), dtype=np.int8)
TAGS = ["O", "B-PER", "I-PER", "O", "O", "B-LOC", "O"]
ROWS = [
    {"tokens": ["Then", person, "Zorvath", "went", "to", place, "."], "tags": TAGS}
    for person, place in [("Belmo", "Trivald"), ("Karina", "Oskgrad"), ("Willem", "Pontmere"), ("Aldous", "Trivald")]
] * 3


def sentences() -> list[Sentence]:
    return [to_sentence(row) for row in ROWS]


def weights_of(lexicon: LexiconRecogniser) -> Weights:
    chains = to_chains(sentences(), lexicon, "en", NO_LETTERS)
    return train(chains, "en", Penalties(iterations=20, least_sentences=1), NO_LETTERS)


@pytest.fixture(scope="module")
def lexicon() -> LexiconRecogniser:
    return LexiconRecogniser.load(GAZETTEERS)


def test_the_same_sentences_give_the_same_bytes(lexicon: LexiconRecogniser, tmp_path: Path) -> None:
    for name in ("one", "other"):
        weights_of(lexicon).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_trained_model_finds_unseen_names_where_names_stood(lexicon: LexiconRecogniser) -> None:
    recogniser = StackedRecogniser(lexicon, NamesModel(weights_of(lexicon), "en"))
    unseen = to_sentence(
        {"tokens": ["Then", "Jorunn", "Zorvath", "went", "to", "Gelmar", "."], "tags": ROWS[0]["tags"]}
    )
    assert score(recogniser, [unseen], "en")["ALL"] == pytest.approx((1, 1, 1))


def test_the_mean_of_a_model_and_itself_is_the_model(lexicon: LexiconRecogniser) -> None:
    weights = weights_of(lexicon)
    mean = mean_of(weights, weights)
    np.testing.assert_array_equal(mean.features, weights.features)
    np.testing.assert_allclose(mean.values * mean.about["scale"], weights.values * weights.about["scale"], atol=1e-3)


def test_marked_names_are_spans_of_the_joined_tokens() -> None:
    tokens, tags = ["In", "New", "York", "Times", "MISC"], ["O", "B-LOC", "I-LOC", "B-ORG", "B-MISC"]
    assert list(gold_spans(tokens, tags)) == [(3, 11, "LOC"), (12, 17, "ORG")]
    assert to_sentence({"tokens": tokens, "tags": tags}).labels() == ["O", "B-LOC", "I-LOC", "B-ORG", "O"]


def test_copies_under_other_names_keep_their_tags_and_change_names_alone() -> None:
    copies = with_other_names(ROWS, ["Xavia"], ["Ymir"], seed=1)
    assert copies == with_other_names(ROWS, ["Xavia"], ["Ymir"], seed=1)
    for copy in copies:
        assert copy["tags"] == ROWS[0]["tags"]
        outside = [token for token, tag in zip(copy["tokens"], copy["tags"], strict=True) if tag == "O"]
        assert outside == ["Then", "went", "to", "."]
        assert {"Xavia", "Ymir"} & set(copy["tokens"])


def test_no_permissive_model_is_trained_on_data_for_non_commercial_use() -> None:
    for recipe in RECIPES:
        licences = {CORPORA[".".join(name.split(".")[:2])][1] for name in corpora_of(recipe)}
        assert (NON_COMMERCIAL in licences) == (recipe.licence == NON_COMMERCIAL), recipe
        assert not (recipe.is_permissive and NON_COMMERCIAL in licences)


def test_no_model_reads_its_own_block() -> None:
    for recipe in RECIPES:
        block = recipe.block
        parts = [part for training in recipe.trainings for part in (*training.parts, *training.renamed)]
        for part in (*parts, *recipe.words_of):
            ends = [(part.first, part.end or 10**9), (block.first, block.end or 10**9)]
            apart = ends[0][1] <= ends[1][0] or ends[1][1] <= ends[0][0]
            assert part.file != block.file or apart, recipe


def test_the_licence_file_names_every_model() -> None:
    assert to_licence().count(".npz") == len(RECIPES)
