"""What rigour and ICU know of names in all scripts; loaded when first asked, by one process of a run."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

NEEDED = ("rigour", "icu")
# Names of no Latin letter, as CLDR romanises them.
ICU_RULES = "Any-Latin; Latin-ASCII"


@dataclass(frozen=True, slots=True)
class NameLexicon:
    """`symbols` gives the names, by Wikidata's items of given and family names, that a word is a spelling of.

    `transliterate` writes a name of any script in Latin letters.
    """

    symbols: Callable[[str], frozenset[str]]
    transliterate: Callable[[str], str]


def is_installed() -> bool:
    """Whether the libraries are there: PyICU is built at installation, and needs libicu-dev, pkg-config and g++."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


def load_lexicon() -> NameLexicon | None:
    """The lexicon; None where its libraries are not installed."""
    return NameLexicon(symbols=_symbols, transliterate=_transliterate) if is_installed() else None


@lru_cache(maxsize=200_000)
def _symbols(word: str) -> frozenset[str]:
    from rigour.names import Symbol, analyze_names  # noqa: PLC0415 - takes seconds and hundreds of megabytes
    from rigour.names.tag import NameTypeTag  # noqa: PLC0415

    found = analyze_names(NameTypeTag.PER, [word], phonetics=False, numerics=False, rewrite=False)
    return frozenset(
        str(symbol.id) for name in found for symbol in name.symbols if symbol.category == Symbol.Category.NAME
    )


@lru_cache(maxsize=1)
def _transliterator() -> Any:
    import icu  # noqa: PLC0415 - takes memory that only names in other scripts need

    return icu.Transliterator.createInstance(ICU_RULES)


@lru_cache(maxsize=200_000)
def _transliterate(name: str) -> str:
    written: str = _transliterator().transliterate(name)
    return written
