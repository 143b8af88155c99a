"""Pages, lines and packings beyond every limit: one row each, in flat memory, and the pages beside them are right."""

import gzip
import os
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.memory import peak_kib
from tests.raw.archives import gzipped, outcome, page, pages_warc, put, records_of, warc, zip_bytes

MIB = 1024 * 1024
MAX_RESIDENT_MIB = 200
ZEROS = bytes(MIB)


def read_apart(root: Path) -> tuple[list[str], int]:
    """What a process of its own finds under a raw root, a row a line, and its peak of resident memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.raw.test_sizes", root], check=True, capture_output=True, text=True
    )
    *rows, peak = done.stdout.splitlines()
    return rows, int(peak)


def main(root: Path) -> None:
    """Read everything under a raw root."""
    for record in records_of(root):
        print(outcome(record), len(record.payload))
    print(peak_kib() // 1024)


def sparse(path: Path, before: bytes, n_bytes: int, behind: bytes) -> None:
    """A file of `n_bytes` zeros that take no room on the disk, between other bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(before)
        file.seek(n_bytes, os.SEEK_CUR)
        file.write(behind)


def tar_header(name: str, n_bytes: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = n_bytes
    return info.tobuf()


@contextmanager
def gone_afterwards(root: Path) -> Iterator[Path]:
    """A raw root whose files go at once: pytest keeps its folders for three runs."""
    try:
        yield root
    finally:
        for path in root.rglob("*.*"):
            path.unlink()


def write_zeros(file: BinaryIO, n_mib: int) -> None:
    for _ in range(n_mib):
        file.write(ZEROS)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    with gone_afterwards(tmp_path) as root:
        yield root


SMALL = b'{"text": "%d"}\n'


def test_a_line_of_a_gigabyte_is_one_row(root: Path) -> None:
    sparse(root / "a.jsonl", SMALL % 1 + b'{"text": "', 1024 * MIB, b'"}\n' + SMALL % 2)
    rows, peak = read_apart(root)
    assert rows == ["page 1", "too_large 100000", "page 1"]
    assert peak < MAX_RESIDENT_MIB


def test_a_loose_page_of_200_mb_is_one_row(root: Path) -> None:
    sparse(root / "day" / "a.html", b"<p>", 200 * MIB, b"</p>")
    put(root, "day/b.html", b"<p>b")
    rows, peak = read_apart(root)
    assert rows == ["too_large 100000", "page 4"]
    assert peak < MAX_RESIDENT_MIB


def test_a_tar_member_of_200_mb_is_one_row(root: Path) -> None:
    behind = tar_header("b.html", 4) + b"<p>b".ljust(512, b"\0") + bytes(1024)
    sparse(root / "a.tar", tar_header("a.html", 200 * MIB), 200 * MIB, behind)
    rows, peak = read_apart(root)
    assert rows == ["too_large 100000", "page 4"]
    assert peak < MAX_RESIDENT_MIB


def test_a_stored_zip_member_of_200_mb_is_one_row(root: Path) -> None:
    with (
        zipfile.ZipFile(root / "a.zip", "w") as archive,
        archive.open("a.html", "w", force_zip64=True) as member,
    ):
        write_zeros(member, 200)  # type: ignore[arg-type]
    with zipfile.ZipFile(root / "a.zip", "a") as archive:
        archive.writestr("b.html", b"<p>b")
    rows, peak = read_apart(root)
    assert rows == ["too_large 100000", "page 4"]
    assert peak < MAX_RESIDENT_MIB


def test_a_warc_record_of_200_mb_is_one_row(root: Path) -> None:
    head, _, tail = warc(b"x", kind="resource", content_type="text/html").partition(b"Content-Length: 1\r\n\r\nx")
    before = head + b"Content-Length: %d\r\n\r\n" % (200 * MIB)
    sparse(root / "a.warc", before, 200 * MIB, tail + pages_warc([1])[0])
    rows, peak = read_apart(root)
    assert rows == ["too_large 100000", f"page {len(page(1))}"]
    assert peak < MAX_RESIDENT_MIB


def test_a_packed_tar_of_a_gigabyte_of_zeros_is_one_row(root: Path) -> None:
    with gzip.open(root / "a.tar.gz", "wb", compresslevel=1) as file:
        file.write(tar_header("a.html", 1024 * MIB))
        write_zeros(file, 1024)  # type: ignore[arg-type]
        file.write(tar_header("b.html", 4) + b"<p>b".ljust(512, b"\0") + bytes(1024))
    rows, peak = read_apart(root)
    assert rows == ["too_large 100000", "page 4"]
    assert peak < MAX_RESIDENT_MIB


def test_archives_in_archives_are_rows_and_are_not_unpacked(root: Path) -> None:
    bomb = zip_bytes([("a.html", bytes(30 * MIB))])
    for _ in range(5):
        bomb = zip_bytes([("inner.zip", bomb)])
    put(root, "a.zip", zip_bytes([("inner.zip", bomb), ("b.html", b"<p>b")]))
    rows, peak = read_apart(root)
    assert rows == ["not_html 0", "page 4"]
    assert peak < MAX_RESIDENT_MIB


def test_gzip_in_gzip_is_unpacked_once_and_never_blown_up(root: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    inner = b"".join(packer.compress(ZEROS) for _ in range(256)) + packer.flush()
    put(root, "day/a.html.gz", gzipped(inner))
    put(root, "day/b.html", b"<p>b")
    rows, peak = read_apart(root)
    assert rows[1] == "page 4"
    assert len(rows) == 2
    assert peak < MAX_RESIDENT_MIB


if __name__ == "__main__":
    main(Path(sys.argv[1]))
