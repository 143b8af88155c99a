"""What is written is what pandas, pyarrow and DuckDB read; and the traps of Parquet folders."""

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.records.columns import column_metadata
from tasks.records.errors import ContractError, UsageError
from tasks.records.rows import Document, Page
from tasks.store.files import TEXT_COLUMNS, read_columns, read_table, write_file, write_temp
from tasks.store.footers import FOOTER_KEY, read_stored
from tasks.store.layout import crawl_date_of, dataset_files, file_path, leftover_temp_files
from tasks.store.spool import SpoolWriter, spooled
from tasks.store.tables import from_bytes, in_order, refuse_duplicates, schema_of, sorted_table, to_bytes, to_table
from tests.store.rows import NOON, document, documents_table, page, pages_table, rejected, write_documents, write_pages


def glob(out: Path, dataset: str = "documents") -> str:
    return f"read_parquet('{out}/{dataset}/**/*.parquet', hive_partitioning = true)"


def answer(sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def test_pyarrow_reads_what_was_written(tmp_path: Path) -> None:
    table = pages_table(page(1), rejected(2), page(3, published_at=NOON, language="ar"))
    path = tmp_path / "pages" / "crawl_date=2024-05-06" / "b.parquet"
    assert write_file(path, table, dataset="pages", footer={}) == 3
    assert read_table(path).equals(table)
    assert read_columns(path, ["title"]).equals(table.select(["title"]))


def test_pandas_reads_what_was_written(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1), document(2, fetched_at=None, language=None))
    frame = pd.read_parquet(tmp_path / "documents")
    assert list(frame["document_id"]) == [f"{1:032x}", f"{2:032x}"]
    assert frame["fetched_at"].iloc[0] == pd.Timestamp(NOON)
    assert frame["fetched_at"].isna().tolist() == [False, True]
    assert frame["authors"].iloc[0].tolist() == ["Amina Alaoui", "حسن"]
    assert str(frame["crawl_date"].iloc[0]) == "2024-05-06"
    assert frame["removed"].iloc[0].tolist() == [{"position": 1, "text": "Suivez-nous"}]


def test_duckdb_reads_what_was_written(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1, text="ligne\nسطر \x00 \U0001f5de"))
    row = answer(
        "SELECT text, entities[1].name, languages[2].language, epoch_us(fetched_at), crawl_date::VARCHAR "
        f"FROM {glob(tmp_path)}"
    )[0]
    assert row == (
        "ligne\nسطر \x00 \U0001f5de",
        "Rabat",
        "ar",
        int(NOON.timestamp()) * 1_000_000 + 123456,
        "2024-05-06",
    )


def test_many_files_of_many_days_are_one_dataset(tmp_path: Path) -> None:
    for number, day in enumerate(["1970-01-01", "2024-05-06", "2024-05-07"]):
        write_documents(tmp_path, document(number), crawl_date=day, batch_id=f"{number:016x}")
    assert len(pd.read_parquet(tmp_path / "documents")) == 3
    assert answer(f"SELECT count(*), min(crawl_date)::VARCHAR FROM {glob(tmp_path)}")[0] == (3, "1970-01-01")


def test_a_column_of_nulls_in_the_first_file_hides_nothing_in_the_second(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1, section=None, tags=[], published_at=None), crawl_date="2024-01-01")
    write_documents(tmp_path, document(2, section="Monde", tags=["a"], published_at=NOON), crawl_date="2024-01-02")
    frame = pd.read_parquet(tmp_path / "documents").sort_values("document_id")
    assert frame["section"].iloc[1] == "Monde"
    assert answer(f"SELECT section, tags, published_at IS NULL FROM {glob(tmp_path)} ORDER BY document_id") == [
        (None, [], True),
        ("Monde", ["a"], False),
    ]


@pytest.mark.parametrize("dataset", ["pages", "documents"])
def test_a_file_of_no_row_keeps_the_schema(tmp_path: Path, dataset: str) -> None:
    path = file_path(tmp_path, dataset, crawl_date="2024-05-06", batch_id="b" * 16)
    write_file(path, schema_of(dataset).empty_table(), dataset=dataset, footer={})
    assert pq.read_schema(path).equals(schema_of(dataset))
    assert len(pd.read_parquet(tmp_path / dataset)) == 0
    assert answer(f"SELECT count(*) FROM {glob(tmp_path, dataset)}")[0] == (0,)


def test_an_empty_file_beside_a_full_one_changes_no_answer(tmp_path: Path) -> None:
    write_documents(tmp_path, crawl_date="1970-01-01")
    write_documents(tmp_path, document(1))
    assert len(pd.read_parquet(tmp_path / "documents")) == 1
    assert answer(f"SELECT count(*) FROM {glob(tmp_path)}")[0] == (1,)


