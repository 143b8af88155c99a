"""Cuts containers into batches: where each begins, what it covers, under which day it is filed."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tasks.raw.containers import batch_id
from tasks.raw.readers import iter_entries
from tasks.raw.streams import TornRecord
from tasks.records.batches import Batch, Container, Kind, LooseFile, Mark, Piece

EDGE_BYTES = 64 * 1024
NO_DATE = "1970-01-01"
SHA256_HEX = 64


def file_check(path: Path, *, start: int, end: int) -> str:
    """sha256 over the length, first and last 64 KiB of the bytes [start, end) of a file, hex."""
    digest = hashlib.sha256(str(end - start).encode())
    with path.open("rb") as file:
        for at in (start, max(start, end - EDGE_BYTES)):
            file.seek(at)
            digest.update(file.read(min(EDGE_BYTES, end - at)))
    return digest.hexdigest()


def loose_check(files: tuple[LooseFile, ...]) -> str:
    """sha256 over the sorted list of path, size, fetched_at and meta.jsonl line of loose pages, hex."""
    digest = hashlib.sha256()
    for file in files:
        stated = (
            file.path,
            str(file.size_bytes),
            file.fetched_at.isoformat() if file.fetched_at else "",
            file.meta or "",
        )
        digest.update("\0".join(stated).encode("utf-8", "surrogateescape") + b"\0\0")
    return digest.hexdigest()


def loose_parts(files: tuple[LooseFile, ...], *, batch_records: int) -> dict[str, tuple[LooseFile, ...]]:
    """Loose pages by the shortest hex prefix of sha256(path) that keeps every part within `batch_records`."""
    if len(files) <= batch_records:
        return {"": files}
    hashes = [hashlib.sha256(file.path.encode("utf-8", "surrogateescape")).hexdigest() for file in files]
    for length in range(1, SHA256_HEX):
        parts: dict[str, list[LooseFile]] = defaultdict(list)
        for file, digest in zip(files, hashes, strict=True):
            parts[digest[:length]].append(file)
        if max(map(len, parts.values())) <= batch_records:
            break
    return {prefix: tuple(parts[prefix]) for prefix in sorted(parts)}


def day_of(instant: datetime | None) -> str:
    """The UTC day an instant falls on, ISO; 1970-01-01 for none."""
    return instant.astimezone(UTC).date().isoformat() if instant else NO_DATE


def loose_batches(container: Container, *, batch_records: int, chunk_records: int) -> list[Batch]:
    """The batches of loose pages, from the list of files alone."""
    batches: list[Batch] = []
    parts = loose_parts(container.files, batch_records=batch_records)
    for part, files in parts.items():
        dated = next((file.fetched_at for file in files if file.fetched_at), None)
        batches.append(
            Batch(
                batch_id=batch_id(container.path, part),
                container=container.path,
                kind=Kind.LOOSE,
                part=part,
                first_record=0,
                n_records=len(files),
                is_last=part == max(parts),
                crawl_date=day_of(dated),
                start=Mark(),
                piece=Piece(check=loose_check(files)),
                size_bytes=0,
                marks=tuple(Mark() for _ in range(0, len(files), chunk_records)),
                chunk_records=chunk_records,
                files=files,
            )
        )
    return batches


@dataclass(slots=True)
class _Part:
    """A batch while its records are counted."""

    number: int
    first_record: int
    start: Mark
    marks: list[Mark] = field(default_factory=list)
    n_records: int = 0
    dated: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScanStart:
    """Where a scan begins: at the head of a container, or at the last batch of one that has grown.

    `takes_over`: whether the rows of that batch stay as they are.
    """

    part: int = 0
    first_record: int = 0
    mark: Mark = field(default_factory=Mark)
    is_growth: bool = False
    takes_over: bool = True


def scan_container(  # the whole cut of one container reads as one list of steps
    root: Path,
    container: Container,
    *,
    start: ScanStart,
    batch_records: int,
    chunk_records: int,
    max_bytes: int,
) -> list[Batch]:
    """The batches of a container from `start` on; one batch of no record where it holds none.

    Every record is read once (its head and length only, dates as far as needed), none is kept.
    """
    if container.kind is Kind.LOOSE:
        return loose_batches(container, batch_records=batch_records, chunk_records=chunk_records)
    parts: list[_Part] = [_Part(start.part, start.first_record, start.mark)]
    end = container.size_bytes
    entries = iter_entries(root, container, start.mark, max_bytes=max_bytes)
    last: Mark | None = None
    while True:
        try:
            entry = next(entries, None)
        except TornRecord as torn:
            end = torn.offset
            if last is not None and last.offset == end:
                # Whole records of a gzip member that is torn further on are counted: their bytes belong to the piece,
                # which ends a byte early to say that there is a tail.
                end = container.size_bytes - 1
            break
        if entry is None:
            break
        if entry.mark.order < start.mark.order:  # records of the same gzip member that earlier parts hold
            continue
        part, last = parts[-1], entry.mark
        if part.n_records == batch_records:
            part = _Part(part.number + 1, part.first_record + part.n_records, entry.mark)
            parts.append(part)
        if part.n_records % chunk_records == 0:
            part.marks.append(entry.mark)
        part.n_records += 1
        part.dated = part.dated or entry.fetched_at()
    return list(_batches(root, container, parts, end, chunk_records))


def _batches(root: Path, container: Container, parts: list[_Part], end: int, chunk_records: int) -> Iterator[Batch]:
    whole = "" if container.is_append_only else file_check(root / container.path, start=0, end=container.size_bytes)
    ends = [part.start.offset for part in parts[1:]] + [end]
    for part, part_end in zip(parts, ends, strict=True):
        is_last = part is parts[-1]
        piece = Piece(check=whole)
        if container.is_append_only:
            begin = part.start.offset
            piece = Piece(
                check=file_check(root / container.path, start=begin, end=part_end),
                start=begin,
                end=part_end,
                container_bytes=container.size_bytes if is_last else None,
            )
        yield Batch(
            batch_id=batch_id(container.path, str(part.number)),
            container=container.path,
            kind=container.kind,
            part=str(part.number),
            first_record=part.first_record,
            n_records=part.n_records,
            is_last=is_last,
            crawl_date=day_of(part.dated),
            start=part.start,
            piece=piece,
            size_bytes=container.size_bytes,
            marks=tuple(part.marks),
            chunk_records=chunk_records,
        )


def unreadable_batch(root: Path, container: Container, failure: str) -> Batch:
    """The one batch of no record that stands for a container whose scan failed."""
    try:
        check = file_check(root / container.path, start=0, end=container.size_bytes)
    except OSError:
        check = ""
    piece = Piece(check=check)
    if container.is_append_only:
        piece = Piece(check=check, start=0, end=container.size_bytes, container_bytes=container.size_bytes)
    return Batch(
        batch_id=batch_id(container.path, "0"),
        container=container.path,
        kind=container.kind,
        part="0",
        first_record=0,
        n_records=0,
        is_last=True,
        crawl_date=NO_DATE,
        start=Mark(),
        piece=piece,
        size_bytes=container.size_bytes,
        marks=(),
        chunk_records=1,
        scan_failure=failure,
    )
