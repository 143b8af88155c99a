"""Acronyms that a text defines: 'Direction générale de la sûreté nationale (DGSN)', 'OMS (Organisation ...)'."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tasks.lexicons.folding import fold_name
from tasks.lexicons.words import COMMA, SPACE, TIGHT, Words, name_key
from tasks.records.article import Mention

_MIN_LETTERS, _MAX_LETTERS = 2, 10
_MAX_ACRONYM_CHARS = 20
_MAX_LONG_FORM_CHARS = 200
# A text that defines an acronym again and again is read so many times; more say nothing new.
_MAX_DEFINITIONS = 8
_INSIDE = (SPACE, TIGHT, COMMA)
_HYPHENS = frozenset("-‐‑–")
_LIST_SIGN = re.compile(r"[,;:،؛]")
_CLOSING_QUOTES = " \u00a0\u202f»”\"'’"
# Words that need no letter of their own, and begin no long form. Lists of stop words hold "national" and "general".
_SMALL = frozenset(
    {
        "a", "al", "and", "at", "au", "aux", "avec", "con", "contre", "d", "da", "dans", "de", "del", "der", "des",
        "di", "do", "dos", "du", "e", "el", "en", "et", "for", "fur", "i", "in", "l", "la", "las", "le", "les", "los",
        "of", "on", "or", "ou", "para", "per", "por", "pour", "s", "sobre", "sur", "the", "to", "und", "with", "y",
    }
)  # fmt: skip


def acronym_key(surface: str) -> str | None:
    """The letters of a word that may be an acronym, folded, dots gone; None of what cannot be one."""
    if len(surface) > _MAX_ACRONYM_CHARS or any(char.isspace() for char in surface) or surface[:1].islower():
        return None
    key = "".join(char for char in fold_name(surface) if char.isalnum())
    return key if _MIN_LETTERS <= len(key) <= _MAX_LETTERS else None


@dataclass
class _Definitions:
    """What a text says of the acronyms asked for: acronym -> folded long form -> the first place it stands written."""

    asked: frozenset[str]
    starts: dict[int, Mention]
    ends: dict[int, Mention]
    found: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def wants(self, key: str | None) -> bool:
        """Whether an acronym is asked for and not yet read often enough."""
        if key not in self.asked or key is None or self.seen[key] >= _MAX_DEFINITIONS:
            return False
        self.seen[key] += 1
        return True

    def add(self, key: str, position: int, long_form: str | None) -> None:
        """Take a definition in."""
        if long_form is not None:
            written = " ".join(long_form.split())
            self.found.setdefault(key, {}).setdefault(name_key(written), (position, written))


def long_forms(text: str, mentions: Iterable[Mention]) -> dict[str, tuple[int, str]]:
    """`acronym_key` of each acronym among the mentions that the text defines -> where, and its long form.

    The letters are those the words of the long form begin with, small words with or without theirs. An Arabic long
    form needs no such letters (its acronym is of another language), but must be a mention that ends at the bracket. Of
    an acronym with two long forms, none. Time is linear in the text.
    """
    organisations = [mention for mention in mentions if mention.type == "ORG"]
    asked = frozenset(key for mention in organisations if (key := acronym_key(mention.surface)) is not None)
    if not asked or "(" not in text:
        return {}
    definitions = _Definitions(
        asked,
        {mention.start_char: mention for mention in organisations},
        {mention.end_char: mention for mention in organisations},
    )
    for opening, inner in _brackets(text):
        _read_bracket(text, opening, inner, definitions)
    return {key: next(iter(forms.values())) for key, forms in definitions.found.items() if len(forms) == 1}


def _brackets(text: str) -> Iterator[tuple[int, str]]:
    """Where each short bracket opens, and what stands in it."""
    at = text.find("(")
    while at >= 0:
        closing = text.find(")", at + 1, at + 2 + _MAX_LONG_FORM_CHARS)
        inner = text[at + 1 : closing] if closing > 0 else ""
        if inner and "\n" not in inner and "(" not in inner:
            yield at, inner
        at = text.find("(", at + 1)


def _read_bracket(text: str, opening: int, inner: str, definitions: _Definitions) -> None:
    acronym = _LIST_SIGN.split(inner[: _MAX_ACRONYM_CHARS + 2], maxsplit=1)[0].strip()
    key = acronym_key(acronym)
    if key is not None and definitions.wants(key):
        definitions.add(key, opening, _long_form_before(text, opening, inner, key, definitions))
    before = text[max(0, opening - _MAX_ACRONYM_CHARS - 2) : opening].rsplit("\n", 1)[-1].split()
    key = acronym_key(before[-1].lstrip("«“\"'’(")) if before else None
    if key is not None and definitions.wants(key):
        definitions.add(key, opening, _long_form_inside(opening, inner, key, definitions))


def _long_form_before(text: str, opening: int, inner: str, key: str, definitions: _Definitions) -> str | None:
    window = text[max(0, opening - _MAX_LONG_FORM_CHARS) : opening].rsplit("\n", 1)[-1]
    end = opening - len(window) + len(window.rstrip(_CLOSING_QUOTES))
    words = Words(window)
    if len(words) and opening - len(window) + words.ends[-1] == end:
        first = _first_word(words, key)
        # The first word of a cut window may be half of one.
        if first is not None and (first or len(window) < _MAX_LONG_FORM_CHARS):
            return words.surface(first, len(words) - 1)
    mention = definitions.ends.get(end)
    if mention is None or not _is_arabic_form(mention):
        return None
    is_foreign = inner.isascii() and inner.strip().isupper()
    is_mention = opening + 1 + len(inner) - len(inner.lstrip()) in definitions.starts
    return mention.name if is_foreign or is_mention else None


def _long_form_inside(opening: int, inner: str, key: str, definitions: _Definitions) -> str | None:
    words = Words(inner)
    if len(words) and _first_word(words, key) == 0:
        return words.surface(0, len(words) - 1)
    mention = definitions.starts.get(opening + 1)
    is_whole = mention is not None and mention.end_char == opening + 1 + len(inner) and _is_arabic_form(mention)
    return mention.name if mention is not None and is_whole else None


def _is_arabic_form(mention: Mention) -> bool:
    return " " in mention.name and any("\u0600" <= char <= "\u06ff" for char in mention.name)


def _first_word(words: Words, letters: str) -> int | None:
    """The word where a long form begins whose last word is the last one and whose initials are the letters."""
    waiting = {len(letters)}  # how many letters are still to be found, in the ways tried
    for index in range(len(words) - 1, -1, -1):
        key = words.keys[index]
        is_small = key in _SMALL
        is_second_half = bool(index) and words.text[words.starts[index] - 1] in _HYPHENS
        taking = {left - 1 for left in waiting if key[:1] == letters[left - 1 : left]}
        if 0 in taking and not is_small and index < len(words) - 1:
            return index
        waiting = (taking - {0}) | (waiting if is_small or is_second_half else set())
        if not waiting or (index and words.joins[index - 1] not in _INSIDE):
            return None
    return None
