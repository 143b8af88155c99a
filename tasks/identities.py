"""Who is who in an output folder: the clusters of all its name forms, and the `entities` made of them.

The clusters are found in a process of their own (`tasks.clusters`); per pages file it leaves the names that its
documents are to bear, so that no other process holds those of the whole corpus.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from tasks.clusters import ALIASES, ASKED, CHANGED, open_duckdb
from tasks.lexicons.places import load_places
from tasks.name_forms import derive_name_forms
from tasks.records.errors import RunFailed, failure_sentence
from tasks.settled import Settling
from tasks.store.files import ROW_GROUP_ROWS, commit_temp, temp_path, write_temp
from tasks.store.footers import entities_digest
from tasks.store.layout import DOCUMENTS, ENTITIES, dataset_files, entities_path
from tasks.store.tables import schema_of
from tasks.store.views import parquet_pattern
from tasks.workers.pool import WorkFailed

MAX_SURFACES = 20


# --- in the flow process --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identities:
    """The settled pages files whose names are others by now; the names lie in the folder of the settling.

    `has_other_aliases` says whether `entities` gives an entity other aliases than the names of the folder do.
    """

    changed: frozenset[Path]
    has_other_aliases: bool


def identify(
    due: Sequence[Path], settled: Sequence[tuple[Path, str]] | None, *, knows_aliases: bool, settling: Settling
) -> Identities:
    """Who is who in pages files that are to be settled, by the names of the whole folder.

    Each file that is due gets its name_forms first. `settled` are all further pages files, each with the
    decisions_sha256 of its documents: those whose names are others by now are in `changed`, and have names in the
    folder too; None leaves them as they are. `knows_aliases` says whether `entities` is that of the documents, and so
    knows the aliases of those that stay as they are. Raises RunFailed, in one sentence, where it cannot be done.
    """
    derive_name_forms(due, settling=settling)
    folder = settling.names
    asked = {
        "out": str(settling.out),
        "gazetteers": str(settling.gazetteers),
        "everything": settled is not None or not knows_aliases,
        "has_entities": entities_digest(settling.out) is not None,
        "due": [str(path) for path in due],
        "settled": [[str(path), stated] for path, stated in settled or ()],
    }
    (folder / ASKED).write_text(json.dumps(asked))
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tasks.clusters", str(folder)],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=settling.timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunFailed(f"who is who could not be found ({failure_sentence(error)})") from error
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RunFailed(f"who is who could not be found ({reason[0]})")
    found = json.loads((folder / CHANGED).read_text())
    return Identities(frozenset(map(Path, found["files"])), has_other_aliases=found["has_other_aliases"])


def store_entities(settling: Settling, *, digest: str) -> int:
    """The number of entities, once `entities` is that of the documents as they are.

    `digest` is that of their footers.
    """
    path = entities_path(settling.out)
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = temp_path(path)
    work = (settling.out, temp, settling.names, settling.gazetteers, digest)
    try:
        n_entities: int = settling.pool.call(write_entities, *work, timeout_s=settling.timeout_s).result()
        commit_temp(temp, path, n_rows=n_entities)
    except (WorkFailed, OSError, duckdb.Error) as error:
        raise RunFailed(f"the entities could not be written ({failure_sentence(error)})") from error
    finally:
        temp.unlink(missing_ok=True)
    return n_entities


# --- in a worker ----------------------------------------------------------------------------------------------------


def write_entities(out: Path, temp: Path, folder: Path, gazetteers: Path, digest: str) -> int:
    """In a worker: `temp` as the file of all entities that documents name; the number of its rows."""
    places = load_places(gazetteers)
    aliases: dict[str, list[str]] = json.loads((folder / ALIASES).read_text())
    schema = schema_of(ENTITIES)

    def tables() -> Iterator[pa.Table]:
        if not dataset_files(out / DOCUMENTS):
            return
        with open_duckdb(folder) as connection:
            found = connection.sql(_ENTITIES, params={"files": parquet_pattern(out, DOCUMENTS)})
            for batch in found.to_arrow_reader(ROW_GROUP_ROWS):
                columns = {name: batch.column(name) for name in batch.schema.names}
                ids = columns["entity_id"].to_pylist()
                positions = [places.position(entity_id) for entity_id in ids]
                columns["aliases"] = pa.array(
                    [aliases.get(entity_id, []) for entity_id in ids], schema.field("aliases").type
                )
                for number, name in enumerate(("country", "latitude", "longitude")):
                    columns[name] = pa.array([place[number] for place in positions], schema.field(name).type)
                yield pa.Table.from_arrays([columns[field.name].cast(field.type) for field in schema], schema=schema)

    return write_temp(temp, tables(), dataset=ENTITIES, footer=lambda _: {"documents_sha256": digest}).n_rows


_ENTITIES = f"""
    WITH named_or_not AS (
        SELECT document_id, fetched_at, coalesce(language, 'und') AS language, unnest(entities, recursive := true)
        FROM read_parquet($files) ),
    mentions AS (FROM named_or_not WHERE entity_id IS NOT NULL),
    by_document AS (
        SELECT entity_id, document_id, any_value(fetched_at) AS fetched_at, count(*) AS n
        FROM mentions GROUP BY entity_id, document_id ),
    counted AS (
        SELECT entity_id, count(*) AS n_documents, sum(n) AS n_mentions,
               min(fetched_at) AS first_seen_at, max(fetched_at) AS last_seen_at
        FROM by_document GROUP BY entity_id ),
    written AS (
        SELECT entity_id, type, name, language, surface, count(*) AS n
        FROM mentions GROUP BY ALL ),
    best AS (
        SELECT entity_id, language, arg_max(surface, (n, surface)) AS surface FROM (
            SELECT entity_id, language, surface, sum(n) AS n FROM written GROUP BY ALL)
        GROUP BY entity_id, language ),
    by_language AS (
        SELECT entity_id, list({{'language': language, 'name': surface}} ORDER BY language) AS names
        FROM best GROUP BY entity_id ),
    surfaces AS (
        SELECT entity_id, list(surface ORDER BY n DESC, surface)[:{MAX_SURFACES}] AS surfaces FROM (
            SELECT entity_id, surface, sum(n) AS n FROM written GROUP BY ALL)
        GROUP BY entity_id ),
    named AS (
        SELECT entity_id, min(type) AS type, arg_max(name, (n, name)) AS name FROM (
            SELECT entity_id, type, name, sum(n) AS n FROM written GROUP BY ALL)
        GROUP BY entity_id )
    SELECT * FROM named JOIN by_language USING (entity_id)
    JOIN surfaces USING (entity_id) JOIN counted USING (entity_id)
    ORDER BY n_documents DESC, entity_id"""
