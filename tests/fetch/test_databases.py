"""A whole fetch with its ledger on a real PostgreSQL server: the same pages and the same ledger as with SQLite."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from config.settings import Settings
from tests.acquire.databases import new_database
from tests.fetch.driver import archived, fetch, settings_of
from tests.fetch.server import RunningSite, serving

pytest_plugins = ["tests.acquire.databases"]
pytestmark = pytest.mark.pool

LATER = timedelta(hours=3)
# What a ledger says of a URL, but for the moments, which are those of the run.
SAID = "url, source, kind, found_in, title, published, outcome, status, tries, n_unchanged, payload_digest"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    with serving(tmp_path / "requests.jsonl", outlets=3, pages=100) as running:
        yield running


def fetched_twice(settings: Settings, site: RunningSite) -> list[dict[str, int]]:
    """How the pages of each source ended, in a first fetch and in one three hours later."""
    return [dict(one.outcomes) for later in (timedelta(), LATER) for one in fetch(settings, later=later).sources]


def said_in(settings: Settings) -> list[Any]:
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            return sorted(map(tuple, connection.execute(text(f"SELECT {SAID} FROM urls"))))
    finally:
        engine.dispose()


def test_a_fetch_gives_the_same_on_postgresql_as_on_sqlite(
    postgres_server: str, site: RunningSite, tmp_path: Path
) -> None:
    on_sqlite = settings_of(tmp_path / "sqlite", site)
    with new_database(postgres_server) as address:
        on_postgresql = settings_of(tmp_path / "postgresql", site, ledger_url=address)
        outcomes = fetched_twice(on_postgresql, site)
        assert outcomes == fetched_twice(on_sqlite, site)
        assert said_in(on_postgresql) == said_in(on_sqlite)
    assert archived(on_postgresql.raw_dir) == archived(on_sqlite.raw_dir)
    assert set(archived(on_postgresql.raw_dir).values()) == {1}
    total = sum(map(Counter, outcomes), Counter())
    assert total["fetched"] == total["unchanged"] == 3 * 98
    assert not (tmp_path / "postgresql" / "state" / "ledger.db").exists()
