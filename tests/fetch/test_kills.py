"""A fetch that is killed again and again loses nothing and asks for little twice."""

import random
from pathlib import Path

import pytest

from tests.fetch.driver import archived, fetch, settings_of
from tests.fetch.kills import kill_at, n_records
from tests.fetch.server import serving

pytestmark = pytest.mark.crash
CONNECTIONS = 8


def test_nothing_is_lost_and_only_what_was_under_way_is_asked_for_twice(tmp_path: Path) -> None:
    dice, n_kills = random.Random(7), 5
    with serving(tmp_path / "requests.jsonl", outlets=4, pages=200, delay_s=0.005) as site:
        settings = settings_of(tmp_path, site, fetch_connections=CONNECTIONS)
        for _ in range(n_kills):
            kill_at(settings, dice.uniform(1.0, 2.5))
        report = fetch(settings)
        due = site.due()
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
