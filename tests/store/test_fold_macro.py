"""`fold(text)` of `marsad query` is `fold_name`, for every string."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.lexicons.folding import fold_name
from tasks.store.fold_macro import fold_macro
from tasks.store.views import connect
from tests.store.rows import document, write_documents

CHARACTERS = [chr(code) for code in (*range(0xD800), *range(0xE000, 0x20000))]
TOUCHED = [char for char in CHARACTERS if fold_name(char) != char or char.lower() != char]
# Latin, Greek, Cyrillic, Arabic with its presentation forms, punctuation, capitals whose folding is of several letters.
LETTERS = st.one_of(
    st.characters(max_codepoint=0x52F),
    st.characters(min_codepoint=0x600, max_codepoint=0x6FF),
    st.characters(min_codepoint=0x1E00, max_codepoint=0x2070),
    st.characters(min_codepoint=0xFB00, max_codepoint=0xFEFF),
    st.characters(exclude_categories=["Cs"]),
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as opened:
        opened.execute(fold_macro())
        yield opened


def folded(connection: duckdb.DuckDBPyConnection, texts: list[str]) -> list[str]:
    connection.register("given", pa.table({"text": pa.array(texts, pa.string())}))
    return [row[0] for row in connection.execute("SELECT fold(text) FROM given").fetchall()]


def unlike(connection: duckdb.DuckDBPyConnection, texts: list[str]) -> list[tuple[str, str]]:
    """Texts that SQL folds to something else than Python, and to what."""
    came = folded(connection, texts)
    return [(text, other) for text, other in zip(texts, came, strict=True) if other != fold_name(text)]


def test_every_character_is_folded_as_names_are(connection: duckdb.DuckDBPyConnection) -> None:
    assert unlike(connection, CHARACTERS) == []


# So that every table of the macro meets every character that one of them changes.
@pytest.mark.parametrize("beside", "ÉشőЖﻻﬀ")
def test_every_character_is_folded_as_names_are_beside_letters_of_an_alphabet(
    connection: duckdb.DuckDBPyConnection, beside: str
) -> None:
    assert unlike(connection, [beside + char for char in TOUCHED]) == []


@settings(max_examples=20, deadline=None, derandomize=True)
@given(texts=st.lists(st.text(LETTERS, max_size=30), min_size=30, max_size=60))
def test_any_string_is_folded_as_names_are(connection: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    assert folded(connection, texts) == [fold_name(text) for text in texts]


def test_null_stays_null(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute("SELECT fold(NULL)").fetchall() == [(None,)]


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("إعلان من الأنتربول", "الإنتربول"),
        ("المُديريّة العامّة", "المديرية العامه"),
        ("الحـــموشي", "الحموشى"),
        ("La SÛRETÉ nationale", "sureté"),
        ("l’ONU et l'Œuvre", "L'ŒUVRE"),
        ("Abd\u200derrahman El‑Youssoufi", "abderrahman el-youssoufi"),
    ],
)
def test_texts_are_found_however_they_are_written(tmp_path: Path, written: str, sought: str) -> None:
    write_documents(tmp_path, document(1, text=f"Avant. {written}. Après."), document(2))
    with connect(tmp_path) as opened:
        found = opened.execute(
            "SELECT document_id FROM documents WHERE fold(text) LIKE '%' || fold($1) || '%'", [sought]
        ).fetchall()
    assert found == [(f"{1:032x}",)]
