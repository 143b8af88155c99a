"""Train the weights of a recogniser of names on sentences, with CRFsuite."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pycrfsuite

from benchmarks.names.corpora import Sentence
from tasks.enrich.name_features import (
    LABELS,
    sentence_features,
    span_codes,
    units_of,
)
from tasks.enrich.name_weights import FORMAT, Floats, Weights
from tasks.enrich.names_model import Lexicon, describe_words
from tasks.enrich.spans import without_overlaps

Letters: TypeAlias = npt.NDArray[np.int8]
# Weights are held as whole numbers; the largest is so many.
LARGEST = 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalties:
    """How training is held back: L1 and L2 penalties, passes, and in how many sentences a feature must stand."""

    l1: float = 0.0
    l2: float = 1.0
    iterations: int = 100
    least_sentences: int = 2


@dataclass(frozen=True, slots=True)
class Chain:
    """One sentence as training reads it: features and label of each word."""

    features: list[list[int]]
    labels: list[str]


def to_chains(sentences: Iterable[Sentence], lexicon: Lexicon, language: str, letters: Letters) -> list[Chain]:
    """The sentences with the features the recogniser will see."""
    profile = lexicon.language_words(language)
    sentences = list(sentences)
    keys = {surface: key for s in sentences for surface, key in zip(s.words.surfaces, s.words.keys, strict=True)}
    described = describe_words(list(keys), list(keys.values()), lexicon, profile, letters)
    known = dict(zip(keys, described, strict=True))
    chains = []
    for sentence in sentences:
        words, labels = sentence.words, sentence.labels()
        spans = without_overlaps(lexicon.rule_spans(words, profile), taken=[False] * len(words))
        codes = span_codes(spans, len(words))
        features = [known[surface] for surface in words.surfaces]
        for first, end in units_of(words):
            rows = sentence_features(words, (first, end), codes, features)
            chains.append(Chain(rows, labels[first:end]))
    return chains


def train(chains: Sequence[Chain], language: str, penalties: Penalties, letters: Letters) -> Weights:
    """The weights that fit the chains best under the penalties. The same chains give the same weights."""
    held = Counter(feature for chain in _distinct(chains) for feature in {f for row in chain.features for f in row})
    kept = {feature: str(feature) for feature, count in held.items() if count >= penalties.least_sentences}
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {
            "c1": penalties.l1,
            "c2": penalties.l2,
            "max_iterations": penalties.iterations,
            "feature.possible_transitions": True,
        }
    )
    for chain in chains:
        trainer.append([[kept[f] for f in row if f in kept] for row in chain.features], chain.labels)
    with tempfile.TemporaryDirectory(prefix="marsad-names-") as folder:
        path = Path(folder) / "model"
        trainer.train(str(path))
        tagger = pycrfsuite.Tagger()
        tagger.open(str(path))
        info = tagger.info()
        tagger.close()
    columns = {label: column for column, label in enumerate(LABELS)}
    rows: dict[int, list[float]] = {}
    for (feature, label), weight in info.state_features.items():
        rows.setdefault(int(feature), [0.0] * len(LABELS))[columns[label]] = weight
    transitions = np.zeros((len(LABELS), len(LABELS)), dtype=np.float32)
    for (before, after), weight in info.transitions.items():
        transitions[columns[before], columns[after]] = weight
    return to_weights(rows, transitions, letters, language)


def _distinct(chains: Sequence[Chain]) -> Iterable[Chain]:
    return {tuple(map(tuple, chain.features)): chain for chain in chains}.values()


def to_weights(rows: dict[int, list[float]], transitions: Floats, letters: Letters, language: str) -> Weights:
    """Weights as whole numbers, those that round to nothing left out."""
    features = np.array(sorted(rows), dtype=np.uint32)
    values = np.array([rows[int(feature)] for feature in features], dtype=np.float64)
    scale = float(np.abs(values).max()) / LARGEST
    whole = np.rint(values / scale).astype(np.int16)
    is_kept = np.abs(values).max(axis=1) >= 0.02
    about = {"format": FORMAT, "language": language, "labels": LABELS, "scale": scale}
    return Weights(features[is_kept], whole[is_kept], transitions, letters, about)


def mean_of(one: Weights, other: Weights, share: float = 0.5) -> Weights:
    """The weights half way (or at `share` of the first) between two trainings."""
    rows: dict[int, list[float]] = {}
    for weights, part in ((one, share), (other, 1 - share)):
        values = weights.values.astype(np.float64) * (weights.about["scale"] * part)
        for feature, row in zip(weights.features.tolist(), values.tolist(), strict=True):
            before = rows.get(feature)
            rows[feature] = row if before is None else [a + b for a, b in zip(before, row, strict=True)]
    transitions = one.transitions * np.float32(share) + other.transitions * np.float32(1 - share)
    return to_weights(rows, transitions, one.letters, one.about["language"])
