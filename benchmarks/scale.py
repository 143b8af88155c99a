"""What a run and a question cost over datasets of full size: a million rows, and many small files.

The rows are invented and written by the store (benchmarks.generated); what is timed is the whole `marsad` command.
"""

import argparse
import csv
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.floors import is_above, load_floors, markdown_table
from benchmarks.generated import Shape, generate, url_of
from benchmarks.throughput import TOTAL, Unusable, machine_facts, note, positive, run_marsad, say
from config.settings import load_settings
from tasks.run import to_work
from tests.pipeline.raw_pages import warc

OK, ABOVE, UNUSABLE = 0, 1, 2
SHAPE_NAME = "shape.json"
ROWS_PER_SMALL_FILE = 8
# Of a command that changes nothing, the median of so many is stated.
TIMES = 3
COUNT = "SELECT language, date_trunc('month', published_at) AS month, count(*) AS n FROM documents GROUP BY ALL"
LATEST = "SELECT document_id, title, fetched_at FROM latest WHERE url = '{url}'"
WHAT = {
    "nothing_to_do_s": "nothing to do",
    "small_nothing_to_do_s": "nothing to do, small files",
    "settle_s": "settle, nothing better known",
    "count_s": "count by language and month",
    "latest_s": "latest by URL",
    "incremental_s": "new pages, whole command",
    "incremental_build_s": "new pages, build as it reports",
}


@dataclass(frozen=True, slots=True)
class Folders:
    """A raw folder, the output folder built from it, and the settings file of the commands over them."""

    raw: Path
    out: Path
    settings: Path

    @property
    def arguments(self) -> list[str]:
        """What `marsad run` is told."""
        return ["--raw", str(self.raw), "--out", str(self.out), "--settings", str(self.settings)]


def prepare(folder: Path, *, shape: Shape) -> Folders:
    """Folders of this shape, generated unless they lie there already, made under the same settings and libraries.

    Raises Unusable where `folder` holds something else.
    """
    folders = Folders(folder / "raw", folder / "out", folder / "settings.yaml")
    settings = load_settings(raw_dir=folders.raw, out_dir=folders.out)
    stated = json.dumps({**asdict(shape), "pipeline_version": to_work(settings).pipeline_version})
    name = folder / SHAPE_NAME
    if name.is_file() and name.read_text(encoding="utf-8") == stated:
        return folders
    if folder.exists() and any(folder.iterdir()):
        raise Unusable(f"{folder} holds other rows than {shape.n_rows} in {shape.n_files} files; name another folder")
    note(f"generating {shape.n_rows} rows in {shape.n_files} files ...")
    began = time.perf_counter()
    generate(folders.raw, folders.out, shape=shape, settings=settings)
    folders.settings.write_text(f"state_dir: {folder}/state\n", encoding="utf-8")
    name.write_text(stated, encoding="utf-8")
    note(f"generated in {time.perf_counter() - began:.0f} s")
    return folders


def nothing_to_do_s(folders: Folders) -> float:
    """Seconds of `marsad run` over folders that are up to date. Raises Unusable where it found work."""
    note("a run with nothing to do ...")
    seconds = []
    for _ in range(TIMES):
        wall_s, said = run_marsad("run", *folders.arguments)
        if "Nothing to do" not in said:
            raise Unusable(f"`marsad run` found work in {folders.raw}, though all of it was generated as built")
        seconds.append(wall_s)
    return statistics.median(seconds)


def settle_s(folders: Folders) -> float:
    """Seconds of `marsad settle` over all sites of all rows. Raises Unusable where it settled anything again."""
    note("a settle with nothing better known ...")
    wall_s, said = run_marsad("settle", *folders.arguments)
    if " 0 files settled" not in said:
        raise Unusable(f"`marsad settle` found other boilerplate in {folders.raw} than was generated")
    return wall_s


