"""Who is who in an output folder: the clusters of all its name forms, and the `entities` made of them.

The clusters are found in a process of their own (`python -m tasks.identities`), which alone loads the lexicon of names
and ends with what it took; per pages file it leaves the names that its documents are to bear, so that no process holds
those of the whole corpus but this one.
"""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from tasks.corpus.identities import MAX_COMPANIONS, Cluster, NameForm, cluster_names
from tasks.corpus.name_lexicon import load_lexicon
from tasks.lexicons.places import load_places
from tasks.lexicons.titles import load_titles
from tasks.name_forms import derive_name_forms, names_digest, names_path, write_arrow, write_names
from tasks.records.errors import RunFailed, failure_sentence
from tasks.settled import Settling
from tasks.store.files import ROW_GROUP_ROWS, commit_temp, read_columns, temp_path, write_temp
from tasks.store.footers import entities_digest
from tasks.store.layout import DOCUMENTS, ENTITIES, NAME_FORMS, dataset_files, entities_path
from tasks.store.tables import schema_of
from tasks.store.views import parquet_pattern, plain_pattern
from tasks.workers.pool import WorkFailed, end_with_parent

ASKED = "asked.json"
ALIASES = "aliases.arrow"
CHANGED = "changed.json"
MAX_SURFACES = 20
# What DuckDB may hold before it spills.
MEMORY_LIMIT = "1GB"

_ALL_FORMS = f"""
    CREATE TABLE forms AS
    SELECT type, key, arg_max(name, (n_documents, name)) AS name,
           min((coalesce(first_fetched_at, TIMESTAMPTZ '9999-12-31 00:00:00+00'), first_document_id)) AS first,
           sum(n_documents)::BIGINT AS n_documents, flatten(list(acronyms)) AS acronyms,
           list_sort(list_distinct(flatten(list(companions))))[:{MAX_COMPANIONS}] AS companions,
           list_distinct(flatten(list(blocks))) AS blocks
    FROM read_parquet($files) GROUP BY type, key"""
# The forms that some forms may be joined with, directly or through others.
_NEAR_FORMS = """
    WITH RECURSIVE links AS (SELECT type, key, unnest(blocks) AS block FROM forms),
    near AS (
        SELECT DISTINCT block FROM links SEMI JOIN due USING (type, key)
        UNION
        SELECT other.block FROM near JOIN links AS own USING (block)
        JOIN links AS other ON other.type = own.type AND other.key = own.key)
    SELECT * EXCLUDE (blocks) FROM forms SEMI JOIN (
        SELECT DISTINCT type, key FROM links SEMI JOIN near USING (block)) USING (type, key)"""
_NO_DATE_US = 2**62


# --- in the flow process --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identities:
    """The settled pages files whose names are others by now; the names lie in the folder of the settling."""

    changed: frozenset[Path]


def identify(due: Sequence[Path], settled: Sequence[tuple[Path, str]] | None, *, settling: Settling) -> Identities:
    """Who is who in pages files that are to be settled, by the names of the whole folder.

    Each file that is due gets its name_forms first. `settled` are all further pages files, each with the
    decisions_sha256 of its documents: those whose names are others by now are in `changed`, and have names in the
    folder too; None leaves them as they are. Raises RunFailed, in one sentence, where it cannot be done.
    """
    derive_name_forms(due, settling=settling)
    folder = settling.names
    asked = {
        "out": str(settling.out),
        "gazetteers": str(settling.gazetteers),
        "everything": settled is not None,
        "due": [str(path) for path in due],
        "settled": [[str(path), stated] for path, stated in settled or ()],
    }
    (folder / ASKED).write_text(json.dumps(asked))
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tasks.identities", str(folder)],
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
    return Identities(frozenset(map(Path, json.loads((folder / CHANGED).read_text()))))


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
    aliases = _read_aliases(out, folder)
    schema = schema_of(ENTITIES)

    def tables() -> Iterator[pa.Table]:
        if not dataset_files(out / DOCUMENTS):
            return
        with _connect(folder) as connection:
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


