"""Every sample page has the row that its hand-written truth says (tests/samples/expected.jsonl)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from tests.conftest import EXPECTED

TRUTH = [json.loads(line) for line in EXPECTED.read_text(encoding="utf-8").splitlines()]
ACCEPTED = [row for row in TRUTH if row["status"] == "accepted"]
ARTICLES = [row for row in ACCEPTED if row["kind"] == "article"]
Row = dict[str, Any]


def by_key(rows: list[Row]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return pytest.mark.parametrize("truth", rows, ids=[row["key"] for row in rows])


@pytest.fixture(scope="module")
def pages(samples_out: Path) -> dict[str, Row]:
    return {row["raw_path"]: row for row in ds.dataset(samples_out / "pages").to_table().to_pylist()}


@pytest.fixture(scope="module")
def documents(samples_out: Path) -> dict[str, Row]:
    return {row["raw_path"]: row for row in ds.dataset(samples_out / "documents").to_table().to_pylist()}


def test_every_sample_is_a_row_and_nothing_else_is(pages: dict[str, Row]) -> None:
    assert sorted(pages) == sorted(row["raw_path"] for row in TRUTH)


def test_documents_are_the_accepted_pages(documents: dict[str, Row]) -> None:
    assert sorted(documents) == sorted(row["raw_path"] for row in ACCEPTED)


@by_key(TRUTH)
def test_status_and_reason(truth: Row, pages: dict[str, Row]) -> None:
    row = pages[truth["raw_path"]]
    reason = {"no_main_text", "too_short"} if truth["reason"] == "no_main_text" else {truth["reason"]}
    assert row["status"] == truth["status"]
    assert row["reason"] in reason


@by_key(TRUTH)
def test_address_source_and_fetch_instant(truth: Row, pages: dict[str, Row]) -> None:
    row = pages[truth["raw_path"]]
    assert row["url"] == truth["url"]
    assert row["source"] == truth["source"]
    assert _instant(row["fetched_at"]) == truth["fetched_at"]


def _instant(value: Any) -> str | None:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


@by_key(ACCEPTED)
def test_language(truth: Row, documents: dict[str, Row]) -> None:
    row = documents[truth["raw_path"]]
    assert row["language"] == truth["language"]
    assert row["declared_language"] == truth["declared_language"]


@by_key(ACCEPTED)
def test_publication_instant_and_precision(truth: Row, documents: dict[str, Row]) -> None:
    if truth["kind"] == "listing":
        pytest.skip("a listing has no publication date; its rejection is a later issue")
    row = documents[truth["raw_path"]]
    assert _instant(row["published_at"]) == truth["published_at"]
    assert row["published_precision"] == truth["published_precision"]


@by_key(ARTICLES)
def test_title_authors_and_site_name(truth: Row, documents: dict[str, Row]) -> None:
    row = documents[truth["raw_path"]]
    assert row["title"] == truth["title"]
    assert row["authors"] == truth["authors"]
    assert row["sitename"] == truth["sitename"]


@by_key([row for row in ARTICLES if row["canonical_url"]])
def test_canonical_url(truth: Row, documents: dict[str, Row]) -> None:
    assert documents[truth["raw_path"]]["canonical_url"] == truth["canonical_url"]


@by_key([row for row in ACCEPTED if row["kind"] != "listing"])
def test_text_holds_the_article_and_not_what_stands_around_it(truth: Row, documents: dict[str, Row]) -> None:
    text = documents[truth["raw_path"]]["text"]
    assert [snippet for snippet in truth["with"] if snippet not in text] == []
    assert [snippet for snippet in truth["without"] if snippet in text] == []


@by_key(ARTICLES)
def test_entities_are_found_with_exact_offsets(truth: Row, documents: dict[str, Row]) -> None:
    row = documents[truth["raw_path"]]
    found = {(entity["type"], entity["surface"]) for entity in row["entities"]}
    assert [pair for pair in truth["entities"] if tuple(pair) not in found] == []
    for entity in row["entities"]:
        assert row["text"][entity["start_char"] : entity["end_char"]] == entity["surface"]


def test_a_place_has_one_id_in_every_language(documents: dict[str, Row]) -> None:
    ids = {
        (row["language"], entity["surface"]): entity["entity_id"]
        for row in documents.values()
        for entity in row["entities"]
        if entity["surface"] in {"Tanger", "Tánger", "Tangier", "طنجة"}
    }
    assert {language for language, _ in ids} >= {"ar", "en", "es", "fr"}
    assert len(set(ids.values())) == 1
    assert None not in ids.values()
