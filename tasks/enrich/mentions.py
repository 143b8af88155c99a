"""Names in one text by lexicons and general rules, for every language."""

from pathlib import Path

from tasks.enrich.lexicon_names import LexiconNames
from tasks.enrich.organisations import bodies_alone, defined_acronyms, find_organisations
from tasks.enrich.people import find_people
from tasks.enrich.same_document import named_elsewhere
from tasks.enrich.spans import LanguageWords, Span, to_mention, without_overlaps, word_classes
from tasks.lexicons.organisations import OrganisationForms, OrganisationIndex, load_organisations
from tasks.lexicons.places import PlaceIndex, load_places
from tasks.lexicons.stopwords import stop_words
from tasks.lexicons.titles import Titles, load_titles
from tasks.lexicons.words import Words
from tasks.records.article import Mention


class LexiconRecogniser:
    """Finds people, organisations and places by lexicons, titles and the words of names.

    Needs no model, knows every language's countries.

    Immutable after building; the result depends on the text, the language and the gazetteers only.
    """

    def __init__(self, places: PlaceIndex, organisations: OrganisationIndex, titles: dict[str, Titles]) -> None:
        self._names = LexiconNames(places, organisations)
        self._languages = {
            code: _language_words(code, titles, organisations) for code in sorted({*titles, *organisations.forms})
        }
        self._other = _language_words("any", titles, organisations)

    @classmethod
    def load(cls, gazetteers: Path) -> "LexiconRecogniser":
        """The recogniser over CLDR, GeoNames and the files of a gazetteer folder.

        Raises UsageError for a file that is missing or wrong.
        """
        return cls(load_places(gazetteers), load_organisations(gazetteers), dict(load_titles(gazetteers)))

    def find_mentions(self, text: str, *, language: str) -> list[Mention]:
        """The mentions of `text` in order of `start_char`, not overlapping.

        `language` is an ISO 639 code, 'und' when undecided.

        `name` is the surface with plain spaces; identity is given later, over the whole document. Time is linear in
        the text.
        """
        words = Words(text)
        if not len(words):
            return []
        profile = self.language_words(language)
        taken = [False] * len(words)
        kept = without_overlaps(self.rule_spans(words, profile), taken=taken)
        kept += without_overlaps(named_elsewhere(words, kept, profile, taken=taken), taken=taken)
        kept += without_overlaps(bodies_alone(words, profile), taken=taken)
        return [to_mention(words, span) for span in sorted(kept, key=_position)]

    def rule_spans(self, words: Words, language: LanguageWords) -> list[Span]:
        """What lexicons and rules find; it may overlap, and no span reaches over a line."""
        found = self._names.find(words, language)
        found += find_organisations(words, language)
        found += find_people(words, language, is_place=lambda key: self._names.is_place(key, language))
        found += defined_acronyms(words, found)
        return found

    def word_classes(self, surface: str, key: str, language: LanguageWords) -> tuple[str, ...]:
        """What the lexicons know of a single word, by short names: classes that a trained model has weights for."""
        return (*self._names.classes(surface, key, language), *word_classes(key, language))

    def trimmed(self, words: Words, span: Span, language: LanguageWords) -> Span:
        """A model's span without the clitic or the common noun that stands before the name.

        "بالمغرب" names المغرب, "مدينة طنجة" names طنجة; what an airport or a street is called is named with it.
        """
        return self._names.trimmed(words, span, language)

    def refuses(self, words: Words, span: Span, language: LanguageWords) -> bool:
        """Whether the lexicons know that a model's span is none.

        A single word that is a country in other languages only, or a word or family name before it is a place.
        """
        is_word = span.first == span.last and span.type != "PER"
        return is_word and self._names.is_other_word(words.keys[span.first], language)

    def language_words(self, code: str) -> LanguageWords:
        """What the rules know about a language; of one without entries of its own, what holds in any."""
        known = self._languages.get(code)
        if known is not None:
            return known
        other = self._other
        return LanguageWords(code=code, titles=other.titles, forms=other.forms, stop_words=stop_words(code))


def _position(span: Span) -> int:
    return span.first


def _language_words(code: str, titles: dict[str, Titles], organisations: OrganisationIndex) -> LanguageWords:
    return LanguageWords(
        code=code,
        titles=titles.get(code) or titles["any"],
        forms=organisations.forms.get(code, OrganisationForms()),
        stop_words=stop_words(code),
    )
