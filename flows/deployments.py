"""The scheduled deployments: which flow, when, with which parameters, and what happens when two overlap."""

from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType
from pydantic import ValidationError

from config.settings import Settings
from flows.build_documents import BuildParameters, build_documents
from tasks.records.errors import UsageError

UNFINISHED = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


def build_deployment(settings: Settings, *, settings_file: Path | None) -> RunnerDeployment:
    """The cron deployment of fetch and build, and of settling; a run due while another runs is cancelled.

    Raises UsageError for a cron expression that is none.
    """
    schedules = []
    for kind in ("build", "settle"):
        cron = getattr(settings, f"{kind}_cron")
        try:
            CronSchedule(cron=cron)
        except ValidationError as error:
            raise UsageError(f"setting {kind}_cron: {cron!r} is no cron expression of five fields") from error
        parameters = BuildParameters.of(settings, file=settings_file, fetch=kind == "build", settle=kind == "settle")
        schedules.append(Cron(cron, parameters={"parameters": parameters.model_dump()}, slug=kind))
    deployment = build_documents.to_deployment(
        name="scheduled",
        schedules=schedules,
        parameters={"parameters": BuildParameters.of(settings, file=settings_file).model_dump()},
        entrypoint_type=EntrypointType.MODULE_PATH,
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        description="Fetches what is due and builds what is pending; at night it also settles what is better known.",
        tags=["build"],
    )
    if not isinstance(deployment, RunnerDeployment):
        raise UsageError("the deployment was made inside an event loop; call `marsad serve` from a terminal")
    return deployment


def end_lost_runs(deployment: RunnerDeployment) -> None:
    """Mark runs of the deployment that an earlier server left behind as crashed.

    Their processes ended with it, but they hold the deployment's one slot, and every later run would be refused.
    """
    lost = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNFINISHED))))
    name = DeploymentFilter(name=DeploymentFilterName(any_=[str(deployment.name)]))
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=lost, deployment_filter=name):
            client.set_flow_run_state(run.id, Crashed(message="Its server was stopped."), force=True)
