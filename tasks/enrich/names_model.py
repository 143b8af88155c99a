"""Names by a trained model: a linear-chain conditional random field whose weights ship with the product.

The models are trained by `make models`; on what, and how good each is, its card says (tasks/enrich/models/names.fr.md).
A score of a label at a word is a sum of weights of features (tasks/enrich/name_features.py). What depends on one word
alone is added up once for each distinct word; a sentence is then a handful of table look-ups and one Viterbi pass, many
sentences at a time.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from tasks.enrich.likeness import grades
from tasks.enrich.name_features import (
    HERE,
    N_CODES,
    N_SHAPES,
    OFFSETS,
    REACHES,
    SHAPES,
    UPPER,
    WordFeatures,
    code_number,
    code_shape_number,
    gap_feature,
    gap_number,
    opening_number,
    placed,
    placed_all,
    shape_of,
    shapes_number,
    span_codes,
    units_of,
    word_features,
)
from tasks.enrich.name_weights import Floats, KnownScores, Weights, read_weights
from tasks.enrich.organisations import bodies_alone
from tasks.enrich.same_document import named_elsewhere
from tasks.enrich.spans import (
    AREA_NAME,
    CITY_NAME,
    ORGANISATION_NAME,
    PERSON_BY_TITLE,
    LanguageWords,
    Rule,
    Span,
    to_mention,
    without_overlaps,
)
from tasks.enrich.viterbi import best_labels
from tasks.lexicons.words import Words
from tasks.records.article import EntityType, Mention

MODELS = Path(__file__).with_name("models")
# Languages with a model of their own; the others are read by lexicons alone.
TRAINED_LANGUAGES = ("ar", "en", "es", "fr")
# Distinct words and gaps whose scores are kept; beyond that the table begins anew.
MAX_KNOWN_WORDS = 40_000
MAX_KNOWN_GAPS = 2_000
# So many words are judged at a time: bounded memory for a text of any length.
MAX_WORDS_AT_ONCE = 20_000
MODEL_RANK = 9
# A place written in capitals has at least so many letters; UK and USA are found either way.
_MIN_CAPITALS = 5
# Paragraphs whose spans are kept, in characters.
MAX_KEPT_CHARS = 2_000_000

Ints: TypeAlias = npt.NDArray[np.int64]
# The features of words, by their surfaces and folded forms.
Describe: TypeAlias = Callable[[Sequence[str], Sequence[str]], list[WordFeatures]]
SHAPE_IDS = {shape: position for position, shape in enumerate(SHAPES)}


def model_path(language: str, *, permissive: bool = False) -> Path:
    """Where the model of a language lies; the permissive one is trained without data for non-commercial use only."""
    return MODELS / f"names.{language}{'.permissive' if permissive else ''}.npz"


class NamesModel:
    """Finds names in the words of a text by the weights of one language.

    Words met before are remembered, up to a bound; results do not depend on it.
    """

    def __init__(self, weights: Weights, language: str) -> None:
        self.language = language
        self.about = weights.about
        self.lexicon_first = bool(weights.about.get("lexicon_first"))
        self.left_out = frozenset(weights.about.get("left_out", ()))
        self.weights = weights
        labels = weights.labels
        self._labels = labels
        scores = weights.about.get("precision", {})
        self._rules = {kind: Rule("model", float(scores.get(kind, 0.5)), MODEL_RANK) for kind in ("PER", "ORG", "LOC")}
        self.known_words = KnownScores((len(OFFSETS), len(labels)), most=MAX_KNOWN_WORDS)
        self._known_gaps = KnownScores((3, len(labels)), most=MAX_KNOWN_GAPS)
        self._tables()

    @classmethod
    def load(cls, path: Path, language: str) -> "NamesModel":
        """The model in a file. Raises UsageError naming language, file and remedy where it is missing or broken."""
        return cls(read_weights(path, language), language)

    def _tables(self) -> None:
        """Scores of all that comes in few kinds: spans of the lexicons, shapes side by side, openings."""
        n, of = N_SHAPES + 1, self.weights.of
        codes = range(N_CODES)
        near = [[placed(code_number(code), HERE + offset) for offset in (-1, 0, 1)] for code in codes]
        self._code_scores = of([feature for row in near for feature in row]).reshape(N_CODES, 3, -1)
        pairs = [code_shape_number(code, shape) for code in codes for shape in range(n)]
        self._code_shape_scores = of(pairs).reshape(N_CODES, n, -1)
        threes = [shapes_number(a, b, c) for a in range(n) for b in range(n) for c in range(n)]
        self._shapes_scores = of(threes).reshape(n, n, n, -1)
        openings = [
            opening_number(a, opens=b, shouts=c) for a in range(n) for b in (False, True) for c in (False, True)
        ]
        self._opening_scores = of(openings).reshape(n, 2, 2, -1)

    # --- words and gaps ---

    def spans(self, words: Words, codes: Sequence[int], describe: Describe) -> list[Span]:
        """The spans of names, not overlapping, in order; `codes` of lexicon spans, `describe` a word's features."""
        found: list[Span] = []
        pending: list[tuple[int, int]] = []
        n_pending = 0
        for unit in units_of(words):
            pending.append(unit)
            n_pending += unit[1] - unit[0]
            if n_pending >= MAX_WORDS_AT_ONCE:
                found += self._spans_of(words, pending, codes, describe)
                pending, n_pending = [], 0
        return found + (self._spans_of(words, pending, codes, describe) if pending else [])

    def _spans_of(
        self, words: Words, units: list[tuple[int, int]], codes: Sequence[int], describe: Describe
    ) -> list[Span]:
        lengths = np.array([end - first for first, end in units], dtype=np.int64)
        emissions = self.emissions(words, units, codes, describe)
        return self._read(units[0][0], best_labels(emissions, self.weights.transitions, lengths))

    def emissions(self, words: Words, units: list[tuple[int, int]], codes: Sequence[int], describe: Describe) -> Floats:
        """Label scores of the words of adjoining sentences. Two words of nothing stand between them while they sum."""
        first, end = units[0][0], units[-1][1]
        lengths = np.array([unit_end - unit_first for unit_first, unit_end in units], dtype=np.int64)
        n = end - first
        unit_of = np.repeat(np.arange(len(units)), lengths)
        at = np.arange(n) + 2 * (unit_of + 1)
        size = n + 2 * (len(units) + 1)
        ids = np.zeros(size, dtype=np.int64)
        ids[at] = self._ids(words, first, end, describe)
        scores = self.known_words.scores
        total: Floats = scores[ids[at], HERE]
        for place, offset in enumerate(OFFSETS):
            if offset:
                total += scores[ids[at + offset], place]
        shapes = np.full(size, N_SHAPES, dtype=np.int64)
        surfaces = words.surfaces[first:end]
        shape_ids = {surface: SHAPE_IDS[shape_of(surface)] for surface in set(surfaces)}
        shapes[at] = [shape_ids[surface] for surface in surfaces]
        total += self._shapes_scores[shapes[at - 1], shapes[at], shapes[at + 1]]
        code = np.full(size, -1, dtype=np.int64)
        code[at] = codes[first:end]
        for column, offset in enumerate((-1, 0, 1)):
            near = code[at + offset]
            total += np.where((near >= 0)[:, None], self._code_scores[near, column], np.float32(0))
        total += self._code_shape_scores[code[at], shapes[at]]
        n_upper = np.bincount(unit_of, weights=shapes[at] == UPPER, minlength=len(units))
        shouting = (2 * n_upper > lengths)[unit_of].astype(np.int64)
        opens = np.array(words.opens[first:end], dtype=np.int64)
        total += self._opening_scores[shapes[at], opens, shouting]
        self._add_gaps(total, words, units, unit_of)
        return total

    def _add_gaps(self, total: Floats, words: Words, units: list[tuple[int, int]], unit_of: Ints) -> None:
        """Add what the gaps say: before each word, behind it, before its neighbour."""
        first, end = units[0][0], units[-1][1]
        text, starts, ends = words.text, words.starts, words.ends
        inner = [text[ends[i - 1] : starts[i]] for i in range(first + 1, end)]
        at = np.arange(end - first) + unit_of
        rows = np.empty(end - first + len(units), dtype=np.int64)
        ids = self._known_gaps.rows({"^", "$", *inner}, self._gap_scores_of)
        rows[at[1:]] = [ids[gap] for gap in inner]
        begins = at[np.array([unit_first - first for unit_first, _ in units], dtype=np.int64)]
        rows[begins] = ids["^"]
        rows[np.append(begins[1:] - 1, len(rows) - 1)] = ids["$"]
        scores = self._known_gaps.scores
        total += scores[rows[at], 1]
        total += scores[rows[at + 1], 2]
        ahead = scores[rows[at - 1], 0]
        ahead[np.array([unit_first - first for unit_first, _ in units], dtype=np.int64)] = 0
        total += ahead

    def _gap_scores_of(self, gaps: Sequence[str]) -> Floats:
        kinds = [gap if gap in {"^", "$"} else gap_feature(gap) for gap in gaps]
        numbers = [placed(gap_number(kind), HERE + offset) for kind in kinds for offset in (-1, 0, 1)]
        return self.weights.of(numbers).reshape(len(gaps), 3, -1)

    def _ids(self, words: Words, first: int, end: int, describe: Describe) -> list[int]:
        """For each word the row of its scores; words not met before are added up first."""
        surfaces = words.surfaces[first:end]
        keys = dict(zip(surfaces, words.keys[first:end], strict=True))
        ids = self.known_words.rows(keys, lambda new: self._word_scores_of(new, keys, describe))
        return [ids[surface] for surface in surfaces]

    def _word_scores_of(self, surfaces: Sequence[str], keys: dict[str, str], describe: Describe) -> Floats:
        """(words, places, labels): what each word adds to the labels of itself and of its neighbours."""
        described = describe(surfaces, [keys[surface] for surface in surfaces])
        numbers = np.array([f for word in described for group in word for f in group], dtype=np.uint32)
        sizes = np.array([[len(group) for group in word] for word in described], dtype=np.int64)
        reach = np.repeat(np.tile(np.array(REACHES), len(described)), sizes.ravel())
        total = np.empty((len(surfaces), len(OFFSETS), len(self._labels)), dtype=np.float32)
        for place, offset in enumerate(OFFSETS):
            seen = numbers[reach >= abs(offset)]
            n_seen = sizes[:, np.array(REACHES) >= abs(offset)].sum(axis=1)
            total[:, place] = np.add.reduceat(self.weights.of(placed_all(seen, place)), np.cumsum(n_seen) - n_seen)
        return total

    def _read(self, first: int, labels: npt.NDArray[np.int8]) -> list[Span]:
        """The spans that a chain of labels names; an I- that nothing begins begins a name."""
        spans: list[Span] = []
        start, kind = 0, ""
        named = np.flatnonzero(labels)
        before = -2
        for i in [*named.tolist(), len(labels) + 1]:
            label = self._labels[labels[i]] if i < len(labels) else "B-"
            if kind and (i != before + 1 or label[0] == "B" or label[2:] != kind):
                if kind in self._rules:
                    spans.append(Span(first + start, first + before, cast(EntityType, kind), self._rules[kind]))
                kind = ""
            if not kind:
                start, kind = i, label[2:]
            before = i
        return spans


