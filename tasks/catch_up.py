"""The archive, read into the ledger: what a kill left unrecorded, or all of it for a ledger made anew."""

from collections.abc import Iterable
from pathlib import Path

from config.sources import Source
from tasks.acquire.ledger import Ending, Ledger, NewUrl
from tasks.acquire.replay import Replayed, read_record, replay
from tasks.extract.urls import clean_url
from tasks.found import find_urls
from tasks.payloads import MAX_START_BYTES, unpacked
from tasks.raw.coding import CodingError
from tasks.records.fetches import ArchivePlace

RECORDED_AT_ONCE = 500


def catch_up(ledger: Ledger, raw: Path, *, sources: Iterable[Source]) -> int:
    """How many answers of the archive were news to the ledger, which then holds all of them.

    Each says how its URL ended, and a start point's names URLs again; what is in the ledger already stays.
    """
    by_name = {source.name: source for source in sources}
    endings: list[Ending] = []
    offsets: dict[str, int] = {}
    n_new = 0
    for answer in replay(raw, since=ledger.archive_offsets()):
        if answer.provenance.kind != "robots":
            ledger.add(_rows_of(answer, raw, by_name.get(answer.provenance.source)))
            endings += _endings_of(answer)
        offsets[answer.place.path] = answer.read_to
        if len(endings) >= RECORDED_AT_ONCE:
            n_new += ledger.record(endings, archive=offsets)
            endings, offsets = [], {}
    return n_new + ledger.record(endings, archive=offsets)


def _own_url(url: str) -> str:
    return clean_url(url) or url


def _rows_of(answer: Replayed, raw: Path, source: Source | None) -> list[NewUrl]:
    """Rows of the URL asked for, of the one it led to, and of those that it names."""
    stated = answer.provenance
    rows = [
        NewUrl(
            url=url,
            source=stated.source,
            kind=stated.kind,
            found_at=answer.at,
            due_at=None,
            found_in=stated.found_in,
            title=stated.title,
            published=stated.published,
            authors=stated.authors,
        )
        for url in dict.fromkeys((_own_url(answer.url), _own_url(answer.final_url)))
    ]
    if stated.kind == "page" or source is None or answer.outcome != "fetched":
        return rows
    content_type, payload = _payload_of(raw, answer.place)
    found = find_urls(
        payload, kind=stated.kind, url=answer.final_url, content_type=content_type, source=source, at=answer.at
    )
    return [*rows, *found.rows]


def _payload_of(raw: Path, place: ArchivePlace) -> tuple[str | None, bytes]:
    """The content type and the decoded body of an archived start point; no body where it cannot be read."""
    record = read_record(raw, place)
    if record is None:
        return None, b""
    headers = {name.lower(): value for name, value in record.http_headers}
    try:
        payload = unpacked(record.payload, headers.get("content-encoding"), max_bytes=MAX_START_BYTES)
    except CodingError:
        payload = b""
    return headers.get("content-type"), payload[:MAX_START_BYTES]


def _endings_of(answer: Replayed) -> list[Ending]:
    """How the URL ended; a page that led to another address is `moved`, and the other ended so."""
    asked, final = _own_url(answer.url), _own_url(answer.final_url)
    is_led = answer.provenance.kind == "page" and asked != final and answer.digest is not None
    ending = Ending(
        url=final if is_led else asked,
        outcome=answer.outcome,
        asked_at=answer.at,
        answered_at=answer.at,
        status=answer.status,
        detail=answer.detail,
        final_url=answer.final_url,
        etag=answer.etag,
        last_modified=answer.last_modified,
        payload_digest=answer.digest,
        place=answer.place,
    )
    return [ending, Ending(url=asked, outcome="moved", asked_at=answer.at, final_url=final)] if is_led else [ending]
