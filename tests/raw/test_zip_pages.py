"""Zip members: pages, archives inside, and everything that a zip can do wrong."""

import gzip
import hashlib
import io
import json
import struct
import tracemalloc
import warnings
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.raw.archives import (
    gzipped,
    outcome,
    page,
    pages_warc,
    put,
    read,
    read_singly,
    record_of,
    records_of,
    scan,
    zip_bytes,
)

ZIP_TIME = datetime(2023, 1, 2, 3, 4, 6, tzinfo=UTC)
LINES = b'{"text": "one"}\n{"text": "two"}\n'
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def test_every_member_is_read_as_what_its_name_says(tmp_path: Path) -> None:
    members = [
        ("a.html", b"1"), ("b.htm", b"2"), ("c.xhtml", b"3"), ("d.txt", b"4"), ("e.html.gz", gzip.compress(b"5")),
        ("deep/f.TXT.GZ", gzip.compress(b"6")), ("g.jsonl", LINES), ("h.jsonl.gz", gzip.compress(LINES)),
        ("i.warc", b"".join(pages_warc([1, 2]))), ("j.warc.gz", b"".join(map(gzipped, pages_warc([1, 2])))),
    ]  # fmt: skip
    put(tmp_path, "o/a.zip", zip_bytes(members))
    with zipfile.ZipFile(tmp_path / "o/a.zip") as archive:
        n_members = len(archive.infolist())
    payloads = [r.payload for r in records_of(tmp_path)]
    pages = [b"1", b"2", b"3", b"4", b"5", b"6", b"one", b"two", b"one", b"two", page(1), page(2), page(1), page(2)]
    assert payloads == pages
    assert len(payloads) == n_members + 4


@pytest.mark.parametrize("method", METHODS)
def test_every_packing_method_of_the_standard_library_is_read(tmp_path: Path, method: int) -> None:
    put(tmp_path, "a.zip", zip_bytes([("a.html", b"<p>x"), ("b.jsonl", LINES)], method=method))
    assert [r.payload for r in records_of(tmp_path)] == [b"<p>x", b"one", b"two"]


def test_raw_paths_name_the_member_and_the_place_in_it(tmp_path: Path) -> None:
    first, second = pages_warc([1, 2])
    put(tmp_path, "o/a.zip", zip_bytes([("p/a.html", b"x"), ("b.jsonl", LINES), ("c.warc", first + second)]))
    assert [r.raw_path for r in records_of(tmp_path)] == [
        "o/a.zip!p/a.html",
        "o/a.zip!b.jsonl#1",
        "o/a.zip!b.jsonl#2",
        "o/a.zip!c.warc#0",
        f"o/a.zip!c.warc#{len(first)}",
    ]


def test_raw_id_is_made_of_member_ordinal_and_payload(tmp_path: Path) -> None:
    put(tmp_path, "o/a.zip", zip_bytes([("p/a.html", b"x")]))
    due = hashlib.sha256(b"o/a.zip\0p/a.html\x001\0x").hexdigest()[:32]
    assert record_of(tmp_path).raw_id == due


def test_raw_id_inside_a_member_has_its_line_too(tmp_path: Path) -> None:
    put(tmp_path, "a.zip", zip_bytes([("b.jsonl", LINES)]))
    due = hashlib.sha256(b"a.zip\0b.jsonl\x001\x002\0two").hexdigest()[:32]
    assert records_of(tmp_path)[1].raw_id == due


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("name", "content"), [("a.html", b"x"), ("a.jsonl", LINES), ("a.warc", pages_warc([1])[0])])
def test_members_of_one_name_have_ids_of_their_own(tmp_path: Path, name: str, content: bytes) -> None:
    put(tmp_path, "a.zip", zip_bytes([(name, content), (name, content)]))
    ids = [r.raw_id for r in records_of(tmp_path)]
    assert len(set(ids)) == len(ids) > 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_have_contents_of_their_own(tmp_path: Path) -> None:
    put(tmp_path, "a.zip", zip_bytes([("a.html", b"1"), ("a.html", b"2")]))
    assert [r.payload for r in records_of(tmp_path)] == [b"1", b"2"]


def test_fetched_at_is_the_member_s_time_as_utc(tmp_path: Path) -> None:
    put(tmp_path, "a.zip", zip_bytes([("a.html", b"x")]))
    assert record_of(tmp_path).fetched_at == ZIP_TIME


def test_a_member_time_that_is_none_is_null(tmp_path: Path) -> None:
    data = bytearray(zip_bytes([("a.html", b"x")]))
    central = data.index(b"PK\x01\x02")
    data[central + 12 : central + 16] = b"\0\0\0\0"
    put(tmp_path, "a.zip", bytes(data))
    assert record_of(tmp_path).fetched_at is None


