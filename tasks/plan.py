"""What a run has to do: the raw root held against the footers of the output folder, and nothing else.

`find_pending` reads names, sizes and footers, never a page: a run with nothing to do ends after it.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tasks.raw.containers import RawListing, list_raw
from tasks.raw.scan import ScanStart, file_check, loose_batches, scan_container, unreadable_batch
from tasks.records.batches import Batch, Container, Kind
from tasks.records.errors import SchemaError
from tasks.store.files import move_file, sweep_temp_files, unlink_files
from tasks.store.footers import DocumentsFooter, PagesFooter, StoredFile, read_stored
from tasks.store.layout import DOCUMENTS, PAGES, crawl_date_of, file_path
from tasks.store.tables import schema_of
from tasks.workers.pool import WorkerPool, WorkFailed

Scanned: TypeAlias = tuple[Container, ScanStart, list[Batch]]


@dataclass(frozen=True, slots=True)
class StoredPages:
    """One pages file: where it lies and what its footer says."""

    path: Path
    footer: PagesFooter


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The state of an output folder, from its footers alone. `strangers` are files of another schema or no footer."""

    pages: dict[str, dict[str, StoredPages]]
    documents: dict[str, tuple[Path, DocumentsFooter]]
    strangers: tuple[Path, ...] = ()

    def all_pages(self) -> list[StoredPages]:
        """Every pages file, by container and part."""
        return [stored for parts in self.pages.values() for stored in parts.values()]


def read_state(out: Path) -> Stored:
    """The footers of both datasets. Two files of one batch cannot be ours; the second counts as a stranger."""
    pages: dict[str, dict[str, StoredPages]] = defaultdict(dict)
    documents: dict[str, tuple[Path, DocumentsFooter]] = {}
    strangers: list[Path] = []
    for file in read_stored(out / PAGES):
        footer = PagesFooter.from_json(file.stated) if _is_ours(file, PAGES) and file.stated else None
        if footer is None or footer.part in pages[footer.container]:
            strangers.append(file.path)
        else:
            pages[footer.container][footer.part] = StoredPages(file.path, footer)
    for file in read_stored(out / DOCUMENTS):
        settled = DocumentsFooter.from_json(file.stated) if _is_ours(file, DOCUMENTS) and file.stated else None
        if settled is None or settled.batch_id in documents:
            strangers.append(file.path)
        else:
            documents[settled.batch_id] = (file.path, settled)
    return Stored(pages=dict(pages), documents=documents, strangers=tuple(strangers))


