"""The byline that a page shows: the names of authors in its body, by markup, else by the words that lead them in."""

import re
from collections.abc import Iterator

from lxml.etree import XPath
from lxml.html import HtmlElement

from tasks.extract.expressions import Selector
from tasks.extract.page_data import plain
from tasks.extract.people import people
from tasks.extract.regions import COMMENTS, OTHERS, lies_in

MARKED = (
    XPath(
        ".//a[@rel][contains(concat(' ', @rel, ' '), ' author ')]"
        "|.//*[@itemprop][contains(@itemprop, 'author')][not(self::meta or self::link)]"
    ),
    Selector(
        ("a", "address", "div", "p", "span", "strong", "h3", "h4", "h5", "li", "cite", "em", "b", "small"),
        {("class",): "uth?or|yline|writer|journalist|signature"},
    ),
)
NAMED = XPath(".//*[@itemprop='name']")
LED_IN_TAGS = ("p", "span", "div", "em", "i", "small", "strong", "b", "td", "li", "h4", "h5", "h6", "cite", "address")
LEAD_WORD = re.compile(
    r"\s*(?:(?:\d[\d.:/ ]{5,20}\s*(?:uhr)?\s*[-–|,]?\s*)?(?:ein artikel |text |written )?(?:von|vom|by|par|por|"
    r"di|بقلم|إعداد)\s|(?:text|autor(?:en)?|auteur|author|autora?|por|بقلم|كتب|كتبت|إعداد)\s*:)",
    re.IGNORECASE,
)
# A name: one to four words, each with a capital or in Arabic letters.
_WORD = r"(?:[^\W\d_a-z][\w.'’-]*|de|van|von|der|del|al|el|bin|ben|la|le|da|do|dos)"
NAME = re.compile(rf"{_WORD}(?: {_WORD}){{0,4}}")
MAX_BYLINE_CHARS = 110
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
    """The texts of short elements that begin with "by", "von", "par" ... and go on with a name."""
    for element in tree.iter(*LED_IN_TAGS):
        shown = element.text
        if not shown or shown.isspace() or not LEAD_WORD.match(shown[:MAX_BYLINE_CHARS] + " ") or len(element) > 6:
            continue
        text = plain(" ".join(element.itertext()))
        if (
            text
            and len(text) <= MAX_BYLINE_CHARS
            and NAME.match(LEAD_WORD.sub("", text + " ", count=1).strip())
            and not lies_in(element, OTHERS)
        ):
            yield LEAD_WORD.sub("", text + " ", count=1).strip()


def visible_authors(tree: HtmlElement, *, organisations: frozenset[str]) -> tuple[str, ...]:
    """The people in the page's byline; empty when it shows none."""
    if found := people(_marked(tree)):
        return found
    for text in _led_in(tree):
        names = tuple(name for name in people([text], organisations=organisations) if NAME.fullmatch(name))
        if names:
            return names
    return ()
