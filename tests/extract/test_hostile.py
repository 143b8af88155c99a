"""Hostile HTML: pages beyond what the parsers bear are refused up front, deep ones are read, all in bounded time."""

import random
import time
from types import SimpleNamespace

import pytest
from justext.core import revise_paragraph_classification as revise_by_justext

from tasks.extract.article import extract_article
from tasks.extract.complexity import MAX_ATTRIBUTES, MAX_TAGS, excess_of
from tasks.extract.neighbours import revise_paragraph_classification
from tasks.records.article import Article, Rejection
from tasks.records.raw import RawRecord

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
    began = time.process_time()
    outcome = extract_article(record, min_chars=100)
    assert time.process_time() - began < BOUND_S
    return outcome


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
