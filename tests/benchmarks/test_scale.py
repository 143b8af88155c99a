from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.generated import Shape
from benchmarks.throughput import Unusable
from tasks.store.layout import dataset_files


@pytest.mark.pool
def test_every_measure_but_the_new_pages_stands_in_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "TIMES", 1)
    scale.main(["--rows", "2000", "--files", "4", "--small", "6", "--new", "0"])
    table = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert table == [
        "what",
        "nothing to do",
        "settle, nothing better known",
        "nothing to do, small files",
        "count by language and month",
        "latest by URL",
    ]


def test_table_says_which_ceiling_is_missed() -> None:
    assert scale.report({"count_s": 1.2, "latest_s": 0.5, "incremental_s": 20.0}, {"count_s": 1, "latest_s": 1}) == (
        "| what                        | seconds | ceiling | verdict |\n"
        "|-----------------------------|--------:|--------:|--------:|\n"
        "| count by language and month |    1.20 |       1 |   ABOVE |\n"
        "| latest by URL               |    0.50 |       1 |      ok |\n"
        "| new pages, whole command    |   20.00 |       – |         |"
    )


@pytest.mark.pool
def test_kept_rows_are_used_again_where_their_shape_is_the_one_asked_for(tmp_path: Path) -> None:
    shape = Shape(n_files=2, rows_per_file=3)
    files = dataset_files(scale.prepare(tmp_path, shape=shape).out / "documents")
    times = [path.stat().st_mtime_ns for path in files]
    scale.prepare(tmp_path, shape=shape)
    assert [path.stat().st_mtime_ns for path in files] == times


@pytest.mark.pool
def test_kept_rows_of_another_shape_are_refused_and_left_alone(tmp_path: Path) -> None:
    folders = scale.prepare(tmp_path, shape=Shape(n_files=2, rows_per_file=3))
    with pytest.raises(Unusable, match="name another folder"):
        scale.prepare(tmp_path, shape=Shape(n_files=3, rows_per_file=3))
    assert len(dataset_files(folders.out / "documents")) == 2


@pytest.mark.flow
def test_new_pages_are_built_and_timed_as_the_command_reports_them(tmp_path: Path) -> None:
    folders = scale.prepare(tmp_path, shape=Shape(n_files=2, rows_per_file=3))
    wall_s, build_s = scale.incremental_s(folders, n_pages=4)
    assert 0 < build_s < wall_s
    assert len(dataset_files(folders.out / "pages")) > 2


def test_rows_that_do_not_go_into_the_files_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        scale.main(["--rows", "10", "--files", "3"])
    assert stopped.value.code == 2
    assert "10 rows do not go into 3 files evenly" in capsys.readouterr().err


def test_a_folder_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "letter.txt").write_text("mine")
    assert scale.main(["--keep", str(tmp_path)]) == 2
    assert "holds other rows than 1000000" in capsys.readouterr().err
