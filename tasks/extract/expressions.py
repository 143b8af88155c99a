"""trafilatura's XPath expressions on attributes, as regular expressions over the elements that have them.

Half of a fast reading is XPath: a dozen passes over the page for elements whose class or id says this or that. For each
`re:test(@class, ...)` of each element lxml makes Python strings of the attribute and calls Python's `re`. One pattern
an attribute selects the same elements in a third of the time (measured on the traf pages of ../shared).
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

import trafilatura.main_extractor
import trafilatura.xpaths
from lxml.etree import XPath
from lxml.html import HtmlElement

# `.//*[self::div or self::p][conditions][more conditions]`, whole or the first of its elements: `(...)[1]`, `...[1]`.
ELEMENTS = re.compile(
    r"\(?\.//\*(?:\[(?P<tags>self::\w+(?: or self::\w+)*)\])?"
    r"\[(?P<any>[^\[\]]+)\](?P<more>(?:\[(?!1\])[^\[\]]+\])*)\)?(?P<first>\[1\])?"
)
NAMESPACES = {"re": trafilatura.xpaths.REGEXP_NS}
LAYOUT = re.compile(r"(?<=[\[\]]) | (?=[\[\]])")
QUOTED = re.compile(r"'([^']*)'")
CONDITION = re.compile(
    r"(?:(?P<call>re:test|contains|starts-with)\((?:translate\()?(?P<names>@[\w-]+(?:\|@[\w-]+)?)"
    r"(?:, ?'(?P<large>\w*)', ?'(?P<small>\w*)'\))?, ?'(?P<words>[^']*)'(?:, ?'(?P<flags>i)')?\)"
    r"|(?P<name>@[\w-]+)(?:='(?P<value>[^']*)')?)(?: or |\Z)"
)

PRUNE = trafilatura.main_extractor.prune_unwanted_sections
TEXTS_IN_PARAGRAPHS = XPath("//text()[ancestor::p]")

Search = Callable[[str], re.Match[str] | None]


class Selector:
    """The elements below another whose attributes fit one pattern each, in document order.

    `more` selects an element itself that meets conditions beyond the patterns; it is asked only where these are met.
    With `is_first` the answer is the first element or none; trafilatura looks at no other.
    """

    def __init__(
        self,
        tags: tuple[str, ...],
        patterns: dict[tuple[str, ...], str],
        *,
        more: XPath | None = None,
        is_first: bool = False,
    ) -> None:
        """Of elements with one of `tags`, or any; of two names to a pattern, the first that an element has."""
        self._tags, self._more, self._is_first = tags or ("*",), more, is_first
        compiled = {names: re.compile(pattern).search for names, pattern in patterns.items()}
        self._by_name = [(names[0], search) for names, search in compiled.items() if len(names) == 1]
        self._by_first_name = [(names, search) for names, search in compiled.items() if len(names) == 2]

    def __call__(self, tree: HtmlElement) -> list[HtmlElement]:
        """The elements selected below `tree`."""
        more = self._more
        found = self._fitting(tree) if more is None else (element for element in self._fitting(tree) if more(element))
        return list(islice(found, 1) if self._is_first else found)

    def _fitting(self, tree: HtmlElement) -> Iterator[HtmlElement]:
        by_name, by_first_name = self._by_name, self._by_first_name
        for element in tree.iterdescendants(*self._tags):
            get = element.get
            for name, search in by_name:
                value = get(name)
                if value is not None and search(value) is not None:
                    yield element
                    break
            else:
                for (one, other), search in by_first_name:
                    value, second = get(one), get(other)
                    if value is None:
                        value = second
                    elif second is not None:
                        value = next(value for name, value in element.items() if name in (one, other))
                    if value is not None and search(value) is not None:
                        yield element
                        break


def selector(expression: XPath) -> Callable[[HtmlElement], list[HtmlElement]]:
    """The expression as a `Selector`; as it stands where it is not one of the kind that can be."""
    path = LAYOUT.sub("", " ".join(expression.path.split()))
    as_it_stands: Callable[[HtmlElement], list[HtmlElement]] = expression
    shape = ELEMENTS.fullmatch(QUOTED.sub(lambda quoted: f"'{'_' * len(quoted[1])}'", path))
    patterns = _patterns(path[slice(*shape.span("any"))]) if shape else None
    if shape is None or patterns is None:
        return as_it_stands
    tags = tuple(re.findall(r"self::(\w+)", shape["tags"] or ""))
    more = XPath(f"self::*{path[slice(*shape.span('more'))]}", namespaces=NAMESPACES) if shape["more"] else None
    return Selector(tags, patterns, more=more, is_first=shape["first"] is not None)


def _patterns(conditions: str) -> dict[tuple[str, ...], str] | None:
    """Patterns by attribute names, of conditions joined by "or"; None where one of them asks for something else."""
    patterns: dict[tuple[str, ...], list[str]] = {}
    at = 0
    while at < len(conditions):
        if (condition := CONDITION.match(conditions, at)) is None:
            return None
        at = condition.end()
        names = re.findall(r"@([\w-]+)", condition["names"] or condition["name"])
        patterns.setdefault(tuple(names), []).append(_pattern(condition))
    return {names: "|".join(found) for names, found in patterns.items()}


def _pattern(condition: re.Match[str]) -> str:
    """What the value of an attribute must match somewhere."""
    call, name, value, words, flags, large, small = itemgetter(
        "call", "name", "value", "words", "flags", "large", "small"
    )(condition)
    if name:
        return "" if value is None else rf"\A{re.escape(value)}\Z"
    if call == "re:test":
        return f"(?{flags or ''}:{words})"
    also = {low: f"[{low}{high}]" for high, low in zip(large or "", small or "", strict=True)}
    escaped = "".join(also.get(char, re.escape(char)) for char in words)
    return rf"\A{escaped}" if call == "starts-with" else escaped


class Frame(HtmlElement):  # type: ignore[misc]  # lxml has no types
    """The element in which trafilatura looks for an article, whose `//p//text()` is found in linear time.

    libxml2 compares each text with all found before it: 90,000 paragraphs take it 9 s.
    """

    def xpath(self, path: str, **options: Any) -> Any:
        """What lxml's own method finds."""
        return TEXTS_IN_PARAGRAPHS(self) if path == "//p//text()" else super().xpath(path, **options)


def _prune(tree: HtmlElement, *options: Any, **more: Any) -> HtmlElement:
    """The frame that trafilatura makes of a tree."""
    frame: HtmlElement = PRUNE(tree, *options, **more)
    frame.__class__ = Frame
    return frame


def use_in_trafilatura() -> None:
    """Nothing; afterwards trafilatura selects by these."""
    vars(trafilatura.main_extractor)["prune_unwanted_sections"] = _prune
    for expressions in vars(trafilatura.xpaths).values():
        if isinstance(expressions, list):
            expressions[:] = map(selector, expressions)
