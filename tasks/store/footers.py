"""The footer of each Parquet file: the only record of what is done."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.records.batches import WHOLE_PARTS, Batch, Mark, Piece, batch_label
from tasks.records.errors import UsageError
from tasks.store.layout import dataset_files, stray_files

FOOTER_KEY = b"marsad"


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
class DocumentsFooter:
    """What a documents file says of itself: the pages file it was settled from and the decisions it used."""

    batch_id: str
    container: str
    pipeline_version: str
    pages_sha256: str
    decisions_sha256: str

    def to_json(self) -> dict[str, Any]:
        """The footer as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stated: dict[str, Any]) -> "DocumentsFooter":
        """The footer that `to_json` gave."""
        return cls(**stated)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One Parquet file of a dataset: where it lies, what its footer states (None: no footer of Marsad), its schema."""

    path: Path
    stated: dict[str, Any] | None
    schema: pa.Schema


def read_stored(dataset: Path) -> Iterator[StoredFile]:
    """Every file of a dataset with its footer, in path order; rows are not read.

    Raises UsageError for a file that is no Parquet file of Marsad: nothing else may lie in a dataset's folder.
    """
    for stray in stray_files(dataset):
        raise UsageError(f"{stray} does not belong into a dataset's folder; move it away")
    for path in dataset_files(dataset):
        try:
            metadata = pq.read_metadata(path)
        except FileNotFoundError:  # a run replaced or moved it meanwhile
            continue
        except (pa.ArrowInvalid, OSError) as error:
            raise UsageError(f"{path} is no readable Parquet file ({error}); delete it and run again") from error
        stated = (metadata.metadata or {}).get(FOOTER_KEY)
        if stated is None:
            raise UsageError(f"{path} was not written by Marsad; move it out of the dataset's folder")
        yield StoredFile(path, json.loads(stated) if stated else None, metadata.schema.to_arrow_schema())


def read_pages_footer(path: Path) -> PagesFooter:
    """The footer of one pages file."""
    stated = (pq.read_metadata(path).metadata or {})[FOOTER_KEY]
    return PagesFooter.from_json(json.loads(stated))
