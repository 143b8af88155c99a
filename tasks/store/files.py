"""Writing, replacing, moving and deleting the files of a dataset: every step atomic and on disk."""

import hashlib
import io
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.records.errors import ContractError
from tasks.store.footers import FOOTER_KEY
from tasks.store.layout import DATASETS, ENTITIES, TEMP_SUFFIX, leftover_temp_files
from tasks.store.tables import schema_of

# zstd 3: 30,000 docs/s at 3.0x; level 9 is 8 % smaller and five times slower.
COMPRESSION_LEVEL = 3
ROW_GROUP_ROWS = 2_000
# A dictionary pays where values repeat inside a row group.
DICTIONARY_COLUMNS = [
    "site", "source", "published_precision", "published_from", "section", "sitename", "language", "script",
    "declared_language", "extractor", "pipeline_version", "batch_id", "status", "stage", "reason", "type", "country",
]  # fmt: skip
TEXT_COLUMNS = {"text", "title", "description", "url", "canonical_url", "image_url", "detail"}


@dataclass(frozen=True, slots=True)
class Written:
    """What a temporary file holds: its rows, and the sha256 (hex) of its encoded row groups."""

    n_rows: int
    rows_sha256: str


class _HashedFile(io.RawIOBase):
    """A file being written whose bytes are hashed until `digest` is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def writable(self) -> bool:
        """Always true."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def write(self, data: Any) -> int:
        """Write and hash all of `data`."""
        self._hash.update(data)
        return self._file.write(data)

    def digest(self) -> str:
        """sha256 of what was written until now, hex."""
        return self._hash.hexdigest()


def temp_path(path: Path, *, role: str = "") -> Path:
    """A fresh name for a temporary file beside `path`, which readers pass over and the next run sweeps up."""
    return path.parent / f".{path.stem}.{uuid.uuid4().hex}{role}{TEMP_SUFFIX}"


def write_file(path: Path, table: pa.Table, *, dataset: str, footer: dict[str, Any]) -> int:
    """The number of rows of `path` after one atomic replace by `table`. Raises as `write_temp` and `commit_temp`."""
    temp = temp_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = write_temp(temp, [table], dataset=dataset, footer=lambda _: footer)
        commit_temp(temp, path, n_rows=written.n_rows)
    finally:
        temp.unlink(missing_ok=True)
    return written.n_rows


def write_temp(
    temp: Path, tables: Iterable[pa.Table], *, dataset: str, footer: Callable[[str], dict[str, Any]]
) -> Written:
    """Rows in their final order as a synced file, one row group of ROW_GROUP_ROWS in memory at a time.

    `footer` makes the footer from the sha256 of the encoded row groups: equal rows in equal order give equal bytes,
    however `tables` cuts them. Raises OSError when the disk refuses, ContractError for a table of another schema.
    """
    schema = schema_of(dataset)
    named = set(schema.names)
    n_rows = 0
    with temp.open("wb") as file:
        hashed = _HashedFile(file)
        with pq.ParquetWriter(
            pa.PythonFile(hashed, mode="w"),
            schema,
            compression="zstd",
            compression_level=COMPRESSION_LEVEL,
            use_dictionary=[name for name in DICTIONARY_COLUMNS if name in named],
            write_statistics=[name for name in schema.names if name not in TEXT_COLUMNS],
        ) as writer:
            for group in row_groups(tables, schema=schema):
                writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                n_rows += group.num_rows
            digest = hashed.digest()
            stated = json.dumps(footer(digest), ensure_ascii=True, sort_keys=True).encode()
            writer.add_key_value_metadata({FOOTER_KEY: stated})
        file.flush()
        os.fsync(file.fileno())
    return Written(n_rows, digest)


def row_groups(tables: Iterable[pa.Table], *, schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of many tables in tables of ROW_GROUP_ROWS rows, the last one shorter.

    Raises ContractError for a table of another schema.
    """
    held: list[pa.Table] = []
    n_held = 0
    for table in tables:
        if not table.schema.equals(schema, check_metadata=False):
            raise ContractError(f"a table has the columns {table.column_names}, not those of the dataset")
        held.append(table)
        n_held += table.num_rows
        while n_held >= ROW_GROUP_ROWS:
            whole = pa.concat_tables(held)
            yield whole.slice(0, ROW_GROUP_ROWS).replace_schema_metadata(schema.metadata).combine_chunks()
            held = [whole.slice(ROW_GROUP_ROWS)]
            n_held -= ROW_GROUP_ROWS
    if n_held:
        yield pa.concat_tables(held).replace_schema_metadata(schema.metadata).combine_chunks()


def commit_temp(temp: Path, path: Path, *, n_rows: int) -> None:
    """Nothing; afterwards `path` is the file that was `temp`, by one atomic replace that is on disk.

    The row count is read back before, so that a kill at any moment leaves the old file or the new one. Raises
    ContractError when it is not `n_rows`.
    """
    found: int = pq.read_metadata(temp).num_rows
    if found != n_rows:
        raise ContractError(f"{path.name}: {found} rows on disk, {n_rows} were written")
    os.replace(temp, path)
    sync_folder(path.parent)


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
    return unlink_files(path for dataset in (*DATASETS, ENTITIES) for path in leftover_temp_files(out / dataset))


def read_table(path: Path) -> pa.Table:
    """One file as a table, without the partition column."""
    return pq.ParquetFile(path).read()


def read_groups(path: Path) -> Iterator[pa.Table]:
    """One file as tables, a row group at a time."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def read_columns(path: Path, columns: list[str]) -> pa.Table:
    """Some columns of one file as a table."""
    return pq.ParquetFile(path).read(columns=columns)