def test_the_partition_column_is_not_inside_the_file(tmp_path: Path) -> None:
    assert "crawl_date" not in pq.read_schema(write_documents(tmp_path, document(1))).names


def test_nothing_but_parquet_lies_in_a_dataset(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1))
    write_documents(tmp_path, document(2))
    files = [p for p in (tmp_path / "documents").rglob("*") if p.is_file()]
    assert [p.name for p in files] == [f"{'b' * 16}.parquet"]


def test_a_temporary_file_is_invisible_to_plain_readers(tmp_path: Path) -> None:
    path = write_documents(tmp_path, document(1))
    (path.parent / f".{path.stem}.0123.tmp").write_bytes(b"PAR1 half a file")
    assert len(pd.read_parquet(tmp_path / "documents")) == 1
    assert answer(f"SELECT count(*) FROM {glob(tmp_path)}")[0] == (1,)
    assert dataset_files(tmp_path / "documents") == [path]
    assert len(leftover_temp_files(tmp_path / "documents")) == 1


def test_two_writes_of_equal_rows_are_equal_bytes(tmp_path: Path) -> None:
    rows = [document(n, language=["fr", "ar", None][n % 3]) for n in range(50)]
    first = write_documents(tmp_path / "one", *rows)
    second = write_documents(tmp_path / "two", *reversed(rows))
    assert first.read_bytes() == second.read_bytes()


def test_rows_are_sorted_by_language_day_and_id(tmp_path: Path) -> None:
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
    rows = [
        document(6, language=None), document(5, language="fr"), document(4, language="fr", published_at=late),
        document(3, language="fr", published_at=early), document(2, language="fr", published_at=early),
        document(1, language="ar", published_at=late),
    ]  # fmt: skip
    ids = read_table(write_documents(tmp_path, *rows)).column("document_id").to_pylist()
    assert ids == [f"{n:032x}" for n in range(1, 7)]


@pytest.mark.parametrize("column", ["document_id", "page_id", "status", "raw_sha256", "entities", "authors"])
def test_a_null_in_a_required_column_is_refused(column: str) -> None:
    with pytest.raises(ContractError, match=f"null in column {column}"):
        to_table([page(1, **{column: None})], dataset="pages")


def test_a_null_in_a_required_field_of_a_list_is_refused(tmp_path: Path) -> None:
    bad = [{"language": None, "share": 0.5}]
    with pytest.raises((ContractError, pa.ArrowInvalid)):
        write_pages(tmp_path, page(1, languages=bad))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_duplicate_id_is_refused() -> None:
    with pytest.raises(ContractError, match="1 duplicate document_id in 3 rows"):
        to_table([page(1), page(2), page(1)], dataset="pages")


def test_a_table_of_another_schema_is_refused_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_pages(tmp_path, page(1))
    before = path.read_bytes()
    with pytest.raises(ContractError, match="not those of the dataset"):
        write_file(path, documents_table(document(1)), dataset="pages", footer={})
    assert path.read_bytes() == before
    assert leftover_temp_files(tmp_path / "pages") == []


def test_column_prose_is_in_the_fields_of_the_file(tmp_path: Path) -> None:
    schema = pq.read_schema(write_documents(tmp_path, document(1)))
    for stated in column_metadata(Document):
        metadata = schema.field(stated["name"]).metadata
        assert metadata[b"description"].decode() == stated["description"]
        assert metadata[b"producer"].decode() == stated["producer"]
        assert (metadata.get(b"unit") or b"").decode() == (stated["unit"] or "")


@pytest.mark.parametrize(("dataset", "row_type"), [("pages", Page), ("documents", Document)])
def test_duckdb_reads_the_column_prose_from_the_file_key(tmp_path: Path, dataset: str, row_type: type) -> None:
    path = write_pages(tmp_path, page(1)) if dataset == "pages" else write_documents(tmp_path, document(1))
    found = answer(f"SELECT decode(value) FROM parquet_kv_metadata('{path}') WHERE decode(key) = 'columns'")[0]
    assert json.loads(str(found[0])) == column_metadata(row_type)


def column_chunks(path: Path) -> dict[str, pq.ColumnChunkMetaData]:
    group = pq.read_metadata(path).row_group(0)
    return {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}


def test_statistics_are_absent_on_text_and_present_on_what_is_filtered(tmp_path: Path) -> None:
    chunks = column_chunks(write_pages(tmp_path, page(1, published_at=NOON)))
    assert {name for name in TEXT_COLUMNS if chunks[name].is_stats_set} == set()
    flat = {name for name in schema_of("pages").names if name in chunks} - TEXT_COLUMNS
    assert {name for name in flat if not chunks[name].is_stats_set} == set()


