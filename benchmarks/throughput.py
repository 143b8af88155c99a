"""The speed of a build with all columns, beside a bare process pool on the same pages in the same run.

`python -m benchmarks.throughput --shared ../shared` (`make bench`). The bare side forks the same number of workers,
reads the same WARC with fastwarc, runs `trafilatura.bare_extraction(html, url=..., with_metadata=True)` and throws the
results away. Marsad's side is the build without Prefect (benchmarks/driver.py), from before the first page is read
(the scan of the container counts) to after the last documents file is in place. Each side runs in a process of its
own, one after the other, in turns; both are warm before their clock starts: workers forked, trafilatura's date
locales, Marsad's models and lexicons loaded. Trust the ratios, not the rates, and on a machine that does other work
(the load is printed) look at the ratio by CPU time too: that work may hit one side of a pair only.

Pages that come again favour the bare side a little: htmldate keeps dates it has parsed (a second pass over 150 pages
took 18 to 19 ms a page in place of 25), and Marsad reads dates its own way. `--pages 500` is every traf page once.

Exit code 0; 1 where the median ratio is below its floor (benchmarks/floors.yaml); 2 where it could not run.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

from benchmarks.floors import is_below, load_floors, markdown_table

OK, BELOW, UNUSABLE = 0, 1, 2
# Each traf page once: pages met again are read from the caches of trafilatura and htmldate, on the bare side above all.
DEFAULT_PAGES = 500
LIBRARIES = ("trafilatura", "lxml", "htmldate", "pyarrow", "pebble", "fastwarc", "prefect")
MIB = 1024 * 1024
NAMES = ("bare", "Marsad")
COSTS = ("run", "wall s", "CPU s", "extract s", "settle s", "parent peak MiB", "worker peak MiB")
TOTAL = re.compile(r"(?P<pages>\d+) pages in (?P<seconds>[\d.]+) s \(")


class Unusable(Exception):
    """The benchmark could not run; the message says why in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run of one side."""

    n_pages: int
    seconds: float
    cpu_s: float
    parent_peak_bytes: int
    worker_peak_bytes: int
    scan_s: float = 0.0
    extract_s: float | None = None
    n_accepted: int | None = None
    worker_cpu_s: float | None = None

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.n_pages / self.seconds


def record_ends(warc: Path) -> Iterator[int]:
    """The byte offset after each response record of a .warc.gz."""
    with warc.open("rb") as file:
        starts = [
            (record.stream_pos, record.record_type == WarcRecordType.response)
            for record in ArchiveIterator(file, parse_http=False)
        ]
    ends = [*(start for start, _ in starts[1:]), warc.stat().st_size]
    for (_, is_response), end in zip(starts, ends, strict=True):
        if is_response:
            yield end


def make_warc(source: Path, target: Path, *, n_pages: int) -> int:
    """`n_pages`, once `target` holds that many: those of `source` over and over (gzip members may stand in a row)."""
    ends = list(record_ends(source))
    if not ends:
        raise Unusable(f"{source} holds no response record")
    content = source.read_bytes()
    whole, rest = divmod(n_pages, len(ends))
    target.write_bytes(content * whole + content[: ends[rest - 1] if rest else 0])
    return n_pages


def run_side(side: str, raw: Path, *, workers: int) -> Side:
    """One side, measured in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as out:
        command = [sys.executable, "-m", "benchmarks.sides", side, str(raw), str(Path(out) / "out"), str(workers)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise Unusable(f"the {side} side ended with exit code {done.returncode}, saying: {said[-1]}")
    return Side(**json.loads(done.stdout.splitlines()[-1]))


def run_pairs(raw: Path, *, workers: int, n_pairs: int) -> list[tuple[Side, Side]]:
    """Pairs of (bare, Marsad), run in turns."""
    pairs = []
    for number in range(1, n_pairs + 1):
        note(f"pair {number} of {n_pairs}: bare pool ...")
        bare = run_side("bare", raw, workers=workers)
        note(f"pair {number} of {n_pairs}: bare pool {bare.rate:.1f} docs/s; Marsad ...")
        marsad = run_side("marsad", raw, workers=workers)
        note(f"pair {number} of {n_pairs}: Marsad {marsad.rate:.1f} docs/s; ratio {marsad.rate / bare.rate:.3f}")
        if bare.n_pages != marsad.n_pages:
            raise Unusable(f"the sides read {bare.n_pages} and {marsad.n_pages} pages of the same WARC")
        pairs.append((bare, marsad))
    return pairs


def run_command(raw: Path, *, workers: int) -> tuple[float, float]:
    """Wall seconds of the whole command `marsad run` with a fresh Prefect home, and the build seconds it reports."""
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as folder:
        settings = Path(folder) / "settings.yaml"
        settings.write_text(f"state_dir: {folder}/state\n", encoding="utf-8")
        arguments = [
            "--raw",
            str(raw),
            "--out",
            f"{folder}/out",
            "--workers",
            str(workers),
            "--settings",
            str(settings),
        ]
        wall_s, said = run_marsad("run", *arguments)
    found = TOTAL.search(said)
    if found is None:
        raise Unusable("`marsad run` reported no build")
    return wall_s, float(found["seconds"])


def run_marsad(*arguments: str) -> tuple[float, str]:
    """Wall seconds of a whole `marsad` command, and what it said on standard error. Raises Unusable where it failed."""
    began = time.perf_counter()
    done = subprocess.run(
        [Path(sys.executable).with_name("marsad"), *arguments], capture_output=True, text=True, check=False
    )
    wall_s = time.perf_counter() - began
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise Unusable(f"`marsad {arguments[0]}` ended with exit code {done.returncode}, saying: {said[-1]}")
    return wall_s, done.stderr


def machine_facts(workers: int) -> list[str]:
    """What the figures depend on."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return [
        f"{os.cpu_count()} cores ({platform.machine()}), {workers} workers, load before the run {load}",
        f"Python {platform.python_version()}, {platform.system()} {platform.release()}",
        versions,
    ]


def report(pairs: Sequence[tuple[Side, Side]]) -> str:
    """The pairs as two markdown tables: speed, then what it took."""
    speed = [
        [
            str(n),
            f"{bare.rate:.1f}",
            f"{marsad.rate:.1f}",
            f"{marsad.rate / bare.rate:.3f}",
            f"{cpu_ratio(bare, marsad):.3f}",
        ]
        for n, (bare, marsad) in enumerate(pairs, start=1)
    ]
    sides = [
        (f"{n} {name}", side) for n, pair in enumerate(pairs, start=1) for name, side in zip(NAMES, pair, strict=True)
    ]
    return "\n\n".join(
        [
            markdown_table(("pair", "bare docs/s", "Marsad docs/s", "ratio", "ratio by CPU time"), speed),
            markdown_table(COSTS, [_costs(name, side) for name, side in sides]),
        ]
    )


def command_report(pairs: Sequence[tuple[Side, Side]], commands: Sequence[tuple[float, float]], *, workers: int) -> str:
    """What Prefect and the hand-over between processes cost, in three sentences, by the medians of runs.

    The command's build is held against what the workers of the builds without Prefect computed, and what they could
    not: a single container is scanned, and settled, by one of them while the others have nothing to do. The rest of
    its wall time is hand-over, waiting and Prefect. `commands` are (wall, build) seconds.
    """
    alone_s = statistics.median(marsad.seconds for _, marsad in pairs)
    busy_s = statistics.median(marsad.worker_cpu_s or 0.0 for _, marsad in pairs) / workers
    single_s = statistics.median(marsad.seconds - (marsad.extract_s or 0.0) + marsad.scan_s for _, marsad in pairs)
    idle_s = single_s * (workers - 1) / workers
    build_s = statistics.median(build_s for _, build_s in commands)
    rest_s = statistics.median(wall_s - build_s for wall_s, build_s in commands)
    return "\n".join(
        [
            f"whole command `marsad run` on a fresh home: its build {build_s:.1f} s, the rest {rest_s:.1f} s",
            f"build with Prefect against without ({alone_s:.1f} s): {build_s / alone_s - 1:+.1%}",
            f"of the build's wall the workers compute {busy_s / build_s:.1%}, and have nothing to do while one of them "
            f"scans or settles for {idle_s / build_s:.1%}; Prefect and hand-over take "
            f"{1 - (busy_s + idle_s) / build_s:.1%}",
        ]
    )


def cpu_ratio(bare: Side, marsad: Side) -> float:
    """The ratio of CPU seconds, bare to Marsad: that of the speeds, had no worker of either side ever been idle."""
    return bare.cpu_s / marsad.cpu_s


def _costs(name: str, side: Side) -> list[str]:
    parts = ["", ""] if side.extract_s is None else [f"{side.extract_s:.1f}", f"{side.seconds - side.extract_s:.1f}"]
    peaks = [f"{peak / MIB:.0f}" for peak in (side.parent_peak_bytes, side.worker_peak_bytes)]
    return [name, f"{side.seconds:.1f}", f"{side.cpu_s:.1f}", *parts, *peaks]


def note(sentence: str) -> None:
    """Progress, for the person at the terminal."""
    sys.stderr.write(sentence + "\n")


def say(text: str) -> None:
    """A result."""
    sys.stdout.write(text + "\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="benchmarks.throughput", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of the real pages")
    parser.add_argument("--raw", type=Path, help="a .warc.gz to read; default SHARED/pages/raw/traf.warc.gz")
    parser.add_argument(
        "--pages", type=positive, default=DEFAULT_PAGES, help="pages to time, the file over and over (%(default)s)"
    )
    parser.add_argument("--pairs", type=positive, default=3, help="pairs of runs (%(default)s)")
    parser.add_argument("--workers", type=positive, default=os.cpu_count() or 1, help="worker processes (%(default)s)")
    parser.add_argument("--with-flow", action="store_true", help="also time `marsad run` with Prefect, start to end")
    parser.add_argument(
        "--with-shares", action="store_true", help="also sample where Marsad's time goes, in one process"
    )
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """A number of at least 1, of an option."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def measure(told: argparse.Namespace) -> int:
    """The exit code, once everything asked for is measured and printed."""
    source: Path = told.raw or told.shared / "pages" / "raw" / "traf.warc.gz"
    if not source.is_file():
        raise Unusable(
            f"there is no file {source}; name a .warc.gz with --raw or the folder of real pages with --shared"
        )
    for fact in machine_facts(told.workers):
        say(f"* {fact}")
    with tempfile.TemporaryDirectory(prefix="marsad-bench-raw-") as folder:
        raw = Path(folder)
        n_pages = make_warc(source, raw / "pages.warc.gz", n_pages=told.pages)
        say(f"* {n_pages} pages of {source.name}\n")
        pairs = run_pairs(raw, workers=told.workers, n_pairs=told.pairs)
        say(report(pairs))
        median = statistics.median(marsad.rate / bare.rate for bare, marsad in pairs)
        floor = load_floors()["throughput"]["ratio"]
        verdict = "BELOW" if is_below(median, floor) else "ok"
        say(f"\nratio, median of {len(pairs)}: {median:.3f} (floor {floor:.2f}: {verdict})")
        by_cpu = statistics.median(cpu_ratio(*pair) for pair in pairs)
        say(f"ratio by CPU time, median: {by_cpu:.3f}")
        if told.with_flow:
            commands = []
            for number in range(1, told.pairs + 1):
                note(f"the whole command, {number} of {told.pairs} ...")
                commands.append(run_command(raw, workers=told.workers))
            say(command_report(pairs, commands, workers=told.workers))
    if told.with_shares:
        say("\n" + _shares(source))
    return BELOW if is_below(median, floor) else OK


def _shares(source: Path) -> str:
    note("where the time goes ...")
    command = [sys.executable, "-m", "benchmarks.shares", "--raw", str(source)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    told = parse(arguments)
    try:
        return measure(told)
    except Unusable as error:
        note(f"benchmarks.throughput: {error}")
        return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
