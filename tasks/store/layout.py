"""Where files lie in an output folder: `<dataset>/crawl_date=YYYY-MM-DD/<batch_id>.parquet`."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tasks.records.errors import UsageError

PAGES = "pages"
DOCUMENTS = "documents"
# Derived from pages: what the pages of a site have in common.
SITE_LINES = "site_lines"
# Derived from pages and the rules of sites: the names each file brings to the clusters of who is who.
NAME_FORMS = "name_forms"
DATASETS = (PAGES, DOCUMENTS, SITE_LINES, NAME_FORMS)
# Derived from all documents, one file: who and what is named.
ENTITIES = "entities"
LEAF_PREFIX = "crawl_date="
SUFFIX = ".parquet"
TEMP_SUFFIX = ".tmp"


def file_path(out: Path, dataset: str, *, crawl_date: str, batch_id: str) -> Path:
    """The file of one batch in a dataset."""
    return out / dataset / f"{LEAF_PREFIX}{crawl_date}" / f"{batch_id}{SUFFIX}"


def entities_path(out: Path) -> Path:
    """The one file of `entities`."""
    return out / ENTITIES / f"{ENTITIES}{SUFFIX}"


def names_folder(out: Path) -> Path:
    """Where the names that documents are to bear lie during a run; gone after it."""
    return out / ".marsad.names"


def crawl_date_of(path: Path) -> str:
    """The day a file is filed under."""
    return path.parent.name.removeprefix(LEAF_PREFIX)


def _leaf_entries(dataset: Path) -> Iterator[os.DirEntry[str]]:
    try:
        leaves = sorted(os.scandir(dataset), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"dataset folder {dataset} cannot be read ({error.strerror})") from error
    for leaf in leaves:
        if leaf.is_dir() and leaf.name.startswith(LEAF_PREFIX):
            with contextlib.suppress(FileNotFoundError):  # a run moved the last file out of it
                yield from sorted(os.scandir(leaf.path), key=lambda entry: entry.name)


def file_entries(dataset: Path) -> Iterator[os.DirEntry[str]]:
    """The Parquet files of a dataset in path order, as the folder lists them."""
    return (e for e in _leaf_entries(dataset) if e.name.endswith(SUFFIX) and not e.name.startswith("."))


def dataset_files(dataset: Path) -> list[Path]:
    """The Parquet files of a dataset in path order."""
    return [Path(entry.path) for entry in file_entries(dataset)]


def stray_files(dataset: Path) -> list[Path]:
    """Parquet files outside the leaf folders, which plain readers would take for rows of the dataset."""
    strays = []
    for folder, _, names in os.walk(dataset):
        parent, name = os.path.split(folder)
        if parent != str(dataset) or not name.startswith(LEAF_PREFIX):
            strays += [Path(folder, name) for name in names if name.endswith(SUFFIX)]
    return sorted(strays)


def leftover_temp_files(dataset: Path) -> list[Path]:
    """Temporary files that a killed writer left in the leaf folders, or in the folder of `entities`."""
    if dataset.name == ENTITIES:
        return sorted(dataset.glob(f".*{TEMP_SUFFIX}"))
    return [Path(e.path) for e in _leaf_entries(dataset) if e.name.startswith(".") and e.name.endswith(TEMP_SUFFIX)]
