"""`marsad serve` for real: server, schedule, a flow run with its artifacts, the UI in a browser, and a clean end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from flows.prefect_server import free_port
from tests.conftest import SAMPLES
from tests.soak.processes import processes_of

pytestmark = pytest.mark.flow

BIN = Path(sys.executable).parent
ASKS = 6
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1500,1050",
]


@dataclass
class Served:
    """A running `marsad serve` and how to ask it."""

    process: "subprocess.Popen[bytes]"
    api_url: str
    folder: Path
    marker: str
    n_seconds_to_schedule: float = 0.0

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """The answer of the API to a POST; asked again, as Prefect's client does, while SQLite is busy (503)."""
        request = urllib.request.Request(
            f"{self.api_url}/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        for _ in range(ASKS - 1):
            try:
                return self._answer(request)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                time.sleep(1)
        return self._answer(request)

    @staticmethod
    def _answer(request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def runs(self, *states: str) -> list[dict[str, Any]]:
        """Flow runs in these state types."""
        found: list[dict[str, Any]] = self.ask("flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": states}}}})
        return found


def wait_for(what: Callable[[], Any], *, seconds: float) -> Any:
    """What `what` gives, as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.2)
    pytest.fail(f"nothing after {seconds} s")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("serve")
    port, marker = free_port(), f"serve-{os.getpid()}"
    settings = folder / "settings.yaml"
    settings.write_text(
        f"raw_dir: {SAMPLES}\nout_dir: {folder / 'out'}\nstate_dir: {folder / 'state'}\nserve_port: {port}\n"
        'build_cron: "0 3 1 1 *"\n',
        encoding="utf-8",
    )
    with (folder / "out.log").open("wb") as output:
        process = subprocess.Popen(
            [BIN / "marsad", "serve", "--settings", settings],
            env={**os.environ, "MARSAD_TEST": marker},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    serving = Served(process, f"http://127.0.0.1:{port}/api", folder, marker)
    try:
        wait_for((folder / "state" / "serving.json").exists, seconds=90)
        wait_for(lambda: serving.ask("deployments/filter", {}), seconds=30)
        yield serving
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def finished_run(served: Served) -> dict[str, Any]:
    """The flow run of the deployment, started as the UI's button does, once it has ended."""
    deployment = served.ask("deployments/filter", {})[0]
    run = served.ask(f"deployments/{deployment['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}})

    def ended() -> Any:
        states = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        return [found for found in served.runs(*states) if found["id"] == run["id"]]

    found: dict[str, Any] = wait_for(ended, seconds=120)[0]
    return found


def test_a_cron_deployment_gets_scheduled_runs_within_15_s(served: Served) -> None:
    assert wait_for(lambda: served.runs("SCHEDULED"), seconds=15)


def test_the_deployment_refuses_overlapping_runs_and_shows_a_form(served: Served) -> None:
    deployment = served.ask("deployments/filter", {})[0]
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    told = {plan["slug"]: plan["parameters"]["parameters"] for plan in deployment["schedules"]}
    assert {slug: (said["fetch"], said["settle"]) for slug, said in told.items()} == {
        "build": (True, False), "settle": (False, True),
    }  # fmt: skip
    assert deployment["entrypoint"] == "flows.build_documents.build_documents"
    form = deployment["parameter_openapi_schema"]["definitions"]["BuildParameters"]["properties"]
    assert set(form) == {"raw_dir", "out_dir", "workers", "fetch", "rebuild", "settle", "settings_file"}
    assert all(field["description"] for field in form.values())


def test_a_wrong_parameter_is_refused(served: Served) -> None:
    deployment = served.ask("deployments/filter", {})[0]
    parameters = {"parameters": {**deployment["parameters"]["parameters"], "workers": 0}}
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.ask(f"deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
    assert refused.value.code == 409
    refused.value.close()


@pytest.mark.parametrize("command", [["deployment", "ls"], ["flow-run", "ls"]])
def test_prefects_own_command_line_answers(command: list[str], served: Served) -> None:
    environment = {**os.environ, "PREFECT_API_URL": served.api_url, "PREFECT_HOME": str(served.folder / "client")}
    done = subprocess.run([BIN / "prefect", *command], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "build-do" in done.stdout


def test_a_run_completes_with_progress_and_report_artifacts(served: Served, finished_run: dict[str, Any]) -> None:
    assert finished_run["state_type"] == "COMPLETED"
    artifacts = served.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [finished_run["id"]]}}})
    by_key = {artifact["key"]: artifact for artifact in artifacts}
    assert by_key["build-progress"]["data"] == 100.0
    assert "55 pages in" in by_key["build-report"]["data"]
    counts = json.loads(by_key["build-counts"]["data"])
    assert sum(row["pages"] for row in counts) == 55
    assert sum(row["accepted"] for row in counts) == 47


