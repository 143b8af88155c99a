"""README says what is: its tables come from the code, its commands run, its Python runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.readme_tables import COMMAND_BLOCK, README, answer, filled

TEXT = README.read_text(encoding="utf-8")
PYTHON_BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [(found["command"], found["output"]) for found in COMMAND_BLOCK.finditer(TEXT)]


def test_the_generated_tables_are_up_to_date() -> None:
    assert filled(TEXT) == TEXT, "run `make readme`"


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command[:40] for command, _ in COMMANDS])
def test_every_command_prints_what_the_readme_shows(
    command: str, output: str, samples_out: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"out_dir: {samples_out}\n", encoding="utf-8")
    assert answer(command, MARSAD_SETTINGS=str(settings)) == output


@pytest.mark.parametrize("code", PYTHON_BLOCKS)
def test_every_python_block_runs_on_the_samples(code: str, samples_out: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "parquet").symlink_to(samples_out)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_every_command_of_the_command_line_is_in_the_readme() -> None:
    for command in (
        "run",
        "settle",
        "rebuild",
        "fetch",
        "sources",
        "state",
        "why",
        "serve",
        "query",
        "tag",
        "identify",
        "doctor",
    ):
        assert f"`marsad {command}" in TEXT


def test_readme_pictures_exist() -> None:
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT):
        assert (README.parent / picture).stat().st_size > 10_000
