"""The names that documents are to bear, on their way from the clusters to the documents of each pages file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from tasks.store.layout import NAME_FORMS, crawl_date_of, file_path

# (type, key) -> (entity_id, name)
Names: TypeAlias = Mapping[tuple[str, str], tuple[str, str]]


def names_path(pages: Path, out: Path) -> Path:
    """The name_forms file of a pages file."""
    return file_path(out, NAME_FORMS, crawl_date=crawl_date_of(pages), batch_id=pages.stem)


def _names_file(folder: Path, batch_id: str) -> Path:
    return folder / f"{batch_id}.json"


def write_names(folder: Path, batch_id: str, names: Names) -> None:
    """Leave in a folder the names that the documents of a batch are to bear."""
    stated = [[*key, *named] for key, named in names.items()]
    _names_file(folder, batch_id).write_text(json.dumps(stated))


def read_names(folder: Path, batch_id: str) -> Names:
    """The names that the documents of a batch are to bear."""
    stated = json.loads(_names_file(folder, batch_id).read_text())
    return {(type_, key): (entity_id, name) for type_, key, entity_id, name in stated}


def names_digest(names: Names) -> str:
    """sha256 (hex) over who is who among some names."""
    return hashlib.sha256(json.dumps(sorted([*key, *named] for key, named in names.items())).encode()).hexdigest()
