"""The byline that a page shows: the names of authors in its body, by markup, else by the words that lead them in."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import XPath
from lxml.html import HtmlElement

from tasks.extract.calendar_words import fold
from tasks.extract.expressions import Selector
from tasks.extract.page_data import plain
from tasks.extract.people import people
from tasks.extract.regions import COMMENTS, OTHERS, lies_in
from tasks.extract.titles import fold_words

MARKED = (
    XPath(
        ".//a[@rel][contains(concat(' ', @rel, ' '), ' author ')]"
        "|.//*[@itemprop][contains(@itemprop, 'author')][not(self::meta or self::link)]"
    ),
    Selector(
        ("a", "address", "div", "p", "span", "strong", "h3", "h4", "h5", "li", "cite", "em", "b", "small"),
        {("class",): "uth?or|uteur|yline|writer|journalist|signature|edakteur|edacteur|periodista|posted-?by"},
    ),
)
# Addresses of an author's page; the last word of such an address spells the name.
AUTHOR_LINKS = Selector(
    ("a",), {("href",): "/(?:auth|aute|auto|staff/|journalist|writer|creator/|contributor|redac|redak)"}
)
NAMED = XPath(".//*[@itemprop='name']")
LED_IN_TAGS = ("p", "span", "div", "em", "i", "small", "strong", "b", "td", "li", "h4", "h5", "h6", "cite", "address")
_BEFORE_BY = (
    "text written posted published geschrieben verfasst veröffentlicht erstellt écrit rédigé publié posté escrito "
    "publicado scritto pubblicato"
)
_BY = "von vom by par por di بقلم إعداد"
_LABELS = (
    "text texte words author authors autor autora autoren autorin autorinnen auteur auteure auteurs auteures redaktion "
    "por بقلم كتب كتبت إعداد"
)
LEAD_WORD = re.compile(
    rf"(?:[-–|•] )?(?:(?:\d[\d.:/ ]{{5,20}}(?:uhr)? ?(?:[-–|,] ?)?)?"
    rf"(?:(?:ein artikel|{_BEFORE_BY.replace(' ', '|')}) )?(?:{_BY.replace(' ', '|')}) |"
    rf"(?:{_LABELS.replace(' ', '|')}) ?:|"
    # A day and a name of two words or more ("25.10.2022 - Ana Peña").
    r"\d{1,2}[./] ?(?:\d{1,2}[./]|[^\W\d_]{3,9}) ?\d{2,4}(?:,? \d\d[:.]\d\d)?(?: uhr)? ?[-–|•/] (?=\w\S{0,30} \w))",
    re.IGNORECASE,
)
# What `LEAD_WORD` begins with: a word of the text costs a tenth of the expression.
FIRST_WORDS = frozenset(f"{_BEFORE_BY} {_BY} {_LABELS} ein".split())
FIRST_SIGNS = frozenset("0123456789-–|•")
# A name: one to four words, each with a capital or in Arabic letters.
_WORD = r"(?:[^\W\d_a-z][\w.'’-]*|de|van|von|der|del|al|el|bin|ben|la|le|da|do|dos)"
NAME = re.compile(rf"{_WORD}(?: {_WORD}){{0,4}}")
MAX_BYLINE_CHARS = 110
MAX_BYLINE_PARTS = 6
MAX_BYLINE_PIECES = 20
MAX_CANDIDATES = 60


def _text_of(element: HtmlElement) -> str | None:
    """The name inside an element marked as author: its `itemprop=name` where it has one, else its text."""
    named = NAMED(element) if element.get("itemprop") else []
    source = named[0] if named else element
    text = plain(source.get("content") if source.tag == "meta" else " ".join(source.itertext()))
    return text if text and len(text) <= MAX_BYLINE_CHARS else None


def _marked(tree: HtmlElement) -> list[str]:
    """The texts of elements marked as author: the first outside lists of other things, and its neighbours."""
    for expression in MARKED:
        texts = [
            (element, text)
            for element in expression(tree)[:MAX_CANDIDATES]
            if (text := _text_of(element)) and not lies_in(element, COMMENTS, ())
        ]
        best = next((element for element, _ in texts if not lies_in(element, OTHERS)), texts[0][0] if texts else None)
        if best is not None:
            return [text for element, text in texts if element.getparent() is best.getparent()]
    return []


def _led_in(tree: HtmlElement) -> Iterator[str]:
    """The texts of short elements that begin with "by", "von", "par" ... and go on with a name, there or next to it."""
    for element in tree.iter(*LED_IN_TAGS):
        if not element.text or not _leads_in(element.text[:MAX_BYLINE_CHARS]) or len(element) > MAX_BYLINE_PARTS:
            continue
        text = LEAD_WORD.sub("", (plain(" ".join(element.itertext())) or "") + " ", count=1).strip()
        text = text or _text_behind(element)
        if len(text) <= MAX_BYLINE_CHARS and NAME.match(text) and not lies_in(element, OTHERS):
            yield text


def _leads_in(text: str) -> bool:
    """Whether a text begins as a byline does."""
    words = text.split()
    is_cue = words and (words[0][0] in FIRST_SIGNS or words[0].rstrip(":").lower() in FIRST_WORDS)
    return bool(is_cue) and LEAD_WORD.match(" ".join(words) + " ") is not None


def _text_behind(label: HtmlElement) -> str:
    """The text that follows an element on its line: its tail, else that of the next element."""
    following = label.getnext()
    beside = " ".join(islice(following.itertext(), MAX_BYLINE_PIECES)) if following is not None else ""
    return plain(label.tail) or plain(beside) or ""


def _linked(tree: HtmlElement) -> list[str]:
    """The texts of links to a page that is called as they are and lies among authors ("/autor/ana-pena": Ana Peña)."""
    texts: dict[str, None] = {}
    for link in AUTHOR_LINKS(tree)[:MAX_CANDIDATES]:
        text = plain(" ".join(link.itertext())[:MAX_BYLINE_CHARS]) or ""
        name = fold_words(fold(text)).replace(" ", "")
        slug = fold_words(link.get("href").rstrip("/").rpartition("/")[2]).replace(" ", "")
        if " " in text and name == slug and not lies_in(link, OTHERS):
            texts[text] = None
    return list(texts)


def visible_authors(tree: HtmlElement, *, organisations: frozenset[str]) -> tuple[str, ...]:
    """The people in the page's byline; empty when it shows none."""
    if found := people(_marked(tree)) or people(_linked(tree), organisations=organisations):
        return found
    for text in _led_in(tree):
        names = tuple(name for name in people([text], organisations=organisations) if NAME.fullmatch(name))
        if names:
            return names
    return ()
