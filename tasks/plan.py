"""What a run has to do: the raw root held against the footers of the output folder, and nothing else.

`find_pending` reads names, sizes and footers, never a page: a run with nothing to do ends after it.
"""

import dataclasses
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from tasks.corpus.boilerplate import RULE_VERSION
from tasks.corpus.identities import forms_rule
from tasks.raw.containers import RawListing, list_raw
from tasks.raw.scan import ScanStart, file_check, loose_batches, scan_container, unreadable_batch
from tasks.records.batches import Batch, Container, Kind
from tasks.records.errors import SchemaError, describe_error
from tasks.records.reports import BatchReport, failed_batch
from tasks.store.files import move_file, sweep_temp_files, unlink_files
from tasks.store.footers import DocumentsFooter, LinesFooter, NamesFooter, PagesFooter, entities_digest, read_stored
from tasks.store.layout import (
    DOCUMENTS,
    NAME_FORMS,
    PAGES,
    SITE_LINES,
    crawl_date_of,
    file_path,
    names_folder,
)
from tasks.workers.pool import WorkerPool, WorkFailed

Scanned: TypeAlias = tuple[Container, ScanStart, list[Batch]]


@dataclass(frozen=True, slots=True)
class StoredPages:
    """One pages file: where it lies and what its footer says."""

    path: Path
    footer: PagesFooter


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The state of an output folder, from its footers alone.

    A documents, site_lines or name_forms file belongs where a pages file of the same name lies in the folder of the
    same day; all others are `orphans`. `strangers` are files of another schema or without footer, and second pages
    files of one batch.
    """

    pages: dict[str, dict[str, StoredPages]]
    documents: dict[str, tuple[Path, DocumentsFooter]]
    site_lines: dict[str, tuple[Path, LinesFooter]]
    name_forms: dict[str, tuple[Path, NamesFooter]]
    orphans: tuple[Path, ...] = ()
    strangers: tuple[Path, ...] = ()

    def all_pages(self) -> list[StoredPages]:
        """Every pages file, by container and part."""
        return [stored for parts in self.pages.values() for stored in parts.values()]


def read_state(out: Path) -> Stored:
    """The footers of all datasets."""
    pages: dict[str, dict[str, StoredPages]] = defaultdict(dict)
    documents: dict[str, tuple[Path, DocumentsFooter]] = {}
    strangers: list[Path] = []
    orphans: list[Path] = []
    for file in read_stored(out / PAGES):
        footer = PagesFooter.from_json(file.stated) if file.stated and file.is_current else None
        if footer is None or footer.part in pages[footer.container]:
            strangers.append(file.path)
        else:
            pages[footer.container][footer.part] = StoredPages(file.path, footer)
    days = {f.footer.batch_id: crawl_date_of(f.path) for parts in pages.values() for f in parts.values()}
    for file in read_stored(out / DOCUMENTS):
        settled = DocumentsFooter.from_json(file.stated) if file.stated and file.is_current else None
        if settled is None:
            strangers.append(file.path)
        elif days.get(settled.batch_id) == crawl_date_of(file.path):
            documents[settled.batch_id] = (file.path, settled)
        else:
            orphans.append(file.path)
    site_lines = _read_derived(out, SITE_LINES, LinesFooter, days, orphans)
    name_forms = _read_derived(out, NAME_FORMS, NamesFooter, days, orphans)
    return Stored(
        pages=dict(pages),
        documents=documents,
        site_lines=site_lines,
        name_forms=name_forms,
        orphans=tuple(orphans),
        strangers=tuple(strangers),
    )


_Footer = TypeVar("_Footer", LinesFooter, NamesFooter)


def _read_derived(
    out: Path, dataset: str, footer_type: type[_Footer], days: dict[str, str], orphans: list[Path]
) -> dict[str, tuple[Path, _Footer]]:
    """The files of a derived dataset by batch; what cannot be read or belongs nowhere is an orphan, made again."""
    derived: dict[str, tuple[Path, _Footer]] = {}
    for file in read_stored(out / dataset):
        footer = footer_type.from_json(file.stated) if file.stated and file.is_current else None
        if footer is not None and days.get(footer.batch_id) == crawl_date_of(file.path):
            derived[footer.batch_id] = (file.path, footer)
        else:
            orphans.append(file.path)
    return derived


def documents_digest(out: Path) -> str:
    """sha256 (hex) over what the footers of all documents state: `entities` is made of them."""
    return _documents_digest(read_state(out))


def has_current_entities(out: Path) -> bool:
    """Whether `entities` is that of the documents as they are."""
    return _has_current_entities(out, read_state(out))


def _has_current_entities(out: Path, stored: Stored) -> bool:
    stated = entities_digest(out)
    return stated == _documents_digest(stored) or (stated is None and not stored.documents)


def _documents_digest(stored: Stored) -> str:
    stated = sorted(
        f"{footer.batch_id} {footer.pages_sha256} {footer.boilerplate_sha256} {footer.decisions_sha256}"
        for _, footer in stored.documents.values()
    )
    return hashlib.sha256("\n".join(stated).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What a run has to look at. `to_scan` pairs containers with where their scan begins.

    `known` are the containers that have files; `orphans` are documents files whose pages file is gone.
    """

    to_scan: tuple[tuple[Container, ScanStart], ...]
    known: frozenset[str]
    orphans: tuple[Path, ...]
    to_settle: tuple[StoredPages, ...]
    to_derive: tuple[StoredPages, ...]
    has_old_entities: bool
    n_batches_unchanged: int
    notices: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.to_scan or self.to_settle or self.to_derive or self.orphans or self.has_old_entities)


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
    kept = [file for file in stored.all_pages() if file.footer.container not in redone]
    n_older = sum(footer.pipeline_version != version for footer in unchanged)
    if n_older:
        notices.append(f"{n_older} batches were made by an older version; `marsad rebuild` redoes them")
    return Pending(
        to_scan=tuple(to_scan),
        known=frozenset(stored.pages),
        orphans=stored.orphans,
        to_settle=tuple(_unsettled(stored, kept)),
        to_derive=tuple(_underived(stored, kept)),
        has_old_entities=not _has_current_entities(out, stored),
        n_batches_unchanged=len(unchanged),
        notices=tuple(notices),
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
    rule = forms_rule()
    for file in pages:
        settled = stored.documents.get(file.footer.batch_id)
        names = stored.name_forms.get(file.footer.batch_id)
        made_of = settled and (settled[1].pages_sha256, settled[1].boilerplate_sha256, rule)
        named_by = names and (names[1].pages_sha256, names[1].boilerplate_sha256, names[1].rule)
        if made_of is None or made_of != named_by or made_of[0] != file.footer.rows_sha256:
            unsettled.append(file)
    return unsettled


def _underived(stored: Stored, pages: Iterable[StoredPages]) -> list[StoredPages]:
    underived = []
    for file in pages:
        derived = stored.site_lines.get(file.footer.batch_id)
        stated = derived and (derived[1].pages_sha256, derived[1].rule)
        if stated != (file.footer.rows_sha256, RULE_VERSION):
            underived.append(file)
    return underived


def _scan_start(raw: Path, container: Container, files: dict[str, StoredPages], batch_records: int) -> ScanStart | None:
    """Where the scan of a container begins; None when its files cover it as it is."""
    if container.kind is Kind.LOOSE:
        batches = loose_batches(container, batch_records=batch_records, chunk_records=batch_records)
        covered = len(batches) == len(files) and all(_is_covered(batch, files) for batch in batches)
        return None if covered else ScanStart()
    footers = sorted((file.footer for file in files.values()), key=lambda footer: footer.part.zfill(9))
    if not _is_whole(footers, container.kind) or not _is_cut_by(footers, batch_records):
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
    # A last line without its newline may go on: it is then another record than the one that was read.
    takes_over = container.kind is not Kind.JSONL or _ends_with_newline(raw / container.path, piece.end)
    return ScanStart(int(last.part), last.first_record, last.mark, is_growth=True, takes_over=takes_over)


def _ends_with_newline(path: Path, end: int) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, end - 1))
        return file.read(1) in (b"\n", b"")


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


