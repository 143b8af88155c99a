"""A whole fetch of a real site on loopback: everything once, politely, and again only what changed."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tasks.acquire.ledger import open_ledger
from tests.driver import build
from tests.fetch.driver import archived, fetch, settings_of
from tests.fetch.outlets import FORBIDDEN
from tests.fetch.server import RunningSite, serving

pytestmark = pytest.mark.pool

OUTLETS, PAGES = 10, 120
LATER = timedelta(hours=3)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    with serving(tmp_path / "requests.jsonl", outlets=OUTLETS, pages=PAGES) as running:
        yield running


def test_every_article_is_in_one_record_then_only_what_changed_comes_again(site: RunningSite, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, site)
    first = fetch(settings)
    assert archived(settings.raw_dir) == Counter(dict.fromkeys(site.due(), 1))
    assert first.n_fetched == len(site.due())
    assert not first.errors
    assert not [asked for asked in site.requests() if asked["target"].startswith("/private/")]

    n_asked = len(site.requests())
    second = fetch(settings, later=LATER)
    again = site.requests()[n_asked:]
    assert archived(settings.raw_dir) == Counter(dict.fromkeys(site.due(), 1))
    assert (second.n_fetched, sum(source.n_unchanged for source in second.sources)) == (0, len(site.due()))
    assert all(asked["conditional"] for asked in again if asked["target"] != "/robots.txt")
    assert {asked["status"] for asked in again if asked["target"] != "/robots.txt"} == {304}

    site.change(5)
    third = fetch(settings, later=4 * LATER)
    assert third.n_fetched == 5 * OUTLETS
    assert archived(settings.raw_dir).total() == len(site.due()) + 5 * OUTLETS

    build(settings.raw_dir, settings.out_dir)
    pages = ds.dataset(settings.out_dir / "pages").to_table(columns=["url", "status", "source"]).to_pylist()
    accepted = [row["url"] for row in pages if row["status"] == "accepted"]
    assert len(accepted) == len(site.due()) + 5 * OUTLETS
    assert set(accepted) == site.due()
    assert {row["source"] for row in pages if row["status"] == "accepted"} == {
        f"outlet-{number:02d}" for number in range(OUTLETS)
    }


def test_no_host_is_asked_faster_or_wider_than_its_source_says(site: RunningSite, tmp_path: Path) -> None:
    delay_s, connections = 0.04, 2
    fetch(settings_of(tmp_path, site, sources=site.sources(delay_s=delay_s, connections=connections), fetch_run_s=4))
    by_host: dict[str, list[float]] = {}
    for asked in site.requests():
        by_host.setdefault(asked["host"], []).append(asked["at"])
        assert asked["n_open"] <= connections
    assert len(by_host) == OUTLETS
    for times in by_host.values():
        gaps = [later - earlier for earlier, later in zip(sorted(times), sorted(times)[1:], strict=False)]
        # The server notes when a request has arrived; what the network lends one it takes from the next.
        assert min(gaps) > delay_s - 0.015
        assert sum(gaps) / len(gaps) >= delay_s


def test_what_robots_forbids_is_in_the_ledger_and_never_asked_for(site: RunningSite, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, site)
    report = fetch(settings)
    assert sum(source.failed.get("robots", 0) for source in report.sources) == OUTLETS * len(
        [page for page in range(PAGES) if page % 100 == FORBIDDEN]
    )
    outlet = site.site.outlets[0]
    with open_ledger(settings.database_url) as ledger:
        row = ledger.find(f"http://{outlet.host}:{site.site.port}{outlet.path(FORBIDDEN)}")
    assert row is not None
    assert row.asked_at is not None
    assert row.due_at is not None
    assert row.due_at - row.asked_at > timedelta(hours=23)  # when robots.txt is read again


def test_no_cookie_and_no_other_name_than_our_own_goes_out(site: RunningSite, tmp_path: Path) -> None:
    fetch(settings_of(tmp_path, site), limit=3)
    asked = site.requests()
    assert not any(request["has_cookie"] for request in asked)
    assert all("tests@marsad.example" in request["agent"] for request in asked)


def test_a_limit_leaves_the_rest_to_the_next_fetch(site: RunningSite, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, site)
    first = fetch(settings, limit=3)
    assert all(source.n_asked <= 4 for source in first.sources)  # a redirect adds the page it leads to
    assert all(source.n_waiting > 0 for source in first.sources)
    fetch(settings)
    assert archived(settings.raw_dir) == Counter(dict.fromkeys(site.due(), 1))
