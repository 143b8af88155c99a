"""What kind of page a page is: an article, a list of articles, a teaser of one that is paid for.

A page is a listing by two pieces of evidence: it says so, by the type its JSON-LD gives it or by its address (a home
page, a topic, a tag, an author, a search, the second page of any of them), and it shows so, by linked headlines. A page
that states an article of its own in JSON-LD is none.

A page is paywalled that shows a teaser only: it says that its article is not open to all, or has an element named so,
and its text is short.
"""

import re
from urllib.parse import urlsplit

from lxml.etree import XPath
from lxml.html import HtmlElement

from tasks.extract.expressions import Selector
from tasks.extract.page_data import ORGANISATION_TYPES, PageData, types_of

LISTING_TYPES = frozenset({"collectionpage", "searchresultspage", "itemlist", "archivepage", "profilepage"})
HOME = re.compile(
    r"/(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|home|default|accueil|inicio|portada)(?:\.\w{2,5})?/?)?"
)
LISTING_PATH = re.compile(
    r"/(?:tags?|topics?|categor(?:y|ies|ie|ia|ias|ía)|kategorien?|catégories?|rubri(?:que|c|k)s?|sections?|secciones|"
    r"th[eè]mes?|themen?|temas?|authors?|auteurs?|autor(?:es)?|search|suche|recherche|buscar|archives?|archivos?|archiv|"
    r"labels?|etiquetas?|etiquettes?|mots?-cles?|keywords?|تصنيف|وسم|قسم|كاتب)(?:/[^/]{1,80}){0,2}/?"
    r"|/(?:[^/]{1,80}/){0,4}page/\d{1,4}/?",
    re.IGNORECASE,
)
LISTING_QUERY = re.compile(r"(?:^|&)(?:s|q|query|search|cat|tag|paged|page)=[^&]", re.IGNORECASE)
# Linked headings and long texts, in the order of the page.
HEADINGS_AND_PROSE = XPath(
    ".//body//*[self::h1 or self::h2 or self::h3 or self::h4][.//a or parent::a]"
    "|.//body//text()[string-length(.) > 80][not(parent::script or parent::style or parent::a or parent::noscript)]"
)
MIN_HEADLINE_CHARS = 20
MIN_HEADLINES = 6
# The text of an article is longer than the longest standfirst of a list.
MAX_STANDFIRST_CHARS = 600
LOCKED_TIERS = frozenset({"locked", "paid", "premium", "subscriber"})
PAYWALLS = Selector(
    ("div", "section", "aside"),
    {
        ("class",): r"(?:^|[\s_-])paywall(?:$|[\s_-])|(?:subscri\w{1,5}|premium|regi)[-_]?wall",
        ("id",): r"^paywall|[-_]paywall",
    },
)
PAYWALL_HINT = "wall"
# Where the page does not say how many words its article has, a longer text is no teaser.
MAX_TEASER_CHARS = 2_000
MAX_TEASER_SHARE = 0.6


def is_listing(tree: HtmlElement, data: PageData, *, url: str | None) -> bool:
    """Whether a page is a home, topic, tag or search page."""
    if data.articles:
        return False
    is_declared = any(types_of(node) & LISTING_TYPES for node in data.nodes) or _has_listing_address(url)
    return is_declared and _shows_headlines(tree)


def _has_listing_address(url: str | None) -> bool:
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    if not parts.hostname:
        return False
    path = parts.path or "/"
    is_home = HOME.fullmatch(path) is not None and not parts.query
    return is_home or LISTING_PATH.fullmatch(path) is not None or LISTING_QUERY.search(parts.query) is not None


def _shows_headlines(tree: HtmlElement) -> bool:
    """Whether a page has many headings that are links, and between any two of them no more than a standfirst."""
    headlines: set[str] = set()
    prose_chars = 0
    for item in HEADINGS_AND_PROSE(tree):
        if isinstance(item, str):
            prose_chars += len(item)
            if prose_chars > MAX_STANDFIRST_CHARS:
                return False
        else:
            prose_chars = 0
            text = " ".join(item.text_content().split())
            if len(text) >= MIN_HEADLINE_CHARS:
                headlines.add(text)
    return len(headlines) >= MIN_HEADLINES


def is_teaser(data: PageData, text: str) -> bool:
    """Whether a text is the beginning of an article, by the number of words that JSON-LD states, else by length."""
    counts = [int(count) for node in data.articles if (count := str(node.get("wordCount", ""))[:9]).isdecimal()]
    if counts and max(counts) > 0:
        return len(text.split()) < MAX_TEASER_SHARE * max(counts)
    return len(text) <= MAX_TEASER_CHARS


def shows_paywall(tree: HtmlElement, text: str) -> bool:
    """Whether an element of a page is named a paywall; most pages (`text`) do not have the words at all."""
    return PAYWALL_HINT in text and bool(PAYWALLS(tree))


def states_paywall(data: PageData) -> bool:
    """Whether a page says that its article is not open to all: JSON-LD's isAccessibleForFree, or its content tier."""
    values = [node.get("isAccessibleForFree") for node in data.nodes if types_of(node) - set(ORGANISATION_TYPES)]
    is_closed = any(
        value is False or str(value).strip().lower() in ("false", "no", "http://schema.org/false") for value in values
    )
    return is_closed or (data.first_meta("article:content_tier") or "").lower() in LOCKED_TIERS
