"""One text, one form of a name: each person and organisation carries the fullest form that the text has of it.

"Kettouni" beside "Abdellatif Kettouni" is him, and "DGSN" what the text has said it stands for. Where the text leaves
room for two, names stay apart.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from tasks.enrich.acronyms import acronym_key, long_forms
from tasks.enrich.person_names import PersonName, read_person_name
from tasks.lexicons.titles import Titles
from tasks.lexicons.words import name_key
from tasks.records.article import Mention

# Units and suffix of a full name; of a single word, nothing and the word itself.
_Key: TypeAlias = tuple[tuple[str, ...], str]
_Part = TypeVar("_Part", str, tuple[str, str], tuple[str, ...])
_NO_TITLES = Titles()
# Two family names, the mother's last: a person goes by given name and the father's.
_MOTHERS_NAME_LAST = frozenset({"es", "ca", "gl", "eu"})
# People of one first and one last name, told apart by what stands between: with more of them, nobody is joined.
_MAX_NAMESAKES = 8
_NOBODY: _Key = ((), "")


def join_names(text: str, mentions: Sequence[Mention], *, language: str, titles: Titles = _NO_TITLES) -> list[Mention]:
    """The mentions as they are, in their order, but for `name`: the fullest form that the text has of each name.

    People: a family name alone, initials, fewer given names, other case, accents and doubled letters are the one full
    name of the text that they fit; where they fit two, they stay. Titles before a name are no part of it.
    Organisations: an acronym that the text defines gets its long form. `titles` are the language's own. Depends on the
    mentions as a set; again on its own result it changes nothing. Time is linear in text and mentions.
    """
    names = _person_names(mentions, language, titles) | _organisation_names(text, mentions)
    return [
        mention if names.get(at, mention.name) == mention.name else replace(mention, name=names[at])
        for at, mention in enumerate(mentions)
    ]


@dataclass
class _Forms:
    """The ways one name is written: how often, and where first."""

    n_times: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, written: str, start_char: int) -> None:
        """Take a mention in."""
        self.n_times[written] += 1
        self.first[written] = min(start_char, self.first.get(written, start_char))

    def rank(self, written: str) -> tuple[bool, int, int, str]:
        """Smallest for the form to prefer: no headline capitals, then the most frequent, then the earliest."""
        is_headline = " " in written and written.isupper()
        return (is_headline, -self.n_times[written], self.first[written], written)

    def best(self) -> str:
        """The form to prefer."""
        return min(self.n_times, key=self.rank)


# --- people ---------------------------------------------------------------------------------------------------------


def _person_names(mentions: Sequence[Mention], language: str, titles: Titles) -> dict[int, str]:
    """Position of a mention -> the name it carries, of the people."""
    reader = _Reader(titles)
    keys: dict[int, _Key] = {}
    names: dict[_Key, PersonName] = {}
    forms: dict[_Key, _Forms] = {}
    for at, mention in enumerate(mentions):
        read = reader.own_name(mention) if mention.type == "PER" else None
        if read is None:
            continue
        written, name = read
        key = (name.units, name.suffix) if name.is_full else ((), name_key(written))
        keys[at] = key
        names.setdefault(key, name)
        forms.setdefault(key, _Forms()).add(name.text if name.is_full else written, mention.start_char)
    people = _People(titles.given_names, language in _MOTHERS_NAME_LAST)
    whose = people.whose(names)
    best = _best_forms(names, forms, whose)
    return {at: best[whose[key]] for at, key in keys.items()}


class _Reader:
    """Names of people, each distinct one read once."""

    def __init__(self, titles: Titles) -> None:
        self._titles = titles
        self._known: dict[str, PersonName | None] = {}

    def own_name(self, mention: Mention) -> tuple[str, PersonName] | None:
        """What the mention itself says, as written and as read.

        Its name, which has back the article that a clitic had swallowed, unless that is one it was given: then its
        surface.
        """
        surface = " ".join(mention.surface.split())
        read = self._read(surface)
        if mention.name != surface:
            stated = self._read(mention.name)
            if stated is not None and read is not None and (stated.units, stated.suffix) == (read.units, read.suffix):
                return mention.name, stated
        return None if read is None else (surface, read)

    def _read(self, name: str) -> PersonName | None:
        if name not in self._known:
            self._known[name] = read_person_name(name, self._titles)
        return self._known[name]


def _best_forms(names: dict[_Key, PersonName], forms: dict[_Key, _Forms], whose: dict[_Key, _Key]) -> dict[_Key, str]:
    """Person -> the form of the name to carry: most whole words, most initials, then as `_Forms` ranks them."""
    best: dict[_Key, tuple[tuple[object, ...], str]] = {}
    for key in names:
        written = forms[key].best()
        size = len(key[0]) + bool(key[1]) if key[0] else 0
        n_whole = sum(len(unit) > 1 for unit in key[0])
        ranked = ((-n_whole, -size, *forms[key].rank(written)), written)
        person = whose[key]
        if person not in best or ranked < best[person]:
            best[person] = ranked
    return {person: written for person, (_, written) in best.items()}


class _People:
    """The people of one text, each by the key of the fullest name, found by parts of it."""

    def __init__(self, given_names: frozenset[str], is_mothers_name_last: bool) -> None:
        self._given_names = given_names
        self._is_mothers_name_last = is_mothers_name_last
        self._namesakes: dict[tuple[str, str, str], list[_Key]] = {}
        # Part of a name -> the one person who has it; _NOBODY where two do.
        self._by_ending: dict[tuple[str, ...], _Key] = {}
        self._by_beginning: dict[tuple[str, ...], _Key] = {}
        self._by_initial: dict[tuple[str, str], _Key] = {}
        self._by_first: dict[str, _Key] = {}

    def whose(self, names: dict[_Key, PersonName]) -> dict[_Key, _Key]:
        """Each name -> the person it names: fuller names are placed first, single words last."""
        found: dict[_Key, _Key] = {}
        order = sorted(
            names, key=lambda key: (not names[key].is_full, names[key].has_initial, -len(names[key].units), key)
        )
        for key in order:
            name = names[key]
            person = self._person(name, key)
            found[key] = person
            if name.is_full:
                self._add(name, person, is_new=person == key)
        return found

    def _person(self, name: PersonName, key: _Key) -> _Key:
        if not name.is_full:
            fitting = self._of_family(name, key[1])
        elif name.has_initial:
            fitting = self._of_initials(name)
        else:
            fitting = self._of_names(name)
        return fitting.pop() if len(fitting) == 1 and _NOBODY not in fitting else key

    def _of_family(self, name: PersonName, written: str) -> set[_Key]:
        """Who goes by a single word."""
        unit = name.units[0]
        person = self._by_ending.get(name.units, _NOBODY)
        is_arabic = "\u0600" <= unit[0] <= "\u06ff"
        # محمد alone is any Mohammed; and "Mohammed" beside Mohammed VI may be the king.
        is_given_name = is_arabic and (written in self._given_names or unit in self._given_names)
        return {person, self._by_first.get(unit, person)} if not is_given_name and len(unit) > 1 else {_NOBODY}

    def _of_names(self, name: PersonName) -> set[_Key]:
        """Who has the first and last part of a full name and more between them, or a longer name that ends so."""
        units = name.units
        namesakes = self._namesakes.get((units[0], units[-1], name.suffix), [])
        fitting = {person for person in namesakes if _fits_between(units, person[0])}
        if len(namesakes) >= _MAX_NAMESAKES:
            return {_NOBODY}
        if name.suffix:
            return fitting
        if units[0] not in self._given_names:
            fitting |= {self._by_ending[units]} if units in self._by_ending else set()
        if self._is_mothers_name_last and units[-1] not in self._given_names:
            fitting |= {self._by_beginning[units]} if units in self._by_beginning else set()
        return fitting

    def _of_initials(self, name: PersonName) -> set[_Key]:
        """Who has a family name and given names that begin with these letters."""
        person = self._by_initial.get((name.units[0], name.units[-1]), _NOBODY)
        pairs = zip(name.units[:-1], person[0][:-1], strict=False)
        fits = person[1] == name.suffix and all(
            whole.startswith(part) if len(part) == 1 else whole == part for part, whole in pairs
        )
        return {person} if fits else {_NOBODY}

    def _add(self, name: PersonName, person: _Key, *, is_new: bool) -> None:
        units = name.units
        _take(self._by_first, units[0], person)
        if name.is_ruler:
            return
        for first in range(1, len(units)):
            _take(self._by_ending, units[first:], person)
        _take(self._by_initial, (units[0][0], units[-1]), person)
        if is_new:
            namesakes = self._namesakes.setdefault((units[0], units[-1], name.suffix), [])
            if len(namesakes) < _MAX_NAMESAKES:
                namesakes.append(person)
        if self._is_mothers_name_last:
            for last in range(2, len(units)):
                _take(self._by_beginning, units[:last], person)
                if units[last - 1] not in self._given_names and len(units[last - 1]) > 1:
                    _take(self._by_ending, (units[last - 1],), person)


def _take(index: dict[_Part, _Key], part: _Part, person: _Key) -> None:
    """Nothing; afterwards the part of a name is known to be this person's, or of two."""
    if index.setdefault(part, person) != person:
        index[part] = _NOBODY


