"""One WARC record, one row: what of it becomes a page, and what a rejection."""

import gzip
import hashlib
import io
import zlib
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.raw.archives import gzipped, http, only, outcome, pages_warc, put, read, record_of, records_of, scan, warc

PAGE = "<p>مرحبا بالعالم</p>".encode()


def test_every_capture_is_a_record_and_nothing_else_is(tmp_path: Path) -> None:
    kinds = ["warcinfo", "request", "response", "metadata", "resource", "revisit", "conversion", "continuation"]
    data = b"".join(gzipped(warc(http(PAGE), kind=kind)) for kind in kinds)
    put(tmp_path, "a.warc.gz", data)
    counted = [r.rec_type for r in ArchiveIterator(io.BytesIO(data))]
    captures = [kind for kind in counted if kind not in ("warcinfo", "request", "metadata")]
    assert len(records_of(tmp_path)) == len(captures) == 5


def test_revisits_and_other_captures_are_rejected_not_dropped(tmp_path: Path) -> None:
    kinds = ["revisit", "conversion", "continuation"]
    put(tmp_path, "a.warc", b"".join(warc(http(PAGE), kind=kind) for kind in kinds))
    assert [outcome(r) for r in records_of(tmp_path)] == ["revisit", "unsupported_record", "unsupported_record"]


def test_a_response_is_the_page_under_its_headers(tmp_path: Path) -> None:
    put(tmp_path, "news/a.warc", warc(http(PAGE, "Content-Type: text/html; charset=UTF-8")))
    record = record_of(tmp_path)
    assert (record.payload, record.media_type, record.charset, record.url, record.fetched_at, record.rejection) == (
        PAGE,
        "text/html",
        "utf-8",
        "http://a.example/1",
        datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        None,
    )


@pytest.mark.parametrize("charset", ["charset=windows-1256", 'Charset="Windows-1256"', "charset = 'windows-1256'"])
def test_the_charset_is_the_one_of_the_http_header(tmp_path: Path, charset: str) -> None:
    put(tmp_path, "a.warc", warc(http(PAGE, f"Content-Type: text/html; {charset}")))
    assert record_of(tmp_path).charset == "windows-1256"


def test_a_resource_is_a_page_with_the_type_and_charset_of_its_record(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(PAGE, kind="resource", content_type="text/html; charset=windows-1256"))
    record = record_of(tmp_path)
    assert (record.payload, record.media_type, record.charset) == (PAGE, "text/html", "windows-1256")


def test_raw_id_is_made_of_container_position_and_payload(tmp_path: Path) -> None:
    (first,) = pages_warc([1])
    put(tmp_path, "news/a.warc", first + warc(http(PAGE)))
    record = records_of(tmp_path)[1]
    due = hashlib.sha256(b"news/a.warc\0" + str(len(first)).encode() + b"\0" + PAGE).hexdigest()[:32]
    assert (record.raw_id, record.raw_path) == (due, f"news/a.warc#{len(first)}")


def test_raw_path_names_the_offset_of_the_gzip_member(tmp_path: Path) -> None:
    first, second = (gzipped(record) for record in pages_warc([1, 2]))
    put(tmp_path, "a.warc.gz", first + second)
    assert [r.raw_path for r in records_of(tmp_path)] == ["a.warc.gz#0", f"a.warc.gz#{len(first)}"]


def test_records_of_one_gzip_member_have_their_own_raw_paths(tmp_path: Path) -> None:
    put(tmp_path, "a.warc.gz", gzipped(b"".join(pages_warc([1, 1, 1]))))
    assert [r.raw_path for r in records_of(tmp_path)] == ["a.warc.gz#0", "a.warc.gz#0+1", "a.warc.gz#0+2"]


