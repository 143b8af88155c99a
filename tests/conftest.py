"""What tests share: where the samples and the real pages are, and a build of the samples."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.driver import build

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "raw"
EXPECTED = Path(__file__).resolve().parent / "samples" / "expected.jsonl"
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages beside the project; tests that measure on it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared, the folder of real pages, is not here")
    return SHARED


@pytest.fixture(scope="session")
def samples_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The datasets of the sample pages, built once; tests do not write into it."""
    out = tmp_path_factory.mktemp("samples") / "parquet"
    build(SAMPLES, out)
    return out


@pytest.fixture(scope="session")
def expected() -> list[dict[str, Any]]:
    """What a right row says, for every raw record of the samples."""
    return [json.loads(line) for line in EXPECTED.read_text(encoding="utf-8").splitlines()]
