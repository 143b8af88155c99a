"""The footer of each Parquet file: the only record of what is done."""

import functools
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.records.batches import WHOLE_PARTS, Batch, Mark, Piece, batch_label
from tasks.records.errors import UsageError
from tasks.store.layout import ENTITIES, PAGES, entities_path, file_entries, stray_files
from tasks.store.tables import schema_of

FOOTER_KEY = b"marsad"
# The footer of a full file takes about 50 KiB, most of it prose on columns.
TAIL_BYTES = 64 * 1024
REMEMBERED_FILES = 100_000
# In Thrift's compact protocol: the key's length and bytes and the sign of a string; a number of rows that is 0.
KEY_BYTES = b"\x18" + bytes([len(FOOTER_KEY)]) + FOOTER_KEY + b"\x18"
NO_ROWS = b"\x16\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesFooter:
    """What a pages file says of itself: its batch, its piece, its rows and the version that made them.

    `n_records` counts raw records, which differs from rows only for a container of none. A scan of it begins at
    `mark`.
    """

    batch_id: str
    container: str
    kind: str
    part: str
    first_record: int
    n_records: int
    is_last: bool
    pipeline_version: str
    rows_sha256: str
    piece: Piece
    mark: Mark

    @classmethod
    def of_batch(cls, batch: Batch, *, pipeline_version: str, rows_sha256: str) -> "PagesFooter":
        """The footer of a batch whose rows are `rows_sha256`."""
        return cls(
            batch_id=batch.batch_id,
            container=batch.container,
            kind=batch.kind.value,
            part=batch.part,
            first_record=batch.first_record,
            n_records=batch.n_records,
            is_last=batch.is_last,
            pipeline_version=pipeline_version,
            rows_sha256=rows_sha256,
            piece=batch.piece,
            mark=batch.start,
        )

    def to_json(self) -> dict[str, Any]:
        """The footer as plain values."""
        return {**asdict(self), "piece": self.piece.to_json()}

    @classmethod
    def from_json(cls, stated: dict[str, Any]) -> "PagesFooter":
        """The footer that `to_json` gave."""
        return cls(**{**stated, "piece": Piece(**stated["piece"]), "mark": Mark(**stated["mark"])})

    @property
    def label(self) -> str:
        """How people see the batch in logs and the UI."""
        return batch_label(self.container, self.part, is_whole=self.is_last and self.part in WHOLE_PARTS)

    def covers(self, batch: Batch) -> bool:
        """Whether this file holds exactly the records of `batch` (versions apart)."""
        return self == PagesFooter.of_batch(batch, pipeline_version=self.pipeline_version, rows_sha256=self.rows_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesFooter:
    """What a site_lines file says of itself: the pages file it was derived from, and by which version of the rule."""

    batch_id: str
    pages_sha256: str
    rule: int

    def to_json(self) -> dict[str, Any]:
        """The footer as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stated: dict[str, Any]) -> "LinesFooter":
        """The footer that `to_json` gave."""
        return cls(**stated)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesFooter:
    """What a name_forms file says of itself: the pages file it was derived from, by which rules."""

    batch_id: str
    pages_sha256: str
    boilerplate_sha256: str
    rule: str

    def to_json(self) -> dict[str, Any]:
        """The footer as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stated: dict[str, Any]) -> "NamesFooter":
        """The footer that `to_json` gave."""
        return cls(**stated)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsFooter:
    """What a documents file says of itself: the pages file it was settled from and the decisions it used.

    `decisions_sha256` is over the identities of its names, `boilerplate_sha256` over the rules of the sites in it.
    """

    batch_id: str
    container: str
    pipeline_version: str
    pages_sha256: str
    decisions_sha256: str
    boilerplate_sha256: str = ""

    def to_json(self) -> dict[str, Any]:
        """The footer as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stated: dict[str, Any]) -> "DocumentsFooter":
        """The footer that `to_json` gave."""
        return cls(**stated)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One Parquet file of a dataset: where it lies and what its footer states (None: no footer of Marsad).

    `is_current`: whether it has the schema that this version writes.
    """

    path: Path
    stated: dict[str, Any] | None
    is_current: bool


