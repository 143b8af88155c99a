"""Start points that lead in circles, on without end, or are changed by the operator: bounded, and never forgotten."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from flows.fetch_report import sentences
from tasks.acquire.ledger import open_ledger
from tasks.fetch.fetching import rebuild_ledger
from tasks.records.errors import UsageError
from tests.fetch.driver import archived, fetch
from tests.fetch.scripted import OUTLET, Answers, Said, feed, led_to, scripted

pytestmark = pytest.mark.pool
XML = {"Content-Type": "application/xml"}
LATER = timedelta(days=2)


def sitemap(*urls: str, root: str = "urlset", item: str = "url") -> Said:
    found = "".join(f"<{item}><loc>{url}</loc></{item}>" for url in urls)
    return Said(200, f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{found}</{root}>'.encode(), XML)


def test_pages_of_a_feed_that_lead_to_one_another_are_asked_for_once(tmp_path: Path) -> None:
    with scripted(
        lambda url: {
            f"{OUTLET}/1": feed(url("/a"), more=f'<a:link rel="next" href="{url("/2")}"/>'),
            f"{OUTLET}/2": feed(url("/b"), more=f'<a:link rel="next" href="{url("/1")}"/>'),
            f"{OUTLET}/a": Said(),
            f"{OUTLET}/b": Said(),
        }
    ) as site:
        fetch(site.settings(tmp_path, f"feed: {site.url('/1')}"))
        assert Counter(site.targets()) == Counter(f"{OUTLET}{path}" for path in ("/robots.txt", "/1", "/2", "/a", "/b"))


def test_a_feed_whose_pages_never_end_leaves_time_for_its_articles(tmp_path: Path) -> None:
    def endless(target: str) -> Said:
        number = int(target.rpartition("-")[2])
        more = f'<a:link rel="next" href="/feed-{number + 1}"/>'
        return feed(f"/news/{number}", more=more)

    answers: Answers = {f"{OUTLET}/feed-{n}": endless for n in range(10_000)}
    with scripted(answers | {f"{OUTLET}/news/{n}": Said() for n in range(10_000)}) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed-0')}", fetch_run_s=4)
        report = fetch(settings)
    assert not report.errors
    assert report.n_fetched > 0


def test_further_pages_of_a_feed_that_name_nothing_new_are_not_followed(tmp_path: Path) -> None:
    with scripted(
        lambda url: {
            f"{OUTLET}/{n}": feed(url("/a"), more=f'<a:link rel="next" href="{url(f"/{n + 1}")}"/>') for n in range(50)
        }
    ) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/0')}")
        fetch(settings)
        assert site.targets().count(f"{OUTLET}/2") == 0
        rebuild_ledger(settings)
        fetch(settings)
        assert site.targets().count(f"{OUTLET}/2") == 0


def test_a_sitemap_index_that_names_itself_is_asked_for_once(tmp_path: Path) -> None:
    with scripted(
        lambda url: {
            f"{OUTLET}/index": sitemap(url("/index"), url("/part"), root="sitemapindex", item="sitemap"),
            f"{OUTLET}/part": sitemap(url("/a"), url("/index")),
            f"{OUTLET}/a": Said(),
        }
    ) as site:
        settings = site.settings(tmp_path, f"sitemap: {site.url('/index')}")
        fetch(settings)
        assert site.targets().count(f"{OUTLET}/index") == 1
        assert set(archived(settings.raw_dir)) == {site.url("/a")}


def test_a_start_point_that_was_known_as_a_page_is_polled(tmp_path: Path) -> None:
    section = Said(body=b'<html><body><main><h2><a href="/2024/05/01/quay-plan.html">The plan of the quay</a></h2>'
                   b"</main></body></html>")  # fmt: skip
    with scripted(
        lambda url: {
            f"{OUTLET}/map": sitemap(url("/news/")),
            f"{OUTLET}/news/": section,
            f"{OUTLET}/2024/05/01/quay-plan.html": Said(),
        }
    ) as site:
        fetch(site.settings(tmp_path, f"sitemap: {site.url('/map')}"))
        settings = site.settings(tmp_path, f"sitemap: {site.url('/map')}", f"section: {site.url('/news/')}")
        fetch(settings)
        assert site.url("/2024/05/01/quay-plan.html") in archived(settings.raw_dir)


def test_a_source_that_was_renamed_goes_on(tmp_path: Path) -> None:
    with scripted(
        lambda url: {f"{OUTLET}/feed": feed(url("/a")), f"{OUTLET}/a": Said(), f"{OUTLET}/b": Said()}
    ) as site:
        fetch(site.settings(tmp_path, f"feed: {site.url('/feed')}"))
        site.answers[f"{OUTLET}/feed"] = feed(site.url("/b"))
        entry = f"  - name: renamed\n    delay_s: 0\n    start:\n      - feed: {site.url('/feed')}\n"
        settings = site.settings(tmp_path, sources=entry)
        fetch(settings, later=LATER)
        assert site.url("/b") in archived(settings.raw_dir)


def test_a_start_point_that_the_operator_removed_is_asked_no_more_nor_what_only_it_led_to(tmp_path: Path) -> None:
    with scripted(
        lambda url: {
            f"{OUTLET}/index": sitemap(url("/part"), root="sitemapindex", item="sitemap"),
            f"{OUTLET}/part": sitemap(url("/a")),
            f"{OUTLET}/feed": feed(url("/b")),
        }
    ) as site:
        fetch(site.settings(tmp_path, f"sitemap: {site.url('/index')}", f"feed: {site.url('/feed')}"))
        n_asked = len(site.asked)
        fetch(site.settings(tmp_path, f"feed: {site.url('/feed')}"), later=4 * LATER)
        again = site.targets()[n_asked:]
        assert f"{OUTLET}/feed" in again
        assert not {f"{OUTLET}/index", f"{OUTLET}/part"} & set(again)
        n_asked = len(site.asked)
        fetch(site.settings(tmp_path, f"sitemap: {site.url('/index')}"), later=8 * LATER)
        assert {f"{OUTLET}/index", f"{OUTLET}/part"} <= set(site.targets()[n_asked:])


def test_a_feed_that_moved_is_followed_and_stays_the_start_point_it_was(tmp_path: Path) -> None:
    with scripted(
        lambda url: {f"{OUTLET}/old": led_to(url("/new")), f"{OUTLET}/new": feed("/a"), f"{OUTLET}/a": Said()}
    ) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/old')}")
        fetch(settings)
        assert set(archived(settings.raw_dir)) == {site.url("/a")}
        moved = site.settings(tmp_path, f"feed: {site.url('/new')}")
        site.answers[f"{OUTLET}/new"] = feed("/b")
        site.answers[f"{OUTLET}/b"] = Said()
        fetch(moved, later=LATER)
        assert site.url("/b") in archived(settings.raw_dir)


def test_a_feed_that_is_gone_or_is_a_web_page_is_named_in_the_report_and_the_ledger(tmp_path: Path) -> None:
    with scripted({f"{OUTLET}/page": Said()}) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/gone')}", f"feed: {site.url('/page')}")
        (source,) = fetch(settings).sources
        assert source.failed_starts == {"gone": 1}
        with open_ledger(settings.database_url) as ledger:
            row = ledger.find(site.url("/page"))
    assert row is not None
    assert row.detail


def test_a_feed_in_windows_1256_that_nothing_declares_keeps_its_titles(tmp_path: Path) -> None:
    title = "مجلس الميناء يناقش مشروع الرصيف الجديد خلال اجتماع يوم الثلاثاء في بلدية المدينة"
    with scripted(lambda url: {f"{OUTLET}/a": Said()}) as site:
        body = f"<rss><channel><item><title>{title}</title><link>{site.url('/a')}</link></item></channel></rss>"
        site.answers[f"{OUTLET}/feed"] = Said(200, body.encode("windows-1256"), {"Content-Type": "text/xml"})
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        fetch(settings)
        with open_ledger(settings.database_url) as ledger:
            row = ledger.find(site.url("/a"))
    assert row is not None
    assert row.title == title


def test_a_local_list_that_is_missing_is_told_by_its_source_and_the_others_go_on(tmp_path: Path) -> None:
    with scripted(lambda url: {f"{OUTLET}/feed": feed(url("/a")), f"{OUTLET}/a": Said()}) as site:
        entries = (
            "  - name: lister\n    delay_s: 0\n    start:\n      - list: not-there.txt\n"
            f"  - name: feeder\n    delay_s: 0\n    start:\n      - feed: {site.url('/feed')}\n"
        )
        settings = site.settings(tmp_path, sources=entries)
        with pytest.raises(UsageError, match=r"lister: list .*not-there.txt cannot be read"):
            fetch(settings)
        assert set(archived(settings.raw_dir)) == {site.url("/a")}


@pytest.mark.parametrize("now", [feed(), Said(404, b"not here")], ids=["empty", "gone"])
def test_a_source_that_usually_gives_something_and_gives_nothing_is_named(tmp_path: Path, now: Said) -> None:
    with scripted(
        lambda url: {f"{OUTLET}/feed": feed(url("/a"), url("/b")), f"{OUTLET}/a": Said(), f"{OUTLET}/b": Said()}
    ) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        assert sentences(fetch(settings)) == []
        site.answers[f"{OUTLET}/feed"] = now
        said = sentences(fetch(settings, later=LATER))
    assert "outlet: nothing was found, though usually 2 pages are" in said


def test_a_feed_that_says_that_nothing_changed_is_not_silent(tmp_path: Path) -> None:
    def same(_: str) -> Said:
        return feed("/a")

    with scripted({f"{OUTLET}/feed": same, f"{OUTLET}/a": Said()}) as site:
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}")
        fetch(settings)
        assert sentences(fetch(settings, later=LATER)) == []
