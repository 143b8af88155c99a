"""The main flow: whatever lies in the raw folder becomes `pages` and `documents`."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from prefect import flow
from prefect.events.worker import EventsWorker
from prefect.futures import PrefectFuture
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel, ConfigDict, Field

from config.settings import Settings, SettingsError, load_settings
from flows.arguments import whole
from flows.fetch_pages import FetchParameters, fetch_pages
from flows.prefect_server import die_with_parent
from flows.progress import RunProgress
from flows.report import print_report, publish_report, report_console
from tasks import prefect_tasks
from tasks.fetch.fetching import enabled_sources
from tasks.identities import Identities
from tasks.plan import Changes
from tasks.records.batches import Batch
from tasks.records.errors import MarsadError, RunFailed, failure_sentence
from tasks.records.reports import BatchReport, RunReport, failed_batch
from tasks.run import Run, open_run
from tasks.site_rules import Rules

log = logging.getLogger(__name__)

# While one batch is sorted and written, others keep the workers busy; each holds its rows until then.
BATCHES_AT_ONCE = 3
FLUSH_S = 5.0


class BuildParameters(BaseModel):
    """What one build is told. Whatever else there is to say stands in the settings file."""

    model_config = ConfigDict(extra="forbid")

    raw_dir: str = Field(title="Raw folder", description="Folder of raw pages.")
    out_dir: str = Field(title="Output folder", description="Folder of the Parquet datasets.")
    workers: int = Field(ge=1, le=256, title="Workers", description="Worker processes.")
    settle: bool = Field(
        default=False, title="Settle", description="Settle again what other pages have taught about a site since."
    )
    fetch: bool = Field(default=False, title="Fetch", description="First fetch what is due of every source.")
    rebuild: bool = Field(
        default=False, title="Rebuild", description="Look at everything again; redo what an older version made."
    )
    settings_file: str | None = Field(
        default=None, title="Settings file", description="Another file than config/settings.yaml."
    )

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        file: Path | None,
        fetch: bool = False,
        rebuild: bool = False,
        settle: bool = False,
    ) -> "BuildParameters":
        """The parameters that a command line or schedule with these settings means."""
        return cls(
            raw_dir=str(settings.raw_dir.resolve()),
            out_dir=str(settings.out_dir.resolve()),
            workers=settings.workers,
            fetch=fetch,
            rebuild=rebuild,
            settle=settle,
            settings_file=str(file.resolve()) if file else None,
        )

    def settings(self) -> Settings:
        """The settings under these parameters."""
        return load_settings(self.file(), raw_dir=self.raw_dir, out_dir=self.out_dir, workers=self.workers)

    def file(self) -> Path | None:
        """The settings file, where it is another than the project's."""
        return Path(self.settings_file) if self.settings_file else None


def _run_name() -> str:
    parameters = BuildParameters.model_validate(flow_run.parameters["parameters"])
    raw = Path(parameters.raw_dir)
    kind = "rebuild" if parameters.rebuild else "settle" if parameters.settle else "build"
    return f"{kind} {raw.parent.name}/{raw.name}"


@flow(
    name="build-documents",
    flow_run_name=_run_name,
    task_runner=cast(TaskRunner[PrefectFuture[Any]], ThreadPoolTaskRunner(max_workers=BATCHES_AT_ONCE)),
    persist_result=False,
    validate_parameters=True,
)
def build_documents(parameters: BuildParameters) -> RunReport:
    """Build everything pending: raw pages -> pages -> documents; where it is told to, fetch first.

    Fails when a batch failed or the counts do not add up; what is done stays done, and the next run takes up the rest.
    """
    if "PREFECT__FLOW_RUN_ID" in os.environ:  # a process that `marsad serve` started
        die_with_parent()
    console = report_console()
    # Prefect attaches its handler to these loggers (extra_loggers) and sets no level.
    logging.getLogger("tasks").setLevel(logging.INFO)
    unfetched = fetch_first(parameters) if parameters.fetch else None
    with open_run(parameters.settings(), is_rebuild=parameters.rebuild, is_settling=parameters.settle) as run:
        changes, unscanned = plan_changes(run)
        with RunProgress(n_due=sum(batch.n_records for batch in changes.to_write), console=console) as progress:
            reports = extract_all(run, changes.to_write, progress)
            settled, failed = settle_all(run)
        report = run.report(changes, [*unscanned, *reports, *failed], settled)
    publish_report(report)
    print_report(report, console)
    refuse_failed(report)
    if unfetched is not None:
        raise unfetched
    return report


