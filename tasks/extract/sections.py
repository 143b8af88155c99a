"""What a page files itself under: its section and its tags, rid of what names no subject."""

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice
from unicodedata import normalize
from urllib.parse import urljoin, urlsplit

from lxml.etree import XPath
from lxml.html import HtmlElement

from tasks.extract.calendar_words import fold
from tasks.extract.expressions import Selector
from tasks.extract.page_data import Node, PageData, as_list, name_in, plain
from tasks.extract.titles import fold_words

SECTION_METAS = (
    "article:section", "parsely-section", "og:article:section", "section", "sailthru.section", "cxenseparse:section",
)  # fmt: skip
TAG_METAS = ("article:tag", "keywords", "news_keywords", "parsely-tags")
CATEGORY_LINKS = XPath(".//a[@href][contains(concat(' ', @rel, ' '), ' category ')]")
TAG_LINKS = XPath(".//a[@href][contains(concat(' ', @rel, ' '), ' tag ')]")
# Most pages (see `_visible_trail`) do not have the word at all.
TRAIL_HINT = "readcrumb"
TRAIL = Selector(
    ("nav", "ol", "ul", "div", "p", "section"),
    {("class",): TRAIL_HINT, ("id",): TRAIL_HINT, ("itemtype",): TRAIL_HINT},
    is_first=True,
)
LINKS = XPath(".//a[@href]")
# Above this many links an element called breadcrumb holds a menu too.
MAX_TRAIL_LINKS = 6

# Names that content systems give where an editor gives none, and those of the front page and places on it: folded.
_NO_SUBJECT = (
    "uncategorized|uncategorised|unclassified|non classe|non classe e|sin categoria|sin clasificar|sem categoria|"
    "senza categoria|allgemein|allgemeines|ohne kategorie|nicht kategorisiert|geen categorie|bez kategorii|"
    "без рубрики|غير مصنف|غير مصنفة|بدون تصنيف|"
    "home|homepage|home page|front page|frontpage|main|main page|start|startseite|start page|accueil|page d accueil|"
    "inicio|portada|pagina principal|pagina inicial|pagina inicio|strona glowna|etusivu|forside|hjem|hem|hoofdpagina|"
    "главная|ana sayfa|anasayfa|الرئيسية|الصفحة الرئيسية|الصفحة الاولى|الصفحة الأولى|الواجهة|خانه|"
    "index|default|root|none|null|undefined|unknown|n a|nan|true|false|all|alle|tous|todos|todas|tutti|الكل|"
    "all articles|all posts|all news|alle artikel|alle beitrage|alle news|tous les articles|todos los articulos|"
    "كل المقالات|جميع المقالات|"
    "article|articles|artikel|articulo|articulos|articolo|artigo|post|posts|page|pages|seite|detail|details|مقال|"
    "featured|slider|slideshow|carousel|headline|headlines|titulares|a la une|destacado|destacados|destacada|"
    "destacadas|primo piano|top news|top stories|سلايدر|شريط الاخبار|شريط الأخبار|"
    "highlight|highlights|top story|topthema|"
    "menu|breadcrumb|back|zuruck|retour|volver|you are here|sie sind hier|vous etes ici"
)
NO_SUBJECT = frozenset(_NO_SUBJECT.split("|"))
LABEL = re.compile(
    r"\A(?:categor(?:y|ies|ie|ia)|catégories?|categoría|kategorie|section|topics?|tags?|keywords?|rubrique|rubrik|thema|"
    r"tema|subject|mots[ -]clés?|قسم|وسم|تصنيف|وسوم)\s{0,3}[:：]\s{0,3}",
    re.IGNORECASE,
)
# What a content system writes for itself: snake_case, post-123, type:article, @feeds; and addresses.
TECHNICAL = re.compile(
    r"@|www\.|\w{0,40}_|\S{1,60}[:=@]\S|"
    r"(?:post|tag|id|node|article|category|cat|page|term|topic|story|author|user|type|filter)[-#]?\d{1,20}$",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"(?:https?:)?//|www\.", re.IGNORECASE)