# --- behind the interface of recognisers -----------------------------------------------------------------------------


class Lexicon(Protocol):
    """What the stack asks of the recogniser by lexicons (tasks/enrich/mentions.py)."""

    def language_words(self, code: str) -> LanguageWords:
        """What the rules know about a language."""
        ...

    def rule_spans(self, words: Words, language: LanguageWords) -> list[Span]:
        """What lexicons and rules find; it may overlap, and no span reaches over a line."""
        ...

    def word_classes(self, surface: str, key: str, language: LanguageWords) -> tuple[str, ...]:
        """What the lexicons know of a single word."""
        ...

    def trimmed(self, words: Words, span: Span, language: LanguageWords) -> Span:
        """A model's span without the clitic or the common noun that stands before the name."""
        ...

    def refuses(self, words: Words, span: Span, language: LanguageWords) -> bool:
        """Whether the lexicons know that a model's span is none."""
        ...


def describe_words(
    surfaces: Sequence[str],
    keys: Sequence[str],
    lexicon: Lexicon,
    language: LanguageWords,
    letters: npt.NDArray[np.int8],
) -> list[WordFeatures]:
    """The features of words, what lexicons know of them and what their letters say among them."""
    return [
        word_features(surface, key, (*lexicon.word_classes(surface, key, language), *looks), language=language.code)
        for surface, key, looks in zip(surfaces, keys, grades(keys, letters), strict=True)
    ]


