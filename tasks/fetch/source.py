"""One source in one fetch: its start points, then the pages they named, a bounded number of them under way at once."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

from config.sources import Source
from tasks.acquire.archive import Earlier, payload_digest
from tasks.acquire.found import host_of
from tasks.acquire.ledger import Ending, NewUrl, SourceRun, UrlRow
from tasks.extract.urls import clean_url
from tasks.fetch.found import Found, find_urls, local_lists, to_follow
from tasks.fetch.payloads import MAX_START_BYTES, payload_of
from tasks.fetch.run import FetchRun, policy_of
from tasks.raw.coding import CodingError
from tasks.records.fetch_reports import GOOD, SourceReport
from tasks.records.fetches import Answer, ArchivePlace, Provenance, UrlKind

START_KINDS: tuple[UrlKind, ...] = ("list", "feed", "sitemap", "section")
PAGE_KINDS: tuple[UrlKind, ...] = ("page",)
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", ""})
# URLs of one source under way at once; most of them wait for their host.
UNDER_WAY = 24
# Start points of one source in one run; and URLs that hosts which rest may leave to the next before the source ends.
MAX_STARTS, MAX_LEFT = 10_000, 1_000
# How long it is waited for one of them to end before looking at the clock.
LOOK_S = 1.0
# The part of a run's time that start points leave to pages, however many further start points they lead to.
FOR_PAGES = 0.5
# A claim of a run that was killed is free again after this.
LEASE_S = 1_800.0


@dataclass(slots=True)
class Way:
    """Where a page's redirects led: over addresses that the ledger did not have, and to which one that it has."""

    url: str
    adopted: list[str] = field(default_factory=list)
    known: str | None = None
    # When the robots file that forbids the last of them is read again.
    ruled_until: datetime | None = None

    @property
    def own(self) -> str:
        """The address that the answer is kept under."""
        return self.adopted[-1] if self.adopted else self.url


class Judged(NamedTuple):
    """An answer as it is kept: its outcome may be another than the transport's, by its type, size or sameness."""

    answer: Answer
    payload: bytes
    digest: str | None