def test_meta_inside_the_zip_describes_its_members_and_is_no_row(tmp_path: Path) -> None:
    lines = [{"file": "a.html", "url": "http://far/"}, {"file": "p/b.html", "url": "http://far/"}]
    near = {"file": "b.html", "url": "http://near/", "fetched_at": "2024-01-01T00:00:00Z", "source": "Le Soir"}
    members = [
        ("meta.jsonl", "\n".join(map(json.dumps, lines)).encode()),
        ("p/meta.jsonl", json.dumps(near).encode()),
        ("a.html", b"x"),
        ("p/b.html", b"y"),
    ]
    put(tmp_path, "o/a.zip", zip_bytes(members))
    assert [(r.url, r.source, r.fetched_at) for r in records_of(tmp_path)] == [
        ("http://far/", "o", ZIP_TIME),
        ("http://near/", "Le Soir", datetime(2024, 1, 1, tzinfo=UTC)),
    ]


def test_hidden_members_and_folders_are_no_rows(tmp_path: Path) -> None:
    members = [("d/", b""), (".DS_Store", b"x"), ("d/.a.html", b"x"), ("__MACOSX/._a.html", b"x"), ("d/a.html", b"y")]
    put(tmp_path, "a.zip", zip_bytes(members))
    assert [r.payload for r in records_of(tmp_path)] == [b"y"]


def test_a_member_of_another_kind_is_a_rejection_not_dropped(tmp_path: Path) -> None:
    put(tmp_path, "a.zip", zip_bytes([("a.pdf", b"%PDF"), ("inner.zip", zip_bytes([])), ("README", b"x")]))
    assert [outcome(r) for r in records_of(tmp_path)] == ["not_html"] * 3


