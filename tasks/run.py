"""One run over one output folder: its lock, its plan, its worker pool, and the report of what it did."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.settings import GAZETTEERS, Settings
from tasks import pipeline, plan
from tasks.enrich.recognisers import check_choices, is_pipeline
from tasks.extract.article import extract_article
from tasks.identities import Identities, store_entities
from tasks.page import Extractor, Work, pipeline_version
from tasks.plan import Changes, Pending, ScanLimits, Scanned
from tasks.records.errors import ContractError, UsageError
from tasks.records.reports import BatchReport, RunReport
from tasks.settled import Settling
from tasks.site_rules import Rules, find_changed
from tasks.store.layout import names_folder
from tasks.store.lock import claim, output_lock, owner_of
from tasks.workers.pool import WorkerPool, WorkFailed, open_pool, start_fork_server

PRELOAD = "tasks.preload"

log = logging.getLogger(__name__)


def to_work(settings: Settings, *, extractor: Extractor = extract_article) -> Work:
    """What workers need to know, from the settings."""
    return Work(
        raw=settings.raw_dir.resolve(),
        gazetteers=GAZETTEERS,
        recognisers=settings.recogniser_choices,
        min_chars=settings.min_chars,
        max_page_bytes=settings.max_page_bytes,
        page_timeout_s=settings.page_timeout_s,
        batch_timeout_s=settings.scan_timeout_s,
        pipeline_version=pipeline_version(
            settings.row_affecting(), gazetteers=GAZETTEERS, recognisers=settings.recogniser_choices
        ),
        extractor=extractor,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the steps of one run share."""

    out: Path
    work: Work
    limits: ScanLimits
    pool: WorkerPool
    pending: Pending
    is_rebuild: bool
    is_settling: bool
    began_s: float

    def changes(self, scanned: Iterable[Scanned], stale: frozenset[str] = frozenset()) -> Changes:
        """What the scan of the raw folder asks for, once moved and surplus files are out of the way."""
        changes = plan.find_changes(self.out, scanned, version=self.work.pipeline_version, stale=stale)
        changes.clear_the_way()
        return changes

    def to_settle(self, learn: Callable[..., Rules]) -> tuple[list[tuple[Path, str]], Rules]:
        """Pages files that are to be settled, each with the name people know it by, and the rules of their sites.

        Those without a documents file of their digest; where the run settles everything (`marsad settle`), those too
        whose sites have other rules by now. `learn` is `site_rules.learn_rules`, or the task that runs it.
        """
        unsettled = plan.unsettled_files(self.out)
        rules = learn(
            [stored.path for stored in plan.underived_files(self.out)],
            [stored.path for stored in unsettled],
            out=self.out,
            pool=self.pool,
            timeout_s=self.limits.timeout_s,
            is_everywhere=self.is_settling,
        )
        if self.is_settling:
            settled = plan.settled_files(self.out)
            stated = [(stored.path, footer.boilerplate_sha256) for stored, footer in settled]
            changed = set(find_changed(self.out, stated, rules))
            unsettled += [stored for stored, _ in settled if stored.path in changed]
        return [(stored.path, stored.footer.label) for stored in unsettled], rules

    def to_identify(
        self, files: list[tuple[Path, str]], rules: Rules, identify: Callable[..., Identities]
    ) -> tuple[list[tuple[Path, str]], Settling]:
        """The files that are to be settled, and what their settling needs.

        Where the run settles everything, further files are those whose names are others by now. `identify` is
        `identities.identify`, or the task that runs it.
        """
        settling = Settling(
            out=self.out,
            gazetteers=self.work.gazetteers,
            version=self.work.pipeline_version,
            rules=rules,
            names=names_folder(self.out),
            pool=self.pool,
            timeout_s=self.limits.timeout_s,
        )
        if not (files or self.is_settling) and plan.has_current_entities(self.out):
            return files, settling
        settling.names.mkdir(exist_ok=True)
        due = {path for path, _ in files}
        settled = [(s, f) for s, f in plan.settled_files(self.out) if s.path not in due]
        stated = [(stored.path, footer.decisions_sha256) for stored, footer in settled]
        found = identify([path for path, _ in files], stated if self.is_settling else None, settling=settling)
        changed = [(stored.path, stored.footer.label) for stored, _ in settled if stored.path in found.changed]
        return files + changed, settling

    def store_entities(self, settling: Settling) -> None:
        """Write `entities` anew, where documents are others by now."""
        if not plan.has_current_entities(self.out):
            store_entities(settling, digest=plan.documents_digest(self.out))

    def report(self, changes: Changes, batches: Iterable[BatchReport], settled: dict[str, int]) -> RunReport:
        """The report of the whole run. Raises ContractError where accepted pages and documents differ in number."""
        batches = tuple(batches)
        for batch in batches:
            if batch.error is None and settled.get(batch.batch_id, batch.n_documents) != batch.n_documents:
                raise ContractError(
                    f"{batch.label}: {batch.n_documents} pages were accepted, {settled[batch.batch_id]} are documents"
                )
        return RunReport(
            batches=batches,
            n_batches_unchanged=self.pending.n_batches_unchanged + changes.n_unchanged,
            n_settled=len(settled),
            wall_s=time.monotonic() - self.began_s,
            notices=self.pending.notices + plan.torn_tails(changes.to_write),
        )


