"""`make` alone says what there is to make, and what a machine lacks for it."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_make_help_names_every_target() -> None:
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    said = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in said.splitlines()} == set(phony.split()[1:])


def tools(path: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    """`make icu-tools` where no program but these is in the path."""
    path.mkdir()
    for name in ("sh", "make", *names):
        (path / name).symlink_to(str(shutil.which(name)))
    environment = {"PATH": str(path)}
    return subprocess.run(
        ["make", "-s", "icu-tools"], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )


def test_what_pyicu_lacks_is_said_with_the_one_line_that_installs_it(tmp_path: Path) -> None:
    done = tools(tmp_path / "bare")
    said = done.stderr.splitlines()
    assert done.returncode != 0
    assert said[0] == "PyICU cannot be compiled, for want of: pkg-config, a C++ compiler, libicu-dev"
    assert said[1].strip() == "apt-get install -y libicu-dev pkg-config g++ && make icu"


def test_the_environment_is_made_without_pyicu_too() -> None:
    told = subprocess.run(
        ["make", "-n", "-W", "requirements.lock", "env"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Going on without PyICU" in told.stdout
    assert "pyicu" not in (ROOT / "requirements.lock").read_text().lower()
    assert "pyicu==" in (ROOT / "requirements-icu.lock").read_text()
