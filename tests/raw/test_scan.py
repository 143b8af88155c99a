"""How a container is cut: the same records whatever the size of batches and chunks, each of them readable alone."""

import gzip
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.raw.containers import batch_id, list_containers
from tasks.raw.readers import no_records
from tasks.raw.scan import (
    ScanStart,
    day_of,
    file_check,
    loose_batches,
    loose_check,
    loose_parts,
    scan_container,
    unreadable_batch,
)
from tasks.records.batches import Batch, Container, Kind, LooseFile
from tests.raw.archives import (
    MAX_BYTES,
    gzipped,
    only,
    outcome,
    page,
    pages_warc,
    put,
    read,
    read_singly,
    scan,
    zip_bytes,
)

LINES = [b'{"text": "%d"}\n' % n for n in range(11)]
WARCS = pages_warc(range(11))
LONG_LINES = [b'{"text": "%b"}\n' % page(n, n_bytes=3_000) for n in range(400)]
CONTAINERS: dict[str, bytes] = {
    "a.warc": b"".join(WARCS),
    "a.warc.gz": b"".join(map(gzipped, WARCS)),
    "single-member.warc.gz": gzipped(b"".join(WARCS)),
    "two-members.warc.gz": gzipped(b"".join(WARCS[:5])) + gzipped(b"".join(WARCS[5:])),
    "a.jsonl": b"\n".join(LINES),
    "a.jsonl.gz": gzipped(b"".join(LINES)),
    "members.jsonl.gz": gzipped(b"".join(LINES[:4])) + gzipped(b"".join(LINES[4:])),
    "a.zip": zip_bytes(
        [
            ("a.html", b"1"), ("meta.jsonl", b'{"file": "a.html"}'), ("b.jsonl", b"".join(LINES[:3])), ("c.jsonl", b""),
            ("d.warc.gz", gzipped(b"".join(WARCS[:3]))), ("e.pdf", b"x"), ("f.jsonl.gz", gzipped(b"".join(LINES[:2]))),
            ("g.txt", b"2"),
        ]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("chunk_records", [1, 2, 3, 50])
def test_batches_do_not_depend_on_the_size_of_chunks(tmp_path: Path, name: str, chunk_records: int) -> None:
    put(tmp_path, name, CONTAINERS[name])
    shape = [
        [(b.batch_id, b.part, b.first_record, b.n_records, b.is_last, b.crawl_date, b.start, b.piece) for b in batches]
        for batches in (scan(tmp_path, batch_records=3), scan(tmp_path, batch_records=3, chunk_records=chunk_records))
    ]
    assert shape[0] == shape[1]


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize(("batch_records", "chunk_records"), [(100, 100), (100, 1), (4, 3), (3, 2), (1, 1), (5, 2)])
def test_records_do_not_depend_on_the_cut(tmp_path: Path, name: str, batch_records: int, chunk_records: int) -> None:
    put(tmp_path, name, CONTAINERS[name])
    whole = [r.raw_id for r in read(tmp_path, scan(tmp_path))]
    cut = scan(tmp_path, batch_records=batch_records, chunk_records=chunk_records)
    assert [r.raw_id for r in read(tmp_path, cut)] == whole
    assert len(set(whole)) == len(whole) == 11


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize(("batch_records", "chunk_records"), [(100, 100), (4, 3), (5, 2)])
def test_every_record_can_be_read_alone(tmp_path: Path, name: str, batch_records: int, chunk_records: int) -> None:
    put(tmp_path, name, CONTAINERS[name])
    cut = scan(tmp_path, batch_records=batch_records, chunk_records=chunk_records)
    assert [r.raw_id for r in read_singly(tmp_path, cut)] == [r.raw_id for r in read(tmp_path, scan(tmp_path))]


@pytest.mark.parametrize("name", CONTAINERS)
def test_batches_follow_one_another_without_gap(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, CONTAINERS[name])
    batches = scan(tmp_path, batch_records=4)
    assert [(b.part, b.first_record, b.n_records, b.is_last) for b in batches] == [
        ("0", 0, 4, False),
        ("1", 4, 4, False),
        ("2", 8, 3, True),
    ]
    assert [b.batch_id for b in batches] == [batch_id(name, part) for part in "012"]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.jsonl"])
def test_pieces_of_a_container_that_may_grow_are_its_bytes_end_to_end(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, CONTAINERS[name])
    pieces = [b.piece for b in scan(tmp_path, batch_records=4)]
    assert [p.start for p in pieces] == [0, pieces[0].end, pieces[1].end]
    assert pieces[-1].end == len(CONTAINERS[name])
    assert [p.container_bytes for p in pieces] == [None, None, len(CONTAINERS[name])]
    assert all(p.check == file_check(tmp_path / name, start=p.start or 0, end=p.end or 0) for p in pieces)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.zip"])
def test_the_piece_of_another_container_is_the_fingerprint_of_all_of_it(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, CONTAINERS[name])
    whole = file_check(tmp_path / name, start=0, end=len(CONTAINERS[name]))
    assert {(p.check, p.start, p.end) for b in scan(tmp_path, batch_records=4) if (p := b.piece)} == {
        (whole, None, None)
    }


@pytest.mark.parametrize("batch_records", [2, 3, 5, 11, 100])
@pytest.mark.parametrize("n_before", [0, 1, 3, 6, 10, 11])
@pytest.mark.parametrize(
    ("name", "entries"),
    [("a.warc", WARCS), ("a.warc.gz", [gzipped(r) for r in WARCS]), ("a.jsonl", LINES)],
)
def test_growth_gives_the_batches_of_a_fresh_scan(
    tmp_path: Path, name: str, entries: list[bytes], n_before: int, batch_records: int
) -> None:
    put(tmp_path, name, b"".join(entries[:n_before]))
    before = scan(tmp_path, batch_records=batch_records, chunk_records=2)
    put(tmp_path, name, b"".join(entries))
    last = before[-1]
    start = ScanStart(int(last.part), last.first_record, last.start, is_growth=True)
    grown = scan(tmp_path, batch_records=batch_records, chunk_records=2, start=start)
    assert before[:-1] + grown == [
        *[b for b in before[:-1]],
        *scan(tmp_path, batch_records=batch_records, chunk_records=2)[int(last.part) :],
    ]


def test_the_crawl_date_is_the_utc_day_of_the_first_dated_record(tmp_path: Path) -> None:
    lines = [
        b'{"text": "a"}\n', b'{"text": "b", "fetched_at": "2024-01-01T23:30:00-02:00"}\n',
        b'{"text": "c", "fetched_at": "2020-01-01"}\n', b'{"text": "d"}\n',
    ]  # fmt: skip
    put(tmp_path, "a.jsonl", b"".join(lines))
    assert [b.crawl_date for b in scan(tmp_path, batch_records=3)] == ["2024-01-02", "1970-01-01"]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (None, "1970-01-01"),
        (datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), "2024-02-29"),
        (datetime(77, 1, 2, tzinfo=UTC), "0077-01-02"),
    ],
)
def test_day_of_an_instant(instant: datetime | None, day: str) -> None:
    assert day_of(instant) == day


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.jsonl", "a.jsonl.gz"])
def test_a_container_of_no_record_is_one_batch_of_one_row(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, b"")
    (batch,) = scan(tmp_path)
    record = no_records(only(tmp_path), scan_failure=batch.scan_failure)
    assert (batch.n_records, batch.chunks, batch.is_last, batch.crawl_date) == (0, [], True, "1970-01-01")
    assert (outcome(record), record.raw_path) == ("no_records", name)