def _read_aliases(out: Path, folder: Path) -> dict[str, list[str]]:
    """Aliases by entity_id: those of `entities` as it was, under those that are known better now."""
    known: dict[str, list[str]] = {}
    if entities_digest(out) is not None:
        before = read_columns(entities_path(out), ["entity_id", "aliases"])
        pairs = zip(before.column("entity_id").to_pylist(), before.column("aliases").to_pylist(), strict=True)
        known = {entity_id: aliases for entity_id, aliases in pairs if aliases}
    with pa.memory_map(str(folder / ALIASES)) as source:
        table = pa.ipc.open_file(source).read_all()
    return known | dict(zip(table.column("entity_id").to_pylist(), table.column("aliases").to_pylist(), strict=True))


# --- in its own process ---------------------------------------------------------------------------------------------


def read_forms(out: Path, due: Iterable[Path] | None = None, *, spill: Path) -> list[NameForm]:
    """The forms of all name_forms files, those of one key as one.

    Where some files are `due`: their forms only, and those that these may be joined with. What does not fit into
    MEMORY_LIMIT goes into the folder `spill` meanwhile.
    """
    if not dataset_files(out / NAME_FORMS):
        return []
    with _connect(spill) as connection:
        connection.execute(_ALL_FORMS, {"files": parquet_pattern(out, NAME_FORMS)})
        if due is None:
            rows = connection.execute("SELECT * EXCLUDE (blocks) FROM forms").fetchall()
        else:
            files = [plain_pattern(path) for path in due]
            chosen = "DISTINCT type, key FROM read_parquet($files)" if files else "type, key FROM forms LIMIT 0"
            connection.execute(f"CREATE TABLE due AS SELECT {chosen}", {"files": files} if files else {})
            rows = connection.execute(_NEAR_FORMS).fetchall()
    definitions: dict[str, Counter[str]] = defaultdict(Counter)
    for _, key, _, _, _, acronyms, _ in rows:
        for acronym in acronyms or ():
            definitions[acronym][key] += 1
    return [
        NameForm(
            type_,
            key,
            name,
            (_NO_DATE_US if first[0].year > 9000 else int(first[0].timestamp() * 1e6), first[1]),
            n_documents,
            tuple(sorted(definitions[key].items())) if type_ == "ORG" and key in definitions else (),
            frozenset(companions or ()),
        )
        for type_, key, name, first, n_documents, _, companions in rows
    ]


def _connect(spill: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"temp_directory": str(spill / "spill")})
    connection.execute(
        f"SET TimeZone = 'UTC'; SET memory_limit = '{MEMORY_LIMIT}'; SET preserve_insertion_order = true"
    )
    return connection


def leave_identities(folder: Path) -> None:
    """Nothing; afterwards the folder holds the answers to its question."""
    asked = json.loads((folder / ASKED).read_text())
    out = Path(asked["out"])
    titles = load_titles(Path(asked["gazetteers"]))
    # A run that settles new pages looks at what these may be joined with; one that settles everything at all names.
    near = None if asked["everything"] else [names_path(Path(path), out) for path in asked["due"]]
    clusters = cluster_names(
        read_forms(out, near, spill=folder), given_names=titles["ar"].given_names, lexicon=load_lexicon()
    )
    whose = {(form.type, form.key): number for number, cluster in enumerate(clusters) for form in cluster.forms}
    for path in map(Path, asked["due"]):
        write_names(folder, path.stem, _names_of(path, out, clusters, whose))
    changed = []
    for stated_path, stated in asked["settled"]:
        names = _names_of(Path(stated_path), out, clusters, whose)
        if names_digest(names) != stated:
            changed.append(stated_path)
            write_names(folder, Path(stated_path).stem, names)
    _write_aliases(folder, clusters)
    (folder / CHANGED).write_text(json.dumps(changed))


def _names_of(
    pages: Path, out: Path, clusters: Sequence[Cluster], whose: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], tuple[str, str]]:
    table = read_columns(names_path(pages, out), ["type", "key"])
    names = {}
    for form in zip(table.column("type").to_pylist(), table.column("key").to_pylist(), strict=True):
        cluster = clusters[whose[form]]
        names[form] = (cluster.entity_id, cluster.name)
    return names


def _write_aliases(folder: Path, clusters: Iterable[Cluster]) -> None:
    clusters = list(clusters)
    ids = pa.array([cluster.entity_id for cluster in clusters], pa.string())
    aliases = pa.array([sorted(cluster.aliases) for cluster in clusters], pa.list_(pa.string()))
    write_arrow(folder / ALIASES, pa.table({"entity_id": ids, "aliases": aliases}))


if __name__ == "__main__":
    end_with_parent()
    leave_identities(Path(sys.argv[1]))
