"""The main text of a page by trafilatura: its fast reading, and its full one where the fast one is in doubt."""

import logging
from collections.abc import Callable

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from tasks.extract import expressions, neighbours
from tasks.extract.complexity import MAX_TEXT_CHARS
from tasks.extract.frames import mend_frame
from tasks.extract.lines import n_chars, paragraphs

# A dropped page is a row with its reason; trafilatura's own warnings about it say nothing more.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
neighbours.use_in_trafilatura()
expressions.use_in_trafilatura()

EXTRACTOR = f"trafilatura-{trafilatura.__version__}"
# What trafilatura's cleaning drops in any case: without it each of its five copies and forty XPath passes costs less.
# Scripts of JSON-LD stay, it looks for article bodies in them.
DROPPED_TAGS = (
    "style", "noscript", "svg", "template", "iframe", "nav", "aside", "footer", "button", "select", "input", "label",
    "link", "meta", "picture", "source", "video", "audio", "canvas", "object", "embed",
)  # fmt: skip
# A list of so many links or more, of so many characters each at most, that are this share of its text, is a menu.
MENU_LINKS = 6
MAX_LINK_CHARS = 40
MENU_SHARE = 0.95
# A line of running text; menu lines, captions and headlines are shorter.
LONG_LINE_CHARS = 80
LONG_TEXTS = XPath(f".//body//text()[string-length(.) > {LONG_LINE_CHARS}][not(parent::script or parent::textarea)]")
# When the fast reading is in doubt. Measured on the 1,034 pages of ../shared/pages: 41 of them differ between the two
# readings; these bounds send 12 % of the pages to the full reading, among them 33 of the 41. The full
# reading takes four times as long as the fast one.
MIN_SHARE_OF_PAGE = 0.35
MIN_SHARE_OF_LINES = 0.5
SHORT_CHARS = 600
MIN_SHARE_OF_SHORT_PAGE = 0.8
# trafilatura's own bound of a text that is too short to be an article (MIN_EXTRACTED_SIZE).
LITTLE_CHARS = 250


def find_main_text(tree: HtmlElement, url: str | None, *, parse_again: Callable[[], HtmlElement | None]) -> list[str]:
    """The paragraphs of the main text; empty when trafilatura finds none.

    The tree is used up: what no reading looks at is cut out of it. `parse_again` gives another one of the same page,
    for the few pages that keep their article in what was cut out.
    """
    drop_unread(tree)
    mend_frame(tree)
    shown = [" ".join(text.split()) for text in LONG_TEXTS(tree)]
    shown_chars = n_chars(shown)
    if shown_chars > MAX_TEXT_CHARS:  # more than is read: no use in looking for the article in it
        return shown
    lines = _read(tree, url, is_fast=True)
    if is_doubtful(lines, shown_chars):
        lines = _read(tree, url, is_fast=False)
        if n_chars(lines) < LITTLE_CHARS and (whole := parse_again()) is not None:
            mend_frame(whole)
            lines = _read(whole, url, is_fast=False)
    return lines


def drop_unread(tree: HtmlElement) -> None:
    """Nothing; afterwards menus and what no reading looks at are gone, and the text around them stays."""
    for element in list(tree.iter("script", *DROPPED_TAGS)):
        is_data = element.tag == "script" and "ld+json" in (element.get("type") or "").lower()
        if not is_data and element.getparent() is not None:
            element.drop_tree()
    for element in list(tree.iter("ul", "ol")):
        if is_menu(element) and element.getparent() is not None:
            element.drop_tree()


def is_menu(element: HtmlElement) -> bool:
    """Whether a list is short links and next to nothing else."""
    links = element.findall(".//a")
    if len(links) < MENU_LINKS:
        return False
    shown = _n_letters(element)
    return shown < MAX_LINK_CHARS * len(links) and sum(map(_n_letters, links)) >= MENU_SHARE * shown


def _n_letters(element: HtmlElement) -> int:
    """Characters of an element's text that are no white space."""
    return sum(map(len, element.text_content().split()))


def is_doubtful(lines: list[str], shown_chars: int) -> bool:
    """Whether a fast reading may have missed the article.

    So it is where its running text is little of what the page shows (`shown_chars` of it in long stretches), or little
    of what was read.
    """
    read_chars = n_chars(lines)
    running = sum(len(line) for line in lines if len(line) > LONG_LINE_CHARS)
    share = MIN_SHARE_OF_SHORT_PAGE if read_chars < SHORT_CHARS else MIN_SHARE_OF_PAGE
    is_all_short = running < MIN_SHARE_OF_LINES * read_chars and running <= shown_chars
    return read_chars < LITTLE_CHARS or is_all_short or running < share * shown_chars


def _read(tree: HtmlElement, url: str | None, *, is_fast: bool) -> list[str]:
    options = Extractor(output_format="python", fast=is_fast, comments=False, url=url)
    if is_fast:
        # "balanced" but for the retry that trafilatura makes where a text is little of its page: measuring the page for
        # it costs a fifth of a fast reading, and whoever calls judges that himself.
        options.focus = "unescalated"
    document = bare_extraction(tree, options=options)
    text = None if document is None or isinstance(document, dict) else document.text
    return paragraphs(text or "")
