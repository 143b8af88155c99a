"""Runs in a hostile world: a second run beside the first, a clock set back, files that grow, a disk that is full."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.driver import build, dataset_bytes
from tests.pipeline.raw_pages import jsonl, warc, write_all, write_loose
from tests.soak.kills import change_pages
from tests.soak.processes import committed_since, end_of, run_marsad, start_build, wait_for, wait_until_gone
from tests.soak.table import Line

SETTINGS: dict[str, Any] = {"batch_records": 8, "chunk_records": 2}
WORDS = [f"{name}={value}" for name, value in SETTINGS.items()]
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
SMALL_DISK, LARGE_DISK = "400k", "64m"


@contextlib.contextmanager
def _folders(name: str) -> Iterator[tuple[Path, Path, Path, Path]]:
    """A raw folder with pages of every kind, an output folder, one for a fresh build, and a settings file."""
    with tempfile.TemporaryDirectory(prefix=f"marsad-{name}-") as folder:
        top = Path(folder)
        write_all(top / "raw", n=6)
        write_loose(top / "raw" / "loose", range(60))
        lines = [f"state_dir: {top}/state", *(f"{key}: {value}" for key, value in SETTINGS.items())]
        (top / "settings.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield top / "raw", top / "out", top / "fresh", top / "settings.yaml"


def second_run(line: Line, *, n_pages: int = 1_500) -> None:
    """`marsad run` on an output folder that another build writes: refused, and the first one is unharmed."""
    with _folders("second") as (raw, out, fresh, settings):
        write_loose(raw / "many", range(n_pages))
        build(raw, fresh, **SETTINGS)
        marker = f"second-{os.getpid()}"
        first = start_build(raw, out, *WORDS, marker=marker)
        if not wait_for(lambda: bool(committed_since(out, 0))):
            line.complain("the first run committed nothing")
        second = run_marsad(raw, out, settings, marker=marker)
        is_first_alive = first.poll() is None
        if second is None:
            line.hangs += 1
        elif is_first_alive and (second.returncode != 2 or "is being written by" not in second.stderr):
            line.complain(f"the second run ended with {second.returncode}: {second.stderr.strip()}")
        if end_of(first) != 0:
            line.complain("the first run did not end well")
        line.hold_against(out, fresh, after="a second run beside the first")
        line.orphans += len(wait_until_gone(marker))
        line.how_many = "refused while the first worked" if is_first_alive else "the first had ended: nothing seen"


def clock_set_back(line: Line) -> None:
    """A build under a clock a year behind, and one that goes on where a build of today ended: the same bytes."""
    if not FAKETIME.is_file():
        line.how_many = "skipped: Debian's faketime is not installed"
        return
    with _folders("clock") as (raw, out, fresh, _):
        build(raw, out, **SETTINGS)
        change_pages(raw, 1)
        build(raw, fresh, **SETTINGS)
        behind = out.parent / "behind"
        for built, name in ((behind, "a year behind"), (out, "set back between two runs")):
            world = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "-365d"}
            process = start_build(raw, built, *WORDS, marker=f"clock-{os.getpid()}", environment=world)
            if end_of(process) != 0:
                line.complain(f"clock {name}: the build did not end well")
            line.hold_against(built, fresh, after=f"a clock {name}")
        line.how_many = "a year behind; set back between two runs"


def files_that_grow(line: Line, *, n_runs: int = 3) -> None:
    """A WARC and JSON lines that another process appends to while builds read them: nothing lost, nothing twice."""
    with _folders("growth") as (raw, out, fresh, _):
        growing = {
            raw / "day" / "grows.warc.gz": warc(range(1_000, 1_080), gzipped=True),
            raw / "day" / "grows.jsonl": jsonl(range(2_000, 2_080)),
        }
        for run in range(n_runs):
            process = start_build(raw, out, *WORDS, marker=f"growth-{os.getpid()}")
            while process.poll() is None:
                _append(growing, share=(run + 1) / (n_runs + 1))
                time.sleep(0.05)
            if end_of(process) != 0:
                line.complain(f"run {run} over growing files did not end well")
        for path, content in growing.items():
            path.write_bytes(content)
        build(raw, out, **SETTINGS)
        build(raw, fresh, **SETTINGS)
        line.hold_against(out, fresh, after="growth during runs")
        line.how_many = f"{n_runs} runs over 2 growing files"


def _append(growing: dict[Path, bytes], *, share: float) -> None:
    """Another 997 bytes of each file, as far as its share: cuts fall anywhere."""
    for path, content in growing.items():
        have = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(content[have : min(have + 997, int(share * len(content)))])


def full_disk(line: Line) -> None:
    """A disk that is too small, then one that may not be written: a sentence each, and the next run goes on."""
    with _folders("disk") as (raw, out, fresh, settings):
        build(raw, fresh, **SETTINGS)
        out.mkdir()
        if not _mount("tmpfs", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", str(out)):
            line.how_many = "skipped: mounting is not permitted here"
            return
        try:
            _run_on_small_disk(line, raw, out, settings)
            _mount("-o", f"remount,rw,size={LARGE_DISK}", str(out))
            again = run_marsad(raw, out / "parquet", settings, marker=f"disk-{os.getpid()}")
            if again is None or again.returncode != 0:
                line.complain(f"the run with enough space ended with {again and again.stderr.strip()[-300:]}")
            line.hold_against(out / "parquet", fresh, after="a full disk")
        finally:
            subprocess.run(["umount", str(out)], check=False, capture_output=True)
        line.how_many = "full, read-only, then enough space"


def _run_on_small_disk(line: Line, raw: Path, out: Path, settings: Path) -> None:
    full = run_marsad(raw, out / "parquet", settings, marker=f"disk-{os.getpid()}")
    if full is None:
        line.hangs += 1
    elif full.returncode != 1 or "disk is full" not in full.stderr or "Traceback" in full.stderr:
        line.complain(f"a full disk: exit code {full.returncode}: {full.stderr.strip()[-300:]}")
    left = list(out.rglob(".*.tmp"))
    line.orphans += len(left)
    line.findings += [f"a full disk: left behind {path.name}" for path in left]
    dataset_bytes(out / "parquet")
    _mount("-o", "remount,ro", str(out))
    refused = run_marsad(raw, out / "parquet", settings, marker=f"disk-{os.getpid()}")
    if refused is None or refused.returncode != 2 or "cannot be written" not in refused.stderr:
        line.complain(f"a read-only folder: {refused and (refused.returncode, refused.stderr.strip()[-300:])}")


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode == 0
