from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks import quality
from benchmarks.floors import Measure, load_floors

EXPECTED: list[dict[str, Any]] = [
    {
        "file": "000_a.txt",
        "language": "fr",
        "title": "Le port ouvre",
        "published": "2023-12-06",
        "with": ["un", "deux"],
        "without": ["menu"],
    },
    {
        "file": "001_b.txt",
        "language": "fr",
        "title": None,
        "published": None,
        "not_published": ["2024-11-25"],
        "with": [],
        "without": [],
    },
]
RAW = {"000_a.txt": "Le port ouvre", "001_b.txt": "Lundi 25 Novembre 2024\nLa gare ferme"}


def scored(**rows: dict[str, Any]) -> dict[str, Measure]:
    found = {f"{name[1:]}.txt": row for name, row in rows.items()}
    measures = quality.score_seeds(
        EXPECTED, found, RAW, fold=lambda text: text or "", same_day=lambda want, at, _: at.date().isoformat() == want
    )
    return {measure.name: measure for measure in measures}


def test_every_seed_floor_is_measured() -> None:
    assert set(load_floors()["seeds"]) <= set(scored())


def test_right_seed_holds() -> None:
    row = {
        "language": "fr",
        "title": "Le port ouvre",
        "published_at": datetime(2023, 12, 6, tzinfo=UTC),
        "published_precision": "day",
        "text": "un deux",
    }
    measures = scored(_000_a=row)
    assert [measures[f"seeds.{name}"].value for name in ("title", "date", "not_published")] == [1.0, 1.0, 1.0]
    assert measures["seeds.language"].shown == "1 of 2"
    assert measures["seeds.with"].shown == "2 of 2"


def test_masthead_date_and_invented_title_are_caught() -> None:
    row = {"language": "fr", "title": "Autre chose", "published_at": datetime(2024, 11, 25, tzinfo=UTC), "text": ""}
    measures = scored(_001_b=row)
    assert measures["seeds.not_published"].value == 0.0
    assert measures["seeds.title_not_invented"].value == 0.0


def test_title_from_the_page_is_not_invented_where_none_is_stated() -> None:
    assert scored(_001_b={"title": "La gare ferme"})["seeds.title_not_invented"].value == 1.0


def test_absent_shared_is_one_sentence_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quality.main(["--shared", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_folder_that_is_not_shared_is_named_with_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "score").mkdir()
    assert quality.main(["--shared", str(tmp_path)]) == 2
    assert "it has no pages/raw, pages/gold" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "code"), [(0.999, 0), (0.5, 1)])
def test_exit_code_says_whether_floors_hold(
    value: float, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measures = [Measure(name=name, value=value) for name in load_floors()["language"]]
    monkeypatch.setitem(quality.PARTS, "language", lambda *_, **__: measures)
    assert quality.evaluate(tmp_path, ["language"], workers=1) == code
    assert "| lid.long" in capsys.readouterr().out
