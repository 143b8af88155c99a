"""The flow that brings what is new of each outlet into the raw folder, as WARC files that the build picks up."""

import logging
import os
from pathlib import Path
from typing import Any, cast

from prefect import flow
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel, ConfigDict, Field

from config.settings import Settings, load_settings
from flows.arguments import whole
from flows.fetch_report import print_fetch_report, publish_fetch_report
from flows.prefect_server import die_with_parent
from flows.progress import FetchProgress
from flows.report import report_console
from tasks import prefect_tasks
from tasks.fetch.fetching import open_fetch
from tasks.records.errors import RunFailed, failure_sentence
from tasks.records.fetch_reports import FetchReport, SourceReport

# Each source waits in a thread of its own for its hosts; the work is done in one event loop.
SOURCES_AT_ONCE = 256


class FetchParameters(BaseModel):
    """What one fetch is told. Whatever else there is to say stands in the settings and sources files."""

    model_config = ConfigDict(extra="forbid")

    raw_dir: str = Field(title="Raw folder", description="Folder of raw pages; the WARC files go to warc/ in it.")
    source: str | None = Field(default=None, title="Source", description="Fetch this source only.")
    limit: int | None = Field(default=None, ge=1, title="Limit", description="Most pages of each source.")
    settings_file: str | None = Field(
        default=None, title="Settings file", description="Another file than config/settings.yaml."
    )

    @classmethod
    def of(
        cls, settings: Settings, *, file: Path | None, source: str | None = None, limit: int | None = None
    ) -> "FetchParameters":
        """The parameters that a command line or schedule with these settings means."""
        return cls(
            raw_dir=str(settings.raw_dir.resolve()),
            source=source,
            limit=limit,
            settings_file=str(file.resolve()) if file else None,
        )

    def settings(self) -> Settings:
        """The settings under these parameters."""
        file = Path(self.settings_file) if self.settings_file else None
        return load_settings(file, raw_dir=self.raw_dir)


def _run_name() -> str:
    parameters = FetchParameters.model_validate(flow_run.parameters["parameters"])
    return f"fetch {parameters.source or 'all sources'}"


@flow(
    name="fetch-pages",
    flow_run_name=_run_name,
    task_runner=cast(TaskRunner[PrefectFuture[Any]], ThreadPoolTaskRunner(max_workers=SOURCES_AT_ONCE)),
    persist_result=False,
    validate_parameters=True,
)
def fetch_pages(parameters: FetchParameters) -> FetchReport:
    """Fetch what is due of every source: start points first, then the pages they name.

    Fails when a source's fetch raised or the counts do not add up; what is archived stays, and the next run goes on.
    """
    if "PREFECT__FLOW_RUN_ID" in os.environ:  # a process that `marsad serve` started
        die_with_parent()
    console = report_console()
    logging.getLogger("tasks").setLevel(logging.INFO)
    with open_fetch(parameters.settings(), only=parameters.source, limit=parameters.limit) as run:
        with FetchProgress(console=console) as progress:
            futures = [
                prefect_tasks.fetch_source.with_options(task_run_name=f"fetch {name}").submit(
                    whole(run), name, progress=whole(progress.add)
                )
                for name in run.sources
            ]
            reports = [_outcome(future, name) for future, name in zip(futures, run.sources, strict=True)]
        report = run.report(reports)
    publish_fetch_report(report)
    print_fetch_report(report, console)
    return refuse_errors(report)


def _outcome(future: PrefectFuture[Any], name: str) -> SourceReport:
    result = future.result(raise_on_failure=False)
    if isinstance(result, SourceReport):
        return result
    error = result if isinstance(result, BaseException) else RuntimeError(f"{result!r} is no report")
    return SourceReport(source=name, error=failure_sentence(error))


def refuse_errors(report: FetchReport) -> FetchReport:
    """The report, unless the fetch of a source raised. Raises RunFailed then."""
    if report.errors:
        first = report.errors[0]
        raise RunFailed(f"{len(report.errors)} sources failed, first {first.source}: {first.error}")
    return report
