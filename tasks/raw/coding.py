"""Transfer and content codings of HTTP payloads, undone under a size limit (RFC 9110 8.4, RFC 9112 7)."""

import zlib
from collections.abc import Callable

import brotli

from tasks.raw.streams import GZIP, HTTP_ZSTD, BytesSource, Codec, read_page

GZIP_MAGIC = b"\x1f\x8b"


class CodingError(ValueError):
    """The payload is not what its declared coding says."""


def dechunk(body: bytes) -> bytes:
    """The body without chunked framing; the body itself when it is not chunked after all, as archives often are."""
    out, at = bytearray(), 0
    while True:
        line_end = body.find(b"\r\n", at, at + 1026)
        size_text = body[at:line_end].partition(b";")[0].strip() if line_end >= 0 else b""
        try:
            size = int(size_text, 16) if size_text else -1
        except ValueError:
            size = -1
        if size < 0:
            return bytes(out) if out else body
        if size == 0:
            return bytes(out)
        start = line_end + 2
        out += body[start : start + size]
        at = start + size + 2


def _inflate(body: bytes, wbits: int, limit: int) -> bytes:
    try:
        decoder = zlib.decompressobj(wbits)
        data = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise CodingError(str(error)) from error
    if len(data) <= limit and not decoder.eof:
        raise CodingError("the compressed data ends too early")
    return data


def _gunzip(body: bytes, limit: int) -> bytes:
    return _unpack(body, GZIP, limit)


def _unzstd(body: bytes, limit: int) -> bytes:
    return _unpack(body, HTTP_ZSTD, limit)


def _unpack(body: bytes, codec: Codec, limit: int) -> bytes:
    data, wrong = read_page(BytesSource(body), codec, limit=limit)
    if wrong:
        raise CodingError(wrong)
    return data


def _deflate(body: bytes, limit: int) -> bytes:
    """Servers mean zlib or raw deflate by this name; browsers take both."""
    try:
        return _inflate(body, 15, limit)
    except CodingError:
        return _inflate(body, -15, limit)


def _unbrotli(body: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    out = bytearray()
    try:
        data = decoder.process(body, output_buffer_limit=65_536)
        while True:
            out += data
            if len(out) > limit or decoder.is_finished():
                return bytes(out)
            if not data and decoder.can_accept_more_data():
                raise CodingError("the compressed data ends too early")
            data = decoder.process(b"", output_buffer_limit=65_536)
    except brotli.error as error:
        raise CodingError("brotli: " + str(error)) from error


DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


def decode_content(body: bytes, codings: str | None, *, limit: int) -> bytes:
    """The body after its content codings are undone, last first; at most `limit` + 1 bytes.

    A body that does not begin as its coding would is returned as it is: crawlers store decoded bodies under the
    old header. Raises CodingError when it does begin so and then breaks, or when the coding is unknown.
    """
    for coding in reversed([name.strip().lower() for name in (codings or "").split(",")]):
        if coding in ("", "identity") or _is_markup(body):
            continue
        if coding in ("gzip", "x-gzip") and not body.startswith(GZIP_MAGIC):
            continue
        if coding not in DECODERS:
            raise CodingError(f"content coding {coding!r} is not one of {', '.join(DECODERS)}")
        body = DECODERS[coding](body, limit)
    return body


def _is_markup(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
