"""When a URL is due again, rule by rule."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.acquire.schedule import (
    DAY_S,
    HOUR_S,
    JITTER,
    MAX_ASKED_WAIT_S,
    MINUTE_S,
    POLLING,
    NextTurn,
    Policy,
    Turn,
    came_up_at,
    next_turn,
    retry_wait_s,
)
from tasks.records.fetches import OUTCOMES, RETRYABLE, UrlKind

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
URL = "https://news.example/1"
FINAL = sorted(set(OUTCOMES) - RETRYABLE - {"found", "fetched", "unchanged"})
START_KINDS: tuple[UrlKind, ...] = ("feed", "sitemap", "section", "list")


def turn(
    outcome: str = "unchanged", *, kind: UrlKind = "page", is_changed: bool = False, interval_s: int | None = None,
    since: datetime = AT, n_failures: int = 1, is_archived: bool = False, not_before: datetime | None = None,
    ttl_s: float | None = None,
) -> Turn:  # fmt: skip
    return Turn(
        url=URL, kind=kind, outcome=outcome, at=AT, is_changed=is_changed, since=since, n_failures=n_failures,
        interval_s=interval_s, is_archived=is_archived, not_before=not_before, ttl_s=ttl_s,
    )  # fmt: skip


def wait_s(ended: Turn, *, policy: Policy | None = None) -> float:
    due_at = next_turn(ended, policy=policy or Policy()).due_at
    assert due_at is not None
    return (due_at - AT).total_seconds()


@pytest.mark.parametrize("kind", START_KINDS)
def test_a_start_point_is_polled_twice_as_often_when_it_changed(kind: UrlKind) -> None:
    interval_s = POLLING[kind].longest_s
    assert wait_s(turn("fetched", kind=kind, is_changed=True, interval_s=interval_s)) == interval_s / 2


@pytest.mark.parametrize("kind", START_KINDS)
def test_a_start_point_is_polled_less_often_when_it_did_not_change(kind: UrlKind) -> None:
    interval_s = POLLING[kind].shortest_s
    assert wait_s(turn(kind=kind, interval_s=interval_s)) == interval_s * 1.5


@pytest.mark.parametrize("kind", START_KINDS)
def test_the_first_interval_of_a_start_point_is_that_of_its_kind(kind: UrlKind) -> None:
    assert wait_s(turn("fetched", kind=kind, is_changed=True)) == POLLING[kind].first_s


@given(st.sampled_from(START_KINDS), st.lists(st.booleans(), max_size=40))
def test_intervals_stay_within_the_bounds_of_the_kind(kind: UrlKind, changes: list[bool]) -> None:
    interval_s: int | None = None
    for is_changed in changes:
        interval_s = next_turn(turn("fetched", kind=kind, is_changed=is_changed, interval_s=interval_s)).interval_s
        assert interval_s is not None
        assert POLLING[kind].shortest_s <= interval_s <= POLLING[kind].longest_s


def test_sitemaps_are_polled_more_slowly_than_feeds() -> None:
    feed, sitemap = POLLING["feed"], POLLING["sitemap"]
    assert (feed.first_s < sitemap.first_s, feed.shortest_s < sitemap.shortest_s) == (True, True)


@pytest.mark.parametrize(("ttl_s", "expected_s"), [(2 * HOUR_S, 2 * HOUR_S), (60, 15 * MINUTE_S), (1e12, DAY_S)])
def test_a_feed_is_not_asked_before_its_ttl_within_reason(ttl_s: float, expected_s: int) -> None:
    ended = turn("fetched", kind="feed", is_changed=True, interval_s=15 * MINUTE_S, ttl_s=ttl_s)
    assert wait_s(ended) == expected_s


@pytest.mark.parametrize("kind", START_KINDS)
@pytest.mark.parametrize("outcome", FINAL)
def test_a_start_point_that_fails_for_good_is_asked_once_a_day(kind: UrlKind, outcome: str) -> None:
    assert wait_s(turn(outcome, kind=kind, n_failures=50)) == DAY_S


@pytest.mark.parametrize("outcome", sorted(RETRYABLE))
def test_a_start_point_is_never_given_up(outcome: str) -> None:
    assert DAY_S <= wait_s(turn(outcome, kind="feed", n_failures=1_000_000)) <= DAY_S * (1 + JITTER)


def test_a_failure_leaves_the_interval_of_a_start_point_as_it_was() -> None:
    assert next_turn(turn("timeout", kind="feed", interval_s=1_234)).interval_s == 1_234


def test_a_page_is_first_visited_again_after_an_hour() -> None:
    assert next_turn(turn("fetched", is_changed=True)) == NextTurn(due_at=AT + timedelta(hours=1), interval_s=HOUR_S)


def test_a_page_that_stays_as_it_is_is_visited_half_as_often_each_time() -> None:
    assert wait_s(turn(interval_s=4 * HOUR_S)) == 8 * HOUR_S


def test_a_page_that_changed_is_visited_again_after_an_hour() -> None:
    assert wait_s(turn("fetched", is_changed=True, interval_s=8 * HOUR_S)) == HOUR_S


@pytest.mark.parametrize(("age_h", "is_due"), [(47, True), (47.5, False), (500, False)])
def test_revisits_end_with_the_window(age_h: float, is_due: bool) -> None:
    ended = turn("fetched", is_changed=True, since=AT - timedelta(hours=age_h))
    assert (next_turn(ended).due_at is not None) == is_due


def test_no_page_is_visited_again_when_revisits_are_off() -> None:
    assert next_turn(turn("fetched", is_changed=True), policy=Policy(revisit_window_s=0)).due_at is None


@pytest.mark.parametrize("outcome", FINAL)
def test_what_will_not_go_away_is_never_asked_again(outcome: str) -> None:
    assert next_turn(turn(outcome)).due_at is None


@pytest.mark.parametrize("outcome", sorted(RETRYABLE))
def test_what_may_go_away_is_asked_later_and_later_and_given_up_after_six_tries(outcome: str) -> None:
    waits = [wait_s(turn(outcome, n_failures=n)) for n in range(1, 6)]
    assert all(later > sooner for sooner, later in pairwise(waits[:4]))
    assert waits[4] >= DAY_S
    assert next_turn(turn(outcome, n_failures=6)).due_at is None


@given(st.text(), st.integers(0, 10**9))
def test_the_wait_before_a_retry_is_bounded_and_the_same_every_time(url: str, n_failures: int) -> None:
    first = retry_wait_s(url, n_failures=n_failures)
    assert first == retry_wait_s(url, n_failures=n_failures)
    assert 15 * MINUTE_S <= first <= DAY_S * (1 + JITTER)


def test_pages_that_failed_together_do_not_come_back_together() -> None:
    waits = {round(retry_wait_s(f"{URL}?{number}", n_failures=1)) for number in range(200)}
    assert len(waits) > 100


def test_a_page_that_is_archived_is_not_retried_after_its_window() -> None:
    old = AT - timedelta(days=9)
    assert next_turn(turn("timeout", since=old, is_archived=True)).due_at is None
    assert next_turn(turn("timeout", since=old)).due_at is not None


@pytest.mark.parametrize("kind", ["page", "feed"])
def test_an_overloaded_server_is_not_asked_before_it_says(kind: UrlKind) -> None:
    assert wait_s(turn("overloaded", kind=kind, not_before=AT + timedelta(hours=30))) == 30 * HOUR_S


def test_a_wait_that_the_server_asks_for_does_not_shorten_the_own_one() -> None:
    assert wait_s(turn("overloaded", not_before=AT)) == pytest.approx(retry_wait_s(URL, n_failures=1), abs=1e-5)


def test_what_robots_forbids_is_asked_when_the_robots_file_has_expired() -> None:
    assert wait_s(turn("robots", not_before=AT + timedelta(days=1))) == DAY_S


def test_a_wait_of_years_is_cut_to_a_week() -> None:
    assert wait_s(turn("overloaded", not_before=AT + timedelta(days=4_000))) == MAX_ASKED_WAIT_S


def test_a_robots_file_has_no_turn_of_its_own() -> None:
    assert next_turn(turn("fetched", kind="robots")).due_at is None


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("2024-04-30T10:00:00+02:00", datetime(2024, 4, 30, 8, tzinfo=UTC)),
        ("2024-04-30", datetime(2024, 4, 30, tzinfo=UTC)),
        ("2031-01-01", AT),
        ("Tue, 30 Apr 2024 10:00:00 GMT", AT),
        ("0001-01-01T00:00:00+14:00", AT),
        ("", AT),
        (None, AT),
    ],
)
def test_a_page_came_up_when_found_or_published_whichever_was_earlier(
    published: str | None, expected: datetime
) -> None:
    assert came_up_at(AT, published) == expected
