"""Which part of a page an element lies in."""

import re

from lxml.html import HtmlElement

# Parts of a page that speak of other things than its article, by their class or id.
ASIDE = re.compile(
    r"comment|related|sidebar|widget|footer|masthead|today|weather|clock|ticker|breaking|most-|popular|recommend|teaser|carousel",
    re.IGNORECASE,
)
# The same for names: a byline may well stand in the footer of its entry, or in a teaser-like header.
OTHERS = re.compile(r"comment|related|sidebar|widget|most-|popular|recommend|carousel|breaking", re.IGNORECASE)
RELATED = re.compile(r"related|recommend|most-|comment", re.IGNORECASE)
COMMENTS = re.compile(r"comment|disqus|replies", re.IGNORECASE)
# An element this high holds the whole page, and its class says nothing about a part of it.
WHOLE = ("html", "body")


def lies_in(element: HtmlElement, cue: re.Pattern[str], tags: tuple[str, ...] = ("aside", "nav")) -> bool:
    """Whether an element or one around it, below body, is one of these tags or has a class or id that fits the cue."""
    return any(is_part(node, cue, tags) for node in (element, *element.iterancestors()))


def is_part(element: HtmlElement, cue: re.Pattern[str], tags: tuple[str, ...]) -> bool:
    """Whether an element itself is one of these tags or, below body, has a class or id that fits the cue."""
    if element.tag in tags:
        return True
    marks = f"{element.get('class') or ''} {element.get('id') or ''}"
    return element.tag not in WHOLE and cue.search(marks) is not None
