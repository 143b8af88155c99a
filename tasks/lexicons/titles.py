"""Words that stand before people's names, given names, and the small words inside names, by language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasks.lexicons.gazetteers import read_gazetteer
from tasks.lexicons.words import BREAK, COMMA, DOT, SPACE, TIGHT, Words, name_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """What one language offers to find people by; every entry a `name_key`.

    `forms_of_address` (M., السيد): a name follows. `roles` (ministre, رئيس): a name may follow, and where it stands
    between commas after one or before one, it does. `particles`: small words inside a name (de, bin). `given_names`:
    of any language. `stops`: words that end an Arabic name. `ambiguous`: names of places that are ordinary words or
    family names first. `well_known_places`: cities taken for themselves whatever their size, though the language's
    stop words hold them.
    """

    forms_of_address: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    particles: frozenset[str] = frozenset()
    given_names: frozenset[str] = frozenset()
    stops: frozenset[str] = frozenset()
    ambiguous: frozenset[str] = frozenset()
    well_known_places: frozenset[str] = frozenset()


_EVERYWHERE = "any"
_ARABIC_ARTICLE = "ال"
# How far before a name its role is looked for.
_ROLE_CHARS = 120
_ROLE_WORDS = 12
_MAX_TITLE_WORDS = 3
_COMMAS = (",", "،")
_KINDS = ("forms_of_address", "roles", "particles", "given_names", "stops", "ambiguous", "well_known_places")


@lru_cache(maxsize=2)
def load_titles(gazetteers: Path) -> Mapping[str, Titles]:
    """Language -> its titles, from `titles.yaml` of the gazetteer folder.

    What stands under `any` there holds in every language.

    The entry `any` serves the languages that have none of their own.
    """
    content = read_gazetteer(gazetteers / "titles.yaml")
    languages = content.get("languages", {})
    shared = languages.get(_EVERYWHERE, {})
    return {language: _titles(words, shared) for language, words in ({_EVERYWHERE: {}} | languages).items()}


def titles_of(titles: Mapping[str, Titles], language: str) -> Titles:
    """The titles of a language; of one without its own, what holds in any."""
    return titles.get(language) or titles[_EVERYWHERE]


def title_size(words: Words, index: int, titles: frozenset[str]) -> int:
    """How many words from `index` are a title of the set, the longest first; 0 for none."""
    key = words.keys[index]
    sizes = 1 if key in titles else 0
    for size in range(2, _MAX_TITLE_WORDS + 1):
        if index + size > len(words) or words.joins[index + size - 2] not in {SPACE, TIGHT}:
            break
        key = f"{key} {words.keys[index + size - 1]}"
        if key in titles:
            sizes = size
    return sizes


def role_before(text: str, start_char: int, titles: Titles) -> str:
    """The role in which a text names whose name begins at `start_char`, as a key with what belongs to it; "" for none.

    'ministre de l interieur' of "le ministre de l'Intérieur, Maurice Kettel": a complement ends with a comma, or is
    definite in Arabic (وزير الداخلية).
    """
    words = Words(text[max(0, start_char - _ROLE_CHARS) : start_char])
    keys, joins, end = words.keys, words.joins, len(words)
    gap = words.text[words.ends[-1] :] if end else ""
    if not end or BREAK in joins[-2:-1] or gap.strip() not in {"", ".", *_COMMAS} or "\n" in gap:
        return ""
    is_apposition = gap.strip() in _COMMAS
    while end and keys[end - 1] in titles.forms_of_address:
        end -= 1
        is_apposition = is_apposition or (end > 0 and joins[end - 1] == COMMA)
    for first in range(end - 1, max(-1, end - 1 - _ROLE_WORDS), -1):
        if first < end - 1 and joins[first] in {BREAK, DOT, COMMA}:
            return ""
        size = title_size(words, first, titles.roles)
        if size:
            if not (is_apposition or all(key.startswith(_ARABIC_ARTICLE) for key in keys[first + size : end])):
                return ""
            ahead = (n for n in (2, 1) if n <= first and title_size(words, first - n, titles.roles) >= n + size)
            return " ".join(keys[first - next(ahead, 0) : end])
    return ""


def _titles(words: Mapping[str, str], shared: Mapping[str, str]) -> Titles:
    """Entries are comma-separated texts: hundreds of names a line, as people edit them."""
    sets = {kind: frozenset(_entries(words.get(kind, "")) | _entries(shared.get(kind, ""))) for kind in _KINDS}
    return Titles(**sets)


def _entries(text: str) -> set[str]:
    return {key for entry in text.replace("،", ",").split(",") if (key := name_key(entry.strip()))}
