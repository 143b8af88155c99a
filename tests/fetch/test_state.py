"""The ledger made anew from the archive says what the fetch had said; the archive refers to itself rightly."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from sqlalchemy import create_engine, select

from config.settings import Settings
from tasks.acquire.archive import Archive
from tasks.acquire.ledger import UrlRow, open_ledger
from tasks.acquire.ledger_tables import urls
from tasks.fetch.catch_up import catch_up
from tasks.fetch.fetching import fetch_source, open_fetch, rebuild_ledger
from tests.fetch.driver import fetch
from tests.fetch.scripted import OTHER, OUTLET, Answers, Said, feed, led_to, scripted

pytestmark = pytest.mark.pool
# What only the turns before the last answer say, or only the hour at which it was looked at.
OF_HISTORY = {"interval_s", "n_unchanged", "due_at", "tries", "found_at"}
HOUR = timedelta(hours=1)


def rows(settings: Settings) -> dict[str, UrlRow]:
    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        known = list(connection.scalars(select(urls.c.url)))
    engine.dispose()
    with open_ledger(settings.database_url) as ledger:
        found = [ledger.find(url) for url in known]
    return {row.url: row for row in found if row is not None}


def facts(settings: Settings) -> dict[str, dict[str, Any]]:
    return {
        url: {name: value for name, value in asdict(row).items() if name not in OF_HISTORY}
        for url, row in rows(settings).items()
    }


def outlet(url: Callable[..., str]) -> Answers:
    paths = ["same", "moved", "far", "moved-to-gone", "moved-to-busy", "moved-to-known", "gone", "private/1", "tag/1",
             "pdf", "broken", "led-out", "moved-to-private"]  # fmt: skip
    return {
        f"{OUTLET}/robots.txt": Said(200, b"User-agent: *\nDisallow: /private/\n", {"Content-Type": "text/plain"}),
        f"{OUTLET}/feed": led_to(url("/feed.xml")),
        f"{OUTLET}/feed.xml": feed(*(url(f"/{path}") for path in paths)),
        f"{OUTLET}/same": Said(),
        f"{OUTLET}/moved": led_to(url("/hop")),
        f"{OUTLET}/hop": led_to(url("/new?utm_source=hop")),
        f"{OUTLET}/new?utm_source=hop": Said(body=Said().body + b"<!-- new -->"),
        f"{OUTLET}/far": led_to(url("/page", OTHER)),
        f"{OTHER}/page": Said(body=Said().body + b"<!-- far -->"),
        f"{OUTLET}/moved-to-gone": led_to(url("/not-there")),
        f"{OUTLET}/moved-to-busy": led_to(url("/erring")),
        f"{OUTLET}/erring": Said(500, b"oops"),
        f"{OUTLET}/moved-to-known": led_to(url("/same")),
        f"{OUTLET}/moved-to-private": led_to(url("/private/2")),
        f"{OUTLET}/pdf": Said(200, b"%PDF-1.4", {"Content-Type": "application/pdf"}),
        f"{OUTLET}/broken": Said(500, b"oops"),
        f"{OUTLET}/led-out": led_to(url("/tag/2")),
    }


def test_a_ledger_made_anew_says_what_the_fetch_had_said(tmp_path: Path) -> None:
    with scripted(outlet) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}", more="    exclude: [/tag/]\n")
        fetch(settings)
        fetch(settings, later=2 * HOUR)
    before = facts(settings)
    rebuild_ledger(settings)
    after = facts(settings)
    assert set(before) - set(after) == {site.url("/hop")}  # a hop of a redirect is no answer of its own
    for url, row in after.items():
        assert {name: (value, before[url][name]) for name, value in row.items() if value != before[url][name]} == {}, (
            url
        )


def test_what_a_rebuilt_ledger_asks_for_again_follows_the_sources_own_hours(tmp_path: Path) -> None:
    with scripted(outlet) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed.xml')}", more="    revisit_hours: 0\n")
        fetch(settings)
    rebuild_ledger(settings)
    assert rows(settings)[site.url("/same")].due_at is None


def test_a_revisit_refers_to_the_date_of_the_record_that_holds_the_page(tmp_path: Path) -> None:
    with scripted(outlet) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed.xml')}")
        fetch(settings)
        fetch(settings, later=2 * HOUR)
        rebuild_ledger(settings)
        fetch(settings, later=6 * HOUR)
    dates: dict[str, str] = {}
    referred = []
    for path in sorted((settings.raw_dir / "warc").rglob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response | WarcRecordType.revisit):
                headers = dict(record.headers.items())
                if record.record_type is WarcRecordType.response:
                    dates[headers["WARC-Target-URI"]] = headers["WARC-Date"]
                else:
                    referred.append((headers["WARC-Refers-To-Target-URI"], headers["WARC-Refers-To-Date"]))
    assert len(referred) > 3
    assert all(dates[url] == date for url, date in referred)


def test_what_lies_in_files_that_were_closed_meanwhile_is_caught_up_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.fetch.fetching.Archive", partial(Archive, max_pages=7))
    with scripted({}) as site:
        for host in (OUTLET, OTHER):
            site.answers[f"{host}/feed"] = feed(*(site.url(f"/{n}", host) for n in range(30)))
            site.answers |= {f"{host}/{n}": Said() for n in range(30)}
        entries = "".join(
            f"  - name: {name}\n    delay_s: 0\n    start:\n      - feed: {site.url('/feed', host)}\n"
            for name, host in (("one", OUTLET), ("two", OTHER))
        )
        settings = site.settings(tmp_path, sources=entries)
        fetch(settings)
        assert len(list((settings.raw_dir / "warc").rglob("*.warc.gz"))) > 8
        before = facts(settings)
        with open_ledger(settings.database_url) as ledger:
            assert catch_up(ledger, settings.raw_dir.resolve(), settings) == 0
        assert facts(settings) == before
        rebuild_ledger(settings)
        assert facts(settings) == before
        n_asked = len(site.asked)
        fetch(settings)
        assert len(site.asked) == n_asked


def test_catching_up_beside_a_run_that_writes_changes_nothing_of_it(tmp_path: Path) -> None:
    with scripted({}) as site:
        site.answers[f"{OUTLET}/feed"] = feed(*(site.url(f"/{n}") for n in range(60)))
        site.answers |= {f"{OUTLET}/{n}": slowly for n in range(60)}
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        with open_fetch(settings) as run, ThreadPoolExecutor(1) as threads:
            running = threads.submit(fetch_source, run, "outlet")
            while not running.done():
                with open_ledger(settings.database_url) as ledger:
                    catch_up(ledger, settings.raw_dir.resolve(), settings)
            assert running.result().n_fetched == 60
        before = facts(settings)
        assert len(site.asked) == len(set(site.targets())) == 62
        rebuild_ledger(settings)
        assert facts(settings) == before


def slowly(_: str) -> Said:
    time.sleep(0.03)
    return Said()
