"""The selectors give what trafilatura's own XPath expressions give, on any tree."""

import importlib.util
import re
from types import ModuleType

import pytest
import trafilatura.xpaths
from hypothesis import given
from hypothesis import strategies as st
from lxml.etree import XPath
from lxml.html import HtmlElement, document_fromstring, fragment_fromstring

from tasks.extract import main_text
from tasks.extract.expressions import NAMESPACES, Frame, Selector, selector


def _untouched() -> ModuleType:
    """Trafilatura's expressions as they come with it."""
    spec = importlib.util.spec_from_file_location("untouched_xpaths", trafilatura.xpaths.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXPRESSIONS = [
    (f"{name}[{index}]", expression)
    for name, value in vars(_untouched()).items()
    if isinstance(value, list)
    for index, expression in enumerate(value)
    if isinstance(expression, XPath)
]
SELECTED = [(name, expression) for name, expression in EXPRESSIONS if isinstance(selector(expression), Selector)]
# The passes of a fast reading over a whole page. Where a new trafilatura writes them in another form, they are slow.
IN_EACH_READING = {
    "BODY_XPATH[0]",
    "BODY_XPATH[2]",
    "BODY_XPATH[3]",
    "DISCARD_IMAGE_ELEMENTS[0]",
    "OVERALL_DISCARD_XPATH[0]",
    "OVERALL_DISCARD_XPATH[1]",
    "RAW_TREE_PRUNE_XPATH[0]",
    "RAW_TREE_PRUNE_XPATH[1]",
    "REMOVE_COMMENTS_AND_LISTS_XPATH[0]",
    "TEASER_DISCARD_XPATH[0]",
}
TAGS = sorted({"h1", "b"}.union(*(re.findall(r"self::(\w+)", expression.path) for _, expression in EXPRESSIONS)))
NAMES = sorted({name for _, expression in EXPRESSIONS for name in re.findall(r"@([\w-]+)", expression.path)})
# Words that the conditions ask for, pieces of their patterns, and what some patterns make of several pieces.
WORDS = sorted(
    {
        "mvp-post-add-box",
        "infinitescroll",
        "commentary",
        "Comment",
        "article__body",
    }
    | {
        word
        for _, expression in EXPRESSIONS
        for quoted in re.findall(r"'([^']*)'", expression.path)
        for word in (quoted, *re.findall(r"[\w -]{3,}", quoted))
        if 1 < len(word) < 40
    }
)


@st.composite
def trees(draw: st.DrawFn) -> HtmlElement:
    """A page of a few dozen elements, nested at random, with attributes in either order."""
    root = document_fromstring("<html><body></body></html>")
    elements = [root.body]
    values = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join) | st.sampled_from(["", "x", "Été"])
    attributes = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=3)
    for _ in range(draw(st.integers(1, 25))):
        child = draw(st.sampled_from(elements)).makeelement(draw(st.sampled_from(TAGS)), {})
        for name, value in draw(attributes):
            child.set(name, value)
        draw(st.sampled_from(elements)).append(child)
        elements.append(child)
    return root


def _expected(expression: XPath, tree: HtmlElement) -> list[HtmlElement]:
    found: list[HtmlElement] = expression(tree)
    return found[:1] if re.search(r"\[1\]\s*\Z", expression.path) else found


@given(trees())
def test_each_expression_selects_the_same_elements(tree: HtmlElement) -> None:
    for name, expression in SELECTED:
        select = selector(expression)
        assert isinstance(select, Selector)
        assert select(tree) == _expected(expression, tree), name


@given(st.lists(st.sampled_from(["<p>", "</p>", "<b>", "</b>", "<div>", "</div>", "<li>", "some", "text", " "])))
def test_the_frame_finds_what_lxml_finds(pieces: list[str]) -> None:
    tree = fragment_fromstring("".join(pieces), create_parent="article")
    for nested in tree.iterdescendants("b"):
        nested.tag = "p"  # as trafilatura does, so that paragraphs stand in paragraphs
    expected = {path: tree.xpath(path) for path in ("//p//text()", ".//*")}
    tree.__class__ = Frame
    assert {path: tree.xpath(path) for path in expected} == expected


def test_the_words_of_the_conditions_are_met() -> None:
    """The trees above are worth something: every selector finds an element by some of the words."""
    elements = [
        f'<{tag} {name}="{word}">x</{tag}>'
        for tag in ("div", "section", "p", "list")
        for name in ("class", "id", "role", "style")
        for word in WORDS
        if not set(word) & set('<&"|()[]^$?')
    ]
    tree = fragment_fromstring("".join(elements), create_parent="body")
    for name, expression in SELECTED:
        found = selector(expression)(tree)
        assert found, name
        assert found == _expected(expression, tree), name


def test_the_passes_of_a_reading_are_selectors() -> None:
    assert {name for name, _ in SELECTED} >= IN_EACH_READING


def test_trafilatura_reads_by_them() -> None:
    assert main_text.EXTRACTOR  # the module that hands them over
    assert isinstance(trafilatura.xpaths.OVERALL_DISCARD_XPATH[0], Selector)


@pytest.mark.parametrize(
    "path",
    [
        ".//div[@class='a']",
        ".//*[self::div][@class='a' and @id='b']",
        ".//*[self::div][.//h1 or @class='a']",
        ".//*[self::div][position() = 1]",
        "(.//article)[1]",
        ".//*[@class='a']|.//p",
        "//*[@class='a']",
    ],
)
def test_what_is_no_list_of_conditions_stays_as_it_is(path: str) -> None:
    expression = XPath(path, namespaces=NAMESPACES)
    assert selector(expression) is expression


@pytest.mark.parametrize(
    ("path", "page", "selected"),
    [
        (".//*[self::div][@class='a' or contains(@id, 'b.')]", "<div class=a/><div id=xb.y/><div id=xbcy/>", [0, 1]),
        (".//*[contains(translate(@role, 'N', 'n'), 'nav')]", "<p role=Navi/><p role=nav/><p role=NAV/>", [0, 1]),
        (".//*[starts-with(@id|@class, 're')]", "<p class=x id=re/><p class=re id=x/><p id=re/>", [1, 2]),
        (".//*[re:test(@class, 'a|^b', 'i')]", "<p class=xA/><p class=B/><p class=cb/>", [0, 1]),
        (".//*[@data-x]", "<p data-x=''/><p/>", [0]),
        ("(.//*[self::p][@id='a'])[1]", "<b id=a/><p id=a/><p id=a/>", [1]),
        (".//*[@id='a'][not(.//h1)]", "<div id=a><h1>t</h1></div><p id=a>x</p>", [2]),
    ],
)
def test_conditions(path: str, page: str, selected: list[int]) -> None:
    tree = fragment_fromstring(page.replace("/>", "></p>").replace("<div class=a></p>", "<div class=a></div>"), "body")
    elements = list(tree.iterdescendants())
    expression = XPath(path, namespaces=NAMESPACES)
    select = selector(expression)
    assert isinstance(select, Selector)
    assert [elements.index(element) for element in select(tree)] == selected
    assert select(tree) == expression(tree)
