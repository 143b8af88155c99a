"""Names of people: after titles, by given names, between commas beside a role."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from tasks.enrich.spans import PERSON_BY_APPOSITION, PERSON_BY_GIVEN_NAME, PERSON_BY_TITLE, LanguageWords, Span
from tasks.lexicons.titles import title_size
from tasks.lexicons.words import BREAK, COMMA, DOT, OPEN, SPACE, TIGHT, Words

_MAX_NAME_WORDS = 7
# A role and the name beside it stand at most so many words apart: "le directeur général de la sûreté nationale et de
# ..., Abdellatif".
_MAX_ROLE_DISTANCE = 16
_NO_ROLE = -_MAX_ROLE_DISTANCE - 1
_SAINTS = frozenset({"st", "ste", "saint", "sainte", "san", "santa", "santo", "sankt", "sao"})
_ARABIC_ARTICLE = "ال"
_ARABIC_NAME_WORDS = 3
_IsPlace = Callable[[str], bool]


def find_people(words: Words, language: LanguageWords, *, is_place: _IsPlace) -> list[Span]:
    """The spans of people's names; they may overlap."""
    if language.code == "ar":
        return [span for index in range(len(words)) for span in _arabic_at(words, index, language, is_place)]
    spans: list[Span] = []
    last_role = _NO_ROLE
    roles, addresses = language.titles.roles, language.titles.forms_of_address
    role_starts = _first_words(roles)
    for index, (key, is_capital) in enumerate(zip(words.keys, words.capital, strict=True)):
        # Most words are written small and are no title: nobody's name begins there.
        if not is_capital and key not in role_starts and key not in addresses:
            if last_role >= 0 and _ends_sentence(words, index):
                last_role = _NO_ROLE
            continue
        size = title_size(words, index, roles) if key in role_starts else 0
        if size:
            last_role = index + size - 1
        if size or key in addresses or words.surfaces[index][0].isupper():
            spans.extend(_latin_at(words, index, size, language, is_place))
        if index and words.joins[index - 1] == COMMA and index - last_role <= _MAX_ROLE_DISTANCE:
            spans.extend(_between_commas(words, index, language, is_place))
        if last_role >= 0 and _ends_sentence(words, index):
            last_role = _NO_ROLE
    return spans


@lru_cache(maxsize=64)
def _first_words(titles: frozenset[str]) -> frozenset[str]:
    """The words that titles of a set begin with."""
    return frozenset(title.partition(" ")[0] for title in titles)


def _ends_sentence(words: Words, index: int) -> bool:
    """Whether a sentence, line or quotation begins after a word."""
    return index + 1 < len(words) and words.joins[index] in {BREAK, DOT} and words.opens[index + 1]


def _latin_at(words: Words, index: int, role_size: int, language: LanguageWords, is_place: _IsPlace) -> Iterator[Span]:
    """The people whose title or name begins at a word."""
    titles = language.titles
    after_address = _after_address(words, index, language)
    if after_address is not None:
        last = _name_end(words, after_address, language)
        if last is not None:
            yield Span(after_address, last, "PER", PERSON_BY_TITLE)
    if role_size:
        yield from _after_role(words, index + role_size - 1, language, is_place)
    if not words.surfaces[index][0].isupper() or _continues_name(words, index, language):
        return
    is_letter = len(words.surfaces[index]) == 1 and words.keys[index] not in titles.forms_of_address
    is_initial = is_letter and words.joins[index] == DOT and not words.opens[index]
    # 'Don' is a given name in English, a form of address in Spanish: there the name begins behind it.
    is_given = words.keys[index] in titles.given_names and words.keys[index] not in titles.forms_of_address
    if is_given or is_initial:
        last = _name_end(words, index, language)
        if last is not None and last > index and len(words.surfaces[last]) > 1:
            yield Span(index, last, "PER", PERSON_BY_GIVEN_NAME)


