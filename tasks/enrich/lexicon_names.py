"""Names that stand in a lexicon: countries, regions, cities, curated organisations."""

from collections.abc import Iterator
from dataclasses import replace

from tasks.enrich.spans import ACRONYM, AREA_NAME, CITY_NAME, ORGANISATION_NAME, LanguageWords, Rule, Span
from tasks.lexicons.organisations import OrganisationIndex
from tasks.lexicons.places import PlaceIndex
from tasks.lexicons.words import NAME_JOINS, SPACE, TIGHT, Words
from tasks.records.article import EntityType

# Cities smaller than this are more often something else: a family name, a word, a club. Measured on the training
# halves of ../shared/ner.
MIN_POPULATION = 100_000
MIN_POPULATION_SEVERAL_WORDS = 15_000
MIN_POPULATION_OPENING = 200_000
MIN_POPULATION_ARABIC = 150_000
MIN_POPULATION_FREQUENT_WORD = 1_000_000
MIN_POPULATION_SHORT = 300_000
_SHORT_CHARS = 3
# So many words that say something may be a phrase by chance, where they are written small.
_MAX_PHRASE_WORDS = 2
# Scripts written without spaces: a run of their letters is a name only where marks or spaces cut it out.
_UNSPACED = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
    ("\u3040", "\u30ff"),
    ("\u3400", "\u9fff"),
    ("\uac00", "\ud7af"),
)
# "City", "capital" and the like: in Arabic they stand before a name and are no part of it. "Port" the corpora count to
# the name; here it is none, as in "le port de Tanger": who asks for Tangier means its port too.
_COMMON_NOUNS = frozenset(
    {"مدينه", "بلده", "قريه", "عاصمه", "محافظه", "منطقه", "اقليم", "ولايه", "دوله", "مملكه", "جزيره", "مينا"}
)
# Languages that write every noun with a capital: a capital beside a name says nothing there.
_CAPITAL_NOUNS = frozenset({"de", "lb"})


