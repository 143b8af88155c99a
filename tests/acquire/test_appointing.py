"""Start points of the ledger are those of the sources file, on both kinds of database."""

from datetime import UTC, datetime, timedelta

from tasks.acquire.ledger import NewUrl, UrlRow, open_ledger
from tasks.records.fetches import UrlKind

pytest_plugins = ["tests.acquire.databases"]
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SITE = "http://outlet.example"


def new(path: str, *, source: str = "outlet", kind: UrlKind = "page", found_in: str | None = None) -> NewUrl:
    return NewUrl(url=SITE + path, source=source, kind=kind, found_at=NOW, due_at=NOW, found_in=found_in)


def test_the_ledger_follows_the_sources_file(ledger_url: str) -> None:
    later = NOW + timedelta(hours=1)
    with open_ledger(ledger_url) as ledger:
        ledger.appoint([new("/index", kind="sitemap"), new("/feed", kind="feed")], sources={"outlet"}, at=NOW)
        ledger.add([new("/part", kind="sitemap", found_in=f"{SITE}/index"), new("/news/"), new("/a")])
        renamed = [new("/feed", source="renamed", kind="feed"), new("/news/", source="renamed", kind="section")]
        ledger.appoint(renamed, sources={"renamed"}, at=later)

        def row(path: str) -> UrlRow:
            found = ledger.find(SITE + path)
            assert found is not None
            return found

        shown = {path: (row(path).source, row(path).kind, row(path).due_at) for path in ("/feed", "/news/", "/a")}
        assert shown == {
            "/feed": ("renamed", "feed", NOW),
            "/news/": ("renamed", "section", later),
            "/a": ("renamed", "page", NOW),
        }
        assert (row("/index").due_at, row("/part").due_at) == (None, None)
        ledger.appoint([new("/index", kind="sitemap")], sources={"outlet"}, at=later)
        assert (row("/index").due_at, row("/part").due_at, row("/feed").due_at) == (later, later, None)
        claimed = ledger.claim("outlet", kinds=("sitemap",), n=9, now=later, run_id="run", lease_s=60.0)
        assert {one.url for one in claimed} == {f"{SITE}/index", f"{SITE}/part"}


def test_of_two_sources_that_name_one_address_the_first_has_it_for_good(ledger_url: str) -> None:
    starts = [new("/feed", source="first", kind="feed"), new("/feed", source="second", kind="feed")]
    with open_ledger(ledger_url) as ledger:
        for hours in range(3):
            ledger.appoint(starts, sources={"first", "second"}, at=NOW + timedelta(hours=hours))
            row = ledger.find(f"{SITE}/feed")
            assert row is not None
            assert (row.source, row.due_at) == ("first", NOW)


def test_known_urls_are_counted_once_each(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.add([new("/a"), new("/b")])
        assert ledger.n_known([f"{SITE}/a", f"{SITE}/b", f"{SITE}/a", f"{SITE}/c"]) == 2
