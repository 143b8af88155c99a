"""Curated organisations by name and acronym, and the words that form names of organisations."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasks.lexicons.folding import fold_name
from tasks.lexicons.gazetteers import names_by_language, read_gazetteer
from tasks.lexicons.words import Words, beginnings, name_key
from tasks.records.errors import UsageError

_MIN_WORD_CHARS = 4
_ARTICLES = ("the ", "le ", "la ", "l ", "el ", "los ", "las ", "ال")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One curated organisation.

    `entity_id` is 'org:<slug>'; `name` the one preferred name in all languages: the first the gazetteer gives.
    """

    entity_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationForms:
    """Words of one language that make a name an organisation's, folded.

    `heads` open one ("ministère" de l'Intérieur, "جامعة" القاهرة), `capital_heads` do where written with a capital;
    `cores` stand anywhere in it ("University", "FC"), `linkers` are the small words inside one (de, of), `tails` the
    small words that may end it (étrangères). `bodies` name one alone, with a capital inside a sentence ("el Gobierno").
    """

    heads: frozenset[str] = frozenset()
    capital_heads: frozenset[str] = frozenset()
    cores: frozenset[str] = frozenset()
    linkers: frozenset[str] = frozenset()
    tails: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()

    def nouns(self) -> frozenset[str]:
        """Heads and bodies of one word, as `name_key` writes them, with and without an article."""
        words = {name_key(word) for word in self.heads | self.capital_heads | self.bodies if " " not in word}
        return frozenset(words | {f"{article}{word}" for article in _ARTICLES for word in words})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationIndex:
    """Organisations by folded name (whatever the language), by exact acronym, and the name forms by language.

    `words` are the long words of all names of an organisation, by its id. `common_nouns` are the heads and bodies of
    one word, of all languages: alone, such a noun is no identity. `closed_by_capital` are the names whose last word
    has a capital however they are spelt: "Le monde change" is no newspaper, "Nations unies" is a body.
    """

    by_name: Mapping[str, Organisation]
    by_acronym: Mapping[str, Organisation]
    forms: Mapping[str, OrganisationForms]
    beginnings: Mapping[str, int]
    words: Mapping[str, frozenset[str]]
    common_nouns: frozenset[str]
    closed_by_capital: frozenset[str]

    def find_defined(self, acronym: str, long_form: str) -> Organisation | None:
        """The organisation of an acronym that a text gives this long form.

        None where the long form shares less than half of its words with the names known: CAF is a confederation of
        football, and somewhere else a fund for families.
        """
        organisation = self.by_acronym.get(acronym)
        if organisation is None:
            return None
        key = name_key(long_form)
        words = _long_words(key)
        known = self.words.get(organisation.entity_id, frozenset())
        agrees = key == name_key(acronym) or 2 * len(words & known) >= max(1, len(words))
        return organisation if agrees else None

    def find(self, name: str) -> Organisation | None:
        """The organisation a mention names, by acronym as written or by name however written.

        None when it is not curated.
        """
        return self.by_acronym.get(name) or self.by_name.get(name_key(name))


@lru_cache(maxsize=2)
def load_organisations(gazetteers: Path) -> OrganisationIndex:
    """The index over `organisations.yaml` of the gazetteer folder.

    Raises UsageError for an entry without id or names, or an id given twice.
    """
    path = gazetteers / "organisations.yaml"
    content = read_gazetteer(path)
    by_name: dict[str, Organisation] = {}
    by_acronym: dict[str, Organisation] = {}
    long_words: dict[str, frozenset[str]] = {}
    closed_small: set[str] = set()
    for entry in content.get("organisations", []):
        entity_id = str(entry.get("id"))
        if not entity_id.startswith("org:") or entity_id in long_words:
            raise UsageError(f"{path}: id {entity_id!r} must begin with 'org:' and stand once")
        names = [name for _, name in names_by_language(path, entry)]
        organisation = Organisation(entity_id=entity_id, name=names[0])
        long_words[entity_id] = frozenset().union(*(_long_words(name_key(name)) for name in names))
        for name in names:
            by_name.setdefault(name_key(name), organisation)
            if not Words(name).capital[-1]:
                closed_small.add(name_key(name))
        for acronym in entry.get("acronyms", []):
            by_acronym.setdefault(str(acronym), organisation)
    forms = {language: _forms(words) for language, words in content.get("forms", {}).items()}
    return OrganisationIndex(
        by_name=by_name, by_acronym=by_acronym, forms=forms, beginnings=beginnings(by_name), words=long_words,
        closed_by_capital=frozenset(by_name) - closed_small,
        common_nouns=frozenset().union(*(of_language.nouns() for of_language in forms.values())),
    )  # fmt: skip


def _long_words(key: str) -> frozenset[str]:
    return frozenset(word for word in key.split() if len(word) >= _MIN_WORD_CHARS)


def _forms(words: Mapping[str, list[str]]) -> OrganisationForms:
    """A head written with a capital in the gazetteer is one in texts only so: 'Union' is, 'union' is a word."""
    folded = {
        kind: frozenset(fold_name(word) for word in words.get(kind, []))
        for kind in ("cores", "linkers", "tails", "bodies")
    }
    heads = words.get("heads", [])
    return OrganisationForms(
        heads=frozenset(fold_name(word) for word in heads if not word[0].isupper()),
        capital_heads=frozenset(fold_name(word) for word in heads if word[0].isupper()),
        cores=folded["cores"],
        linkers=folded["linkers"],
        tails=folded["tails"],
        bodies=folded["bodies"],
    )
