"""The ledger on SQLite and on a real PostgreSQL: nothing lost, nothing given out twice, whole batches or none."""

import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.acquire.ledger import (
    MAX_ROBOTS_BYTES,
    Ending,
    Ledger,
    NewUrl,
    Robots,
    SourceRun,
    UrlRow,
    Usual,
    open_ledger,
)
from tasks.acquire.schedule import Policy
from tasks.records.errors import ContractError, UsageError
from tasks.records.fetches import OUTCOMES, ArchivePlace, UrlKind
from tests.acquire.databases import PASSWORD
from tests.acquire.ledger_processes import ARCHIVE, BATCH, LEASE_S, NOW, page
from tests.pace import slowness

pytest_plugins = ["tests.acquire.databases"]

ROOT = Path(__file__).resolve().parents[2]
HOUR = timedelta(hours=1)
ALL_KINDS: tuple[UrlKind, ...] = ("page", "feed", "sitemap", "section", "list", "robots")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(ledger_url) as opened:
        yield opened


def new(
    url: str, *, kind: UrlKind = "page", source: str = "news", due_at: datetime | None = NOW, title: str | None = None
) -> NewUrl:
    return NewUrl(url=url, source=source, kind=kind, found_at=NOW, due_at=due_at, title=title)


def claim(
    ledger: Ledger, *, now: datetime = NOW, n: int = 1_000, run_id: str = "run", source: str = "news"
) -> list[str]:
    rows = ledger.claim(source, kinds=ALL_KINDS, n=n, now=now, run_id=run_id, lease_s=LEASE_S)
    return [row.url for row in rows]


def found(ledger: Ledger, url: str) -> UrlRow:
    row = ledger.find(url)
    assert row is not None
    return row


def process(command: str, address: str, name: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.acquire.ledger_processes", command, address, name],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def outputs(workers: Sequence["subprocess.Popen[str]"]) -> list[list[str]]:
    said = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers), [errors for _, errors in said]
    return [out.splitlines() for out, _ in said]


# Adding


def test_add_counts_new_urls_alone(ledger: Ledger) -> None:
    first = [new("https://a.example/1"), new("https://a.example/2"), new("https://a.example/1")]
    assert (ledger.add(first), ledger.add([*first, new("https://a.example/3")]), ledger.n_urls()) == (2, 1, 3)


def test_more_urls_than_one_transaction_holds_are_all_added(ledger: Ledger) -> None:
    assert (ledger.add(page(number) for number in range(4_500)), ledger.n_urls()) == (4_500, 4_500)


def test_a_known_url_keeps_what_it_has_and_gains_what_it_lacks(ledger: Ledger) -> None:
    url = "https://a.example/1"
    ledger.add([new(url, title="First title")])
    again = NewUrl(
        url=url, source="other", kind="feed", found_at=NOW + HOUR, due_at=None, found_in="https://b.example/feed",
        title="Second title", published="2024-05-01", authors=("Nadia Berrada",),
    )  # fmt: skip
    ledger.add([again])
    row = found(ledger, url)
    assert (row.title, row.published, row.authors) == ("First title", "2024-05-01", ("Nadia Berrada",))
    assert (row.source, row.kind, row.found_at, row.due_at, row.found_in) == ("news", "page", NOW, NOW, None)


def test_a_url_named_twice_at_once_has_what_both_say(ledger: Ledger) -> None:
    ledger.add([new("https://a.example/1"), new("https://a.example/1", title="Only here")])
    assert found(ledger, "https://a.example/1").title == "Only here"


@pytest.mark.parametrize("title", ["nul \0 inside", "half \ud83d of a character", "x" * 100_000, "العربية é 中"])
def test_a_title_of_any_characters_can_be_kept(ledger: Ledger, title: str) -> None:
    given_once = NewUrl(
        url="https://a.example/1", source="news", kind="page", found_at=NOW, due_at=NOW, title=title,
        published=title, authors=(title,), found_in=title, detail=title,
    )  # fmt: skip
    ledger.add([given_once])
    row = found(ledger, "https://a.example/1")
    assert row.title is not None
    expected = title.replace("\0", "\ufffd").replace("\ud83d", "?")
    assert expected.startswith(row.title)
    assert 1 <= len(row.title) <= 2_000
    assert "\0" not in "".join(row.authors)