def query_s(folders: Folders, sql: str, *, n_rows: int | None = None, n_counted: int | None = None) -> float:
    """Seconds of `marsad query`. Raises Unusable where it gives other than `n_rows`, or counts below `n_counted`."""
    note("a question ...")
    marsad = str(Path(sys.executable).with_name("marsad"))
    command = [marsad, "query", sql, "--out", str(folders.out), "--format", "csv"]
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seconds.append(time.perf_counter() - began)
    answer = list(csv.DictReader(io.StringIO(done.stdout)))
    if n_rows is not None and len(answer) != n_rows:
        raise Unusable(f"{len(answer)} rows came for {sql!r}, {n_rows} were due")
    if n_counted is not None and sum(int(row["n"]) for row in answer) < n_counted:
        raise Unusable(f"fewer than {n_counted} rows were counted")
    return statistics.median(seconds)


def incremental_s(folders: Folders, *, n_pages: int) -> tuple[float, float]:
    """Seconds of `marsad run` once a WARC of new pages is there, whole and as it reports them; the rows stay."""
    note(f"a run with {n_pages} new pages ...")
    new = folders.raw / "new"
    new.mkdir(exist_ok=True)
    first = n_pages * len(list(new.iterdir()))
    (new / f"{first:06d}.warc.gz").write_bytes(warc(range(first, first + n_pages), gzipped=True))
    wall_s, said = run_marsad("run", *folders.arguments)
    found = TOTAL.search(said)
    if found is None:
        raise Unusable("`marsad run` built nothing, though new pages had come")
    return wall_s, float(found["seconds"])


def report(measured: Mapping[str, float], ceilings: Mapping[str, float]) -> str:
    """The seconds as one markdown table."""
    rows = []
    for name, seconds in measured.items():
        ceiling = ceilings.get(name)
        verdict = "" if ceiling is None else "ABOVE" if is_above(seconds, ceiling) else "ok"
        rows.append([WHAT[name], f"{seconds:.2f}", "–" if ceiling is None else f"{ceiling:.0f}", verdict])
    return markdown_table(("what", "seconds", "ceiling", "verdict"), rows)


def measure(told: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Seconds by name, of everything asked for."""
    shape = Shape(n_files=told.files, rows_per_file=told.rows // told.files)
    folders = prepare(folder / "rows", shape=shape)
    measured = {"nothing_to_do_s": nothing_to_do_s(folders)}
    measured["settle_s"] = settle_s(folders)
    if told.small:
        small = prepare(folder / "small", shape=Shape(n_files=told.small, rows_per_file=ROWS_PER_SMALL_FILE))
        measured["small_nothing_to_do_s"] = nothing_to_do_s(small)
    measured["count_s"] = query_s(folders, COUNT, n_counted=shape.n_rows)
    # A page that was fetched twice: its row, and the row of twice its number.
    url = url_of(shape.n_rows // 40 * 10 + 5)
    measured["latest_s"] = query_s(folders, LATEST.format(url=url), n_rows=1)
    if told.new:
        measured["incremental_s"], measured["incremental_build_s"] = incremental_s(folders, n_pages=told.new)
    return measured


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=positive, default=1_000_000, help="rows of the large dataset (%(default)s)")
    parser.add_argument("--files", type=positive, default=200, help="files they lie in (%(default)s)")
    parser.add_argument("--small", type=natural, default=20_000, help="small files; 0 leaves them out (%(default)s)")
    parser.add_argument("--new", type=natural, default=200, help="new pages; 0 leaves them out (%(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the datasets there, and use them again")
    told = parser.parse_args(arguments)
    if told.rows // told.files < 1 or told.rows % told.files:
        parser.error(f"{told.rows} rows do not go into {told.files} files evenly")
    return told


def natural(text: str) -> int:
    """A number of at least 0, of an option."""
    return 0 if text == "0" else positive(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code: 1 where a ceiling is missed, 2 where nothing could be measured."""
    told = parse(arguments)
    ceilings = load_floors()["scale"]
    for fact in machine_facts(os.cpu_count() or 1):
        say(f"* {fact}")
    say(f"* {told.rows} rows in {told.files} files; {told.small} small files; {told.new} new pages\n")
    with ExitStack() as stack:
        kept = told.keep and told.keep.resolve()
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="marsad-scale-")))
        try:
            measured = measure(told, folder)
        except (Unusable, OSError) as error:
            note(f"benchmarks.scale: {error}")
            return UNUSABLE
    say(report(measured, ceilings))
    return ABOVE if any(is_above(measured[name], ceiling) for name, ceiling in ceilings.items()) else OK


if __name__ == "__main__":
    sys.exit(main())
