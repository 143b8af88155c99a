"""Each hostile answer ends in its own outcome, memory stays bounded, and the rest of the source is fetched."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.settings import Settings, load_settings
from tasks.acquire.ledger import open_ledger
from tasks.extract.urls import clean_url
from tests.fetch.driver import CONTACT, archived, fetch
from tests.fetch.hostile import ANSWERS, BUSY_HOST, HOST, N_GOOD, hostile_server
from tests.memory import peak_kib, peak_kib_from_here

pytestmark = pytest.mark.pool
# Far less than what the bombs unpack to, or an endless body would come to.
MAX_GROWTH_KIB = 300_000


def settings_of(folder: Path, port: int, *, host: str = HOST) -> Settings:
    file = folder / "sources.yaml"
    base = f"http://{host}:{port}"
    file.write_text(
        "sources:\n  - name: hostile\n    delay_s: 0\n    connections: 8\n    start:\n"
        f"      - feed: {base}/feed.xml\n      - feed: {base}/bomb.xml\n      - sitemap: {base}/sitemap.xml\n"
    )
    return load_settings(
        raw_dir=folder / "raw", out_dir=folder / "out", state_dir=folder / "state", sources_file=file, contact=CONTACT,
        named_hosts={f"{host}:{port}": "127.0.0.1" for host in (HOST, BUSY_HOST)}, fetch_timeout_s=3,
    )  # fmt: skip


def test_every_hostile_answer_has_its_outcome_and_the_good_pages_come(tmp_path: Path) -> None:
    before = peak_kib_from_here()
    with hostile_server() as port:
        settings = settings_of(tmp_path, port)
        report = fetch(settings)
        base = f"http://{HOST}:{port}"
        with open_ledger(settings.database_url) as ledger:
            rows = {path: ledger.find(clean_url(base + path) or "") for path in ANSWERS}
            ended = {path: row.outcome if row else None for path, row in rows.items()}
            special = {path: ledger.find(f"{base}{path}") for path in ("/news/circle", "/news/hop-0", "/news/short")}
            sitemap = ledger.find(f"{base}/sitemap.xml")
    assert not report.errors
    assert ended == {path: outcome for path, (_, outcome) in ANSWERS.items()}
    assert all(special.values())
    assert special["/news/short"] is not None
    assert special["/news/short"].outcome in ("connection", "protocol")
    assert sitemap is not None
    assert sitemap.outcome == "too_large"
    pages = archived(settings.raw_dir)
    assert sum("/news/good-" in url for url in pages) == N_GOOD
    assert any("with%20space" in url for url in pages)
    assert any("%C3%A9t%C3%A9" in url for url in pages)
    assert peak_kib() - before < MAX_GROWTH_KIB


def test_a_redirect_that_never_ends_is_a_loop(tmp_path: Path) -> None:
    with hostile_server() as port:
        settings = settings_of(tmp_path, port)
        report = fetch(settings)
    (source,) = report.sources
    assert source.failed.get("loop", 0) >= 2


def test_a_host_that_asks_for_an_hour_is_left_alone_by_this_run_and_the_next(tmp_path: Path) -> None:
    with hostile_server() as port:
        settings = settings_of(tmp_path, port, host=BUSY_HOST)
        first = fetch(settings).sources[0]
        assert set(first.outcomes) <= {"overloaded", "bad_url"}
        assert first.outcomes["overloaded"] > 0
        assert first.n_asked <= settings.fetch_connections
        assert first.n_waiting > 0
        again = fetch(settings).sources[0]
        assert "overloaded" not in again.outcomes
        later = fetch(settings, later=timedelta(hours=2)).sources[0]
        assert later.n_asked > 0
