"""Two processes that fetch into one ledger at once, of either kind: no page twice, neither undoes the other's work."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from config.settings import Settings
from tasks.acquire.ledger import open_ledger
from tasks.fetch.fetching import rebuild_ledger
from tests.fetch.driver import archived, fetch, settings_of
from tests.fetch.server import serving

pytest_plugins = ["tests.acquire.databases"]
pytestmark = pytest.mark.pool


def test_two_runs_at_once_ask_no_host_more_often_than_one_may(tmp_path: Path) -> None:
    delay_s = 0.1
    with serving(tmp_path / "requests.jsonl", outlets=2, pages=30) as site:
        sources = site.sources(delay_s=delay_s)
        settings = settings_of(tmp_path, site, sources=sources, fetch_run_s=2)
        fetch(settings, limit=1)  # pages are due then: the second has something to ask for
        n_asked = len(site.requests())
        with started(settings) as first, started(settings) as second:
            assert (first.wait(60), second.wait(60)) == (0, 0)
        for outlet in site.site.outlets:
            times = sorted(asked["at"] for asked in site.requests()[n_asked:] if asked["host"] == outlet.host)
            assert min(later - earlier for earlier, later in pairwise(times)) > delay_s - 0.02


def started(settings: Settings) -> "subprocess.Popen[bytes]":
    told = json.loads(settings.model_dump_json(exclude_defaults=True))
    return subprocess.Popen([sys.executable, "-m", "tests.fetch.driver", json.dumps(told)])


def test_two_runs_at_once_fetch_each_page_once(tmp_path: Path, ledger_url: str) -> None:
    with serving(tmp_path / "requests.jsonl", outlets=5, pages=100, delay_s=0.002) as site:
        settings = settings_of(tmp_path, site, ledger_url=ledger_url)
        with started(settings) as first, started(settings) as second:
            assert (first.wait(60), second.wait(60)) == (0, 0)
        due = {f"http://{o.host}:{site.site.port}{path}" for o in site.site.outlets for path in o.expected()}
        assert archived(settings.raw_dir) == Counter(dict.fromkeys(due, 1))
        asked = Counter(one["host"] + one["target"] for one in site.requests() if "-quay.html" in one["target"])
        assert set(asked.values()) == {1}
    with open_ledger(settings.database_url) as ledger:
        before = ledger.by_outcome()
        assert "found" not in before
        assert ledger.due_counts(datetime.now(UTC) + timedelta(days=9)).keys() == {
            f"outlet-{number:02d}" for number in range(5)
        }
    rebuild_ledger(settings)
    with open_ledger(settings.database_url) as ledger:
        assert ledger.by_outcome() == before


OPENINGS = """
import sys, time
from tasks.acquire.ledger import open_ledger
for number in range(30):
    while time.time() < float(sys.argv[2]) + number / 20:
        pass
    with open_ledger(f"sqlite:///{sys.argv[1]}/{number}.db") as ledger:
        ledger.n_urls()
"""


def test_a_new_ledger_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENINGS, str(tmp_path), str(time.time() + 1.5)]
    with subprocess.Popen(command) as first, subprocess.Popen(command) as second:
        assert (first.wait(60), second.wait(60)) == (0, 0)
