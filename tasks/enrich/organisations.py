"""Names of organisations by the words they are made of.

Heads (وزارة, ministère de), cores (University, FC), acronyms in brackets.
"""

from collections.abc import Iterator

from tasks.enrich.spans import BODY_ALONE, ORGANISATION_FORM, LanguageWords, Span
from tasks.lexicons.organisations import OrganisationForms
from tasks.lexicons.words import NAME_JOINS, OPEN, SPACE, TIGHT, Words

_MAX_WORDS = 9
_ARABIC_MAX_WORDS = 4
# "the Excursion House and the City Hospital" are two.
_CONJUNCTIONS = frozenset({"and", "y", "e", "et"})
_ARTICLES = frozenset({"el", "la", "los", "las", "le", "les", "l", "the"})
_ARABIC_ARTICLE = "ال"


def find_organisations(words: Words, language: LanguageWords) -> list[Span]:
    """The spans of organisations' names; they may overlap."""
    if language.code == "ar":
        return [span for index in range(len(words)) for span in _arabic_at(words, index, language)]
    spans: list[Span] = []
    index, n_words, capital = 0, len(words), words.capital
    while index < n_words:
        end = _run_end(words, index, language) if capital[index] else None
        if end is None:
            index += 1
            continue
        if any(words.keys[i] in language.forms.cores for i in range(index, end + 1)) and end > index:
            spans.append(Span(index, end, "ORG", ORGANISATION_FORM))
        index = end + 1
    heads = language.forms.heads | language.forms.capital_heads
    found = (index for index, key in enumerate(words.keys) if key in heads)
    spans.extend(span for index in found for span in _after_head(words, index, language))
    return spans


def _run_end(words: Words, start: int, language: LanguageWords) -> int | None:
    """The last word of the run of capitalised words and linkers that begins at `start`."""
    if not words.surfaces[start][0].isupper() or (
        words.keys[start] in language.stop_words and len(words.keys[start]) < 5
    ):
        return None
    last = start
    index = start
    while index + 1 < len(words) and words.joins[index] in {SPACE, TIGHT} and index + 1 - start < _MAX_WORDS:
        index += 1
        if words.surfaces[index][0].isupper():
            last = index
        elif (
            words.keys[index] not in language.forms.linkers
            or index - last > 2
            or (
                words.keys[index] in _CONJUNCTIONS
                and index + 1 < len(words)
                and not words.surfaces[index + 1][0].isupper()
            )
        ):
            break
    return last


def _after_head(words: Words, index: int, language: LanguageWords) -> Iterator[Span]:
    """'ministère de l'Intérieur', 'Université de Montréal': a head, a linker, capitalised words."""
    key = words.keys[index]
    if key not in language.forms.heads and not (
        key in language.forms.capital_heads and words.surfaces[index][0].isupper()
    ):
        return
    last = None
    at = index
    while at + 1 < len(words) and words.joins[at] in {SPACE, TIGHT} and at + 1 - index < _MAX_WORDS:
        at += 1
        if words.surfaces[at][0].isupper():
            last = at
        elif words.keys[at] not in language.forms.linkers or _begins_another(words, at, language.forms):
            break
    if last is None:
        return
    if words.joins[last] == SPACE and words.keys[last + 1] in language.forms.tails:
        last += 1
    yield Span(index, last, "ORG", ORGANISATION_FORM)


def _begins_another(words: Words, index: int, forms: OrganisationForms) -> bool:
    """Whether behind an "and" an article and a head begin another name: "the Senate and the Bank of Dunmere" are two.

    "Ministry of Culture and the Arts" is one.
    """
    article, noun = index + 1, index + 2
    return (
        words.keys[index] in _CONJUNCTIONS
        and noun < len(words)
        and words.keys[article] in _ARTICLES
        and words.keys[noun] in forms.heads | forms.capital_heads | forms.bodies | forms.cores
    )


def _arabic_at(words: Words, index: int, language: LanguageWords) -> Iterator[Span]:
    """'وزارة الخارجية الأمريكية': a head and the definite words after it."""
    key = words.keys[index]
    skip = 1 if key[:1] in "وبل" and key not in language.forms.heads and key[1:] in language.forms.heads else 0
    if key[skip:] not in language.forms.heads:
        return
    last = index
    while last + 1 < len(words) and words.joins[last] == SPACE and last + 1 - index <= _ARABIC_MAX_WORDS:
        following = words.keys[last + 1]
        if not following.startswith(_ARABIC_ARTICLE) or following in language.titles.stops:
            break
        last += 1
    if last > index:
        yield Span(index, last, "ORG", ORGANISATION_FORM, skip=skip)


def defined_acronyms(words: Words, spans: list[Span]) -> Iterator[Span]:
    """The acronym in brackets after an organisation's long form: 'Conseil de coopération du Golfe (CCG)'."""
    for span in spans:
        after = span.last + 1
        if span.type != "ORG" or span.last == span.first or after >= len(words) or words.joins[span.last] != OPEN:
            continue
        surface = words.surfaces[after]
        if surface.isupper() and surface.isalpha() and 2 <= len(surface) <= 10:
            yield Span(after, after, "ORG", ORGANISATION_FORM)


def bodies_alone(words: Words, language: LanguageWords) -> Iterator[Span]:
    """Common nouns that a capital inside a sentence makes the name of a body: "el Gobierno", "the Senate".

    Beside another capital they are part of a longer name, which is not judged here.
    """
    bodies = language.forms.bodies
    for index, key in enumerate(words.keys):
        if key not in bodies or words.opens[index] or not words.surfaces[index].istitle():
            continue
        before, behind = index - 1, index + 1
        is_joined = words.joins[before] in NAME_JOINS and words.surfaces[before][0].isupper()
        goes_on = words.joins[index] in NAME_JOINS and not words.opens[behind] and words.surfaces[behind][0].isupper()
        if not goes_on and (not is_joined or words.keys[before] in language.stop_words):
            yield Span(index, index, "ORG", BODY_ALONE)
