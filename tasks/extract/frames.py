"""Repairs of a page's frame before trafilatura reads it: layout tables, and articles that no name marks."""

from collections import defaultdict
from itertools import chain, islice

from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.xpaths import BODY_XPATH

from tasks.extract.regions import ASIDE, is_part, lies_in

# A cell that holds a list, a heading, a table or several paragraphs is part of a layout, not a datum.
LAYOUT_CELLS = XPath(".//td[ul or ol or dl or table or p[2] or h1 or h2 or h3 or h4]")
# The headline of an article as a list of articles has it.
LINKED_HEADINGS = XPath(".//*[self::h2 or self::h3][.//a]")
FRAME_TAGS = ("div", "section", "article", "main")
# Paragraphs shorter than this are captions and menu lines.
MIN_PARAGRAPH_CHARS = 80
# An element around this share of a page's paragraph text is the article's frame.
FRAME_SHARE = 0.8
MAX_DEPTH = 256
# More parts than this are a list of something.
MAX_PARTS = 30


def mend_frame(tree: HtmlElement) -> None:
    """Nothing; afterwards trafilatura finds layout tables as blocks and the article's frame by its mark."""
    flatten_layout_tables(tree)
    join_parts(tree)
    mark_article_frame(tree)


def join_parts(tree: HtmlElement) -> None:
    """Nothing; afterwards an article in several parts of one class has a frame around them all, marked as its body.

    trafilatura reads the first part alone. Articles one below the other have a heading each, or an element of their
    own, and stay apart.
    """
    first = next(iter(BODY_XPATH[0](tree)), None)
    name = first.get("class") if first is not None else None
    if first is None or not name:
        return
    parts = [part for part in tree.iter(first.tag) if part.get("class") == name and _has_prose(part)]
    if not 1 < len(parts) <= MAX_PARTS or any(part in parts for part in parts[-1].iterancestors()):
        return
    around = set(parts[0].iterancestors()).intersection(*(part.iterancestors() for part in parts[1:]))
    frame = next((element for element in parts[0].iterancestors() if element in around), None)
    if frame is None or frame.tag not in FRAME_TAGS:
        return
    if frame.find(".//article") is None and frame.find(".//h1") is None and not LINKED_HEADINGS(frame):
        frame.set("itemprop", "articleBody")


def _has_prose(element: HtmlElement) -> bool:
    """Whether an element holds a paragraph of running text."""
    return any(sum(map(len, paragraph.itertext())) >= MIN_PARAGRAPH_CHARS for paragraph in element.iter("p"))


def flatten_layout_tables(tree: HtmlElement) -> None:
    """Nothing; afterwards tables that lay out the page rather than hold data are plain blocks.

    Inside a table cell trafilatura joins all paragraphs to one and drops lists.
    """
    layouts = {table for cell in LAYOUT_CELLS(tree) if (table := next(cell.iterancestors("table"), None)) is not None}
    parts = [
        part
        for table in layouts
        for part in table.iter("table", "thead", "tbody", "tfoot", "tr", "td", "th")
        if part is table or next(part.iterancestors("table"), None) is table
    ]
    for part in parts:
        part.tag = "div"


def _frame_of_paragraphs(tree: HtmlElement) -> HtmlElement | None:
    """The innermost element around FRAME_SHARE of the page's paragraph text; None when that is the page itself."""
    chars: dict[HtmlElement, int] = defaultdict(int)  # by parent: siblings by the thousand share their ancestors
    for paragraph in tree.iter("p"):
        length = sum(map(len, paragraph.itertext()))
        if length >= MIN_PARAGRAPH_CHARS and not is_part(paragraph, ASIDE, ()):
            chars[paragraph.getparent()] += length
    weights: dict[HtmlElement, int] = defaultdict(int)
    total = 0
    for parent, length in chars.items():
        if not lies_in(parent, ASIDE, ("aside", "footer", "nav")):
            total += length
            for element in islice(chain((parent,), parent.iterancestors()), MAX_DEPTH):
                weights[element] += length
    frames = [element for element, n in weights.items() if n >= FRAME_SHARE * total and element.tag in FRAME_TAGS]
    return min(frames, key=lambda element: -sum(1 for _ in element.iterancestors()), default=None)


def mark_article_frame(tree: HtmlElement) -> None:
    """Nothing; afterwards the frame of the article bears `itemprop=articleBody` where no class or id named it.

    Without a frame trafilatura collects paragraphs from the whole page: menu lines come in, lists stay out.
    """
    if tree.find(".//article") is not None or tree.find(".//main") is not None:
        return  # what most of the expressions below come to, at a hundredth of their cost
    if any(expression(tree) for expression in reversed(BODY_XPATH)):
        return
    frame = _frame_of_paragraphs(tree)
    if frame is not None:
        frame.set("itemprop", "articleBody")
