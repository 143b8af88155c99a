"""Names of authors: from JSON-LD, meta tags and bylines to a list of people."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from tasks.extract.calendar_words import MONTH_NUMBER, fold
from tasks.extract.page_data import Node, PageData, as_list, plain, types_of
from tasks.extract.titles import fold_words

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
TRAIL = re.compile(r"(?<!\s)\s+(?:im gespräch|stand|for the|is a|ist|est|says|sagt|a dit|at|on)\b.*$", re.IGNORECASE)
SPLIT = re.compile(
    r"(?<!\s)\s*(?:;|\||/|•|·|\s[-–—]\s|\s&\s|,(?!\s*(?:jr|sr|ph\.?d|md|dr|ii|iii)\b)|\s(?:and|und|et|y|e|och|og|en|with|"
    # "and", but not the first letter of a name
    r"avec|con|com|mit)\s|،|\sو\s|\sو(?!(?:ليد|ائل|فاء|سيم|سام|داد|جدان|هبة|هيب|هبي|ديع|حيد|جيه|لاء|ئام|صفي|اصف|نيس|ردة|لد)"
    r"(?:\s|$))(?=[\u0621-\u064a]{2}))\s*",
    re.IGNORECASE,
)
# Two names with nothing between them ("Ann FieldBo Reed"); three small letters before, for McGee and MacLeod.
GLUED = re.compile(r"\A([^\W\d_]\S{1,20} [^\W\d_]{0,20}[a-zà-ÿ]{3})(?<!Fitz)(?=[A-ZÀ-Þ][a-zà-ÿ]{1,20} [A-ZÀ-Þ])")
_ONE_WORD = r"([A-ZÀ-Þ][^\W\d_]{1,20}(?:-[^\W\d_]{1,20})?)"
SURNAME_FIRST = re.compile(rf"\A{_ONE_WORD}, {_ONE_WORD}")
NOISE = re.compile(r"\(.{0,80}?\)|\[.{0,80}?\]|<.{0,80}?>|https?://\S+|\S+@\S+\.\S+|(?<!\w)@\w+")
EDGES = ' \t-–—:;,.|/·•*©"“”«»'
DIGIT_TAIL = re.compile(r"(?<!\s)\s*(?:\d{1,2}[./:-]|\d{4}|(?:\s(?:am|at|on|le|el|um))?\s\d).*$", re.IGNORECASE)
_AGENCIES = (
    "afp ap reuters dpa apa sda ats efe ansa map mapexpress aps tap wam spa anadolu aa xinhua tass belga pa upi sid "
    "bloomberg agenturen agencies agences agencias admin administrator administrateur administrador webmaster "
    "redaction redaktion redaccion redazione editor staff editorial unknown anonymous guest user root null none n/a "
    "author auteur autor default publisher anonym anonyme anonimo nn red"
)
_ROLES = (
    "redaktion redaction redaccion redaccio redazione redacao newsroom desk staff editors webdesk "
    "correspondent التحرير هيئة وكالات"
)
# What somebody is, before or behind a name ("Ann Field, senior correspondent"); alone it names nobody.
_POST = (
    r"(?:(?:senior|junior|chief|staff|special|guest|political|foreign|deputy|freelance|grand|freier?)\s){0,2}"
    r"(?:journalist(?:e|es|in)?|reporters?|reporterin|correspond[ae]nte?s?|korrespondent(?:in)?|corresponsal|"
    r"corrispondente|periodista|giornalista|jornalista|rédact(?:eur|rice)s?|redakteur(?:in)?|redactora?|"
    r"editor(?:-in-chief)?|columnist|chroniqueu(?:r|se)|éditorialiste|envoyée?s?|writer|contributor|"
    r"photograph(?:er|e|ie)|chef|director|professor|professeur|direct(?:eur|rice)|\w{0,20}(?:leiter|sprecher)(?:in)?|"
    r"صحفي|صحفية|صحافي|صحافية|مراسل|مراسلة|كاتب|كاتبة|محرر|محررة)"
)
POST_BEFORE = re.compile(rf"{_POST}\b[\s:]{{0,3}}", re.IGNORECASE)
# Behind two words at least: "Ann Field Reporter" is Ann Field, "Roving Reporter" a pen name. So for a place.
POST_BEHIND = re.compile(rf"(?<=\S\s)(\S{{2,30}})\s{_POST}(?!\S).*$", re.IGNORECASE)
PLACE_BEHIND = re.compile(r"(?<=\S\s)(\S{2,30})\s(?:à|in|au|aus|from)\s[^\W\d_a-z].*$")
# Folded, as names are before they are held against them.
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
    r"radio|university|université|universität|universidad|minist(?:ry|ère|erium|erio)|departe?ment|letters|"
    r"agence|agency|agencia|agenzia|agentur|وكالة|جريدة|صحيفة|قناة|وزارة|موقع)\b|\b(?:news|presse?)$",
    re.IGNORECASE,
)
# The label of a Twitter card that names the author, as a plug-in of WordPress writes it ("Written by").
CARD_LABEL = re.compile(
    r"(?:written|posted|geschrieben|verfasst|écrit|rédigé|publié|escrito|publicado|scritto|geschreven|skrevet|skriven)\s"
    r"(?:by|von|par|por|da|door|av|af)\b|author|auteur|autor|كُ?تب بواسطة|الكاتب",
    re.IGNORECASE,
)
MIN_OUTLET_CHARS = 4
MAX_STRING_CHARS = 400
ARABIC_FROM = "\u0600"
MAX_NAME_CHARS = 60
MAX_NAME_WORDS = 6
MAX_AUTHORS = 20
# Author strings that are looked at; whoever states more states no authors.
MAX_STRINGS = 200


def outlet_words(*names: str | None) -> frozenset[str]:
    """The names of an outlet as `people` looks for them: their words without case, accents and signs."""
    return frozenset({_words(name) for name in names if name} - {""})


def _words(name: str) -> str:
    return fold_words(fold(name))


def _is_person(name: str, organisations: frozenset[str]) -> bool:
    """Whether a cleaned name may be a person's: short, no agency, no desk, not the outlet itself, no month."""
    if not 2 <= len(name) <= MAX_NAME_CHARS or len(name.split()) > MAX_NAME_WORDS or not name[0].isalpha():
        return False
    is_other = NO_NAME.match(name) or fold(name) in MONTH_NUMBER
    return not is_other and not _is_organisation(name, organisations)


