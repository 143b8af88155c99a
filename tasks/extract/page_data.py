"""What a page says about itself in its head: meta tags by name, and JSON-LD, however broken, as flat nodes."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from lxml.html import HtmlElement

ARTICLE_TYPES = (
    "article", "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle",
    "backgroundnewsarticle", "reviewnewsarticle", "blogposting", "liveblogposting", "socialmediaposting",
    "scholarlyarticle", "techarticle", "report", "advertisercontentarticle", "medicalscholarlyarticle",
    "discussionforumposting", "satiricalarticle", "recipe", "review", "podcastepisode", "videoobject",
)  # fmt: skip
PAGE_TYPES = ("webpage", "itempage", "medicalwebpage")
ORGANISATION_TYPES = ("organization", "newsmediaorganization", "corporation", "ngo", "governmentorganization")

# A page's JSON-LD nests little; what lies deeper is no statement about the page.
MAX_DEPTH = 8
MAX_NODES = 2_000
MAX_SCRIPT_CHARS = 2_000_000

# What JSON-LD scripts are wrapped in: HTML comments and CDATA, bare or behind a JavaScript comment.
OPENING = re.compile(r"\s{0,99}(?:<!--|(?://|/\*)?\s{0,9}<!\[CDATA\[(?:\s{0,9}\*/)?)")
CLOSINGS = ("-->", "//]]>", "// ]]>", "/*]]>*/", "/* ]]> */", "]]>", ";")
TRAILING_COMMA = re.compile(r",(\s{0,99}[}\]])")
RESCUED = re.compile(
    r'"(headline|datePublished|dateModified|dateCreated|inLanguage|articleSection)"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.){1,400})"'
)
SPACES = re.compile(r"\s+")
TAG = re.compile(r"<[^<>]{0,300}>")

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PageData:
    """Meta values by lower-case name in page order, and the JSON-LD nodes, articles first."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()

    def first_meta(self, *names: str) -> str | None:
        """The first value of the first of these names that has one."""
        return next((value for name in names for value in self.meta.get(name, ())), None)

    def nodes_of(self, types: tuple[str, ...]) -> list[Node]:
        """The JSON-LD nodes of these types, in page order."""
        return [node for node in self.nodes if types_of(node) & set(types)]

    @property
    def articles(self) -> list[Node]:
        """The nodes that describe the article: of an article type, else of a page type."""
        return self.nodes_of(ARTICLE_TYPES[:-4]) or self.nodes_of(ARTICLE_TYPES[-4:])


def plain(value: object) -> str | None:
    """A value as one line of text without markup or entities; None when nothing is left."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    text = str(value)
    if "&" in text:
        text = unescape(text)
    if "<" in text:
        text = TAG.sub(" ", text)
    text = "".join(char for char in SPACES.sub(" ", text) if char.isprintable() or char == "\u200c").strip()
    return text or None


def as_list(value: object) -> list[Any]:
    """The value itself when it is a list, else a list of it; empty for None."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def name_in(node: object) -> str | None:
    """The name of a node, or of the first of several; a bare text is a name itself."""
    if isinstance(node, list):
        node = node[0] if node else None
    return plain(node.get("name")) if isinstance(node, dict) else plain(node)


def types_of(node: Node) -> set[str]:
    """The schema.org types of a node, lower case, without their namespace."""
    return {str(name).rsplit("/", 1)[-1].lower() for name in as_list(node.get("@type")) if isinstance(name, str)}


def _unwrapped(text: str) -> str:
    """A script without the comment or CDATA signs around it."""
    match = OPENING.match(text)
    text = text[match.end() if match else 0 :].strip()
    for closing in CLOSINGS:
        text = text.removesuffix(closing).rstrip()
    return text


def _load_json(text: str) -> object:
    """What a JSON-LD script holds: repaired of comments, trailing commas and doubled entities; None beyond that."""
    text = _unwrapped(text)
    for attempt in (text, TRAILING_COMMA.sub(r"\1", text), unescape(text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):
        return _rescued(text)


def _rescued(text: str) -> Node | None:
    """The few fields that can be read out of JSON beyond repair, as one article node."""
    found: Node = {}
    for match in RESCUED.finditer(text):
        value = match[2].replace('\\"', '"').replace("\\/", "/")
        found.setdefault(match[1], value)
    return {"@type": "Article", **found} if found else None


def _walk(value: object, depth: int = 0) -> Iterator[Node]:
    """Every typed node under a value, outer ones first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value[:MAX_NODES]:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        for key, item in value.items():
            if key not in ("comment", "review", "isRelatedTo", "relatedLink", "hasPart", "itemListElement", "mentions"):
                yield from _walk(item, depth + 1)


def _json_ld(tree: HtmlElement) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        text = script.text or ""
        if text.strip() and len(text) <= MAX_SCRIPT_CHARS and len(nodes) < MAX_NODES:
            nodes.extend(_walk(_load_json(text)))
    return tuple(nodes[:MAX_NODES])


def _meta(tree: HtmlElement) -> dict[str, list[str]]:
    # Keys of a dict keep their order and come once: a list would be searched for every tag.
    found: dict[str, dict[str, None]] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        value = plain(element.get("content") or element.get("datetime"))
        if name and value:
            found.setdefault(name.strip().lower(), {})[value] = None
    return {name: list(values) for name, values in found.items()}


def read_page_data(tree: HtmlElement) -> PageData:
    """The meta tags and JSON-LD of a page; broken JSON gives what can be saved of it, never an exception."""
    return PageData(_meta(tree), _json_ld(tree))
