"""`marsad doctor`: what has which recogniser, what is broken, and what to do about it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLES

pytestmark = pytest.mark.pool

ROOT = Path(__file__).resolve().parents[2]


def doctor(folder: Path, *arguments: object, first: str = "", **stated: object) -> "subprocess.CompletedProcess[str]":
    """One call over settings that keep its state in a folder of the test; `first` is Python that runs before it."""
    file = folder / "settings.yaml"
    file.write_text(
        json.dumps({"state_dir": str(folder / "state"), "out_dir": str(folder / "out"), **stated}), encoding="utf-8"
    )
    code = f"{first}\nfrom flows.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "doctor", "--settings", str(file), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def findings(done: "subprocess.CompletedProcess[str]") -> dict[tuple[str, str], dict[str, Any]]:
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {(row["check"], row["of"]): row for row in rows}


def test_every_language_is_named_with_what_it_has_and_all_is_well(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--format", "json", recognisers={"es": "lexicon"})
    found = findings(done)
    assert found["recogniser", "es"]["found"] == "lexicon"
    assert found["recogniser", "all other languages"]["found"] == "lexicon"
    for language in ("ar", "fr", "en"):
        row = found["recogniser", language]
        assert row["found"] == "trained"
        assert row["file"].endswith(f"names.{language}.npz")
        assert 0 < row["MB"] < 15
    del found["names across scripts", "PyICU"]  # a machine may do without
    assert all(row["state"] == "ok" for row in found.values()), done.stderr


def test_the_table_is_for_people(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert "│ recogniser" in done.stdout
    assert "names across scripts" in done.stdout


def test_a_pipeline_that_is_not_installed_is_a_sentence_and_exit_1(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--format", "json", recognisers={"fr": "fr_core_news_md", "de": "trained"})
    found = findings(done)
    assert found["recogniser", "fr"]["state"] == found["recogniser", "de"]["state"] == "broken"
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert said[0].startswith("marsad: de: no trained model of names ships in ")
    assert said[1].startswith("marsad: fr: the spaCy pipeline fr_core_news_md is not installed; ")
    assert " checks found something broken" in said[-1]


def test_without_pyicu_the_line_that_installs_it_is_said(tmp_path: Path) -> None:
    gone = (
        "import importlib.util as util\nreal = util.find_spec\n"
        "util.find_spec = lambda name, package=None: None if name == 'icu' else real(name, package)"
    )
    done = doctor(tmp_path, "--format", "json", first=gone)
    row = findings(done)["names across scripts", "PyICU"]
    assert (row["found"], row["state"]) == ("no", "broken")
    assert "apt-get install -y libicu-dev pkg-config g++ && make icu" in done.stderr
    assert done.returncode == 1


def test_a_library_of_another_version_is_named(tmp_path: Path) -> None:
    other = (
        "import importlib.metadata as metadata\nreal = metadata.version\n"
        "metadata.version = lambda name: '0.1' if name == 'lxml' else real(name)"
    )
    done = doctor(tmp_path, "--format", "json", first=other)
    assert findings(done)["library", "lxml"]["version"] == "0.1"
    assert "lxml>=6 is required, 0.1 is installed; `make env`" in done.stderr


def test_folders_and_ledger_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ledger.db").write_bytes(b"no database" * 99)
    done = doctor(tmp_path, "--format", "json")
    found = findings(done)
    assert found["folder", "out_dir"]["state"] == "broken"
    assert found["ledger", "SQLite"]["state"] == "broken"
    assert f"{tmp_path}/out is no folder; set out_dir to another" in done.stderr
    assert "delete it and run `marsad state rebuild`" in done.stderr
    assert done.returncode == 1


def test_the_datasets_of_another_raw_folder_are_told_and_nothing_is_written(samples_out: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in samples_out.rglob("*")}
    well = findings(doctor(tmp_path, "--format", "json", "--out", samples_out, "--raw", SAMPLES))
    assert well["datasets", "pages"]["state"] == "ok"
    assert well["datasets", "pages"]["found"] == "10 batches, 0 of another version"
    other = doctor(tmp_path, "--format", "json", "--out", samples_out, "--raw", tmp_path)
    assert f"belongs to the raw folder {SAMPLES}, not to {tmp_path}" in other.stderr
    assert {path: path.stat().st_mtime_ns for path in samples_out.rglob("*")} == before
    assert not (tmp_path / "state").exists()