def fetch_first(parameters: BuildParameters) -> MarsadError | SettingsError | OSError | None:
    """Why a fetch failed, to be raised once all that is there is built; None where it went well or had no source."""
    settings = parameters.settings()
    try:
        if enabled_sources(settings):
            fetch_pages(FetchParameters.of(settings, file=parameters.file()))
    except (MarsadError, SettingsError, OSError) as error:
        log.warning("fetching failed, building goes on: %s", error)
        return error
    return None


def plan_changes(run: Run) -> tuple[Changes, list[BatchReport]]:
    """What is to be written, once the pending containers are scanned and the way is clear, and what was not scanned."""
    outcome = prefect_tasks.scan_pending(run.work.raw, whole(run.pending), limits=run.limits, pool=whole(run.pool))
    stale: frozenset[str] = frozenset()
    if run.is_rebuild:
        stale = prefect_tasks.find_stale(
            run.out, whole(outcome.scanned), work=whole(run.work), pool=whole(run.pool), timeout_s=run.limits.timeout_s
        )
    return run.changes(outcome.scanned, stale), outcome.failed


def extract_all(run: Run, batches: Iterable[Batch], progress: RunProgress) -> list[BatchReport]:
    """The reports of all batches; one that failed has its error in the report."""
    futures = [
        prefect_tasks.extract_batch.with_options(task_run_name=f"extract {batch.label}").submit(
            whole(batch), out=run.out, work=whole(run.work), pool=whole(run.pool), progress=whole(progress.add)
        )
        for batch in batches
    ]
    return [_outcome(future, batch.batch_id, batch.label) for future, batch in zip(futures, batches, strict=True)]


def settle_all(run: Run) -> tuple[dict[str, int], list[BatchReport]]:
    """Documents by batch id of every file that was to be settled, and the reports of those that failed."""
    files, rules = run.to_settle(_learn_rules)
    files, settling = run.to_identify(files, rules, _identify)
    futures = [
        prefect_tasks.settle_batch.with_options(task_run_name=f"settle {label}").submit(path, settling=whole(settling))
        for path, label in files
    ]
    outcomes = {
        path.stem: _outcome(future, path.stem, f"settle {label}")
        for future, (path, label) in zip(futures, files, strict=True)
    }
    run.store_entities(settling)
    settled = {batch_id: n for batch_id, n in outcomes.items() if isinstance(n, int)}
    return settled, [report for report in outcomes.values() if isinstance(report, BatchReport)]


def _learn_rules(underived: list[Path], unsettled: list[Path], *, pool: Any, **told: Any) -> Rules:
    """The rules of sites, learned in a Prefect task where there is anything to learn."""
    if not (underived or unsettled or told["is_everywhere"]):
        return {}
    rules: Rules = prefect_tasks.learn_rules(whole(underived), whole(unsettled), pool=whole(pool), **told)
    return rules


def _identify(due: list[Path], settled: list[tuple[Path, str]] | None, *, settling: Any) -> Identities:
    """Who is who, found in a Prefect task."""
    found: Identities = prefect_tasks.identify(whole(due), whole(settled), settling=whole(settling))
    return found


def _outcome(future: PrefectFuture[Any], batch_id: str, label: str) -> Any:
    result = future.result(raise_on_failure=False)
    if not isinstance(result, BaseException):
        return result
    return failed_batch(batch_id, label, failure_sentence(result))


def refuse_failed(report: RunReport) -> None:
    """Nothing. Raises RunFailed where a batch failed."""
    if report.failed:
        raise RunFailed(
            f"{len(report.failed)} batches failed, first {report.failed[0].label}: {report.failed[0].error}"
        )


def flush_prefect() -> None:
    """Wait, for seconds at most, until logs and events of this process are with the server, which can then stop."""
    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=FLUSH_S)
