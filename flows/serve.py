"""`marsad serve`: the Prefect server with its UI, and the scheduled deployments, until Ctrl-C."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from config.settings import Settings
from flows.prefect_server import SERVING_NAME, ServerProcess, is_free
from tasks.records.errors import UsageError

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

RUNS_AT_ONCE = 4


def serve_until_stopped(settings: Settings, *, settings_file: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; then runner, flow runs and server are gone.

    Raises UsageError when the port is taken or the server does not start.
    """
    _stop_on_signals()
    if not is_free(settings.serve_port):
        raise UsageError(f"port {settings.serve_port} is taken by another program; set serve_port")
    api_url = f"http://127.0.0.1:{settings.serve_port}/api"
    server = ServerProcess(port=settings.serve_port, with_ui=True, log=settings.state_dir / "prefect" / "server.log")
    os.environ["PREFECT_API_URL"] = api_url
    try:
        typer.echo(f"Starting Prefect on port {settings.serve_port} ...", err=True)
        from flows.deployments import build_deployment, end_lost_runs  # noqa: PLC0415 - Prefect loads as its server does

        deployment = build_deployment(settings, settings_file=settings_file)
        server.wait_until_ready()
        end_lost_runs(deployment)
        with _announced(settings.state_dir, api_url):
            crons = f"fetch and build: {settings.build_cron}   settle: {settings.settle_cron} (UTC)"
            typer.echo(f"UI: http://127.0.0.1:{settings.serve_port}   {crons}", err=True)
            typer.echo("Ctrl-C stops it.", err=True)
            _run_deployment(deployment)
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
    typer.echo("Stopped.", err=True)


def _stop_on_signals() -> None:
    """Let Ctrl-C, SIGINT and SIGTERM all raise KeyboardInterrupt, even where the shell had SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextlib.contextmanager
def _announced(state_dir: Path, api_url: str) -> Iterator[None]:
    """Tell `marsad run` where this server is, as long as it is."""
    path = state_dir / SERVING_NAME
    path.write_text(json.dumps({"api_url": api_url}) + "\n", encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _run_deployment(deployment: "RunnerDeployment") -> None:
    """Run what is scheduled in this process until it is told to stop."""
    from prefect.runner import Runner  # noqa: PLC0415 - Prefect is imported once its server runs

    class StoppableRunner(Runner):
        """A runner that takes SIGTERM as Ctrl-C; its own handler leaves `stop` unawaited."""

        def handle_sigterm(self, *_: object) -> None:
            """Have the event loop cancel its main task."""
            os.kill(os.getpid(), signal.SIGINT)

    # The limit of each deployment refuses what overlaps; a limit of 1 here would queue it instead.
    runner = StoppableRunner(name="marsad", pause_on_shutdown=False, limit=RUNS_AT_ONCE)
    runner.add_deployment(deployment)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(runner.start())
