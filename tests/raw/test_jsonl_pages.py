"""One line, one row: JSON Lines, plain and gzipped."""

import gzip
import hashlib
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.raw.archives import outcome, put, read, record_of, records_of, scan


def line(**described: object) -> bytes:
    return json.dumps(described).encode() + b"\n"


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "A.JSONL.GZ"])
def test_every_line_that_is_not_blank_is_a_record(tmp_path: Path, name: str) -> None:
    data = line(text="one") + b"\n  \r\n" + line(html="<p>two") + b"not json\n" + line(text="three")[:-1]
    put(tmp_path, name, gzip.compress(data) if name.lower().endswith(".gz") else data)
    counted = [found for found in data.splitlines() if found.strip()]
    assert len(records_of(tmp_path)) == len(counted) == 4


def test_a_line_is_the_page_it_describes(tmp_path: Path) -> None:
    described = {"url": "http://x.example/", "html": "<p>é</p>", "fetched_at": "2024-01-02T03:04:05+01:00"}
    put(tmp_path, "outlet/a.jsonl", line(**described, source="Le Matin", zone="Africa/Casablanca"))
    record = record_of(tmp_path)
    assert (record.payload, record.media_type, record.charset, record.url, record.fetched_at) == (
        "<p>é</p>".encode(),
        "text/html",
        "utf-8",
        "http://x.example/",
        datetime(2024, 1, 2, 2, 4, 5, tzinfo=UTC),
    )


def test_a_line_may_state_what_the_feed_said(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", line(text="one", feed_date=" 2024-05-05 ") + line(text="two", feed_date=20240505))
    assert [record.feed_date for record in records_of(tmp_path)] == ["2024-05-05", None]


def test_source_is_the_line_s_else_the_folder_s(tmp_path: Path) -> None:
    put(tmp_path, "outlet/a.jsonl", line(text="x", source="Le Matin") + line(text="x") + line(text="x", source=" "))
    assert [r.source for r in records_of(tmp_path)] == ["Le Matin", "outlet", "outlet"]


def test_html_goes_before_text(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", line(html="<p>h", text="t") + line(text="t") + line(html=None, text="t"))
    assert [(r.media_type, r.payload) for r in records_of(tmp_path)] == [
        ("text/html", b"<p>h"),
        ("text/plain", b"t"),
        ("text/plain", b"t"),
    ]


def test_raw_id_and_raw_path_hold_the_line_number_from_one(tmp_path: Path) -> None:
    put(tmp_path, "o/a.jsonl", b"\n" + line(text="x"))
    record = record_of(tmp_path)
    due = hashlib.sha256(b"o/a.jsonl\x002\0x").hexdigest()[:32]
    assert (record.raw_id, record.raw_path) == (due, "o/a.jsonl#2")


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"[1]",
        b"3",
        b"null",
        b'"text"',
        b"{}",
        b'{"text": 5}',
        b'{"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b"{\x00}",
    ],
)
def test_a_line_that_is_no_page_is_a_bad_record(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a.jsonl", content + b"\n")
    assert outcome(record_of(tmp_path)) == "bad_record"


def test_a_byte_order_mark_does_not_cost_the_first_line(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", b"\xef\xbb\xbf" + line(text="x"))
    assert outcome(record_of(tmp_path)) == "page"


def test_lone_surrogates_are_no_crash_and_leave_other_texts_storable(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", b'{"text": "a \\ud800 b", "url": "http://x/\\udfff", "source": "s\\ud800"}\n')
    record = record_of(tmp_path)
    assert (record.payload, record.url, record.source) == (b"a \xed\xa0\x80 b", "http://x/?", "s?")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_that_are_not_utf_8_are_no_pages_of_other_letters(tmp_path: Path, encoding: str, mark: str) -> None:
    put(tmp_path, "a.jsonl", f'{mark}{{"text": "\u0627\u0628\u0644"}}\n{{"text": "\u0644\u0628"}}\n'.encode(encoding))
    assert {outcome(r) for r in records_of(tmp_path)} == {"bad_record"}


def test_nul_bytes_between_lines_cost_no_line(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", b'\0\0\n{"text": "a\0b"}\n{"text": "a\\u0000b"}\n{"text": "c"}\n')
    found = [r.payload if outcome(r) == "page" else outcome(r) for r in records_of(tmp_path)]
    assert found == ["bad_record", "bad_record", b"a\0b", b"c"]


def test_a_nul_in_the_url_is_kept(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", line(text="x", url="http://x/\x00y"))
    assert record_of(tmp_path).url == "http://x/\x00y"


@pytest.mark.parametrize("stated", ["yesterday", 17, None, "", "2024-02-30", "0001-01-01T00:00:00+09:00"])
def test_a_date_that_is_none_is_null(tmp_path: Path, stated: object) -> None:
    put(tmp_path, "a.jsonl", line(text="x", fetched_at=stated))
    assert record_of(tmp_path).fetched_at is None


def test_a_page_above_the_limit_is_too_large_and_cut(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", line(text="x" * 101) + line(text="x" * 100))
    assert [(outcome(r), len(r.payload)) for r in records_of(tmp_path, max_bytes=100)] == [
        ("too_large", 100),
        ("page", 100),
    ]


def test_a_line_beyond_the_limit_is_one_rejection_in_bounded_memory(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl.gz", gzip.compress(line(text="x" * 30_000_000) + line(text="after")))
    tracemalloc.start()
    try:
        records = read(tmp_path, scan(tmp_path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [outcome(r) for r in records] == ["too_large", "page"]
    assert peak < 12_000_000


def test_lines_after_a_line_beyond_the_limit_keep_their_numbers(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", line(text="x" * 2_000_000) + line(text="after"))
    assert [r.raw_path for r in records_of(tmp_path)] == ["a.jsonl#1", "a.jsonl#2"]


def test_a_gzip_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl.gz", gzip.compress(line(text="1")) + gzip.compress(line(text="2")))
    assert [r.payload for r in records_of(tmp_path)] == [b"1", b"2"]


def test_a_gzip_that_ends_too_early_costs_its_rest_and_says_so(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(line(text=hashlib.sha256(bytes([n])).hexdigest()) for n in range(100)))
    put(tmp_path, "a.jsonl.gz", packed[:-1_000])
    outcomes = [outcome(r) for r in records_of(tmp_path)]
    assert outcomes[-1] == "unreadable"
    assert 50 < outcomes.count("page") == len(outcomes) - 1
