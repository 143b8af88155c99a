"""Pages of their own, as loose files or as members of an archive: plain, packed, or saved by a browser as MHTML."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.raw.meta import charset_of, text_of
from tasks.raw.mhtml import parse_mhtml
from tasks.raw.streams import BytesSource, OpenFile, Source, codec_of, read_page
from tasks.records.article import Rejection
from tasks.records.batches import Container, LooseFile
from tasks.records.raw import RawRecord

MHTML_SUFFIXES = (".mhtml", ".mht")


def plain_name(name: str) -> str:
    """A name in lower case without the suffix of a packing."""
    return name.lower().rpartition(".")[0] if codec_of(name) else name.lower()


def page_record(
    source: Source,
    name: str,
    *,
    container: Container,
    place: tuple[str, str],
    described: dict[str, Any],
    fetched_at: datetime | None,
    max_bytes: int,
) -> RawRecord:
    """One page as a raw record; `place`: its position and raw path. No more than the limit of it is ever read.

    Of a page beyond the limit the first `max_bytes` bytes are the payload. A saved page's own address and date count
    where nothing else states them.
    """
    plain = plain_name(name)
    payload, wrong = read_page(source, codec_of(name), limit=max_bytes)
    rejection = Rejection(stage="read", reason="unreadable", detail=wrong) if wrong else None
    charset, url = charset_of(described), text_of(described, "url")
    if len(payload) > max_bytes:
        payload, rejection = payload[:max_bytes], Rejection(stage="read", reason="too_large")
    elif rejection is None and plain.endswith(MHTML_SUFFIXES):
        saved = parse_mhtml(payload)
        if saved is None:
            rejection = Rejection(stage="read", reason="bad_record", detail="a MIME message without an HTML part")
        else:
            payload, charset = saved.html, saved.charset or charset
            url, fetched_at = url or saved.url, fetched_at or saved.saved_at
    return RawRecord(
        container=container.path,
        position=place[0],
        raw_path=place[1],
        payload=payload,
        media_type="text/plain" if plain.endswith(".txt") else "text/html",
        charset=charset,
        url=url,
        fetched_at=fetched_at,
        source=text_of(described, "source") or container.source,
        zone=text_of(described, "zone"),
        feed_date=text_of(described, "feed_date"),
        feed_title=text_of(described, "feed_title"),
        feed_authors=text_of(described, "feed_authors"),
        rejection=rejection,
    )


def to_record(root: Path, container: Container, file: LooseFile, *, max_bytes: int) -> RawRecord:
    """One loose page as a raw record; a file that cannot be read is a record with a rejection."""
    try:
        with OpenFile(root / file.path) as opened:
            return _loose_page(opened.source(), container, file, max_bytes=max_bytes)
    except OSError as error:
        failed = _loose_page(BytesSource(b""), container, file, max_bytes=max_bytes)
        rejection = Rejection(stage="read", reason="unreadable", detail=f"{error.strerror}")
        return dataclasses.replace(failed, rejection=rejection)


def _loose_page(source: Source, container: Container, file: LooseFile, *, max_bytes: int) -> RawRecord:
    return page_record(
        source,
        file.path,
        container=container,
        place=(file.path, file.path),
        described=json.loads(file.meta) if file.meta else {},
        fetched_at=file.fetched_at,
        max_bytes=max_bytes,
    )
