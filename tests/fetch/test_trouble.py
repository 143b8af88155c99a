"""When a source, a disk or a ledger fails, or someone stops the run: the others go on, nothing is lost or made up."""

import itertools
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from tasks.acquire.ledger import open_ledger
from tasks.fetch.fetching import fetch_source as one_source
from tasks.fetch.fetching import open_fetch, rebuild_ledger
from tasks.records.errors import UsageError
from tests.fetch.driver import archived, fetch
from tests.fetch.scripted import OTHER, OUTLET, Said, Scripted, feed, led_to, scripted

pytestmark = pytest.mark.pool
LATER = timedelta(hours=2)


def two_outlets(site: Scripted, n_pages: int) -> None:
    for host in (OUTLET, OTHER):
        site.answers[f"{host}/feed"] = feed(*(site.url(f"/{n}", host) for n in range(n_pages)))
        site.answers |= {f"{host}/{n}": Said() for n in range(n_pages)}


def two_sources(site: Scripted, folder: Path, **told: Any) -> Settings:
    entries = "".join(
        f"  - name: {name}\n    delay_s: 0\n    start:\n      - feed: {site.url('/feed', host)}\n"
        for name, host in (("one", OUTLET), ("two", OTHER))
    )
    return site.settings(folder, sources=entries, **told)


def test_what_a_failing_ledger_did_not_take_is_taken_from_the_archive_by_the_next_run(tmp_path: Path) -> None:
    with scripted({}) as site:
        two_outlets(site, 20)
        settings = two_sources(site, tmp_path)
        with open_fetch(settings) as run, ThreadPoolExecutor(2) as threads:
            whole, failures = run.ledger.record, iter([1])

            def record(*told: object, **more: object) -> int:
                if told[0] and next(failures, None):
                    raise UsageError("the ledger is held by another process")
                return whole(*told, **more)  # type: ignore[arg-type]

            object.__setattr__(run.ledger, "record", record)
            futures = [threads.submit(one_source, run, name) for name in run.sources]
            ended = [future.exception() or future.result() for future in futures]
        assert any(isinstance(end, UsageError) for end in ended)
        fetch(settings)
        assert set(archived(settings.raw_dir).values()) == {1}
        assert len(archived(settings.raw_dir)) == 40
        assert Counter(site.targets()).most_common(1)[0][1] == 1


def test_stopping_a_run_notes_no_failure_that_was_none(tmp_path: Path) -> None:
    def slow(_: str) -> Said:
        time.sleep(3)
        return Said()

    with scripted({}) as site:
        site.answers[f"{OUTLET}/feed"] = feed(*(site.url(f"/{n}") for n in range(4)))
        site.answers |= {f"{OUTLET}/{n}": slow for n in range(4)}
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        began = time.monotonic()
        with open_fetch(settings) as run:
            thread = threading.Thread(target=lambda: swallowing(run))
            thread.start()
            while len(site.asked) < 4:
                time.sleep(0.02)
        thread.join()
        assert time.monotonic() - began < 2.5
        with open_ledger(settings.database_url) as ledger:
            assert ledger.by_outcome() == {"fetched": 1, "found": 4}
            assert ledger.due_counts(datetime.now(UTC)) == {"outlet": {"page": 4}}


def test_where_a_redirect_led_is_asked_for_by_the_next_run_when_this_one_was_stopped(tmp_path: Path) -> None:
    def slow(_: str) -> Said:
        time.sleep(2)
        return Said()

    with scripted(lambda url: {f"{OUTLET}/feed": feed(url("/a")), f"{OUTLET}/a": led_to(url("/b"))}) as site:
        site.answers[f"{OUTLET}/b"] = slow
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        with open_fetch(settings) as run:
            thread = threading.Thread(target=lambda: swallowing(run))
            thread.start()
            while f"{OUTLET}/b" not in site.targets():
                time.sleep(0.02)
        thread.join()
        site.answers[f"{OUTLET}/b"] = Said()
        fetch(settings)
        assert archived(settings.raw_dir) == {site.url("/b"): 1}


def swallowing(run: object) -> None:
    try:
        one_source(run, "outlet")  # type: ignore[arg-type]
    except BaseException:
        return


def test_a_redirect_to_a_host_that_rests_does_not_keep_the_run(tmp_path: Path) -> None:
    with scripted(
        lambda url: {
            f"{OUTLET}/feed": feed(url("/busy", OTHER), url("/a")),
            f"{OTHER}/busy": Said(429, b"", {"Retry-After": "3600"}),
            f"{OUTLET}/a": led_to(url("/b", OTHER)),
            f"{OTHER}/b": Said(),
        }
    ) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}", fetch_run_s=4)
        slow = site.answers[f"{OUTLET}/a"]

        def after_a_while(_: str) -> Said:
            time.sleep(1)
            assert isinstance(slow, Said)
            return slow

        site.answers[f"{OUTLET}/a"] = after_a_while
        began = time.monotonic()
        ended = subprocess_fetch(settings, timeout_s=15)
        assert ended == 0
        assert time.monotonic() - began < 12


