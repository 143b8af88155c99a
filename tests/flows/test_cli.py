"""The command line: what it prints, what it refuses, how it ends. No Prefect in here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLES
from tests.pipeline.raw_pages import write_loose

pytestmark = pytest.mark.pool

ROOT = Path(__file__).resolve().parents[2]
MARSAD = [str(Path(sys.executable).with_name("marsad"))]


def marsad(*arguments: object, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    """One call of the installed console script."""
    return subprocess.run(
        [*MARSAD, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    "command",
    ["", "run", "settle", "rebuild", "fetch", "sources", "state", "why", "serve", "query", "tag", "identify", "doctor"],
)
def test_every_command_has_help(command: str) -> None:
    done = marsad(*([command] if command else []), "--help")
    assert done.returncode == 0
    assert "Usage: marsad" in done.stdout


@pytest.mark.parametrize("group", ["sources", "state"])
def test_a_group_of_commands_shows_its_help(group: str) -> None:
    done = marsad(group)
    assert done.returncode == 0
    assert f"Usage: marsad {group}" in done.stdout


@pytest.mark.parametrize("mistake", ["runn", "run extra", "run --workers x", "query", "query x --format xml"])
def test_a_typing_mistake_is_one_sentence_and_exit_2(mistake: str) -> None:
    done = marsad(*mistake.split())
    assert done.returncode == 2
    assert done.stderr.startswith("marsad: ")
    assert done.stderr.count("\n") == 1


def test_a_file_as_output_folder_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    write_loose(tmp_path / "raw" / "a", range(1))
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    done = marsad("run", "--raw", tmp_path / "raw", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_a_file_that_marsad_did_not_write_is_named_and_kept(samples_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(samples_out, out)
    stranger = out / "documents" / "mine.parquet"
    shutil.copy(next((out / "documents").rglob("*.parquet")), stranger)
    for command in ("run", "rebuild"):
        done = marsad(command, "--raw", SAMPLES, "--out", out)
        assert done.returncode == 2
        assert "mine.parquet" in done.stderr
        assert stranger.exists()


def test_a_missing_raw_folder_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    done = marsad("run", "--raw", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "nowhere does not exist" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_folder_inside_the_raw_folder_is_refused(tmp_path: Path) -> None:
    write_loose(tmp_path / "raw" / "a", range(1))
    done = marsad("run", "--raw", tmp_path / "raw", "--out", tmp_path / "raw" / "out")
    assert done.returncode == 2
    assert "lie in one another" in done.stderr


def test_another_raw_root_is_refused(samples_out: Path, tmp_path: Path) -> None:
    write_loose(tmp_path / "other" / "a", range(1))
    done = marsad("run", "--raw", tmp_path / "other", "--out", samples_out)
    assert done.returncode == 2
    assert "belongs to the raw folder" in done.stderr


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("workers: 0", "workers"),
        ("wrokers: 2", "wrokers"),
        ("[1, 2", "cannot be read"),
        ("- 1", "not names with values"),
    ],
)
def test_a_broken_settings_file_is_named_with_its_field(content: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(content, encoding="utf-8")
    done = marsad("run", "--settings", file)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "mine.yaml" in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_to_do_ends_without_prefect_and_writes_nothing(samples_out: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in samples_out.rglob("*")}
    state = tmp_path / "settings.yaml"
    state.write_text(f"state_dir: {tmp_path / 'state'}\n", encoding="utf-8")
    done = marsad("run", "--raw", SAMPLES, "--out", samples_out, "--settings", state)
    assert done.returncode == 0
    assert "Nothing to do" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in samples_out.rglob("*")} == before
    assert not (tmp_path / "state").exists()


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    write_loose(tmp_path / "raw" / "a", range(1))
    code = (
        "import sys, time; from pathlib import Path; from tasks.store.lock import output_lock\n"
        "with output_lock(Path(sys.argv[1]), holder='a test'): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "out")], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        done = marsad("run", "--raw", tmp_path / "raw", "--out", tmp_path / "out")
    finally:
        holder.kill()
        holder.communicate()
    assert done.returncode == 2
    assert f"is being written by a test (process {holder.pid})" in done.stderr


def test_query_prints_a_table_csv_and_json(samples_out: Path) -> None:
    sql = "SELECT language, count(*) AS n FROM documents GROUP BY language ORDER BY language"
    table = marsad("query", sql, "--out", samples_out)
    assert "language" in table.stdout
    assert "4 rows" in table.stdout
    assert marsad("query", sql, "--out", samples_out, "--format", "csv").stdout.startswith("language,n\nar,")
    rows = [
        json.loads(line) for line in marsad("query", sql, "--out", samples_out, "--format", "json").stdout.splitlines()
    ]
    assert [row["language"] for row in rows] == ["ar", "en", "es", "fr"]


def test_query_says_what_is_wrong_with_the_sql(samples_out: Path) -> None:
    done = marsad("query", "SELECT nothing FROM documents", "--out", samples_out)
    assert done.returncode == 2
    assert 'column "nothing" not found' in done.stderr


def test_query_of_an_empty_folder_names_the_remedy(tmp_path: Path) -> None:
    done = marsad("query", "SELECT 1", "--out", tmp_path)
    assert done.returncode == 2
    assert "marsad run" in done.stderr


def test_tag_answers_every_line_and_keeps_offsets() -> None:
    asked: list[dict[str, Any]] = [
        {"id": 1, "text": "M. Karim Benali est arrivé à Marrakech, au Maroc."},
        {"id": "b", "text": "زار الوزير مدينة طنجة في المغرب", "language": "ar"},
    ]
    done = marsad("tag", stdin="".join(json.dumps(line) + "\n" for line in asked))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [1, "b"]
    assert [answer["language"] for answer in answers] == ["fr", "ar"]
    for line, answer in zip(asked, answers, strict=True):
        assert answer["entities"]
        for entity in answer["entities"]:
            assert str(line["text"])[entity["start_char"] : entity["end_char"]] == entity["surface"]


def test_tag_reports_a_broken_line_in_its_place_and_ends_with_1() -> None:
    done = marsad("tag", stdin='{"id": 1, "text": "Bonjour Paris"}\nnot json\n{"id": 3}\n')
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [answer.get("line") for answer in answers] == [None, 2, 3]
    assert "2 lines could not be read" in done.stderr