class SourceFetch:
    """One source in one run. Everything but `go` runs in the event loop of the run."""

    def __init__(self, run: FetchRun, source: Source, *, progress: Callable[[int], None]) -> None:
        self._run, self._source, self._progress = run, source, progress
        self._policy = policy_of(source, run.settings)
        self._outcomes: Counter[str] = Counter()
        self._starts: Counter[str] = Counter()
        self._n_found = self._n_new = self._n_excluded = self._n_bytes = 0
        # Those whose request has begun: when the run is over, the others are given back.
        self._begun: set[asyncio.Task[None]] = set()
        # What is left of the run's time when no more is begun.
        self._reserve_s = 0.0
        self._waited_for: WeakKeyDictionary[asyncio.Task[None], str] = WeakKeyDictionary()
        # Hosts that asked to be left alone for longer than the run lasts: what is theirs stays for the next run.
        self._resting: set[str] = set()
        self._rests_known: set[str] = set()
        self._n_left = 0

    async def go(self) -> SourceReport:
        """What the source gave."""
        run, began_at = self._run, self._run.clock()
        usual = run.ledger.usual_found(self._source.name)
        listed = partial(local_lists, self._source, folder=run.settings.sources_file.parent, at=began_at)
        await self._add_pages(await asyncio.to_thread(listed))
        self._reserve_s = run.settings.fetch_run_s * FOR_PAGES
        await self._drain(START_KINDS, limit=MAX_STARTS)
        self._reserve_s = 0.0
        limit = min(self._source.max_pages, run.limit or self._source.max_pages)
        n_left = await self._drain(PAGE_KINDS, limit=limit)
        waiting = run.ledger.due_counts(run.clock()).get(self._source.name, {})
        report = SourceReport(
            source=self._source.name,
            n_found=self._n_found,
            n_new=self._n_new,
            n_excluded=self._n_excluded,
            n_asked=self._outcomes.total(),
            n_starts_asked=self._starts.total(),
            outcomes=dict(sorted(self._outcomes.items())),
            starts=dict(sorted(self._starts.items())),
            n_waiting=waiting.get("page", 0) + n_left,
            n_bytes=self._n_bytes,
            usual_found=usual.found if usual else None,
        )
        run.ledger.save_run(self._row_of(report, began_at))
        return report

    def _row_of(self, report: SourceReport, began_at: datetime) -> SourceRun:
        return SourceRun(
            run_id=self._run.run_id,
            source=report.source,
            began_at=began_at,
            ended_at=self._run.clock(),
            polled=report.starts.get("fetched", 0),
            found=report.n_found,
            new=report.n_new,
            fetched=report.n_fetched,
            unchanged=report.n_unchanged,
            failed=report.failed,
            n_bytes=report.n_bytes,
        )

    async def _drain(self, kinds: Sequence[UrlKind], *, limit: int) -> int:
        """How many URLs of these kinds were taken and left to the next run; the others that are due were asked for.

        It ends when none is due, so many were asked for, or the run is over.
        """
        run, under_way = self._run, set[asyncio.Task[None]]()
        n_taken = self._n_left = 0
        is_dry = False
        try:
            while True:
                if not is_dry and len(under_way) <= UNDER_WAY // 2:
                    n_open = limit - n_taken + self._n_left
                    rows = self._claim(kinds, n=min(UNDER_WAY - len(under_way), n_open))
                    n_taken += len(rows)
                    under_way |= {asyncio.create_task(self._ask(row)) for row in rows}
                    is_dry = n_open > 0 and not rows
                if not under_way:
                    return self._n_left
                done, under_way = await asyncio.wait(under_way, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                run.recorder.write_down(is_due=not under_way)
                # A start point that has ended may have named others of its kind.
                is_dry = is_dry and not (done and kinds == START_KINDS)
                under_way = await self._give_back(under_way)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            run.recorder.write_down(is_due=True)

    def _claim(self, kinds: Sequence[UrlKind], *, n: int) -> list[UrlRow]:
        run = self._run
        if n <= 0 or self._is_over:
            return []
        return run.ledger.claim(
            self._source.name, kinds=kinds, n=n, now=run.clock(), run_id=run.run_id, lease_s=LEASE_S
        )

    @property
    def _is_over(self) -> bool:
        return self._n_left > MAX_LEFT or self._run.left_s < self._reserve_s

    async def _give_back(self, under_way: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        """Those under way that are still of use; the others only waited for their host, and are cancelled.

        Of no use are those that wait for a host that rests, and all that wait once the run is over.
        """
        is_over = self._is_over
        waiting = {
            task
            for task in under_way - self._begun
            if not task.done() and (is_over or self._waited_for.get(task) in self._resting)
        }
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._n_left += len(waiting)
        return under_way - waiting

    # --- one URL ----------------------------------------------------------------------------------------------------

    async def _ask(self, row: UrlRow) -> None:
        """Ask for one URL, and keep what came."""
        if host_of(row.url) in self._resting:
            self._n_left += 1
            return
        run, way = self._run, Way(row.url)
        answer = await run.fetcher.fetch(
            row.url,
            headers=conditions(row),
            max_bytes=None if row.kind == "page" else MAX_START_BYTES,
            before=partial(self._before, row, way),
        )
        judged = judge(answer, row, max_bytes=run.settings.max_page_bytes if row.kind == "page" else MAX_START_BYTES)
        now = run.clock()
        found = await self._found(row, judged, at=now)
        # Archived and noted without a pause between: what the recorder has noted is all that the archive holds.
        place = self._archive(row, judged, at=now)
        endings = self._endings(row, judged, way, place=place, found=found, at=now)
        run.recorder.note(endings, policy=self._policy)
        self._count(row, judged.answer, endings)
        self._progress(1)

    @asynccontextmanager
    async def _before(self, row: UrlRow, way: Way, url: str) -> AsyncIterator[str | Callable[[], None]]:
        """A context in which a hop may be asked for, or the outcome that forbids it; waits for the host's turn."""
        run, source = self._run, self._source
        host = host_of(url)
        if task := asyncio.current_task():
            self._begun.discard(task)  # the host that it was led to may rest for longer than the run lasts
            self._waited_for[task] = host
        if forbidden := self._follow(row, way, url):
            yield forbidden
            return
        self._remember_rest(host)
        rules = await run.robots.rules_of(url, source=source)
        if (forbidden := rules.objection_to(url)) is not None:
            way.ruled_until = rules.expires_at
            yield forbidden
            return
        delay_s = max(source.delay_s, rules.delay_s)
        async with run.politeness.turn(host, delay_s=delay_s, connections=source.connections) as sent:
            if task:
                self._begun.add(task)
                task.add_done_callback(self._begun.discard)
            yield sent

    def _remember_rest(self, host: str) -> None:
        """Nothing; what the host asked of an earlier run, or of another source, is kept to."""
        run, now = self._run, self._run.clock()
        if host not in self._rests_known:
            self._rests_known.add(host)
            if until := run.ledger.rest_of(host, now):
                run.politeness.hold_off(host, (until - now).total_seconds())
        if run.politeness.wait_s(host) > run.left_s:
            self._resting.add(host)

    def _follow(self, row: UrlRow, way: Way, url: str) -> str | None:
        """Why a page's redirect is not followed: its source leaves the address out, or the ledger has it already.

        One that the ledger has not is added, and is this run's.
        """
        target = clean_url(url)
        if row.kind != "page" or target is None or target in (way.url, *way.adopted):
            return None
        if not self._source.takes(target):
            return "excluded"
        run, at = self._run, self._run.clock()
        own = NewUrl(
            url=target, source=row.source, kind="page", found_at=at, due_at=at, found_in=row.url, title=row.title,
            published=row.published, authors=row.authors,
        )  # fmt: skip
        if run.ledger.adopt(own, run_id=run.run_id, until=at + timedelta(seconds=LEASE_S)):
            way.adopted.append(target)
            return None
        way.known = target
        return "moved"

    def _archive(self, row: UrlRow, judged: Judged, *, at: datetime) -> ArchivePlace | None:
        """Where the answer lies; nothing is written of one that says that nothing changed, and holds nothing."""
        answer = judged.answer
        if answer.outcome == "unchanged" and judged.digest is None:
            return None
        previous = None
        if row.payload_digest and row.changed_at:
            previous = Earlier(digest=row.payload_digest, url=row.final_url or row.url, at=row.changed_at)
        return self._run.archive.write(answer, self._provenance(row), at=at, previous=previous)

    def _provenance(self, row: UrlRow) -> Provenance:
        return Provenance(
            source=self._source.name,
            zone=self._source.zone,
            kind=row.kind,
            found_in=row.found_in,
            title=row.title,
            published=row.published,
            authors=row.authors,
        )

    async def _found(self, row: UrlRow, judged: Judged, *, at: datetime) -> Found | None:
        """What a start point named, once it is in the ledger; None of a page, or where nothing came."""
        if row.kind == "page" or judged.answer.outcome != "fetched":
            return None
        run, final = self._run, judged.answer.exchanges[-1]
        found = await asyncio.to_thread(
            find_urls,
            judged.payload,
            kind=row.kind,
            url=final.url,
            content_type=final.header("content-type"),
            source=self._source,
            at=at,
        )
        # What it leads to is added before the pages: after a kill in between, these are new once more.
        await asyncio.to_thread(run.ledger.add, await asyncio.to_thread(to_follow, found, row.kind, run.ledger))
        n_new = await self._add_pages([new for new in found.rows if new.kind == "page"])
        return dataclasses.replace(found, has_news=n_new > 0)

    async def _add_pages(self, pages: Sequence[NewUrl]) -> int:
        """How many pages are new, and not left out by the source's patterns.

        In a thread: 50,000 take seconds, in which the event loop serves the other sources.
        """
        add = self._run.ledger.add
        n_excluded = await asyncio.to_thread(add, [page for page in pages if page.outcome == "excluded"])
        n_new = await asyncio.to_thread(add, [page for page in pages if page.outcome != "excluded"])
        self._n_found += len(pages)
        self._n_new += n_new + n_excluded
        self._n_excluded += n_excluded
        return n_new

    def _endings(
        self, row: UrlRow, judged: Judged, way: Way, *, place: ArchivePlace | None, found: Found | None, at: datetime
    ) -> list[Ending]:
        """How the URL ended, and the addresses that it led over."""
        answer = judged.answer
        final = answer.exchanges[-1] if answer.exchanges else None
        ending = Ending(
            url=way.own,
            outcome=answer.outcome,
            asked_at=at,
            answered_at=at,
            status=final.status if final else None,
            detail=answer.detail or (found.error if found else None),
            final_url=way.known or (answer.final_url if final else None),
            etag=final.header("etag") if final else None,
            last_modified=final.header("last-modified") if final else None,
            payload_digest=judged.digest,
            captured_at=final.requested_at if final else None,
            place=place,
            not_before=at + timedelta(seconds=answer.retry_after_s) if answer.retry_after_s else way.ruled_until,
            ttl_s=found.ttl_s if found else None,
            has_news=found.has_news if found else None,
        )
        others = [url for url in (way.url, *way.adopted) if url != way.own]
        led = [Ending(url=url, outcome="moved", asked_at=at, final_url=way.known or way.own) for url in others]
        if others and answer.outcome not in GOOD:
            # What was asked for is not to be had, wherever it has moved.
            led[0] = dataclasses.replace(ending, url=way.url)
        return [ending, *led]

    def _count(self, row: UrlRow, answer: Answer, endings: Sequence[Ending]) -> None:
        """Nothing; afterwards the report counts them, and their host is left alone for as long as it wants."""
        counted = self._outcomes if row.kind == "page" else self._starts
        counted.update(ending.outcome for ending in endings)
        self._n_bytes += sum(len(exchange.body) + len(exchange.response_head) for exchange in answer.exchanges)
        host = host_of(answer.final_url)
        if answer.outcome == "overloaded":
            seconds = self._run.politeness.overloaded(host, retry_after_s=answer.retry_after_s)
            self._run.ledger.save_rest(host, until=self._run.clock() + timedelta(seconds=seconds))
            if seconds > self._run.left_s:
                self._resting.add(host)
        elif answer.outcome in GOOD:
            self._run.politeness.succeeded(host)


def conditions(row: UrlRow) -> dict[str, str]:
    """The headers that ask for an answer only where it would be another than the last (RFC 9110, 13.1)."""
    stated = {"If-None-Match": row.etag, "If-Modified-Since": row.last_modified}
    return {name: value for name, value in stated.items() if value} if row.payload_digest else {}


def judge(answer: Answer, row: UrlRow, *, max_bytes: int) -> Judged:
    """An answer with the outcome it is kept under, its payload without content coding, and its digest.

    Payload and digest are of whole answers with status 200 only.
    """
    if answer.outcome != "fetched":
        return Judged(answer, b"", None)
    final = answer.exchanges[-1]
    media_type = (final.header("content-type") or "").partition(";")[0].strip().lower()
    if row.kind == "page" and media_type not in PAGE_TYPES:
        return Judged(dataclasses.replace(answer, outcome="not_html", detail=media_type), b"", None)
    try:
        payload = payload_of(final, max_bytes=max_bytes)
    except CodingError as error:
        return Judged(dataclasses.replace(answer, outcome="bad_encoding", detail=str(error)), b"", None)
    if len(payload) > max_bytes:
        detail = f"more than {max_bytes} bytes once decoded"
        return Judged(dataclasses.replace(answer, outcome="too_large", detail=detail), b"", None)
    digest = payload_digest(final.body)
    if digest == row.payload_digest:
        answer = dataclasses.replace(answer, outcome="unchanged")
    return Judged(answer, payload, digest)
