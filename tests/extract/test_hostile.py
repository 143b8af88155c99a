"""Hostile HTML: pages beyond what the parsers bear are refused up front, deep ones are read, all in bounded time."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from justext.core import revise_paragraph_classification as revise_by_justext

from tasks.extract.article import extract_article
from tasks.extract.complexity import MAX_ATTRIBUTES, MAX_TAGS, excess_of
from tasks.extract.neighbours import revise_paragraph_classification
from tasks.records.article import Article, Rejection
from tasks.records.raw import RawRecord
from tests.pace import within

PARAGRAPHS = (
    "The harbour of the old town was opened again on Monday after two years of work, the mayor said in a short speech.",
    "Fishermen had waited for the new quay since the storm took the old one, and many of them came to see it opened.",
    "The work cost eleven million, a third of it paid by the region, which wants to bring ferries back to the coast.",
)
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
# The dearest of these takes under 2 s on a quiet core; a quadratic one takes minutes.
BOUND_S = 10


def outcome_of(before: str, after: str = "") -> Article | Rejection:
    html = f"<html><head><title>Harbour</title></head><body>{before}<article>{BODY}</article>{after}</body></html>"
    record = RawRecord(container="c", position="0", raw_path="c/p", payload=html.encode(), media_type="text/html")
    with within(BOUND_S):
        return extract_article(record, min_chars=100)


@pytest.mark.parametrize("tag", ["div", "table", "span", "blockquote", "b", "font", "li", "p", "td"])
def test_a_million_tags_are_refused_up_front(tag: str) -> None:
    outcome = outcome_of(f"<{tag}>" * 1_000_000)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "too_complex"


@pytest.mark.parametrize("tag", ["div", "span", "blockquote", "b", "font", "ul><li", "section"])
@pytest.mark.parametrize("count", [300, MAX_TAGS // 4])
def test_an_article_below_more_open_tags_than_the_parser_bears_is_read(tag: str, count: int) -> None:
    outcome = outcome_of(f"<{tag}>" * count)
    assert isinstance(outcome, Article), outcome
    assert all(paragraph in outcome.text for paragraph in PARAGRAPHS)


def test_a_hundred_thousand_attributes_on_one_tag_are_refused() -> None:
    outcome = outcome_of("<div " + " ".join(f"a{i}='>'" for i in range(100_000)) + ">x</div>")
    assert isinstance(outcome, Rejection)
    assert outcome.detail == f"a tag with more than {MAX_ATTRIBUTES} attributes"


def test_tags_in_comments_and_scripts_do_not_count() -> None:
    assert excess_of("<!--<b>-->" * (MAX_TAGS + 1)) is None
    assert excess_of("<script>" + "'<b>'," * (MAX_TAGS + 1) + "</script>") is None


def test_a_million_scripts_are_refused() -> None:
    outcome = outcome_of("<script>x</script>" * 1_000_000)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "too_complex"


def test_ninety_thousand_values_of_one_meta_name_take_no_quadratic_time() -> None:
    assert isinstance(outcome_of("".join(f"<meta name='keywords' content='k{i}'>" for i in range(90_000))), Article)


def test_a_million_comments_hide_no_article() -> None:
    assert isinstance(outcome_of("<!--x-->" * 1_000_000), Article)


@pytest.mark.parametrize("tag", ["div", "p"])
def test_many_short_siblings_take_no_quadratic_time(tag: str) -> None:
    assert isinstance(outcome_of(f"<{tag}>x</{tag}>" * 40_000), Article)


def test_labels_by_neighbours_are_those_of_justext() -> None:
    dice = random.Random(1)
    for _ in range(3_000):
        drawn = [
            (dice.choice(["good", "bad", "neargood", "short"]), dice.random() < 0.3, "x" * dice.choice([1, 20, 100]))
            for _ in range(dice.randint(0, 12))
        ]
        own, theirs = (
            [SimpleNamespace(cf_class=label, heading=head, text=text, class_type="") for label, head, text in drawn]
            for _ in range(2)
        )
        revise_paragraph_classification(own, 150)
        revise_by_justext(theirs, 150)
        assert [p.class_type for p in own] == [p.class_type for p in theirs], drawn


def test_more_text_than_is_read_is_refused() -> None:
    record = RawRecord(
        container="c", position="0", raw_path="c/p", payload=b"word and more " * 200_000, media_type="text/plain"
    )
    outcome = extract_article(record, min_chars=100)
    assert isinstance(outcome, Rejection)
    assert (outcome.reason, outcome.detail) == ("too_complex", "2800000 characters of text, at most 2000000 are read")


def page(head: str = "", before: str = "", after: str = "", doctype: str = "<!DOCTYPE html>") -> str:
    """A page with the article in it, and something hostile at one of its places."""
    return (
        f"{doctype}<html><head><title>Harbour</title>{head}</head>"
        f"<body>{before}<article><h1>Harbour</h1>{BODY}</article>{after}</body></html>"
    )


def ld(data: str) -> str:
    """A JSON-LD script."""
    return f'<script type="application/ld+json">{data}</script>'


LONG = "word " * 200_000
ENTITIES = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
ARTICLES = json.dumps(
    [
        {"@type": "NewsArticle", "author": {"name": f"Anna Muster{i}"}, "datePublished": "2024-05-13"}
        for i in range(50_000)
    ]
)
AUTHORS = json.dumps({"@type": "NewsArticle", "author": [{"name": f"Anna Muster{i}"} for i in range(50_000)]})
HOSTILE: dict[str, Callable[[], str]] = {
    "entities that grow tenfold each": lambda: page(
        doctype=f'<!DOCTYPE html [<!ENTITY a "{"x" * 1000}">{ENTITIES}]>', before="<p>&j;&j;</p>"
    ),
    "references to no character": lambda: page(before="<p>&#xD800;&#xDFFF;&#xFFFFFFFF;&#0;&#x110000;</p>"),
    "lone surrogates as bytes": lambda: page(before="<p>\ud800 \udfff \ud83d</p>"),
    "NUL in tags and text": lambda: page(before="<p\0 cl\0ass=x>a\0b</p>\0"),
    "JSON-LD nested 100,000 deep": lambda: page(head=ld("[" * 100_000 + "]" * 100_000)),
    "JSON-LD nested and open": lambda: page(head=ld('{"a":' * 100_000)),
    "50,000 articles in JSON-LD": lambda: page(head=ld(ARTICLES)),
    "40,000 JSON-LD scripts": lambda: page(head=ld('{"@type":"NewsArticle","headline":"x"}') * 40_000),
    "a million digits": lambda: page(head=ld('{"@type":"Article","datePublished":' + "9" * 1_000_000 + "}")),
    "50,000 authors": lambda: page(head=ld(AUTHORS)),
    "99,000 time tags": lambda: page(before='<time datetime="2024-05-13">May</time>' * 99_000),
    "99,000 undated time tags": lambda: page(before='<time datetime="the month of May">the thirteenth</time>' * 99_000),
    "90,000 elements marked as dates": lambda: page(before='<span class="date">13. Mai 2O24 um drei</span>' * 90_000),
    "90,000 lines with dates": lambda: page(before="<p>Published: 13/05/2024 10:22</p>" * 90_000),
    "80,000 dates in one line": lambda: page(before=f"<p>{'13 May 2024 ' * 80_000}</p>"),
    "500,000 digits for a date": lambda: page(before=f'<p class="date">{"1" * 500_000}</p>'),
    "a title of 1 MB": lambda: page(head=f"<title>{LONG}</title>"),
    "a heading of 1 MB": lambda: page(before=f"<h1>{LONG}</h1>"),
    "an og:title of 1 MB": lambda: page(head=f'<meta property="og:title" content="{LONG}">'),
    "an author of 1 MB": lambda: page(head=f'<meta name="author" content="{LONG}">'),
    "a byline of 1 MB": lambda: page(before=f'<p class="author byline">By {LONG}</p>'),
    "a description of 1 MB": lambda: page(head=f'<meta name="description" content="{LONG}">'),
    "a link of 1 MB": lambda: page(head=f'<link rel="canonical" href="https://e.org/{"a/" * 500_000}">'),
    "an image address of 1 MB": lambda: page(
        head=f'<meta property="og:image" content="https://example.org/{"%41" * 300_000}">'
    ),
    "150,000 keywords": lambda: page(head=f'<meta name="keywords" content="{",".join(map(str, range(150_000)))}">'),
    "a class of 1 MB": lambda: page(before=f'<div class="{"comment-x " * 100_000}">x</div>'),
    "3,000 long classes": lambda: page(before=f'<div class="{"social bar meta " * 100}">x</div>' * 3_000),
    "28,000 attributes": lambda: page(before=f"<div {' '.join(f'a{i}' for i in range(28_000))}>x</div>"),
    "90,000 elements with itemprop": lambda: page(before='<b itemprop="datePublished author name">x</b>' * 90_000),
    "paragraphs below 220 elements": lambda: page(before="<div><span><b><i>" * 55 + "<p>x y z</p>" * 40_000),
    "30,000 nested lists": lambda: page(before="<ul><li><a href=x>a b</a>" * 30_000),
    "6,000 menus": lambda: page(before=f"<ul>{'<li><a href=x>ab</a></li>' * 7}</ul>" * 6_000),
    "95,000 line breaks": lambda: page(before=f"<p>{'a<br>' * 95_000}</p>"),
    "direction marks": lambda: page(before="<p>" + "\u202e\u200f\u0301" * 300_000 + "</p>"),
    "900,000 accents on one letter": lambda: page(before="<p>a" + "\u0301" * 900_000 + "</p>"),
    "an open script": lambda: page(after="<script>var x = '" + "a" * 100_000).removesuffix("</body></html>"),
    "an open comment": lambda: page(after="<!-- " + "a" * 100_000).removesuffix("</body></html>"),
    "an open attribute": lambda: page(after='<a href="' + "a" * 100_000).removesuffix("</body></html>"),
    "plaintext": lambda: page(before="<plaintext>"),
    "nearly 20 MB of comments": lambda: page(before=f"<!--{'x' * 1000}-->" * 19_500),
    "nearly 20 MB of script": lambda: page(before="<script>" + "var a='<b>';" * 1_600_000 + "</script>"),
    "nearly 20 MB of style": lambda: page(head=f"<style>{'.a{b:c} ' * 2_400_000}</style>"),
    "nearly 20 MB of one address": lambda: page(before=f'<img src="data:image/png;base64,{"A" * 19_900_000}">'),
    "nearly 20 MB of attributes": lambda: page(before=f'<div data-x="{"y" * 900}"></div>' * 21_000),
    "nearly 20 MB in a text area": lambda: page(before=f"<textarea>{'&' * 19_000_000}</textarea>"),
    "nearly 20 MB of white space": lambda: page(before=" " * 19_900_000),
}


def hostile_outcome(name: str) -> Article | Rejection:
    payload = HOSTILE[name]().encode("utf-8", "surrogatepass")
    record = RawRecord(
        container="c",
        position="0",
        raw_path="c/p",
        payload=payload,
        media_type="text/html",
        url="https://example.org/a",
    )
    return extract_article(record, min_chars=100)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_article_beside_something_hostile_is_read(name: str) -> None:
    with within(BOUND_S):
        outcome = hostile_outcome(name)
    assert isinstance(outcome, Article), outcome
    assert all(paragraph in outcome.text for paragraph in PARAGRAPHS)
    assert outcome.text.encode()  # no lone surrogate
    assert "\0" not in outcome.text
    assert len(outcome.title or "") <= 1_000
    assert len(outcome.authors) <= 20
    assert len(outcome.tags) <= 40
    assert outcome.description is None or outcome.description.encode()


def test_no_file_is_read_into_a_page(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the password is swordfish", encoding="utf-8")
    doctype = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % y SYSTEM "{secret.as_uri()}"> %y;]>'
    text = page(doctype=doctype, before=f"<p>&x; stands in this page. {PARAGRAPHS[0]}</p>")
    record = RawRecord(container="c", position="0", raw_path="c/p", payload=text.encode(), media_type="text/html")
    outcome = extract_article(record, min_chars=100)
    assert isinstance(outcome, Article)
    assert "swordfish" not in repr(outcome)


def test_a_page_of_frames_alone_is_empty() -> None:
    record = RawRecord(
        container="c",
        position="0",
        raw_path="c/p",
        payload=b'<html><frameset cols="1,2">' + b"<frame src=x>" * 1000 + b"</frameset></html>",
        media_type="text/html",
    )
    outcome = extract_article(record, min_chars=100)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "empty"


def test_more_text_than_is_read_is_not_searched() -> None:
    outcome = outcome_of("< " * 9_000_000)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "too_complex"


# Twice what a worker may take on common pages; it is ended at 1.5 GiB (worker_resident_bytes).
MAX_HOSTILE_MIB = 1_000
READ_LARGEST = """
from tests.extract.test_hostile import HOSTILE, hostile_outcome
from tests.memory import peak_kib
for name in HOSTILE:
    if "0 MB" in name or "9,000" in name:
        hostile_outcome(name)
print(peak_kib() // 1024)
"""


def test_a_process_that_reads_the_largest_lives_and_stays_small() -> None:
    done = subprocess.run([sys.executable, "-c", READ_LARGEST], capture_output=True, text=True, check=True)
    assert int(done.stdout) < MAX_HOSTILE_MIB
