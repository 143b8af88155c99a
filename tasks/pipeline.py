"""The way of a page, on one screen: chunk of raw records -> rows; batch -> pages file -> documents file.

`extract_chunk` and `settle_rows` run in worker processes; `extract_batch` and `settle_batch` drive them from the flow
process, the only one that writes into a dataset.
"""

import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tasks.corpus.boilerplate import rules_digest
from tasks.corpus.places import uncurated_key
from tasks.enrich.language import warm_up as warm_up_language
from tasks.enrich.recognisers import Choices, load_recogniser
from tasks.extract.article import warm_up as warm_up_extraction
from tasks.lexicons.organisations import OrganisationIndex, load_organisations
from tasks.lexicons.places import load_places
from tasks.names import Names, names_digest, read_names
from tasks.page import Work, rejected_page, to_entity, to_page
from tasks.raw.readers import no_records, read_chunk, unread_record
from tasks.records.article import Mention, Rejection
from tasks.records.batches import Batch, Chunk, Container
from tasks.records.errors import ContractError, UsageError, describe_error
from tasks.records.raw import RawRecord
from tasks.records.reports import BatchReport, Counts, GroupKey
from tasks.records.rows import Page
from tasks.settled import Settling, accepted_rows, placed_mentions, settled_columns
from tasks.site_rules import Rules
from tasks.store.files import ROW_GROUP_ROWS, commit_temp, read_groups, read_table, temp_path, write_temp
from tasks.store.footers import DocumentsFooter, PagesFooter, read_pages_footer
from tasks.store.layout import DOCUMENTS, PAGES, crawl_date_of, file_path
from tasks.store.spool import SpoolWriter, spooled
from tasks.store.tables import in_order, refuse_duplicates, schema_of, to_bytes, to_table
from tasks.workers.pool import Call, WorkerPool, WorkFailed

log = logging.getLogger(__name__)

# --- one chunk, in a worker -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Rows of a chunk as Arrow IPC bytes, their number, and pages with seconds by (source, language, reason)."""

    rows: bytes
    n_rows: int
    counts: dict[GroupKey, tuple[int, float]]


def extract_chunk(chunk: Chunk, batch_id: str, work: Work) -> ChunkResult:
    """The rows of a chunk: read, extracted, enriched. Raises UsageError where a recogniser does not load."""
    # A recogniser that does not load is the run's trouble, not that of each page.
    load_recogniser(work.gazetteers, work.recognisers)
    pages: list[Page] = []
    counts: dict[GroupKey, tuple[int, float]] = {}
    began = time.perf_counter()
    for raw in _records(chunk, work):
        page = to_page(raw, work=work, batch_id=batch_id)
        pages.append(page)
        ended = time.perf_counter()
        key = (page.source, page.language, page.reason)
        n_pages, seconds = counts.get(key, (0, 0.0))
        counts[key] = (n_pages + 1, seconds + ended - began)
        began = ended
    return ChunkResult(to_bytes(to_table(pages, dataset=PAGES)), len(pages), counts)


def _records(chunk: Chunk, work: Work) -> Iterator[RawRecord]:
    """The records of a chunk. Raises WorkFailed where a reader meets what nobody foresaw, which costs one record."""
    try:
        yield from read_chunk(work.raw, chunk, max_bytes=work.max_page_bytes)
    except MemoryError:
        raise
    except Exception as error:  # the readers' boundary: hostile bytes end a record, never the run
        raise WorkFailed("error", describe_error(error)) from None


def describe_chunk(chunk: Chunk, batch_id: str, work: Work, rejection: Rejection) -> ChunkResult:
    """The row of a chunk of one record whose extraction did not come back: the record is read, not worked on."""
    return _rejection_result(next(_records(chunk, work)), batch_id, work, rejection)


def _rejection_result(raw: RawRecord, batch_id: str, work: Work, rejection: Rejection) -> ChunkResult:
    page = rejected_page(raw, rejection, work=work, batch_id=batch_id)
    counts: dict[GroupKey, tuple[int, float]] = {(page.source, None, page.reason): (1, 0.0)}
    return ChunkResult(to_bytes(to_table([page], dataset=PAGES)), 1, counts)


def see_recogniser(gazetteers: Path, recognisers: Choices) -> None:
    """Nothing, in a worker, once its recogniser is loaded. Raises UsageError where it does not load."""
    load_recogniser(gazetteers, recognisers)


# --- one batch, in the flow process ---------------------------------------------------------------------------------


