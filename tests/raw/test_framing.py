"""Where records begin and end: exact offsets, and no other error than Torn or Broken on any bytes."""

import contextlib
import io
from pathlib import Path
from typing import TypeGuard

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tasks.raw.framing import Damage, Frame, Framing, WarcFormat, member_frames
from tasks.raw.streams import BrokenRecord, BytesSource, OpenFile, TornRecord, Window
from tasks.raw.warc import to_record, warc_date
from tasks.records.batches import Container, Kind, Mark
from tests.raw.archives import gzipped, http, pages_warc, warc

CONTAINER = Container(path="a.warc", kind=Kind.WARC, size_bytes=0)
TWO = b"".join(pages_warc([1, 2]))


def plain_frames(data: bytes, *, body_limit: int = 10_000) -> list[Frame]:
    window = Window(BytesSource(data))
    return [f for f in Framing(window, WarcFormat(), body_limit=body_limit, is_open=True) if is_frame(f)]


def gzip_frames(data: bytes) -> list[Frame]:
    window = Window(BytesSource(data))
    return [f for f in member_frames(window, WarcFormat(), body_limit=10_000, is_open=True) if is_frame(f)]


def is_frame(found: Frame | Damage) -> TypeGuard[Frame]:
    if isinstance(found, Damage):
        raise BrokenRecord(found.detail, found.offset, skip=found.skip)
    return True


def test_plain_records_have_their_byte_offsets() -> None:
    first, second = pages_warc([1, 2])
    assert [frame.offset for frame in plain_frames(first + second)] == [0, len(first)]


def test_blank_lines_between_records_belong_to_none() -> None:
    first, second = pages_warc([1, 2])
    assert [f.offset for f in plain_frames(b"\r\n\n" + first + b"\r\n" + second)] == [3, 3 + len(first) + 2]


def test_gzip_members_have_their_own_offsets_and_count_the_records_in_them() -> None:
    one, two, three = pages_warc([1, 2, 3])
    first, second = gzipped(one), gzipped(two + three)
    found = gzip_frames(first + second)
    assert [(f.offset, f.skip) for f in found] == [(0, 0), (len(first), 0), (len(first), 1)]


def test_a_body_is_cut_at_the_limit_and_its_length_kept() -> None:
    (frame,) = plain_frames(warc(b"x" * 5_000), body_limit=100)
    assert (len(frame.body), frame.content_length) == (100, 5_000)


@pytest.mark.parametrize("n_bytes", [65_530, 65_533, 65_534, 65_535, 65_536, 131_072])
def test_a_header_line_as_long_as_the_read_limit_does_not_end_the_header(n_bytes: int) -> None:
    line = "X: " + "y" * (n_bytes - 3)
    assert len(plain_frames(warc(b"<p>x", line, kind="resource") + TWO)) == 3


@pytest.mark.parametrize(
    "head", [b"WARC/1.0\r\nWARC-Type: x\r\n\r\n", b"WARC/1.0\r\nContent-Length: -5\r\n\r\n", b"PK\x03\x04", b"\x1f\x8b"]
)
def test_what_is_no_record_is_broken_where_it_begins(head: bytes) -> None:
    with pytest.raises(BrokenRecord) as broken:
        plain_frames(TWO + head)
    assert broken.value.offset == len(TWO)


def test_a_header_without_end_is_broken_not_read_for_ever() -> None:
    with pytest.raises(BrokenRecord):
        plain_frames(b"WARC/1.0\r\n" + b"X: y\r\n" * 300_000)


def test_a_file_ends_where_the_run_planned(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with OpenFile(tmp_path / "a", size_bytes=4) as file:
        assert file.source().read() == b"0123"


def read_all(found: list[Frame]) -> None:
    for frame in found:
        warc_date(frame)
        to_record(CONTAINER, Mark(frame.offset), frame, max_bytes=1_000)


HEADS = st.lists(
    st.sampled_from(
        [
            b"WARC/1.0",
            b"WARC/1.1",
            b"WARC/2",
            b"WARC-Type: response",
            b"WARC-Type: resource",
            b"warc-type: Revisit",
            b"Content-Length: 9",
            b"Content-Length: 0",
            b"Content-Length: 99999999999",
            b"WARC-Date: 2024-01-01T00:00:00Z",
            b"WARC-Date: 0001-01-01T00:00:00+09:00",
            b"WARC-Target-URI: <http://x/\x00>",
            b"",
            b"HTTP/1.1 200 OK",
            b"Content-Type: application/http",
            b"Content-Type: text/html; charset=\xff",
            b" folded",
            b":",
            b"Transfer-Encoding: chunked",
            b"Content-Encoding: gzip",
        ]
    ),
    max_size=14,
)


@given(HEADS, st.sampled_from([b"\r\n", b"\n", b"\r"]), st.binary(max_size=60))
def test_heads_of_any_lines_are_records_or_torn_or_broken(lines: list[bytes], eol: bytes, tail: bytes) -> None:
    with contextlib.suppress(TornRecord, BrokenRecord):
        read_all(plain_frames(b"WARC/1.1" + eol + eol.join(lines) + eol + eol + tail))


@given(st.binary(max_size=300))
def test_any_bytes_are_torn_or_broken_or_nothing(data: bytes) -> None:
    for reader in (plain_frames, gzip_frames):
        with contextlib.suppress(TornRecord, BrokenRecord):
            read_all(reader(data))


@given(
    st.lists(st.tuples(st.integers(0, len(TWO) - 1), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
)
def test_mutated_archives_are_read_or_torn_or_broken(changes: list[tuple[int, int]], packed: bool) -> None:
    data = bytearray(gzipped(TWO) if packed else TWO)
    for at, value in changes:
        data[at % len(data)] = value
    with contextlib.suppress(TornRecord, BrokenRecord):
        read_all((gzip_frames if packed else plain_frames)(bytes(data)))


@given(
    st.lists(st.tuples(st.sampled_from(["response", "resource"]), st.binary(max_size=300)), max_size=6),
    st.booleans(),
)
def test_records_written_by_warcio_are_read_back_exactly(pages: list[tuple[str, bytes]], packed: bool) -> None:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=packed)
    for kind, body in pages:
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            "http://a.example/",
            kind,
            payload=io.BytesIO(body),
            http_headers=headers if kind == "response" else None,
            warc_content_type="text/html" if kind == "resource" else "",
        )
        writer.write_record(record)
    found = (gzip_frames if packed else plain_frames)(buffer.getvalue())
    records = [to_record(CONTAINER, Mark(f.offset), f, max_bytes=1_000) for f in found]
    assert [(r.payload, r.media_type, r.rejection) for r in records] == [(body, "text/html", None) for _, body in pages]


def test_a_gzip_member_that_is_shorter_than_content_length_gives_what_it_holds() -> None:
    record = warc(http(b"<p>short"))[:-4]
    longer = record.replace(b"Content-Length: %d" % len(http(b"<p>short")), b"Content-Length: 5000")
    (frame,) = gzip_frames(gzipped(longer))
    assert to_record(CONTAINER, Mark(), frame, max_bytes=10_000).payload == b"<p>short"
