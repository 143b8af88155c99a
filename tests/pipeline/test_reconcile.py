"""States that a crash, an edit or a setting can leave behind: each ends where a fresh build ends."""

import dataclasses
import os
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from config.settings import load_settings
from tasks import plan
from tasks.run import find_pending, open_run
from tests.driver import build, dataset_bytes
from tests.pipeline.faulty import endless_scan, short_extractor
from tests.pipeline.raw_pages import fetched, html, jsonl, warc, write_loose

pytestmark = pytest.mark.pool

BATCH: dict[str, Any] = {"batch_records": 4, "chunk_records": 2, "extractor": short_extractor}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "day").mkdir(parents=True)
    return tmp_path / "raw"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def is_fresh(raw: Path, out: Path, **settings: Any) -> bool:
    """Whether the datasets are what a fresh build gives."""
    fresh = out.parent / "fresh"
    build(raw, fresh, **{**BATCH, **settings})
    return dataset_bytes(out) == dataset_bytes(fresh)


def documents(out: Path) -> int:
    return int(ds.dataset(out / "documents").count_rows())


def test_a_documents_file_whose_pages_file_is_gone_goes_too(raw: Path, out: Path) -> None:
    write_loose(raw / "day", range(4))
    build(raw, out, **BATCH)
    next((out / "pages").rglob("*.parquet")).unlink()
    for number in range(4):
        stamp = fetched(number).timestamp() + 5 * 86_400
        os.utime(raw / "day" / f"page-{number:05d}.html", (stamp, stamp))
    build(raw, out, **BATCH)
    assert documents(out) == 4
    assert is_fresh(raw, out)


def test_a_container_that_shrinks_after_a_pages_file_was_lost_leaves_no_row(raw: Path, out: Path) -> None:
    path = raw / "day" / "a.warc"
    path.write_bytes(warc(range(9), gzipped=False))
    build(raw, out, **BATCH)
    sorted((out / "pages").rglob("*.parquet"))[1].unlink()
    path.write_bytes(warc(range(3), gzipped=False))
    build(raw, out, **BATCH)
    assert documents(out) == 3
    assert is_fresh(raw, out)


def test_documents_that_would_be_stale_are_gone_before_pages_are_replaced(raw: Path, out: Path) -> None:
    write_loose(raw / "day", range(4))
    build(raw, out, **BATCH)
    (raw / "day" / "page-00000.html").unlink()
    settings = load_settings(raw_dir=raw, out_dir=out, batch_records=4, chunk_records=2)
    with open_run(settings) as run:
        outcome = plan.scan_pending(run.work.raw, run.pending, limits=run.limits, pool=run.pool)
        run.changes(outcome.scanned)
        assert list((out / "documents").rglob("*.parquet")) == []
    build(raw, out, **BATCH)
    assert is_fresh(raw, out)


def test_a_rebuild_keeps_the_old_documents_until_the_new_ones_are_there(raw: Path, out: Path) -> None:
    (raw / "day" / "a.warc").write_bytes(warc(range(10), gzipped=False))
    build(raw, out, **BATCH)
    settings = load_settings(raw_dir=raw, out_dir=out, batch_records=4, chunk_records=2, min_chars=7)
    with open_run(settings, is_rebuild=True) as run:
        outcome = plan.scan_pending(run.work.raw, run.pending, limits=run.limits, pool=run.pool)
        stale = frozenset(batch.batch_id for _, _, batches in outcome.scanned for batch in batches)
        run.changes(outcome.scanned, stale)
        assert documents(out) == 10


def test_another_batch_size_cuts_a_container_anew(raw: Path, out: Path) -> None:
    (raw / "day" / "a.warc").write_bytes(warc(range(10), gzipped=False))
    build(raw, out, **{**BATCH, "batch_records": 8})
    build(raw, out, **BATCH)
    assert is_fresh(raw, out)


def test_a_page_added_to_a_split_folder_redoes_its_own_part_only(raw: Path, out: Path) -> None:
    write_loose(raw / "day", range(40))
    build(raw, out, **BATCH)
    write_loose(raw / "day", [40])
    report = build(raw, out, **BATCH)
    assert len(report.batches) == 1
    assert is_fresh(raw, out)


def test_a_line_that_goes_on_after_it_was_read_is_read_anew(raw: Path, out: Path) -> None:
    path = raw / "day" / "a.jsonl"
    path.write_bytes(jsonl(range(3)).rstrip(b"\n"))
    assert build(raw, out, **BATCH).n_accepted == 3
    with path.open("ab") as file:
        file.write(b'{"url": "glued"}\n' + jsonl([7]))
    build(raw, out, **BATCH)
    assert is_fresh(raw, out)


def test_rebuild_finds_an_edit_of_the_http_status(raw: Path, out: Path) -> None:
    path = raw / "day" / "a.warc"
    path.write_bytes(warc(range(150), gzipped=False))
    build(raw, out, extractor=short_extractor)
    content = path.read_bytes()
    middle = content.index(b"200 OK", len(content) // 2)
    path.write_bytes(content[:middle] + b"404 No" + content[middle + 6 :])
    build(raw, out, rebuild=True, extractor=short_extractor)
    assert documents(out) == 149


def test_a_scan_that_fails_on_a_known_container_keeps_its_rows_and_fails_the_run(
    raw: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = raw / "day" / "a.warc"
    path.write_bytes(warc(range(6), gzipped=False))
    build(raw, out, **BATCH)
    with path.open("ab") as file:
        file.write(warc([6], gzipped=False))
    settings = load_settings(raw_dir=raw, out_dir=out, batch_records=4, chunk_records=2)
    with open_run(settings) as run, monkeypatch.context() as patched:
        patched.setattr(plan, "_scan", endless_scan)
        hasty = dataclasses.replace(run.limits, timeout_s=0.5)
        outcome = plan.scan_pending(run.work.raw, run.pending, limits=hasty, pool=run.pool)
        run.changes(outcome.scanned)
    assert [batch.error for batch in outcome.failed] == ["scan: longer than 0.5 s"]
    assert documents(out) == 6
    build(raw, out, **BATCH)
    assert is_fresh(raw, out)


def test_a_zip_member_that_no_memory_can_hold_is_one_rejection(raw: Path, out: Path) -> None:
    path = raw / "day" / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for number in range(5):
            archive.writestr(f"{number}.html", html(number))
    content = bytearray(path.read_bytes())
    # The dictionary size of the second member's LZMA properties: 4 GiB.
    second = content.index(b"1.html") + len(b"1.html")
    content[second + 5 : second + 9] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    report = build(raw, out, **BATCH, worker_memory_bytes=3 * 1024**3)
    assert (report.n_accepted, sum(report.rejected.values())) == (4, 1)
    assert find_pending(load_settings(raw_dir=raw, out_dir=out, batch_records=4)).is_empty