class LexiconNames:
    """Finds the names of the lexicons in the words of a text, longest match first, in time linear in the text."""

    def __init__(self, places: PlaceIndex, organisations: OrganisationIndex) -> None:
        self._places = places
        self._organisations = organisations
        # First word or two of a name of several words -> the most words such a name has, over both lexicons.
        self._longest = {
            word: max(places.beginnings.get(word, 1), organisations.beginnings.get(word, 1))
            for word in {*places.beginnings, *organisations.beginnings}
        }

    def find(self, words: Words, language: LanguageWords) -> list[Span]:
        """The spans of names, not overlapping, in order."""
        spans: list[Span] = []
        index, n_words = 0, len(words)
        capital, keys, longest = words.capital, words.keys, self._longest
        while index < n_words:
            # Most words are written small and begin no name of several words: nothing can be named here.
            if not capital[index] and keys[index] not in longest:
                index += 1
                continue
            span = self._at(words, index, language)
            if span is None or self._begins_behind_elision(words, span, language):
                index += 1
            else:
                spans.append(span)
                index = span.last + 1
        return spans

    def _begins_behind_elision(self, words: Words, span: Span, language: LanguageWords) -> bool:
        """Whether a name begins behind a span's elided article and reaches further.

        L'Union is a town, and no part of "L'Union européenne".
        """
        if span.first == span.last or len(words.surfaces[span.first]) > 1 or words.joins[span.first] != TIGHT:
            return False
        behind = self._at(words, span.first + 1, language)
        return behind is not None and behind.last > span.last

    def is_place(self, key: str, language: LanguageWords) -> bool:
        """Whether the folded name is one of a country, region or city."""
        return self._places.area(key, language=language.code) is not None or bool(self._places.cities(key))

    def classes(self, surface: str, key: str, language: LanguageWords) -> list[str]:
        """What places and organisations know of a single word, by short names; of an Arabic word, whatever clitics."""
        found: list[str] = []
        for skip, _, reading in _readings(key, surface, language.code):
            mark = "'" if skip else ""
            if self._places.area(reading, language=language.code) is not None:
                found.append(f"area{mark}")
            cities = self._places.cities(reading)
            if cities:
                found.append(f"city{mark}{len(str(cities[0][0].population))}")
            if reading in self._longest:
                found.append(f"opens{mark}")
            if reading in self._organisations.by_name:
                found.append(f"organisation{mark}")
            if skip and reading in language.titles.given_names:
                found.append("given'")
            if skip and reading in language.forms.heads:
                found.append("head'")
        if surface in self._organisations.by_acronym:
            found.append("acronym")
        return found

    def trimmed(self, words: Words, span: Span, language: LanguageWords) -> Span:
        """A model's span without the clitic or the common noun that stands before the name."""
        if language.code != "ar":
            return span
        first = span.first
        if span.type == "LOC" and first < span.last and words.keys[first].lstrip("ول") in _COMMON_NOUNS:
            first += 1
        skip, prefix = self._clitic(words.surfaces[first], words.keys[first], language)
        return replace(span, first=first, skip=skip, prefix=prefix)

    def _clitic(self, surface: str, key: str, language: LanguageWords) -> tuple[int, str]:
        """(letters to skip, letters they stand for) of the first word of a name: Arabic clitics stay outside.

        A clitic is one where the rest is a name and the word as it stands is none; the article behind لـ always shows.
        """
        given, heads = language.titles.given_names, language.forms.heads
        for skip, prefix, reading in _readings(key, surface, language.code):
            if self._names_something(reading) or reading in given or reading in heads or prefix:
                return skip, prefix
        return 0, ""

    def is_other_word(self, key: str, language: LanguageWords) -> bool:
        """Whether a folded word is a country in other languages only, or a word or family name before it is a place."""
        titles = language.titles
        if key in titles.ambiguous:
            return True
        is_city = any(is_main and place.population >= MIN_POPULATION for place, is_main in self._places.cities(key))
        return not is_city and self._places.is_foreign_area(key, language=language.code)

    def _at(self, words: Words, index: int, language: LanguageWords) -> Span | None:
        for skip, prefix, key in _readings(words.keys[index], words.surfaces[index], language.code):
            count = self._longest.get(key, 1)
            if count > 1:
                goes_on = words.joins[index] in NAME_JOINS
                count = self._longest.get(f"{key} {words.keys[index + 1]}", 1) if goes_on else 1
            if count == 1 and not self._names_something(key) and (skip or not self._may_be_acronym(words, index)):
                continue
            keys = [key]
            while len(keys) < count and words.joins[index + len(keys) - 1] in NAME_JOINS:
                keys.append(words.keys[index + len(keys)])
            for size in range(len(keys), 0, -1):
                found = self._classify(words, index, keys[:size], language, is_whole=not skip)
                if found is not None:
                    return Span(index, index + size - 1, *found, skip=skip, prefix=prefix)
        return None

    def _names_something(self, key: str) -> bool:
        """Whether a folded word alone is a name of the lexicons, in any language."""
        return key in self._organisations.by_name or self._places.is_name(key)

    def _may_be_acronym(self, words: Words, index: int) -> bool:
        return words.surfaces[index] in self._organisations.by_acronym

    def _classify(
        self, words: Words, first: int, keys: list[str], language: LanguageWords, *, is_whole: bool
    ) -> tuple[EntityType, Rule] | None:
        """What the words name, or None.

        A name written small is only that of an organisation of three words that say something, or more; and one whose
        last word always has a capital has it here too.
        """
        key = " ".join(keys)
        last = first + len(keys) - 1
        if len(keys) == 1 and is_whole and self._is_acronym(words, first, language):
            return "ORG", ACRONYM
        if key in self._organisations.by_name and self._is_written_as_name(words, first, keys, language):
            return "ORG", ORGANISATION_NAME
        if not words.capital[last]:
            return None
        if self._places.area(key, language=language.code) is not None:
            return ("LOC", AREA_NAME) if self._is_free_area(words, first, last, language) else None
        if words.capital[first] and self._is_city(words, first, last, key, language, is_whole=is_whole):
            return "LOC", CITY_NAME
        return None

    def _is_written_as_name(self, words: Words, first: int, keys: list[str], language: LanguageWords) -> bool:
        if not words.capital[first] and sum(key not in language.stop_words for key in keys) <= _MAX_PHRASE_WORDS:
            return False
        return words.capital[first + len(keys) - 1] or " ".join(keys) not in self._organisations.closed_by_capital

    def _is_acronym(self, words: Words, index: int, language: LanguageWords) -> bool:
        surface = words.surfaces[index]
        if surface not in self._organisations.by_acronym:
            return False
        if words.keys[index] not in language.stop_words:
            return True
        # WHO in a headline all in capitals is a word.
        neighbours = words.surfaces[max(0, index - 1) : index] + words.surfaces[index + 1 : index + 2]
        return not any(word.isupper() for word in neighbours)

    def _is_free_area(self, words: Words, first: int, last: int, language: LanguageWords) -> bool:
        if len(words.surfaces[first]) < 2:
            return False
        return language.code == "ar" or first != last or not _is_inside_name(words, first, last, language)

    def _is_city(
        self, words: Words, first: int, last: int, key: str, language: LanguageWords, *, is_whole: bool
    ) -> bool:
        if key in language.titles.ambiguous or len(key) < _SHORT_CHARS or not key.replace(" ", "").isalpha():
            return False
        cities = self._places.cities(key)
        if not cities:
            return False
        if key in language.stop_words and not _is_arabic(key):
            # 'Paris' is a frequent word of French; 'para' and 'seul' are too, and old or foreign names of large cities.
            cities = tuple(pair for pair in cities if pair[1])
        population = max((place.population for place, _ in cities), default=0)
        if _is_unspaced(key):
            return population >= MIN_POPULATION_FREQUENT_WORD
        if population < _population_due(words, first, last, key, language, is_whole=is_whole):
            return False
        return _is_arabic(key) or not _is_inside_name(words, first, last, language)


