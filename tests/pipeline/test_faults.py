"""One page can never take a run down: it costs itself, and every other page is right."""

from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from tests.driver import build
from tests.pipeline.faulty import faulty_extractor, modules_extractor
from tests.pipeline.raw_pages import html, write_loose

pytestmark = pytest.mark.pool

REASONS = {
    "HANG": "timeout",
    "EXIT": "crash",
    "SEGFAULT": "crash",
    "KILL": "crash",
    "MEMORY": "memory",
    "RAISE": "error",
    "RECURSION": "error",
}
N_PAGES = 60


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("faults")
    write_loose(folder / "raw" / "loose", range(N_PAGES))
    for number, fault in enumerate(REASONS):
        path = folder / "raw" / "loose" / f"page-{7 * number + 3:05d}.html"
        path.write_bytes(html(7 * number + 3).replace(b"Harbour report", b"FAULT-" + fault.encode() + b" report"))
    build(
        folder / "raw",
        folder / "out",
        extractor=faulty_extractor,
        page_timeout_s=6,
        chunk_records=8,
        worker_memory_bytes=3 * 1024**3,
    )
    table = ds.dataset(folder / "out" / "pages").to_table()
    return {Path(row["raw_path"]).stem: row for row in table.to_pylist()}


@pytest.mark.parametrize("fault", REASONS)
def test_a_page_with_a_fault_is_one_rejection_with_its_reason(fault: str, rows: dict[str, dict[str, Any]]) -> None:
    row = rows[f"page-{7 * list(REASONS).index(fault) + 3:05d}"]
    assert (row["status"], row["reason"]) == ("rejected", REASONS[fault])
    assert row["raw_sha256"]
    assert row["fetched_at"] is not None


def test_all_other_pages_are_right(rows: dict[str, dict[str, Any]]) -> None:
    right = [row for row in rows.values() if row["status"] == "accepted"]
    assert len(rows) == N_PAGES
    assert len(right) == N_PAGES - len(REASONS)
    assert all(row["title"].startswith("Harbour report") for row in right)


def test_the_detail_of_an_error_holds_no_address_and_no_path_of_the_machine(rows: dict[str, dict[str, Any]]) -> None:
    detail = next(row["detail"] for row in rows.values() if row["reason"] == "error" and "ValueError" in row["detail"])
    assert "no reason at all, at <object object at 0x>" in detail
    assert "faulty:" in detail
    assert "/" not in detail


def test_worker_processes_never_load_prefect(tmp_path: Path) -> None:
    write_loose(tmp_path / "raw" / "loose", range(2))
    build(tmp_path / "raw", tmp_path / "out", extractor=modules_extractor)
    loaded = ds.dataset(tmp_path / "out" / "pages").to_table().column("text").to_pylist()[0].split()
    assert "trafilatura" in loaded
    assert not {"prefect", "flows", "duckdb", "fastapi"} & set(loaded)