@pytest.mark.parametrize("change", [Path.unlink, lambda path: (path.unlink(), path.mkdir())])
def test_a_container_that_cannot_be_read_any_more_is_one_unreadable_batch(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    file = put(tmp_path, "a.warc", CONTAINERS["a.warc"])
    container = only(tmp_path)
    change(file)
    with pytest.raises(OSError, match=r"a\.warc"):
        scan(tmp_path, container)
    batch = unreadable_batch(tmp_path, container, "No such file")
    assert (batch.n_records, batch.scan_failure, batch.piece.end) == (0, "No such file", container.size_bytes)
    assert outcome(no_records(container, scan_failure=batch.scan_failure)) == "unreadable"


@pytest.mark.parametrize("at", [0, 70_000, 199_999])
def test_the_check_of_a_file_sees_its_head_its_tail_and_its_length(tmp_path: Path, at: int) -> None:
    data = bytearray(os.urandom(200_000))
    file = put(tmp_path, "a", bytes(data))
    before = file_check(file, start=0, end=200_000)
    data[at] ^= 1
    file.write_bytes(data)
    in_the_middle = 65_536 <= at < 200_000 - 65_536
    assert (file_check(file, start=0, end=200_000) == before) == in_the_middle


def test_the_check_of_a_file_sees_a_byte_more_of_the_same(tmp_path: Path) -> None:
    file = put(tmp_path, "a", b"\0" * 200_001)
    assert file_check(file, start=0, end=200_000) != file_check(file, start=0, end=200_001)


def test_the_check_of_a_piece_sees_only_the_piece(tmp_path: Path) -> None:
    file = put(tmp_path, "a", b"abc" + b"x" * 100 + b"def")
    before = file_check(file, start=3, end=103)
    file.write_bytes(b"ABC" + b"x" * 100 + b"DEFG")
    assert file_check(file, start=3, end=103) == before


def loose(*paths: str) -> tuple[LooseFile, ...]:
    return tuple(LooseFile(path=path, size_bytes=1, fetched_at=datetime(2024, 1, 2, tzinfo=UTC)) for path in paths)


def test_loose_pages_that_fit_are_one_part() -> None:
    assert loose_parts(loose("o/a", "o/b"), batch_records=2) == {"": loose("o/a", "o/b")}


def test_loose_pages_are_split_by_the_shortest_prefix_that_fits() -> None:
    files = loose(*(f"o/{n}.html" for n in range(300)))
    parts = loose_parts(files, batch_records=30)
    by_prefix: dict[str, int] = {}
    for n in range(300):
        prefix = hashlib.sha256(f"o/{n}.html".encode()).hexdigest()[:1]
        by_prefix[prefix] = by_prefix.get(prefix, 0) + 1
    assert max(by_prefix.values()) <= 30
    assert {prefix: len(part) for prefix, part in parts.items()} == dict(sorted(by_prefix.items()))
    by_two = loose_parts(files, batch_records=10)
    assert {len(prefix) for prefix in by_two} == {2}
    assert sorted(f.path for part in by_two.values() for f in part) == sorted(f.path for f in files)


def test_only_the_last_loose_batch_is_last_and_none_depends_on_the_size_of_another() -> None:
    container = Container(path="o", kind=Kind.LOOSE, files=loose(*(f"o/{n}.html" for n in range(100))))
    batches = loose_batches(container, batch_records=20, chunk_records=3)
    assert [b.is_last for b in batches] == [False] * (len(batches) - 1) + [True]
    assert {b.first_record for b in batches} == {0}
    assert sum(b.n_records for b in batches) == 100


@pytest.mark.parametrize(("batch_records", "chunk_records"), [(100, 7), (4, 3), (1, 1)])
def test_loose_pages_are_read_in_chunks_and_alone(tmp_path: Path, batch_records: int, chunk_records: int) -> None:
    for n in range(20):
        put(tmp_path, f"o/{n}.html", page(n))
    batches = scan(tmp_path, batch_records=batch_records, chunk_records=chunk_records)
    ids = sorted(r.raw_id for r in read(tmp_path, batches))
    assert ids == sorted(r.raw_id for r in read_singly(tmp_path, batches))
    assert ids == sorted(hashlib.sha256(b"o\0o/%d.html\0%b" % (n, page(n))).hexdigest()[:32] for n in range(20))


@pytest.mark.parametrize(
    "changed",
    [
        LooseFile(path="o/b", size_bytes=1, fetched_at=None),
        LooseFile(path="o/a", size_bytes=2, fetched_at=None),
        LooseFile(path="o/a", size_bytes=1, fetched_at=datetime(2024, 1, 1, tzinfo=UTC)),
        LooseFile(path="o/a", size_bytes=1, fetched_at=None, meta="{}"),
    ],
)
def test_the_check_of_loose_pages_sees_every_thing_known_of_them(changed: LooseFile) -> None:
    assert loose_check((changed,)) != loose_check((LooseFile(path="o/a", size_bytes=1, fetched_at=None),))


@pytest.mark.parametrize("packed", [False, True])
def test_damage_in_jsonl_shows_at_the_same_line_wherever_reading_begins(tmp_path: Path, packed: bool) -> None:
    data = bytearray(gzip.compress(b"".join(LONG_LINES)) if packed else b"".join(LONG_LINES))
    data[len(data) * 4 // 5] ^= 0xFF
    put(tmp_path, "a.jsonl.gz" if packed else "a.jsonl", bytes(data))
    whole = read(tmp_path, scan(tmp_path))
    cut = scan(tmp_path, batch_records=150, chunk_records=37)
    assert [r.raw_id for r in read(tmp_path, cut)] == [r.raw_id for r in whole]
    assert outcome(whole[-1]) == ("unreadable" if packed else "page")
    assert len(whole) > 250
    assert [r.raw_id for r in read_singly(tmp_path, cut[-1:])] == [r.raw_id for r in whole[cut[-1].first_record :]]


def test_damage_in_a_member_of_many_records_shows_at_the_same_record_wherever_reading_begins(tmp_path: Path) -> None:
    records = pages_warc(range(300), n_bytes=3_000)
    data = bytearray(gzipped(records[0]) + gzipped(b"".join(records[1:])))
    data[len(data) * 3 // 4] ^= 0xFF
    put(tmp_path, "a.warc.gz", bytes(data))
    whole = read(tmp_path, scan(tmp_path))
    cut = scan(tmp_path, batch_records=100, chunk_records=19)
    assert [r.raw_id for r in read(tmp_path, cut)] == [r.raw_id for r in whole]
    assert [r.raw_id for r in read_singly(tmp_path, cut[-1:])] == [r.raw_id for r in whole[cut[-1].first_record :]]
    assert outcome(whole[-1]) == "unreadable"
    assert len(whole) > 100


def test_every_container_of_a_root_can_be_scanned(tmp_path: Path) -> None:
    for name, content in CONTAINERS.items():
        put(tmp_path, f"o/{name}", content)
    batches: list[Batch] = [
        batch
        for container in list_containers(tmp_path)
        for batch in scan_container(
            tmp_path, container, start=ScanStart(), batch_records=5, chunk_records=2, max_bytes=MAX_BYTES
        )
    ]
    ids = [r.raw_id for r in read(tmp_path, batches)]
    assert len(set(ids)) == len(ids) == 11 * len(CONTAINERS)
