"""What the rooms hand to one another about one page: an article or its rejection, its language, its mentions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Precision = Literal["second", "minute", "day", "month"]
DateSource = Literal["json_ld", "meta", "time_tag", "url", "text", "feed"]
Stage = Literal["read", "extract", "enrich"]
EntityType = Literal["PER", "ORG", "LOC"]
ENTITY_TYPES = ("PER", "ORG", "LOC")

REASONS: dict[str, str] = {
    "no_records": "the container holds no record",
    "unreadable": "the file or record could not be read",
    "bad_record": "the record breaks its format (a line that is not a JSON object, a member that does not unpack)",
    "bad_encoding": "the content encoding declared by the record does not decode",
    "revisit": "a revisit record: the page is in an earlier record",
    "unsupported_record": "a WARC record type that holds no page (conversion, continuation)",
    "not_html": "the media type is neither HTML nor plain text",
    "http_status": "the server answered with another status than 200",
    "too_large": "more bytes than the limit of one page",
    "too_complex": "more tags, attributes on one tag or text than is read of a page",
    "empty": "no bytes, or none that show",
    "binary": "the bytes are not text",
    "listing": "a home, topic, tag or search page, which lists articles and is none",
    "no_main_text": "no article was found in the page",
    "too_short": "the article is shorter than the limit",
    "timeout": "the page took longer than the time limit",
    "memory": "the page took more memory than the limit",
    "crash": "the process that worked on the page died",
    "error": "the page raised an error that nobody foresaw; `detail` holds the traceback",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a record is no document. `reason` is one of REASONS; `detail` holds no time, pid or address."""

    stage: Stage
    reason: str
    detail: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a reason that is not on the list."""
        if self.reason not in REASONS:
            raise ValueError(f"rejection reason {self.reason!r} is not one of {', '.join(REASONS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedBy:
    """An instant in UTC, how exactly the page states it, and where."""

    at: datetime
    precision: Precision
    source: DateSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What one page says, from its own bytes alone. None = looked, found none.

    `text` is NFC, paragraphs separated by one newline, no empty line. `authors` are people's names in page order.
    """

    text: str
    extractor: str
    title: str | None = None
    description: str | None = None
    section: str | None = None
    sitename: str | None = None
    image_url: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: DatedBy | None = None
    modified_at: datetime | None = None
    canonical_url: str | None = None
    declared_language: str | None = None
    is_paywalled: bool = False
    is_listing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageGuess:
    """Language of a text: ISO 639-1 code ('und' when undecided), score 0..1, ISO 15924 script, shares by paragraph.

    `shares` are (language, share of characters) pairs, largest first, and sum to 1 within rounding.
    """

    language: str
    score: float | None
    script: str | None
    shares: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One name in a text: `surface` = text[start_char:end_char] in code points; `name` = its preferred form."""

    type: EntityType
    name: str
    surface: str
    start_char: int
    end_char: int
    score: float
    entity_id: str | None = None


class Recogniser(Protocol):
    """Finds the names in one text. Every recogniser, by lexicon or trained, is behind this one method."""

    def find_mentions(self, text: str, *, language: str) -> list[Mention]:
        """The mentions of `text` in order of `start_char`, not overlapping."""
        ...
