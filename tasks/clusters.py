"""The process that finds who is who: the clusters of all name forms of an output folder, by `python -m tasks.clusters`.

It alone loads the lexicon of names, and ends with what it took. It answers a question left in a folder (`asked.json`)
with files there, and imports little: a run waits for it.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from tasks.corpus.identities import MAX_COMPANIONS, Cluster, NameForm, cluster_names, is_acronym
from tasks.corpus.name_lexicon import load_lexicon
from tasks.lexicons.titles import load_titles
from tasks.names import Names, names_digest, names_path, write_names
from tasks.records.errors import failure_sentence
from tasks.store.layout import NAME_FORMS, dataset_files, entities_path
from tasks.store.views import parquet_pattern, plain_pattern
from tasks.workers.ending import end_with_parent

ASKED = "asked.json"
ALIASES = "aliases.json"
CHANGED = "changed.json"
# What DuckDB may hold before it spills.
MEMORY_LIMIT = "1GB"
MAX_THREADS = 2

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


def read_forms(out: Path, due: Iterable[Path] | None = None, *, spill: Path) -> list[NameForm]:
    """The forms of all name_forms files, those of one key as one.

    Where some files are `due`: their forms only, and those that these may be joined with. What does not fit into
    MEMORY_LIMIT goes into the folder `spill` meanwhile.
    """
    if not dataset_files(out / NAME_FORMS):
        return []
    with open_duckdb(spill) as connection:
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
        for acronym in filter(is_acronym, acronyms or ()):
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


def open_duckdb(spill: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, in UTC; what does not fit into MEMORY_LIMIT goes into the folder `spill`."""
    # Each thread reserves address space, of which a worker has little.
    connection = duckdb.connect(":memory:", config={"temp_directory": str(spill / "spill"), "threads": MAX_THREADS})
    connection.execute(
        f"SET TimeZone = 'UTC'; SET memory_limit = '{MEMORY_LIMIT}'; SET preserve_insertion_order = true"
    )
    return connection


def leave_identities(folder: Path) -> None:
    """Nothing; afterwards the folder holds the answers to its question."""
    asked = json.loads((folder / ASKED).read_text())
    out = Path(asked["out"])
    titles = load_titles(Path(asked["gazetteers"]))
    known = _known_aliases(out) if asked["has_entities"] else None
    # A run that settles new pages looks at what these may be joined with; one that settles everything at all names,
    # and so does one that does not know the aliases of the others.
    is_everything = asked["everything"] or known is None
    near = None if is_everything else [names_path(Path(path), out) for path in asked["due"]]
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
    aliases = {cluster.entity_id: sorted(cluster.aliases) for cluster in clusters if len(cluster.forms) > 1}
    if not is_everything:
        aliases = _older_aliases(known or {}, clusters) | aliases
    (folder / ALIASES).write_text(json.dumps(aliases))
    found = {"files": changed, "has_other_aliases": is_everything and known != aliases}
    (folder / CHANGED).write_text(json.dumps(found))


def _known_aliases(out: Path) -> dict[str, list[str]] | None:
    """Aliases by entity_id as `entities` gives them; None where it cannot be read."""
    try:
        with duckdb.connect(":memory:") as connection:
            found = connection.execute(
                "SELECT entity_id, aliases FROM read_parquet($file) WHERE len(aliases) > 0",
                {"file": plain_pattern(entities_path(out))},
            )
            return dict(found.fetchall())
    except duckdb.Error:
        return None


def _older_aliases(known: Mapping[str, list[str]], clusters: Iterable[Cluster]) -> dict[str, list[str]]:
    """The known aliases of the entities that are in no cluster."""
    ids = {cluster.entity_id for cluster in clusters}
    return {entity_id: aliases for entity_id, aliases in known.items() if entity_id not in ids}


def _names_of(pages: Path, out: Path, clusters: Sequence[Cluster], whose: Mapping[tuple[str, str], int]) -> Names:
    with duckdb.connect(":memory:") as connection:
        file = {"file": plain_pattern(names_path(pages, out))}
        forms = connection.execute("SELECT type, key FROM read_parquet($file)", file).fetchall()
    found = {form: clusters[whose[form]] for form in forms}
    return {form: (cluster.entity_id, cluster.name) for form, cluster in found.items()}


if __name__ == "__main__":
    end_with_parent()
    try:
        leave_identities(Path(sys.argv[1]))
    except (OSError, duckdb.Error) as error:
        sys.exit(failure_sentence(error))
