"""The state of the fetch: every URL seen, how it ended and when it is due again, in SQLite or PostgreSQL.

The archive is the truth and the ledger made from it: `record` writes how turns ended together with the offset up to
which the archive is in the ledger, in one transaction, so what a kill loses is read from the archive again.

What is due is a query. A process claims a slice of it with a lease; nobody else gets those rows until they are
recorded or released, or until the lease has run out, as it does when the process was killed.
"""

import hashlib
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Update,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningUpdate

from tasks.acquire.appointing import START_POINT, appoint
from tasks.acquire.ledger_tables import (
    MAX_DETAIL_CHARS,
    MAX_URL_CHARS,
    archive_files,
    failing_in_one_sentence,
    open_database,
    reading,
    resting_hosts,
    robots,
    runs,
    storable,
    urls,
    writing,
)
from tasks.acquire.schedule import DEFAULT_POLICY, SUCCESSES, Policy, Turn, came_up_at, next_turn
from tasks.records.errors import ContractError
from tasks.records.fetches import OUTCOMES, ArchivePlace, UrlKind

KEY_HEX = 32
# URLs of one transaction of `add`, and rows asked for by one SELECT.
CHUNK = 2_000
MAX_ROBOTS_BYTES = 512 * 1024
MAX_AUTHORS = 50
MAX_AUTHOR_CHARS = 200

