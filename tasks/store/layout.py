"""Where files lie in an output folder: `<dataset>/crawl_date=YYYY-MM-DD/<batch_id>.parquet`."""

import os
from collections.abc import Iterator
from pathlib import Path

PAGES = "pages"
DOCUMENTS = "documents"
DATASETS = (PAGES, DOCUMENTS)
LEAF_PREFIX = "crawl_date="
SUFFIX = ".parquet"
TEMP_SUFFIX = ".tmp"


def file_path(out: Path, dataset: str, *, crawl_date: str, batch_id: str) -> Path:
    """The file of one batch in a dataset."""
    return out / dataset / f"{LEAF_PREFIX}{crawl_date}" / f"{batch_id}{SUFFIX}"


def crawl_date_of(path: Path) -> str:
    """The day a file is filed under."""
    return path.parent.name.removeprefix(LEAF_PREFIX)


def _leaf_entries(dataset: Path) -> Iterator[os.DirEntry[str]]:
    try:
        leaves = sorted(os.scandir(dataset), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for leaf in leaves:
        if leaf.is_dir() and leaf.name.startswith(LEAF_PREFIX):
            yield from sorted(os.scandir(leaf.path), key=lambda entry: entry.name)


def dataset_files(dataset: Path) -> list[Path]:
    """The Parquet files of a dataset in path order."""
    return [Path(e.path) for e in _leaf_entries(dataset) if e.name.endswith(SUFFIX) and not e.name.startswith(".")]


def leftover_temp_files(dataset: Path) -> list[Path]:
    """Temporary files that a killed writer left in the leaf folders."""
    return [Path(e.path) for e in _leaf_entries(dataset) if e.name.startswith(".") and e.name.endswith(TEMP_SUFFIX)]