ADDRESS_PATH = re.compile(r"/?[a-z0-9-]{2,40}(?:/[a-z0-9-]{2,40}){0,5}/?")
SLUG = re.compile(r"[a-z0-9]{2,30}(?:-[a-z0-9]{2,30}){1,8}")
PATH_SIGN = re.compile(r"[>»›\\|]| / ")
LIST_SIGN = re.compile(r"[,;،؛、](?!\s(?:[A-TV-Z]\.[A-Z]\.|(?:Inc|Ltd|LLC|Jr|Sr)\b\.?)(?:[,;]|$))")
TAG_SIGN = re.compile(rf"{LIST_SIGN.pattern}|[|\n]")
CONJUNCTION = re.compile(r"&|\b(?:and|et|und|y|e|ed|og|och|en)\b", re.IGNORECASE)
# "Art, Culture & Media" is one name; more commas make a list.
MAX_NAME_COMMAS = 2
EDGES = " \t\"'“”„«»‘’‚[]{}<>*•·-–—|/\\:,;،"
# Dots behind an abbreviation ("U.S.", "e.V.") belong to it.
TRAILING_DOTS = re.compile(r"(?:(?<=\w\w\w)\.|\.{2,9}|…)$")
SENTENCE_END = re.compile(r"[.!?؟。！？]$")
MAX_SECTION_CHARS = 60
MAX_SECTION_WORDS = 7
MAX_TAG_CHARS = 80
MAX_TAG_WORDS = 8
MIN_SENTENCE_WORDS = 4
MAX_TAGS = 40
# What is looked at of tags, sections and the text of one; a page that states more states none.
MAX_STATEMENTS = 400
MAX_STATED_CHARS = 1_000


def _key(text: str | None) -> str:
    """What two spellings of one name share: its words without case, accents and signs."""
    return fold_words(fold(text or ""))


def own_names(*, title: str | None, sitename: str | None, url: str | None) -> frozenset[str]:
    """The page's own names, folded, which are no subjects: headline, outlet (with and without spaces) and host."""
    site, host = _key(sitename), _key(_address(url).partition("/")[0])
    return frozenset({_key(title), site, site.replace(" ", ""), host} - {""})


def _address(url: str | None) -> str:
    """Host and path of an address, for comparison: without scheme, `www.`, query and closing slash; "" for none."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return (parts.netloc.lower().removeprefix("www.") + parts.path).rstrip("/")


def _cleaned(text: str) -> str:
    """A name without quotes, brackets, hash signs, a label ("Topic: ...") before it and a full stop behind it."""
    text = LABEL.sub("", normalize("NFC", plain(text) or "").strip(EDGES).lstrip("#"), count=1)
    return TRAILING_DOTS.sub("", text.strip(EDGES)).strip(EDGES)


def _is_subject(name: str, own: frozenset[str], *, max_chars: int, max_words: int) -> bool:
    """Whether a name may be a subject: no sentence, number, address or identifier, no default, and none of `own`."""
    words = name.split()
    if not 1 < len(name) <= max_chars or len(words) > max_words or not any(char.isalpha() for char in name):
        return False
    if TECHNICAL.match(name) or (len(words) >= MIN_SENTENCE_WORDS and SENTENCE_END.search(name)):
        return False
    return (key := _key(name)) not in NO_SUBJECT and key not in own


def section_in(stated: str, *, own: frozenset[str]) -> str | None:
    """The section in a statement of it: the innermost of a path, the first of a list; None where none is a subject.

    A path is written with arrows or bars ("News > Politics"), with slashes between spaces, or as an address
    ("news/politics"); "AC/DC" and "Film/TV" are names. So is "Art, Culture & Media", while "Lunch,Sides" is a list.
    A section written as an address writes it ("relations-internationales") is given with spaces for its hyphens.
    """
    stated = (plain(stated) or "")[:MAX_STATED_CHARS]
    listed = [] if ADDRESS.match(stated) else LIST_SIGN.split(stated)
    if len(listed) <= MAX_NAME_COMMAS + 1 and ", " in stated and CONJUNCTION.search(listed[-1]):
        listed = [stated]
    for part in listed:
        is_path = ADDRESS_PATH.fullmatch(part.strip()) or part.count("/") > 1
        for step in reversed(part.split("/") if is_path else PATH_SIGN.split(part)):
            name = _cleaned(step)
            if _is_subject(name, own, max_chars=MAX_SECTION_CHARS, max_words=MAX_SECTION_WORDS):
                return name.replace("-", " ") if SLUG.fullmatch(name) else name
    return None


def _trail_steps(node: Node) -> Iterator[tuple[str, str | None]]:
    """Name and address of each step of a BreadcrumbList."""
    for step in as_list(node.get("itemListElement")):
        if isinstance(step, dict):
            item = step.get("item")
            linked = item if isinstance(item, dict) else {"@id": item}
            name = plain(step.get("name")) or plain(linked.get("name"))
            if name:
                yield name, plain(linked.get("@id")) or plain(linked.get("url"))


def _visible_trail(tree: HtmlElement, text: str) -> list[tuple[str, str | None]]:
    """Name and address of each link of the breadcrumb that the page shows; none of a menu."""
    links = [link for element in TRAIL(tree) for link in LINKS(element)] if TRAIL_HINT in text else []
    return [(" ".join(link.itertext()), link.get("href")) for link in links if len(links) <= MAX_TRAIL_LINKS]


def _inner_steps(trail: list[tuple[str, str | None]], url: str | None) -> list[str]:
    """The names of a breadcrumb, innermost first, without the page itself at its end: no address, or the page's own."""
    try:
        is_page = bool(trail) and _address(urljoin(url or "", trail[-1][1])) == _address(url)
    except ValueError:
        is_page = True
    return [name for name, _ in reversed(trail[: len(trail) - is_page])]


