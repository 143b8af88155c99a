"""The main job on the real pages of ../shared; skipped, with the reason, where that folder is absent."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from warcio.archiveiterator import ArchiveIterator

from benchmarks.floors import load_floors
from benchmarks.scorers import load_scorer
from tests.driver import build

pytestmark = pytest.mark.shared

SETS = ("europa", "htmldate", "sh", "traf")


@pytest.fixture(scope="module")
def built(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real") / "out"
    build(shared / "pages" / "raw", out)
    return out


@pytest.fixture(scope="module")
def seeds(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    out = tmp_path_factory.mktemp("seeds") / "out"
    build(shared / "seeds" / "raw", out)
    return {row["raw_path"]: row for row in ds.dataset(out / "documents").to_table().to_pylist()}


def gold(shared: Path, name: str) -> list[dict[str, Any]]:
    path = shared / "pages" / "gold" / f"{name}.gold.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_gold_page_is_a_row_of_pages_as_counted_by_warcio(shared: Path, built: Path) -> None:
    urls = Counter(ds.dataset(built / "pages").to_table(columns=["url"]).column("url").to_pylist())
    counted: Counter[str] = Counter()
    for name in SETS:
        with (shared / "pages" / "raw" / f"{name}.warc.gz").open("rb") as file:
            counted.update(
                record.rec_headers.get_header("WARC-Target-URI")
                for record in ArchiveIterator(file)
                if record.rec_type == "response"
            )
    assert urls == counted
    assert counted.total() == 1034
    assert {page["url"] for name in SETS for page in gold(shared, name)} <= urls.keys()


def test_accepted_rows_are_the_documents_and_ids_are_unique(built: Path) -> None:
    pages = ds.dataset(built / "pages").to_table(columns=["document_id", "status"]).to_pylist()
    documents = ds.dataset(built / "documents").to_table(columns=["document_id"]).column(0).to_pylist()
    assert len({page["document_id"] for page in pages}) == len(pages)
    assert sorted(documents) == sorted(page["document_id"] for page in pages if page["status"] == "accepted")


@pytest.mark.parametrize("name", SETS)
def test_no_set_is_below_trafilatura_alone(name: str, shared: Path, built: Path) -> None:
    scorer = load_scorer(shared, "score_documents")
    scores = scorer.score(scorer.load(str(built / "documents")), gold(shared, name))
    floors = {
        measure.partition(".")[2]: floor
        for measure, floor in load_floors()["documents"].items()
        if measure.startswith(f"{name}.")
    }
    assert floors
    assert {measure: scores[measure] for measure, floor in floors.items() if round(scores[measure], 3) < floor} == {}


def test_the_seeds_have_language_title_and_date_right(shared: Path, seeds: dict[str, dict[str, Any]]) -> None:
    stated = [json.loads(line) for line in (shared / "seeds" / "expected.jsonl").read_text("utf-8").splitlines()]
    for seed in stated:
        row = seeds[seed["file"]]
        assert row["language"] == seed["language"]
        assert not seed["title"] or row["title"] == seed["title"]
        day = row["published_at"].date().isoformat() if row["published_at"] else None
        assert not seed["published"] or day == seed["published"]
        assert day not in seed.get("not_published", [])
