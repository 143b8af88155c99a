"""What the trained recogniser sees of a text: features of its words, of the gaps between them, of the lexicons' spans.

A feature is a 32-bit number, the hash of what it says and of where it stands: models hold no words. Training
(`python -m benchmarks.names`) and the recogniser read the same numbers from here.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tasks.enrich.spans import Span
from tasks.lexicons.words import Words

# Where the word (or gap, or span) stands that a feature speaks of, relative to the word that is judged.
OFFSETS = (-2, -1, 0, 1, 2)
HERE = OFFSETS.index(0)
# A sentence is judged as a whole up to so many words; longer ones are cut: time stays linear, memory bounded.
MAX_UNIT_WORDS = 128
_SENTENCE_ENDS = frozenset(".!?…؟\n")
_DIGITS = re.compile(r"[0-9٠-٩]")
_MASK = 0xFFFFFFFF
_SPREAD = 0x9E3779B1
SHAPES = ("lower", "capital", "upper", "letter", "mixed", "digit", "uncased")
N_SHAPES = len(SHAPES)
UPPER = SHAPES.index("upper")
_TYPES = ("PER", "ORG", "LOC")
LABELS = ("O", *(f"{place}-{kind}" for kind in _TYPES for place in "BI"))
N_RULES = 10
N_CODES = 1 + 2 * len(_TYPES) * N_RULES


class WordFeatures(NamedTuple):
    """Hashes of one word by how far they reach: `far` counts for words up to two away, `near` one, `own` none."""

    far: tuple[int, ...]
    near: tuple[int, ...]
    own: tuple[int, ...]


# How many words away each field of WordFeatures counts.
REACHES = (2, 1, 0)


def number(text: str) -> int:
    """The hash of a feature's text."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def placed(feature: int, place: int) -> int:
    """The hash of a feature at a place, an index of OFFSETS."""
    return ((feature ^ place) * _SPREAD + place) & _MASK


def placed_all(features: npt.NDArray[np.uint32], place: int) -> npt.NDArray[np.uint32]:
    """The hashes of many features at one place."""
    return (features ^ np.uint32(place)) * np.uint32(_SPREAD) + np.uint32(place)


def shape_of(surface: str) -> str:
    """One of SHAPES: how a word is written."""
    if any(map(str.isdigit, surface)):
        return "digit"
    if surface.islower():
        return "lower"
    first = surface[0]
    if not (first.isupper() or surface != surface.lower()):
        return "uncased"
    if len(surface) == 1:
        return "letter"
    if surface.isupper():
        return "upper"
    return "capital" if first.isupper() and surface[1:].islower() else "mixed"


def word_features(surface: str, key: str, classes: Sequence[str], *, language: str) -> WordFeatures:
    """The features of a word by itself; `key` is the word folded, `classes` what lexicons know of it."""
    key = _DIGITS.sub("0", key[:40])
    shape = shape_of(surface)
    far = [f"w{key}", f"h{shape}", *(f"c{name}" for name in classes)]
    near = [f"e{key[-3:]}", f"2{key[-2:]}", f"b{key[:3]}"]
    own = [f"p{key[:n]}" for n in (1, 2, 4)] + [f"s{key[-n:]}" for n in (1, 4)]
    own.append(f"n{min(len(key), 8)}")
    own.append(f"t{surface[:20]}")
    if shape == "mixed":
        own.append("x" + re.sub(r"(.)\1+", r"\1", "".join(map(_letter_kind, surface[:20]))))
    if language == "ar":
        own += (f"r{reading}" for reading in readings(key))
    return WordFeatures(*(tuple(map(number, group)) for group in (far, near, own)))


def readings(key: str) -> list[str]:
    """An Arabic word as it is, and without the clitics and the article it may begin with."""
    found = [key]
    rest = key
    for clitics in ("وف", "بلك"):
        if len(rest) > 3 and rest[0] in clitics:
            rest = f"ا{rest[1:]}" if rest.startswith("لل") and clitics == "بلك" else rest[1:]
            found.append(rest)
    if rest.startswith("ال") and len(rest) > 4:
        found.append(rest[2:])
    return found


def _letter_kind(letter: str) -> str:
    if letter.isdigit():
        return "0"
    return "X" if letter.isupper() else "x"


