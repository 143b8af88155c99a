"""Columns are declared once: what derives from them, and the contract they keep."""

import importlib
import json
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
import pytest

from tasks.records.columns import Column, arrow_schema, column_metadata, declared_columns
from tasks.records.rows import Document, Page

UTC_INSTANT = pa.timestamp("us", tz="UTC")
STRINGS = pa.list_(pa.string())
# The table of design.md, 'documents columns', in its order.
CONTRACT: dict[str, pa.DataType] = {
    "document_id": pa.string(), "page_id": pa.string(), "url": pa.string(), "canonical_url": pa.string(),
    "site": pa.string(), "source": pa.string(), "fetched_at": UTC_INSTANT, "published_at": UTC_INSTANT,
    "published_precision": pa.string(), "published_from": pa.string(), "modified_at": UTC_INSTANT,
    "title": pa.string(), "description": pa.string(), "section": pa.string(), "sitename": pa.string(),
    "image_url": pa.string(), "authors": STRINGS, "tags": STRINGS, "text": pa.string(), "text_sha256": pa.string(),
    "n_chars": pa.int32(), "n_words": pa.int32(), "language": pa.string(), "language_score": pa.float32(),
    "script": pa.string(), "declared_language": pa.string(), "is_paywalled": pa.bool_(), "is_listing": pa.bool_(),
    "extractor": pa.string(), "pipeline_version": pa.string(), "batch_id": pa.string(), "raw_path": pa.string(),
    "raw_sha256": pa.string(),
}  # fmt: skip
NESTED: dict[str, dict[str, pa.DataType]] = {
    "removed": {"position": pa.int32(), "text": pa.string()},
    "languages": {"language": pa.string(), "share": pa.float32()},
    "entities": {
        "entity_id": pa.string(), "type": pa.string(), "name": pa.string(), "surface": pa.string(),
        "start_char": pa.int32(), "end_char": pa.int32(), "score": pa.float32(),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Two columns."""

    name: Annotated[str, Column(pa.string(), "The name.", "tests.x")]
    score: Annotated[float | None, Column(pa.float32(), "The score.", "tests.y", unit="0..1")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A field without a column."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrelated:
    """A field that is annotated with something else."""

    name: Annotated[str, "prose"]


def test_null_is_allowed_where_the_type_says_none() -> None:
    assert [(field.name, field.nullable) for field in arrow_schema(Row)] == [("name", False), ("score", True)]


@pytest.mark.parametrize("row_type", [Bare, Unrelated])
def test_a_field_without_column_is_refused(row_type: type) -> None:
    with pytest.raises(TypeError, match=rf"{row_type.__name__}\.name declares no Column"):
        declared_columns(row_type)


def test_prose_producer_and_unit_are_on_the_field() -> None:
    assert arrow_schema(Row).field("score").metadata == {
        b"description": b"The score.",
        b"producer": b"tests.y",
        b"unit": b"0..1",
    }


def test_prose_of_all_columns_is_on_the_schema() -> None:
    assert json.loads(arrow_schema(Row).metadata[b"columns"]) == [
        {
            "name": "name",
            "type": "string",
            "nullable": False,
            "unit": None,
            "description": "The name.",
            "producer": "tests.x",
        },
        {
            "name": "score",
            "type": "float",
            "nullable": True,
            "unit": "0..1",
            "description": "The score.",
            "producer": "tests.y",
        },
    ]


@pytest.mark.parametrize(("name", "arrow_type"), CONTRACT.items())
def test_a_column_of_the_contract_has_its_type(name: str, arrow_type: pa.DataType) -> None:
    assert arrow_schema(Document).field(name).type == arrow_type


@pytest.mark.parametrize("name", NESTED)
def test_a_list_of_the_contract_has_its_parts(name: str) -> None:
    item = arrow_schema(Document).field(name).type.value_type
    assert {part.name: part.type for part in item} == NESTED[name]


def test_documents_have_the_columns_of_the_contract_and_no_other() -> None:
    assert sorted(arrow_schema(Document).names) == sorted([*CONTRACT, *NESTED])


def test_pages_have_the_same_columns_before_removal_and_their_outcome() -> None:
    due = set(CONTRACT) | set(NESTED) - {"removed"} | {"status", "stage", "reason", "detail"}
    assert set(arrow_schema(Page).names) == due


def test_what_identifies_a_row_is_never_null() -> None:
    schema = arrow_schema(Page)
    required = ["document_id", "page_id", "status", "pipeline_version", "batch_id", "raw_path", "raw_sha256"]
    assert [schema.field(name).nullable for name in required] == [False] * len(required)


@pytest.mark.parametrize("row_type", [Page, Document])
def test_columns_of_pages_and_documents_agree(row_type: type) -> None:
    other = arrow_schema(Document if row_type is Page else Page)
    for field in arrow_schema(row_type):
        if field.name in other.names:
            assert field.equals(other.field(field.name), check_metadata=True)


PRODUCERS = sorted({str(stated["producer"]) for row_type in (Page, Document) for stated in column_metadata(row_type)})


@pytest.mark.parametrize("producer", PRODUCERS)
def test_the_producer_of_a_column_exists(producer: str) -> None:
    module, _, name = producer.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("row_type", [Page, Document])
def test_every_column_has_prose_that_ends(row_type: type) -> None:
    assert [
        str(c["name"]) for c in column_metadata(row_type) if not str(c["description"]).endswith((".", "undecided."))
    ] == []
