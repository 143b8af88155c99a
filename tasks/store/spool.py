"""Rows on their way into a file: appended to a temporary file as they come, mapped into memory to be sorted."""

from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from tasks.store.tables import from_bytes, schema_of


class SpoolWriter:
    """A temporary file that takes rows as Arrow IPC bytes; no row stays in memory."""

    def __init__(self, path: Path, *, dataset: str) -> None:
        self._file = path.open("wb")
        self._writer: Any = pa.ipc.new_file(self._file, schema_of(dataset))

    def add(self, rows: bytes) -> None:
        """Append the rows that `tables.to_bytes` gave. Raises OSError when the disk refuses."""
        self._writer.write_table(from_bytes(rows))

    def __enter__(self) -> "SpoolWriter":
        """The writer itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Finish the file; after an error what is in it is of no use, and its last part need not be writable."""
        try:
            if kind is None:
                self._writer.close()
        finally:
            self._file.close()


def spooled(path: Path) -> list[pa.Table]:
    """The pieces of a spool, in order, mapped from disk."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        return [pa.Table.from_batches([reader.get_batch(n)]) for n in range(reader.num_record_batches)]
