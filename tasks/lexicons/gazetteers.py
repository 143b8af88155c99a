"""Reads the curated files of config/gazetteers: YAML, checked, every entry with its source."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tasks.records.errors import UsageError


def read_gazetteer(path: Path) -> dict[str, Any]:
    """The sections of one gazetteer file.

    Raises UsageError naming the file when it is missing, is not YAML, is no mapping, or says not where its facts come
    from (`source`).
    """
    try:
        content = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise UsageError(f"{path}: gazetteer not readable: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: gazetteer is not valid YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("source"), str):
        raise UsageError(f"{path}: a gazetteer is a mapping with a `source` text, and this one is not")
    return content


def names_by_language(path: Path, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The (language, name) pairs of an entry's `names`, each language with one name or a list.

    Raises UsageError for anything else.
    """
    names = entry.get("names")
    if not isinstance(names, dict) or not names:
        raise UsageError(f"{path}: {entry.get('id')!r} has no `names` by language")
    for language, values in names.items():
        for value in values if isinstance(values, list) else [values]:
            # `no` (Norwegian) unquoted is false in YAML, a year is a number: neither is a name.
            if not isinstance(language, str) or not isinstance(value, str):
                raise UsageError(f"{path}: {entry.get('id')!r} has {value!r} under {language!r} where a name was due")
            yield language, value
