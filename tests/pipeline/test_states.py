"""A raw folder in twelve states, one run after another: after each, the datasets are what a fresh build gives."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from config.settings import load_settings
from tasks.run import find_pending
from tests.driver import build, dataset_bytes
from tests.pace import slowness
from tests.pipeline.faulty import short_extractor
from tests.pipeline.raw_pages import fetched, html, warc, write_all, write_loose, zipped

pytestmark = pytest.mark.pool

# Small batches, so that a dozen pages are several batches; the rule of 5,000 pages is then one of 8.
BATCH: dict[str, Any] = {"batch_records": 8, "chunk_records": 3}


def first(raw: Path, out: Path) -> None:
    write_all(raw)


def pages_added(raw: Path, out: Path) -> None:
    write_loose(raw / "loose", range(6, 8))


def page_edited(raw: Path, out: Path) -> None:
    path = raw / "loose" / "page-00003.html"
    path.write_bytes(html(3).replace(b"eastern basin", b"western basin and the quay"))
    os.utime(path, (fetched(3).timestamp(),) * 2)


def page_deleted(raw: Path, out: Path) -> None:
    (raw / "loose" / "page-00000.html").unlink()


def page_renamed(raw: Path, out: Path) -> None:
    (raw / "loose" / "page-00001.html").rename(raw / "loose" / "zz-renamed.html")


def warc_grown(raw: Path, out: Path) -> None:
    with (raw / "day" / "a.warc").open("ab") as file:
        file.write(warc(range(106, 118), gzipped=False))
    with (raw / "day" / "b.warc.gz").open("ab") as file:
        file.write(warc(range(206, 209), gzipped=True))


def warc_torn(raw: Path, out: Path) -> None:
    for name, gzipped in (("a.warc", False), ("b.warc.gz", True)):
        with (raw / "day" / name).open("ab") as file:
            file.write(warc([119], gzipped=gzipped)[:-200])


def warc_whole_again(raw: Path, out: Path) -> None:
    for name, gzipped in (("a.warc", False), ("b.warc.gz", True)):
        with (raw / "day" / name).open("ab") as file:
            file.write(warc([119], gzipped=gzipped)[-200:])


def zip_exchanged(raw: Path, out: Path) -> None:
    (raw / "day" / "e.zip").write_bytes(zipped(range(503, 521)))


def documents_file_deleted(raw: Path, out: Path) -> None:
    sorted((out / "documents").rglob("*.parquet"))[0].unlink()


def pages_file_deleted(raw: Path, out: Path) -> None:
    sorted((out / "pages").rglob("*.parquet"))[-1].unlink()


def folder_passes_the_batch_size(raw: Path, out: Path) -> None:
    write_loose(raw / "loose", range(8, 40))


def container_of_no_page(raw: Path, out: Path) -> None:
    (raw / "day" / "empty.warc").write_bytes(b"")
    (raw / "day" / "empty.jsonl.gz").write_bytes(b"")


STATES: list[Callable[[Path, Path], None]] = [
    first,
    pages_added,
    page_edited,
    page_deleted,
    page_renamed,
    warc_grown,
    warc_torn,
    warc_whole_again,
    zip_exchanged,
    documents_file_deleted,
    pages_file_deleted,
    folder_passes_the_batch_size,
    container_of_no_page,
]


def test_twelve_states_of_a_raw_folder_give_what_a_fresh_build_gives(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    for state in STATES:
        state(raw, out)
        build(raw, out, **BATCH)
        fresh = tmp_path / "fresh"
        build(raw, fresh, **BATCH)
        assert dataset_bytes(out) == dataset_bytes(fresh), f"after the state {state.__name__}"
        shutil.rmtree(fresh)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("built")
    raw, out = folder / "raw", folder / "out"
    write_all(raw)
    build(raw, out, **BATCH)
    return raw, out


def test_a_second_run_reads_no_page_and_writes_nothing(built: tuple[Path, Path]) -> None:
    raw, out = built
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    opened: list[str] = []
    watching = [True]
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and watching[0] else None)
    pending = find_pending(load_settings(raw_dir=raw, out_dir=out, **BATCH))
    watching[0] = False
    assert pending.is_empty
    assert [name for name in opened if name.endswith(".html")] == []
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_second_run_over_ten_thousand_rows_ends_in_three_seconds(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    lines = [json.dumps({"url": f"https://many.example/{n}", "text": f"The report number {n}."}) for n in range(6_000)]
    (raw / "many.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for number in range(4_000):
        path = raw / "loose" / f"{number % 40}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The report number {number}.", encoding="utf-8")
    assert build(raw, out, extractor=short_extractor, chunk_records=250).n_pages == 10_000
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("marsad"), "run", "--raw", raw, "--out", out],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Nothing to do: 3 batches are up to date" in done.stderr
    assert time.monotonic() - began < 3 * slowness()


def test_deleting_any_file_and_running_again_restores_it_byte_for_byte(built: tuple[Path, Path]) -> None:
    raw, out = built
    whole = dataset_bytes(out)
    for name in whole:
        (out / name).unlink()
        build(raw, out, **BATCH)
        assert dataset_bytes(out) == whole, f"after {name} was deleted"


def test_one_worker_or_two_and_other_chunks_give_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    raw, out = built
    build(raw, tmp_path / "one", workers=1, batch_records=8, chunk_records=1)
    assert dataset_bytes(tmp_path / "one") == dataset_bytes(out)


def test_another_order_of_files_on_disk_gives_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    raw, out = built
    for path in sorted(raw.rglob("*"), reverse=True):
        if path.is_file():
            to = tmp_path / "raw" / path.relative_to(raw)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)
    build(tmp_path / "raw", tmp_path / "out", **BATCH)
    assert dataset_bytes(tmp_path / "out") == dataset_bytes(out)


def test_accepted_pages_are_the_documents_and_ids_are_unique(built: tuple[Path, Path]) -> None:
    _, out = built
    pages = [row for path in (out / "pages").rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    documents = [row for path in (out / "documents").rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    accepted = {row["document_id"] for row in pages if row["status"] == "accepted"}
    assert len({row["document_id"] for row in pages}) == len(pages) == 36
    assert {row["document_id"] for row in documents} == accepted
    assert len(documents) == len(accepted) == 36


def test_a_folder_that_passes_five_thousand_pages_is_split_and_no_row_is_lost(tmp_path: Path) -> None:
    raw, out, fresh = tmp_path / "raw", tmp_path / "out", tmp_path / "fresh"
    quick: dict[str, Any] = {"extractor": short_extractor, "chunk_records": 250}
    write_loose(raw / "loose", range(4_995))
    assert len(build(raw, out, **quick).batches) == 1
    write_loose(raw / "loose", range(4_995, 5_005))
    assert len(build(raw, out, **quick).batches) == 16
    build(raw, fresh, **quick)
    assert dataset_bytes(out) == dataset_bytes(fresh)
    assert ds.dataset(out / "documents").count_rows() == 5_005


def test_growth_takes_old_rows_over_and_works_on_new_records_only(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    (raw / "day").mkdir(parents=True)
    path = raw / "day" / "a.warc.gz"
    path.write_bytes(warc(range(5), gzipped=True))
    build(raw, out, **BATCH)
    with path.open("ab") as file:
        file.write(warc(range(5, 10), gzipped=True))
    report = build(raw, out, **BATCH)
    assert [(batch.n_rows, batch.n_taken_over) for batch in report.batches] == [(8, 5), (2, 0)]
    assert report.n_pages == 5


def test_an_incomplete_tail_is_named_until_it_is_whole(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    (raw / "day").mkdir(parents=True)
    path = raw / "day" / "a.warc"
    path.write_bytes(warc(range(3), gzipped=False)[:-100])
    report = build(raw, out, **BATCH)
    assert "incomplete record" in report.notices[0]
    assert report.n_accepted == 2
    again = build(raw, out, **BATCH)
    assert again.n_pages == 0
    assert "incomplete record" in again.notices[0]


def test_rebuild_finds_an_edit_in_the_middle_that_kept_the_size(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    (raw / "day").mkdir(parents=True)
    path = raw / "day" / "a.warc"
    path.write_bytes(warc(range(150), gzipped=False))
    build(raw, out)
    content = path.read_bytes()
    middle = content.index(b"eastern basin", len(content) // 2)
    path.write_bytes(content[:middle] + b"western basin" + content[middle + 13 :])
    assert build(raw, out).n_pages == 0
    assert build(raw, out, rebuild=True).n_pages == 150
    fresh = tmp_path / "fresh"
    build(raw, fresh)
    assert dataset_bytes(out) == dataset_bytes(fresh)
    assert build(raw, out, rebuild=True).n_pages == 0


def test_older_batches_are_counted_and_only_rebuild_redoes_them(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_loose(raw / "loose", range(3))
    build(raw, out, min_chars=10)
    report = build(raw, out, min_chars=20)
    assert report.n_pages == 0
    assert "1 batches were made by an older version" in report.notices[0]
    assert build(raw, out, min_chars=20, rebuild=True).n_pages == 3
    assert build(raw, out, min_chars=20).notices == ()
