"""Loose pages and the meta.jsonl that describes them."""

import gzip
import hashlib
import json
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tasks.raw.containers import list_containers
from tasks.raw.loose import to_record
from tasks.raw.scan import loose_batches
from tasks.records.batches import Kind
from tests.raw.archives import MAX_BYTES, only, outcome, put, record_of, records_of

HOUR = datetime(2024, 3, 4, 5, 6, 7, tzinfo=UTC)


def meta(*described: dict[str, object]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in described).encode()


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.html", "text/html"), ("a.htm", "text/html"), ("a.xhtml", "text/html"), ("a.txt", "text/plain"),
        ("A.HTML", "text/html"), ("a.html.gz", "text/html"), ("a.htm.gz", "text/html"), ("a.xhtml.gz", "text/html"),
        ("a.TXT.GZ", "text/plain"),
    ],
)  # fmt: skip
def test_each_suffix_is_a_page_of_its_type(tmp_path: Path, name: str, media_type: str) -> None:
    put(tmp_path, f"o/{name}", gzip.compress(b"page") if name.lower().endswith(".gz") else b"page")
    record = record_of(tmp_path)
    assert (record.payload, record.media_type, record.rejection) == (b"page", media_type, None)


def test_raw_id_and_raw_path_hold_the_path(tmp_path: Path) -> None:
    put(tmp_path, "o/x/a.html", b"<p>x")
    record = record_of(tmp_path)
    due = hashlib.sha256(b"o\0o/x/a.html\0<p>x").hexdigest()[:32]
    assert (record.raw_id, record.raw_path) == (due, "o/x/a.html")


def test_a_page_at_the_root_belongs_to_no_source(tmp_path: Path) -> None:
    put(tmp_path, "a.html", b"<p>x")
    record = record_of(tmp_path)
    assert (record.container, record.source) == ("", None)


