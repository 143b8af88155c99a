"""`marsad fetch`, `why`, `sources` and `state` for real, against a site on loopback; Prefect where the flow runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tasks.acquire.ledger import open_ledger
from tests.conftest import SAMPLES
from tests.fetch.driver import CONTACT
from tests.fetch.outlets import FORBIDDEN
from tests.fetch.server import RunningSite, serving

pytestmark = pytest.mark.flow

MARSAD = str(Path(sys.executable).with_name("marsad"))
OUTLETS, PAGES = 5, 100
MISSPELT = "sources:\n  - name: a\n    start:\n      - feed: https://a.example/f\n    dealy_s: 3\n"


@dataclass(frozen=True, slots=True)
class Desk:
    """A settings file over folders of its own, and the command line under it."""

    folder: Path
    site: RunningSite

    @property
    def ledger_url(self) -> str:
        return f"sqlite:///{self.folder / 'state' / 'ledger.db'}"

    def write(self, **changed: object) -> None:
        """The settings; the sources are all outlets of the site unless `sources` says otherwise."""
        sources = changed.pop("sources", self.site.sources())
        (self.folder / "sources.yaml").write_text(str(sources), encoding="utf-8")
        told: dict[str, object] = {
            "raw_dir": str(self.folder / "raw"), "out_dir": str(self.folder / "out"),
            "state_dir": str(self.folder / "state"), "sources_file": str(self.folder / "sources.yaml"),
            "contact": CONTACT, "named_hosts": self.site.named_hosts(),
        }  # fmt: skip
        told = {name: value for name, value in {**told, **changed}.items() if value is not None}
        (self.folder / "settings.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")

    def marsad(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """One call."""
        environment = {**os.environ, "MARSAD_SETTINGS": str(self.folder / "settings.yaml"), "COLUMNS": "120"}
        return subprocess.run(
            [MARSAD, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, env=environment
        )

    def url(self, outlet: int, path: str) -> str:
        return f"http://{self.site.site.outlets[outlet].host}:{self.site.site.port}{path}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    folder = tmp_path_factory.mktemp("site")
    with serving(folder / "requests.jsonl", outlets=OUTLETS, pages=PAGES) as running:
        yield running


@pytest.fixture(scope="module")
def fetched(site: RunningSite, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """A desk that has fetched and built everything, and what the fetch said."""
    desk = Desk(tmp_path_factory.mktemp("desk"), site)
    desk.write()
    done = desk.marsad("fetch")
    assert done.returncode == 0, done.stderr
    built = desk.marsad("run")
    assert built.returncode == 0, built.stderr
    return desk, done.stderr


@pytest.fixture
def desk(site: RunningSite, tmp_path: Path) -> Desk:
    desk = Desk(tmp_path, site)
    desk.write()
    return desk


def test_the_report_counts_every_source(fetched: tuple[Desk, str]) -> None:
    said = fetched[1]
    rows = re.findall(r"outlet-\d\d +(\d+) +(\d+) +(\d+) +(\d+) ", said)
    due = [str(len(list(outlet.expected()))) for outlet in fetched[0].site.site.outlets]
    assert [row[:2] for row in rows] == [(str(PAGES), str(PAGES))] * OUTLETS
    assert [row[2] for row in rows] == due
    assert said.count("robots 1") == said.count("gone 1") == OUTLETS
    assert f"{sum(map(int, due))} fetched, 0 unchanged, {OUTLETS} moved, {2 * OUTLETS} failed" in said


def test_why_shows_each_stage_of_a_fetched_page(fetched: tuple[Desk, str]) -> None:
    desk = fetched[0]
    done = desk.marsad("why", desk.url(0, "/news/2024/00007-quay.html?utm_source=x"))
    assert done.returncode == 0, done.stderr
    for fact in ("fetched: answered", "/feed.xml", "WARC-Payload-Digest", "accepted", "Quai 7", "n_chars", "removed"):
        assert fact in done.stdout
    assert re.search(r"published_from +feed", done.stdout)


def test_why_follows_a_redirect_and_names_what_robots_forbids(fetched: tuple[Desk, str]) -> None:
    desk = fetched[0]
    moved = desk.marsad("why", desk.url(0, "/r/3")).stdout
    assert "moved: redirects" in moved
    assert "00003-quay.html" in moved
    assert "accepted" in moved
    forbidden = desk.marsad("why", desk.url(0, f"/private/2024/{FORBIDDEN:05d}-quay.html")).stdout
    assert "robots: robots.txt forbids it" in forbidden
    assert "gone: the server says" in desk.marsad("why", desk.url(0, "/news/2024/00098-quay.html")).stdout


def test_why_of_an_unknown_url_is_one_sentence_and_exit_2(fetched: tuple[Desk, str]) -> None:
    for url in ("http://nobody.example/x", "no address"):
        done = fetched[0].marsad("why", url)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("marsad: ")


def test_why_needs_no_ledger_for_a_page_that_was_not_fetched(samples_out: Path, desk: Desk) -> None:
    desk.write(raw_dir=str(SAMPLES), out_dir=str(samples_out))
    shown = desk.marsad("query", "SELECT url FROM documents WHERE url IS NOT NULL LIMIT 1", "--format", "json").stdout
    done = desk.marsad("why", json.loads(shown)["url"])
    assert done.returncode == 0, done.stderr
    assert "accepted" in done.stdout
    assert not (desk.folder / "state" / "ledger.db").exists()


def test_a_ledger_made_anew_says_the_same_and_asks_for_nothing(fetched: tuple[Desk, str], tmp_path: Path) -> None:
    desk = Desk(tmp_path, fetched[0].site)
    desk.write()
    for name in ("raw", "state"):
        shutil.copytree(fetched[0].folder / name, desk.folder / name)
    with open_ledger(desk.ledger_url) as ledger:
        before = ledger.by_outcome()
    n_asked = len(desk.site.requests())
    done = desk.marsad("state", "rebuild")
    assert done.returncode == 0, done.stderr
    with open_ledger(desk.ledger_url) as ledger:
        assert ledger.by_outcome() == before
    again = desk.marsad("fetch")
    assert " 0 fetched, 0 unchanged" in again.stderr
    assert len(desk.site.requests()) == n_asked


def test_a_dry_run_asks_nobody(desk: Desk) -> None:
    n_asked = len(desk.site.requests())
    done = desk.marsad("fetch", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("outlet-") == OUTLETS
    assert len(desk.site.requests()) == n_asked


@pytest.mark.parametrize(
    ("changed", "arguments", "named"),
    [
        ({"contact": None}, (), "contact"),
        ({"sources": "sources: []\n"}, (), "names no source"),
        ({}, ("--source", "nobody"), "nobody"),
        ({"sources": MISSPELT}, (), "line 5"),
        ({"ledger_url": "postgresql+psycopg://u:secret@127.0.0.1:9/x"}, (), "127.0.0.1"),
    ],
    ids=["no contact", "no source", "unknown source", "bad file", "no database"],
)
def test_what_cannot_be_fetched_is_one_sentence_and_exit_2(
    desk: Desk, changed: dict[str, object], arguments: tuple[str, ...], named: str
) -> None:
    desk.write(**changed)
    done = desk.marsad("fetch", *arguments)
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("marsad: ")
    assert named in last
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_outlet_is_proposed_and_added_by_its_home_page(desk: Desk) -> None:
    desk.write(sources="# mine\nsources: []\n")
    shown = desk.marsad("sources", "add", desk.url(0, "/"))
    assert shown.returncode == 0, shown.stderr
    assert f"feed: {desk.url(0, '/feed.xml')}" in shown.stdout.replace('"', "").replace("'", "")
    assert (desk.folder / "sources.yaml").read_text(encoding="utf-8") == "# mine\nsources: []\n"
    for outlet in (0, 1):
        assert desk.marsad("sources", "add", desk.url(outlet, "/"), "--write").returncode == 0
    text = (desk.folder / "sources.yaml").read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    listed = desk.marsad("sources", "list").stdout
    assert "/feed.xml" in listed
    assert "/sitemap.xml" in listed
    again = desk.marsad("sources", "add", desk.url(0, "/"), "--write")
    assert again.returncode == 2
    assert again.stderr.strip().splitlines()[-1].startswith("marsad: ")


def test_a_scheduled_build_fetches_first(desk: Desk) -> None:
    code = (
        "from flows.prefect_server import prepare_environment, server_for_run\n"
        "from config.settings import load_settings\n"
        "settings = load_settings(None)\n"
        "with server_for_run(settings.state_dir) as server:\n"
        "    from flows.build_documents import BuildParameters, build_documents, flush_prefect\n"
        "    server.wait_until_ready()\n"
        "    try:\n"
        "        report = build_documents(BuildParameters.of(settings, file=None, fetch=True))\n"
        "        print('BUILT', report.n_accepted)\n"
        "    finally:\n"
        "        flush_prefect()\n"
    )
    desk.write(sources=desk.site.sources().partition("  - name: outlet-01")[0])
    environment = {**os.environ, "MARSAD_SETTINGS": str(desk.folder / "settings.yaml")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert f"BUILT {len(list(desk.site.site.outlets[0].expected()))}" in done.stdout, done.stderr[-2000:]
