"""A person's name as parts that can be compared: titles off, particles tied or dropped, letters folded."""

import re
from dataclasses import dataclass

from tasks.lexicons.titles import Titles
from tasks.lexicons.words import MAX_NAME_WORDS, Words

_MAX_NAME_CHARS = 200
# The father's name belongs to these words: Mohammed bin Salman is a Bin Salman, and Salman is another man.
_SON_OF = frozenset({"ben", "bin", "ibn", "bn", "بن", "ابن"})
_TIED = frozenset({"bint", "bent", "بنت", "abu", "abou", "abi", "ابو", "ابي", "bou", "بو", "ait", "ايت", "ould", "ولد"})
_SERVANT = frozenset({"abd", "abdel", "abdul", "abdal", "abdoul", "عبد"})
_ARTICLES = frozenset({"al", "el", "ul", "ال"})
# A family is named with them and without: de Gaulle, Gaulle; Al-Kettouni, Kettouni.
_DROPPED = _ARTICLES | frozenset(
    {
        "de", "del", "della", "di", "da", "do", "dos", "das", "du", "des", "d", "l", "la", "le", "les", "los", "las",
        "van", "von", "der", "den", "ter", "ten", "t", "zu", "af", "av", "y", "e", "i",
    }
)  # fmt: skip
_ARABIC_ARTICLE = "ال"
_MIN_AFTER_ARTICLE = 3
_APOSTROPHES = frozenset("'’ʼ")
_NUMERAL = frozenset("IVX")
_ORDINALS = frozenset(
    {"الاول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع", "العاشر"}
)
_YOUNGER = frozenset({"jr", "junior", "sr", "senior", "fils", "hijo", "filho"})
_DOUBLED = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class PersonName:
    """One way to write a person's name.

    `text` is the name without titles before it. `units` are its words folded, doubled letters as one, articles gone,
    'ben Ali' and 'Abd el Latif' each one unit; the last is the family's. `suffix` tells one bearer from another (VI,
    Jr). `is_ruler`: the suffix is a number, and the name has no family part.
    """

    text: str
    units: tuple[str, ...]
    suffix: str
    is_ruler: bool

    @property
    def has_initial(self) -> bool:
        """Whether the first given name is a letter only."""
        return len(self.units) > 1 and len(self.units[0]) == 1

    @property
    def is_full(self) -> bool:
        """Whether the name has more than one part."""
        return len(self.units) > 1 or bool(self.suffix)


def read_person_name(name: str, titles: Titles) -> PersonName | None:
    """The parts of a name; None of what is no name of a person that can be compared (nothing, or a whole sentence)."""
    if len(name) > _MAX_NAME_CHARS:
        return None
    words = Words(name)
    if not 0 < len(words) <= MAX_NAME_WORDS:
        return None
    first = 0
    while first + 1 < len(words) and words.keys[first] in titles.forms_of_address:
        first += 1
    last, suffix, is_ruler = _without_suffix(words, first)
    units = _units(words, first, last)
    if not units:
        return None
    return PersonName(name[words.starts[first] :] if first else name, units, suffix, is_ruler)


def _without_suffix(words: Words, first: int) -> tuple[int, str, bool]:
    """The last word of the name proper, what stands behind it, and whether that is a ruler's number."""
    last = len(words) - 1
    key, surface = words.keys[last], words.surfaces[last]
    if last > first and (_NUMERAL.issuperset(surface) or key in _ORDINALS):
        return last - 1, key, True
    if last > first + 1 and key in _YOUNGER:
        return last - 1, key, False
    return last, "", False


def _units(words: Words, first: int, last: int) -> tuple[str, ...]:
    units: list[str] = []
    before = ""
    for index in range(first, last + 1):
        key = words.keys[index]
        tied = _tied(words, index, before) if index < last else None
        is_initial = len(key) == 1 and not words.surfaces[index].islower()
        if tied is not None:
            before += tied
        elif key not in _DROPPED or is_initial or (index == last and not units and not before):
            # عبد اللطيف keeps its article, as عبداللطيف does.
            bare = key if before and not before.endswith(" ") else _without_article(key)
            units.append(_DOUBLED.sub(r"\1", before + bare))
            before = ""
    # A word may be of marks only, which fold away.
    return tuple(unit for unit in units if unit)


def _tied(words: Words, index: int, before: str) -> str | None:
    """What a word adds to the unit that the next one ends; None where it stands for itself."""
    key = words.keys[index]
    is_elided = len(key) == 1 and words.surfaces[index].isupper() and words.text[words.ends[index]] in _APOSTROPHES
    goes_on = before != "" and not before.endswith(" ") and key in _ARTICLES
    if is_elided or goes_on or key in _SERVANT:
        return key
    if key in _SON_OF:
        return "ben "
    return f"{key} " if key in _TIED else None


def _without_article(key: str) -> str:
    has_one = key.startswith(_ARABIC_ARTICLE) and len(key) >= len(_ARABIC_ARTICLE) + _MIN_AFTER_ARTICLE
    return key[len(_ARABIC_ARTICLE) :] if has_one else key