PACKED = gzip.compress(PAGE, mtime=0)
CHUNKED_PACKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(PACKED), PACKED)
CHUNKED = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Transfer-Encoding: chunked"], CHUNKED % (PAGE[:5], len(PAGE) - 5, PAGE[5:])),
        (["Content-Encoding: gzip"], gzip.compress(PAGE)),
        (["Content-Encoding: deflate"], zlib.compress(PAGE)),
        (["Content-Encoding: br"], brotli.compress(PAGE)),
        (["Content-Encoding: gzip", "Transfer-Encoding: chunked"], CHUNKED_PACKED),
        (["Transfer-Encoding: gzip, chunked"], CHUNKED_PACKED),
        (["Transfer-Encoding: chunked", "Content-Encoding: gzip"], PAGE),
    ],
)  # fmt: skip
def test_the_payload_is_what_remains_after_transfer_and_content_coding(
    tmp_path: Path, headers: list[str], body: bytes
) -> None:
    put(tmp_path, "a.warc", warc(http(body, "Content-Type: text/html", *headers)))
    assert record_of(tmp_path).payload == PAGE


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (http(PAGE, status="404 Not Found"), "http_status"),
        (http(PAGE, status="301 Moved"), "http_status"),
        (http(PAGE, status="206 Partial"), "http_status"),
        (http(b"%PDF", "Content-Type: application/pdf"), "not_html"),
        (http(b"GIF89a", "Content-Type: image/gif"), "not_html"),
        (http(b"{}", "Content-Type: application/json"), "not_html"),
        (http(PAGE, "Content-Type: application/xhtml+xml"), "page"),
        (http(PAGE, "Content-Type: text/plain"), "page"),
        (http(PAGE, "Content-Type: TEXT/HTML"), "page"),
        (http(PAGE, "X-Nothing: said"), "page"),
        (http(b"\x1f\x8b\x08\x00broken", "Content-Type: text/html", "Content-Encoding: gzip"), "bad_encoding"),
        (http(b"\x28\xb5\x2f\xfd", "Content-Type: text/html", "Content-Encoding: zstd"), "bad_encoding"),
        (b"<p>no status line at all, only a page</p>", "bad_record"),
        (http(b"<p>" + b"x" * 100_000), "too_large"),
    ],
)
def test_a_response_is_a_page_or_says_why_not(tmp_path: Path, block: bytes, reason: str) -> None:
    put(tmp_path, "a.warc", warc(block))
    assert outcome(record_of(tmp_path)) == reason


def test_a_page_of_exactly_the_limit_is_no_larger_for_its_http_headers(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(http(b"x" * 1_000, "Content-Type: text/html", "X-Long: " + "y" * 500)))
    assert record_of(tmp_path, max_bytes=1_000).rejection is None


def test_a_page_above_the_limit_is_cut(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(http(gzip.compress(b"x" * 5_000_000), "Content-Encoding: gzip")))
    record = record_of(tmp_path, max_bytes=1_000)
    assert (outcome(record), len(record.payload)) == ("too_large", 1_000)


def test_a_dns_response_is_no_page(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(b"20240101000000\nexample. 300 IN A 1.2.3.4\n", content_type="text/dns"))
    assert outcome(record_of(tmp_path)) == "not_html"


def test_the_fetch_flow_s_headers_name_source_and_zone(tmp_path: Path) -> None:
    block = warc(http(PAGE)).replace(
        b"WARC-Date", "Marsad-Source: هسبريس\r\nMarsad-Zone: Africa/Casablanca\r\nWARC-Date".encode()
    )
    put(tmp_path, "warc/2024-05-06/a.warc", block)
    record = record_of(tmp_path)
    assert (record.source, record.zone) == ("هسبريس", "Africa/Casablanca")


@pytest.mark.parametrize("name", ["Marsad-Kind", "marsad-kind", "MARSAD-KIND"])
def test_what_the_fetch_marks_as_no_page_is_no_record(tmp_path: Path, name: str) -> None:
    records = [warc(http(PAGE), f"{name}: feed"), warc(http(PAGE)), warc(http(PAGE), f"{name}: robots", kind="revisit")]
    put(tmp_path, "a.warc", b"".join(records))
    assert [outcome(record) for record in records_of(tmp_path)] == ["page"]


def test_a_page_that_speaks_of_the_mark_is_a_record(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(http(b"<p>x\nMarsad-Kind: feed\n", "Content-Type: text/html", "Marsad-Kind: feed")))
    assert outcome(record_of(tmp_path)) == "page"


def test_the_fetch_flow_s_header_tells_what_the_feed_said(tmp_path: Path) -> None:
    said = (
        "Marsad-Feed-Date: 2024-05-05T10:00:00+01:00",
        "Marsad-Feed-Title: الرصيف يتقدم",
        "Marsad-Feed-Authors: منى",
    )
    put(tmp_path, "a.warc", warc(http(PAGE), *said) + warc(http(PAGE)))
    first, second = records_of(tmp_path)
    assert (first.feed_date, first.feed_title, first.feed_authors) == (
        "2024-05-05T10:00:00+01:00", "الرصيف يتقدم", "منى",
    )  # fmt: skip
    assert (second.feed_date, second.feed_title, second.feed_authors) == (None, None, None)