@pytest.mark.parametrize("url", ["https://a.example/" + "x" * 10_000, "http://[ \0 \ud800", "y" * 200_000])
def test_a_url_of_any_characters_is_found_and_recorded_under_its_own_name(ledger: Ledger, url: str) -> None:
    ledger.add([NewUrl(url=url, source="news", kind="page", found_at=NOW, due_at=None, outcome="bad_url")])
    ledger.record([Ending(url=url, outcome="bad_url", asked_at=NOW, final_url=url + "?z")], archive={})
    assert found(ledger, url).outcome == "bad_url"


def test_a_page_is_found_by_where_its_redirects_led(ledger: Ledger) -> None:
    target = "https://a.example/" + "long" * 3_000
    ledger.add([new("https://a.example/short")])
    ledger.record(
        [Ending(url="https://a.example/short", outcome="fetched", asked_at=NOW, final_url=target)], archive={}
    )
    assert found(ledger, target).url == "https://a.example/short"
    assert ledger.find("https://a.example/other") is None


def test_a_time_of_another_zone_comes_back_as_utc(ledger: Ledger) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5)))
    ledger.add([new("https://a.example/1", due_at=local)])
    due_at = found(ledger, "https://a.example/1").due_at
    assert (due_at, due_at and due_at.tzinfo) == (NOW, UTC)


def test_a_new_url_cannot_enter_as_fetched() -> None:
    with pytest.raises(ContractError, match="found, excluded, bad_url"):
        NewUrl(url="https://a.example/", source="news", kind="page", found_at=NOW, due_at=NOW, outcome="fetched")


# Claiming


def test_only_what_is_due_of_the_source_and_kind_is_claimed(ledger: Ledger) -> None:
    ledger.add([
        new("https://a.example/due"), new("https://a.example/later", due_at=NOW + HOUR),
        new("https://a.example/never", due_at=None), new("https://b.example/due", source="other"),
        new("https://a.example/feed", kind="feed"),
    ])  # fmt: skip
    rows = ledger.claim("news", kinds=("page", "section"), n=9, now=NOW, run_id="run", lease_s=LEASE_S)
    assert [row.url for row in rows] == ["https://a.example/due"]
    assert (rows[0].claimed_by, rows[0].claimed_until) == ("run", NOW + timedelta(seconds=LEASE_S))


def test_start_points_come_first_then_the_newest_pages_then_revisits_longest_due(ledger: Ledger) -> None:
    again = {"https://a.example/again-1": NOW - 9 * HOUR, "https://a.example/again-2": NOW - 8 * HOUR}
    ledger.add(new(url, due_at=at) for url, at in again.items())
    ledger.record([Ending(url=url, outcome="fetched", asked_at=at) for url, at in again.items()], archive={})
    ledger.add([
        new("https://a.example/old", due_at=NOW - 3 * HOUR), new("https://a.example/new", due_at=NOW - HOUR),
        new("https://a.example/map", kind="sitemap", due_at=NOW - HOUR),
        new("https://a.example/feed", kind="feed", due_at=NOW - 2 * HOUR),
    ])  # fmt: skip
    names = ["feed", "map", "new", "old", "again-1", "again-2"]
    first, rest = claim(ledger, n=3), claim(ledger, n=9)
    assert [url.rpartition("/")[2] for url in first + rest] == names
    assert len(first) == 3


def test_what_is_claimed_is_neither_counted_nor_given_out_again(ledger: Ledger) -> None:
    ledger.add(page(number) for number in range(5))
    ledger.add([new("https://a.example/feed", kind="feed"), new("https://b.example/1", source="other")])
    assert ledger.due_counts(NOW) == {"news": {"feed": 1, "page": 5}, "other": {"page": 1}}
    first = claim(ledger, n=4)
    assert ledger.due_counts(NOW) == {"news": {"page": 2}, "other": {"page": 1}}
    assert not set(first) & set(claim(ledger))


def test_a_lease_that_ran_out_frees_the_row(ledger: Ledger) -> None:
    ledger.add([page(1)])
    ends = NOW + timedelta(seconds=LEASE_S)
    assert claim(ledger, run_id="first") == [page(1).url]
    assert claim(ledger, run_id="second", now=ends - timedelta(seconds=1)) == []
    assert claim(ledger, run_id="second", now=ends) == [page(1).url]


def test_released_claims_are_due_as_before_and_those_of_others_stay(ledger: Ledger) -> None:
    ledger.add(page(number) for number in range(6))
    mine, others = claim(ledger, n=4, run_id="mine"), claim(ledger, n=2, run_id="other")
    assert ledger.release("mine") == 4
    assert set(claim(ledger)) == set(mine)
    assert len(others) == 2


