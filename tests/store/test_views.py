"""The views that analysts ask: `latest`, `mentions`, `co_mentions`, `rejections`."""

import random
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.records.errors import UsageError
from tasks.store.views import MAX_PAIRED, connect
from tests.store.rows import document, entity, page, rejected, write_documents, write_pages

EARLY, LATE = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)


def ask(out: Path, sql: str) -> list[tuple[object, ...]]:
    with connect(out) as connection:
        return connection.execute(sql).fetchall()


def test_latest_is_the_newest_fetch_of_each_page(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1, page_id="p", fetched_at=LATE), document(2, page_id="p", fetched_at=EARLY))
    write_documents(tmp_path, document(3, page_id="q", fetched_at=None), crawl_date="2024-05-07")
    assert ask(tmp_path, "SELECT document_id FROM latest ORDER BY 1") == [(f"{1:032x}",), (f"{3:032x}",)]


def test_latest_prefers_a_dated_fetch_to_an_undated_one(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1, page_id="p", fetched_at=None), document(2, page_id="p", fetched_at=EARLY))
    assert ask(tmp_path, "SELECT document_id FROM latest") == [(f"{2:032x}",)]


def test_latest_breaks_ties_by_id(tmp_path: Path) -> None:
    write_documents(tmp_path, *(document(n, page_id="p", fetched_at=EARLY) for n in (3, 1, 2)))
    assert ask(tmp_path, "SELECT document_id FROM latest") == [(f"{1:032x}",)]


# What `latest` means, in the shortest words; the view finds the same rows without a window over whole rows.
LATEST = """
    SELECT * FROM documents
    QUALIFY row_number() OVER (PARTITION BY page_id ORDER BY fetched_at DESC NULLS LAST, document_id) = 1"""


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    fetches=st.lists(
        st.tuples(st.sampled_from("pqr"), st.sampled_from([None, EARLY, LATE]), st.integers(0, 2)), max_size=12
    ),
    order=st.randoms(use_true_random=False),
)
def test_latest_is_what_a_window_over_whole_rows_gives(
    fetches: list[tuple[str, datetime | None, int]], order: random.Random
) -> None:
    numbers = order.sample(range(1, 100), len(fetches))
    with TemporaryDirectory() as folder:
        out = Path(folder)
        (out / "documents").mkdir()
        for file in range(3):
            rows = [
                document(number, page_id=page_id, fetched_at=fetched_at)
                for number, (page_id, fetched_at, at) in zip(numbers, fetches, strict=True)
                if at == file
            ]
            if rows:
                write_documents(out, *rows, crawl_date=f"2024-05-0{file + 1}")
        with connect(out) as connection:
            due, came = (
                (answer.description, answer.fetchall())
                for answer in (
                    connection.execute(f"SELECT * FROM ({select}) ORDER BY document_id")
                    for select in (LATEST, "SELECT * FROM latest")
                )
            )
    assert came == due


def test_mentions_are_one_row_a_name(tmp_path: Path) -> None:
    write_documents(
        tmp_path, document(1, entities=[entity("Rabat", 0), entity("Fès", 9, None)]), document(2, entities=[])
    )
    found = ask(tmp_path, "SELECT document_id, name, type, entity_id, start_char, end_char FROM mentions ORDER BY name")
    assert found == [
        (f"{1:032x}", "Fès", "LOC", None, 9, 12),
        (f"{1:032x}", "Rabat", "LOC", "geonames:1", 0, 5),
    ]


PAIRS = "SELECT document_id, name_a, n_mentions_a, name_b, n_mentions_b FROM co_mentions ORDER BY ALL"


def test_co_mentions_are_one_row_a_pair_of_entities_in_a_document(tmp_path: Path) -> None:
    names = [entity("Rabat", 0, "geo:1"), entity("Fès", 9, None), entity("Rabat", 20, "geo:1"), entity("Safi", 30, "x")]
    write_documents(tmp_path, document(1, entities=names), document(2, entities=names[:1]), document(3, entities=[]))
    assert ask(tmp_path, PAIRS) == [
        (f"{1:032x}", "Fès", 1, "Rabat", 2),
        (f"{1:032x}", "Fès", 1, "Safi", 1),
        (f"{1:032x}", "Rabat", 2, "Safi", 1),
    ]


def test_co_mentions_say_where_and_of_which_kind(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1, published_at=EARLY, entities=[entity("Fès", 0, None), entity("Rabat", 9)]))
    sql = "SELECT source, language, published_at, entity_id_a, type_a, entity_id_b, type_b FROM co_mentions"
    assert ask(tmp_path, sql) == [("Le Matin", "fr", EARLY, None, "LOC", "geonames:1", "LOC")]