def _fits_between(less: tuple[str, ...], more: tuple[str, ...]) -> bool:
    """Whether what stands between first and last part of one name is found in another's.

    Nothing is found in all; initials alone are not (George W. Bush, George H. W. Bush), but may stand for words. Who is
    named by his father is named by his grandfather too: the chain must be the same.
    """
    if less[-1].startswith("ben "):
        return less == more
    wanted, given = less[1:-1], more[1:-1]
    if not wanted:
        return True
    if len(wanted) == len(given):
        return all(_is_initial_of(*sorted(pair, key=len)) for pair in zip(wanted, given, strict=True))
    rest = iter(given)
    return all(len(unit) > 1 and unit in rest for unit in wanted)


def _is_initial_of(part: str, whole: str) -> bool:
    return part == whole or (len(part) == 1 and whole.startswith(part))


# --- organisations --------------------------------------------------------------------------------------------------


def _organisation_names(text: str, mentions: Sequence[Mention]) -> dict[int, str]:
    """Position of a mention -> the name it carries, of the organisations."""
    organisations = [(at, mention) for at, mention in enumerate(mentions) if mention.type == "ORG"]
    defined = long_forms(text, (mention for _, mention in organisations))
    stated = {at: _stated(mention, defined) for at, mention in organisations}
    forms: dict[str, _Forms] = {}
    for at, mention in organisations:
        forms.setdefault(name_key(stated[at]), _Forms()).add(stated[at], mention.start_char)
    best = {key: of_key.best() for key, of_key in forms.items() if key}
    return {at: best.get(name_key(written), written) for at, written in stated.items()}


def _stated(mention: Mention, defined: dict[str, tuple[int, str]]) -> str:
    """The long form of an acronym that the text defines, else the name.

    The article that a clitic had swallowed is in the name alone.
    """
    for written in (mention.surface, mention.name):
        key = acronym_key(written)
        if key is not None and key in defined:
            return defined[key][1]
    return mention.name