def test_two_processes_at_once_share_no_url_and_get_all(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.add(page(number) for number in range(700))
    first, second = outputs([process("claim", ledger_url, name) for name in ("one", "two")])
    assert Counter(first + second) == Counter(page(number).url for number in range(700))


def test_processes_that_make_the_database_and_add_the_same_at_once_count_each_url_once(ledger_url: str) -> None:
    said = outputs([process("add", ledger_url, str(number)) for number in range(4)])
    assert sum(int(lines[0]) for lines in said) == 3_000
    with open_ledger(ledger_url) as ledger:
        assert ledger.n_urls() == 3_000


def test_claims_of_a_killed_process_come_back_after_the_lease(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.add(page(number) for number in range(20))
        with process("hang", ledger_url, "killed") as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "20\n"
            worker.kill()
        assert claim(ledger) == []
        assert len(claim(ledger, now=NOW + timedelta(seconds=LEASE_S))) == 20


# Recording


def test_an_ending_is_kept_with_all_its_facts(ledger: Ledger) -> None:
    ledger.add([page(1)])
    claim(ledger)
    at = NOW + timedelta(seconds=3)
    ending = Ending(
        url=page(1).url, outcome="fetched", asked_at=NOW, answered_at=at, status=200, detail="a clause",
        final_url="https://news.example/moved", etag='W/"7"', last_modified="Wed, 01 May 2024 11:00:00 GMT",
        payload_digest="sha1:AAAA", place=ArchivePlace(path=ARCHIVE, offset=2**40),
    )  # fmt: skip
    assert ledger.record([ending], archive={ARCHIVE: 2**41}) == 1
    row = found(ledger, page(1).url)
    assert (row.outcome, row.status, row.detail, row.asked_at, row.answered_at) == ("fetched", 200, "a clause", NOW, at)
    assert (row.final_url, row.etag, row.payload_digest) == ("https://news.example/moved", 'W/"7"', "sha1:AAAA")
    assert (row.last_modified, row.changed_at) == ("Wed, 01 May 2024 11:00:00 GMT", at)
    assert (row.warc_path, row.warc_offset) == (ARCHIVE, 2**40)
    assert (row.claimed_by, row.claimed_until, row.tries) == (None, None, 0)
    assert (row.due_at, row.interval_s) == (at + HOUR, 3_600)
    assert ledger.archive_offsets() == {ARCHIVE: 2**41}


def test_an_unchanged_answer_keeps_what_the_last_page_said_and_where_it_lies(ledger: Ledger) -> None:
    ledger.add([page(1)])
    place = ArchivePlace(path=ARCHIVE, offset=10)
    first = Ending(url=page(1).url, outcome="fetched", asked_at=NOW, etag="e", payload_digest="d", place=place)
    later = ArchivePlace(path=ARCHIVE, offset=99)
    second = Ending(url=page(1).url, outcome="unchanged", asked_at=NOW + HOUR, status=304, place=later)
    ledger.record([first], archive={})
    ledger.record([second], archive={})
    row = found(ledger, page(1).url)
    assert (row.outcome, row.n_unchanged, row.changed_at) == ("unchanged", 1, NOW)
    assert (row.etag, row.payload_digest, row.warc_offset, row.interval_s) == ("e", "d", 10, 7_200)


def test_a_failed_revisit_does_not_hide_where_the_page_lies(ledger: Ledger) -> None:
    ledger.add([page(1)])
    place, other = ArchivePlace(path=ARCHIVE, offset=10), ArchivePlace(path=ARCHIVE, offset=99)
    ledger.record([Ending(url=page(1).url, outcome="fetched", asked_at=NOW, etag="e", place=place)], archive={})
    ledger.record([Ending(url=page(1).url, outcome="gone", asked_at=NOW + HOUR, place=other)], archive={})
    row = found(ledger, page(1).url)
    assert (row.outcome, row.warc_offset, row.etag, row.due_at) == ("gone", 10, "e", None)


def test_failures_in_a_row_are_counted_and_a_good_answer_ends_the_row(ledger: Ledger) -> None:
    ledger.add([page(1)])
    tries = []
    for hours, outcome in enumerate(("timeout", "dns", "fetched", "timeout")):
        ledger.record([Ending(url=page(1).url, outcome=outcome, asked_at=NOW + hours * HOUR)], archive={})
        tries.append(found(ledger, page(1).url).tries)
    assert tries == [1, 2, 0, 1]


def test_the_policy_given_says_when_a_page_is_due_again(ledger: Ledger) -> None:
    ledger.add([page(1)])
    off = Policy(revisit_window_s=0)
    ledger.record([Ending(url=page(1).url, outcome="fetched", asked_at=NOW)], archive={}, policy=off)
    assert found(ledger, page(1).url).due_at is None


def test_the_same_ending_again_or_an_earlier_one_changes_nothing(ledger: Ledger) -> None:
    ledger.add([page(1)])
    ending = Ending(url=page(1).url, outcome="timeout", asked_at=NOW)
    earlier = Ending(url=page(1).url, outcome="fetched", asked_at=NOW - HOUR)
    assert [ledger.record([ending], archive={}), ledger.record([earlier, ending], archive={})] == [1, 0]
    assert (found(ledger, page(1).url).outcome, found(ledger, page(1).url).tries) == ("timeout", 1)


def test_two_endings_of_one_url_in_a_batch_count_one_after_the_other(ledger: Ledger) -> None:
    ledger.add([page(1)])
    endings = [Ending(url=page(1).url, outcome="timeout", asked_at=NOW + hours * HOUR) for hours in (1, 0)]
    assert ledger.record(endings, archive={}) == 2
    assert (found(ledger, page(1).url).tries, found(ledger, page(1).url).asked_at) == (2, NOW + HOUR)


def test_an_unknown_url_fails_the_whole_batch(ledger: Ledger) -> None:
    ledger.add([page(1)])
    endings = [Ending(url=page(number).url, outcome="fetched", asked_at=NOW) for number in (1, 2)]
    with pytest.raises(ContractError, match="never added"):
        ledger.record(endings, archive={ARCHIVE: 5})
    assert (ledger.by_outcome("news"), ledger.archive_offsets()) == ({"found": 1}, {})


def test_an_archive_offset_never_goes_back(ledger: Ledger) -> None:
    for offset in (5, 9, 7):
        ledger.record([], archive={ARCHIVE: offset, "other": 1})
    assert ledger.archive_offsets() == {ARCHIVE: 9, "other": 1}


@pytest.mark.parametrize("outcome", ["found", "no such outcome"])
def test_what_is_no_end_cannot_be_recorded(outcome: str) -> None:
    with pytest.raises(ContractError, match="not how a turn can end"):
        Ending(url="https://a.example/", outcome=outcome, asked_at=NOW)


def test_a_kill_during_record_leaves_whole_batches(ledger_url: str) -> None:
    chance = random.Random(7)
    with open_ledger(ledger_url) as ledger:
        ledger.add(page(number) for number in range(BATCH))
    offsets = []
    for _ in range(4):
        with process("record", ledger_url, "killed") as worker:
            assert worker.stdout is not None
            worker.stdout.readline()
            time.sleep(chance.uniform(0.05, 0.3))
            worker.kill()
        with open_ledger(ledger_url) as ledger:
            offset = ledger.archive_offsets().get(ARCHIVE, -1)
            rows = [found(ledger, page(number).url) for number in range(BATCH)]
            # Batch after batch writes its number as the status of every row and as the offset.
            assert {-1 if row.status is None else row.status for row in rows} == {offset}
            offsets.append(offset)
            ledger.clear()
            ledger.add(page(number) for number in range(BATCH))
    assert max(offsets) > 0


@pytest.mark.parametrize("n", [6_000])
def test_three_thousand_endings_a_second_are_recorded_in_batches_of_fifty(tmp_path: Path, n: int) -> None:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.add(page(number) for number in range(n))
        seconds, recorded = 0.0, 0
        while rows := ledger.claim("news", kinds=("page",), n=100, now=NOW, run_id="run", lease_s=LEASE_S):
            began = time.process_time()
            for part in (rows[:50], rows[50:]):
                endings = [Ending(url=row.url, outcome="fetched", asked_at=NOW + HOUR, etag="e") for row in part]
                recorded += ledger.record(endings, archive={ARCHIVE: recorded})
            seconds += time.process_time() - began
    assert recorded == n
    assert recorded / seconds * slowness() > 3_000


# Robots, runs, the whole


def test_a_robots_file_is_kept_until_it_expires(ledger: Ledger) -> None:
    file = Robots(origin="https://a.example:443", status=200, body=b"\x00\xff", fetched_at=NOW, expires_at=NOW + HOUR)
    ledger.save_robots(file)
    asked = [(file.origin, NOW), (file.origin, NOW + HOUR), ("http://a.example:80", NOW)]
    assert [ledger.robots_of(origin, now) for origin, now in asked] == [file, None, None]


def test_a_robots_file_is_cut_and_the_newer_one_replaces_the_older(ledger: Ledger) -> None:
    for body in (b"old", b"x" * 1_000_000):
        ledger.save_robots(
            Robots(origin="https://a.example:443", status=None, body=body, fetched_at=NOW, expires_at=NOW + HOUR)
        )
    kept = ledger.robots_of("https://a.example:443", NOW)
    assert kept is not None
    assert kept.body == b"x" * MAX_ROBOTS_BYTES


def run(number: int, *, found: int, new: int, polled: int = 1, has_ended: bool = True) -> SourceRun:
    began = NOW + number * HOUR
    return SourceRun(
        run_id=f"run-{number}", source="news", began_at=began, ended_at=began + HOUR if has_ended else None,
        polled=polled, found=found, new=new, fetched=0, unchanged=0, failed={"timeout": 2}, n_bytes=2**40,
    )  # fmt: skip


def test_what_is_usual_is_the_median_of_the_last_runs_that_polled_and_ended(ledger: Ledger) -> None:
    assert ledger.usual_found("news") is None
    counts = [(900, 900), (10, 1), (20, 2), (30, 9)]
    for number, (n_found, n_new) in enumerate(counts):
        ledger.save_run(run(number, found=n_found, new=n_new))
    ledger.save_run(run(8, found=0, new=0, polled=0))
    ledger.save_run(run(9, found=0, new=0, has_ended=False))
    assert ledger.usual_found("news", last_n=3) == Usual(n_runs=3, found=20.0, new=2.0)


def test_a_run_saved_again_replaces_itself(ledger: Ledger) -> None:
    ledger.save_run(run(1, found=5, new=5, has_ended=False))
    ledger.save_run(run(1, found=7, new=6))
    assert ledger.usual_found("news") == Usual(n_runs=1, found=7.0, new=6.0)


def test_clearing_leaves_the_history_of_runs_alone(ledger: Ledger) -> None:
    ledger.add([page(1)])
    ledger.save_run(run(1, found=7, new=6))
    ledger.record([], archive={ARCHIVE: 1})
    ledger.clear()
    assert (ledger.n_urls(), ledger.archive_offsets()) == (0, {})
    assert ledger.usual_found("news") is not None


def test_the_ledger_is_still_there_when_it_is_opened_again(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.add([page(1)])
    with open_ledger(ledger_url) as ledger:
        assert ledger.n_urls() == 1


def test_a_ledger_opened_afresh_is_empty(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.add([page(1)])
    with open_ledger(ledger_url, afresh=True) as ledger:
        assert ledger.n_urls() == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.integers(0, 12), max_size=6)),
        st.tuples(st.just("claim"), st.integers(1, 6)),
        st.tuples(st.just("record"), st.lists(st.sampled_from(sorted(set(OUTCOMES) - {"found"})), max_size=4)),
        st.tuples(st.just("release"), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 200_000)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_any_sequence_of_steps_keeps_counts_that_add_up(steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_ledger(f"sqlite:///{folder}/ledger.db") as ledger:
        now, added, held = NOW, set[str](), list[str]()
        for step, what in steps:
            match step, what:
                case "add", list():
                    urls = [page(number).url for number in what]
                    assert ledger.add(page(number, now=now) for number in what) == len(set(urls) - added)
                    added |= set(urls)
                case "claim", int():
                    free = ledger.due_counts(now).get("news", {}).get("page", 0)
                    # The model's leases never run out: a claim of ten years.
                    rows = ledger.claim("news", kinds=("page",), n=what, now=now, run_id="r", lease_s=4e8)
                    assert len(rows) == min(what, free)
                    assert not {row.url for row in rows} & set(held)
                    held += [row.url for row in rows]
                    assert ledger.due_counts(now).get("news", {}).get("page", 0) == free - len(rows)
                case "record", list():
                    ended, held = held[: len(what)], held[len(what) :]
                    pairs = zip(ended, what, strict=False)
                    endings = [Ending(url=url, outcome=str(outcome), asked_at=now) for url, outcome in pairs]
                    assert ledger.record(endings, archive={}) == len(ended)
                case "release", _:
                    assert ledger.release("r") == len(held)
                    held = []
                case "wait", int():
                    now += timedelta(seconds=what)
            assert ledger.n_urls() == sum(ledger.by_outcome().values()) == len(added)


# What cannot be opened


def refusal(address: str) -> str:
    with pytest.raises(UsageError) as refused, open_ledger(address) as ledger:
        ledger.n_urls()
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert PASSWORD not in sentence
    return sentence


def test_another_schema_version_is_refused_with_the_remedy(ledger_url: str) -> None:
    with open_ledger(ledger_url):
        pass
    change_version(ledger_url)
    assert "schema version 99" in refusal(ledger_url)
    assert "`marsad state rebuild`" in refusal(ledger_url)
    with open_ledger(ledger_url, afresh=True) as ledger:
        assert ledger.n_urls() == 0


def change_version(address: str) -> None:
    statement = "UPDATE ledger_version SET version = 99"
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"))
        connection.execute(statement)
        connection.commit()
        connection.close()
    else:
        with psycopg.connect(address.replace("+psycopg", "")) as server:
            server.execute(statement)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (id INTEGER)")
    connection.commit()
    connection.close()
    assert "a database of its own" in refusal(f"sqlite:///{path}")


def test_a_wrong_password_is_one_sentence_without_it(postgres_server: str) -> None:
    sentence = refusal(postgres_server.replace(PASSWORD, "open-sesame") + "/postgres")
    assert "password authentication failed" in sentence
    assert "open-sesame" not in sentence


def test_a_password_among_the_options_is_not_shown_either(postgres_server: str) -> None:
    bare = postgres_server.replace(f":{PASSWORD}@", "@")
    assert "open-sesame" not in refusal(f"{bare}/postgres?password=open-sesame")


def test_a_database_that_does_not_exist_is_one_sentence(postgres_server: str) -> None:
    assert "does not exist" in refusal(f"{postgres_server}/nowhere")


def test_a_server_that_does_not_answer_is_one_sentence(unused_port: int) -> None:
    sentence = refusal(f"postgresql+psycopg://marsad:{PASSWORD}@127.0.0.1:{unused_port}/ledger")
    assert f"postgresql://127.0.0.1:{unused_port}/ledger" in sentence


@pytest.fixture
def unused_port() -> int:
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"postgresql+psycopg://marsad:{PASSWORD}@x@127.0.0.1/ledger", "%40"),
        (f"postgresql+psycopg://marsad:{PASSWORD}@127.0.0.1:port/ledger", "none that can be read"),
        (f"mysql://marsad:{PASSWORD}@127.0.0.1/ledger", "SQLite in a file or by PostgreSQL"),
        ("sqlite://", "SQLite in a file"),
        (f"no address, but {PASSWORD}", "none that can be read"),
    ],
)
def test_an_address_of_no_ledger_is_one_sentence(address: str, said: str) -> None:
    assert said in refusal(address)


