"""One text, one use of a name: what is named once is named wherever it stands again."""

from collections.abc import Iterator
from typing import NamedTuple

from tasks.enrich.spans import SAME_DOCUMENT, LanguageWords, Span
from tasks.lexicons.words import NAME_JOINS, Words, beginnings
from tasks.records.article import EntityType

_MIN_FAMILY_NAME_CHARS = 4
_MAX_PHRASE_WORDS = 2


def named_elsewhere(words: Words, spans: list[Span], language: LanguageWords, *, taken: list[bool]) -> Iterator[Span]:
    """Further spans of the people and organisations found.

    The whole name again, and a person's family name alone (Latin script).
    """
    names = _names(words, spans, language)
    longest = {**{name.partition(" ")[0]: 1 for name in names}, **beginnings(names)}
    index, n_words, capital, keys = 0, len(words), words.capital, words.keys
    while index < n_words:
        is_free = capital[index] and keys[index] in longest and not taken[index]
        span = _at(words, index, names, longest) if is_free else None
        if span is not None:
            yield span
        index = span.last + 1 if span else index + 1


class _Named(NamedTuple):
    """What a name of the text names; a short one whose last word has a capital wherever it is found needs one."""

    type: EntityType
    has_last_capital: bool


def _names(words: Words, spans: list[Span], language: LanguageWords) -> dict[str, _Named]:
    """Folded name -> what it names, of the whole names first, then of family names that are no other name."""
    names: dict[str, _Named] = {}
    for span in sorted(spans, key=lambda span: span.first):
        if span.type != "LOC" and not span.skip:
            key = " ".join(words.keys[span.first : span.last + 1])
            # A longer name is no phrase that happens to begin with a capital.
            is_short = span.last - span.first < _MAX_PHRASE_WORDS
            named = names.get(key, _Named(span.type, has_last_capital=is_short))
            names[key] = named._replace(has_last_capital=named.has_last_capital and words.capital[span.last])
    for span in sorted(spans, key=lambda span: span.first):
        if span.type == "PER" and span.last > span.first and _is_family_name(words, span.last, language):
            names.setdefault(words.keys[span.last], _Named("PER", has_last_capital=True))
    return names


def _is_family_name(words: Words, index: int, language: LanguageWords) -> bool:
    key = words.keys[index]
    is_word = key in language.stop_words or key in language.titles.given_names or key in language.titles.ambiguous
    return words.surfaces[index][0].isupper() and len(key) >= _MIN_FAMILY_NAME_CHARS and not is_word


def _at(words: Words, index: int, names: dict[str, _Named], longest: dict[str, int]) -> Span | None:
    """The longest known name that begins at a word."""
    keys = [words.keys[index]]
    count = longest[keys[0]]
    while len(keys) < count and words.joins[index + len(keys) - 1] in NAME_JOINS:
        keys.append(words.keys[index + len(keys)])
    for size in range(len(keys), 0, -1):
        named = names.get(" ".join(keys[:size]))
        last = index + size - 1
        if named is not None and (words.capital[last] or not named.has_last_capital):
            return Span(index, last, named.type, SAME_DOCUMENT)
    return None
