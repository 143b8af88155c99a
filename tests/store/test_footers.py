"""Footers say what is done, and say it again as they were told."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.records.batches import Batch, Kind, Mark, Piece
from tasks.store.files import write_file
from tasks.store.footers import DocumentsFooter, PagesFooter, read_pages_footer, read_stored
from tasks.store.layout import file_path
from tasks.store.tables import schema_of
from tests.store.rows import page, pages_table, write_pages

NAMES = st.text(st.characters(codec=None) | st.sampled_from(["\udcff", "\ud800", "\0", "'", "م"]), max_size=20)
NUMBERS = st.integers(0, 2**62)
MAYBE = st.none() | NUMBERS
PIECES = st.builds(Piece, check=NAMES, start=MAYBE, end=MAYBE, container_bytes=MAYBE)
MARKS = st.builds(Mark, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
PAGES_FOOTERS = st.builds(
    PagesFooter,
    batch_id=NAMES,
    container=NAMES,
    kind=st.sampled_from([kind.value for kind in Kind]),
    part=NAMES,
    first_record=NUMBERS,
    n_records=NUMBERS,
    is_last=st.booleans(),
    pipeline_version=NAMES,
    rows_sha256=NAMES,
    piece=PIECES,
    mark=MARKS,
)
BATCH = Batch(
    batch_id="b" * 16,
    container="o/a.warc",
    kind=Kind.WARC,
    part="1",
    first_record=5,
    n_records=3,
    is_last=True,
    crawl_date="2024-05-06",
    start=Mark(offset=10),
    piece=Piece(check="c", start=10, end=20, container_bytes=25),
    size_bytes=25,
    marks=(Mark(offset=10),),
    chunk_records=50,
)


@given(PAGES_FOOTERS)
def test_a_pages_footer_survives_json(footer: PagesFooter) -> None:
    stated = json.dumps(footer.to_json(), ensure_ascii=True).encode()
    assert PagesFooter.from_json(json.loads(stated)) == footer


@given(
    st.builds(
        DocumentsFooter,
        batch_id=NAMES,
        container=NAMES,
        pipeline_version=NAMES,
        pages_sha256=NAMES,
        decisions_sha256=NAMES,
    )
)
def test_a_documents_footer_survives_json(footer: DocumentsFooter) -> None:
    assert DocumentsFooter.from_json(json.loads(json.dumps(footer.to_json()))) == footer


def test_a_footer_survives_the_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    footer = PagesFooter.of_batch(BATCH, pipeline_version="0.1.0+x", rows_sha256="r")
    odd = dataclasses.replace(footer, container="caf\udce9/مرصد\0.warc")
    path = file_path(tmp_path_factory.mktemp("out"), "pages", crawl_date="2024-05-06", batch_id="b" * 16)
    write_file(path, pages_table(page(1)), dataset="pages", footer=odd.to_json())
    assert read_pages_footer(path) == odd
    (stored,) = read_stored(path.parents[1])
    assert stored.stated is not None
    assert PagesFooter.from_json(stored.stated) == odd


def test_a_footer_covers_its_batch_under_any_version() -> None:
    assert PagesFooter.of_batch(BATCH, pipeline_version="old", rows_sha256="r").covers(BATCH)


@pytest.mark.parametrize(
    "changed",
    [
        {"n_records": 4},
        {"first_record": 6},
        {"is_last": False},
        {"part": "2"},
        {"kind": Kind.JSONL},
        {"start": Mark(offset=11)},
        {"piece": Piece(check="c", start=10, end=21, container_bytes=25)},
        {"container": "o/b.warc"},
        {"piece": Piece(check="d", start=10, end=20, container_bytes=25)},
        {"piece": Piece(check="c", start=10, end=20, container_bytes=26)},
    ],
)
def test_a_footer_does_not_cover_a_batch_that_differs(changed: dict[str, object]) -> None:
    other = dataclasses.replace(BATCH, **changed)  # type: ignore[arg-type]
    assert not PagesFooter.of_batch(BATCH, pipeline_version="v", rows_sha256="r").covers(other)


@pytest.fixture(scope="module")
def _opened() -> list[str]:
    """The Parquet files that Python opens from now on; an audit hook stays for the life of the process."""
    opened: list[str] = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
    return opened


@pytest.fixture
def opened(_opened: list[str]) -> Iterator[list[str]]:
    """The files opened during one test."""
    _opened.clear()
    yield _opened
    _opened.clear()


def opens_of(paths: list[Path], opened: list[str]) -> list[int]:
    return [opened.count(str(path)) for path in paths]


def test_a_file_that_stays_is_read_once_in_a_process(tmp_path: Path, opened: list[str]) -> None:
    paths = [write_pages(tmp_path, page(n), batch_id=f"{n:016x}") for n in range(3)]
    opened.clear()
    for _ in range(4):
        assert len(list(read_stored(tmp_path / "pages"))) == 3
    assert opens_of(paths, opened) == [1, 1, 1]


def test_a_replaced_file_alone_is_read_again(tmp_path: Path, opened: list[str]) -> None:
    paths = [write_pages(tmp_path, page(n), batch_id=f"{n:016x}") for n in range(3)]
    list(read_stored(tmp_path / "pages"))
    write_file(paths[1], pages_table(page(7)), dataset="pages", footer={"batch_id": "new"})
    opened.clear()
    stated = [stored.stated for stored in read_stored(tmp_path / "pages")]
    assert stated[1] == {"batch_id": "new"}
    assert opens_of(paths, opened) == [0, 1, 0]


def test_a_footer_longer_than_one_read_is_read_whole(tmp_path: Path) -> None:
    path = file_path(tmp_path, "pages", crawl_date="2024-05-06", batch_id="b" * 16)
    write_file(path, pages_table(page(1)), dataset="pages", footer={"container": "x" * 200_000})
    assert [stored.stated for stored in read_stored(tmp_path / "pages")] == [{"container": "x" * 200_000}]


def test_a_value_that_looks_like_the_footer_s_key_is_not_taken_for_it(tmp_path: Path) -> None:
    sign = "\x18\x06marsad\x18\x02{}"
    path = file_path(tmp_path, "pages", crawl_date="2024-05-06", batch_id="b" * 16)
    write_file(path, pages_table(page(1, source=sign)), dataset="pages", footer={"container": sign})
    assert [stored.stated for stored in read_stored(tmp_path / "pages")] == [{"container": sign}]


FIELDS = list(schema_of("pages"))
LAST = FIELDS[-1]


@pytest.mark.parametrize(
    ("fields", "is_current"),
    [
        (FIELDS, True),
        (FIELDS[:-1], False),
        ([*FIELDS, pa.field("more", pa.string())], False),
        ([*FIELDS[:-1], pa.field(LAST.name, pa.int32())], False),
        ([*FIELDS[:-1], pa.field(LAST.name, LAST.type, nullable=not LAST.nullable)], False),
        ([LAST, *FIELDS[:-1]], False),
    ],
    ids=["same", "one less", "one more", "another type", "another null", "another order"],
)
def test_a_file_of_another_schema_is_told_by_its_last_bytes(
    tmp_path: Path, fields: list[pa.Field], is_current: bool
) -> None:
    schema = pa.schema(fields, metadata={**schema_of("pages").metadata, "marsad": b'{"batch_id": "b"}'})
    path = file_path(tmp_path, "pages", crawl_date="2024-05-06", batch_id="b" * 16)
    path.parent.mkdir(parents=True)
    pq.write_table(schema.empty_table(), path)
    assert [stored.is_current for stored in read_stored(tmp_path / "pages")] == [is_current]
