"""A build without Prefect: the same steps on the same pool as `flows.build_documents`, with a clock around them."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from benchmarks.processes import family_usage
from config.settings import Settings
from tasks.identities import identify
from tasks.pipeline import extract_batch, settle_batch
from tasks.plan import scan_pending
from tasks.records.reports import RunReport
from tasks.run import open_run
from tasks.site_rules import learn_rules
from tasks.workers.pool import WorkerPool

# As flows.build_documents has it; importing that module would load Prefect.
BATCHES_AT_ONCE = 3
# Long enough that no worker takes a second of these calls while another is still being forked.
MEETING_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A finished build. `build_s` is from before the first page is read to after the last file is in place.

    `scan_s` is its part up to the end of the scan, `extract_s` that up to the last pages file; `cpu_s` is CPU time of
    all processes meanwhile, `worker_cpu_s` that of the workers; peaks are of the process that drives and of its largest
    worker.
    """

    report: RunReport
    build_s: float
    scan_s: float
    extract_s: float
    cpu_s: float
    worker_cpu_s: float
    parent_peak_bytes: int
    worker_peak_bytes: int


def build(settings: Settings) -> Build:
    """Everything pending in a raw folder, built; workers are forked and warm before the clock starts."""
    with open_run(settings) as run:
        start_workers(run.pool)
        before = family_usage()
        began, parent_began = time.perf_counter(), time.process_time()
        scanned = scan_pending(run.work.raw, run.pending, limits=run.limits, pool=run.pool)
        scanned_at = time.perf_counter()
        changes = run.changes(scanned.scanned)
        with ThreadPoolExecutor(BATCHES_AT_ONCE) as threads:
            extract = partial(extract_batch, out=run.out, work=run.work, pool=run.pool)
            reports = list(threads.map(extract, changes.to_write))
            extracted_at = time.perf_counter()
            files, rules = run.to_settle(learn_rules)
            files, settling = run.to_identify(files, rules, identify)
            paths = [path for path, _ in files]
            settled = list(threads.map(partial(settle_batch, settling=settling), paths))
        run.store_entities(settling)
        ended, parent_cpu_s = time.perf_counter(), time.process_time() - parent_began
        after = family_usage()
        report = run.report(changes, reports, {path.stem: n for path, n in zip(paths, settled, strict=True)})
    return Build(
        report=report,
        build_s=ended - began,
        scan_s=scanned_at - began,
        extract_s=extracted_at - began,
        cpu_s=after.cpu_s - before.cpu_s,
        worker_cpu_s=after.cpu_s - before.cpu_s - parent_cpu_s,
        parent_peak_bytes=after.parent_peak_bytes,
        worker_peak_bytes=after.worker_peak_bytes,
    )


def start_workers(pool: WorkerPool) -> None:
    """Nothing; afterwards every worker of the pool has been forked and has answered a call."""
    for call in [pool.call(time.sleep, MEETING_S, timeout_s=120.0) for _ in range(pool.workers)]:
        call.result()
