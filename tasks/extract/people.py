"""Names of authors: from JSON-LD, meta tags and bylines to a list of people."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from tasks.extract.calendar_words import MONTH_NUMBER, fold
from tasks.extract.page_data import Node, PageData, as_list, plain, types_of

META_AUTHORS = (
    "author", "article:author", "authors", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "citation_author", "byl", "og:author", "og:article:author", "creator", "dc:creator", "article:author_name",
    "shareaholic:article_author_name", "dcsext.author", "rbauthors", "cxenseparse:author",
)  # fmt: skip
LEAD = re.compile(
    r"^(?:(?:written|words|text|story|posted|published|reported|geschrieben|verfasst|veröffentlicht|article|"
    r"artikel|rédigé|écrit|publié|posté|"
    r"escrito|publicado|édité|photos?|ein artikel|(?:zeige )?alle beiträge|(?:view )?all posts|"
    r"voir tous les articles|ver todas las entradas|"
    r"posts|beiträge|articles)\s+)?(?:by|par|por|von|vom|da|di|بقلم|كتب|كتبت|إعداد)(?:\s*:\s*|\s+)"
    r"|^(?:autor(?:en|in|es|a)?|auteure?s?|authors?|text|texte?|interview|fotos?|photos?|bild(?:er)?|video|"
    r"herausgeber|redaktion|صحفي)(?:\s*:\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
TRAIL = re.compile(r"(?<!\s)\s+(?:im gespräch|stand|for the|is a|ist|est|says|sagt|a dit)\b.*$", re.IGNORECASE)
SPLIT = re.compile(
    r"(?<!\s)\s*(?:;|\||/|•|·|\s[-–—]\s|\s&\s|,(?!\s*(?:jr|sr|ph\.?d|md|dr|ii|iii)\b)|\s(?:and|und|et|y|e|och|og|en|with|"
    r"avec|mit)\s|،|\sو(?=[\u0621-\u064a]{2}))\s*",
    re.IGNORECASE,
)
NOISE = re.compile(r"\(.{0,80}?\)|\[.{0,80}?\]|<.{0,80}?>|https?://\S+|\S+@\S+\.\S+|(?<!\w)@\w+")
EDGES = ' \t-–—:;,.|/·•*"“”«»'
DIGIT_TAIL = re.compile(r"(?<!\s)\s*(?:\d{1,2}[./:-]|\d{4}|\bam\s+\d|\bon\s+\d|\ble\s+\d|\bum\s+\d).*$", re.IGNORECASE)
_AGENCIES = (
    "afp ap reuters dpa apa sda ats efe ansa map mapexpress aps tap wam spa anadolu aa xinhua tass belga pa upi sid "
    "bloomberg agenturen agencies agences agencias admin administrator administrateur administrador webmaster "
    "redaction redaktion redaccion redazione editor staff editorial unknown anonymous guest user root null none n/a "
    "author auteur autor default"
)
_ROLES = (
    "redaktion rédaction redaction redacción redacció redazione redação newsroom desk staff editors webdesk "
    "correspondent التحرير هيئة وكالات"
)
AGENCIES = frozenset(_AGENCIES.split())
ROLE_WORDS = frozenset(_ROLES.split())
# What stands in a byline beside the names: when and how, not who.
NO_NAME = re.compile(
    r"^(?:veröffentlicht|publiziert|published|posted|publié|publicado|zuletzt|updated|aktualisiert|stand|"
    r"geschrieben|erstellt|um|am|on|le|at)\b",
    re.IGNORECASE,
)
ORGANISATION = re.compile(
    r"(?:\.(?:com|net|org|de|fr|it|at|ch|ma|dz|tn|es|eu|info|tv|uk|news)$)|\b(?:gmbh|e\.?v|inc|ltd|llc|team|verlag|"
    r"stiftung|foundation|magazin|magazine|"
    r"wordpress|admin|webmaster|e-?mail|archiv|impressum|kontakt|contact|"
    r"agence|agency|agencia|agenzia|agentur|وكالة)\b|\bnews$",
    re.IGNORECASE,
)
MAX_NAME_CHARS = 60
MAX_NAME_WORDS = 6
MAX_AUTHORS = 20
# Author strings that are looked at; whoever states more states no authors.
MAX_STRINGS = 200


def _is_person(name: str, organisations: frozenset[str]) -> bool:
    """Whether a cleaned name may be a person's: short, no agency, no desk, not the outlet itself."""
    folded = name.casefold()
    words = folded.split()
    if not 2 <= len(name) <= MAX_NAME_CHARS or len(words) > MAX_NAME_WORDS or not any(char.isalpha() for char in name):
        return False
    if (
        folded in organisations
        or folded in AGENCIES
        or ROLE_WORDS & set(words)
        or ORGANISATION.search(name)
        or NO_NAME.match(name)
        or fold(name) in MONTH_NUMBER
    ):
        return False
    return not all(word.strip(".") in AGENCIES for word in words)


def _clean_name(name: str) -> str:
    name = NOISE.sub(" ", name)
    name = LEAD.sub("", " ".join(name.split()).strip(EDGES))
    name = TRAIL.sub("", DIGIT_TAIL.sub("", name)).replace("_", " ").strip(EDGES)
    return name.title() if name.islower() and " " in name else name


def people(strings: Iterable[str], *, organisations: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The people in a page's author strings, in order, each once; `organisations` are casefolded names to leave out.

    Lists are split at commas, semicolons, slashes, "and"/"et"/"und"; lead-ins ("By", "Par", "بقلم"), addresses, dates
    and brackets are taken off. "Surname, Name" cannot be told from two people and counts as two.
    """
    names: dict[str, str] = {}
    for string in islice(strings, MAX_STRINGS):
        if string.lower().startswith(("http:", "https:", "www.")):
            continue
        for part in SPLIT.split(NOISE.sub(" ", string[:400])):
            name = _clean_name(part)
            if name and name.casefold() not in names and _is_person(name, organisations):
                names[name.casefold()] = name
    return tuple(names.values())[:MAX_AUTHORS]


def _name_of(author: object, by_id: dict[str, Node]) -> Iterator[str]:
    """The names in one JSON-LD author: a string, a node, or a reference to a node elsewhere on the page."""
    if isinstance(author, str):
        if text := plain(author):
            yield text
    elif isinstance(author, dict):
        node = by_id.get(str(author.get("@id")), author) if "name" not in author else author
        if "organization" in " ".join(types_of(node)):
            return
        names = as_list(node.get("name")) or [" ".join(str(node.get(key) or "") for key in ("givenName", "familyName"))]
        for name in names:
            if text := plain(name["name"] if isinstance(name, dict) and "name" in name else name):
                yield text


def json_ld_authors(data: PageData) -> list[str]:
    """The author strings of the page's article node; those typed as organisations left out."""
    by_id = {str(node["@id"]): node for node in data.nodes if "@id" in node and "name" in node}
    for node in data.articles:
        found = [name for author in as_list(node.get("author")) for name in _name_of(author, by_id)]
        if found:
            return found
    return []


def meta_authors(data: PageData) -> list[str]:
    """The author strings of the first kind of meta tag that has any that are no address."""
    for name in META_AUTHORS:
        values = [value for value in data.meta.get(name, ()) if not value.lower().startswith(("http:", "https:", "//"))]
        if values:
            return values
    return []
