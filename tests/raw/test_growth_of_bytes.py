"""Growth without processes: a file scanned piece after piece gives what one scan of the whole gives."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.raw.scan import ScanStart
from tasks.records.batches import Batch
from tests.raw.archives import gzipped, http, pages_warc, put, read, scan, warc

RECORDS = [
    *pages_warc(range(3)),
    warc(b"about", kind="metadata"),
    warc(http(b"")),
    *pages_warc([3], n_bytes=40_000),
    *pages_warc(range(4, 8)),
]
WHOLE = {
    "a.warc": b"".join(RECORDS),
    "a.warc.gz": b"".join(map(gzipped, RECORDS)),
    "pairs.warc.gz": b"".join(gzipped(b"".join(RECORDS[n : n + 2])) for n in range(0, len(RECORDS), 2)),
    "one.warc.gz": gzipped(b"".join(RECORDS)),
    "a.jsonl": b"".join(b'{"text": "%d", "url": "http://x.example/%d"}\n' % (n, n) for n in range(9)) + b'\n[1]\n"',
}


def covered(batch: Batch) -> tuple[object, ...]:
    """What a batch covers and is filed under; the size its container had is another for each scan."""
    return batch.batch_id, batch.first_record, batch.n_records, batch.start, batch.marks, batch.piece, batch.crawl_date


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(WHOLE)), st.lists(st.floats(0, 1), max_size=5), st.sampled_from([2, 3, 100]))
def test_pieces_cut_anywhere_give_the_batches_and_records_of_the_whole(
    name: str, cuts: list[float], batch_records: int
) -> None:
    whole, start = WHOLE[name], ScanStart()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        done: list[Batch] = []
        for cut in [*sorted(cuts), 1.0]:
            put(root, name, whole[: int(cut * len(whole))])
            found = scan(root, start=start, batch_records=batch_records)
            last = found[-1]
            done = done[: start.part] + found
            start = ScanStart(int(last.part), last.first_record, last.start, is_growth=True)
        fresh = scan(root, batch_records=batch_records)
        assert [covered(batch) for batch in done] == [covered(batch) for batch in fresh]
        assert [r.raw_id for r in read(root, done)] == [r.raw_id for r in read(root, fresh)]