def test_without_the_header_the_source_is_the_top_level_folder(tmp_path: Path) -> None:
    put(tmp_path, "outlet/2024/a.warc", warc(http(PAGE)))
    record = record_of(tmp_path)
    assert (record.source, record.zone) == ("outlet", None)


def test_a_warc_at_the_root_has_no_source(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(http(PAGE)))
    assert record_of(tmp_path).source is None


@pytest.mark.parametrize(
    ("date", "due"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09.123456789Z", datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)),
        ("yesterday", None),
        ("2024-13-45T00:00:00Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        (None, None),
    ],
)
def test_fetched_at_is_warc_date_or_nothing(tmp_path: Path, date: str | None, due: datetime | None) -> None:
    put(tmp_path, "a.warc", warc(http(PAGE), date=date))
    assert record_of(tmp_path).fetched_at == due


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        (b"<http://a.example/x>", "http://a.example/x"),
        (b"http://a.example/\x00nul", "http://a.example/\x00nul"),
        ("http://a.example/é".encode(), "http://a.example/é"),
        (b"http://a.example/\xe9", "http://a.example/\ufffd"),
        (b"", None),
    ],
)
def test_the_url_is_text_whatever_its_bytes(tmp_path: Path, uri: bytes, url: str | None) -> None:
    put(tmp_path, "a.warc", warc(http(PAGE)).replace(b"http://a.example/1", uri))
    assert record_of(tmp_path).url == url


def test_bare_line_feeds_do_not_swallow_the_page(tmp_path: Path) -> None:
    record = warc(http(PAGE, "Content-Type: text/html"))
    head, _, rest = record.partition(b"\r\n\r\n")
    put(tmp_path, "a.warc", head.replace(b"\r\n", b"\n") + b"\n\n" + rest)
    read_back = record_of(tmp_path)
    assert (read_back.payload, read_back.url) == (PAGE, "http://a.example/1")


def test_a_server_that_ends_http_headers_by_bare_line_feeds_is_read(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(b"HTTP/1.0 200 OK\nContent-Type: text/html; charset=utf-8\n\n" + PAGE))
    record = record_of(tmp_path)
    assert (record.payload, record.charset) == (PAGE, "utf-8")


def test_line_feeds_inside_the_page_are_kept(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(http(b"<p>a\nb\r\nc\n\nd</p>")))
    assert record_of(tmp_path).payload == b"<p>a\nb\r\nc\n\nd</p>"


@pytest.mark.parametrize("version", [b"WARC/2.0", b"WARC/x y"])
def test_a_record_of_unknown_version_costs_itself_only(tmp_path: Path, version: bytes) -> None:
    odd = warc(http(PAGE)).replace(b"WARC/1.1", version)
    put(tmp_path, "a.warc", pages_warc([1])[0] + odd + pages_warc([2])[0])
    assert [outcome(r) for r in records_of(tmp_path)] == ["page", "bad_record", "page"]


def test_a_header_line_too_long_to_read_costs_its_record_only(tmp_path: Path) -> None:
    put(tmp_path, "a.warc", warc(http(PAGE), "X-Long: " + "y" * 70_000) + pages_warc([2])[0])
    assert [outcome(r) for r in records_of(tmp_path)] == ["bad_record", "page"]


def test_what_is_no_record_costs_itself_and_is_a_row(tmp_path: Path) -> None:
    first = pages_warc([1])[0]
    put(tmp_path, "a.warc", first + b"garbage\r\n" + pages_warc([2])[0])
    records = records_of(tmp_path)
    assert [outcome(r) for r in records] == ["page", "unreadable", "page"]


def test_a_file_that_is_no_gzip_is_one_unreadable_row(tmp_path: Path) -> None:
    put(tmp_path, "a.warc.gz", pages_warc([1])[0])
    assert [outcome(r) for r in records_of(tmp_path)] == ["unreadable"]


def test_an_empty_page_before_garbage_in_one_member_keeps_ids_apart(tmp_path: Path) -> None:
    put(tmp_path, "a.warc.gz", gzipped(warc(http(b"")) + b"garbage\r\n"))
    ids = [r.raw_id for r in records_of(tmp_path)]
    assert (len(ids), len(set(ids))) == (2, 2)


def test_bytes_beyond_the_planned_size_are_not_read(tmp_path: Path) -> None:
    first, second = pages_warc([1, 2])
    file = put(tmp_path, "a.warc", first)
    container = only(tmp_path)
    file.write_bytes(first + second)
    assert len(read(tmp_path, scan(tmp_path, container))) == 1