def _is_cut_by(footers: Sequence[PagesFooter], batch_records: int) -> bool:
    """Whether the parts are as large as the settings cut them now."""
    *full, last = footers
    return all(footer.n_records == batch_records for footer in full) and last.n_records <= batch_records


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
        """Unlink what is surplus or would be stale, documents before pages; then rename batches whose day changed."""
        unlink_files(self.to_unlink)
        for path, to in self.to_move:
            move_file(path, to)


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
    changes = Changes(to_unlink=[*stored.orphans, *sorted(stored.strangers, key=_is_pages_file)])
    for container, start, batches in scanned:
        _container_changes(out, stored, container, start, batches, changes, version=version, stale=stale)
    return changes


def _is_pages_file(path: Path) -> bool:
    return path.parents[1].name == PAGES


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
    in_place = {batch.part: file for batch in todo if (file := files.get(batch.part))}
    if not _rows_stay_apart(container, start, expected | files.keys(), todo, files):
        # Rows may pass from one batch to another: no old one may stand beside a new one.
        surplus, in_place = surplus + list(in_place.values()), {}
    stale_documents = list(surplus)
    for batch in todo:
        old = in_place.get(batch.part)
        written = _with_rows_taken_over(batch, old.footer, start, version) if old else batch
        changes.to_write.append(written)
        if old is None:
            continue
        to = file_path(out, PAGES, crawl_date=batch.crawl_date, batch_id=batch.batch_id)
        if to != old.path:
            changes.to_move.append((old.path, to))
        if to != old.path or not (written.n_taken_over or old.footer.covers(batch)):
            stale_documents.append(old)
    gone = [
        made[file.footer.batch_id][0]
        for file in stale_documents
        for made in (stored.documents, stored.site_lines, stored.name_forms)
        if file.footer.batch_id in made
    ]
    changes.to_unlink += gone + [file.path for file in surplus]


