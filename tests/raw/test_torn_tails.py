"""A container whose writer has not finished: whole records only, and the same batches once it has."""

import io
import zipfile
from pathlib import Path

import pytest

from tasks.raw.scan import ScanStart, file_check
from tasks.records.batches import Batch
from tests.raw.archives import gzipped, outcome, pages_warc, put, read, read_singly, scan

LINES = [b'{"text": "%d", "url": "http://x.example/%d"}\n' % (n, n) for n in range(4)]
WARCS = pages_warc(range(4))
ENTRIES: dict[str, list[bytes]] = {
    "a.warc": WARCS,
    "a.warc.gz": [gzipped(record) for record in WARCS],
    "a.jsonl": LINES,
}


def grown(tmp_path: Path, name: str, data: bytes, torn: list[Batch], *, batch_records: int) -> list[Batch]:
    """All batches after the container was made whole, the last one found torn being scanned again."""
    put(tmp_path, name, data)
    last = torn[-1]
    start = ScanStart(int(last.part), last.first_record, last.start, is_growth=True)
    return scan(tmp_path, start=start, batch_records=batch_records)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_tail_cut_at_any_byte_gives_no_half_record(tmp_path: Path, name: str) -> None:
    whole = b"".join(ENTRIES[name])
    put(tmp_path, name, whole)
    due = [r.raw_id for r in read(tmp_path, scan(tmp_path))]
    for size in range(len(whole) - len(ENTRIES[name][-1]) + 1, len(whole)):
        put(tmp_path, name, whole[:size])
        batches = scan(tmp_path, chunk_records=2)
        records = read(tmp_path, batches)
        assert [r.raw_id for r in records] == due[: len(records)], size
        assert len(records) >= 3, size
        assert {outcome(r) for r in records} == {"page"}, size


@pytest.mark.parametrize("name", ENTRIES)
def test_a_piece_ends_before_the_torn_record_and_says_so(tmp_path: Path, name: str) -> None:
    whole, before = b"".join(ENTRIES[name]), len(b"".join(ENTRIES[name][:-1]))
    for size in range(before + 1, len(whole) - 10, 3):
        put(tmp_path, name, whole[:size])
        (batch,) = scan(tmp_path)
        if batch.n_records == 4:  # its body is whole: only what closes the record is missing
            continue
        assert batch.n_records == 3, size
        assert batch.piece.end is not None
        assert batch.piece.end <= before, size
        assert batch.piece.container_bytes == size


@pytest.mark.parametrize("batch_records", [2, 3, 4, 100])
@pytest.mark.parametrize("name", ENTRIES)
def test_a_tail_made_whole_gives_the_batches_of_a_fresh_scan(tmp_path: Path, name: str, batch_records: int) -> None:
    whole = b"".join(ENTRIES[name])
    put(tmp_path, name, whole)
    fresh = scan(tmp_path, batch_records=batch_records)
    for size in range(len(whole) - len(ENTRIES[name][-1]), len(whole), 3):
        put(tmp_path, name, whole[:size])
        torn = scan(tmp_path, batch_records=batch_records)
        again = grown(tmp_path, name, whole, torn, batch_records=batch_records)
        assert again == fresh[int(torn[-1].part) :], size


@pytest.mark.parametrize("name", ENTRIES)
def test_what_a_torn_file_gave_is_covered_by_the_check_of_its_piece(tmp_path: Path, name: str) -> None:
    whole = b"".join(ENTRIES[name])
    for size in range(1, len(whole), 5):
        put(tmp_path, name, whole[:size])
        (batch,) = scan(tmp_path)
        piece = batch.piece
        assert (piece.end or 0) > 0 or batch.n_records == 0, size
        assert piece.check == file_check(tmp_path / name, start=0, end=piece.end or 0)


def test_records_of_a_torn_member_are_covered_by_the_check_of_the_piece(tmp_path: Path) -> None:
    one = gzipped(b"".join(pages_warc(range(300), n_bytes=2_000)))
    put(tmp_path, "a.warc.gz", one[: len(one) // 2])
    (batch,) = scan(tmp_path)
    assert batch.n_records > 50
    end, seen = batch.piece.end or 0, batch.piece.container_bytes or 0
    assert 0 < end < seen
    other = bytearray(one)
    other[5_000] ^= 0xFF
    put(tmp_path, "a.warc.gz", bytes(other))
    assert file_check(tmp_path / "a.warc.gz", start=0, end=end) != batch.piece.check


def test_a_torn_member_of_many_records_made_whole_gives_the_batches_of_a_fresh_scan(tmp_path: Path) -> None:
    one = gzipped(b"".join(pages_warc(range(60), n_bytes=2_000)))
    put(tmp_path, "a.warc.gz", one)
    fresh = scan(tmp_path, batch_records=7)
    for size in range(10, len(one), 1_999):
        put(tmp_path, "a.warc.gz", one[:size])
        torn = scan(tmp_path, batch_records=7)
        again = grown(tmp_path, "a.warc.gz", one, torn, batch_records=7)
        assert again == fresh[int(torn[-1].part) :], size


@pytest.mark.parametrize("name", ENTRIES)
def test_a_torn_record_is_not_read_by_chunks_or_alone(tmp_path: Path, name: str) -> None:
    whole = b"".join(ENTRIES[name])
    put(tmp_path, name, whole[:-20])
    batches = scan(tmp_path, chunk_records=2)
    assert [r.raw_id for r in read_singly(tmp_path, batches)] == [r.raw_id for r in read(tmp_path, batches)]


def test_a_last_line_without_newline_is_a_record(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", b"".join(LINES)[:-1])
    (batch,) = scan(tmp_path)
    assert (batch.n_records, batch.piece.end) == (4, len(b"".join(LINES)) - 1)


def test_a_warc_inside_a_zip_that_ends_too_early_is_not_waited_for(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.warc", b"".join(WARCS)[:-50])
        archive.writestr("b.jsonl", b"".join(LINES)[:-9])
    put(tmp_path, "a.zip", buffer.getvalue())
    outcomes = [outcome(r) for r in read(tmp_path, scan(tmp_path))]
    assert outcomes == ["page"] * 3 + ["unreadable"] + ["page"] * 3 + ["bad_record"]