class StackedRecogniser:
    """Names by a trained model and by the lexicons together; what a text says of its own names comes last.

    A paragraph read before (a reprint) is not read again: its spans are kept, up to a bound of characters.
    `n_words_read` counts the words that were.
    """

    def __init__(self, lexicon: Lexicon, model: NamesModel) -> None:
        self._lexicon = lexicon
        self._model = model
        self._words = lexicon.language_words(model.language)
        self._known: dict[str, list[Span]] = {}
        self._known_chars = 0
        self.n_words_read = 0

    @property
    def n_words_known(self) -> int:
        """Distinct words whose scores are kept."""
        return len(self._model.known_words)

    @property
    def n_chars_kept(self) -> int:
        """Characters of the paragraphs whose spans are kept."""
        return sum(map(len, self._known))

    def find_mentions(self, text: str, *, language: str) -> list[Mention]:
        """The mentions of `text` in order of `start_char`, not overlapping. `language` is that of the model."""
        words = Words(text)
        if not len(words):
            return []
        kept = self._paragraph_spans(words)
        taken = [False] * len(words)
        for span in kept:
            taken[span.first : span.last + 1] = [True] * (span.last + 1 - span.first)
        kept += without_overlaps(named_elsewhere(words, kept, self._words, taken=taken), taken=taken)
        kept += without_overlaps(bodies_alone(words, self._words), taken=taken)
        return [to_mention(words, span) for span in sorted(kept, key=_position)]

    def _paragraph_spans(self, words: Words) -> list[Span]:
        """The spans of all paragraphs; those not kept from before are read together, each once."""
        paragraphs = _paragraphs(words)
        new = [text for text in dict.fromkeys(text for _, text in paragraphs) if text not in self._known]
        read: dict[str, list[Span]] = {}
        if new:
            joined = "\n".join(new)
            chosen = words if joined == words.text else Words(joined)
            spans = self._read(chosen)
            at = 0
            for first, text in _paragraphs(chosen):
                end = at
                while end < len(spans) and chosen.starts[spans[end].first] < first.end_char:
                    end += 1
                read[text] = [moved(span, -first.word) for span in spans[at:end]]
                at = end
            self._keep(read)
        return [
            moved(span, first.word)
            for first, text in paragraphs
            for span in (read[text] if text in read else self._known[text])
        ]

    def _keep(self, read: dict[str, list[Span]]) -> None:
        n_chars = sum(map(len, read))
        if n_chars > MAX_KEPT_CHARS:
            return
        if self._known_chars + n_chars > MAX_KEPT_CHARS:
            self._known, self._known_chars = {}, 0
        self._known |= read
        self._known_chars += n_chars

    def _read(self, words: Words) -> list[Span]:
        """The spans of a text by lexicons and model, in order."""
        self.n_words_read += len(words)
        language = self._words
        found = self._lexicon.rule_spans(words, language)
        by_lexicon = without_overlaps(found, taken=[False] * len(words))
        by_model = self._model.spans(words, span_codes(by_lexicon, len(words)), self._describe)
        by_model = [
            trimmed
            for span in by_model
            if not self._lexicon.refuses(words, trimmed := self._lexicon.trimmed(words, span, language), language)
        ]
        found_at = {index: span for span in by_model for index in range(span.first, span.last + 1)}
        first = [span for span in by_lexicon if self._model.lexicon_first or _is_sure(words, span, found_at)]
        then = [span for span in by_lexicon if span.rule.name not in self._model.left_out]
        taken = [False] * len(words)
        kept = without_overlaps(first, taken=taken)
        kept += without_overlaps(by_model, taken=taken)
        kept += without_overlaps(then, taken=taken)
        return sorted(kept, key=_position)

    def _describe(self, surfaces: Sequence[str], keys: Sequence[str]) -> list[WordFeatures]:
        return describe_words(surfaces, keys, self._lexicon, self._words, self._model.weights.letters)


