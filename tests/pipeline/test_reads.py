"""What a build with a few new pages reads of the files that lie there already: each footer once, and no page.

Of documents it reads the names, of which `entities` is made.
"""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from tasks.store import footers
from tasks.store.files import read_table
from tasks.store.layout import DOCUMENTS, PAGES, dataset_files
from tests.driver import build
from tests.pipeline.faulty import short_extractor
from tests.pipeline.raw_pages import warc

pytestmark = pytest.mark.pool


def add_container(raw: Path, number: int) -> None:
    (raw / "day").mkdir(parents=True, exist_ok=True)
    (raw / "day" / f"{number}.warc").write_bytes(warc(range(10 * number, 10 * number + 3), gzipped=False))


def stored(out: Path) -> list[Path]:
    return [path for dataset in (PAGES, DOCUMENTS) for path in dataset_files(out / dataset)]


def zero_rows(path: Path) -> None:
    """Nothing; afterwards the file is as long as it was and has its footer, and zeros where its rows were."""
    data = path.read_bytes()
    n_footer_bytes = int.from_bytes(data[-8:-4], "little") + 8
    path.write_bytes(bytes(len(data) - n_footer_bytes) + data[-n_footer_bytes:])


def test_old_pages_are_not_read_when_new_ones_come(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    for number in range(3):
        add_container(raw, number)
    build(raw, out, extractor=short_extractor, workers=1)
    for path in dataset_files(out / PAGES):
        zero_rows(path)
        with pytest.raises((OSError, pa.ArrowException)):
            read_table(path)
    add_container(raw, 3)
    report = build(raw, out, extractor=short_extractor, workers=1)
    assert (report.n_pages, report.failed) == (3, ())


def test_no_footer_is_read_twice_in_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    for number in range(3):
        add_container(raw, number)
    build(raw, out, extractor=short_extractor, workers=1)
    old = stored(out)
    add_container(raw, 3)
    n_reads: Counter[Path] = Counter()
    read_file = footers._read_file

    def counted(path: Path, dataset: str) -> footers.StoredFile:
        n_reads[path] += 1
        return read_file(path, dataset)

    footers._read_once.cache_clear()
    monkeypatch.setattr(footers, "_read_file", counted)
    build(raw, out, extractor=short_extractor, workers=1)
    assert {n_reads[path] for path in old} == {1}
    assert set(n_reads.values()) == {1}
