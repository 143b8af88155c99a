"""Moves, deletions, leftovers, and a disk that refuses in the middle of a write."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tasks.store.files import move_file, sweep_temp_files, unlink_files
from tasks.store.layout import dataset_files, file_path
from tests.store.rows import document, write_documents, write_pages
from tests.store.rows import page as page_row

ROOT = Path(__file__).parents[2]
FULL_DISK = """
import hashlib, resource, sys
from pathlib import Path
from tests.store.rows import page, pages_table
from tasks.store.files import write_file
table = pages_table(*(page(n, raw_sha256=hashlib.sha256(b"%d" % n).hexdigest()) for n in range(3_000)))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    write_file(Path(sys.argv[1]), table, dataset="pages", footer={})
except OSError as error:
    print("OSError")
"""
KILLED = """
import os, signal, sys
from pathlib import Path
import tasks.store.files as files
from tests.store.rows import page, write_pages
def die(descriptor): os.kill(os.getpid(), signal.SIGKILL)
os.fsync = die
write_pages(Path(sys.argv[1]), page(2))
"""


def run_child(code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("limit_bytes", [0, 4, 100_000])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, limit_bytes: int) -> None:
    path = write_pages(tmp_path, page_row(1))
    before = path.read_bytes()
    child = run_child(FULL_DISK, path, limit_bytes)
    assert (child.stdout, child.returncode) == ("OSError\n", 0), child.stderr
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_no_file_where_there_was_none(tmp_path: Path) -> None:
    path = file_path(tmp_path, "pages", crawl_date="2024-05-06", batch_id="b" * 16)
    assert run_child(FULL_DISK, path, 50_000).stdout == "OSError\n"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_writer_killed_before_the_replace_leaves_the_old_file_readable(tmp_path: Path) -> None:
    path = write_pages(tmp_path, page_row(1))
    before = path.read_bytes()
    child = run_child(KILLED, tmp_path)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2
    assert pd.read_parquet(tmp_path / "pages")["document_id"].tolist() == [f"{1:032x}"]
    assert sweep_temp_files(tmp_path) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_sweep_takes_temporary_files_of_every_dataset_and_nothing_else(tmp_path: Path) -> None:
    kept = [write_pages(tmp_path, page_row(1)), write_documents(tmp_path, document(1))]
    for path in kept:
        (path.parent / f".{path.stem}.0123.tmp").write_bytes(b"half")
        (path.parent / ".other").write_bytes(b"")
    assert sweep_temp_files(tmp_path) == 2
    assert sweep_temp_files(tmp_path) == 0
    assert all(path.exists() and (path.parent / ".other").exists() for path in kept)


def test_a_sweep_drops_a_folder_that_held_leftovers_only(tmp_path: Path) -> None:
    leaf = tmp_path / "pages" / "crawl_date=2024-05-06"
    leaf.mkdir(parents=True)
    (leaf / ".b.0123.tmp").write_bytes(b"")
    sweep_temp_files(tmp_path)
    assert not leaf.exists()


def test_a_sweep_of_nothing_is_nothing(tmp_path: Path) -> None:
    assert sweep_temp_files(tmp_path) == 0


def test_a_moved_file_is_in_its_new_folder_only(tmp_path: Path) -> None:
    path = write_documents(tmp_path, document(1))
    content = path.read_bytes()
    to = file_path(tmp_path, "documents", crawl_date="2024-05-07", batch_id="b" * 16)
    move_file(path, to)
    assert dataset_files(tmp_path / "documents") == [to]
    assert to.read_bytes() == content
    assert not path.parent.exists()


def test_a_move_leaves_the_neighbours(tmp_path: Path) -> None:
    stays = write_documents(tmp_path, document(2), batch_id="c" * 16)
    path = write_documents(tmp_path, document(1))
    to = file_path(tmp_path, "documents", crawl_date="2024-05-07", batch_id="b" * 16)
    move_file(path, to)
    assert dataset_files(tmp_path / "documents") == [stays, to]


def test_unlinked_files_are_gone_and_those_that_were_not_there_do_not_count(tmp_path: Path) -> None:
    path, stays = write_pages(tmp_path, page_row(1)), write_pages(tmp_path, page_row(2), crawl_date="2024-05-07")
    assert unlink_files([path, path, tmp_path / "nothing.parquet"]) == 1
    assert dataset_files(tmp_path / "pages") == [stays]
    assert os.listdir(tmp_path / "pages") == ["crawl_date=2024-05-07"]


def test_a_replaced_file_is_the_new_one(tmp_path: Path) -> None:
    write_pages(tmp_path, page_row(1))
    write_pages(tmp_path, page_row(2))
    assert pd.read_parquet(tmp_path / "pages")["document_id"].tolist() == [f"{2:032x}"]
