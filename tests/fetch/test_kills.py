"""A fetch that is killed again and again loses nothing and asks for little twice."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from config.settings import Settings
from tests.fetch.driver import archived, fetch, settings_of
from tests.fetch.server import serving

pytestmark = pytest.mark.crash
CONNECTIONS = 8


def start(settings: Settings) -> subprocess.Popen[bytes]:
    told = json.loads(settings.model_dump_json(exclude_defaults=True))
    return subprocess.Popen([sys.executable, "-m", "tests.fetch.driver", json.dumps(told)], start_new_session=True)


def kill_at(settings: Settings, seconds: float) -> None:
    with start(settings) as process:
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)


def n_records(path: Path) -> tuple[int, int]:
    """The records of a file by fastwarc and by warcio, once it is known to be whole gzip."""
    with gzip.open(path) as file:
        while file.read(1 << 20):
            pass
    with path.open("rb") as file:
        by_fastwarc = sum(1 for _ in ArchiveIterator(file))
    with path.open("rb") as file:
        by_warcio = sum(1 for _ in WarcioIterator(file, check_digests="raise"))
    return by_fastwarc, by_warcio


def test_nothing_is_lost_and_only_what_was_under_way_is_asked_for_twice(tmp_path: Path) -> None:
    dice, n_kills = random.Random(7), 5
    with serving(tmp_path / "requests.jsonl", outlets=4, pages=200, delay_s=0.005) as site:
        settings = settings_of(tmp_path, site, fetch_connections=CONNECTIONS)
        for _ in range(n_kills):
            kill_at(settings, dice.uniform(1.0, 2.5))
        report = fetch(settings)
        due = {f"http://{o.host}:{site.site.port}{path}" for o in site.site.outlets for path in o.expected()}
        found = archived(settings.raw_dir)
        assert set(found) == due
        assert not report.errors
        assert found.total() - len(due) <= n_kills * CONNECTIONS
        pages = [asked["host"] + asked["target"] for asked in site.requests() if "-quay.html" in asked["target"]]
        assert len(pages) - len(set(pages)) <= n_kills * CONNECTIONS
    files = sorted((settings.raw_dir / "warc").rglob("*.warc.gz"))
    assert len(files) > 1
    for path in files:
        by_fastwarc, by_warcio = n_records(path)
        assert by_fastwarc == by_warcio > 0
