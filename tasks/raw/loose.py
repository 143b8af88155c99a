"""Loose pages: one file a page, plain or gzipped, described by meta.jsonl."""

import json
import re
from pathlib import Path
from typing import Any

from tasks.raw.coding import gunzipped
from tasks.raw.jsonl import text_of
from tasks.records.article import Rejection
from tasks.records.batches import Container, LooseFile
from tasks.records.raw import RawRecord

CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)


def media_type_of(name: str) -> str:
    """text/plain for .txt, text/html for the rest of the page suffixes; .gz does not count."""
    return "text/plain" if name.lower().removesuffix(".gz").endswith(".txt") else "text/html"


def charset_of(described: dict[str, Any]) -> str | None:
    """The charset of a Content-Type among the described headers, or None."""
    headers = described.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if isinstance(value, str) and str(name).lower() == "content-type" and (charset := charset_in(value)):
            return charset
    return None


def charset_in(content_type: str) -> str | None:
    """The charset that a Content-Type states, lower-case and without quotes, or None."""
    found = CHARSET.search(content_type[:500])
    return found[1].lower() if found else None


def unpack(content: bytes, name: str, *, max_bytes: int) -> tuple[bytes, Rejection | None]:
    """The page inside `content`, gunzipped when the name ends in .gz; at most `max_bytes` of it."""
    rejection = None
    if name.lower().endswith(".gz"):
        content, wrong = gunzipped(content, limit=max_bytes)
        if wrong:
            rejection = Rejection(stage="read", reason="unreadable", detail=wrong)
    if len(content) > max_bytes:
        return content[:max_bytes], Rejection(stage="read", reason="too_large")
    return content, rejection


def to_record(root: Path, container: Container, file: LooseFile, *, max_bytes: int) -> RawRecord:
    """One loose page as a raw record; a file that cannot be read is a record with a rejection."""
    described = json.loads(file.meta) if file.meta else {}
    payload, rejection = b"", None
    try:
        with (root / file.path).open("rb") as opened:
            payload, rejection = unpack(opened.read(max_bytes + 1), file.path, max_bytes=max_bytes)
    except OSError as error:
        rejection = Rejection(stage="read", reason="unreadable", detail=f"{error.strerror}")
    return RawRecord(
        container=container.path,
        position=file.path,
        raw_path=file.path,
        payload=payload,
        media_type=media_type_of(file.path),
        charset=charset_of(described),
        url=text_of(described, "url"),
        fetched_at=file.fetched_at,
        source=text_of(described, "source") or container.source,
        zone=text_of(described, "zone"),
        rejection=rejection,
    )
