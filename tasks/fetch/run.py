"""What all sources of one fetch share."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.settings import Settings
from config.sources import Source
from tasks.acquire.archive import Archive
from tasks.acquire.fetcher import Fetcher
from tasks.acquire.ledger import Ledger
from tasks.acquire.politeness import Politeness
from tasks.acquire.schedule import Policy
from tasks.fetch.recorder import Recorder
from tasks.fetch.robots_book import RobotsBook
from tasks.records.fetch_reports import FetchReport, SourceReport


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRun:
    """What the sources of one run share. `stops_at` is of the monotonic clock, in seconds."""

    run_id: str
    settings: Settings
    sources: dict[str, Source]
    limit: int | None
    clock: Callable[[], datetime]
    loop: asyncio.AbstractEventLoop
    ledger: Ledger
    archive: Archive
    fetcher: Fetcher
    politeness: Politeness
    robots: RobotsBook
    recorder: Recorder
    began_at: float
    notices: tuple[str, ...]

    @property
    def left_s(self) -> float:
        """For how long pages are still begun; below 0 once the run is over."""
        return self.settings.fetch_run_s - (time.monotonic() - self.began_at)

    def report(self, reports: Sequence[SourceReport]) -> FetchReport:
        """What the run did."""
        return FetchReport(sources=tuple(reports), wall_s=time.monotonic() - self.began_at, notices=self.notices)


def policy_of(source: Source, settings: Settings) -> Policy:
    """When the URLs of a source are due again."""
    return Policy(revisit_window_s=round(source.revisit_hours * 3_600), max_tries=settings.fetch_tries)