def extract_batch(
    batch: Batch, *, out: Path, work: Work, pool: WorkerPool, progress: Callable[[int], None] = lambda _: None
) -> BatchReport:
    """The report of a batch once its pages file is in place.

    Raises ContractError when a container gave other records than the scan counted (it changed meanwhile): the file is
    not written, and the next run does the batch anew.
    """
    path = file_path(out, PAGES, crawl_date=batch.crawl_date, batch_id=batch.batch_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    spool, temp = temp_path(path, role=".rows"), temp_path(path)
    counts = Counts()
    try:
        with SpoolWriter(spool, dataset=PAGES) as writer:
            for result in _chunk_results(batch, work, pool):
                writer.add(result.rows)
                counts.add(result.counts)
                progress(result.n_rows)
        call = pool.call(write_pages, batch, path, spool, temp, work.pipeline_version, timeout_s=work.batch_timeout_s)
        written: WrittenPages = call.result()
        commit_temp(temp, path, n_rows=written.n_rows)
    finally:
        for leftover in (spool, temp):
            leftover.unlink(missing_ok=True)
    log.info("%s: %d rows, %d accepted", batch.label, written.n_rows, written.n_accepted)
    return BatchReport(
        batch_id=batch.batch_id,
        label=batch.label,
        n_due=max(1, batch.n_records),
        n_rows=written.n_rows,
        n_documents=written.n_accepted,
        n_taken_over=batch.n_taken_over,
        groups=tuple(counts.groups()),
    )


@dataclass(frozen=True, slots=True)
class WrittenPages:
    """The rows of a pages file and how many of them are accepted pages."""

    n_rows: int
    n_accepted: int


def write_pages(batch: Batch, path: Path, spool: Path, temp: Path, version: str) -> WrittenPages:
    """In a worker: `temp` as the pages file of a batch, from its spooled rows and those taken over from `path`.

    Raises ContractError where the rows are not those the scan counted, or two of them have one id.
    """
    pieces = [_rows_taken_over(path, batch)] if batch.n_taken_over else []
    pieces += spooled(spool)
    n_due, n_came = max(1, batch.n_records), sum(piece.num_rows for piece in pieces)
    if n_came != n_due:
        raise ContractError(f"{batch.label}: {n_due} records were planned, {n_came} came; it changed meanwhile")
    refuse_duplicates(pieces, dataset=PAGES)
    written = write_temp(
        temp,
        in_order(pieces, group_rows=ROW_GROUP_ROWS),
        dataset=PAGES,
        footer=lambda digest: PagesFooter.of_batch(batch, pipeline_version=version, rows_sha256=digest).to_json(),
    )
    return WrittenPages(written.n_rows, sum(count_accepted(piece) for piece in pieces))


def count_accepted(table: pa.Table) -> int:
    """The number of accepted pages among the rows of `pages`."""
    n_accepted: int = pc.sum(pc.equal(table.column("status"), "accepted")).as_py() or 0
    return n_accepted


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


# --- settle ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """How many rows the file made from a pages file has."""

    n_rows: int


def settle_batch(pages: Path, *, settling: Settling) -> int:
    """The number of documents of one pages file, once its documents file is in place."""
    path = file_path(settling.out, DOCUMENTS, crawl_date=crawl_date_of(pages), batch_id=pages.stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = temp_path(path)
    work = (settling.gazetteers, settling.version, settling.rules_of(pages), settling.names)
    try:
        call = settling.pool.call(write_documents, pages, temp, *work, timeout_s=settling.timeout_s)
        settled: Settled = call.result()
        commit_temp(temp, path, n_rows=settled.n_rows)
    finally:
        temp.unlink(missing_ok=True)
    return settled.n_rows


def write_documents(pages: Path, temp: Path, gazetteers: Path, version: str, rules: Rules, folder: Path) -> Settled:
    """In a worker: `temp` as the documents file of a pages file, one row group in memory at a time.

    Its rows are the accepted ones without the boilerplate of their sites, every name with its identity. They stand in
    the order they stood in; where there is boilerplate, the language of what remains may be another, and they are
    sorted again.
    """
    footer = read_pages_footer(pages)
    names = read_names(folder, footer.batch_id)
    settled = (_settled_rows(group, gazetteers, rules, names) for group in read_groups(pages))
    written = write_temp(
        temp,
        in_order(list(settled), group_rows=ROW_GROUP_ROWS) if rules else settled,
        dataset=DOCUMENTS,
        footer=lambda _: DocumentsFooter(
            batch_id=footer.batch_id,
            container=footer.container,
            pipeline_version=version,
            pages_sha256=footer.rows_sha256,
            decisions_sha256=names_digest(names),
            boilerplate_sha256=rules_digest(rules, rules),
        ).to_json(),
    )
    log.info("%s: %d documents", footer.label, written.n_rows)
    return Settled(written.n_rows)


def _settled_rows(table: pa.Table, gazetteers: Path, rules: Rules, names: Names) -> pa.Table:
    """The documents among rows of `pages`."""
    accepted = accepted_rows(table)
    schema = schema_of(DOCUMENTS)
    columns = {name: accepted.column(name) for name in schema.names if name in table.column_names}
    changed = settled_columns(accepted, rules)
    mentions = placed_mentions(changed["entities"], changed["language"], gazetteers=gazetteers)
    known = load_organisations(gazetteers)
    changed["entities"] = [[to_entity(_identified(mention, known, names)) for mention in found] for found in mentions]
    for name, values in changed.items():
        columns[name] = pa.chunked_array([pa.array(values, type=schema.field(name).type)])
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _identified(mention: Mention, organisations: OrganisationIndex, names: Names) -> Mention:
    """A mention with the identity of its name, where the gazetteers have given it none."""
    if not (key := uncurated_key(mention, organisations)):
        return mention
    entity_id, name = names[mention.type, key]
    return replace(mention, entity_id=entity_id, name=name)


# What the process that preloads for the workers is told to load, as JSON: it is started without arguments.
CHOICES_VARIABLE = "MARSAD_PRELOADED_RECOGNISERS"


def choices_to_environment(recognisers: Choices) -> dict[str, str]:
    """The environment by which the preloading process knows what the run has chosen."""
    return {CHOICES_VARIABLE: json.dumps(recognisers)}


def choices_from(environment: Mapping[str, str]) -> Choices:
    """What an environment says was chosen; nothing where it says nothing."""
    return tuple((language, choice) for language, choice in json.loads(environment.get(CHOICES_VARIABLE, "[]")))


def warm_up(gazetteers: Path, recognisers: Choices) -> None:
    """Load what a worker needs before its first page: models, lexicons, date locales, and what Arrow brings in.

    A recogniser that does not load is left to the first call that needs it, whose caller is told.
    """
    warm_up_extraction()
    warm_up_language()
    with contextlib.suppress(UsageError):
        load_recogniser(gazetteers, recognisers)
    load_places(gazetteers)
    load_organisations(gazetteers)
    to_bytes(to_table([], dataset=PAGES))
