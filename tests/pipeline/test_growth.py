"""Containers that grow between runs: pieces cut at any byte end where one run over all of it ends."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.driver import build, dataset_bytes
from tests.pipeline.faulty import short_extractor
from tests.pipeline.raw_pages import jsonl, warc

pytestmark = pytest.mark.pool

BATCH: dict[str, Any] = {"batch_records": 4, "chunk_records": 2, "extractor": short_extractor, "workers": 1}
WHOLE = {
    "a.warc": warc(range(7), gzipped=False),
    "a.warc.gz": warc(range(7), gzipped=True),
    "one.warc.gz": gzip.compress(warc(range(7), gzipped=False), mtime=0),
    "a.jsonl": jsonl(range(7)),
}


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=2, deadline=None, derandomize=True)
@given(cuts=st.lists(st.floats(0.02, 0.98), min_size=2, max_size=2).map(sorted))
def test_three_runs_over_pieces_give_the_bytes_of_one(name: str, cuts: list[float]) -> None:
    whole = WHOLE[name]
    with TemporaryDirectory() as folder:
        raw, out, fresh = Path(folder, "raw"), Path(folder, "out"), Path(folder, "fresh")
        (raw / "day").mkdir(parents=True)
        for cut in [*cuts, 1.0]:
            (raw / "day" / name).write_bytes(whole[: int(cut * len(whole))])
            build(raw, out, **BATCH)
        build(raw, fresh, **BATCH)
        assert dataset_bytes(out) == dataset_bytes(fresh)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.jsonl"])
def test_only_new_records_are_worked_on_and_a_torn_tail_is_named_until_it_is_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / "raw" / "day" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(WHOLE[name][:-30])
    torn = build(tmp_path / "raw", tmp_path / "out", **BATCH)
    path.write_bytes(WHOLE[name])
    grown = build(tmp_path / "raw", tmp_path / "out", **BATCH)
    assert (torn.n_pages, grown.n_pages) == (6, 1)
    assert ["incomplete record" in notice for notice in torn.notices] == [True]
    assert list(grown.notices) == []