def test_one_entity_under_two_names_is_no_pair(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1, entities=[entity("Tanger", 0, "geo:1"), entity("طنجة", 9, "geo:1")]))
    assert ask(tmp_path, PAIRS) == []


def test_the_earlier_fetch_of_a_page_gives_no_pairs(tmp_path: Path) -> None:
    names = [entity("Fès", 0, None), entity("Rabat", 9)]
    write_documents(
        tmp_path,
        document(1, page_id="p", fetched_at=EARLY, entities=names),
        document(2, page_id="p", fetched_at=LATE, entities=names),
    )
    assert [row[0] for row in ask(tmp_path, PAIRS)] == [f"{2:032x}"]


def test_of_a_long_document_the_names_mentioned_most_are_paired(tmp_path: Path) -> None:
    once = [entity(f"Lieu {number}", 10 * number, None) for number in range(5_000)]
    twice = [entity(f"Lieu {number}", 60_000 + 10 * number, None) for number in range(4_800, 5_000)]
    write_documents(tmp_path, document(1, entities=once + twice))
    pairs = MAX_PAIRED * (MAX_PAIRED - 1) // 2
    assert ask(tmp_path, "SELECT count(*), min(n_mentions_a), min(n_mentions_b) FROM co_mentions") == [(pairs, 2, 2)]


def test_rejections_are_the_rejected_pages_with_their_reasons(tmp_path: Path) -> None:
    write_pages(tmp_path, page(1), rejected(2), rejected(3, reason="timeout"))
    assert ask(tmp_path, "SELECT reason, raw_path FROM rejections ORDER BY reason") == [
        ("not_html", "o/a.warc#2"),
        ("timeout", "o/a.warc#3"),
    ]


@pytest.mark.parametrize("view", ["pages", "documents", "latest", "mentions", "co_mentions", "rejections"])
def test_views_of_no_file_are_empty_and_not_missing(tmp_path: Path, view: str) -> None:
    (tmp_path / "pages").mkdir()
    assert ask(tmp_path, f"SELECT count(*) FROM {view}") == [(0,)]


@pytest.mark.parametrize("dataset", ["pages", "documents"])
def test_an_empty_dataset_has_the_columns_and_types_of_a_full_one(tmp_path: Path, dataset: str) -> None:
    (tmp_path / "empty" / "pages").mkdir(parents=True)
    write_pages(tmp_path / "full", page(1))
    write_documents(tmp_path / "full", document(1))
    empty, full = (
        [row[:2] for row in ask(tmp_path / name, f"DESCRIBE SELECT * FROM {dataset}")] for name in ("empty", "full")
    )
    assert empty == full


def test_instants_are_shown_in_utc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Africa/Casablanca")
    write_documents(tmp_path, document(1, fetched_at=datetime(2024, 1, 1, 23, 30, tzinfo=UTC)))
    assert ask(
        tmp_path, "SELECT fetched_at::VARCHAR, fetched_at::DATE::VARCHAR, current_setting('TimeZone') FROM documents"
    ) == [("2024-01-01 23:30:00+00", "2024-01-01", "UTC")]


@pytest.mark.parametrize("name", ["it's", 'a "b"', "a;b--", "a[1]", "a*b?", "{a,b}", "a b", "مرصد", "%20"])
def test_any_folder_name_can_be_asked(tmp_path: Path, name: str) -> None:
    write_documents(tmp_path / name, document(1))
    write_pages(tmp_path / name, page(1), rejected(2))
    assert ask(tmp_path / name, "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM pages)") == [(1, 2)]


def test_a_folder_whose_name_is_a_pattern_does_not_answer_for_others(tmp_path: Path) -> None:
    write_documents(tmp_path / "a*", document(1))
    write_documents(tmp_path / "ab", document(2))
    assert ask(tmp_path / "a*", "SELECT document_id FROM documents") == [(f"{1:032x}",)]


def test_a_folder_without_dataset_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no dataset"):
        connect(tmp_path)


def test_temporary_files_are_not_asked(tmp_path: Path) -> None:
    path = write_documents(tmp_path, document(1))
    (path.parent / ".x.tmp").write_bytes(b"half")
    assert ask(tmp_path, "SELECT count(*) FROM documents") == [(1,)]


def test_the_day_of_the_folder_is_a_date_column(tmp_path: Path) -> None:
    write_documents(tmp_path, document(1))
    assert ask(tmp_path, "SELECT crawl_date FROM documents WHERE crawl_date = DATE '2024-05-06'") == [
        (datetime(2024, 5, 6, tzinfo=UTC).date(),)
    ]