def _after_address(words: Words, index: int, language: LanguageWords) -> int | None:
    """The word after a form of address at `index`; abbreviations of one letter (M., D.) count with their dot only."""
    if words.keys[index] not in language.titles.forms_of_address or index + 1 >= len(words):
        return None
    join = words.joins[index]
    is_letter = len(words.keys[index]) == 1
    return index + 1 if join == DOT or (join == SPACE and not is_letter) else None


def _after_role(words: Words, role_end: int, language: LanguageWords, is_place: _IsPlace) -> Iterator[Span]:
    """'le président Chirac', 'le président français Jacques Chirac'."""
    start = role_end + 1
    if start >= len(words) or words.joins[role_end] != SPACE:
        return
    is_adjective = (
        words.surfaces[start].islower() and len(words.keys[start]) > 3 and words.keys[start] not in language.stop_words
    )
    if is_adjective and words.joins[start] == SPACE and words.keys[start] not in language.titles.particles:
        start += 1
    if start >= len(words) or not words.surfaces[start][0].isupper() or is_place(words.keys[start]):
        return
    if words.keys[start] in language.titles.forms_of_address or words.keys[start] in language.titles.roles:
        return
    last = _name_end(words, start, language)
    if last is not None and not words.surfaces[start].isupper():
        yield Span(start, last, "PER", PERSON_BY_TITLE)


def _between_commas(words: Words, index: int, language: LanguageWords, is_place: _IsPlace) -> Iterator[Span]:
    """'le directeur général de la sûreté nationale, Abdellatif Kettouni, ...'."""
    is_title = words.keys[index] in language.titles.forms_of_address or words.keys[index] in language.titles.roles
    if not words.surfaces[index][0].isupper() or is_title:
        return
    last = _name_end(words, index, language)
    forms = language.forms
    others = forms.heads | forms.capital_heads | forms.cores
    is_other = last is not None and any(key in others or is_place(key) for key in words.keys[index : last + 1])
    if last is not None and last > index and not is_other and words.joins[last] in {COMMA, OPEN, DOT, BREAK}:
        yield Span(index, last, "PER", PERSON_BY_APPOSITION)


def _continues_name(words: Words, index: int, language: LanguageWords) -> bool:
    """Whether the word before is a capitalised one that belongs to the same name, so that no name begins here."""
    if index == 0 or words.joins[index - 1] not in {SPACE, TIGHT, DOT}:
        return False
    before = words.surfaces[index - 1]
    key = words.keys[index - 1]
    if key in _SAINTS or (words.joins[index - 1] == TIGHT and before[0].isupper()):
        return True
    if words.joins[index - 1] == DOT and len(before) > 1:
        return False
    titles = language.titles
    is_free = (
        words.opens[index - 1] or key in language.stop_words or key in titles.forms_of_address or key in titles.roles
    )
    return before[0].isupper() and not is_free


def _name_end(words: Words, start: int, language: LanguageWords) -> int | None:
    """The last word of the name that begins at `start`.

    Capitalised words and the particles between them; None when none begins.
    """
    particles, stops = language.titles.particles, language.no_names
    last: int | None = None
    if not words.capital[start] and words.joins[start] != TIGHT:
        return None
    index = start
    while index < len(words) and index - start < _MAX_NAME_WORDS:
        surface, key = words.surfaces[index], words.keys[index]
        if surface[0].isupper() and (key not in stops or key in particles or len(surface) == 1):
            last = index
        elif key not in particles or (last is None and index > start):
            break
        is_initial = words.joins[index] == DOT and len(surface) == 1
        if words.joins[index] not in {SPACE, TIGHT} and not is_initial:
            break
        index += 1
    return last


