"""The way of a page, on one screen: chunk of raw records -> rows; batch -> pages file -> documents file.

`extract_chunk` and `settle_rows` run in worker processes; `extract_batch` and `settle_batch` drive them from the flow
process, the only one that writes into a dataset.
"""

import hashlib
import json
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from tasks.corpus.places import identify_places
from tasks.enrich.language import warm_up as warm_up_language
from tasks.enrich.mentions import load_recogniser
from tasks.extract.article import warm_up as warm_up_extraction
from tasks.lexicons.organisations import load_organisations
from tasks.lexicons.places import load_places
from tasks.page import Work, rejected_page, to_entity, to_page
from tasks.raw.readers import no_records, read_chunk, unread_record
from tasks.records.article import Mention, Rejection
from tasks.records.batches import Batch, Chunk, Container
from tasks.records.errors import ContractError
from tasks.records.raw import RawRecord
from tasks.records.reports import BatchReport, GroupCounts
from tasks.records.rows import Entity, Page
from tasks.store.files import read_table, write_file
from tasks.store.footers import DocumentsFooter, PagesFooter, read_pages_footer
from tasks.store.layout import DOCUMENTS, PAGES, crawl_date_of, file_path
from tasks.store.tables import checked, from_bytes, rows_sha256, schema_of, sorted_table, to_bytes, to_table
from tasks.workers.pool import Call, WorkerPool, WorkFailed

log = logging.getLogger(__name__)

GroupKey: TypeAlias = tuple[str | None, str | None, str | None]


# --- one chunk, in a worker -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Rows of a chunk as Arrow IPC bytes, their number, and pages with seconds by (source, language, reason)."""

    rows: bytes
    n_rows: int
    counts: dict[GroupKey, tuple[int, float]]


def extract_chunk(chunk: Chunk, batch_id: str, work: Work) -> ChunkResult:
    """The rows of a chunk: read, extracted, enriched."""
    pages: list[Page] = []
    counts: dict[GroupKey, tuple[int, float]] = {}
    began = time.perf_counter()
    for raw in read_chunk(work.raw, chunk, max_bytes=work.max_page_bytes):
        page = to_page(raw, work=work, batch_id=batch_id)
        pages.append(page)
        ended = time.perf_counter()
        key = (page.source, page.language, page.reason)
        n_pages, seconds = counts.get(key, (0, 0.0))
        counts[key] = (n_pages + 1, seconds + ended - began)
        began = ended
    return ChunkResult(to_bytes(to_table(pages, dataset=PAGES)), len(pages), counts)


def describe_chunk(chunk: Chunk, batch_id: str, work: Work, rejection: Rejection) -> ChunkResult:
    """The row of a chunk of one record whose extraction did not come back: the record is read, not worked on."""
    return _rejection_result(
        next(read_chunk(work.raw, chunk, max_bytes=work.max_page_bytes)), batch_id, work, rejection
    )


def _rejection_result(raw: RawRecord, batch_id: str, work: Work, rejection: Rejection) -> ChunkResult:
    page = rejected_page(raw, rejection, work=work, batch_id=batch_id)
    counts: dict[GroupKey, tuple[int, float]] = {(page.source, None, page.reason): (1, 0.0)}
    return ChunkResult(to_bytes(to_table([page], dataset=PAGES)), 1, counts)


# --- one batch, in the flow process ---------------------------------------------------------------------------------


def extract_batch(
    batch: Batch, *, out: Path, work: Work, pool: WorkerPool, progress: Callable[[int], None] = lambda _: None
) -> BatchReport:
    """The report of a batch once its pages file is in place.

    Raises ContractError when a container gave other records than the scan counted (it changed meanwhile): the file is
    not written, and the next run does the batch anew.
    """
    path = file_path(out, PAGES, crawl_date=batch.crawl_date, batch_id=batch.batch_id)
    tables = [_rows_taken_over(path, batch)] if batch.n_taken_over else []
    counts: Counter[GroupKey] = Counter()
    seconds: Counter[GroupKey] = Counter()
    for result in _chunk_results(batch, work, pool):
        tables.append(from_bytes(result.rows))
        for key, (n_pages, work_s) in result.counts.items():
            counts[key] += n_pages
            seconds[key] += work_s  # type: ignore[assignment]
        progress(result.n_rows)
    n_due = max(1, batch.n_records)
    n_came = sum(table.num_rows for table in tables)
    if n_came != n_due:
        raise ContractError(f"{batch.label}: {n_due} records were planned, {n_came} came; it changed meanwhile")
    table = sorted_table(checked(pa.concat_tables(tables), dataset=PAGES))
    footer = PagesFooter.of_batch(batch, pipeline_version=work.pipeline_version, rows_sha256=rows_sha256(table))
    n_rows = write_file(path, table, dataset=PAGES, footer=footer.to_json())
    n_documents = table.column("status").to_pylist().count("accepted")
    log.info("%s: %d rows, %d accepted, %d taken over", batch.label, n_rows, n_documents, batch.n_taken_over)
    return BatchReport(
        batch_id=batch.batch_id,
        label=batch.label,
        n_due=n_due,
        n_rows=n_rows,
        n_documents=n_documents,
        n_taken_over=batch.n_taken_over,
        groups=tuple(_groups(counts, seconds)),
    )


def _rows_taken_over(path: Path, batch: Batch) -> pa.Table:
    try:
        table = read_table(path).replace_schema_metadata(schema_of(PAGES).metadata)
    except (OSError, pa.ArrowException) as error:
        raise ContractError(f"{path} is damaged ({error}); delete it and run again") from error
    if table.num_rows != batch.n_taken_over:
        raise ContractError(f"{path.name}: {table.num_rows} rows, {batch.n_taken_over} were to be taken over")
    return table


