"""The datasets in DuckDB: one view a dataset, and the views analysts ask most."""

import re
from pathlib import Path

import duckdb

from tasks.records.errors import UsageError
from tasks.store.fold_macro import fold_macro
from tasks.store.layout import DATASETS, DOCUMENTS, ENTITIES, LEAF_PREFIX, PAGES, dataset_files, entities_path

# What DuckDB would take for a pattern in the name of the output folder itself.
GLOB_SIGN = re.compile(r"([*?\[])")
# Pairs grow by the square: of a document with more names than this, those mentioned most often are paired, the
# earlier first (19,900 pairs a document at most).
MAX_PAIRED = 200
VIEWS = {
    # One row a page over time: the newest fetch of it, ties by id. The window goes over three columns, and their ids
    # then choose the rows: over whole rows it would carry every text along (a million rows: 4.5 s and more, now 0.4 s).
    "latest": """
        SELECT * FROM documents SEMI JOIN (
            SELECT document_id FROM documents
            QUALIFY row_number() OVER (PARTITION BY page_id ORDER BY fetched_at DESC NULLS LAST, document_id) = 1
        ) USING (document_id)""",
    "mentions": """
        SELECT d.document_id, d.page_id, d.url, d.source, d.language, d.published_at, d.fetched_at, d.title,
               unnest(d.entities, recursive := true)
        FROM documents d""",
    # Two names in one document, each pair once: `a` is the one whose id, else type and name, sorts first. Names are
    # counted first and paired then.
    "co_mentions": f"""
        WITH named AS (
            SELECT document_id, source, language, published_at, unnest(entities) AS entity FROM latest
        ), counted AS (
            SELECT document_id, any_value(source) AS source, any_value(language) AS language,
                   any_value(published_at) AS published_at, any_value(entity.entity_id) AS entity_id,
                   coalesce(entity.entity_id, entity.type || ' ' || entity.name) AS key,
                   arg_min(entity.type, entity.start_char) AS type, arg_min(entity.name, entity.start_char) AS name,
                   count(*) AS n_mentions
            FROM named GROUP BY document_id, key
            QUALIFY row_number() OVER (
                PARTITION BY document_id ORDER BY n_mentions DESC, min(entity.start_char), key) <= {MAX_PAIRED}
        )
        SELECT document_id, a.source, a.language, a.published_at,
               a.entity_id AS entity_id_a, a.type AS type_a, a.name AS name_a, a.n_mentions AS n_mentions_a,
               b.entity_id AS entity_id_b, b.type AS type_b, b.name AS name_b, b.n_mentions AS n_mentions_b
        FROM counted a JOIN counted b USING (document_id) WHERE a.key < b.key""",
    # Where on the map: a row a place that documents name.
    "places": """
        SELECT entity_id, name, country, latitude, longitude, n_documents, n_mentions, first_seen_at, last_seen_at
        FROM entities WHERE type = 'LOC'""",
    "rejections": """
        SELECT document_id, url, source, fetched_at, stage, reason, detail, raw_path, batch_id, pipeline_version
        FROM pages WHERE status = 'rejected'""",
}


def connect(out: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory with views over the datasets of an output folder and the macro `fold`, in UTC.

    Raises UsageError when the folder holds no dataset.
    """
    if not any((out / dataset).is_dir() for dataset in DATASETS):
        raise UsageError(f"{out} holds no dataset; run `marsad run` first, or name another folder with --out")
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(fold_macro())
    for dataset in (PAGES, DOCUMENTS):
        _add_view(connection, dataset, parquet_pattern(out, dataset) if dataset_files(out / dataset) else None)
    _add_view(connection, ENTITIES, plain_pattern(entities_path(out)) if entities_path(out).exists() else None)
    for name, select in VIEWS.items():
        connection.execute(f"CREATE VIEW {name} AS {select}")
    return connection


def plain_pattern(path: Path) -> str:
    """A path as a pattern of DuckDB that means this path alone."""
    return GLOB_SIGN.sub(r"[\1]", str(path))


def parquet_pattern(out: Path, dataset: str) -> str:
    """The pattern by which DuckDB finds the files of a dataset, and no other."""
    return f"{plain_pattern(out / dataset)}/{LEAF_PREFIX}*/*.parquet"


def _add_view(connection: duckdb.DuckDBPyConnection, dataset: str, pattern: str | None) -> None:
    """A view over the files of a dataset; over no row where it has none yet."""
    is_daily = dataset != ENTITIES
    if pattern is not None:
        literal = pattern.replace("'", "''")
        connection.execute(
            f"CREATE VIEW {dataset} AS SELECT * FROM read_parquet('{literal}', hive_partitioning = {is_daily})"
        )
        return
    import pyarrow as pa  # noqa: PLC0415 - takes a third of a query's start and is asked for here alone

    from tasks.store.tables import schema_of  # noqa: PLC0415 - loads Arrow

    nothing = schema_of(dataset).empty_table()
    if is_daily:
        nothing = nothing.append_column("crawl_date", pa.array([], type=pa.date32()))
    connection.register(f"no_{dataset}", nothing)
    connection.execute(f"CREATE VIEW {dataset} AS SELECT * FROM no_{dataset}")