def _is_ours(file: StoredFile, dataset: str) -> bool:
    return file.stated is not None and file.schema.equals(schema_of(dataset), check_metadata=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What a run has to look at. `to_scan` pairs containers with where their scan begins."""

    to_scan: tuple[tuple[Container, ScanStart], ...]
    to_settle: tuple[StoredPages, ...]
    n_batches_unchanged: int
    notices: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.to_scan or self.to_settle)


def find_pending(raw: Path, out: Path, *, version: str, batch_records: int, rebuild: bool = False) -> Pending:
    """What no footer covers. Reads no page and writes nothing.

    `rebuild` looks at every container again. Raises SchemaError where existing files have another schema and this is
    no rebuild, UsageError where `raw` is no folder.
    """
    stored = read_state(out)
    if stored.strangers and not rebuild:
        raise SchemaError(
            f"{stored.strangers[0]} and {len(stored.strangers) - 1} more files have another schema than this version "
            "writes; run `marsad rebuild`"
        )
    to_scan = []
    unchanged: list[PagesFooter] = []
    listing = list_raw(raw)
    notices = _listing_notices(listing)
    for container in listing.containers:
        files = stored.pages.get(container.path, {})
        start = ScanStart() if rebuild else _scan_start(raw, container, files, batch_records)
        if start is None:
            footers = [file.footer for file in files.values()]
            unchanged += footers
            notices += torn_tails(footers)
        else:
            to_scan.append((container, start))
    redone = {container.path for container, _ in to_scan}
    to_settle = tuple(_unsettled(stored, (p for p in stored.all_pages() if p.footer.container not in redone)))
    n_older = sum(footer.pipeline_version != version for footer in unchanged)
    if n_older:
        notices.append(f"{n_older} batches were made by an older version; `marsad rebuild` redoes them")
    return Pending(
        to_scan=tuple(to_scan), to_settle=to_settle, n_batches_unchanged=len(unchanged), notices=tuple(notices)
    )


def _listing_notices(listing: RawListing) -> list[str]:
    """Sentences about what lies in the raw folder and is not read."""
    notices = []
    if listing.unread:
        notices.append(f"{len(listing.unread)} files are of a kind that is not read, first {listing.unread[0]}")
    if listing.closed:
        notices.append(f"{len(listing.closed)} folders may not be read, first {listing.closed[0]}")
    return notices


def torn_tails(parts: Iterable[PagesFooter | Batch]) -> tuple[str, ...]:
    """A sentence for every container that ends inside a record."""
    return tuple(
        f"{part.container}: the last {piece.container_bytes - piece.end} bytes are an incomplete record, left for later"
        for part in parts
        if (piece := part.piece).container_bytes is not None
        and piece.end is not None
        and piece.container_bytes > piece.end
    )


def _unsettled(stored: Stored, pages: Iterable[StoredPages]) -> list[StoredPages]:
    unsettled = []
    for file in pages:
        settled = stored.documents.get(file.footer.batch_id)
        if (
            settled is None
            or settled[1].pages_sha256 != file.footer.rows_sha256
            or crawl_date_of(settled[0]) != crawl_date_of(file.path)
        ):
            unsettled.append(file)
    return unsettled


def _scan_start(raw: Path, container: Container, files: dict[str, StoredPages], batch_records: int) -> ScanStart | None:
    """Where the scan of a container begins; None when its files cover it as it is."""
    if container.kind is Kind.LOOSE:
        batches = loose_batches(container, batch_records=batch_records, chunk_records=batch_records)
        covered = len(batches) == len(files) and all(_is_covered(batch, files) for batch in batches)
        return None if covered else ScanStart()
    footers = sorted((file.footer for file in files.values()), key=lambda footer: footer.part.zfill(9))
    if not _is_whole(footers, container.kind):
        return ScanStart()
    if container.is_append_only:
        return _growth_start(raw, container, footers[-1])
    check = _check(raw, container, 0, container.size_bytes)
    return None if all(footer.piece.check == check for footer in footers) else ScanStart()


def _growth_start(raw: Path, container: Container, last: PagesFooter) -> ScanStart | None:
    """Where to go on in an append-only container whose last piece is `last`; None when nothing was appended."""
    piece = last.piece
    if piece.start is None or piece.end is None or container.size_bytes < piece.end:
        return ScanStart()
    if _check(raw, container, piece.start, piece.end) != piece.check:
        return ScanStart()
    if piece.container_bytes == container.size_bytes:
        return None
    return ScanStart(int(last.part), last.first_record, last.mark, is_growth=True)


def _check(raw: Path, container: Container, start: int, end: int) -> str | None:
    """The check of a piece as it is now; None where the file cannot be read."""
    try:
        return file_check(raw / container.path, start=start, end=end)
    except OSError:
        return None


def _is_covered(batch: Batch, files: dict[str, StoredPages]) -> bool:
    file = files.get(batch.part)
    return file is not None and file.footer.covers(batch) and crawl_date_of(file.path) == batch.crawl_date


def _is_whole(footers: Sequence[PagesFooter], kind: Kind) -> bool:
    """Whether the files of a container are all its parts, first to last, read as what it is now."""
    return (
        bool(footers)
        and [footer.part for footer in footers] == [str(number) for number in range(len(footers))]
        and [footer.is_last for footer in footers] == [False] * (len(footers) - 1) + [True]
        and all(footer.kind == kind for footer in footers)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLimits:
    """How containers are cut: records of a batch and of a chunk, bytes of a page, seconds of a scan."""

    batch_records: int
    chunk_records: int
    max_page_bytes: int
    timeout_s: float


@dataclass(slots=True, kw_only=True)
class Changes:
    """What is to be done for the containers that were scanned, in the order of the design: move, unlink, write."""

    to_write: list[Batch] = field(default_factory=list)
    to_unlink: list[Path] = field(default_factory=list)
    to_move: list[tuple[Path, Path]] = field(default_factory=list)
    n_unchanged: int = 0

    def clear_the_way(self) -> None:
        """Rename batches whose day changed, then unlink what is surplus; documents before pages."""
        for path, to in self.to_move:
            move_file(path, to)
        unlink_files(self.to_unlink)


def find_changes(
    out: Path,
    scanned: Iterable[Scanned],
    *,
    version: str,
    stale: frozenset[str] = frozenset(),
) -> Changes:
    """What the scan of the pending containers asks for.

    `stale` are ids of batches that are to be redone although a file covers them (rebuild: older version, or other
    raw bytes of the same size).
    """
    stored = read_state(out)
    changes = Changes(to_unlink=sorted(stored.strangers, key=lambda path: DOCUMENTS not in path.parts))
    for container, start, batches in scanned:
        _container_changes(out, stored, container, start, batches, changes, version=version, stale=stale)
    return changes


def _container_changes(
    out: Path,
    stored: Stored,
    container: Container,
    start: ScanStart,
    batches: list[Batch],
    changes: Changes,
    *,
    version: str,
    stale: frozenset[str],
) -> None:
    files = stored.pages.get(container.path, {})
    expected = {batch.part for batch in batches} | {str(number) for number in range(start.part)}
    todo = [batch for batch in batches if batch.batch_id in stale or not _is_covered(batch, files)]
    changes.n_unchanged += len(expected) - len(todo)
    surplus = [file for part, file in files.items() if part not in expected]
    in_place = [file for batch in todo if (file := files.get(batch.part))]
    if not _rows_stay_apart(container, start, expected | files.keys()):
        # Rows may pass from one batch to another: no old one may stand beside a new one.
        surplus, in_place = surplus + in_place, []
    gone = [stored.documents[f.footer.batch_id][0] for f in surplus if f.footer.batch_id in stored.documents]
    changes.to_unlink += gone + [file.path for file in surplus]
    kept = {file.footer.part: file for file in in_place}
    for batch in todo:
        old = kept.get(batch.part)
        changes.to_write.append(_with_rows_taken_over(batch, old, start, version) if old else batch)
        changes.to_move += _moves(out, stored, batch, old) if old else []


def _rows_stay_apart(container: Container, start: ScanStart, parts: set[str]) -> bool:
    """Whether every batch of a container can be replaced by itself without a row standing in two files."""
    return len(parts) == 1 or container.kind is Kind.LOOSE or start.is_growth


def _with_rows_taken_over(batch: Batch, old: StoredPages, start: ScanStart, version: str) -> Batch:
    """The batch with the number of old rows it keeps: those of the last part of a container that has grown."""
    footer = old.footer
    if (
        start.is_growth
        and batch.part == str(start.part)
        and footer.pipeline_version == version
        and 0 < footer.n_records <= batch.n_records
    ):
        return dataclasses.replace(batch, n_taken_over=footer.n_records)
    return batch


def _moves(out: Path, stored: Stored, batch: Batch, old: StoredPages) -> list[tuple[Path, Path]]:
    """Renames of a batch's files into the folder of its present day, documents before pages."""
    moves = []
    settled = stored.documents.get(batch.batch_id)
    for dataset, path in ((DOCUMENTS, settled and settled[0]), (PAGES, old.path)):
        to = file_path(out, dataset, crawl_date=batch.crawl_date, batch_id=batch.batch_id)
        if path is not None and path != to:
            moves.append((path, to))
    return moves


def scan_pending(raw: Path, pending: Pending, *, limits: ScanLimits, pool: WorkerPool) -> list[Scanned]:
    """The batches of every pending container, scanned in the pool; one that kills its scan is one rejection."""
    calls = [
        (container, start, pool.call(_scan, raw, container, start, limits, timeout_s=limits.timeout_s))
        for container, start in pending.to_scan
    ]
    scanned: list[Scanned] = []
    for container, start, call in calls:
        try:
            scanned.append((container, start, call.result()))
        except (WorkFailed, OSError) as failed:
            failure = failed.detail if isinstance(failed, WorkFailed) else f"{failed.strerror}"
            scanned.append((container, ScanStart(), [unreadable_batch(raw, container, failure)]))
    return scanned


def _scan(raw: Path, container: Container, start: ScanStart, limits: ScanLimits) -> list[Batch]:
    return scan_container(
        raw,
        container,
        start=start,
        batch_records=limits.batch_records,
        chunk_records=limits.chunk_records,
        max_bytes=limits.max_page_bytes,
    )


def sweep(out: Path) -> int:
    """How many temporary files of killed writers were deleted; only under the lock."""
    return sweep_temp_files(out)


def unsettled_files(out: Path) -> list[StoredPages]:
    """Pages files that have no documents file of their digest."""
    stored = read_state(out)
    return _unsettled(stored, stored.all_pages())