# START_POINT is 0.
NEW_PAGE, OTHER_PAGE = 1, 2
# How a URL may enter the ledger: by being found, or by being found and left out at once.
OUTCOMES_OF_NEW = ("found", "excluded", "bad_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUrl:
    """A canonical URL that a source's start points named, and when it is due (null = never).

    Among new pages the latest `due_at` is served first, so a page whose date is known does well to have it as `due_at`.
    """

    url: str
    source: str
    kind: UrlKind
    found_at: datetime
    due_at: datetime | None
    outcome: str = "found"
    found_in: str | None = None
    title: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()
    detail: str | None = None

    def __post_init__(self) -> None:
        """Raises ContractError for an outcome that is none of a new URL."""
        if self.outcome not in OUTCOMES_OF_NEW:
            raise ContractError(f"{self.url}: a new URL is one of {', '.join(OUTCOMES_OF_NEW)}, not {self.outcome!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the turn of a URL ended, and what the schedule goes by.

    `asked_at` is when its turn came, asked for or not (robots). `captured_at` is the WARC-Date of the record that holds
    the answer. `not_before`: what Retry-After says, or when the robots
    file of its host expires. `ttl_s`: what a feed says of itself. `has_news`: whether a start point named URLs that
    nobody knew; null = judged by the outcome, where `fetched` is a change.
    """

    url: str
    outcome: str
    asked_at: datetime
    answered_at: datetime | None = None
    status: int | None = None
    detail: str | None = None
    final_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload_digest: str | None = None
    captured_at: datetime | None = None
    place: ArchivePlace | None = None
    not_before: datetime | None = None
    ttl_s: float | None = None
    has_news: bool | None = None

    def __post_init__(self) -> None:
        """Raises ContractError for an outcome that is no end."""
        if self.outcome not in OUTCOMES or self.outcome == "found":
            raise ContractError(f"{self.url}: {self.outcome!r} is not how a turn can end")


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRow:
    """All that the ledger knows of a URL. `tries` are failures in a row, `n_unchanged` unchanged answers in a row.

    `etag`, `last_modified`, `payload_digest`, `changed_at` (the WARC-Date of its record, which later revisits refer to)
    and `final_url` are of the last good answer; `warc_path` and
    `warc_offset` say where the last page lies, else the last answer that was none.
    """

    url: str
    source: str
    kind: UrlKind
    found_in: str | None
    found_at: datetime
    title: str | None
    published: str | None
    authors: tuple[str, ...]
    outcome: str
    detail: str | None
    status: int | None
    tries: int
    asked_at: datetime | None
    answered_at: datetime | None
    due_at: datetime | None
    interval_s: int | None
    claimed_by: str | None
    claimed_until: datetime | None
    etag: str | None
    last_modified: str | None
    payload_digest: str | None
    changed_at: datetime | None
    n_unchanged: int
    final_url: str | None
    warc_path: str | None
    warc_offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The robots file of an origin ("scheme://host:port"), cut at 512 KiB; no status where no answer came."""

    origin: str
    status: int | None
    body: bytes
    fetched_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """What one run did for one source. `polled` are the start points that answered, `failed` counts by outcome."""

    run_id: str
    source: str
    began_at: datetime
    ended_at: datetime | None
    polled: int
    found: int
    new: int
    fetched: int
    unchanged: int
    failed: Mapping[str, int]
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What a source usually gives: medians over so many of its earlier runs."""

    n_runs: int
    found: float
    new: float


ROW_FIELDS = tuple(field.name for field in fields(UrlRow))
ROW_COLUMNS = [urls.c[name] for name in ROW_FIELDS]
# What a URL is found with; `record` writes the rest of its row.
FOUND = ("key", "url", "source", "kind", "found_in", "found_at", "title", "published", "authors")
RECORDED = tuple(column.name for column in urls.columns if column.name not in FOUND)
FILLED = ("title", "published", "authors")


def key_of(url: str) -> str:
    """First 32 hex of sha256 of a URL as it is stored."""
    return hashlib.sha256(storable(url, max_chars=MAX_URL_CHARS).encode()).hexdigest()[:KEY_HEX]


@contextmanager
def open_ledger(address: str, *, afresh: bool = False) -> Iterator["Ledger"]:
    """The ledger at `sqlite:///...` or `postgresql+psycopg://...`, made where it is new, closed on the way out.

    `afresh` begins an empty one in place of what is there, of whatever version (`marsad state rebuild`). Raises
    UsageError, one sentence without a password, when the database cannot be opened or, later, cannot be used.
    """
    with open_database(address, afresh=afresh) as engine:
        yield Ledger(engine)


class Ledger:
    """The tables of the fetch behind the questions that it asks. Threads may share one; processes open their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with failing_in_one_sentence(self._engine.url), reading(self._engine) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with failing_in_one_sentence(self._engine.url), writing(self._engine) as connection:
            yield connection

    def add(self, found: Iterable[NewUrl]) -> int:
        """How many of the URLs are new. Known ones stay as they are, but what is missing of title, date, authors.

        Takes any number, 2,000 a transaction; after a kill in between, adding them again adds the rest.
        """
        rows = (_new_row(one) for one in found)
        n_new = 0
        while chunk := sorted(islice(rows, CHUNK), key=lambda row: str(row["key"])):
            n_new += self._add_chunk(chunk)
        return n_new

    def _add_chunk(self, rows: list[dict[str, Any]]) -> int:
        # In the order of keys, here as in `record`, so that two processes on PostgreSQL never wait for one another.
        with self._writing() as connection:
            statement = self._insert(urls).on_conflict_do_nothing().returning(urls.c.key)
            new = set(connection.scalars(statement, rows))
            firsts = {row["key"]: id(row) for row in reversed(rows)}
            known = [row for row in rows if row["key"] not in new or firsts[row["key"]] != id(row)]
            facts = [
                {f"new_{name}": row[name] for name in ("key", *FILLED)}
                for row in known
                if any(row[name] is not None for name in FILLED)
            ]
            if facts:
                connection.execute(_filling(), facts)
        return len(new)

    def adopt(self, found: NewUrl, *, run_id: str, until: datetime) -> bool:
        """Whether the URL is new; then it is claimed by the run, and due for others should that be killed."""
        row = _new_row(found) | {"claimed_by": run_id, "claimed_until": until}
        with self._writing() as connection:
            statement = self._insert(urls).values(row).on_conflict_do_nothing().returning(urls.c.key)
            return connection.scalar(statement) is not None

    def appoint(self, starts: Sequence[NewUrl], *, sources: Set[str], at: datetime) -> None:
        """Nothing; these are the start points now, with what they led to, and others are due no more.

        Of two sources that name one address, the first has it. Pages of a source that is none of `sources` go to the
        one that has its start points now.
        """
        self.add(starts)
        named = {key_of(start.url): (start.source, str(start.kind)) for start in reversed(starts)}
        with self._writing() as connection:
            appoint(connection, named, sources=sources, at=at)

    def n_known(self, found: Sequence[str]) -> int:
        """How many of these URLs the ledger has."""
        keys, n = sorted({key_of(url) for url in found}), 0
        with self._reading() as connection:
            for start in range(0, len(keys), CHUNK):
                wanted = select(func.count()).where(urls.c.key.in_(keys[start : start + CHUNK]))
                n += connection.scalar(wanted) or 0
        return n

    def claim(
        self, source: str, *, kinds: Sequence[UrlKind], n: int, now: datetime, run_id: str, lease_s: float
    ) -> list[UrlRow]:
        """At most `n` due URLs of a source, which are the caller's until recorded, released or the lease has run out.

        Start points come first, the longest due before others; then pages never asked for, the latest due before others
        (news is worth most while new; the backlog is eaten when there is nothing newer); then revisits and retries, the
        longest due before others. Two processes at once never get the same row.
        """
        until = now + timedelta(seconds=lease_s)
        claimed: list[UrlRow] = []
        with self._writing() as connection:
            for turn in (START_POINT, NEW_PAGE, OTHER_PAGE):
                if len(claimed) < n:
                    wanted = (urls.c.source == source, urls.c.turn == turn, urls.c.kind.in_(kinds))
                    order = urls.c.due_at.desc() if turn == NEW_PAGE else urls.c.due_at.asc()
                    statement = _claiming(wanted, order, now=now, n=n - len(claimed))
                    found = connection.execute(statement.values(claimed_by=run_id, claimed_until=until))
                    rows = [_row(one) for one in found.mappings()]
                    claimed += sorted(rows, key=_due_at, reverse=turn == NEW_PAGE)
        return claimed

    def record(self, endings: Sequence[Ending], *, archive: Mapping[str, int], policy: Policy = DEFAULT_POLICY) -> int:
        """How many endings were news to the ledger; they and the archive's offsets are in it together or not at all.

        Frees the claims and says when each URL is due again. An ending not later than the one recorded is known already
        and changes nothing, so the archive can be read again from any offset. Raises ContractError for a URL that was
        never added.
        """
        keyed = sorted(((key_of(ending.url), ending) for ending in endings), key=lambda one: (one[0], one[1].asked_at))
        with self._writing() as connection:
            known = _locked_rows(connection, [key for key, _ in keyed])
            changed: dict[str, dict[str, Any]] = {}
            n_new = 0
            for key, ending in keyed:
                if key not in known:
                    raise ContractError(f"{ending.url[:200]}: recorded, but never added to the ledger")
                row = known[key] | changed.get(key, {})
                if row["asked_at"] is None or row["asked_at"] < ending.asked_at:
                    changed[key] = _after(row, ending, policy=policy)
                    n_new += 1
            if changed:
                values = {name: bindparam(f"new_{name}", type_=urls.c[name].type) for name in RECORDED}
                statement = update(urls).where(urls.c.key == bindparam("new_key")).values(values)
                new = [{f"new_{name}": value for name, value in row.items()} for row in changed.values()]
                connection.execute(statement, new)
            self._save_offsets(connection, archive)
        return n_new

    def _save_offsets(self, connection: Connection, archive: Mapping[str, int]) -> None:
        if archive:
            statement = self._insert(archive_files)
            later = statement.excluded.offset
            saved = statement.on_conflict_do_update(
                index_elements=["path"], set_={"offset": later}, where=archive_files.c.offset < later
            )
            connection.execute(saved, [{"path": path, "offset": archive[path]} for path in sorted(archive)])

    def release(self, run_id: str) -> int:
        """How many claims of a run were given back: its rows are due as they were before."""
        with self._writing() as connection:
            freed = update(urls).where(urls.c.claimed_by == run_id).values(claimed_by=None, claimed_until=None)
            return connection.execute(freed).rowcount

    def due_counts(self, now: datetime) -> dict[str, dict[UrlKind, int]]:
        """How many URLs are due and not claimed, by source and kind."""
        counted = (
            select(urls.c.source, urls.c.kind, func.count()).where(_is_free(now)).group_by(urls.c.source, urls.c.kind)
        )
        counts: dict[str, dict[UrlKind, int]] = {}
        with self._reading() as connection:
            for source, kind, n in connection.execute(counted.order_by(urls.c.source, urls.c.kind)):
                counts.setdefault(source, {})[kind] = n
        return counts

    def by_outcome(self, source: str | None = None) -> dict[str, int]:
        """How many URLs of a source, or of all, have which outcome."""
        counted = select(urls.c.outcome, func.count()).group_by(urls.c.outcome).order_by(urls.c.outcome)
        if source is not None:
            counted = counted.where(urls.c.source == source)
        with self._reading() as connection:
            return {outcome: n for outcome, n in connection.execute(counted)}

    def find(self, url: str) -> UrlRow | None:
        """What is known of a canonical URL; else of the one, last answered, whose redirects led to it."""
        key = key_of(url)
        wanted = select(*ROW_COLUMNS).where(or_(urls.c.key == key, urls.c.final_key == key))
        with self._reading() as connection:
            found = connection.execute(wanted.order_by(urls.c.key != key, urls.c.answered_at.desc()).limit(1))
            row = found.mappings().first()
        return None if row is None else _row(row)

    def n_urls(self) -> int:
        """How many URLs the ledger holds."""
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(urls)) or 0

    def robots_of(self, origin: str, now: datetime) -> Robots | None:
        """The robots file of an origin; null where none is kept or the one kept has expired."""
        wanted = select(robots).where(robots.c.origin == origin, robots.c.expires_at > now)
        with self._reading() as connection:
            row = connection.execute(wanted).mappings().first()
        return None if row is None else Robots(**row)

    def save_robots(self, file: Robots) -> None:
        """Nothing; the robots file is the one of its origin until it expires."""
        values = {field.name: getattr(file, field.name) for field in fields(Robots)}
        values["body"] = file.body[:MAX_ROBOTS_BYTES]
        with self._writing() as connection:
            saved = self._insert(robots).values(values)
            connection.execute(saved.on_conflict_do_update(index_elements=["origin"], set_=values))

    def rest_of(self, host: str, now: datetime) -> datetime | None:
        """Until when a host asked to be left alone; null where it did not, or that is over."""
        wanted = select(resting_hosts.c.until).where(resting_hosts.c.host == host, resting_hosts.c.until > now)
        with self._reading() as connection:
            return connection.scalar(wanted)

    def save_rest(self, host: str, *, until: datetime) -> None:
        """Nothing; the host is left alone until then, by this run and by others."""
        with self._writing() as connection:
            saved = self._insert(resting_hosts).values(host=host, until=until)
            connection.execute(saved.on_conflict_do_update(index_elements=["host"], set_={"until": until}))

    def archive_offsets(self) -> dict[str, int]:
        """By WARC file, the offset up to which the ledger holds it."""
        with self._reading() as connection:
            found = connection.execute(select(archive_files.c.path, archive_files.c.offset))
            return {path: offset for path, offset in found}

    def save_run(self, run: SourceRun) -> None:
        """Nothing; what a run did for a source is kept, in place of what was said of the same run before."""
        values = {field.name: getattr(run, field.name) for field in fields(SourceRun)} | {"failed": dict(run.failed)}
        with self._writing() as connection:
            saved = self._insert(runs).values(values)
            connection.execute(saved.on_conflict_do_update(index_elements=["run_id", "source"], set_=values))

    def usual_found(self, source: str, *, last_n: int = 10) -> Usual | None:
        """What the last runs of a source found, of those that ended and polled a start point; null without any."""
        wanted = (
            select(runs.c.found, runs.c.new)
            .where(runs.c.source == source, runs.c.ended_at.is_not(None), runs.c.polled > 0)
            .order_by(runs.c.began_at.desc(), runs.c.run_id.desc())
            .limit(last_n)
        )
        with self._reading() as connection:
            found = connection.execute(wanted).all()
        if not found:
            return None
        medians = [float(statistics.median(numbers)) for numbers in zip(*found, strict=True)]
        return Usual(n_runs=len(found), found=medians[0], new=medians[1])

    def clear(self) -> None:
        """Nothing; all that can be made from the archive and the network again is gone, the history of runs stays."""
        with self._writing() as connection:
            for table in (urls, robots, resting_hosts, archive_files):
                connection.execute(delete(table))


def _new_row(found: NewUrl) -> dict[str, Any]:
    return {
        "key": key_of(found.url),
        "url": found.url,
        "source": found.source,
        "kind": found.kind,
        "turn": NEW_PAGE if found.kind == "page" else START_POINT,
        "found_in": found.found_in,
        "found_at": found.found_at,
        "title": found.title,
        "published": found.published,
        "authors": [storable(name, max_chars=MAX_AUTHOR_CHARS) for name in found.authors[:MAX_AUTHORS]] or None,
        "outcome": found.outcome,
        "detail": found.detail,
        "due_at": found.due_at,
        "tries": 0,
        "n_unchanged": 0,
    }


def _filling() -> Update:
    """The statement that gives a row what it lacks of title, date and authors, where there is any to give."""
    given = {name: bindparam(f"new_{name}", type_=urls.c[name].type) for name in FILLED}
    lacking = [and_(urls.c[name].is_(None), value.is_not(None)) for name, value in given.items()]
    filled = {name: func.coalesce(urls.c[name], value) for name, value in given.items()}
    return update(urls).where(urls.c.key == bindparam("new_key"), or_(*lacking)).values(filled)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(urls.c.due_at <= now, or_(urls.c.claimed_until.is_(None), urls.c.claimed_until <= now))


def _claiming(
    wanted: Sequence[ColumnElement[bool]], order: ColumnElement[Any], *, now: datetime, n: int
) -> ReturningUpdate[Any]:
    """The statement that claims rows. PostgreSQL locks what it picks and passes over what others have locked.

    SQLite has one writer at a time and leaves FOR UPDATE out.
    """
    picked = (
        select(urls.c.key)
        .where(*wanted, _is_free(now))
        .order_by(order)
        .limit(n)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    return update(urls).where(urls.c.key.in_(select(picked.c.key))).returning(*ROW_COLUMNS)


def _locked_rows(connection: Connection, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The rows of so many keys, which nobody changes until the transaction ends."""
    rows: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), CHUNK):
        wanted = select(urls).where(urls.c.key.in_(keys[start : start + CHUNK]))
        found = connection.execute(wanted.order_by(urls.c.key).with_for_update())
        rows |= {row["key"]: dict(row) for row in found.mappings()}
    return rows


def _after(row: Mapping[str, Any], ending: Ending, *, policy: Policy) -> dict[str, Any]:
    """What a row says after a turn that ended so."""
    is_good = ending.outcome in SUCCESSES
    tries = 0 if is_good else row["tries"] + 1
    due = next_turn(_turn(row, ending, n_failures=tries), policy=policy)
    after = {name: row[name] for name in ("key", *RECORDED)} | {
        "turn": OTHER_PAGE if row["kind"] == "page" else START_POINT,
        "outcome": ending.outcome,
        "detail": ending.detail,
        "status": ending.status,
        "tries": tries,
        "asked_at": ending.asked_at,
        "answered_at": ending.answered_at,
        "due_at": due.due_at,
        "interval_s": due.interval_s,
        "claimed_by": None,
        "claimed_until": None,
    }
    if is_good:
        after |= _facts_of_answer(row, ending)
    elif ending.outcome == "moved" and ending.final_url is not None:
        after |= {"final_url": ending.final_url, "final_key": key_of(ending.final_url)}
    if ending.place is not None and (ending.outcome == "fetched" or row["changed_at"] is None):
        after |= {"warc_path": ending.place.path, "warc_offset": ending.place.offset}
    return after


def _turn(row: Mapping[str, Any], ending: Ending, *, n_failures: int) -> Turn:
    return Turn(
        url=row["url"],
        kind=row["kind"],
        outcome=ending.outcome,
        at=ending.answered_at or ending.asked_at,
        is_changed=ending.outcome == "fetched" if ending.has_news is None else ending.has_news,
        since=came_up_at(row["found_at"], row["published"]),
        n_failures=n_failures,
        interval_s=row["interval_s"],
        is_archived=row["changed_at"] is not None,
        not_before=ending.not_before,
        ttl_s=ending.ttl_s,
    )


def _facts_of_answer(row: Mapping[str, Any], ending: Ending) -> dict[str, Any]:
    """What a good answer says for the next time; an unchanged one may leave out what the one before it said."""
    is_new = ending.outcome == "fetched"
    is_redirected = ending.final_url is not None and ending.final_url != ending.url
    etag, last_modified = _validator(ending.etag), _validator(ending.last_modified)
    return {
        "etag": etag if is_new else etag or row["etag"],
        "last_modified": last_modified if is_new else last_modified or row["last_modified"],
        "payload_digest": ending.payload_digest if is_new else ending.payload_digest or row["payload_digest"],
        "changed_at": (ending.captured_at or ending.answered_at or ending.asked_at) if is_new else row["changed_at"],
        "n_unchanged": 0 if is_new else row["n_unchanged"] + 1,
        "final_url": ending.final_url if is_redirected else None,
        "final_key": key_of(ending.final_url) if is_redirected and ending.final_url else None,
    }


def _validator(value: str | None) -> str | None:
    """An ETag or date as the server gave it; half of one would never match, so one that is too long counts as none."""
    return value if value and len(value) <= MAX_DETAIL_CHARS else None


def _row(stored: Mapping[Any, Any]) -> UrlRow:
    known = {name: stored[name] for name in ROW_FIELDS}
    return UrlRow(**known | {"authors": tuple(known["authors"] or ())})


def _due_at(row: UrlRow) -> datetime:
    if row.due_at is None:
        raise ContractError(f"{row.url[:200]}: claimed, but never due")
    return row.due_at