def test_meta_may_state_what_the_feed_said(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    put(tmp_path, "o/meta.jsonl", meta({"file": "a.html", "feed_date": "2024-05-05"}))
    assert record_of(tmp_path).feed_date == "2024-05-05"


def test_without_meta_fetched_at_is_the_file_s_time(tmp_path: Path) -> None:
    os.utime(put(tmp_path, "o/a.html", b"x"), (HOUR.timestamp(),) * 2)
    assert record_of(tmp_path).fetched_at == HOUR


def test_meta_goes_before_the_file_s_time(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    put(tmp_path, "o/meta.jsonl", meta({"file": "a.html", "fetched_at": "2024-03-04T05:06:07Z"}))
    assert record_of(tmp_path).fetched_at == HOUR


def test_a_date_in_meta_that_is_none_leaves_the_file_s_time(tmp_path: Path) -> None:
    os.utime(put(tmp_path, "o/a.html", b"x"), (HOUR.timestamp(),) * 2)
    put(tmp_path, "o/meta.jsonl", meta({"file": "a.html", "fetched_at": "soon"}))
    assert record_of(tmp_path).fetched_at == HOUR


def test_a_file_time_that_no_calendar_has_is_null() -> None:
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("no /dev/shm, a file system that keeps such times")
    with TemporaryDirectory(dir="/dev/shm") as folder:
        os.utime(put(Path(folder), "o/a.html", b"x"), (1e12, 1e12))
        assert record_of(Path(folder)).fetched_at is None


def test_meta_describes_source_zone_url_and_charset(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    described: dict[str, object] = {
        "file": "./a.html",
        "url": "http://x.example/",
        "source": "Le Matin",
        "zone": "Africa/Casablanca",
        "headers": {"content-type": "text/html; charset=Windows-1256"},
    }
    put(tmp_path, "o/meta.jsonl", meta(described))
    record = record_of(tmp_path)
    assert (record.url, record.source, record.zone, record.charset) == (
        "http://x.example/",
        "Le Matin",
        "Africa/Casablanca",
        "windows-1256",
    )


def test_the_nearest_meta_wins_as_a_whole(tmp_path: Path) -> None:
    put(tmp_path, "o/deep/a.html", b"x")
    put(tmp_path, "meta.jsonl", meta({"file": "o/deep/a.html", "url": "http://top/", "source": "root"}))
    put(tmp_path, "o/meta.jsonl", meta({"file": "deep/a.html", "url": "http://middle/"}))
    put(tmp_path, "o/deep/meta.jsonl", meta({"file": "b.html", "url": "http://other/"}))
    record = record_of(tmp_path)
    assert (record.url, record.source) == ("http://middle/", "o")


def test_meta_is_never_a_container(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    put(tmp_path, "o/meta.jsonl", meta({"file": "a.html", "text": "page?"}))
    assert [c.kind for c in list_containers(tmp_path)] == [Kind.LOOSE]


@pytest.mark.filterwarnings("ignore")
def test_lines_of_meta_that_describe_nothing_cost_themselves_only(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    junk = b'\xff\xfe\n[]\n{"url": "no file"}\nnot json\n{"file": 5}\n\n' + b"[" * 100_000 + b"\n"
    put(tmp_path, "o/meta.jsonl", junk + meta({"file": "a.html", "url": "http://x/"}))
    assert record_of(tmp_path).url == "http://x/"


def test_a_folder_called_meta_jsonl_is_no_crash(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    (tmp_path / "o" / "meta.jsonl").mkdir()
    assert outcome(record_of(tmp_path)) == "page"


def test_meta_that_is_a_link_out_of_the_root_is_not_read(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    put(raw, "o/a.html", b"x")
    secret = put(tmp_path, "secret.jsonl", meta({"file": "a.html", "url": "http://secret/"}))
    (raw / "o" / "meta.jsonl").symlink_to(secret)
    assert record_of(raw).url is None


def test_lone_surrogates_in_meta_do_not_stop_the_plan(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    put(tmp_path, "o/meta.jsonl", b'{"file": "a.html", "url": "http://x/\\ud800", "source": "\\udc80"}\n')
    loose_batches(only(tmp_path), batch_records=10, chunk_records=10)
    assert record_of(tmp_path).url == "http://x/?"


def test_headers_of_any_shape_are_no_crash(tmp_path: Path) -> None:
    shapes: list[object] = [None, [], "text", {"Content-Type": 5}, {"Content-Type": None}, {"X": ["charset=utf-8"]}]
    for number in range(len(shapes)):
        put(tmp_path, f"o/{number}.html", b"x")
    put(tmp_path, "o/meta.jsonl", meta(*({"file": f"{n}.html", "headers": h} for n, h in enumerate(shapes))))
    assert [r.charset for r in records_of(tmp_path)] == [None] * len(shapes)


def test_a_page_beyond_the_limit_is_too_large_and_cut(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x" * 101)
    put(tmp_path, "o/b.html", b"x" * 100)
    assert [(outcome(r), len(r.payload)) for r in records_of(tmp_path, max_bytes=100)] == [
        ("too_large", 100),
        ("page", 100),
    ]


def test_a_gzip_bomb_is_one_rejection_in_bounded_memory(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html.gz", gzip.compress(b"\0" * 30_000_000))
    tracemalloc.start()
    try:
        record = record_of(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (outcome(record), len(record.payload)) == ("too_large", MAX_BYTES)
    assert peak < 2_000_000


def test_a_gzip_of_several_members_is_one_page(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html.gz", gzip.compress(b"<p>one ") + gzip.compress(b"page</p>"))
    assert record_of(tmp_path).payload == b"<p>one page</p>"


@pytest.mark.parametrize("content", [b"", b"plain", gzip.compress(b"x" * 100)[:-4], b"\x1f\x8b\x08"])
def test_a_broken_gzip_is_unreadable(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "o/a.html.gz", content)
    assert outcome(record_of(tmp_path)) == "unreadable"


@pytest.mark.parametrize("change", ["vanished", "folder"])
def test_a_file_that_cannot_be_opened_any_more_is_a_rejection(tmp_path: Path, change: str) -> None:
    file = put(tmp_path, "o/a.html", b"x")
    container = only(tmp_path)
    file.unlink()
    if change == "folder":
        file.mkdir()
    record = to_record(tmp_path, container, container.files[0], max_bytes=MAX_BYTES)
    assert (outcome(record), record.payload) == ("unreadable", b"")


def test_a_file_name_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    name = b"caf\xe9.html".decode("utf-8", "surrogateescape")
    put(tmp_path, f"o/{name}", b"x")
    record = record_of(tmp_path)
    assert record.raw_id == hashlib.sha256(b"o\0o/caf\xe9.html\0x").hexdigest()[:32]