def _is_organisation(name: str, organisations: frozenset[str]) -> bool:
    """Whether a name is an agency's, a desk's or the outlet's own."""
    words = fold(name).split()
    is_known = all(word.strip(".") in AGENCIES for word in words) or ROLE_WORDS & set(words)
    return bool(is_known or ORGANISATION.search(name)) or _names_outlet(name, organisations)


def _names_outlet(name: str, organisations: frozenset[str]) -> bool:
    """Whether a name is the outlet's, written in one or not, or holds it as words of its own."""
    words = _words(name)
    return any(
        own.replace(" ", "") == words.replace(" ", "") or (len(own) >= MIN_OUTLET_CHARS and f" {own} " in f" {words} ")
        for own in organisations
    )


def _clean_name(name: str) -> str:
    """A name without what leads it in, what its bearer is, and the place, day or page behind it."""
    name = LEAD.sub("", " ".join(NOISE.sub(" ", name).split()).strip(EDGES))
    name = TRAIL.sub("", DIGIT_TAIL.sub("", name)).replace("_", " ").strip(EDGES)
    name = POST_BEHIND.sub(r"\1", PLACE_BEHIND.sub(r"\1", _without_post_before(name)))
    words = name.split()
    half = len(words) // 2
    if half > 1 and words[:half] == words[half:]:
        name = " ".join(words[:half])
    return name.title() if name.islower() and " " in name else name


def _without_post_before(name: str) -> str:
    """The name behind a post; nothing where none is ("senior correspondent", "envoyé spécial")."""
    if (post := POST_BEFORE.match(name)) is None:
        return name
    words = name[post.end() :].split()
    return " ".join(words) if len(words) > 1 and not any(word[0].islower() for word in words) else ""


def _parts(string: str, organisations: frozenset[str]) -> list[str]:
    """The names in a string: one where it is "Surname, Name", else what commas, conjunctions and mere case part."""
    parts = SPLIT.split(GLUED.sub(r"\1;", NOISE.sub(" ", string)))
    pair = SURNAME_FIRST.fullmatch(string.strip())
    if pair and all(_is_person(_clean_name(part), organisations) for part in parts):
        return [f"{pair[2]} {pair[1]}"]
    return parts


def people(strings: Iterable[str], *, organisations: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The people in a page's author strings, in order, each once; `organisations` are casefolded names to leave out.

    Lists are split at commas, semicolons, slashes, "and"/"et"/"und"; lead-ins ("By", "Par", "بقلم"), addresses, dates
    posts and brackets are taken off. Two single words with a comma between them are one person, surname first.
    """
    names: dict[str, str] = {}
    for string in islice(strings, MAX_STRINGS):
        if string.lower().startswith(("http:", "https:", "www.")):
            continue
        for name in _people_in(string[:MAX_STRING_CHARS], organisations):
            names.setdefault(_words(name), name)
    return tuple(names.values())[:MAX_AUTHORS]


def _people_in(string: str, organisations: frozenset[str]) -> list[str]:
    """The people in one string. A lone word beside a full name, an agency or the outlet is a place ("AFP, Rabat")."""
    parts = [part.strip(EDGES) for part in _parts(string, organisations)]
    names = [_clean_name(part) for part in parts if not ORGANISATION.search(part)]
    found = [name for name in names if _is_person(name, organisations)]
    full = [name for name in found if " " in name]
    return full if full or any(part and _is_organisation(part, organisations) for part in parts) else found


def spells_out(names: tuple[str, ...], short: tuple[str, ...]) -> bool:
    """Whether names are those of `short` written in full: for a first name or a login ("annfield"), Ann Field."""
    written = [_words(name) for name in names]
    return len(names) == len(short) and all(
        full.startswith(f"{_words(name)} ") or full.replace(" ", "") == _words(name)
        for full, name in zip(written, short, strict=True)
    )


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
    """The author strings of the first kind of meta tag that has any that are no address; last, a labelled card's."""
    for name in META_AUTHORS:
        values = [value for value in data.meta.get(name, ()) if not value.lower().startswith(("http:", "https:", "//"))]
        if values:
            return values
    label = data.first_meta("twitter:label1") or ""
    return data.meta.get("twitter:data1", []) if CARD_LABEL.match(label) else []
