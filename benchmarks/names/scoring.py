"""How good a recogniser is on sentences with gold: exact span and type, as SHARED/score/score_entities.py counts."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from benchmarks.names.corpora import TYPES, Sentence
from tasks.records.article import Recogniser

ALL = "ALL"
Figures: TypeAlias = dict[str, tuple[float, float, float]]


def score(recogniser: Recogniser, sentences: Iterable[Sentence], language: str) -> Figures:
    """(precision, recall, F) by type and over all."""
    right, found, due = Counter[str](), Counter[str](), Counter[str]()
    for sentence in sentences:
        mentions = recogniser.find_mentions(sentence.words.text, language=language)
        have = {(m.start_char, m.end_char, m.type) for m in mentions}
        for counter, spans in ((found, have), (due, sentence.gold), (right, have & sentence.gold)):
            counter.update(kind for _, _, kind in spans)
    for counter in (right, found, due):
        counter[ALL] = counter.total()
    return {kind: _figures(right[kind], found[kind], due[kind]) for kind in (*TYPES, ALL)}


def _figures(right: int, found: int, due: int) -> tuple[float, float, float]:
    precision, recall = right / max(1, found), right / max(1, due)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)
