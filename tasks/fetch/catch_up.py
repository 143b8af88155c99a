"""The archive, read into the ledger: what a kill left unrecorded, or all of it for a ledger made anew."""

import dataclasses
from collections import defaultdict
from pathlib import Path

from config.settings import Settings
from config.sources import Source, load_sources
from tasks.acquire.ledger import Ending, Ledger, NewUrl
from tasks.acquire.replay import Replayed, read_record, replay
from tasks.acquire.schedule import DEFAULT_POLICY, Policy
from tasks.extract.urls import clean_url
from tasks.fetch.found import Found, find_urls, to_follow
from tasks.fetch.payloads import MAX_START_BYTES, unpacked
from tasks.fetch.recorder import record_all
from tasks.fetch.run import policy_of
from tasks.raw.coding import CodingError
from tasks.records.fetch_reports import GOOD
from tasks.records.fetches import ArchivePlace

RECORDED_AT_ONCE = 500


def catch_up(ledger: Ledger, raw: Path, settings: Settings) -> int:
    """How many answers of the archive were news to the ledger, which then holds all of them.

    Each says how its URL ended, and a start point's names URLs again; what is in the ledger already stays.
    """
    sources = {source.name: source for source in load_sources(settings.sources_file).sources}
    policies = {name: policy_of(source, settings) for name, source in sources.items()}
    endings: dict[Policy, list[Ending]] = defaultdict(list)
    offsets: dict[str, int] = {}
    n_noted = n_new = 0
    for answer in replay(raw, since=ledger.archive_offsets()):
        stated = answer.provenance
        if stated.kind != "robots":
            ledger.add(_rows_of(answer))
            if stated.kind != "page" and (source := sources.get(stated.source)):
                found = _named_by(answer, raw, source)
                ledger.add(to_follow(found, stated.kind, ledger))
                ledger.add(row for row in found.rows if row.kind == "page")
            ended = _endings_of(answer)
            endings[policies.get(stated.source, DEFAULT_POLICY)] += ended
            n_noted += len(ended)
        offsets[answer.place.path] = answer.read_to
        if n_noted >= RECORDED_AT_ONCE:
            n_new += record_all(ledger, endings, archive=offsets)
            endings.clear()
            n_noted = 0
    return n_new + record_all(ledger, endings, archive=offsets)


def _own_url(url: str) -> str:
    return clean_url(url) or url


def _rows_of(answer: Replayed) -> list[NewUrl]:
    """Rows of the URL asked for and of the one that it led to.

    One that it moved to was known then: where it has no answer of its own in the archive, it is due.
    """
    stated = answer.provenance
    asked, final = _own_url(answer.url), _own_url(answer.final_url)
    return [
        NewUrl(
            url=url,
            source=stated.source,
            kind=stated.kind,
            found_at=answer.at,
            due_at=answer.at if answer.outcome == "moved" else None,
            found_in=found_in,
            title=stated.title,
            published=stated.published,
            authors=stated.authors,
        )
        for url, found_in in [(asked, stated.found_in), (final, asked)][: 1 + _is_led(answer)]
    ]


def _named_by(answer: Replayed, raw: Path, source: Source) -> Found:
    """What an archived start point names."""
    kind = answer.provenance.kind
    if answer.outcome != "fetched":
        return Found()
    content_type, payload = _payload_of(raw, answer.place)
    return find_urls(payload, kind=kind, url=answer.final_url, content_type=content_type, source=source, at=answer.at)


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


def _is_led(answer: Replayed) -> bool:
    """Whether a page's redirects led to another address of its source."""
    is_of_source = answer.provenance.kind == "page" and answer.outcome != "excluded"
    return is_of_source and _own_url(answer.url) != _own_url(answer.final_url)


def _endings_of(answer: Replayed) -> list[Ending]:
    """How the URL ended, and the other one that it led to, as the fetch had it (tasks/fetch/source.py)."""
    asked, final = _own_url(answer.url), _own_url(answer.final_url)
    ending = Ending(
        url=asked,
        outcome=answer.outcome,
        asked_at=answer.at,
        answered_at=answer.at,
        status=answer.status,
        detail=answer.detail,
        final_url=final if answer.outcome == "moved" else answer.final_url,
        etag=answer.etag,
        last_modified=answer.last_modified,
        payload_digest=answer.digest,
        captured_at=answer.captured_at,
        place=answer.place,
    )
    if answer.outcome == "moved" or not _is_led(answer):
        return [ending]
    own = dataclasses.replace(ending, url=final)
    if answer.outcome not in GOOD:
        return [own, ending]
    return [own, Ending(url=asked, outcome="moved", asked_at=answer.at, final_url=final)]
