"""Rows to Arrow tables and back to a hash: explicit schema, fixed order, nothing guessed."""

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.records.columns import arrow_schema
from tasks.records.errors import ContractError
from tasks.records.rows import Document, EntityRow, NameFormRow, Page, SiteLines
from tasks.store.layout import DOCUMENTS, ENTITIES, NAME_FORMS, PAGES, SITE_LINES

ROW_TYPES: dict[str, type] = {
    PAGES: Page,
    DOCUMENTS: Document,
    SITE_LINES: SiteLines,
    NAME_FORMS: NameFormRow,
    ENTITIES: EntityRow,
}
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
    refuse_duplicates([table], dataset=dataset)
    return table


def refuse_duplicates(pieces: Iterable[pa.Table], *, dataset: str) -> None:
    """Nothing; raises ContractError where one document_id stands in two rows of the pieces."""
    ids = pa.chunked_array([chunk for piece in pieces for chunk in piece.column("document_id").chunks], pa.string())
    n_twice = len(ids) - len(ids.unique())
    if n_twice:
        raise ContractError(f"{dataset}: {n_twice} duplicate document_id in {len(ids)} rows")


def sorted_table(table: pa.Table) -> pa.Table:
    """Rows by language, published_at, document_id: the order of every file."""
    return table.sort_by(SORT_KEYS).combine_chunks()


def in_order(pieces: list[pa.Table], *, group_rows: int) -> Iterator[pa.Table]:
    """The rows of many pieces by language, published_at, document_id, `group_rows` at a time.

    Only the sort keys of all rows are held, and the rows of one group: pieces that are mapped files stay on disk.
    """
    keys = pa.concat_tables([piece.select([name for name, _ in SORT_KEYS]) for piece in pieces])
    order = pc.sort_indices(keys, sort_keys=SORT_KEYS).to_numpy().astype(np.int64)
    begins = np.cumsum([0, *(piece.num_rows for piece in pieces)])
    for start in range(0, len(order), group_rows):
        wanted = order[start : start + group_rows]
        ascending = np.sort(wanted)
        cuts = np.searchsorted(ascending, begins)
        taken = [
            piece.take(ascending[first:last] - begins[number])
            for number, (piece, first, last) in enumerate(zip(pieces, cuts, cuts[1:], strict=False))
            if first < last
        ]
        yield pa.concat_tables(taken).take(np.searchsorted(ascending, wanted))


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