def _population_due(words: Words, first: int, last: int, key: str, language: LanguageWords, *, is_whole: bool) -> int:
    """How many people a city must have for its name to be taken for it here."""
    is_arabic = _is_arabic(key)
    if key in language.titles.well_known_places:
        return 0
    if first != last:
        return MIN_POPULATION_SEVERAL_WORDS
    due = MIN_POPULATION_ARABIC if is_arabic else MIN_POPULATION
    if key in language.titles.given_names or key in language.stop_words or key in language.titles.stops:
        due = MIN_POPULATION_FREQUENT_WORD
    elif len(key) <= _SHORT_CHARS or not is_whole:
        due = max(due, MIN_POPULATION_SHORT)
    elif not is_arabic and words.opens[first]:
        due = max(due, MIN_POPULATION_OPENING)
    return due


def _is_inside_name(words: Words, first: int, last: int, language: LanguageWords) -> bool:
    """Whether capitalised words stand right beside.

    Then the name is part of another (Houston Rockets, Michael Jackson, Air France).
    """
    if language.code in _CAPITAL_NOUNS:
        return False
    stops = language.stop_words
    if first > 0 and words.joins[first - 1] in {SPACE, TIGHT}:
        before = first - 1
        is_cased = words.surfaces[before][0].isupper()
        if (
            is_cased
            and not words.opens[before]
            and words.keys[before] not in stops
            and not words.surfaces[first].isupper()
        ):
            return True
    if last + 1 < len(words) and words.joins[last] in {SPACE, TIGHT}:
        after = last + 1
        if (
            words.surfaces[after][0].isupper()
            and words.keys[after] not in stops
            and not words.surfaces[first].isupper()
        ):
            return True
    return False


def _readings(key: str, surface: str, language: str) -> Iterator[tuple[int, str, str]]:
    """(letters of the surface to skip, letters they stand for, key): the word as it is, then without Arabic clitics.

    Offsets hold only where folding dropped no letter before the cut: clitics with vowel marks are left alone.
    """
    yield 0, "", key
    if language != "ar" or len(key) < 4 or key[0] not in "وفبلك":
        return
    skip = 0
    if key[0] in "وف":
        skip = 1
        yield 1, "", key[1:]
    rest = key[skip:]
    if len(rest) < 4 or rest[0] not in "بلك" or surface[: skip + 1] != key[: skip + 1]:
        return
    if rest.startswith("لل"):
        yield skip + 1, "ا", "ا" + rest[1:]
    else:
        yield skip + 1, "", rest[1:]


def _is_arabic(key: str) -> bool:
    return "\u0600" <= key[0] <= "\u06ff"


def _is_unspaced(key: str) -> bool:
    return any(first <= key[0] <= last for first, last in _UNSPACED)