def read_stored(dataset: Path) -> Iterator[StoredFile]:
    """Every file of a dataset with its footer, in path order; rows are not read.

    A process reads each file once: a file is only ever replaced whole, so one of the same inode, time and size is the
    same. Raises UsageError for a file that is no Parquet file of Marsad: nothing else may lie in a dataset's folder.
    """
    for stray in stray_files(dataset):
        raise UsageError(f"{stray} does not belong into a dataset's folder; move it away")
    for entry in file_entries(dataset):
        try:
            stat = entry.stat()
            file = _read_once(entry.path, dataset.name, (stat.st_ino, stat.st_mtime_ns, stat.st_size))
        except FileNotFoundError:  # a run replaced or moved it meanwhile
            continue
        yield file


def read_pages_footer(path: Path) -> PagesFooter:
    """The footer of one pages file."""
    stated = _read_file(path, PAGES).stated
    if stated is None:
        raise UsageError(f"{path} states nothing of its batch; delete it and run again")
    return PagesFooter.from_json(stated)


def entities_digest(out: Path) -> str | None:
    """The documents_sha256 that the file of `entities` states; None where there is none, or one of another schema."""
    path = entities_path(out)
    try:
        stat = path.stat()
        file = _read_once(str(path), ENTITIES, (stat.st_ino, stat.st_mtime_ns, stat.st_size))
    except (FileNotFoundError, UsageError):
        return None
    return file.stated.get("documents_sha256") if file.stated and file.is_current else None


@functools.lru_cache(maxsize=REMEMBERED_FILES)
def _read_once(path: str, dataset: str, identity: tuple[int, int, int]) -> StoredFile:
    """The file of this path and identity."""
    return _read_file(Path(path), dataset)


def _read_file(path: Path, dataset: str) -> StoredFile:
    """What a file says of itself, from its last bytes where it is laid out as Marsad's writer does it."""
    try:
        footer = _footer_bytes(path)
        stated = _stated_in(footer) if footer.startswith(_schema_bytes(dataset)) else None
        if stated:
            return StoredFile(path, json.loads(stated), is_current=True)
        metadata = pq.read_metadata(path)
    except FileNotFoundError:
        raise
    except (ValueError, OSError) as error:  # ArrowInvalid is a ValueError
        raise UsageError(f"{path} is no readable Parquet file ({error}); delete it and run again") from error
    stated = (metadata.metadata or {}).get(FOOTER_KEY)
    if stated is None:
        raise UsageError(f"{path} was not written by Marsad; move it out of the dataset's folder")
    is_current = metadata.schema.to_arrow_schema().equals(schema_of(dataset), check_metadata=False)
    return StoredFile(path, json.loads(stated) if stated else None, is_current)


def _footer_bytes(path: Path) -> bytes:
    """The Thrift bytes at the end of a Parquet file, before their length and 'PAR1'; empty where it does not end so."""
    with path.open("rb", buffering=0) as file:
        n_file_bytes = file.seek(0, os.SEEK_END)
        tail = os.pread(file.fileno(), TAIL_BYTES, max(0, n_file_bytes - TAIL_BYTES))
        n_bytes = int.from_bytes(tail[-8:-4], "little") if tail[-4:] == b"PAR1" else 0
        if not 0 < n_bytes <= n_file_bytes - 12:
            return b""
        if n_bytes > len(tail) - 8:
            tail = os.pread(file.fileno(), n_bytes + 8, n_file_bytes - n_bytes - 8)
    return tail[-n_bytes - 8 : -8]


@functools.cache
def _schema_bytes(dataset: str) -> bytes:
    """What the footer of each file of this schema begins with: all that stands before its number of rows."""
    sink = pa.BufferOutputStream()
    # `empty_table()` makes arrays, for which Arrow imports pandas: 0.13 s.
    pq.write_table(pa.Table.from_batches([], schema=schema_of(dataset)), sink)
    data: bytes = sink.getvalue().to_pybytes()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    return footer[: footer.index(NO_ROWS)]


def _stated_in(footer: bytes) -> bytes | None:
    """The value of Marsad's key in a footer; None where the bytes are not laid out as expected.

    Reading the few hundred bytes that are asked for, in place of all column chunks, is what lets a run look at 20,000
    files in seconds. The last occurrence is the key: statistics stand before it, and the values after it are JSON and
    base64, which hold no control character.
    """
    at = footer.rfind(KEY_BYTES)
    if at < 0:
        return None
    at += len(KEY_BYTES)
    n_bytes = 0
    for shift, byte in zip(range(0, 35, 7), footer[at : at + 5], strict=False):  # seven bits a byte, lowest first
        at += 1
        n_bytes |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return footer[at : at + n_bytes]
