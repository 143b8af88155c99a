"""Answers from the datasets and from single stages: SQL over the files, tags for texts."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import duckdb

from config.settings import GAZETTEERS
from tasks.records.answers import Rows
from tasks.records.article import ENTITY_TYPES, EntityType
from tasks.records.errors import UsageError
from tasks.store.views import connect

ATTEMPTS = 5
PAUSE_S = 0.2


def run_query(sql: str, *, out: Path) -> Rows:
    """The rows of a DuckDB query over the datasets of an output folder and their views.

    A file that a run replaces while it is read makes DuckDB raise; the query is then asked again. Raises UsageError
    for SQL that does not run and for a folder without datasets.
    """
    for attempt in range(ATTEMPTS):
        try:
            with connect(out) as connection:
                cursor = connection.execute(sql)
                if cursor is None or cursor.description is None:
                    return Rows([], [])
                return Rows([column[0] for column in cursor.description], cursor.fetchall())
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            if attempt + 1 == ATTEMPTS:
                raise UsageError(f"the query failed {ATTEMPTS} times: {_first_line(error)}") from error
            time.sleep(PAUSE_S)
        except duckdb.Error as error:
            raise UsageError(f"the query does not run: {_first_line(error)}") from error
    raise UsageError("the query was not asked")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:4])


def identify_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Who is who among the names of one batch, JSON lines {id, name, type[, language]}: {id, entity_id, name}.

    All names are read before the first is answered. A line that is no such object gives {id, line, error}.
    """
    from tasks.name_batch import identify_names  # noqa: PLC0415 - lexicons load here

    asked = [_read_line(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    names = [_asked_name(question, number) for number, question in asked]
    found = identify_names([name for name in names if not isinstance(name, str)], gazetteers=GAZETTEERS)
    for (number, question), name in zip(asked, names, strict=True):
        identifier = question.get("id") if question else None
        if isinstance(name, str):
            yield {"id": identifier, "line": number, "error": name}
        else:
            entity_id, preferred = found[name]
            yield {"id": identifier, "entity_id": entity_id, "name": preferred}


def _asked_name(question: dict[str, Any] | None, number: int) -> tuple[EntityType, str, str | None] | str:
    """(type, name, language) of a question, or what is wrong with it."""
    name, type_ = (question.get("name"), question.get("type")) if question else (None, None)
    if not isinstance(name, str) or not name.strip():
        return f'line {number} is no JSON object with a "name"'
    if type_ not in ENTITY_TYPES:
        return f"line {number} has the type {type_!r}; it must be PER, ORG or LOC"
    language = question.get("language") if question else None
    return cast(EntityType, type_), name, language if isinstance(language, str) else None


def _read_line(line: bytes, number: int) -> tuple[int, dict[str, Any] | None]:
    """A line's number and its JSON object; None where it is none."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        asked = None
    return number, asked if isinstance(asked, dict) else None


def tag_lines(lines: Iterable[bytes], recognisers: tuple[tuple[str, str], ...]) -> Iterator[dict[str, Any]]:
    """Language and mentions of each JSON line {id, text[, language]}: {id, language, entities}.

    `recognisers` are (language, choice) pairs of the settings. Raises UsageError before the first line is read where
    one does not load.
    A line that is no such object gives {id, line, error}, so that answers stay as many as questions.
    """
    from tasks.enrich.language import detect_language  # noqa: PLC0415 - models load here, a query needs none
    from tasks.enrich.recognisers import find_names, load_recogniser  # noqa: PLC0415

    load_recogniser(GAZETTEERS, recognisers)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        _, asked = _read_line(line, number)
        if asked is None or not isinstance(asked.get("text"), str):
            identifier = asked.get("id") if asked else None
            yield {"id": identifier, "line": number, "error": f'line {number} is no JSON object with a "text"'}
            continue
        stated = asked.get("language")
        language = stated if isinstance(stated, str) and stated else detect_language(asked["text"]).language
        mentions = find_names(asked["text"], language=language, gazetteers=GAZETTEERS, choices=recognisers)
        entities = [
            {
                "start_char": mention.start_char,
                "end_char": mention.end_char,
                "type": mention.type,
                "name": mention.name,
                "surface": mention.surface,
                "score": round(mention.score, 3),
            }
            for mention in mentions
        ]
        yield {"id": asked.get("id"), "language": language, "entities": entities}
