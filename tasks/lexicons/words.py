"""A text cut into words with their offsets, as lexicons and recognisers read it."""

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from tasks.lexicons.folding import fold_name

# How a word is tied to the next one. Names run over SPACE, TIGHT and DOT only.
BREAK, SPACE, TIGHT, DOT, COMMA, OPEN = range(6)
NAME_JOINS = (SPACE, TIGHT, DOT)

MAX_NAME_WORDS = 12

_TIGHT_GAPS = frozenset("-'’‘ʼ‐‑–·&")
_SENTENCE_ENDS = frozenset('.!?…؟:;؛|•\n«“"')
_ELISION = frozenset("'’ʼ")
# A gap longer than this is layout, not the space inside a name.
_MAX_GAP_CHARS = 6
_MAX_SPACES = 2
_BASIC_PLANE = 0x10000
# Pictographs and symbols; tags, private and unassigned planes.
_ASTRAL_OUTSIDE = ((0x1F000, 0x1FBFF), (0xE0000, sys.maxunicode))
_COMMON_GAPS = {" ": SPACE, "-": TIGHT, "'": TIGHT, "’": TIGHT, ", ": COMMA, "، ": COMMA, " (": OPEN, "\u00a0": SPACE}


class Words:
    """The words of one text: parallel lists, index by index. Offsets are code points of the text.

    `keys` are the words folded; `joins[i]` ties word i to word i + 1; `opens[i]` says that word i begins a sentence,
    line or quotation; `capital[i]` that it begins with a capital letter, or that its script has none.
    """

    __slots__ = ("capital", "ends", "joins", "keys", "opens", "starts", "surfaces", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.surfaces: list[str] = []
        self.keys: list[str] = []
        self.joins: list[int] = []
        self.opens: list[bool] = []
        self.capital: list[bool] = []
        self._read(text)

    def __len__(self) -> int:
        return len(self.starts)

    def surface(self, first: int, last: int) -> str:
        """The text from the start of word `first` to the end of word `last`."""
        return self.text[self.starts[first] : self.ends[last]]

    def _read(self, text: str) -> None:
        # Every word of every page passes here: whole lists at a time, and a word met before is not folded again.
        spans = [found.span() for found in _word_pattern().finditer(text)]
        if not spans:
            return
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]
        self.surfaces = [text[start:end] for start, end in spans]
        distinct = {surface: (fold_name(surface), not surface[0].islower()) for surface in set(self.surfaces)}
        self.keys = [distinct[surface][0] for surface in self.surfaces]
        self.capital = [distinct[surface][1] for surface in self.surfaces]
        gaps = [text[end:start] for end, start in zip(self.ends, self.starts[1:], strict=False)]
        joins = [_COMMON_GAPS.get(gap) for gap in gaps]
        self.joins = [_join(gap) if join is None else join for gap, join in zip(gaps, joins, strict=True)]
        self.joins.append(BREAK)
        self.opens = [True]
        self.opens += [
            join is None and _is_opening(gap, before)
            for gap, join, before in zip(gaps, joins, self.surfaces, strict=False)
        ]


def _is_opening(gap: str, before: str) -> bool:
    """Whether a word after this gap begins a sentence; the dot of an initial or of 'St.' ends none."""
    if _SENTENCE_ENDS.isdisjoint(gap):
        return False
    return not (_join(gap) == DOT and len(before) <= 2 and before[0].isupper())


def name_key(name: str) -> str:
    """The name as lexicons index it: its words folded, one space between."""
    key = fold_name(name)
    return key if key.isalpha() else " ".join(_word_pattern().findall(key))


def beginnings(keys: Iterable[str]) -> dict[str, int]:
    """First word, and first two -> most words of a key that begins so, of the keys of two words to MAX_NAME_WORDS.

    The first word alone begins too much: of the names that begin with "la", few go on as a text does.
    """
    longest: dict[str, int] = {}
    for key in keys:
        count = key.count(" ") + 1
        if 1 < count <= MAX_NAME_WORDS:
            first, second = key.split(" ", 2)[:2]
            for begins in (first, f"{first} {second}"):
                if longest.get(begins, 0) < count:
                    longest[begins] = count
    return longest


def _join(gap: str) -> int:
    if len(gap) > _MAX_GAP_CHARS or "\n" in gap:
        return BREAK
    core = gap.strip()
    if not core:
        # Columns and menu entries stand three and more spaces apart.
        return SPACE if len(gap) <= _MAX_SPACES else BREAK
    if core == ".":
        return DOT
    if core in _TIGHT_GAPS:
        # "- " and " -" are dashes between words; "d' Estaing" is how some corpora write an elision.
        return TIGHT if len(gap) == 1 or core in _ELISION else BREAK
    if core in {",", "،"}:
        return COMMA
    return OPEN if core == "(" else BREAK


@lru_cache(maxsize=1)
def _word_pattern() -> re.Pattern[str]:
    """A run of anything but separators, punctuation and symbols.

    A class of word characters would cut Indic and vowelled Arabic words at their marks. Above the basic plane two
    blocks stand for all: each range more there is tried on every letter of every page (measured: two fifths of the
    time of reading).
    """
    ranges: list[list[int]] = [list(block) for block in _ASTRAL_OUTSIDE]
    for code in range(_BASIC_PLANE):
        if not _is_outside(code):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    outside = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
    return re.compile(f"[^{outside}]+")


def _is_outside(code: int) -> bool:
    category = unicodedata.category(chr(code))
    # Joiners and direction marks (Cf) lie inside words. Private use, surrogates and unassigned are no part of a name.
    return category[0] in "PSZ" or category in {"Cc", "Co", "Cs", "Cn"}
