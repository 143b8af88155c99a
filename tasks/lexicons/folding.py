"""One spelling of a name for comparison: case, accents and the optional marks of Arabic gone."""

import sys
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

_ARABIC = {
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ى": "ي",
    "ی": "ي",
    "ئ": "ي",
    "ؤ": "و",
    "ة": "ه",
    "ک": "ك",
    "ء": "",
    "ـ": "",  # tatweel
}
_LATIN = {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ə": "e"}
_APOSTROPHES = "’‘ʼʻ`´ʿʾ"
_HYPHENS = "‐‑‒–−"
# Accents, Arabic vowel marks, joiners and direction marks: they change how a name looks, not which name it is.
_DROPPED_RANGES = (
    (0x300, 0x36F),
    (0x610, 0x61A),
    (0x64B, 0x65F),
    (0x670, 0x670),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2069),
)
_DROPPED_CHARS = (0xAD, 0xFEFF)
# No letter beyond the second plane has two cases; surrogates are no characters.
_CASED_PLANES = (*range(0xD800), *range(0xE000, 0x20000))
_BLOCK_CHARS = 128


def fold_name(name: str) -> str:
    """The name without case, accents, hamza seats, tatweel and vowel marks; alef, ya and ta marbuta in one form each.

    Two spellings that fold to the same string are the same name for every lexicon. Length may change, so offsets are
    never taken from it.
    """
    if name.isascii() and "`" not in name:
        return name.lower()
    return name.casefold().translate(_table())


@lru_cache(maxsize=1)
def folded_characters() -> Mapping[str, str]:
    """Every character that `fold_name` changes -> what it becomes, '' where it falls away.

    A name is folded character by character, so that these are the whole of it.
    """
    found: dict[str, str] = {}
    for block in character_blocks():
        if block.casefold().translate(_table()) != block:
            each = ((char, char.casefold().translate(_table())) for char in block)
            found |= {char: folded for char, folded in each if folded != char}
    return found


def character_blocks() -> Iterator[str]:
    """The characters of the planes whose letters have cases, by blocks: most blocks need no second look."""
    for start in range(0, len(_CASED_PLANES), _BLOCK_CHARS):
        yield "".join(map(chr, _CASED_PLANES[start : start + _BLOCK_CHARS]))


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    """Code point -> its folded form, for every letter whose decomposition is a base letter and marks."""
    table = {ord(char): folded for char, folded in {**_ARABIC, **_LATIN}.items()}
    table |= {ord(char): "'" for char in _APOSTROPHES} | {ord(char): "-" for char in _HYPHENS}
    for first, last in _DROPPED_RANGES:
        table |= dict.fromkeys(range(first, last + 1), "")
    table |= dict.fromkeys(_DROPPED_CHARS, "")
    # Hangul and CJK blocks decompose too, into other letters: Latin, Greek, Cyrillic and the presentation forms of
    # Arabic are all that is folded.
    for code in (
        *range(0xC0, 0x530),
        *range(0x1E00, 0x2000),
        *range(0xFB00, 0xFE00),
        *range(0xFE70, min(0xFF00, sys.maxunicode)),
    ):
        base = "".join(char for char in unicodedata.normalize("NFKD", chr(code)) if not unicodedata.combining(char))
        folded = "".join(table.get(ord(char), char) for char in base.casefold())
        if folded and folded != chr(code):
            table.setdefault(code, folded)
    return table
