"""What a run passes about: containers of data/raw, the batches they fall into, the pieces batches cover."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """How a container is read."""

    WARC = "warc"
    ARC = "arc"
    JSONL = "jsonl"
    ZIP = "zip"
    TAR = "tar"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseFile:
    """One loose page: its path under the raw root and what is known of it before it is opened.

    `fetched_at` is the one of meta.jsonl, else the file's mtime. `meta` is the sorted JSON of its meta.jsonl line.
    """

    path: str
    size_bytes: int
    fetched_at: datetime | None
    meta: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One WARC, ARC, JSONL, zip or tar file, or all loose pages under one top-level folder.

    `path` is relative to the raw root ('' for loose pages at the root itself). `is_append_only` containers (WARC,
    plain or gzipped, and plain JSONL) may grow at their end. `size_bytes` is the size the run plans with; it reads
    no further.
    """

    path: str
    kind: Kind
    size_bytes: int = 0
    is_append_only: bool = False
    files: tuple[LooseFile, ...] = ()

    @property
    def source(self) -> str | None:
        """The top-level folder, the outlet's name where the record states none; None at the root."""
        top = self.path if self.kind is Kind.LOOSE else self.path.rpartition("/")[0]
        return top.partition("/")[0] or None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a record begins, so that reading can begin there.

    `offset`: byte offset in the file or archive member, unpacked, except in a .warc.gz, where it is the gzip member's.
    `skip`: records of that gzip member before it. `line`: lines before it. `member`: number of the zip or tar member,
    or of the loose page in its part. Marks of one container grow from record to record.
    """

    offset: int = 0
    skip: int = 0
    line: int = 0
    member: int = 0

    @property
    def order(self) -> tuple[int, int, int, int]:
        """What marks of one container are sorted by."""
        return self.member, self.offset, self.skip, self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What of its container a batch covers, and how to tell that it is still the same.

    Append-only containers: bytes [start, end) and `check`, sha256 over the first and last 64 KiB of them;
    `container_bytes`, on the last part only, is the size seen: `container_bytes > end` means an incomplete tail.
    Others: `check` alone, the fingerprint of the whole container or, for loose pages, of the files of the part.
    """

    check: str
    start: int | None = None
    end: int | None = None
    container_bytes: int | None = None

    def to_json(self) -> dict[str, str | int]:
        """The piece as plain values, without what is not set."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}


# The part of a container that is one batch: by number, or the empty prefix of loose pages.
WHOLE_PARTS = ("", "0")


def batch_label(container: str, part: str, *, is_whole: bool) -> str:
    """How people see a batch in logs and the UI: its container, and its part where there are several."""
    where = container or "loose pages"
    return where if is_whole else f"{where} part {part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """At most `batch_records` consecutive records of one container: exactly one file of each dataset.

    A scan of the batch begins at `start`; `marks` hold where every chunk of `chunk_records` records begins. A batch of
    no record (`n_records` = 0) is the one rejection row of a container that holds none. `files` are the loose pages
    of the part, in order. The first `n_taken_over` records stand in the present file already and are taken over from
    it. `scan_failure` says why the container could not be cut at all.
    """

    batch_id: str
    container: str
    kind: Kind
    part: str
    first_record: int
    n_records: int
    is_last: bool
    crawl_date: str
    start: Mark
    piece: Piece
    size_bytes: int
    marks: tuple[Mark, ...]
    chunk_records: int
    files: tuple[LooseFile, ...] = ()
    n_taken_over: int = 0
    scan_failure: str | None = None

    @property
    def chunks(self) -> list["Chunk"]:
        """The records that are to be worked on, in chunks of at most `chunk_records`, in order."""
        chunks = []
        for number, mark in enumerate(self.marks):
            start = number * self.chunk_records
            end = min(start + self.chunk_records, self.n_records)
            first = max(start, self.n_taken_over)
            if first < end:
                chunk = Chunk(
                    container=self.container,
                    kind=self.kind,
                    size_bytes=self.size_bytes,
                    mark=mark,
                    skip=first - start,
                    n_records=end - first,
                    files=self.files[first:end],
                )
                chunks.append(chunk)
        return chunks

    @property
    def label(self) -> str:
        """How people see the batch in logs and the UI."""
        return batch_label(self.container, self.part, is_whole=self.is_last and self.part in WHOLE_PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A few consecutive records of a batch, the unit of hand-over to a worker process.

    Reading begins at `mark` and passes over `skip` records. `files` are the loose pages of the chunk alone.
    """

    container: str
    kind: Kind
    size_bytes: int
    mark: Mark
    skip: int
    n_records: int
    files: tuple[LooseFile, ...] = ()

    @property
    def singles(self) -> list["Chunk"]:
        """The chunk cut into chunks of one record each."""
        return [
            dataclasses.replace(self, skip=self.skip + i, n_records=1, files=self.files[i : i + 1])
            for i in range(self.n_records)
        ]
