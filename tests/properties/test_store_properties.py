"""Whatever UTF-8 can hold is read as it was written, and equal rows are equal bytes."""

import dataclasses
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.records.columns import declared_columns
from tasks.records.rows import Document, Page
from tasks.store.files import read_table, write_file, write_temp
from tasks.store.tables import from_bytes, in_order, sorted_table, to_bytes, to_table

ODDITIES = [
    "\x00",
    "\r\n",
    "\u2028",
    "\ufeff",
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\U0010ffff",
    "e\u0301",
    "é",
    "\u200f\u202e",
    "🇲🇦",
    "ﷺ",
    "ٱ\u0651",
]
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=30), st.lists(st.sampled_from(ODDITIES), max_size=6).map("".join)
)


def values(arrow_type: pa.DataType) -> st.SearchStrategy[Any]:
    """Values of an Arrow type, the oddest included."""
    if pa.types.is_list(arrow_type):
        return st.lists(values(arrow_type.value_type), max_size=3)
    if pa.types.is_struct(arrow_type):
        fields = [arrow_type.field(number) for number in range(arrow_type.num_fields)]
        return st.fixed_dictionaries({field.name: maybe(values(field.type), field.nullable) for field in fields})
    if pa.types.is_timestamp(arrow_type):
        return st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
    if pa.types.is_int32(arrow_type):
        return st.integers(-(2**31), 2**31 - 1)
    if pa.types.is_float32(arrow_type):
        return st.floats(0, 1, width=32)
    return st.booleans() if pa.types.is_boolean(arrow_type) else TEXTS


def maybe(strategy: st.SearchStrategy[Any], nullable: bool) -> st.SearchStrategy[Any]:
    """The strategy, with null where null is a meaning."""
    return st.one_of(st.none(), strategy) if nullable else strategy


def rows_of(row_type: type) -> st.SearchStrategy[list[Any]]:
    """Rows of a dataset with distinct ids."""
    columns = {
        declared.name: maybe(values(declared.column.arrow_type), declared.nullable)
        for declared in declared_columns(row_type)
    }
    row = st.builds(row_type, **columns)
    return st.lists(row, min_size=1, max_size=4, unique_by=lambda row: row.document_id)


def by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["document_id"]))


@pytest.mark.parametrize(("dataset", "row_type"), [("pages", Page), ("documents", Document)])
@given(data=st.data())
def test_rows_are_read_as_they_were_written(dataset: str, row_type: type, data: st.DataObject) -> None:
    rows = data.draw(rows_of(row_type))
    table = sorted_table(to_table(rows, dataset=dataset))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        write_file(path, table, dataset=dataset, footer={})
        read = read_table(path)
    assert read.equals(table)
    assert by_id(read.to_pylist()) == by_id([dataclasses.asdict(row) for row in rows])


@pytest.mark.parametrize(("dataset", "row_type"), [("pages", Page), ("documents", Document)])
@given(data=st.data(), order=st.randoms(use_true_random=False))
def test_equal_rows_are_equal_bytes_whatever_the_chunks_and_the_order(
    dataset: str, row_type: type, data: st.DataObject, order: Any
) -> None:
    rows = data.draw(rows_of(row_type))
    whole = sorted_table(to_table(rows, dataset=dataset))
    order.shuffle(rows)
    pieces = [from_bytes(to_bytes(to_table([row], dataset=dataset))) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("whole.parquet", "pieces.parquet")]
        write_file(paths[0], whole, dataset=dataset, footer={"batch_id": "b"})
        write_temp(paths[1], in_order(pieces, group_rows=2), dataset=dataset, footer=lambda _: {"batch_id": "b"})
        assert paths[0].read_bytes() == paths[1].read_bytes()
