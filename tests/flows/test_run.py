"""`marsad run` for real, with its temporary Prefect server: what it gives, how it fails, how it is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import SAMPLES
from tests.driver import build, dataset_bytes
from tests.pace import slowness
from tests.pipeline.raw_pages import warc, write_loose
from tests.soak.processes import processes_of, wait_for_commits, wait_until_gone

pytestmark = pytest.mark.flow

MARSAD = Path(sys.executable).with_name("marsad")


class Project:
    """A raw folder, an output folder and a state folder of a test's own, and the command line over them."""

    def __init__(self, folder: Path, raw: Path) -> None:
        self.raw, self.out, self.marker = raw, folder / "out", f"run-{os.getpid()}-{folder.name}"
        settings = folder / "settings.yaml"
        settings.write_text(f"state_dir: {folder / 'state'}\nbatch_records: 50\nchunk_records: 2\n", encoding="utf-8")
        self.command: list[str | Path] = [MARSAD, "run", "--raw", raw, "--out", self.out, "--settings", settings]
        self.environment = {**os.environ, "MARSAD_TEST": self.marker}
        self.log = folder / "log.txt"

    def run(self) -> "subprocess.CompletedProcess[str]":
        """One run to its end."""
        return subprocess.run(
            self.command, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def start(self) -> "subprocess.Popen[bytes]":
        """A run on its way."""
        with self.log.open("wb") as output:
            return subprocess.Popen(self.command, env=self.environment, stdout=output, stderr=subprocess.STDOUT)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    raw = tmp_path / "raw"
    for name in ("a", "b", "c", "d"):
        write_loose(raw / name, range(40))
    return Project(tmp_path, raw)


def test_the_samples_go_through_and_a_second_run_finds_nothing(tmp_path: Path, samples_out: Path) -> None:
    samples = Project(tmp_path, SAMPLES)
    samples.command[-2:] = []
    samples.environment["MARSAD_SETTINGS"] = str(_with_state(tmp_path))
    done = samples.run()
    assert done.returncode == 0, done.stderr
    assert "55 pages in" in done.stderr
    assert "47 accepted, 8 rejected" in done.stderr
    assert dataset_bytes(samples.out) == dataset_bytes(samples_out)
    assert processes_of(samples.marker) == []
    began = time.monotonic()
    assert "Nothing to do" in samples.run().stderr
    assert time.monotonic() - began < 3 * slowness()


def _with_state(folder: Path) -> Path:
    path = folder / "state-only.yaml"
    path.write_text(f"state_dir: {folder / 'state'}\n", encoding="utf-8")
    return path


def test_a_failed_batch_fails_the_run_loudly_and_the_others_are_done(project: Project) -> None:
    (project.raw / "e").mkdir()
    (project.raw / "e" / "x.warc").write_bytes(warc([1], gzipped=False))
    in_the_way = project.out / "pages" / "crawl_date=2024-11-21"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where a folder is due", encoding="utf-8")
    done = project.run()
    assert done.returncode == 1
    assert "failed: e/x.warc" in done.stderr
    assert "marsad: 1 batches failed" in done.stderr
    assert "160 accepted" in done.stderr
    in_the_way.unlink()
    assert project.run().returncode == 0
    fresh = project.out.parent / "fresh"
    build(project.raw, fresh, batch_records=50, chunk_records=2)
    assert dataset_bytes(project.out) == dataset_bytes(fresh)


@pytest.mark.parametrize("n_files", [1, 3])
def test_a_killed_run_leaves_no_process_and_the_next_one_ends_it(project: Project, n_files: int) -> None:
    process = project.start()
    committed = wait_for_commits(project.out, 0, n_files, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert committed >= n_files, project.log.read_text(encoding="utf-8")
    assert project.run().returncode == 0
    assert wait_until_gone(project.marker) == []
    fresh = project.out.parent / "fresh"
    build(project.raw, fresh, batch_records=50, chunk_records=2)
    assert dataset_bytes(project.out) == dataset_bytes(fresh)
    assert not list(project.out.rglob(".*.tmp"))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_a_run_within_seconds_and_leave_no_process(
    project: Project, stop: signal.Signals
) -> None:
    write_loose(project.raw / "many", range(500))
    process = project.start()
    wait_for_commits(project.out, 0, 1, process)
    process.send_signal(stop)
    code = process.wait(30)
    log = project.log.read_text(encoding="utf-8")
    assert code == 130
    assert "run again to go on" in log
    assert "Traceback" not in log
    assert wait_until_gone(project.marker) == []
    assert project.run().returncode == 0
