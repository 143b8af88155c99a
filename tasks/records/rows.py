"""The row types of the datasets: `pages` (every raw record) and `documents` (what analysts read)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

import pyarrow as pa

from tasks.records.columns import Column

TIMESTAMP = pa.timestamp("us", tz="UTC")

LANGUAGE_SHARE = pa.struct(
    [pa.field("language", pa.string(), nullable=False), pa.field("share", pa.float32(), nullable=False)]
)
REMOVED_PARAGRAPH = pa.struct(
    [pa.field("position", pa.int32(), nullable=False), pa.field("text", pa.string(), nullable=False)]
)
ENTITY = pa.struct(
    [
        pa.field("entity_id", pa.string()),
        pa.field("type", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("surface", pa.string(), nullable=False),
        pa.field("start_char", pa.int32(), nullable=False),
        pa.field("end_char", pa.int32(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
    ]
)


class LanguageShare(TypedDict):
    """One language of a page and its share of the characters, 0..1."""

    language: str
    share: float


class RemovedParagraph(TypedDict):
    """One paragraph taken out as site boilerplate; `position` is its 0-based index before removal."""

    position: int
    text: str


class Entity(TypedDict):
    """One mention as it stands in the `entities` column."""

    entity_id: str | None
    type: str
    name: str
    surface: str
    start_char: int
    end_char: int
    score: float


_RAW = "tasks.page.to_page"
_URLS = "tasks.extract.urls"
_HTML = "tasks.extract.article.extract_article"
_LINES = "tasks.corpus.boilerplate.sample_lines"
_DATES = "tasks.extract.dates"
_LANGUAGE = "tasks.enrich.language.detect_language"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageColumns:
    """The columns that `pages` and `documents` share."""

    document_id: Annotated[
        str,
        Column(
            pa.string(),
            "The raw record: first 32 hex of sha256 over container, position and payload.",
            "tasks.records.raw.RawRecord",
        ),
    ]
    page_id: Annotated[
        str,
        Column(
            pa.string(), "One page over time: hash of canonical_url, else of url, else of raw_path.", f"{_URLS}.page_id"
        ),
    ]
    url: Annotated[str | None, Column(pa.string(), "The address as it was fetched, verbatim.", _RAW)]
    canonical_url: Annotated[
        str | None,
        Column(
            pa.string(),
            "The address cleaned of tracking; the page's own canonical link where it is on the same site and not the bare root.",
            f"{_URLS}.canonical_url",
        ),
    ]
    site: Annotated[str | None, Column(pa.string(), "Registered domain of the address.", f"{_URLS}.site_of")]
    source: Annotated[
        str | None,
        Column(
            pa.string(), "Outlet name from the record or meta.jsonl, else the top-level folder under data/raw.", _RAW
        ),
    ]
    fetched_at: Annotated[datetime | None, Column(TIMESTAMP, "When the raw page was fetched.", _RAW, "UTC")]
    published_at: Annotated[
        datetime | None,
        Column(
            TIMESTAMP, "When the page says it was published; a day without time is 00:00.", f"{_DATES}.published", "UTC"
        ),
    ]
    published_precision: Annotated[
        str | None,
        Column(pa.string(), "How exactly the page states it: second, minute, day or month.", f"{_DATES}.published"),
    ]
    published_from: Annotated[
        str | None,
        Column(pa.string(), "Where it states it: json_ld, meta, time_tag, url, text or feed.", f"{_DATES}.published"),
    ]
    modified_at: Annotated[
        datetime | None, Column(TIMESTAMP, "When the page says it was last changed.", f"{_DATES}.modified", "UTC")
    ]
    title: Annotated[str | None, Column(pa.string(), "Headline of the article.", _HTML)]
    description: Annotated[str | None, Column(pa.string(), "The page's own summary.", _HTML)]
    section: Annotated[
        str | None, Column(pa.string(), "The outlet's section, the innermost where a path is given.", _HTML)
    ]
    sitename: Annotated[str | None, Column(pa.string(), "The outlet's name as the page gives it.", _HTML)]
    image_url: Annotated[str | None, Column(pa.string(), "Address of the main image.", _HTML)]
    authors: Annotated[list[str], Column(pa.list_(pa.string()), "People named as authors, in page order.", _HTML)]
    tags: Annotated[list[str], Column(pa.list_(pa.string()), "Subjects the page gives as its keywords.", _HTML)]
    text: Annotated[str | None, Column(pa.string(), "Main text, paragraphs separated by one newline.", _HTML)]
    text_sha256: Annotated[
        str | None,
        Column(pa.string(), "sha256 of the folded text before any paragraph is removed.", "tasks.page.fold_sha256"),
    ]
    n_chars: Annotated[int | None, Column(pa.int32(), "Length of text.", _RAW, "code points")]
    n_words: Annotated[int | None, Column(pa.int32(), "Words of text, by Unicode word characters.", _RAW, "words")]
    language: Annotated[
        str | None, Column(pa.string(), "ISO 639-1 code (639-3 where there is none); 'und' when undecided.", _LANGUAGE)
    ]
    language_score: Annotated[float | None, Column(pa.float32(), "The detector's own confidence.", _LANGUAGE, "0..1")]
    script: Annotated[str | None, Column(pa.string(), "ISO 15924 code of the most used script.", _LANGUAGE)]
    declared_language: Annotated[
        str | None, Column(pa.string(), "The language the page claims, as it claims it.", _HTML)
    ]
    languages: Annotated[
        list[LanguageShare],
        Column(pa.list_(LANGUAGE_SHARE), "Languages by characters over paragraphs, largest first.", _LANGUAGE, "0..1"),
    ]
    entities: Annotated[
        list[Entity],
        Column(
            pa.list_(ENTITY),
            "Names of people (PER), organisations (ORG) and places (LOC); offsets index text.",
            "tasks.enrich.mentions.LexiconRecogniser",
            "code points",
        ),
    ]
    is_paywalled: Annotated[bool | None, Column(pa.bool_(), "The page shows a teaser only.", _HTML)]
    is_listing: Annotated[bool | None, Column(pa.bool_(), "The page is a home, topic or tag page.", _HTML)]
    extractor: Annotated[str | None, Column(pa.string(), "The route that gave the text, with its version.", _HTML)]
    pipeline_version: Annotated[
        str,
        Column(
            pa.string(),
            "Package version and hash of settings, gazetteers and models.",
            "tasks.page.pipeline_version",
        ),
    ]
    batch_id: Annotated[
        str, Column(pa.string(), "The batch of raw records; the file's name.", "tasks.raw.containers.batch_id")
    ]
    raw_path: Annotated[
        str, Column(pa.string(), "Where the raw bytes lie: file, file!member, and #byte offset or #line.", _RAW)
    ]
    raw_sha256: Annotated[
        str,
        Column(
            pa.string(), "sha256 of the payload after transfer and content decoding.", "tasks.records.raw.RawRecord"
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(PageColumns):
    """One row for every raw record, accepted or rejected."""

    status: Annotated[str, Column(pa.string(), "'accepted' or 'rejected'.", _RAW)]
    stage: Annotated[str | None, Column(pa.string(), "Where a record was rejected: read, extract or enrich.", _RAW)]
    reason: Annotated[
        str | None, Column(pa.string(), "Why it was rejected: a code of tasks.records.article.REASONS.", _RAW)
    ]
    detail: Annotated[
        str | None, Column(pa.string(), "More about the rejection; the traceback of an unforeseen error.", _RAW)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(PageColumns):
    """One accepted page as analysts read it."""

    removed: Annotated[
        list[RemovedParagraph],
        Column(
            pa.list_(REMOVED_PARAGRAPH),
            "Paragraphs taken out of text as site boilerplate.",
            "tasks.pipeline.settle_batch",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLines:
    """The paragraphs of one page of a site, as hashes: a sample of pages by which site boilerplate is told."""

    site: Annotated[str, Column(pa.string(), "The site of the page.", _LINES)]
    page_key: Annotated[int, Column(pa.uint64(), "Hash of page_id; the smallest 200 of a site are kept.", _LINES)]
    document_key: Annotated[int, Column(pa.uint64(), "Hash of document_id; the smallest of a page is kept.", _LINES)]
    lines: Annotated[
        list[int], Column(pa.list_(pa.uint64()), "Hashes of its paragraphs, folded, each once, in order.", _LINES)
    ]


_FORMS = "tasks.name_forms.write_name_forms"
_ENTITIES = "tasks.identities.write_entities"
LANGUAGE_NAME = pa.struct(
    [pa.field("language", pa.string(), nullable=False), pa.field("name", pa.string(), nullable=False)]
)


class LanguageName(TypedDict):
    """How an entity is named most in texts of one language."""

    language: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFormRow:
    """One form of a name as the documents of one file use it: what identities are found by."""

    type: Annotated[str, Column(pa.string(), "PER, ORG or LOC.", _FORMS)]
    key: Annotated[
        str, Column(pa.string(), "The name folded: equal for spellings that differ in case and marks.", _FORMS)
    ]
    name: Annotated[str, Column(pa.string(), "The name as it is written most in the file.", _FORMS)]
    first_fetched_at: Annotated[
        datetime | None, Column(TIMESTAMP, "When its first document was fetched.", _FORMS, "UTC")
    ]
    first_document_id: Annotated[str, Column(pa.string(), "Its first document, by fetched_at, then id.", _FORMS)]
    n_documents: Annotated[int, Column(pa.int32(), "Documents that name it so.", _FORMS, "documents")]
    blocks: Annotated[
        list[str],
        Column(
            pa.list_(pa.string()),
            "Where it is compared: forms that have none in common are never one.",
            "tasks.corpus.identities.blocks_of",
        ),
    ]
    companions: Annotated[
        list[int],
        Column(
            pa.list_(pa.uint64()),
            "Hashes of the people and organisations that its documents name too, and of its roles; the 32 smallest.",
            _FORMS,
        ),
    ]
    acronyms: Annotated[
        list[str],
        Column(
            pa.list_(pa.string()), "Acronyms (folded) that texts define as this name, one entry a document.", _FORMS
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRow:
    """One person, organisation or place that documents name."""

    entity_id: Annotated[
        str,
        Column(
            pa.string(),
            "iso: geo: m49: loc: org: per: and a code; the oldest id of all its names.",
            "tasks.corpus.identities.Cluster",
        ),
    ]
    type: Annotated[str, Column(pa.string(), "PER, ORG or LOC.", _ENTITIES)]
    name: Annotated[
        str, Column(pa.string(), "The preferred name, one in all languages.", "tasks.corpus.identities.Cluster")
    ]
    names: Annotated[
        list[LanguageName],
        Column(pa.list_(LANGUAGE_NAME), "How texts of each language name it most, by language.", _ENTITIES),
    ]
    surfaces: Annotated[
        list[str],
        Column(pa.list_(pa.string()), "How it is written in texts, most frequent first, at most 20.", _ENTITIES),
    ]
    aliases: Annotated[
        list[str],
        Column(pa.list_(pa.string()), "Ids of its other names, which no document bears once it is settled.", _ENTITIES),
    ]
    country: Annotated[str | None, Column(pa.string(), "ISO 3166 code of a place's country.", _ENTITIES)]
    latitude: Annotated[
        float | None, Column(pa.float64(), "Of a place; of a country the middle of its people.", _ENTITIES, "degrees")
    ]
    longitude: Annotated[
        float | None, Column(pa.float64(), "Of a place; of a country the middle of its people.", _ENTITIES, "degrees")
    ]
    first_seen_at: Annotated[
        datetime | None, Column(TIMESTAMP, "When the first document that names it was fetched.", _ENTITIES, "UTC")
    ]
    last_seen_at: Annotated[
        datetime | None, Column(TIMESTAMP, "When the last document that names it was fetched.", _ENTITIES, "UTC")
    ]
    n_documents: Annotated[int, Column(pa.int64(), "Documents that name it.", _ENTITIES, "documents")]
    n_mentions: Annotated[int, Column(pa.int64(), "Mentions of it in all documents.", _ENTITIES, "mentions")]
