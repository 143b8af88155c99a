"""Where the time of a build goes, stage by stage, beside bare extraction of the same pages, in one process.

`python -m benchmarks.shares --raw FILE.warc.gz [--pages 500]`. The build runs its usual functions on a pool that calls
them in place; a profiling timer reads the stack every millisecond of CPU time and gives the time since its last reading
to the innermost stage on the stack. (A timer, not cProfile: that makes many small Python calls look dearer than a few
long ones in C. Time since the last reading, not one tick: a reading waits until a call into C has returned.)
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

from benchmarks.bare import RawPage, extract_and_drop, open_bare_pool, over_chunks, read_pages
from benchmarks.floors import markdown_table
from benchmarks.throughput import Unusable, make_warc
from config.settings import GAZETTEERS, Settings, load_settings
from tasks import plan
from tasks.identities import identify
from tasks.pipeline import extract_batch, settle_batch, warm_up
from tasks.plan import ScanLimits
from tasks.run import to_work
from tasks.settled import Settling
from tasks.site_rules import learn_rules
from tasks.store.layout import names_folder
from tasks.workers.pool import Call, WorkerPool

INTERVAL_S = 0.001
ELSEWHERE = "elsewhere"
# Stage -> the functions it consists of, as module and name; a function called by another belongs to the inner one.
STAGES = {
    "scan": ("tasks.plan.scan_pending",),
    "read records": ("tasks.raw.readers.read_chunk",),
    "decode": ("tasks.extract.decoding.decode",),
    "parse": ("tasks.extract.html.parse_html",),
    "frames": ("tasks.extract.frames.mend_frame",),
    "main text": ("tasks.extract.main_text.find_main_text",),
    "page data": ("tasks.extract.page_data.read_page_data",),
    "title": ("tasks.extract.titles.find_title",),
    "authors": ("tasks.extract.html.find_authors",),
    "dates": ("tasks.extract.dates.published", "tasks.extract.dates.modified"),
    "other metadata": ("tasks.extract.html.extract_html",),
    "addresses": ("tasks.extract.urls.canonical_url", "tasks.extract.urls.site_of", "tasks.extract.urls.page_id"),
    "language": ("tasks.enrich.language.detect_language",),
    "entities": ("tasks.enrich.recognisers.find_names",),
    "hashes": (
        "tasks.page.fold_sha256",
        "tasks.records.raw.RawRecord.raw_id",
        "tasks.records.raw.RawRecord.raw_sha256",
    ),
    "arrow": ("tasks.store.tables.to_table", "tasks.store.tables.to_bytes"),
    "row": ("tasks.page.to_page",),
    "sort and write": ("tasks.pipeline.extract_batch", "tasks.pipeline.write_pages"),
    "settle": ("tasks.pipeline.settle_batch", "tasks.pipeline.write_documents"),
}
T = TypeVar("T")


class InlinePool(WorkerPool):
    """A pool of no process: a call is made when it is sent."""

    def __init__(self) -> None:
        self.workers = 1

    def call(self, function: Callable[..., T], *args: object, timeout_s: float, sends: int = 1) -> Call:
        """The call, already done."""
        future: Future[T] = Future()
        future.set_result(function(*args))
        return Call(future, timeout_s, None)


class Sampler:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._stages = {name: stage for stage, names in STAGES.items() for name in names}
        self._last_s = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Readings of the stack, for the time of a block."""
        before = signal.signal(signal.SIGPROF, self._read)
        self._last_s = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def _read(self, _: int, frame: FrameType | None) -> None:
        stage = self._stage_of(frame)
        now = time.process_time()
        self.seconds[stage] += now - self._last_s  # type: ignore[assignment]
        self._last_s = now

    def _stage_of(self, frame: FrameType | None) -> str:
        while frame is not None:
            name = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
            if name in self._stages:
                return self._stages[name]
            frame = frame.f_back
        return ELSEWHERE


def build_inline(settings: Settings) -> int:
    """The number of pages of a build in this process alone."""
    work, pool, out = to_work(settings), InlinePool(), settings.out_dir
    limits = ScanLimits(
        batch_records=settings.batch_records,
        chunk_records=settings.chunk_records,
        max_page_bytes=settings.max_page_bytes,
        timeout_s=settings.scan_timeout_s,
    )
    version = work.pipeline_version
    pending = plan.find_pending(settings.raw_dir, out, version=version, batch_records=settings.batch_records)
    scanned = plan.scan_pending(work.raw, pending, limits=limits, pool=pool)
    changes = plan.find_changes(out, scanned.scanned, version=version)
    n_pages = sum(extract_batch(batch, out=out, work=work, pool=pool).n_rows for batch in changes.to_write)
    unsettled = [stored.path for stored in plan.unsettled_files(out)]
    underived = [stored.path for stored in plan.underived_files(out)]
    rules = learn_rules(underived, unsettled, out=out, pool=pool, timeout_s=limits.timeout_s)
    names = names_folder(out)
    names.mkdir()
    settling = Settling(
        out=out,
        gazetteers=GAZETTEERS,
        version=version,
        rules=rules,
        names=names,
        pool=pool,
        timeout_s=limits.timeout_s,
    )
    identify(unsettled, None, knows_aliases=False, settling=settling)
    for path in unsettled:
        settle_batch(path, settling=settling)
    return n_pages


def measure(raw: Path, *, n_pages: int) -> str:
    """CPU milliseconds a page by stage, as a markdown table."""
    sampler = Sampler()
    with tempfile.TemporaryDirectory(prefix="marsad-shares-") as folder:
        (Path(folder) / "raw").mkdir()
        warc = Path(folder) / "raw" / "pages.warc.gz"
        make_warc(raw, warc, n_pages=n_pages)
        bare_s = _bare_s(warc)
        settings = load_settings(raw_dir=warc.parent, out_dir=Path(folder) / "out", workers=1)
        warm_up(GAZETTEERS, settings.recogniser_choices)
        began = time.process_time()
        with sampler.running():
            build_inline(settings)
        total_s = time.process_time() - began
    return _table(sampler.seconds, bare_s=bare_s, total_s=total_s, n_pages=n_pages)


def _bare_s(warc: Path) -> float:
    """CPU seconds of bare extraction, in a forked process, so that what it leaves in memory does not help Marsad."""
    with open_bare_pool(1) as pool:
        return sum(over_chunks(_cpu_s, read_pages(warc), pool, workers=1))


def _cpu_s(pages: list[RawPage]) -> float:
    began = time.process_time()
    extract_and_drop(pages)
    return time.process_time() - began


def _table(seconds: Counter[str], *, bare_s: float, total_s: float, n_pages: int) -> str:
    rows = [("bare extraction", bare_s), ("Marsad, all stages", total_s), *seconds.most_common()]
    cells = [[name, f"{1000 * s / n_pages:.2f}", f"{s / total_s:.1%}", f"{s / bare_s:.1%}"] for name, s in rows]
    return markdown_table(("stage", "ms a page", "of Marsad", "of bare"), cells)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.shares", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--raw", type=Path, default=Path("../shared/pages/raw/traf.warc.gz"), help="a .warc.gz")
    parser.add_argument("--pages", type=int, default=500, help="pages to work on (%(default)s)")
    told = parser.parse_args(arguments)
    if not told.raw.is_file():
        sys.stderr.write(f"benchmarks.shares: there is no file {told.raw}; name a .warc.gz with --raw\n")
        return 2
    try:
        sys.stdout.write(measure(told.raw, n_pages=told.pages) + "\n")
    except Unusable as error:
        sys.stderr.write(f"benchmarks.shares: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