def test_a_host_that_rests_keeps_no_other_host_of_its_source_waiting(tmp_path: Path) -> None:
    n_busy, n_good = 60, 6
    with scripted({}) as site:
        busy = [site.url(f"/{n}", OTHER) for n in range(n_busy)]
        site.answers |= {f"{OTHER}/{n}": Said(429, b"", {"Retry-After": "7200"}) for n in range(n_busy)}
        site.answers |= {f"{OUTLET}/{n}": Said() for n in range(2 * n_good)}
        site.answers[f"{OUTLET}/feed"] = feed(*busy, *(site.url(f"/{n}") for n in range(n_good)))
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}", fetch_run_s=60)
        (first,) = fetch(settings).sources
        assert first.n_fetched == n_good
        assert first.n_waiting == n_busy - first.outcomes["overloaded"]
        n_asked = len(site.asked)
        site.answers[f"{OUTLET}/feed"] = feed(*(site.url(f"/{n}") for n in range(2 * n_good)))
        (second,) = fetch(settings, later=timedelta(hours=1), limit=2 * n_good).sources
        assert second.n_fetched == n_good
        assert not [target for target in site.targets()[n_asked:] if target.startswith(OTHER)]


def subprocess_fetch(settings: Settings, *, timeout_s: float) -> int | None:
    told = json.loads(settings.model_dump_json(exclude_defaults=True))
    with subprocess.Popen([sys.executable, "-m", "tests.fetch.driver", json.dumps(told)]) as process:
        try:
            return process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return None


def test_a_ledger_is_not_made_anew_under_a_run(tmp_path: Path) -> None:
    with scripted(lambda url: {f"{OUTLET}/feed": feed(url("/a")), f"{OUTLET}/a": Said()}) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        with open_fetch(settings) as run:
            with pytest.raises(UsageError, match="fetch"):
                rebuild_ledger(settings)
            assert one_source(run, "outlet").n_fetched == 1
        rebuild_ledger(settings)


def test_a_disk_that_is_full_costs_the_run_and_not_the_page(tmp_path: Path) -> None:
    with scripted({}) as site:
        two_outlets(site, 5)
        settings = two_sources(site, tmp_path)
        with open_fetch(settings) as run, ThreadPoolExecutor(2) as threads:
            write, left = run.archive.write, iter(range(6))

            def full(*told: object, **more: object) -> object:
                if next(left, None) is None:
                    raise OSError(28, "No space left on device")
                return write(*told, **more)  # type: ignore[arg-type]

            object.__setattr__(run.archive, "write", full)
            futures = [threads.submit(one_source, run, name) for name in run.sources]
            ended = [future.exception() or future.result() for future in futures]
        assert any(isinstance(end, OSError) for end in ended)
        fetch(settings)
        assert len(archived(settings.raw_dir)) == 10
        assert set(archived(settings.raw_dir).values()) == {1}


@pytest.mark.parametrize("how", ["500", "drop"])
def test_a_robots_file_that_cannot_be_had_forbids_for_an_hour_and_no_longer(tmp_path: Path, how: str) -> None:
    with scripted(lambda url: {f"{OUTLET}/feed": feed(url("/a")), f"{OUTLET}/a": Said()}) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        site.answers[f"{OUTLET}/robots.txt"] = Said(500, b"") if how == "500" else Said(503, b"")
        first = fetch(settings)
        assert first.sources[0].failed_starts
        assert site.targets() == [f"{OUTLET}/robots.txt"]
        site.answers[f"{OUTLET}/robots.txt"] = Said(404, b"")
        fetch(settings, later=timedelta(hours=3))
        assert set(archived(settings.raw_dir)) == {site.url("/a")}


def test_the_robots_file_of_where_a_redirect_leads_is_obeyed(tmp_path: Path) -> None:
    with scripted(
        lambda url: {
            f"{OUTLET}/feed": feed(url("/a")),
            f"{OUTLET}/a": led_to(url("/private/a", OTHER)),
            f"{OTHER}/private/a": Said(),
            f"{OTHER}/robots.txt": Said(
                200, b"User-agent: Marsad\nDisallow: /private/", {"Content-Type": "text/plain"}
            ),
        }
    ) as site:
        report = fetch(site.settings(tmp_path, f"feed: {site.url('/feed')}"))
        assert f"{OTHER}/private/a" not in site.targets()
        assert report.sources[0].failed == {"robots": 2}


def test_a_crawl_delay_is_kept_to_and_a_changed_robots_file_read_after_a_day(tmp_path: Path) -> None:
    with scripted({}) as site:
        two_outlets(site, 4)
        site.answers[f"{OUTLET}/robots.txt"] = Said(
            200, b"User-agent: *\nCrawl-delay: 0.3\n", {"Content-Type": "text/plain"}
        )
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        fetch(settings)
        times = [at for _, at in site.asked]
        assert min(later - earlier for earlier, later in itertools.pairwise(times[1:])) > 0.27
        site.answers[f"{OUTLET}/robots.txt"] = Said(
            200, b"User-agent: *\nDisallow: /\n", {"Content-Type": "text/plain"}
        )
        n_asked = len(site.asked)
        fetch(settings, later=timedelta(hours=25))
        assert site.targets()[n_asked:] == [f"{OUTLET}/robots.txt"]


def test_a_robots_file_longer_than_what_is_read_of_it_still_counts(tmp_path: Path) -> None:
    body = b"User-agent: *\nDisallow: /private/\n" + b"# padding\n" * 60_000
    with scripted(
        lambda url: {
            f"{OUTLET}/robots.txt": Said(200, body, {"Content-Type": "text/plain"}),
            f"{OUTLET}/feed": feed(url("/a"), url("/private/b")),
            f"{OUTLET}/a": Said(),
        }
    ) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        report = fetch(settings)
        assert set(archived(settings.raw_dir)) == {site.url("/a")}
        assert report.sources[0].failed == {"robots": 1}
