"""The tables of the ledger and the opening of its database, SQLite or PostgreSQL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError

from tasks.records.errors import ContractError, UsageError

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 10
# Any number, as long as every version uses the same: who creates tables on PostgreSQL waits for who does already.
CREATION_LOCK = 0x6D617273

MAX_URL_CHARS = 65_536
MAX_TITLE_CHARS = 2_000
MAX_DETAIL_CHARS = 1_000


class UtcInstant(TypeDecorator[datetime]):
    """An instant: UTC with microseconds, as text that sorts on SQLite, as timestamptz on PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC; raises ContractError for a time without a zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ContractError(f"{value} has no time zone; the ledger takes instants in UTC")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC, whatever the zone of the database session."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class StoredText(TypeDecorator[str]):
    """Text that both databases can hold: without NUL and half characters, of bounded length."""

    impl = Text
    cache_ok = True

    def __init__(self, max_chars: int) -> None:
        super().__init__()
        self.max_chars = max_chars

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is stored."""
        return None if value is None else storable(value, max_chars=self.max_chars)


def storable(text: str, *, max_chars: int) -> str:
    """The text without NUL (which PostgreSQL refuses) and lone surrogates (which UTF-8 has no bytes for), cut."""
    if text.isascii() and "\0" not in text:
        return text[:max_chars]
    return text[:max_chars].replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


metadata = MetaData()

# `key` and `final_key` are the first 32 hex of sha256 of the URL: an index over URLs themselves would fail on
# PostgreSQL, which holds no more than 2.7 kB in an index. `turn` is 0 for start points, 1 for pages that were never
# asked for, 2 for other pages: the order in which `claim` serves them.
urls = Table(
    "urls",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("url", StoredText(MAX_URL_CHARS), nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("turn", SmallInteger, nullable=False),
    Column("found_in", StoredText(MAX_URL_CHARS)),
    Column("found_at", UtcInstant, nullable=False),
    Column("title", StoredText(MAX_TITLE_CHARS)),
    Column("published", StoredText(MAX_DETAIL_CHARS)),
    Column("authors", JSON(none_as_null=True)),
    Column("outcome", String(16), nullable=False),
    Column("detail", StoredText(MAX_DETAIL_CHARS)),
    Column("status", Integer),
    Column("tries", Integer, nullable=False),
    Column("asked_at", UtcInstant),
    Column("answered_at", UtcInstant),
    Column("due_at", UtcInstant),
    Column("interval_s", Integer),
    Column("claimed_by", Text),
    Column("claimed_until", UtcInstant),
    Column("etag", StoredText(MAX_DETAIL_CHARS)),
    Column("last_modified", StoredText(MAX_DETAIL_CHARS)),
    Column("payload_digest", Text),
    Column("changed_at", UtcInstant),
    Column("n_unchanged", Integer, nullable=False),
    Column("final_url", StoredText(MAX_URL_CHARS)),
    Column("final_key", String(32)),
    Column("warc_path", Text),
    Column("warc_offset", BigInteger),
)


def _partial_index(name: str, *columns: str, where: ColumnElement[bool]) -> None:
    """Nothing; `urls` has an index of the rows that meet a condition."""
    Index(name, *(urls.c[column] for column in columns), sqlite_where=where, postgresql_where=where)


_partial_index("urls_due", "source", "turn", "due_at", "key", where=urls.c.due_at.is_not(None))
_partial_index("urls_claimed", "claimed_by", where=urls.c.claimed_by.is_not(None))
_partial_index("urls_final", "final_key", where=urls.c.final_key.is_not(None))

robots = Table(
    "robots",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("status", Integer),
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", UtcInstant, nullable=False),
    Column("expires_at", UtcInstant, nullable=False),
)
resting_hosts = Table(
    "resting_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("until", UtcInstant, nullable=False),
)
archive_files = Table(
    "archive_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("offset", BigInteger, nullable=False),
)
runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("began_at", UtcInstant, nullable=False),
    Column("ended_at", UtcInstant),
    Column("polled", Integer, nullable=False),
    Column("found", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("fetched", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("failed", JSON, nullable=False),
    Column("n_bytes", BigInteger, nullable=False),
)
Index("runs_of_source", runs.c.source, runs.c.began_at)
ledger_version = Table("ledger_version", metadata, Column("version", Integer, nullable=False))


@contextmanager
def open_database(address: str, *, afresh: bool) -> Iterator[Engine]:
    """An engine on the ledger's database, its tables made where it is new; closed on the way out.

    `afresh` drops the tables that are there, of whatever version. Raises UsageError, one sentence without a password,
    when the database cannot be opened, is another program's, or has another version.
    """
    url = _parsed(address)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    try:
        with failing_in_one_sentence(engine.url, at_opening=True):
            if afresh:
                with writing(engine) as connection:
                    metadata.drop_all(connection)
            _see_to_tables(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database and holds up nobody."""
    with engine.connect().execution_options(marsad_reads=True) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is written as a whole, or not at all when an exception passes."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def failing_in_one_sentence(url: URL, *, at_opening: bool = False) -> Iterator[None]:
    """Nothing; what goes wrong with the database (not with our statements) leaves as a UsageError."""
    try:
        yield
    except DBAPIError as error:
        is_of_database = isinstance(error, (OperationalError, InterfaceError)) or type(error) is DatabaseError
        if not (is_of_database or at_opening):
            raise
        raise UsageError(_sentence(url, error)) from error