def find_pending(settings: Settings, *, is_rebuild: bool = False) -> Pending:
    """What a run would have to look at; no page is read, nothing is written, no lock is needed.

    Raises UsageError for a raw folder that is not there or not the one of the output folder.
    """
    _refuse_nesting(settings)
    # A folder that is not there is said to be missing, not to be another's.
    if owner_of(settings.out_dir) is not None and settings.raw_dir.exists():
        claim(settings.out_dir, settings.raw_dir)
    return plan.find_pending(
        settings.raw_dir,
        settings.out_dir,
        version=to_work(settings).pipeline_version,
        batch_records=settings.batch_records,
        rebuild=is_rebuild,
    )


def _refuse_nesting(settings: Settings) -> None:
    raw, out = settings.raw_dir.resolve(), settings.out_dir.resolve()
    if raw == out or raw.is_relative_to(out) or out.is_relative_to(raw):
        raise UsageError(f"raw folder {raw} and output folder {out} lie in one another; name another with --out")


@contextmanager
def hold_output(settings: Settings, *, holder: str) -> Iterator[None]:
    """Hold the output folder: one writer, one raw root, leftovers of killed writers deleted."""
    _refuse_nesting(settings)
    with output_lock(settings.out_dir, holder=holder):
        claim(settings.out_dir, settings.raw_dir)
        n_swept = plan.sweep(settings.out_dir)
        if n_swept:
            log.info("deleted %d temporary files of a run that was killed", n_swept)
        try:
            yield
        finally:
            shutil.rmtree(names_folder(settings.out_dir), ignore_errors=True)


def warm_up_workers(settings: Settings) -> None:
    """Have models and lexicons loaded for the workers of the coming run, while something else is waited for."""
    start_fork_server(PRELOAD, pipeline.choices_to_environment(settings.recogniser_choices))


def check_recognisers(settings: Settings) -> None:
    """Nothing. Raises UsageError, one sentence with language, file and remedy, where a recogniser does not load.

    A spaCy pipeline is loaded in a worker: its code is another's, and this process does without it.
    """
    check_choices(settings.recogniser_choices)
    if any(is_pipeline(choice) for _, choice in settings.recogniser_choices):
        warm_up_workers(settings)
        with _open_pool(settings, workers=1) as pool:
            _see_recognisers(settings, pool)


def _see_recognisers(settings: Settings, pool: WorkerPool) -> None:
    chosen = settings.recogniser_choices
    try:
        pool.call(pipeline.see_recogniser, GAZETTEERS, chosen, timeout_s=settings.scan_timeout_s).result()
    except WorkFailed as failed:
        named = ", ".join(f"{language}: {choice}" for language, choice in chosen)
        raise UsageError(f"the recognisers ({named}) do not load in a worker ({failed}); choose others") from failed


def _open_pool(settings: Settings, *, workers: int) -> AbstractContextManager[WorkerPool]:
    return open_pool(
        workers=workers,
        memory_bytes=settings.worker_memory_bytes,
        resident_bytes=settings.worker_resident_bytes,
        max_calls=settings.worker_calls,
        preload=PRELOAD,
    )


@contextmanager
def open_run(
    settings: Settings,
    *,
    is_rebuild: bool = False,
    is_settling: bool = False,
    extractor: Extractor = extract_article,
) -> Iterator[Run]:
    """A run that holds its output folder and has a pool of workers, until the block ends."""
    work = to_work(settings, extractor=extractor)
    began_s = time.monotonic()
    with hold_output(settings, holder="a build"), _open_pool(settings, workers=settings.workers) as pool:
        pending = find_pending(settings, is_rebuild=is_rebuild)
        if is_settling or not pending.is_empty:
            warm_up_workers(settings)
            _see_recognisers(settings, pool)
        yield Run(
            out=settings.out_dir.resolve(),
            work=work,
            limits=ScanLimits(
                batch_records=settings.batch_records,
                chunk_records=settings.chunk_records,
                max_page_bytes=settings.max_page_bytes,
                timeout_s=settings.scan_timeout_s,
            ),
            pool=pool,
            pending=pending,
            is_rebuild=is_rebuild,
            is_settling=is_settling,
            began_s=began_s,
        )
