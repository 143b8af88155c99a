"""Fetches at length: a whole site of twenty outlets, and SIGKILL of fetches at any moment."""

import random
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.fetch.driver import archived, fetch, settings_of
from tests.fetch.kills import kill_at, n_records
from tests.fetch.server import serving
from tests.soak.table import Line

CONNECTIONS = 8
LATER = timedelta(hours=3)
N_CHANGED = 10


def whole_site(line: Line, *, outlets: int, pages: int) -> None:
    """Everything once; nothing new the second time; the third time what changed."""
    with (
        tempfile.TemporaryDirectory(prefix="marsad-site-") as folder,
        serving(Path(folder) / "requests.jsonl", outlets=outlets, pages=pages) as site,
    ):
        settings, due = settings_of(Path(folder), site, fetch_run_s=3_600), site.due()
        fetch(settings)
        _hold(line, archived(settings.raw_dir), due, n_more=0, when="after the first fetch")
        second = fetch(settings, later=LATER)
        _hold(line, archived(settings.raw_dir), due, n_more=0, when="after the second fetch")
        if second.n_fetched:
            line.complain(f"the second fetch archived {second.n_fetched} pages, though none had changed")
        site.change(N_CHANGED)
        third = fetch(settings, later=4 * LATER)
        _hold(line, archived(settings.raw_dir), due, n_more=N_CHANGED * outlets, when="after the third fetch")
        if third.n_fetched != N_CHANGED * outlets:
            line.complain(f"{N_CHANGED * outlets} pages had changed, {third.n_fetched} came")
        if forbidden := [asked for asked in site.requests() if asked["target"].startswith("/private/")]:
            line.complain(f"{len(forbidden)} pages that robots.txt forbids were asked for")
    line.how_many = f"{len(due)} pages of {outlets} outlets, three times"


def kill_fetches(line: Line, *, n_kills: int, progress: Callable[[int], None] = lambda _: None) -> None:
    """Kills of one fetch after another, then one that ends."""
    dice = random.Random(11)
    with (
        tempfile.TemporaryDirectory(prefix="marsad-kills-") as folder,
        serving(Path(folder) / "requests.jsonl", outlets=10, pages=60 * n_kills, delay_s=0.01) as site,
    ):
        settings, due = settings_of(Path(folder), site, fetch_connections=CONNECTIONS), site.due()
        for number in range(n_kills):
            kill_at(settings, dice.uniform(0.5, 3.0))
            progress(number + 1)
        fetch(settings)
        found = archived(settings.raw_dir)
        line.lost += len(due - set(found))
        line.doubled += max(0, found.total() - len(found) - n_kills * CONNECTIONS)
        pages = [asked["host"] + asked["target"] for asked in site.requests() if "-quay.html" in asked["target"]]
        if len(pages) - len(set(pages)) > n_kills * CONNECTIONS:
            line.complain(f"{len(pages) - len(set(pages))} pages were asked for twice in {n_kills} kills")
        for path in sorted((settings.raw_dir / "warc").rglob("*.warc.gz")):
            by_fastwarc, by_warcio = n_records(path)
            if by_fastwarc != by_warcio:
                line.complain(f"{path.name}: {by_fastwarc} records by fastwarc, {by_warcio} by warcio")
    line.how_many = f"{n_kills} kills, {len(due)} pages"


def _hold(line: Line, found: dict[str, int], due: set[str], *, n_more: int, when: str) -> None:
    line.lost += len(due - set(found))
    line.doubled += sum(found.values()) - len(due) - n_more
    if strange := set(found) - due:
        line.complain(f"{when}: {len(strange)} pages that were not due, e.g. {sorted(strange)[0]}")
