"""Why a page is or is not there: what every stage knows of one URL, from the feed that named it to the document."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import Settings
from tasks.acquire.ledger import UrlRow, open_ledger
from tasks.acquire.replay import read_record
from tasks.answers import run_query
from tasks.extract.urls import clean_url
from tasks.records.article import REASONS
from tasks.records.errors import UsageError
from tasks.records.fetches import OUTCOMES, ArchivePlace

PAGE_COLUMNS = (
    "document_id", "fetched_at", "status", "stage", "reason", "detail", "raw_path", "source", "canonical_url",
    "title", "language", "published_at", "published_precision", "published_from", "is_paywalled", "extractor",
    "pipeline_version",
)  # fmt: skip
DOCUMENT_COLUMNS = ("document_id", "n_chars", "n_words", "language", "removed", "len(entities) AS n_entities")
MAX_ROWS = 20
SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class Section:
    """What one stage knows: facts by name, in an order to be read in."""

    title: str
    facts: tuple[tuple[str, str], ...]


def why(url: str, settings: Settings) -> list[Section]:
    """What the ledger, the archive, `pages` and `documents` know of a URL, in that order.

    Raises UsageError where none of them has seen it.
    """
    asked = clean_url(url)
    if asked is None:
        raise UsageError(f"{url[:SHOWN_CHARS]!r} is no http(s) address")
    of_ledger, own = _of_ledger(asked, settings)
    sections = [*of_ledger, *_of_datasets(url, own or asked, settings.out_dir)]
    if not sections:
        raise UsageError(f"{asked} stands neither in the ledger nor in {settings.out_dir}; no source has named it")
    return sections


def _of_ledger(url: str, settings: Settings) -> tuple[list[Section], str | None]:
    """What the ledger and the archive know of a URL, and of the one that it moved to, which is named then."""
    if not _has_ledger(settings):
        return [], None
    with open_ledger(settings.database_url) as ledger:
        row = ledger.find(url)
        own = ledger.find(row.final_url) if row and row.outcome == "moved" and row.final_url else None
    sections = []
    if row is not None and own is not None:
        sections.append(Section("ledger, as it was asked for", tuple(_ledger_facts(row))))
        row = own
    if row is None:
        return sections, None
    sections.append(Section("ledger", tuple(_ledger_facts(row))))
    if row.warc_path is not None and row.warc_offset is not None:
        place = ArchivePlace(path=row.warc_path, offset=row.warc_offset)
        sections.append(Section("raw record", tuple(_record_facts(settings.raw_dir, place))))
    return sections, row.url


def _has_ledger(settings: Settings) -> bool:
    """Whether there is a ledger to ask; none is made for a question."""
    path = settings.database_url.removeprefix("sqlite:///")
    return path == settings.database_url or Path(path).is_file()


def _ledger_facts(row: UrlRow) -> Iterator[tuple[str, str]]:
    yield "outcome", f"{row.outcome}: {OUTCOMES[row.outcome]}"
    for name in (
        "detail", "source", "kind", "found_in", "found_at", "title", "published", "authors", "status", "tries",
        "asked_at", "changed_at", "due_at", "final_url", "etag", "last_modified",
    ):  # fmt: skip
        if value := getattr(row, name):
            yield name, shown(value)


def _record_facts(raw: Path, place: ArchivePlace) -> Iterator[tuple[str, str]]:
    yield "at", f"{place.path}#{place.offset}"
    try:
        record = read_record(raw, place)
    except OSError as error:
        yield "unreadable", f"{error.strerror or error}"
        return
    if record is None:
        yield "unreadable", "no whole record lies there"
        return
    for name, value in record.headers:
        yield name, shown(value)
    if record.status is not None:
        yield "status", str(record.status)
    yield from ((name, shown(value)) for name, value in record.http_headers)
    yield "payload", f"{len(record.payload)} bytes as transferred"


def _of_datasets(url: str, cleaned: str, out: Path) -> Iterator[Section]:
    spelt = dict.fromkeys((url, cleaned))
    same = " OR ".join(f"{column} = {_literal(value)}" for column in ("url", "canonical_url") for value in spelt)
    select = f"SELECT {', '.join(PAGE_COLUMNS)} FROM pages WHERE {same} ORDER BY fetched_at LIMIT {MAX_ROWS}"
    for row in _rows(select, out):
        facts = [(name, shown(value)) for name, value in row.items() if value is not None]
        if row["reason"]:
            facts.append(("that is", REASONS[row["reason"]]))
        yield Section("page", tuple(facts))
        yield from _of_document(row["document_id"], out)


def _of_document(document_id: str, out: Path) -> Iterator[Section]:
    select = f"SELECT {', '.join(DOCUMENT_COLUMNS)} FROM documents WHERE document_id = {_literal(document_id)}"
    for row in _rows(select, out):
        removed = row.pop("removed") or []
        facts = [(name, shown(value)) for name, value in row.items() if value is not None]
        facts.append(("removed", f"{len(removed)} paragraphs as boilerplate of the site"))
        facts += [(f"  paragraph {line['position']}", shown(line["text"])) for line in removed]
        yield Section("document", tuple(facts))


def _rows(sql: str, out: Path) -> list[dict[str, Any]]:
    try:
        found = run_query(sql, out=out)
    except UsageError:
        return []
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def shown(value: object) -> str:
    """A value as one line of at most SHOWN_CHARS characters."""
    text = " ".join(str(", ".join(value) if isinstance(value, list | tuple) else value).split())
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
