"""`marsad why` has an answer for every URL that the ledger or the datasets know, however it ended."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from config.settings import load_settings
from tasks.records.errors import UsageError
from tasks.records.fetches import OUTCOMES
from tasks.why import Section, why
from tests.conftest import SAMPLES
from tests.driver import build
from tests.fetch.driver import fetch
from tests.fetch.scripted import scripted
from tests.fetch.test_state import outlet, rows

pytestmark = pytest.mark.pool


def said(sections: list[Section], title: str) -> dict[str, str]:
    return next(dict(section.facts) for section in sections if section.title == title)


def test_every_url_of_a_ledger_has_an_answer_and_a_moved_one_leads_on(tmp_path: Path) -> None:
    with scripted(outlet) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}", more="    exclude: [/tag/]\n")
        fetch(settings)
        fetch(settings, later=timedelta(hours=2))
    build(settings.raw_dir, settings.out_dir)
    for url, row in rows(settings).items():
        sections = why(url, settings)
        assert any(dict(section.facts).get("outcome", "").startswith(f"{row.outcome}: ") for section in sections), url
    assert {row.outcome for row in rows(settings).values()} <= set(OUTCOMES)
    moved = why(site.url("/moved?utm_source=x"), settings)
    assert said(moved, "ledger, as it was asked for")["final_url"].endswith("/new")
    assert said(moved, "page")["status"] == "accepted"
    assert said(moved, "document")["language"] == "fr"
    known = why(site.url("/moved-to-known"), settings)
    assert said(known, "ledger")["outcome"].startswith("unchanged")


def test_a_sample_page_has_an_answer_without_a_ledger(tmp_path: Path, samples_out: Path) -> None:
    settings = load_settings(raw_dir=SAMPLES, out_dir=samples_out, state_dir=tmp_path / "state")
    files = sorted(SAMPLES.rglob("meta.jsonl"))
    url = json.loads(files[0].read_text(encoding="utf-8").splitlines()[0])["url"]
    assert said(why(url, settings), "page")["raw_path"]
    assert not (tmp_path / "state").exists()


def test_a_url_that_nobody_knows_is_said_to_be_so(tmp_path: Path) -> None:
    settings = load_settings(raw_dir=tmp_path, out_dir=tmp_path / "out", state_dir=tmp_path / "state")
    for url in ("http://nobody.example/", "http://nobody.example/it's", "http://nobody.example/" + "x" * 9_000):
        with pytest.raises(UsageError, match="no source has named it"):
            why(url, settings)
    for url in ("", "ftp://nobody.example/", "http://", "http://[::1", "\ud800"):
        with pytest.raises(UsageError, match="no http"):
            why(url, settings)