@pytest.mark.parametrize("damage", ["all", "middle"])
def test_a_damaged_file_is_one_sentence_with_the_remedy(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.add(page(number) for number in range(2_000))
    content = path.read_bytes()
    start = 0 if damage == "all" else 8_192
    path.write_bytes(content[:start] + b"\xab" * (len(content) - start))
    sentence = refusal(f"sqlite:///{path}")
    assert re.search("damaged.*delete it and run `marsad state rebuild`", sentence)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "cannot be made" in refusal(f"sqlite:///{tmp_path}/file/ledger.db")


def test_a_server_that_ends_while_the_ledger_is_open_is_one_sentence(postgres_server: str) -> None:
    from tests.acquire.databases import new_database  # noqa: PLC0415

    with new_database(postgres_server) as address, open_ledger(address) as ledger:
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(UsageError, match="cannot be used") as refused:
            ledger.n_urls()
        assert PASSWORD not in str(refused.value)


def test_an_adopted_url_is_new_once_and_due_again_when_its_run_is_released(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        found = NewUrl(url="https://a.example/own", source="herald", kind="page", found_at=NOW, due_at=NOW)
        until = NOW + timedelta(hours=1)
        assert ledger.adopt(found, run_id="r1", until=until)
        assert not ledger.adopt(found, run_id="r2", until=until)

        def claimed() -> list[str]:
            rows = ledger.claim("herald", kinds=("page",), n=5, now=NOW, run_id="r2", lease_s=60.0)
            return [row.url for row in rows]

        assert claimed() == []
        assert ledger.release("r1") == 1
        assert claimed() == [found.url]
