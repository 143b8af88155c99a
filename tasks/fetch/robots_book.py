"""The rules of hosts for one run: from memory, else from the ledger, else asked for, once for all who wait."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from config.sources import Source
from tasks.acquire.archive import Archive
from tasks.acquire.fetcher import Fetcher
from tasks.acquire.found import host_of
from tasks.acquire.ledger import Ledger
from tasks.acquire.ledger import Robots as KeptFile
from tasks.acquire.politeness import Politeness
from tasks.acquire.robots import Robots
from tasks.fetch.payloads import body_of
from tasks.records.fetches import Provenance

# RFC 9309, 2.4 and 2.5: a file is not used for more than a day, and 500 KiB of it are read, however long it is.
KEPT_S = 86_400.0
KEPT_WHILE_UNREACHABLE_S = 3_600.0
READ_BYTES = 512 * 1024
MAX_BYTES = 10_000_000
# Why no robots file came that a page's own answer would say as well.
OWN_REASONS = frozenset({"dns", "connection", "tls", "timeout", "protocol", "refused_address", "bad_url", "overloaded"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host allows, until when that is known, and why it could not be asked where it could not."""

    robots: Robots
    product: str
    expires_at: datetime
    failure: str | None = None

    @property
    def delay_s(self) -> float:
        """The least time between two requests that the file asks for."""
        return self.robots.delay_s(self.product) or 0.0

    def objection_to(self, url: str) -> str | None:
        """The outcome of a URL that may not be asked for; None for one that may."""
        if self.robots.may_fetch(url, self.product):
            return None
        return self.failure or "robots"


class RobotsBook:
    """The rules of the hosts of one run; for one event loop."""

    def __init__(
        self,
        fetcher: Fetcher,
        politeness: Politeness,
        ledger: Ledger,
        archive: Archive,
        *,
        product: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._fetcher, self._politeness = fetcher, politeness
        self._ledger, self._archive = ledger, archive
        self._product, self._clock = product, clock
        self._known: dict[str, Rules] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def rules_of(self, url: str, *, source: Source) -> Rules:
        """The rules for a URL's host, by the file at the root of its origin."""
        origin = origin_of(url)
        async with self._locks.setdefault(origin, asyncio.Lock()):
            known = self._known.get(origin) or self._kept(origin)
            if known is None or known.expires_at <= self._clock():
                known = await self._ask(origin, source)
            self._known[origin] = known
        return known

    def _kept(self, origin: str) -> Rules | None:
        kept = self._ledger.robots_of(origin, self._clock())
        if kept is None:
            return None
        return Rules(Robots.parse(kept.status, kept.body, url=f"{origin}/robots.txt"), self._product, kept.expires_at)

    async def _ask(self, origin: str, source: Source) -> Rules:
        """The rules as the host states them now, which are kept; a host that cannot be reached allows nothing."""
        asked = f"{origin}/robots.txt"
        answer = await self._fetcher.fetch(asked, max_bytes=MAX_BYTES, before=partial(self._turn, source))
        status = answer.exchanges[-1].status if answer.exchanges else None
        body = body_of(answer, max_bytes=MAX_BYTES)
        if len(body) > READ_BYTES:
            body = body[:READ_BYTES].rpartition(b"\n")[0]
        is_stated = status is not None and 200 <= status < 500 and status != 429
        now = self._clock()
        expires_at = now + timedelta(seconds=KEPT_S if is_stated else KEPT_WHILE_UNREACHABLE_S)
        if answer.outcome == "fetched":
            self._archive.write(answer, Provenance(source=source.name, zone=source.zone, kind="robots"), at=now)
        if is_stated:
            self._ledger.save_robots(
                KeptFile(origin=origin, status=status, body=body, fetched_at=now, expires_at=expires_at)
            )
        failure = answer.outcome if answer.outcome in OWN_REASONS else None
        return Rules(Robots.parse(status, body, url=answer.final_url), self._product, expires_at, failure)

    @asynccontextmanager
    async def _turn(self, source: Source, url: str) -> AsyncIterator[Callable[[], None]]:
        async with self._politeness.turn(host_of(url), delay_s=source.delay_s, connections=source.connections) as sent:
            yield sent


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
