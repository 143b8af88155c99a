"""A fetch without Prefect: `fetch(settings)` here, `python -m tests.fetch.driver JSON` in a process to be killed."""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from config.settings import Settings, load_settings
from tasks.fetch.fetching import fetch_source, open_fetch
from tasks.records.fetch_reports import FetchReport
from tests.fetch.server import RunningSite

CONTACT = "tests@marsad.example"


def settings_of(folder: Path, site: RunningSite, *, sources: str | None = None, **overrides: Any) -> Settings:
    """Settings of a fetch of a running site into `folder`, with a sources file of all its outlets."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "sources.yaml"
    file.write_text(sources or site.sources(), encoding="utf-8")
    return load_settings(
        raw_dir=folder / "raw", out_dir=folder / "out", state_dir=folder / "state", sources_file=file,
        contact=CONTACT, named_hosts=site.named_hosts(), **overrides,
    )  # fmt: skip


def fetch(settings: Settings, *, later: timedelta = timedelta(), **told: Any) -> FetchReport:
    """The report of a fetch, at a clock that much ahead."""
    with (
        open_fetch(settings, clock=lambda: datetime.now(UTC) + later, **told) as run,
        ThreadPoolExecutor(max(1, len(run.sources))) as threads,
    ):
        futures = [threads.submit(fetch_source, run, name) for name in run.sources]
        return run.report([future.result() for future in futures])


def archived(raw: Path) -> Counter[str]:
    """How many response records there are of each address of a page."""
    found: Counter[str] = Counter()
    for path in sorted((raw / "warc").rglob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
                if not record.headers.get("Marsad-Kind") and record.http_headers.status_code == 200:
                    found[record.headers["WARC-Target-URI"]] += 1
    return found


def main() -> None:
    """Fetch under the settings given as JSON."""
    told = json.loads(sys.argv[1])
    later = timedelta(hours=told.pop("later_hours", 0))
    report = fetch(load_settings(**told), later=later)
    sys.exit(1 if report.errors else 0)


if __name__ == "__main__":
    main()