def test_runs_and_tasks_bear_names_that_read_well(served: Served, finished_run: dict[str, Any]) -> None:
    assert finished_run["name"] == "build data/raw"
    tasks = served.ask("task_runs/filter", {"task_runs": {"flow_run_id": {"any_": [finished_run["id"]]}}})
    names = {task["name"] for task in tasks}
    assert {"extract atlas-matin", "settle atlas-matin", "extract the-harbour-gazette/pages.zip"} <= names


def test_an_overlapping_run_is_cancelled(served: Served, finished_run: dict[str, Any]) -> None:
    deployment = served.ask("deployments/filter", {})[0]
    parameters = {"parameters": {**deployment["parameters"]["parameters"], "rebuild": True}}
    body = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
    ids = {served.ask(f"deployments/{deployment['id']}/create_flow_run", body)["id"] for _ in range(2)}

    def ended() -> dict[str, str]:
        states = {run["id"]: run["state_type"] for run in served.runs("COMPLETED", "CANCELLED", "FAILED", "CRASHED")}
        found = {run_id: states[run_id] for run_id in ids if run_id in states}
        return found if len(found) == len(ids) else {}

    assert sorted(wait_for(ended, seconds=120).values()) == ["CANCELLED", "COMPLETED"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed (.ci/run installs it)")
def test_the_ui_shows_run_and_report_in_a_browser(served: Served, finished_run: dict[str, Any], tmp_path: Path) -> None:
    artifacts = served.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [finished_run["id"]]}}})
    report = next(artifact["id"] for artifact in artifacts if artifact["key"] == "build-report")
    base = served.api_url.removesuffix("/api")
    pages = {
        "run": (f"{base}/runs/flow-run/{finished_run['id']}", "build data/raw"),
        "report": (f"{base}/artifacts/artifact/{report}", "almirsad-alyawm"),
    }
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name, (url, words) in pages.items():
        flags = [*CHROMIUM_FLAGS, f"--user-data-dir={tmp_path / name}", "--virtual-time-budget=15000"]
        picture = SCREENSHOTS / f"ui-{name}.png"
        picture.unlink(missing_ok=True)
        subprocess.run(
            ["chromium", *flags, f"--screenshot={picture}", url], capture_output=True, timeout=90, check=True
        )
        shown = subprocess.run(
            ["chromium", *flags, "--dump-dom", url], capture_output=True, text=True, timeout=90, check=True
        ).stdout
        assert words in shown
        assert picture.stat().st_size > 30_000


def test_a_run_from_the_terminal_uses_the_server_that_serves(served: Served, tmp_path: Path) -> None:
    from tests.pipeline.raw_pages import write_loose  # noqa: PLC0415

    write_loose(tmp_path / "raw" / "a", range(2))
    done = subprocess.run(
        [BIN / "marsad", "run", "--raw", tmp_path / "raw", "--out", tmp_path / "out"],
        env={**os.environ, "MARSAD_SETTINGS": str(served.folder / "settings.yaml")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert any(run["name"] == "build raw" or run["name"].endswith("/raw") for run in served.runs("COMPLETED"))
    assert len(served.runs("COMPLETED")) >= 3


def test_a_run_that_an_earlier_server_lost_does_not_hold_the_slot(served: Served, finished_run: dict[str, Any]) -> None:
    deployment = served.ask("deployments/filter", {})[0]
    lost = served.ask(
        f"deployments/{deployment['id']}/create_flow_run", {"state": {"type": "RUNNING", "name": "Running"}}
    )
    assert lost["id"] in {run["id"] for run in served.runs("RUNNING")}
    code = (
        "from pathlib import Path; from config.settings import load_settings\n"
        "from flows.deployments import build_deployment, end_lost_runs\n"
        f"settings = load_settings(Path({str(served.folder / 'settings.yaml')!r}))\n"
        "end_lost_runs(build_deployment(settings, settings_file=None))"
    )
    environment = {**os.environ, "PREFECT_API_URL": served.api_url, "PREFECT_HOME": str(served.folder / "client")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, timeout=60)
    assert lost["id"] in {run["id"] for run in served.runs("CRASHED")}


def test_zz_ctrl_c_stops_it_cleanly_and_leaves_no_process(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(30) == 0
    log = (served.folder / "out.log").read_text(encoding="utf-8")
    assert log.rstrip().endswith("Stopped.")
    assert "Traceback" not in log
    assert not (served.folder / "state" / "serving.json").exists()
    wait_for(lambda: not processes_of(served.marker), seconds=10)