def _stated_sections(tree: HtmlElement, text: str, data: PageData, url: str | None) -> Iterator[str]:
    """What a page states of its section, best first: meta tags, JSON-LD, its categories, its breadcrumb."""
    for name in SECTION_METAS:
        yield from data.meta.get(name, ())
    for node in data.articles:
        yield from filter(None, map(plain, as_list(node.get("articleSection"))))
    for node in data.nodes_of(("breadcrumblist",)):
        yield from _inner_steps(list(_trail_steps(node)), url)
    yield from (" ".join(link.itertext()) for link in CATEGORY_LINKS(tree))
    yield from _inner_steps(_visible_trail(tree, text), url)


def find_section(tree: HtmlElement, text: str, data: PageData, *, own: frozenset[str], url: str | None) -> str | None:
    """The outlet's section: the first of the page's statements that names one; `text` is the page's source."""
    stated = _stated_sections(tree, text, data, url)
    looked_at = islice(stated, MAX_STATEMENTS)
    return next((section for value in looked_at if (section := section_in(value, own=own))), None)


def _split_tags(stated: str) -> list[str]:
    """The tags in one value: of a JSON list, else parted at commas, semicolons and bars; none at "Washington, D.C."."""
    value = unescape(stated)
    if value.lstrip().startswith("["):
        try:
            return [tag for tag in as_list(json.loads(value)) if isinstance(tag, str)]
        except (ValueError, RecursionError):
            pass
    return TAG_SIGN.split(value)


def clean_tags(stated: Iterable[str], *, own: frozenset[str]) -> tuple[str, ...]:
    """The subjects among these tags in their order, each once whatever its case, accents and hyphens."""
    tags: dict[str, str] = {}
    for tag in map(_cleaned, stated):
        if _is_subject(tag, own, max_chars=MAX_TAG_CHARS, max_words=MAX_TAG_WORDS):
            tags.setdefault(_key(tag), tag)
    return tuple(tags.values())[:MAX_TAGS]


def find_tags(tree: HtmlElement, data: PageData, *, own: frozenset[str]) -> tuple[str, ...]:
    """The page's keywords, each once, in page order; the tag links of the page where its head names none."""
    stated = [value for name in TAG_METAS for value in data.meta.get(name, ())]
    for node in data.articles:
        stated += [text for value in as_list(node.get("keywords")) if (text := name_in(value))]
    parted = [tag for value in stated for tag in _split_tags(value)]
    return clean_tags(parted[:MAX_STATEMENTS], own=own) or clean_tags(
        (" ".join(link.itertext()) for link in TAG_LINKS(tree)[:MAX_STATEMENTS]), own=own
    )
