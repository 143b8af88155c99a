"""Rows to Arrow tables and back to a hash: explicit schema, fixed order, nothing guessed."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from tasks.records.columns import arrow_schema
from tasks.records.errors import ContractError
from tasks.records.rows import Document, Page
from tasks.store.layout import DOCUMENTS, PAGES

ROW_TYPES: dict[str, type] = {PAGES: Page, DOCUMENTS: Document}
SORT_KEYS = [("language", "ascending"), ("published_at", "ascending"), ("document_id", "ascending")]


@functools.cache
def schema_of(dataset: str) -> pa.Schema:
    """The one schema of a dataset."""
    return arrow_schema(ROW_TYPES[dataset])


def to_table(rows: Iterable[Page] | Iterable[Document], *, dataset: str) -> pa.Table:
    """Rows as a table of the dataset's schema.

    Raises ContractError for a null in a required column (Arrow itself would let it pass until the write).
    """
    columns: dict[str, list[Any]] = {field.name: [] for field in schema_of(dataset)}
    for row in rows:
        for field in dataclasses.fields(row):
            columns[field.name].append(getattr(row, field.name))
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema_of(dataset)]
    return checked(pa.Table.from_arrays(arrays, schema=schema_of(dataset)), dataset=dataset)


def checked(table: pa.Table, *, dataset: str) -> pa.Table:
    """The table, once it is seen to keep the contract: no null where none is allowed, document_id unique."""
    for field in table.schema:
        if not field.nullable and table.column(field.name).null_count:
            raise ContractError(f"{dataset}: null in column {field.name}, which is required")
    ids = table.column("document_id")
    if len(ids.unique()) != len(ids):
        raise ContractError(f"{dataset}: {len(ids) - len(ids.unique())} duplicate document_id in {len(ids)} rows")
    return table


def sorted_table(table: pa.Table) -> pa.Table:
    """Rows by language, published_at, document_id: the order of every file."""
    return table.sort_by(SORT_KEYS).combine_chunks()


def rows_sha256(table: pa.Table) -> str:
    """sha256 over the values of a table, column by column; free of how Arrow holds them. Hex."""
    digest = hashlib.sha256()
    for name in table.column_names:
        digest.update(name.encode())
        values = table.column(name).to_pylist()
        digest.update(json.dumps(values, ensure_ascii=True, default=str).encode())
    return digest.hexdigest()


def to_bytes(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream, for the way between processes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def from_bytes(data: bytes) -> pa.Table:
    """The table that `to_bytes` gave."""
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
