"""The way of a URL, on one screen: claimed -> asked for -> judged -> archived -> recorded.

`open_fetch` is one run: all sources share one event loop, which runs in a thread of its own, one client, one archive
and one ledger. `fetch_source` is one source in it. What is archived is recorded in batches; what a kill leaves
unrecorded the next run reads from the archive (tasks/fetch/catch_up.py).
"""

import asyncio
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from config.settings import Settings
from config.sources import Source, load_sources
from tasks.acquire.archive import FOLDER, Archive, set_aside_torn_tails
from tasks.acquire.fetcher import Fetcher
from tasks.acquire.ledger import Ledger, open_ledger
from tasks.acquire.politeness import Politeness
from tasks.acquire.transport import FetchLimits
from tasks.fetch.catch_up import catch_up
from tasks.fetch.found import start_points
from tasks.fetch.live_runs import alone, announced, ended_runs, has_live_run
from tasks.fetch.recorder import Recorder
from tasks.fetch.robots_book import RobotsBook
from tasks.fetch.run import FetchRun
from tasks.fetch.source import SourceFetch
from tasks.records.answers import Rows
from tasks.records.errors import UsageError
from tasks.records.fetch_reports import SourceReport

PRODUCT = "Marsad"


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def user_agent(settings: Settings) -> str:
    """The name that every request bears. Raises UsageError where nobody could be turned to."""
    if settings.contact is None:
        raise UsageError(
            "nothing is fetched without a contact; set `contact` in config/settings.yaml to an e-mail address or web "
            "page, which stands in the user agent"
        )
    return f"{PRODUCT}/{version('marsad')} (+{settings.contact})"


def enabled_sources(settings: Settings) -> dict[str, Source]:
    """The sources that are to be fetched, by name."""
    return {source.name: source for source in load_sources(settings.sources_file).sources if source.is_enabled}


def chosen_sources(settings: Settings, only: str | None) -> dict[str, Source]:
    """The enabled sources by name, or the one of them that was asked for. Raises UsageError where there is none."""
    sources = enabled_sources(settings)
    if not sources:
        raise UsageError(
            f"{settings.sources_file} names no source; add one with `marsad sources add URL`, or write it there"
        )
    if only is not None and only not in sources:
        raise UsageError(f"{settings.sources_file} has no enabled source {only!r}; it has {', '.join(sorted(sources))}")
    return {only: sources[only]} if only else sources


def refuse_unwritable(raw: Path) -> None:
    """Nothing; the folder of the archive is there. Raises UsageError where it cannot be made or written into."""
    folder = raw / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"raw folder {raw} cannot be written ({error.strerror}); set raw_dir") from error


def appoint_start_points(ledger: Ledger, settings: Settings, *, at: datetime) -> None:
    """Nothing; the start points of the sources file are those of the ledger."""
    sources = load_sources(settings.sources_file).sources
    starts = [start for source in sources for start in start_points(source, at=at)]
    ledger.appoint(starts, sources={source.name for source in sources}, at=at)


def due_rows(settings: Settings, *, only: str | None = None) -> Rows:
    """What is due of each source, by kind; start points that were never asked are due too."""
    now, rows = utc_now(), []
    with open_ledger(settings.database_url) as ledger:
        appoint_start_points(ledger, settings, at=now)
        for name, source in chosen_sources(settings, only).items():
            due = ledger.due_counts(now).get(name, {})
            n_pages = due.pop("page", 0)
            rows.append((name, sum(due.values()), n_pages, min(n_pages, source.max_pages), source.delay_s))
    return Rows(["source", "start points due", "pages due", "at most in one fetch", "delay_s"], rows)


def source_rows(settings: Settings) -> Rows:
    """The sources, and how many URLs of each have which outcome."""
    rows = []
    with open_ledger(settings.database_url) as ledger:
        for source in load_sources(settings.sources_file).sources:
            ended = ", ".join(f"{outcome} {n}" for outcome, n in ledger.by_outcome(source.name).items())
            starts = "\n".join(start.address for start in source.start)
            rows.append((source.name, source.is_enabled, source.language, starts, ended or None))
    return Rows(["source", "enabled", "language", "start", "URLs by outcome"], rows)


