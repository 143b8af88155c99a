"""`marsad serve`: the Prefect server with its UI, and the scheduled deployments, until Ctrl-C."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import typer

from config.settings import Settings
from flows.prefect_server import SERVING_NAME, ServerProcess, is_healthy
from tasks.records.errors import UsageError


def serve_until_stopped(settings: Settings, *, settings_file: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; then runner, flow runs and server are gone.

    Raises UsageError when the port is taken or the server does not start.
    """
    api_url = f"http://127.0.0.1:{settings.serve_port}/api"
    if is_healthy(api_url):
        raise UsageError(f"port {settings.serve_port} is taken by another Prefect server; set serve_port")
    log = settings.state_dir / "prefect" / "server.log"
    server = ServerProcess(port=settings.serve_port, with_ui=True, log=log)
    os.environ["PREFECT_API_URL"] = api_url
    try:
        typer.echo(f"Starting Prefect on port {settings.serve_port} ...", err=True)
        server.wait_until_ready()
        with _announced(settings.state_dir, api_url):
            typer.echo(f"UI: http://127.0.0.1:{settings.serve_port}   build: {settings.build_cron} (UTC)", err=True)
            typer.echo("Ctrl-C stops it.", err=True)
            _run_deployments(settings, settings_file)
    finally:
        server.stop()
    typer.echo("Stopped.", err=True)


@contextlib.contextmanager
def _announced(state_dir: Path, api_url: str) -> Iterator[None]:
    """Tell `marsad run` where this server is, as long as it is."""
    path = state_dir / SERVING_NAME
    path.write_text(json.dumps({"api_url": api_url}) + "\n", encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _run_deployments(settings: Settings, settings_file: Path | None) -> None:
    """Run the scheduled deployments in this process until it is told to stop."""
    from prefect import serve  # noqa: PLC0415 - Prefect is imported once its server runs
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy  # noqa: PLC0415
    from prefect.deployments.runner import RunnerDeployment  # noqa: PLC0415
    from prefect.types.entrypoint import EntrypointType  # noqa: PLC0415

    from flows.build_documents import BuildParameters, build_documents  # noqa: PLC0415

    parameters = BuildParameters(settings_file=str(settings_file.resolve()) if settings_file else None)
    deployment = build_documents.to_deployment(
        name="scheduled",
        cron=settings.build_cron,
        parameters={"parameters": parameters.model_dump(exclude_none=True)},
        entrypoint_type=EntrypointType.MODULE_PATH,
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        description="Builds whatever is pending in the raw folder.",
        tags=["build"],
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not isinstance(deployment, RunnerDeployment):
        raise UsageError("the deployment was made inside an event loop; call `marsad serve` from a terminal")
    with contextlib.suppress(KeyboardInterrupt):
        serve(deployment, pause_on_shutdown=False, print_starting_message=False, limit=1)
