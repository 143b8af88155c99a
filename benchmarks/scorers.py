"""The scorers of `../shared/score`, as they lie there: functions loaded by path, commands run as scripts."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

ACCURACY = re.compile(r"^(?P<name>.+?)\s+n=\s*(?P<n>\d+) accuracy=(?P<accuracy>[\d.]+)$", re.MULTILINE)
ENTITIES = re.compile(r"^\w+ (?P<type>PER|ORG|LOC|ALL) P=(?P<p>[\d.]+) R=(?P<r>[\d.]+) F=(?P<f>[\d.]+)", re.MULTILINE)


NAMES = re.compile(r"P=(?P<p>[\d.]+) R=(?P<r>[\d.]+) F=(?P<f>[\d.]+)")


class ScorerFailed(Exception):
    """A scorer did not come to its end; the message has what it said last."""


def load_scorer(shared: Path, name: str) -> ModuleType:
    """A scorer as a module, e.g. `score_documents`."""
    path = shared / "score" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScorerFailed(f"{path} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def marsad_command() -> Path:
    """The console script of the environment that runs this."""
    return Path(sys.executable).with_name("marsad")


def run_scorer(shared: Path, name: str, arguments: Sequence[str | Path], *, stage: str = "tag") -> str:
    """What a scorer prints about `marsad tag`, or another stage. Raises ScorerFailed where it or the command fails."""
    command = [sys.executable, shared / "score" / f"{name}.py", *arguments, "--", marsad_command(), stage]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise ScorerFailed(f"{name} ended with exit code {done.returncode}, saying: {said[-1]}")
    return done.stdout


def score_language(shared: Path, gold: Path) -> dict[str, float]:
    """Accuracy of `marsad tag` by language and by length, under the names the scorer prints."""
    printed = run_scorer(shared, "score_language", [gold])
    return {found["name"]: float(found["accuracy"]) for found in ACCURACY.finditer(printed)}


def score_entities(shared: Path, language: str, gold: Path) -> dict[str, tuple[float, float, float]]:
    """Precision, recall and F of `marsad tag` by entity type (PER, ORG, LOC, ALL)."""
    printed = run_scorer(shared, "score_entities", [language, gold])
    return {
        found["type"]: (float(found["p"]), float(found["r"]), float(found["f"])) for found in ENTITIES.finditer(printed)
    }


def score_names(shared: Path, gold: Path) -> tuple[float, float, float]:
    """B-cubed precision, recall and F of `marsad identify`."""
    printed = run_scorer(shared, "score_names", [gold], stage="identify")
    found = NAMES.search(printed)
    if found is None:
        raise ScorerFailed(f"score_names printed no score: {printed!r}")
    return float(found["p"]), float(found["r"]), float(found["f"])