class Paragraph(NamedTuple):
    """Where a paragraph begins: its first word; and ends, in code points."""

    word: int
    end_char: int


def _paragraphs(words: Words) -> list[tuple[Paragraph, str]]:
    """The lines of a text that hold words, with their text."""
    found = []
    start = word = 0
    for line in words.text.split("\n"):
        end = start + len(line)
        behind = bisect_left(words.starts, end, word)
        if behind > word:
            found.append((Paragraph(word, end), line))
        start, word = end + 1, behind
    return found


def _is_sure(words: Words, span: Span, found_at: Mapping[int, Span]) -> bool:
    """Whether a span of the lexicons stands whatever a model says; `found_at` are the spans of the model by word.

    People after a title in Latin letters; curated organisations, countries and regions of several words; cities of
    several words that are no part of a longer name, and those of one word that the model takes for a body (its silver
    is full of clubs); places in capitals (datelines, headlines), which models take for acronyms.
    """
    if span.rule is ORGANISATION_NAME:
        return span.last > span.first
    if span.type != "LOC":
        # In Arabic too much that follows a title is no name: measured on the inner block, .714 against .721 F.
        return span.rule is PERSON_BY_TITLE and words.surfaces[span.first][0].isupper()
    surface = words.surface(span.first, span.last)
    if surface.isupper() and len(surface) >= _MIN_CAPITALS:
        return True
    found = found_at.get(span.first)
    if span.first == span.last:
        return span.rule is CITY_NAME and found is not None and found.type == "ORG" and found.first == found.last
    return span.rule is AREA_NAME or not _is_within(span, found)


def _is_within(span: Span, other: Span | None) -> bool:
    """Whether another span begins no later and ends no earlier."""
    return other is not None and other.first <= span.first and span.last <= other.last


def moved(span: Span, by: int) -> Span:
    """The span so many words further on."""
    return replace(span, first=span.first + by, last=span.last + by) if by else span


def _position(span: Span) -> int:
    return span.first