def test_names_that_climb_out_are_names_and_are_written_nowhere(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    names = ["../../escaped.html", "/absolute.html", "C:\\windows.html", "a/../b.html", "nul\0name.html"]
    put(raw, "a.zip", zip_bytes([(name, b"x") for name in names]))
    before = sorted(tmp_path.rglob("*"))
    assert [outcome(r) for r in records_of(raw)][:4] == ["page"] * 4
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_without_records_is_one_row(tmp_path: Path) -> None:
    put(tmp_path, "a.zip", zip_bytes([]))
    (batch,) = scan(tmp_path)
    assert (batch.n_records, batch.chunks, batch.is_last) == (0, [], True)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\xff" * 18])
def test_a_broken_zip_is_one_unreadable_row(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a.zip", content)
    assert [outcome(r) for r in records_of(tmp_path)] == ["unreadable"]


def test_a_member_name_that_breaks_utf8_is_no_crash(tmp_path: Path) -> None:
    data = zip_bytes([("é.html", b"x")]).replace("é.html".encode(), b"\xff\xff.html")
    put(tmp_path, "a.zip", data)
    assert [outcome(r) for r in records_of(tmp_path)] == ["page", "unreadable"]


def encrypted(data: bytes) -> bytes:
    """The zip with the flag of encryption on each of its members."""
    changed = bytearray(data)
    for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        begin = changed.find(signature)
        while begin >= 0:
            changed[begin + at] |= 1
            begin = changed.find(signature, begin + 4)
    return bytes(changed)


@pytest.mark.parametrize(("name", "content"), [("a.html", b"x"), ("a.jsonl", LINES), ("a.warc", pages_warc([1])[0])])
def test_an_encrypted_member_is_unreadable(tmp_path: Path, name: str, content: bytes) -> None:
    put(tmp_path, "a.zip", encrypted(zip_bytes([(name, content)])))
    assert [outcome(r) for r in records_of(tmp_path)] == ["unreadable"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("damage", ["encrypted", "crc"])
def test_meta_that_does_not_unpack_costs_no_page(tmp_path: Path, damage: str) -> None:
    data = bytearray(zip_bytes([("meta.jsonl", b'{"file": "a.html"}'), ("a.html", b"x")], method=zipfile.ZIP_STORED))
    if damage == "crc":
        data[data.index(b'{"file"')] ^= 0xFF
    else:
        for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
            data[data.index(signature) + at] |= 1
    put(tmp_path, "a.zip", bytes(data))
    assert [(outcome(r), r.payload) for r in records_of(tmp_path)] == [("page", b"x")]


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_member_costs_itself_only(tmp_path: Path, method: int) -> None:
    members = [("a.html", page(1, n_bytes=4_000)), ("b.html", page(2, n_bytes=4_000))]
    data = bytearray(zip_bytes(members, method=method))
    for at in range(900, 1_100):
        data[at] ^= 0x5A
    put(tmp_path, "a.zip", bytes(data))
    assert [outcome(r) for r in records_of(tmp_path)] == ["unreadable", "page"]


def test_an_unknown_packing_method_is_unreadable(tmp_path: Path) -> None:
    data = bytearray(zip_bytes([("a.html", b"x")]))
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 77)
    struct.pack_into("<H", data, 8, 77)
    put(tmp_path, "a.zip", bytes(data))
    assert [outcome(r) for r in records_of(tmp_path)] == ["unreadable"]


@pytest.mark.parametrize("name", ["a.html", "a.html.gz"])
def test_a_bomb_in_a_zip_is_one_rejection_in_bounded_memory(tmp_path: Path, name: str) -> None:
    content = b"\0" * 30_000_000
    put(tmp_path, "a.zip", zip_bytes([(name, gzip.compress(content) if name.endswith("gz") else content)]))
    del content
    tracemalloc.start()
    try:
        record = record_of(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert outcome(record) == "too_large"
    assert peak < 3_000_000


def big_lines(n: int) -> bytes:
    return b"".join(json.dumps({"text": page(i, n_bytes=3_000).decode()}).encode() + b"\n" for i in range(n))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.warc", "a.warc.gz"])
def test_damage_inside_an_archive_shows_at_the_same_record_wherever_reading_begins(tmp_path: Path, name: str) -> None:
    content = big_lines(300) if "jsonl" in name else b"".join(pages_warc(range(300), n_bytes=3_000))
    packed = gzipped(content) if name.endswith(".gz") else content
    data = bytearray(zip_bytes([("0.html", b"x"), (name, packed), ("z.html", b"y")]))
    data[len(data) * 3 // 4] ^= 0xFF
    put(tmp_path, "a.zip", bytes(data))
    whole = [r.raw_id for r in read(tmp_path, scan(tmp_path))]
    singly = scan(tmp_path, batch_records=100, chunk_records=37)
    outcomes = [outcome(r) for r in read(tmp_path, scan(tmp_path))]
    assert outcomes.count("unreadable") == 1
    assert 30 < outcomes.count("page") < 302
    assert [r.raw_id for r in read(tmp_path, singly)] == whole
    last = [batch for batch in singly if batch.is_last]
    assert [r.raw_id for r in read_singly(tmp_path, last)] == whole[last[0].first_record :]


def test_a_zip_that_grew_in_place_is_opened_anew(tmp_path: Path) -> None:
    put(tmp_path, "a.zip", zip_bytes([("a.html", b"1")]))
    first = len(records_of(tmp_path))
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr("b.html", b"2")
    assert (first, len(records_of(tmp_path))) == (1, 2)


def test_mutated_zips_are_rows_whatever_they_hold(tmp_path: Path) -> None:
    members = [
        ("meta.jsonl", b'{"file": "a.html"}'),
        ("a.html", page(1)),
        ("b.jsonl", LINES),
        ("c.warc", pages_warc([1])[0]),
    ]
    for method in METHODS:
        good = zip_bytes(members, method=method)
        for at in range(0, len(good), 9):
            data = bytearray(good)
            data[at] ^= 0xA5
            put(tmp_path, "a.zip", bytes(data))
            batches = scan(tmp_path, chunk_records=2)
            ids = [r.raw_id for r in read(tmp_path, batches)]
            assert len(set(ids)) == len(ids) == sum(batch.n_records for batch in batches), (method, at)


SALVAGED = [("d/a.html", page(1)), ("inner.zip", zip_bytes([("x.html", page(9))])), ("\u0645.html", page(2))]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("n_cut", [22, 60, 180])
def test_members_of_a_zip_whose_directory_is_cut_are_found_by_their_own_headers(
    tmp_path: Path, method: int, n_cut: int
) -> None:
    put(tmp_path, "a.zip", zip_bytes(SALVAGED, method=method)[:-n_cut])
    records = records_of(tmp_path)
    assert [(r.raw_path, outcome(r)) for r in records[:-1]] == [
        ("a.zip!d/a.html", "page"), ("a.zip!inner.zip", "not_html"), ("a.zip!\u0645.html", "page"),
    ]  # fmt: skip
    assert [records[0].payload, records[2].payload] == [page(1), page(2)]
    assert outcome(records[-1]) == "unreadable"
    assert {r.raw_id: r.payload for r in read_singly(tmp_path, scan(tmp_path))} == {
        r.raw_id: r.payload for r in records
    }


def test_a_zip_cut_inside_a_member_costs_that_member(tmp_path: Path) -> None:
    whole = zip_bytes([("a.html", page(1)), ("b.html", page(2, n_bytes=3_000))])
    put(tmp_path, "a.zip", whole[:700])
    assert [outcome(r) for r in records_of(tmp_path)] == ["page", "unreadable", "unreadable"]


def test_a_member_without_its_size_in_a_zip_without_directory_is_unreadable(tmp_path: Path) -> None:
    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    stream = Stream()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.html", page(1))
        archive.writestr("b.html", page(2))
    put(tmp_path, "a.zip", stream.getvalue()[:-22])
    assert [outcome(r) for r in records_of(tmp_path)] == ["unreadable"] * 3