def described(url: URL) -> str:
    """The database as people may see it: no user, password or options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = f"{url.host or 'localhost'}:{url.port or 5432}"
    return f"postgresql://{host}/{url.database or ''}"


def _sentence(url: URL, error: DBAPIError) -> str:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"the ledger {described(url)} is damaged or no SQLite database; delete it and run `marsad state rebuild`"
    if code == sqlite3.SQLITE_BUSY:
        return (
            f"the ledger {described(url)} is held by another process for more than {BUSY_TIMEOUT_S} s; wait for its end"
        )
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    reason = lines[0].strip()[:300]
    for secret in (url.password, url.query.get("password")):
        if isinstance(secret, str) and secret:
            reason = reason.replace(secret, "***")
    return f"the ledger {described(url)} cannot be used ({reason})"


def _parsed(address: str) -> URL:
    """The address taken apart; raises UsageError for one that names neither a SQLite file nor PostgreSQL."""
    forms = "sqlite:///FOLDER/ledger.db or postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE"
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise UsageError(f"the address of the ledger is none that can be read; it should be {forms}") from None
    if "@" in (url.host or ""):
        raise UsageError("the address of the ledger has an @ in its user or password; write it as %40")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        raise UsageError(f"the ledger is kept by SQLite in a file or by PostgreSQL; its address should be {forms}")
    return url


def _sqlite(url: URL) -> Engine:
    """An engine with a write-ahead log: readers never wait for a writer, writers wait for one another."""
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the ledger's folder {folder} cannot be made ({error.strerror})") from error
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun below, not by the driver, which would not begin one before a SELECT.
        connection.isolation_level = None
        _keep_write_ahead_log(connection)
        # A power cut may undo the last commits, never half of one; what they said is read from the archive again.
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("marsad_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _keep_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Nothing; the database has a write-ahead log. SQLite does not wait here while another makes it, so we do."""
    gives_up_at = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > gives_up_at:
                raise
        time.sleep(0.02)


def _postgresql(url: URL) -> Engine:
    timeout: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    return create_engine(url, connect_args=timeout)


def _see_to_tables(engine: Engine) -> None:
    """Nothing; the tables are there, of this version. Raises UsageError where that cannot be."""
    with reading(engine) as connection:
        is_there = inspect(connection).has_table(ledger_version.name)
    with reading(engine) if is_there else writing(engine) as connection:
        if not is_there:
            _create_tables(connection)
        versions = list(connection.scalars(select(ledger_version.c.version)))
    if versions != [SCHEMA_VERSION]:
        stated = ", ".join(map(str, versions)) or "none"
        raise UsageError(
            f"the ledger {described(engine.url)} has schema version {stated}, this Marsad keeps {SCHEMA_VERSION}; "
            "run `marsad state rebuild`"
        )


def _create_tables(connection: Connection) -> None:
    """Nothing; the tables are made, unless another process just did."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(CREATION_LOCK)))
    there = set(inspect(connection).get_table_names())
    if ledger_version.name in there:
        return
    foreign = sorted(there & set(metadata.tables))
    if foreign:
        raise UsageError(
            f"the database {described(connection.engine.url)} has a table {foreign[0]} that is not Marsad's; "
            "name a database of its own for the ledger"
        )
    metadata.create_all(connection, checkfirst=False)
    connection.execute(ledger_version.insert().values(version=SCHEMA_VERSION))
