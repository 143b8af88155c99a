"""The small versions of `make soak`: one claim each, the same code."""

import pytest

from tests.soak.__main__ import main
from tests.soak.fuzz import fuzz
from tests.soak.runs import clock_set_back, files_that_grow, full_disk, second_run
from tests.soak.stages import plant_faults
from tests.soak.table import Line

pytestmark = pytest.mark.crash
# One of each kind of fault, no stage left out.
FAULTS = [
    ("read", "raise"), ("extract", "exit"), ("enrich", "segfault"), ("settle", "kill"), ("write", "disk"),
    ("fsync", "raise"), ("rename", "kill"), ("lines", "exit"), ("rules", "raise"),
]  # fmt: skip


def line_of(part: object, **told: object) -> Line:
    line = Line(what="test")
    part(line, **told)  # type: ignore[operator]
    return line


def test_mutated_pages_are_one_row_each_and_their_neighbours_do_not_notice() -> None:
    line = line_of(fuzz, seed=2, first=0, n_pages=100)
    assert line.is_good, line.findings


def test_a_fault_in_any_stage_costs_its_page_or_its_run_and_nothing_else() -> None:
    line = line_of(plant_faults, faults=FAULTS)
    assert line.is_good, line.findings


def test_a_build_over_growing_files_loses_and_doubles_nothing() -> None:
    line = line_of(files_that_grow, n_runs=2)
    assert line.is_good, line.findings


def test_no_byte_depends_on_the_clock() -> None:
    line = line_of(clock_set_back)
    if line.how_many.startswith("skipped"):
        pytest.skip(line.how_many)
    assert line.is_good, line.findings


@pytest.mark.flow
def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on() -> None:
    line = line_of(full_disk)
    if line.how_many.startswith("skipped"):
        pytest.skip(line.how_many)
    assert line.is_good, line.findings


@pytest.mark.flow
def test_a_second_run_is_refused_while_the_first_works() -> None:
    line = line_of(second_run, n_pages=500)
    assert line.is_good, line.findings


def test_an_unknown_part_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tides"])
    assert ended.value.code == 2
    assert "tides is no part" in capsys.readouterr().err
