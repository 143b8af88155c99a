"""What a rule found, before overlaps are settled."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tasks.lexicons.organisations import OrganisationForms
from tasks.lexicons.titles import Titles
from tasks.lexicons.words import Words
from tasks.records.article import EntityType, Mention

# Abbreviations that end names and keep their dot.
_DOTTED = frozenset({"inc", "corp", "ltd", "co", "jr", "sr", "bros", "cia"})
# Letters between the dots of initials: "U.S.", "EE.UU.".
_MAX_INITIALS = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of evidence: its name, its score, its rank among equals.

    The score, 0..1, is the share of right spans the rule gave over the development blocks of ar, fr, en and es together
    (three quarters of them Spanish silver). The rule of commas fired three times there: its 0.5 is a guess. Of the
    capitalised "Parlement" inside sentences of the marked speeches 27 of 39 are bodies: the score of BODY_ALONE.
    """

    name: str
    score: float
    rank: int


ORGANISATION_NAME = Rule("organisation in the lexicon", 0.66, 0)
ACRONYM = Rule("acronym in the lexicon", 0.8, 1)
PERSON_BY_TITLE = Rule("person after a title", 0.83, 2)
AREA_NAME = Rule("country or region", 0.88, 3)
ORGANISATION_FORM = Rule("organisation by the words of its name", 0.72, 4)
PERSON_BY_GIVEN_NAME = Rule("person by given name", 0.94, 5)
PERSON_BY_APPOSITION = Rule("person between commas beside a role", 0.5, 6)
CITY_NAME = Rule("city", 0.74, 7)
BODY_ALONE = Rule("body of state by its common noun", 0.7, 8)
SAME_DOCUMENT = Rule("named elsewhere in the text", 0.68, 8)


@dataclass(frozen=True, slots=True)
class Span:
    """Words `first` to `last` of a text name something.

    `skip` letters of the first word are a clitic outside the name, and stand for `prefix`.
    """

    first: int
    last: int
    type: EntityType
    rule: Rule
    skip: int = 0
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class LanguageWords:
    """What the rules know about one language."""

    code: str
    titles: Titles
    forms: OrganisationForms
    stop_words: frozenset[str]

    @cached_property
    def no_names(self) -> frozenset[str]:
        """Stop words that are no given name either."""
        return self.stop_words - self.titles.given_names


def word_classes(key: str, language: LanguageWords) -> list[str]:
    """The lists of a language in which a folded word stands, by short names."""
    titles, forms = language.titles, language.forms
    lists = (
        ("given", titles.given_names), ("title", titles.forms_of_address), ("role", titles.roles),
        ("particle", titles.particles), ("ambiguous", titles.ambiguous), ("end", titles.stops),
        ("head", forms.heads), ("capital head", forms.capital_heads), ("core", forms.cores), ("tail", forms.tails),
        ("stop", language.stop_words),
    )  # fmt: skip
    return [name for name, entries in lists if key in entries]


def without_overlaps(spans: Iterable[Span], *, taken: list[bool]) -> list[Span]:
    """The spans that stand.

    More words first, then the better rule, then the earlier. Marks their words in `taken`; skips what is taken.
    """
    kept = []
    for span in sorted(spans, key=lambda span: (span.first - span.last, span.rule.rank, span.first, span.skip)):
        if not any(taken[span.first : span.last + 1]):
            taken[span.first : span.last + 1] = [True] * (span.last + 1 - span.first)
            kept.append(span)
    return kept


def to_mention(words: Words, span: Span) -> Mention:
    """The mention of a span; its name is the surface with plain spaces and the article a clitic had swallowed."""
    start, end = words.starts[span.first] + span.skip, words.ends[span.last] + _closing_dot(words, span)
    surface = words.text[start:end]
    name = " ".join(f"{span.prefix}{surface}".split())
    return Mention(type=span.type, name=name, surface=surface, start_char=start, end_char=end, score=span.rule.score)


def _closing_dot(words: Words, span: Span) -> int:
    """1 where the dot behind a name belongs to it: "U.S.", "EE.UU.", "Acme Inc."; else 0."""
    last, end = span.last, words.ends[span.last]
    if span.first == last or words.text[end : end + 1] != ".":
        return 0
    if words.keys[last] in _DOTTED:
        return int(words.capital[last])
    initials = words.surfaces[last - 1 : last + 1]
    is_dotted = words.text[words.ends[last - 1] : words.starts[last]] == "."
    return int(is_dotted and all(word.isupper() and len(word) <= _MAX_INITIALS for word in initials))
