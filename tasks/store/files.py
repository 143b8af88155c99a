"""Writing, replacing, moving and deleting the files of a dataset: every step atomic and on disk."""

import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.records.errors import ContractError
from tasks.store.footers import FOOTER_KEY
from tasks.store.layout import DATASETS, leftover_temp_files
from tasks.store.tables import schema_of

# zstd 3: 30,000 docs/s at 3.0x; level 9 is 8 % smaller and five times slower.
COMPRESSION_LEVEL = 3
ROW_GROUP_ROWS = 2_000
# A dictionary pays where values repeat inside a row group.
DICTIONARY_COLUMNS = [
    "site", "source", "published_precision", "published_from", "section", "sitename", "language", "script",
    "declared_language", "extractor", "pipeline_version", "batch_id", "status", "stage", "reason",
]  # fmt: skip
TEXT_COLUMNS = {"text", "title", "description", "url", "canonical_url", "image_url", "detail"}


def write_file(path: Path, table: pa.Table, *, dataset: str, footer: dict[str, Any]) -> int:
    """The number of rows of `path` after one atomic replace by `table`.

    The temporary file lies beside it; it is synced, its row count is read back, and the folder is synced after the
    replace, so that a kill at any moment leaves the old file or the new one. Raises OSError when the disk refuses and
    ContractError when the count read back is another.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.parent / f".{path.stem}.{uuid.uuid4().hex}.tmp"
    try:
        _write_temp(temp, table, dataset=dataset, footer=footer)
        n_rows: int = pq.read_metadata(temp).num_rows
        if n_rows != table.num_rows:
            raise ContractError(f"{path.name}: {n_rows} rows on disk, {table.num_rows} were written")
        os.replace(temp, path)
        sync_folder(path.parent)
    finally:
        temp.unlink(missing_ok=True)
    return n_rows


def _write_temp(temp: Path, table: pa.Table, *, dataset: str, footer: dict[str, Any]) -> None:
    schema = schema_of(dataset)
    stated = json.dumps(footer, ensure_ascii=True, sort_keys=True).encode()
    named = set(schema.names)
    with temp.open("wb") as file:
        with pq.ParquetWriter(
            file,
            schema.with_metadata({**schema.metadata, FOOTER_KEY: stated}),
            compression="zstd",
            compression_level=COMPRESSION_LEVEL,
            use_dictionary=[name for name in DICTIONARY_COLUMNS if name in named],
            write_statistics=[name for name in schema.names if name not in TEXT_COLUMNS],
        ) as writer:
            writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_file(path: Path, to: Path) -> None:
    """Rename a file into another leaf folder of its dataset."""
    to.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, to)
    sync_folder(to.parent)
    sync_folder(path.parent)
    _drop_empty(path.parent)


def unlink_files(paths: Iterable[Path]) -> int:
    """How many of the files were there; none is afterwards. Emptied leaf folders go too."""
    n_gone = 0
    for path in paths:
        if path.exists():
            path.unlink()
            sync_folder(path.parent)
            _drop_empty(path.parent)
            n_gone += 1
    return n_gone


def _drop_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def sweep_temp_files(out: Path) -> int:
    """How many temporary files of killed writers were deleted. Only under the lock."""
    return unlink_files(path for dataset in DATASETS for path in leftover_temp_files(out / dataset))


def read_table(path: Path) -> pa.Table:
    """One file as a table, without the partition column."""
    return pq.ParquetFile(path).read()


def read_columns(path: Path, columns: list[str]) -> pa.Table:
    """Some columns of one file as a table."""
    return pq.ParquetFile(path).read(columns=columns)
