"""Containers that grow between runs: pieces cut at any byte end where one run over all of it ends."""

import gzip
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.driver import build, dataset_bytes
from tests.pipeline.faulty import short_extractor
from tests.pipeline.raw_pages import jsonl, warc, write_loose

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


N_APPENDED = 40
GROWING = {
    "a.warc.gz": warc(range(100, 100 + N_APPENDED), gzipped=True),
    "a.jsonl": jsonl(range(200, 200 + N_APPENDED)),
}


def start_raw(raw: Path) -> None:
    """A raw root before its writer starts: the beginnings of two files, loose pages, some in a folder of their own."""
    (raw / "day").mkdir(parents=True)
    for name, whole in GROWING.items():
        (raw / "day" / name).write_bytes(whole[: len(whole) // 4])
    write_loose(raw / "loose", range(8))
    write_loose(raw / "loose" / "gone", range(10, 14))


def keep_writing(raw: Path) -> None:
    """What another process does while a run reads: appends in small steps, removes and adds pages and folders."""
    for step in range(30, 121):
        for name, whole in GROWING.items():
            with (raw / "day" / name).open("ab") as file:
                file.write(whole[file.tell() : len(whole) * step // 120])
        if step == 40:
            (raw / "loose" / "page-00003.html").unlink(missing_ok=True)
            write_loose(raw / "loose", [20])
        if step == 60:
            shutil.rmtree(raw / "loose" / "gone")
            write_loose(raw / "new", range(30, 33))
        print(step, flush=True)
        time.sleep(0.03)


def test_a_raw_folder_that_changes_during_a_run_is_taken_whole_by_the_next(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    start_raw(raw)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.test_growth", raw], stdout=subprocess.PIPE, text=True
    ) as writer:
        writer.stdout.readline()  # type: ignore[union-attr]  # it writes
        during = build(raw, out, **BATCH)
        was_writing = writer.poll() is None
        writer.communicate()
    after = build(raw, out, **BATCH)
    assert was_writing
    assert writer.returncode == 0
    assert (during.failed, after.failed) == ((), ())
    assert during.n_pages + after.n_pages >= 2 * N_APPENDED
    build(raw, tmp_path / "fresh", **BATCH)
    assert dataset_bytes(out) == dataset_bytes(tmp_path / "fresh")


if __name__ == "__main__":
    keep_writing(Path(sys.argv[1]))