def test_every_column_is_zstd(tmp_path: Path) -> None:
    chunks = column_chunks(write_pages(tmp_path, page(1)))
    assert {chunk.compression for chunk in chunks.values()} == {"ZSTD"}


def test_row_groups_hold_two_thousand_rows(tmp_path: Path) -> None:
    path = write_pages(tmp_path, *(rejected(n) for n in range(4_500)))
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [2_000, 2_000, 500]


def digest_of(path: Path, *tables: pa.Table) -> str:
    return write_temp(path, tables, dataset="pages", footer=lambda _: {}).rows_sha256


def test_the_bytes_of_a_file_do_not_depend_on_how_its_rows_come(tmp_path: Path) -> None:
    whole = pages_table(*(rejected(n) for n in range(4_100)))
    pieces = [whole.slice(start, 7) for start in range(0, 4_100, 7)]
    assert digest_of(tmp_path / "a", whole) == digest_of(tmp_path / "b", *pieces)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "changed", [{"title": "x"}, {"authors": []}, {"fetched_at": None}, {"language_score": 0.1}, {"entities": []}]
)
def test_the_hash_of_rows_sees_every_value(changed: dict[str, object], tmp_path: Path) -> None:
    other = digest_of(tmp_path / "a", pages_table(page(1, **changed)))
    assert other != digest_of(tmp_path / "b", pages_table(page(1)))


def test_the_footer_is_told_the_hash_of_the_rows_and_is_not_part_of_it(tmp_path: Path) -> None:
    one = write_temp(tmp_path / "a", [pages_table(page(1))], dataset="pages", footer=lambda sha256: {"rows": sha256})
    assert json.loads(pq.read_metadata(tmp_path / "a").metadata[FOOTER_KEY]) == {"rows": one.rows_sha256}
    assert one.rows_sha256 == digest_of(tmp_path / "b", pages_table(page(1)))


def test_rows_of_many_pieces_come_in_order_and_each_once() -> None:
    pieces = [pages_table(*(page(n, language=["fr", "ar", None][n % 3]) for n in range(i, i + 3))) for i in (0, 3, 6)]
    groups = list(in_order(pieces, group_rows=4))
    assert [group.num_rows for group in groups] == [4, 4, 1]
    assert pa.concat_tables(groups).equals(sorted_table(pa.concat_tables(pieces)))


def test_one_id_in_two_pieces_is_refused() -> None:
    with pytest.raises(ContractError, match="1 duplicate document_id in 3 rows"):
        refuse_duplicates([pages_table(page(1)), pages_table(page(1), page(2))], dataset="pages")


def test_a_spool_gives_back_the_rows_it_was_given(tmp_path: Path) -> None:
    tables = [pages_table(page(1), rejected(2)), pages_table(page(3))]
    with SpoolWriter(tmp_path / "rows", dataset="pages") as writer:
        for table in tables:
            writer.add(to_bytes(table))
    assert pa.concat_tables(spooled(tmp_path / "rows")).equals(pa.concat_tables(tables))


def test_tables_pass_between_processes_whole() -> None:
    table = pages_table(page(1), rejected(2))
    assert from_bytes(to_bytes(table)).equals(table, check_metadata=True)


def test_sorting_gives_one_chunk_a_column() -> None:
    table = sorted_table(pa.concat_tables([pages_table(page(n)) for n in range(3)]))
    assert {table.column(name).num_chunks for name in table.column_names} == {1}


def test_paths_say_the_day_and_the_batch(tmp_path: Path) -> None:
    path = file_path(tmp_path, "pages", crawl_date="2024-05-06", batch_id="abc")
    assert path == tmp_path / "pages" / "crawl_date=2024-05-06" / "abc.parquet"
    assert crawl_date_of(path) == "2024-05-06"


def test_a_dataset_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert dataset_files(tmp_path / "pages") == []
    assert list(read_stored(tmp_path / "pages")) == []


@pytest.mark.parametrize("keep", [0, 3, 100, -9])
def test_a_file_that_is_cut_is_named(tmp_path: Path, keep: int) -> None:
    path = write_pages(tmp_path, page(1))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UsageError, match=path.name):
        list(read_stored(tmp_path / "pages"))


def test_a_parquet_file_of_someone_else_is_named_and_refused(tmp_path: Path) -> None:
    path = file_path(tmp_path, "pages", crawl_date="2024-05-06", batch_id="x")
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(UsageError, match=r"x\.parquet was not written by Marsad"):
        list(read_stored(tmp_path / "pages"))


def test_a_parquet_file_outside_the_leaf_folders_is_named_and_refused(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    pq.write_table(pa.table({"a": [1]}), tmp_path / "pages" / "x.parquet")
    with pytest.raises(UsageError, match=r"x\.parquet does not belong"):
        list(read_stored(tmp_path / "pages"))