def gap_feature(gap: str) -> str:
    """What stands between two words, as a feature: its first signs without spaces; hyphens with them."""
    core = gap.strip()
    if not core:
        return "\n" if "\n" in gap else " "
    if core in "-–—":
        return core if len(gap) == 1 else f" {core} "
    return core[:3]


def ends_unit(gap: str, *, opens: bool) -> bool:
    """Whether a sentence ends in a gap."""
    return opens and not _SENTENCE_ENDS.isdisjoint(gap)


def units_of(words: Words) -> list[tuple[int, int]]:
    """(first word, word after the last) of each sentence of a text; long ones are cut."""
    text, starts, ends, opens = words.text, words.starts, words.ends, words.opens
    cuts = [i for i in range(1, len(words)) if opens[i] and ends_unit(text[ends[i - 1] : starts[i]], opens=True)]
    units = []
    for first, end in zip([0, *cuts], [*cuts, len(words)], strict=True):
        units += [(at, min(at + MAX_UNIT_WORDS, end)) for at in range(first, end, MAX_UNIT_WORDS)]
    return units


def span_codes(spans: Iterable[Span], n_words: int) -> list[int]:
    """For each word 0, or the code of the lexicon span it stands in: by type, rule and whether it begins it."""
    codes = [0] * n_words
    for span in spans:
        code = 1 + 2 * (_TYPES.index(span.type) * N_RULES + span.rule.rank)
        codes[span.first] = code
        codes[span.first + 1 : span.last + 1] = [code + 1] * (span.last - span.first)
    return codes


# --- features of a place in a sentence: kinds of gaps, codes of spans, shapes side by side ---------------------------


def gap_number(kind: str) -> int:
    """The feature of a gap; placed before the word judged, before the one ahead of it, or behind it."""
    return number(f"g{kind}")


def code_number(code: int) -> int:
    """The feature of a lexicon span's code."""
    return number(f"l{code}")


def code_shape_number(code: int, shape: int) -> int:
    """The feature of a lexicon span's code and the shape of its word together."""
    return number(f"m{code}.{shape}")


def shapes_number(before: int, here: int, after: int) -> int:
    """The feature of three shapes side by side; N_SHAPES stands for no word."""
    return number(f"y{before}.{here}.{after}")


def opening_number(shape: int, *, opens: bool, shouts: bool) -> int:
    """The feature of a word's shape where a sentence or quotation begins, or a sentence is mostly in capitals."""
    return number(f"o{shape}.{int(opens)}.{int(shouts)}")


def sentence_features(
    words: Words, unit: tuple[int, int], codes: Sequence[int], features: Sequence[WordFeatures]
) -> list[list[int]]:
    """The placed features of each word of one sentence, as training reads them.

    The recogniser adds up the weights of the very same, a table a kind (tasks/enrich/names_model.py).
    """
    first, end = unit
    shapes = [N_SHAPES, *(SHAPES.index(shape_of(words.surfaces[i])) for i in range(first, end)), N_SHAPES]
    kinds = ["^", *(gap_feature(words.text[words.ends[i] : words.starts[i + 1]]) for i in range(first, end - 1)), "$"]
    shouting = shouts(shapes[1:-1])
    rows = []
    for i in range(first, end):
        row: list[int] = []
        at = i - first
        for place, offset in enumerate(OFFSETS):
            if not first <= i + offset < end:
                continue
            other = features[i + offset]
            seen = other.far + (other.near if abs(offset) < 2 else ()) + (other.own if offset == 0 else ())
            row += (placed(feature, place) for feature in seen)
            if abs(offset) < 2:
                row.append(placed(code_number(codes[i + offset]), place))
        row += (
            placed(gap_number(kinds[at + place - HERE]), place)
            for place in (HERE - 1, HERE, HERE + 1)
            if 0 <= at + place - HERE <= end - first
        )
        row.append(code_shape_number(codes[i], shapes[at + 1]))
        row.append(shapes_number(*shapes[at : at + 3]))
        row.append(opening_number(shapes[at + 1], opens=words.opens[i], shouts=shouting))
        rows.append(row)
    return rows


def shouts(shapes: Sequence[int]) -> bool:
    """Whether most words of a sentence are written in capitals alone."""
    return 2 * sum(shape == UPPER for shape in shapes) > len(shapes)
