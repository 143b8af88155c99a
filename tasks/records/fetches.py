"""What the rooms hand to one another about fetching: what was found, what was asked and answered, how it ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tasks.records.errors import ContractError

# What a URL is to the fetch: a page is an article to be; the others lead to pages or tell how to ask for them.
UrlKind = Literal["page", "feed", "sitemap", "section", "list", "robots"]

# How a URL ends, in the ledger. `found` alone is no end: it waits for its turn.
OUTCOMES: dict[str, str] = {
    "found": "seen in a feed, sitemap, list or section page, not asked for yet",
    "fetched": "answered with a page, which is archived",
    "unchanged": "asked again; the server says, or the bytes show, that nothing changed",
    "moved": "redirects to another address, under which it is kept",
    "robots": "robots.txt forbids it, or could not be read, which forbids all for now",
    "excluded": "the patterns of its source leave it out",
    "bad_url": "no address that can be asked for over http or https",
    "refused_address": "leads to a private, loopback, link-local or metadata address",
    "dns": "its host has no address",
    "connection": "the server could not be reached, or broke off",
    "tls": "the server's certificate or encryption is not valid",
    "timeout": "no whole answer within the time limit",
    "protocol": "the answer breaks HTTP, or its headers are too many or too long",
    "too_large": "the answer is larger than the limit",
    "bad_encoding": "the content coding of the answer does not decode",
    "not_html": "the answer is neither HTML nor plain text",
    "loop": "redirects go in a circle, or on for too long",
    "gone": "the server says that it does not exist (404, 410)",
    "blocked": "the server refuses it (401, 402, 403, 405, 406, 407, 451)",
    "overloaded": "the server has no time for it (429, 503), also after waiting",
    "http_status": "the server answered with another status than 200",
    "error": "an error that nobody foresaw; `detail` names it",
}
# What may go away by itself: asked again, later and later.
RETRYABLE = frozenset(
    {"dns", "connection", "timeout", "overloaded", "http_status", "tls", "protocol", "robots", "error"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUrl:
    """One URL that a feed, sitemap, list or section page names, as it names it, and what it says of the page.

    `kind` is `sitemap` for the parts of a sitemap index and `section` or `feed` for a further page of the same kind.
    `published` is the text of the date as stated, in ISO 8601 where the format has dates; `authors` as stated.
    """

    url: str
    kind: UrlKind = "page"
    title: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()
    changed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and the answer to it, as they went over the wire, but for chunking.

    `request_head` and `response_head` are HTTP/1.1 header blocks, start line and empty line included, whatever version
    was spoken; `body` bears its content coding. `requested_at` and `answered_at` are UTC instants; `address` is the IP
    address that was connected to.
    """

    url: str
    requested_at: datetime
    answered_at: datetime
    address: str | None
    status: int
    headers: tuple[tuple[str, str], ...]
    request_head: bytes
    response_head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The values of a header, by its name in lower case, joined by commas; None where it is not there."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How asking for a URL ended. `exchanges` are its redirects and, last, its answer; none where none came whole.

    `outcome` is one of OUTCOMES; `fetched` says here that an answer with status 200 came whole. `detail` is one clause
    for people, without secrets. `retry_after_s` is what the server asked for. `led_to` is where the last redirect led,
    where nothing came from there.
    """

    url: str
    outcome: str
    detail: str | None = None
    exchanges: tuple[Exchange, ...] = ()
    retry_after_s: float | None = None
    led_to: str | None = None

    def __post_init__(self) -> None:
        """Raises ContractError for an outcome that is not on the list."""
        if self.outcome not in OUTCOMES:
            raise ContractError(f"{self.url}: outcome {self.outcome!r} is not one of {', '.join(OUTCOMES)}")

    @property
    def final_url(self) -> str:
        """Where redirects led."""
        return self.led_to or (self.exchanges[-1].url if self.exchanges else self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What is known of a page beside its answer: its outlet, and what the feed or sitemap that named it said."""

    source: str
    zone: str | None = None
    kind: UrlKind = "page"
    found_in: str | None = None
    title: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePlace:
    """Where a record lies: the WARC file's path under data/raw with forward slashes, and the byte offset in it."""

    path: str
    offset: int