def _chunk_results(batch: Batch, work: Work, pool: WorkerPool) -> Iterator[ChunkResult]:
    """The results of a batch's chunks in order, with a bounded number of them on their way."""
    if batch.n_records == 0:
        raw = no_records(Container(path=batch.container, kind=batch.kind), scan_failure=batch.scan_failure)
        if raw.rejection:
            yield _rejection_result(raw, batch.batch_id, work, raw.rejection)
        return
    waiting: deque[tuple[Chunk, Call]] = deque()
    try:
        for chunk in batch.chunks:
            waiting.append(
                (chunk, pool.call(extract_chunk, chunk, batch.batch_id, work, timeout_s=work.page_timeout_s))
            )
            if len(waiting) > 2 * pool.workers:
                yield from _settled_chunk(*waiting.popleft(), batch, work, pool)
        while waiting:
            yield from _settled_chunk(*waiting.popleft(), batch, work, pool)
    finally:
        for _, call in waiting:
            call.cancel()


def _settled_chunk(chunk: Chunk, call: Call, batch: Batch, work: Work, pool: WorkerPool) -> Iterator[ChunkResult]:
    """The result of a chunk; where it failed, those of its pages one by one, so that only the guilty one is lost."""
    try:
        yield call.result()
        return
    except WorkFailed as failed:
        if chunk.n_records == 1:
            yield _failed_page(chunk, failed, batch, work, pool)
            return
    for single in chunk.singles:
        again = pool.call(extract_chunk, single, batch.batch_id, work, timeout_s=work.page_timeout_s)
        yield from _settled_chunk(single, again, batch, work, pool)


def _failed_page(chunk: Chunk, failed: WorkFailed, batch: Batch, work: Work, pool: WorkerPool) -> ChunkResult:
    rejection = Rejection(stage="extract", reason=failed.failure, detail=failed.detail)
    call = pool.call(describe_chunk, chunk, batch.batch_id, work, rejection, timeout_s=work.page_timeout_s)
    try:
        result: ChunkResult = call.result()
    except WorkFailed:  # reading it is what fails: nothing is known of it but its place
        return _rejection_result(unread_record(chunk, rejection), batch.batch_id, work, rejection)
    return result


def _groups(counts: Counter[GroupKey], seconds: Counter[GroupKey]) -> Iterable[GroupCounts]:
    pairs = sorted({(source, language) for source, language, _ in counts}, key=str)
    for source, language in pairs:
        reasons = {reason: n for (s, lang, reason), n in counts.items() if (s, lang) == (source, language)}
        yield GroupCounts(
            source=source,
            language=language,
            n_pages=sum(reasons.values()),
            n_accepted=reasons.get(None, 0),
            rejected={reason: n for reason, n in sorted(reasons.items(), key=str) if reason is not None},
            work_s=sum(s for (src, lang, _), s in seconds.items() if (src, lang) == (source, language)),
        )


# --- settle ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows of a documents file as Arrow IPC bytes and the digest of the decisions that made them."""

    rows: bytes
    decisions_sha256: str


def settle_rows(pages: Path, gazetteers: Path) -> Settled:
    """The documents of a pages file: accepted rows, places and curated organisations with their identities."""
    table = read_table(pages)
    accepted = table.filter(pc.equal(table.column("status"), "accepted"))
    decisions: set[tuple[str, str]] = set()
    entities: list[list[Entity]] = []
    places, organisations = load_places(gazetteers), load_organisations(gazetteers)
    found = zip(accepted.column("entities").to_pylist(), accepted.column("language").to_pylist(), strict=True)
    for row, language in found:
        mentions = identify_places(
            [Mention(**entity) for entity in row], places=places, organisations=organisations, language=language
        )
        decisions.update((mention.entity_id, mention.name) for mention in mentions if mention.entity_id)
        entities.append([to_entity(mention) for mention in mentions])
    schema = schema_of(DOCUMENTS)
    columns = {name: accepted.column(name) for name in schema.names if name in table.column_names}
    columns["entities"] = pa.array(entities, type=schema.field("entities").type)
    columns["removed"] = pa.array([[]] * accepted.num_rows, type=schema.field("removed").type)
    documents = pa.Table.from_arrays([_whole(columns[name]) for name in schema.names], schema=schema)
    digest = hashlib.sha256(json.dumps(sorted(decisions)).encode()).hexdigest()
    return Settled(to_bytes(documents), digest)


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def settle_batch(pages: Path, *, out: Path, gazetteers: Path, version: str, pool: WorkerPool, timeout_s: float) -> int:
    """The number of documents of one pages file, once its documents file is in place."""
    footer = read_pages_footer(pages)
    settled: Settled = pool.call(settle_rows, pages, gazetteers, timeout_s=timeout_s).result()
    table = sorted_table(checked(from_bytes(settled.rows), dataset=DOCUMENTS))
    stated = DocumentsFooter(
        batch_id=footer.batch_id,
        container=footer.container,
        pipeline_version=version,
        pages_sha256=footer.rows_sha256,
        decisions_sha256=settled.decisions_sha256,
    )
    path = file_path(out, DOCUMENTS, crawl_date=crawl_date_of(pages), batch_id=footer.batch_id)
    log.info("%s: %d documents", footer.label, table.num_rows)
    return write_file(path, table, dataset=DOCUMENTS, footer=stated.to_json())


def warm_up(gazetteers: Path) -> None:
    """Load what a worker needs before its first page: models, lexicons, date locales."""
    warm_up_extraction()
    warm_up_language()
    load_recogniser(gazetteers)
    load_places(gazetteers)
    load_organisations(gazetteers)