def _rows_stay_apart(
    container: Container, start: ScanStart, parts: set[str], todo: list[Batch], files: dict[str, StoredPages]
) -> bool:
    """Whether every batch of a container can be replaced by itself without a row standing in two files."""
    if len(parts) == 1 or container.kind is Kind.LOOSE or start.is_growth:
        return True
    is_same_cut = all(files[batch.part].footer.covers(batch) for batch in todo if batch.part in files)
    return is_same_cut and files.keys() <= {batch.part for batch in todo} | parts


def _with_rows_taken_over(batch: Batch, footer: PagesFooter, start: ScanStart, version: str) -> Batch:
    """The batch with the number of old rows it keeps: those of the last part of a container that has grown."""
    if (
        start.is_growth
        and start.takes_over
        and batch.part == str(start.part)
        and footer.pipeline_version == version
        and 0 < footer.n_records <= batch.n_records
    ):
        return dataclasses.replace(batch, n_taken_over=footer.n_records)
    return batch


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """What the scans of a run gave, and the containers with files whose scan failed: those are left as they are."""

    scanned: list[Scanned]
    failed: list[BatchReport]


def scan_pending(raw: Path, pending: Pending, *, limits: ScanLimits, pool: WorkerPool) -> ScanOutcome:
    """The batches of every pending container, scanned in the pool.

    A new container that kills its scan is one rejection; one that has rows already keeps them, and is a failed batch.
    """
    calls = [
        (container, start, pool.call(_scan, raw, container, start, limits, timeout_s=limits.timeout_s))
        for container, start in pending.to_scan
    ]
    outcome = ScanOutcome([], [])
    for container, start, call in calls:
        try:
            outcome.scanned.append((container, start, call.result()))
        except (WorkFailed, OSError) as failed:
            failure = failed.detail if isinstance(failed, WorkFailed) else f"{failed.strerror}"
            if container.path in pending.known:
                outcome.failed.append(failed_batch(container.path, container.path or "loose pages", f"scan: {failure}"))
            else:
                outcome.scanned.append((container, ScanStart(), [unreadable_batch(raw, container, failure)]))
    return outcome


def _scan(raw: Path, container: Container, start: ScanStart, limits: ScanLimits) -> list[Batch]:
    """The batches of a container. Raises WorkFailed where its reader meets what nobody foresaw."""
    try:
        return scan_container(
            raw,
            container,
            start=start,
            batch_records=limits.batch_records,
            chunk_records=limits.chunk_records,
            max_bytes=limits.max_page_bytes,
        )
    except (MemoryError, OSError):
        raise
    except Exception as error:  # the readers' boundary: it costs this container, not the run
        raise WorkFailed("error", describe_error(error)) from None


def sweep(out: Path) -> int:
    """How many temporary files of killed writers were deleted; only under the lock."""
    shutil.rmtree(names_folder(out), ignore_errors=True)
    return sweep_temp_files(out)


def unsettled_files(out: Path) -> list[StoredPages]:
    """Pages files that have no documents file of their digest, or none whose names are in name_forms."""
    stored = read_state(out)
    return _unsettled(stored, stored.all_pages())


def settled_files(out: Path) -> list[tuple[StoredPages, DocumentsFooter]]:
    """Pages files that have a documents file of their digest, with what that states."""
    stored = read_state(out)
    unsettled = {file.path for file in _unsettled(stored, stored.all_pages())}
    return [
        (file, stored.documents[file.footer.batch_id][1]) for file in stored.all_pages() if file.path not in unsettled
    ]


def underived_files(out: Path) -> list[StoredPages]:
    """Pages files that have no site_lines file of their digest."""
    stored = read_state(out)
    return _underived(stored, stored.all_pages())
