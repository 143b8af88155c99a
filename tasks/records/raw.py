"""One record of data/raw as a reader gives it: bytes and what is known about them, nothing interpreted."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from tasks.records.article import Rejection

RAW_ID_HEX = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """One page as it came.

    `container` and `raw_path` are paths under the raw root with forward slashes; `position` is what tells this record
    from the others of its container (byte offset, line number, member name and ordinal, file path). `payload` is
    what remains after transfer and content decoding. `media_type` is 'text/html' or 'text/plain' where the record is
    a page of that kind, else what was declared, lower-case. `charset` is the one of the HTTP header. `zone` is an IANA
    name. `feed_date`, `feed_title` and `feed_authors` (one string) are what the feed or sitemap that named the page
    says of it, as it says it. `rejection` is set when the reader itself already knows that the record is no page.
    """

    container: str
    position: str
    raw_path: str
    payload: bytes
    media_type: str | None
    charset: str | None = None
    url: str | None = None
    fetched_at: datetime | None = None
    source: str | None = None
    zone: str | None = None
    feed_date: str | None = None
    feed_title: str | None = None
    feed_authors: str | None = None
    rejection: Rejection | None = None

    @property
    def raw_id(self) -> str:
        """First 32 hex of sha256(container, NUL, position, NUL, payload); `document_id` of the row."""
        digest = hashlib.sha256(f"{self.container}\0{self.position}\0".encode("utf-8", "surrogateescape"))
        digest.update(self.payload)
        return digest.hexdigest()[:RAW_ID_HEX]

    @property
    def raw_sha256(self) -> str:
        """sha256 of the payload, hex."""
        return hashlib.sha256(self.payload).hexdigest()