def rebuild_ledger(settings: Settings) -> str:
    """A sentence that says what the ledger holds, once it is made anew from the archive.

    Raises UsageError while a fetch of this machine is running.
    """
    raw = settings.raw_dir.resolve()
    if has_live_run(settings.state_dir):
        raise UsageError("a fetch is running and writes into the ledger; wait for its end, or stop it")
    set_aside_torn_tails(raw)
    with open_ledger(settings.database_url, afresh=True) as ledger:
        n_answers = catch_up(ledger, raw, settings)
        return f"The ledger holds {ledger.n_urls()} URLs, by {n_answers} answers in {raw / 'warc'}."


def fetch_source(run: FetchRun, name: str, *, progress: Callable[[int], None] = lambda _: None) -> SourceReport:
    """What one source gave in this run: its start points first, then the pages they named, as far as they are due."""
    with alone(run.settings.state_dir, name) as is_alone:
        if not is_alone:
            return SourceReport(source=name, is_of_another_run=True)
        fetch = SourceFetch(run, run.sources[name], progress=progress)
        return asyncio.run_coroutine_threadsafe(fetch.go(), run.loop).result()


@contextmanager
def open_fetch(
    settings: Settings, *, only: str | None = None, limit: int | None = None, clock: Callable[[], datetime] = utc_now
) -> Iterator[FetchRun]:
    """One run over the sources, or over `only` one of them, each with at most `limit` pages.

    Torn tails of killed runs are set aside, and what they archived is recorded, before anything is asked. Raises
    UsageError where nothing can be fetched: no contact, no source, no ledger.
    """
    agent, sources = user_agent(settings), chosen_sources(settings, only)
    run_id, raw, began_at = uuid.uuid4().hex[:12], settings.raw_dir.resolve(), time.monotonic()
    with ExitStack() as stack:
        ended = list(ended_runs(settings.state_dir))
        stack.enter_context(announced(settings.state_dir, run_id))
        refuse_unwritable(raw)
        torn = set_aside_torn_tails(raw)
        ledger = stack.enter_context(_ledger_caught_up(settings, raw, ended=ended, at=clock()))
        stack.callback(ledger.release, run_id)
        archive = stack.enter_context(
            Archive(raw, run_id=run_id, software=f"marsad/{version('marsad')}", user_agent=agent)
        )
        loop = stack.enter_context(running_loop())
        fetcher, politeness = stack.enter_context(_client(loop, settings, agent))
        yield FetchRun(
            run_id=run_id,
            settings=settings,
            sources=sources,
            limit=limit,
            clock=clock,
            loop=loop,
            ledger=ledger,
            archive=archive,
            fetcher=fetcher,
            politeness=politeness,
            robots=RobotsBook(fetcher, politeness, ledger, archive, product=PRODUCT, clock=clock),
            recorder=Recorder(ledger, archive),
            began_at=began_at,
            notices=tuple(f"{tail.path}: {tail.n_bytes} bytes of a torn tail were set aside" for tail in torn),
        )


@contextmanager
def _ledger_caught_up(settings: Settings, raw: Path, *, ended: Iterable[str], at: datetime) -> Iterator[Ledger]:
    """The ledger with all that the archive holds and all that the sources file says, without claims of ended runs."""
    with open_ledger(settings.database_url) as ledger:
        for lost in ended:
            ledger.release(lost)
        catch_up(ledger, raw, settings)
        appoint_start_points(ledger, settings, at=at)
        yield ledger


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own until the context ends; what runs in it then is cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="marsad-fetch", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_others(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def _client(loop: asyncio.AbstractEventLoop, settings: Settings, agent: str) -> Iterator[tuple[Fetcher, Politeness]]:
    """The client and the turns of hosts, made and closed in the loop that they belong to."""

    async def opened() -> tuple[Fetcher, Politeness]:
        limits = FetchLimits(user_agent=agent, timeout_s=settings.fetch_timeout_s, max_bytes=settings.max_page_bytes)
        fetcher = Fetcher(limits, named_hosts=settings.named_hosts)
        await fetcher.__aenter__()
        return fetcher, Politeness(concurrency=settings.fetch_connections)

    fetcher, politeness = asyncio.run_coroutine_threadsafe(opened(), loop).result()
    try:
        yield fetcher, politeness
    finally:
        # What is under way ends first: a closed connection would be taken for the server's failure, and recorded.
        asyncio.run_coroutine_threadsafe(_cancel_others(), loop).result()
        asyncio.run_coroutine_threadsafe(fetcher.__aexit__(None, None, None), loop).result()
