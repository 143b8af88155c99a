from pathlib import Path

import pytest

from benchmarks.floors import Measure, below_floor, is_above, is_below, load_floors, to_markdown
from benchmarks.quality import PARTS


def test_floors_stand_under_parts_that_are_measured() -> None:
    assert set(load_floors()) == {*PARTS, "throughput", "peers", "scale", "memory", "fetching"}


def test_floors_of_quality_are_shares_of_one_and_ceilings_of_scale_are_seconds() -> None:
    parts = load_floors()
    assert all(name.endswith("_s") for name in parts.pop("scale"))
    for name in ("throughput", "peers", "memory", "fetching"):
        assert all(value > 0 for value in parts.pop(name).values())
    assert all(0 < floor <= 1 for part in parts.values() for floor in part.values())


@pytest.mark.parametrize(
    ("value", "is_too_low"), [(0.9206, False), (0.9204, True), (0.93, False), (None, True)], ids=str
)
def test_value_is_compared_as_rounded_to_the_decimals_of_its_floor(value: float | None, is_too_low: bool) -> None:
    assert is_below(value, 0.921) is is_too_low


@pytest.mark.parametrize(("value", "is_too_high"), [(0.9996, False), (1.0004, False), (1.0006, True)], ids=str)
def test_seconds_miss_their_ceiling_above_it(value: float, is_too_high: bool) -> None:
    assert is_above(value, 1.0) is is_too_high


def test_measure_without_floor_is_never_below() -> None:
    assert not is_below(None, None)


def test_floor_that_nothing_measured_is_missed() -> None:
    assert below_floor([Measure(name="a", value=1.0)], {"a": 0.5, "b": 0.5}) == ["b"]


def test_table_lines_up_and_names_what_is_below() -> None:
    measures = [
        Measure(name="traf.title", value=0.6, alone=0.634),
        Measure(name="seeds: with", value=0.5, shown="7 of 14"),
    ]
    assert to_markdown(measures, {"traf.title": 0.634, "lid.long": 0.995}).splitlines() == [
        "| measure     | trafilatura alone |  Marsad | floor | verdict |",
        "|-------------|------------------:|--------:|------:|--------:|",
        "| traf.title  |             0.634 |   0.600 | 0.634 |   BELOW |",
        "| seeds: with |                 – | 7 of 14 |     – |         |",
        "| lid.long    |                 – |       – | 0.995 |   BELOW |",
    ]


def test_floors_file_says_where_each_part_comes_from() -> None:
    text = Path("benchmarks/floors.yaml").read_text(encoding="utf-8")
    for part in load_floors():
        assert f"{part}:\n  # " in text
