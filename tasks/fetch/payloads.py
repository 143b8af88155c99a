"""What an answer holds once its content coding is undone, under a limit."""

from tasks.raw.coding import CodingError, decode_content
from tasks.records.fetches import Answer, Exchange

GZIP_MAGIC = b"\x1f\x8b"
# The protocol's limit of a sitemap; feeds are smaller.
MAX_START_BYTES = 52_428_800


def payload_of(final: Exchange, *, max_bytes: int) -> bytes:
    """The body without its content coding, at most one byte over the limit; a gzip file is unpacked too.

    Raises CodingError where it does not decode.
    """
    return unpacked(final.body, final.header("content-encoding"), max_bytes=max_bytes)


def unpacked(body: bytes, codings: str | None, *, max_bytes: int) -> bytes:
    """A transferred body as `payload_of` gives it."""
    payload = decode_content(body, codings, limit=max_bytes)
    return decode_content(payload, "gzip", limit=max_bytes) if payload.startswith(GZIP_MAGIC) else payload


def body_of(answer: Answer, *, max_bytes: int) -> bytes:
    """The payload of an answer that came; empty where none came, or none that decodes."""
    if answer.outcome != "fetched":
        return b""
    try:
        return payload_of(answer.exchanges[-1], max_bytes=max_bytes)
    except CodingError:
        return b""
