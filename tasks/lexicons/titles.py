"""Words that stand before people's names, given names, and the small words inside names, by language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasks.lexicons.gazetteers import read_gazetteer
from tasks.lexicons.words import name_key


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


def _titles(words: Mapping[str, str], shared: Mapping[str, str]) -> Titles:
    """Entries are comma-separated texts: hundreds of names a line, as people edit them."""
    sets = {kind: frozenset(_entries(words.get(kind, "")) | _entries(shared.get(kind, ""))) for kind in _KINDS}
    return Titles(**sets)


def _entries(text: str) -> set[str]:
    return {key for entry in text.replace("،", ",").split(",") if (key := name_key(entry.strip()))}
