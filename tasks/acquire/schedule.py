"""When a URL is due again: pure functions of how its last turn ended.

Start points (feeds, sitemaps, sections, lists) are polled as often as they give something new: the interval is halved
when they did and grows by half when not, within bounds of their kind. They are never given up, since an operator named
them or a start point leads to them: what fails is asked later and later, at most a day apart.

Pages are visited again while they are young, an hour after they were fetched and each time twice as late while nothing
changes. A failure that may go away is tried again later and later, a few times; any other is final.

The file robots.txt has no turn of its own: it is read when a page of its host is about to be asked for.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tasks.records.fetches import RETRYABLE, UrlKind

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S

SUCCESSES = frozenset({"fetched", "unchanged"})
HALVED = 0.5
GROWN = 1.5
# 15 min, 1 h, 4 h, 16 h, 24 h: five waits, near two days, outlast the usual trouble of a server.
RETRY_GROWTH = 4.0
# A wait is lengthened by up to a quarter, so that pages that failed together do not come back together.
JITTER = 0.25
# A server that asks to be left alone for longer is asked again after this.
MAX_ASKED_WAIT_S = 7 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How often start points of one kind are asked: at first, at most and at least."""

    first_s: int
    shortest_s: int
    longest_s: int


# A sitemap is long and changes with every article, so its size is what bounds it; a list is kept by hand.
POLLING: dict[UrlKind, Polling] = {
    "feed": Polling(first_s=HOUR_S, shortest_s=15 * MINUTE_S, longest_s=DAY_S),
    "section": Polling(first_s=HOUR_S, shortest_s=15 * MINUTE_S, longest_s=DAY_S),
    "sitemap": Polling(first_s=4 * HOUR_S, shortest_s=HOUR_S, longest_s=7 * DAY_S),
    "list": Polling(first_s=DAY_S, shortest_s=HOUR_S, longest_s=7 * DAY_S),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What an operator may want otherwise. A revisit window of 0 turns revisits off; `max_tries` bounds failures."""

    revisit_window_s: int = 48 * HOUR_S
    first_revisit_s: int = HOUR_S
    first_retry_s: int = 15 * MINUTE_S
    longest_retry_s: int = DAY_S
    max_tries: int = 6


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How the last turn of a URL ended.

    `since` is when a page came up (`came_up_at`); `n_failures` are those in a row, this one included; `interval_s` is
    what the turn before set; `is_archived` says that the page was fetched at least once. `not_before` is what the
    server asked for (Retry-After) or when its robots file is read again; `ttl_s` what a feed says of itself.
    """

    url: str
    kind: UrlKind
    outcome: str
    at: datetime
    is_changed: bool
    since: datetime
    n_failures: int = 0
    interval_s: int | None = None
    is_archived: bool = False
    not_before: datetime | None = None
    ttl_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTurn:
    """When a URL is due again (null = never) and the interval that the turn after it builds on."""

    due_at: datetime | None
    interval_s: int | None


def next_turn(turn: Turn, *, policy: Policy = DEFAULT_POLICY) -> NextTurn:
    """When a URL is due again after a turn that ended so."""
    if turn.kind == "page":
        return _next_of_page(turn, policy)
    if turn.kind == "robots":
        return NextTurn(due_at=None, interval_s=None)
    return _next_of_start_point(turn, policy)


def came_up_at(found_at: datetime, published: str | None) -> datetime:
    """When a page came up: when it was found, or when it says it was published, where that is earlier.

    Its window for revisits begins then, so a page that was old when a sitemap named it is fetched once.
    A date that is not ISO 8601 counts as none; one without a zone is read as UTC.
    """
    try:
        stated = datetime.fromisoformat(published or "")
        stated = stated.replace(tzinfo=UTC) if stated.utcoffset() is None else stated.astimezone(UTC)
    except (ValueError, OverflowError):
        return found_at
    return min(found_at, stated)


def retry_wait_s(url: str, *, n_failures: int, policy: Policy = DEFAULT_POLICY) -> float:
    """How long to wait after so many failures in a row; a jitter from the URL's hash, so the same every time."""
    growth = RETRY_GROWTH ** min(max(n_failures, 1) - 1, 16)
    wait_s = min(policy.first_retry_s * growth, policy.longest_retry_s)
    digest = hashlib.sha256(f"{n_failures} {url}".encode("utf-8", "surrogatepass")).digest()
    return wait_s * (1 + JITTER * int.from_bytes(digest[:4], "big") / 2**32)


def _next_of_start_point(turn: Turn, policy: Policy) -> NextTurn:
    if turn.outcome in SUCCESSES:
        interval_s = _poll_interval_s(turn)
        return NextTurn(due_at=_after(turn, interval_s), interval_s=interval_s)
    wait_s = DAY_S if turn.outcome not in RETRYABLE else _retry_s(turn, policy)
    return NextTurn(due_at=_after(turn, wait_s), interval_s=turn.interval_s)


def _poll_interval_s(turn: Turn) -> int:
    """Half or one and a half of the interval before, within the bounds of the kind and not below the feed's ttl."""
    polling = POLLING[turn.kind]
    interval_s: float = polling.first_s
    if turn.interval_s is not None:
        interval_s = turn.interval_s * (HALVED if turn.is_changed else GROWN)
    wanted_s = max(interval_s, polling.shortest_s, turn.ttl_s or 0)
    return int(min(wanted_s, polling.longest_s))


def _next_of_page(turn: Turn, policy: Policy) -> NextTurn:
    window_ends = turn.since + timedelta(seconds=policy.revisit_window_s)
    if turn.outcome in SUCCESSES:
        is_first = turn.is_changed or turn.interval_s is None
        interval_s = policy.first_revisit_s if is_first or turn.interval_s is None else 2 * turn.interval_s
        due_at = _after(turn, interval_s)
        return NextTurn(due_at=due_at if due_at <= window_ends else None, interval_s=interval_s)
    if turn.outcome not in RETRYABLE or turn.n_failures >= policy.max_tries:
        return NextTurn(due_at=None, interval_s=turn.interval_s)
    due_at = _after(turn, _retry_s(turn, policy))
    is_over = turn.is_archived and due_at > window_ends
    return NextTurn(due_at=None if is_over else due_at, interval_s=turn.interval_s)


def _retry_s(turn: Turn, policy: Policy) -> float:
    return retry_wait_s(turn.url, n_failures=turn.n_failures, policy=policy)


def _after(turn: Turn, wait_s: float) -> datetime:
    """The instant after a wait, or the one that the server asked for, where that is later and within reason."""
    due_at = turn.at + timedelta(seconds=wait_s)
    if turn.not_before is None:
        return due_at
    return max(due_at, min(turn.not_before, turn.at + timedelta(seconds=MAX_ASKED_WAIT_S)))
