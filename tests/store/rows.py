"""Rows that the store tests write: valid ones, each test changing what it is about."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.records.rows import Document, Entity, Page
from tasks.store.files import write_file
from tasks.store.layout import file_path
from tasks.store.tables import sorted_table, to_table

NOON = datetime(2024, 5, 6, 12, 0, 0, 123456, tzinfo=UTC)


def _shared(number: int) -> dict[str, Any]:
    return {
        "document_id": f"{number:032x}",
        "page_id": f"page-{number}",
        "url": f"http://a.example/{number}",
        "canonical_url": f"http://a.example/{number}",
        "site": "a.example",
        "source": "Le Matin",
        "fetched_at": NOON,
        "published_at": None,
        "published_precision": None,
        "published_from": None,
        "modified_at": None,
        "title": f"Titre {number}",
        "description": None,
        "section": None,
        "sitename": None,
        "image_url": None,
        "authors": ["Amina Alaoui", "حسن"],
        "tags": [],
        "text": f"Premier paragraphe {number}.\nالفقرة الثانية.",
        "text_sha256": "0" * 64,
        "n_chars": 40,
        "n_words": 5,
        "language": "fr",
        "language_score": 0.987,
        "script": "Latn",
        "declared_language": "fr-MA",
        "languages": [{"language": "fr", "share": 0.75}, {"language": "ar", "share": 0.25}],
        "entities": [entity("Rabat", 3)],
        "is_paywalled": False,
        "is_listing": False,
        "extractor": "trafilatura 2",
        "pipeline_version": "0.1.0+abc",
        "batch_id": "b" * 16,
        "raw_path": f"o/a.warc#{number}",
        "raw_sha256": "1" * 64,
    }


def entity(name: str, start_char: int, entity_id: str | None = "geonames:1") -> Entity:
    """A place named in a text."""
    return Entity(
        entity_id=entity_id,
        type="LOC",
        name=name,
        surface=name,
        start_char=start_char,
        end_char=start_char + len(name),
        score=0.5,
    )


def page(number: int, **changed: Any) -> Page:
    """An accepted page."""
    status = {"status": "accepted", "stage": None, "reason": None, "detail": None}
    return Page(**{**_shared(number), **status, **changed})


def rejected(number: int, reason: str = "not_html", **changed: Any) -> Page:
    """A rejected page, without what only a text has."""
    nothing = dict.fromkeys(
        ["title", "text", "text_sha256", "n_chars", "n_words", "language", "language_score", "script"]
    )
    lists: dict[str, Any] = {"languages": [], "entities": [], "authors": []}
    status = {"status": "rejected", "stage": "read", "reason": reason, "detail": "application/pdf"}
    return page(number, **{**nothing, **lists, **status, **changed})


def document(number: int, **changed: Any) -> Document:
    """A document with one paragraph removed."""
    return Document(**{**_shared(number), "removed": [{"position": 1, "text": "Suivez-nous"}], **changed})


def pages_table(*rows: Page) -> pa.Table:
    """Pages as the pipeline hands them to the store."""
    return sorted_table(to_table(rows, dataset="pages"))


def documents_table(*rows: Document) -> pa.Table:
    """Documents as the pipeline hands them to the store."""
    return sorted_table(to_table(rows, dataset="documents"))


def write_pages(out: Path, *rows: Page, crawl_date: str = "2024-05-06", batch_id: str = "b" * 16) -> Path:
    """A pages file."""
    path = file_path(out, "pages", crawl_date=crawl_date, batch_id=batch_id)
    write_file(path, pages_table(*rows), dataset="pages", footer={"batch_id": batch_id})
    return path


def write_documents(out: Path, *rows: Document, crawl_date: str = "2024-05-06", batch_id: str = "b" * 16) -> Path:
    """A documents file."""
    path = file_path(out, "documents", crawl_date=crawl_date, batch_id=batch_id)
    write_file(path, documents_table(*rows), dataset="documents", footer={"batch_id": batch_id})
    return path
