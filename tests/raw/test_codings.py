"""Transfer and content codings: undone under a limit, and never another error than CodingError."""

import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.raw.coding import CodingError, dechunk, decode_content

PAGE = b"<html><p>Le conseil de la ville se r\xc3\xa9unit.</p></html>"
RAW_DEFLATE = zlib.compress(PAGE, wbits=-15)


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("x-gzip", gzip.compress(PAGE)),
        ("GZip", gzip.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", RAW_DEFLATE),
        ("br", brotli.compress(PAGE)),
        ("identity", PAGE),
        (None, PAGE),
        ("", PAGE),
        ("deflate, gzip", gzip.compress(zlib.compress(PAGE))),
        ("gzip, br", brotli.compress(gzip.compress(PAGE))),
        ("gzip", gzip.compress(PAGE[:20]) + gzip.compress(PAGE[20:])),
        ("gzip", gzip.compress(PAGE) + b"trailing junk"),
    ],
)
def test_content_codings_are_undone(codings: str | None, body: bytes) -> None:
    assert decode_content(body, codings, limit=1_000) == PAGE


@pytest.mark.parametrize("codings", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_was_stored_decoded_is_kept(codings: str) -> None:
    assert decode_content(PAGE, codings, limit=1_000) == PAGE


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        ("gzip", gzip.compress(PAGE)[:-5]),
        ("gzip", gzip.compress(PAGE)[:12] + b"\xff" * 20),
        ("deflate", zlib.compress(PAGE)[:-3]),
        ("br", brotli.compress(PAGE)[:-3]),
        ("br", b"\xff\xff\xff\xff"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
    ],
)
def test_a_body_that_breaks_its_coding_is_a_coding_error(codings: str, body: bytes) -> None:
    with pytest.raises(CodingError):
        decode_content(body, codings, limit=1_000)


@pytest.mark.parametrize(
    ("chunked", "body"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n", b"hello world"),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n6\r\n wor", b"hello wor"),
    ],
)
def test_chunked_framing_is_undone(chunked: bytes, body: bytes) -> None:
    assert dechunk(chunked) == body


def test_a_body_that_is_not_chunked_after_all_is_kept() -> None:
    assert dechunk(PAGE) == PAGE


@pytest.mark.parametrize(
    ("codings", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)]
)
def test_a_bomb_is_cut_at_the_limit_in_bounded_memory(codings: str, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"\0" * 30_000_000)
    tracemalloc.start()
    try:
        data = decode_content(bomb, codings, limit=100_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 100_000 < len(data) <= 200_000
    assert peak < 3_000_000


@given(st.binary(max_size=400))
def test_dechunk_takes_any_bytes_and_adds_none(body: bytes) -> None:
    assert len(dechunk(body)) <= len(body)


@given(
    st.binary(max_size=300) | st.binary(max_size=200).map(gzip.compress) | st.binary(max_size=200).map(brotli.compress),
    st.lists(st.sampled_from(["gzip", "deflate", "br", "identity", "zstd", " x "]), max_size=3).map(",".join),
)
def test_decoding_any_bytes_gives_bounded_bytes_or_a_coding_error(body: bytes, codings: str) -> None:
    with contextlib.suppress(CodingError):
        assert len(decode_content(body, codings, limit=100)) <= max(len(body), 65_536 + 101)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_chunks_written_are_read_back(chunks: list[bytes]) -> None:
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    assert dechunk(chunked) == b"".join(chunks)
