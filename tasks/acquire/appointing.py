"""Which rows of the ledger are start points: those that the operator names now, and what these led to.

The operator edits a file; the ledger remembers. An address that was known as a page becomes a start point, a source
that was renamed takes what it had along, and what nobody names any more is asked no more.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from tasks.acquire.ledger_tables import urls

START_POINT = 0
SHOWN = ("key", "url", "final_url", "found_in", "source", "kind", "turn", "due_at")
# What another kind of URL was told goes by no more: a page's entity tag would leave a section page unread.
ANEW = {"turn": START_POINT} | dict.fromkeys(("etag", "last_modified", "payload_digest", "interval_s"))
KEYS_AT_ONCE = 2_000


def appoint(connection: Connection, named: Mapping[str, tuple[str, str]], *, sources: Set[str], at: datetime) -> None:
    """Nothing; the rows whose keys are `named`, with source and kind, and all that they led to are start points.

    Other start points are due no more. Pages of a source that is none of `sources` go to the one that has its start
    points now.
    """
    rows = _rows(connection, list(named))
    owners = _owners(rows, named)
    heirs: dict[str, str] = {}
    stay, begin = [], []
    for row in rows:
        source, kind = owners.get(row["key"], (row["source"], row["kind"]))
        due_at = (row["due_at"] or at) if row["key"] in owners else None
        if kind != row["kind"]:
            begin.append({"its_key": row["key"], "its_source": source, "its_kind": kind, "its_due_at": at})
        elif (source, due_at) != (row["source"], row["due_at"]):
            stay.append({"its_key": row["key"], "its_source": source, "its_kind": kind, "its_due_at": due_at})
        if row["source"] not in sources | {source}:
            heirs.setdefault(row["source"], source)
    given: dict[str, Any] = {
        name: bindparam(f"its_{name}", type_=urls.c[name].type) for name in ("source", "kind", "due_at")
    }
    statement = update(urls).where(urls.c.key == bindparam("its_key"))
    if stay:
        connection.execute(statement.values(given), stay)
    if begin:
        connection.execute(statement.values(given | ANEW), begin)
    for gone, heir in heirs.items():
        connection.execute(update(urls).where(urls.c.source == gone, urls.c.kind == "page").values(source=heir))


def _rows(connection: Connection, keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """The rows of these keys, and all that are start points."""
    columns = [urls.c[name] for name in SHOWN]
    found = {row["key"]: row for row in _mappings(connection, select(*columns).where(urls.c.turn == START_POINT))}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = urls.c.key.in_(keys[start : start + KEYS_AT_ONCE])
        found |= {row["key"]: row for row in _mappings(connection, select(*columns).where(some))}
    return [found[key] for key in sorted(found)]


def _mappings(connection: Connection, statement: Any) -> Iterable[Mapping[str, Any]]:
    return (dict(row) for row in connection.execute(statement).mappings())


def _owners(rows: Iterable[Mapping[str, Any]], named: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Source and kind, by key, of the rows that are named and of those that these led to, over any number of steps."""
    led_to = defaultdict(list)
    for row in rows:
        if row["found_in"] is not None and row["key"] not in named and row["turn"] == START_POINT:
            led_to[row["found_in"]].append(row)
    owners = {row["key"]: named[row["key"]] for row in rows if row["key"] in named}
    waiting = deque(row for row in rows if row["key"] in named)
    while waiting:
        row = waiting.popleft()
        source, _ = owners[row["key"]]
        for child in (*led_to.pop(row["url"], ()), *led_to.pop(row["final_url"], ())):
            if child["key"] not in owners:
                owners[child["key"]] = (source, child["kind"])
                waiting.append(child)
    return owners