def _arabic_at(words: Words, index: int, language: LanguageWords, is_place: _IsPlace) -> Iterator[Span]:
    titles = language.titles
    key = words.keys[index]
    bare = key[1:] if key[:1] in "ول" and len(key) > 4 else key
    if words.joins[index] == SPACE and (key in titles.forms_of_address or bare in titles.forms_of_address):
        last = _arabic_name_end(words, index + 1, language, is_place)
        # 'الإمام الثامن علي': a definite word after the title that is not the whole name belongs to the title.
        is_title = words.keys[index + 1].startswith(_ARABIC_ARTICLE) and last != index + 1
        if last is not None and not is_title:
            yield Span(index + 1, last, "PER", PERSON_BY_TITLE)
    if key in titles.roles or bare in titles.roles:
        yield from _arabic_after_role(words, index, language, is_place)
    skip = 1 if key[:1] == "و" and key[1:] in titles.given_names and key not in titles.given_names else 0
    if _given_size(words, index, titles.given_names, skip=skip) and key[skip:] not in titles.stops:
        last = _arabic_name_end(words, index, language, is_place)
        if last is not None and last > index:
            yield Span(index, last, "PER", PERSON_BY_GIVEN_NAME, skip=skip)


def _given_size(words: Words, index: int, given_names: frozenset[str], *, skip: int = 0) -> int:
    """Words of the given name at `index`: 2 for عبد الله, 1 for محمد, 0 for none."""
    if words.joins[index] == SPACE and f"{words.keys[index][skip:]} {words.keys[index + 1]}" in given_names:
        return 2
    return 1 if words.keys[index][skip:] in given_names else 0


def _arabic_after_role(words: Words, index: int, language: LanguageWords, is_place: _IsPlace) -> Iterator[Span]:
    """'رئيس الوزراء الإسرائيلي ايهود اولمرت'.

    The role, its definite complement, then a name that begins without article.
    """
    start = index + 1
    while (
        start < len(words)
        and start - index <= 4
        and words.joins[start - 1] == SPACE
        and words.keys[start].startswith(_ARABIC_ARTICLE)
    ):
        start += 1
    is_joined = start < len(words) and words.joins[start - 1] == SPACE
    is_definite = words.keys[index].startswith(_ARABIC_ARTICLE) or start > index + 1
    if not is_joined or not is_definite:
        return
    last = _arabic_name_end(words, start, language, is_place)
    if last is not None and last > start:
        yield Span(start, last, "PER", PERSON_BY_TITLE)


def _arabic_name_end(words: Words, start: int, language: LanguageWords, is_place: _IsPlace) -> int | None:
    """The last word of the Arabic name that begins at `start`, or None.

    Ends at punctuation, a stop word, a verb or a place.
    """
    titles = language.titles
    last: int | None = None
    index, count = start, 0
    after_particle = False
    while index < min(len(words), start + _MAX_NAME_WORDS) and count < _ARABIC_NAME_WORDS:
        key = words.keys[index]
        size = _given_size(words, index, titles.given_names)
        is_known = size > 0 or (key.startswith(_ARABIC_ARTICLE) and index > start)
        is_particle = key in titles.particles and not size
        if not size and not is_particle and (_is_no_name(key, titles.stops, is_first=index == start) or is_place(key)):
            break
        if not is_particle:
            # An unknown word is the second name, or follows a particle (بن علي رواسي); a third one is most often a
            # verb or a noun.
            if not is_known and count > 1 and not after_particle:
                break
            last = index + max(1, size) - 1
            count += 0 if after_particle else 1
        after_particle = is_particle
        index += max(1, size)
        if words.joins[index - 1] != SPACE:
            break
    return last


def _is_no_name(key: str, stops: frozenset[str], *, is_first: bool) -> bool:
    """Whether an Arabic word cannot stand in a name here.

    A stop word, a number, a word with a clitic conjunction, a present tense verb.
    """
    if key in stops or len(key) < 2 or key[0].isdigit():
        return True
    if is_first and key.startswith(_ARABIC_ARTICLE):
        return False
    # A ta marbuta ends few names that are not in the list of given names, and most of the nouns.
    return (len(key) > 3 and key.endswith("ه")) or (
        len(key) > 4
        and (
            key.startswith(("وال", "بال", "لل", "سي", "ست"))
            or (key.endswith(("ات", "يه", "ون", "ين")) and key.startswith("ال"))
        )
    )
