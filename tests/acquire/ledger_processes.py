"""A process that works on a ledger, for tests that start several or kill one: `python -m ... COMMAND ADDRESS NAME`."""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tasks.acquire.ledger import Ending, Ledger, NewUrl, open_ledger
from tasks.records.errors import UsageError

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
LEASE_S = 60
BATCH = 50
ARCHIVE = "warc/2024-05-01/one.warc.gz"


def page(number: int, *, now: datetime = NOW) -> NewUrl:
    return NewUrl(url=f"https://news.example/{number}", source="news", kind="page", found_at=now, due_at=now)


def claim_all(ledger: Ledger, name: str) -> None:
    """Claim small slices until nothing is due, and say what was claimed."""
    while rows := ledger.claim("news", kinds=("page",), n=7, now=NOW, run_id=name, lease_s=LEASE_S):
        print(*(row.url for row in rows), sep="\n", flush=True)


def claim_and_hang(ledger: Ledger, name: str) -> None:
    """Claim everything, say so, and wait to be killed."""
    rows = ledger.claim("news", kinds=("page",), n=1_000, now=NOW, run_id=name, lease_s=LEASE_S)
    print(len(rows), flush=True)
    time.sleep(60)


def add_all(ledger: Ledger, name: str) -> None:
    """Add the same URLs as other processes do, each in an order of its own, and say how many were new."""
    numbers = range(3_000) if int(name) % 2 else range(2_999, -1, -1)
    print(ledger.add(page(number) for number in numbers), flush=True)


def record_all(ledger: Ledger, _name: str) -> None:
    """Record batch after batch, each with the archive's offset after it, until killed."""
    print("ready", flush=True)
    for batch in range(100_000):
        at = NOW + timedelta(seconds=batch + 1)
        endings: Sequence[Ending] = [
            Ending(url=page(number).url, outcome="fetched", asked_at=at, status=batch) for number in range(BATCH)
        ]
        ledger.record(endings, archive={ARCHIVE: batch})


COMMANDS = {"claim": claim_all, "hang": claim_and_hang, "add": add_all, "record": record_all}


def main(command: str, address: str, name: str) -> None:
    with open_ledger(address) as ledger:
        COMMANDS[command](ledger, name)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except UsageError as error:
        sys.exit(str(error))
