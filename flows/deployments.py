"""The scheduled deployments: which flow, when, with which parameters, and what happens when two overlap."""

from pathlib import Path

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from config.settings import Settings
from flows.build_documents import BuildParameters, build_documents
from tasks.records.errors import UsageError


def build_deployment(settings: Settings, *, settings_file: Path | None) -> RunnerDeployment:
    """The cron deployment of the build; a run that falls due while another runs is cancelled at once."""
    deployment = build_documents.to_deployment(
        name="scheduled",
        cron=settings.build_cron,
        parameters={"parameters": BuildParameters.of(settings, file=settings_file).model_dump()},
        entrypoint_type=EntrypointType.MODULE_PATH,
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        description="Builds whatever is pending in the raw folder.",
        tags=["build"],
    )
    if not isinstance(deployment, RunnerDeployment):
        raise UsageError("the deployment was made inside an event loop; call `marsad serve` from a terminal")
    return deployment
