"""Marsad beside other extractors on the same pages in the same run: speed, memory, and how good the text is.

`make bench-peers` makes an environment of the peers' own (benchmarks/peers/.venv, from requirements.lock beside it) and
runs `python -m benchmarks.peers --shared ../shared --plot docs/peers.png`. The markdown table goes to standard output,
progress to standard error.

Speed: the traf pages, each once, with the same number of worker processes, each peer in a process of its own, one after
the other; the order turns by one from round to round. Before the clock every peer has loaded its libraries, run one
page and forked its workers (datatrove forks inside its clock, from a process that is warm). Inside:
* libraries (trafilatura, news-please, newspaper4k, resiliparse): the parent reads the WARC with fastwarc and hands
  chunks of 16 pages to the workers, which decode, extract and hand the texts back;
* datatrove: its executor from start to end, JSONL reader (pages decoded before the clock) to Parquet writer;
* Marsad: the whole build without Prefect (benchmarks/driver.py), from the scan of the WARC to the last documents file.
Trust the ratios, not the rates; on a machine that does other work look at the ratio by CPU time.

Text: each peer once more over the pages of three sets, scored by SHARED/score; a page that is missing scores 0.

Exit code 0; 1 where Marsad is slower than its floor allows (benchmarks/floors.yaml) or that could not be measured; 2
where nothing could run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
from trafilatura.utils import decode_file

from benchmarks.bare import read_pages
from benchmarks.floors import is_below, load_floors
from benchmarks.peers.table import DATATROVE, MARSAD, OUTPUTS, SCORES, Run, Standing, ratios, to_markdown
from benchmarks.peers.watch import CommandFailed, run_watched
from benchmarks.quality import Rows, read_jsonl
from benchmarks.scorers import load_scorer
from benchmarks.throughput import DEFAULT_PAGES, machine_facts, make_warc, note, positive, record_ends, say

OK, BELOW, UNUSABLE = 0, 1, 2
ROOT = Path(__file__).parents[2]
LOCK = Path(__file__).with_name("requirements.lock")
PYTHON = Path(__file__).with_name(".venv") / "bin" / "python"
PACKAGES = ("datatrove", "news-please", "newspaper4k", "resiliparse", "trafilatura")
# Rejections that are failures; all others say what the page lacks.
FAILURES = ("timeout", "memory", "crash", "error")


class Unusable(Exception):
    """The benchmark could not run; the message says why in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The same pages twice: a folder of WARCs, and one of JSONL with the pages dealt out over a file a worker."""

    warc: Path
    jsonl: Path
    urls: dict[str, list[str]]


def prepare(shared: Path, names: Sequence[str], work: Path, *, n_pages: int, workers: int) -> Pages:
    """The first pages of each named set, as every peer wants to read them."""
    pages = Pages(warc=work / "warc", jsonl=work / "jsonl", urls={})
    pages.warc.mkdir(parents=True)
    pages.jsonl.mkdir()
    lines = []
    for name in names:
        source, target = shared / "pages" / "raw" / f"{name}.warc.gz", pages.warc / f"{name}.warc.gz"
        make_warc(source, target, n_pages=min(n_pages, len(list(record_ends(source)))))
        captures = list(read_pages(target))
        pages.urls[name] = [url for url, _ in captures]
        lines += [json.dumps({"text": decode_file(html), "id": url, "url": url}) + "\n" for url, html in captures]
    for number in range(workers):
        (pages.jsonl / f"{number:03}.jsonl").write_text("".join(lines[number::workers]), encoding="utf-8")
    return pages


def run_peer(name: str, pages: Pages, out: Path, *, workers: int) -> Run:
    """One run of one peer; its texts lie in `out`. Raises CommandFailed where it does not come to its end."""
    if name == MARSAD:
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "benchmarks.sides",
            "marsad",
            pages.warc,
            out / "built",
            str(workers),
        ]
    else:
        raw = pages.jsonl if name == DATATROVE else pages.warc
        command = [PYTHON, "-m", "benchmarks.peers.side", name, raw, out, str(workers)]
    watched = run_watched(command, cwd=ROOT)
    figures: dict[str, Any] = json.loads(watched.printed.splitlines()[-1])
    if name == MARSAD:
        figures |= rejections(out / "built" / "pages")
    return Run(
        n_pages=figures["n_pages"],
        seconds=figures["seconds"],
        cpu_s=figures["cpu_s"],
        # Its own count sees the last moment, the look from outside sees workers that ended before.
        largest_bytes=max(watched.largest_bytes, figures["parent_peak_bytes"], figures["worker_peak_bytes"]),
        family_bytes=watched.family_bytes,
        n_empty=figures["n_empty"],
        failed=figures["failed"],
    )


def rejections(dataset: Path) -> dict[str, Any]:
    """Marsad's rejected pages, counted as the peers' are."""
    reasons = Counter(reason for reason in pq.read_table(dataset, columns=["reason"])["reason"].to_pylist() if reason)
    failed = {reason: reasons[reason] for reason in FAILURES if reasons[reason]}
    return {"failed": failed, "n_empty": reasons.total() - sum(failed.values())}


def read_texts(name: str, out: Path, scorer: ModuleType) -> Rows:
    """The rows of a run by URL, as the scorer wants them."""
    if name in {MARSAD, DATATROVE}:
        rows: Rows = scorer.load(str(out / ("built/documents" if name == MARSAD else "texts")))
        return rows
    return {row["url"]: row for row in read_jsonl(out / "texts.jsonl")}


def time_rounds(standings: Sequence[Standing], pages: Pages, *, rounds: int, workers: int) -> None:
    """Nothing; every peer has one run a round afterwards."""
    for number in range(rounds):
        turn = number % len(standings)
        for standing in [*standings[turn:], *standings[:turn]]:
            with tempfile.TemporaryDirectory(prefix="marsad-peers-") as out:
                run = _try(standing, pages, Path(out), workers=workers)
            standing.runs.append(run)
            note(f"round {number + 1} of {rounds}: {standing.name} {f'{run.rate:.1f} docs/s' if run else 'failed'}")


def score_all(standings: Sequence[Standing], pages: Pages, shared: Path, *, workers: int) -> None:
    """Nothing; every peer has its scores afterwards."""
    scorer = load_scorer(shared, "score_documents")
    golds = {name: gold_of(shared, name, pages.urls[name]) for name in pages.urls}
    for standing in standings:
        with tempfile.TemporaryDirectory(prefix="marsad-peers-") as out:
            standing.scored = _try(standing, pages, Path(out), workers=workers)
            if standing.scored:
                rows = read_texts(standing.name, Path(out), scorer)
                standing.scores = {name: scorer.score(rows, gold)[SCORES[name][1]] for name, gold in golds.items()}
        note(f"text: {standing.name} {json.dumps({name: round(s, 3) for name, s in standing.scores.items()})}")


def gold_of(shared: Path, name: str, urls: Sequence[str]) -> list[dict[str, Any]]:
    """What the gold of a set says of the text of these pages."""
    kept, wanted = ("url", "text", "with", "without"), set(urls)
    gold = read_jsonl(shared / "pages" / "gold" / f"{name}.gold.jsonl")
    return [{key: page[key] for key in kept if key in page} for page in gold if page["url"] in wanted]


def _try(standing: Standing, pages: Pages, out: Path, *, workers: int) -> Run | None:
    """A run, or None once the standing says why there is none."""
    try:
        return run_peer(standing.name, pages, out, workers=workers)
    except CommandFailed as error:
        standing.problem = str(error)
        return None


def verdict(standings: Sequence[Standing]) -> tuple[int, str]:
    """The exit code and the sentence about the floor; of a run without Marsad or datatrove nothing is asked."""
    by_name = {standing.name: standing for standing in standings}
    if not {MARSAD, DATATROVE} <= set(by_name):
        return OK, "Marsad against datatrove: not asked for"
    found = ratios(by_name[MARSAD], by_name[DATATROVE])
    floor = load_floors()["peers"]["datatrove_ratio"]
    below = is_below(found[0] if found else None, floor)
    shown = f"{found[0]:.3f}, by CPU time {found[1]:.3f}" if found else "not measured"
    return (
        BELOW if below else OK,
        f"Marsad against datatrove: {shown} (floor {floor:.2f}: {'BELOW' if below else 'ok'})",
    )


def draw(standings: Sequence[Standing], target: Path) -> None:
    """Nothing; the plot is written, by matplotlib in the peers' environment. Raises CommandFailed."""
    bars = [
        {"name": s.name, "gives": OUTPUTS[s.name], "rates": [run.rate for run in s.runs if run], "scores": s.scores}
        for s in standings
    ]
    command: list[str | Path] = [PYTHON, "-m", "benchmarks.peers.plot", target.resolve()]
    done = subprocess.run(command, input=json.dumps(bars), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(f"the plot: exit code {done.returncode}, saying: {done.stderr.strip().splitlines()[-1]}")


def pinned(lock: Path = LOCK) -> dict[str, str]:
    """The versions in a lock file by package."""
    return dict(line.split("==") for line in lock.read_text(encoding="utf-8").splitlines())


def measure(told: argparse.Namespace) -> int:
    """The exit code, once every peer is measured and the table is printed."""
    if not (told.shared / "pages" / "raw").is_dir():
        raise Unusable(f"there is no folder {told.shared / 'pages' / 'raw'}; name the real pages with --shared")
    if not PYTHON.exists():
        raise Unusable(f"the peers have no environment in {PYTHON.parents[1].name}; `make bench-peers` makes it")
    standings = [Standing(name=name) for name in OUTPUTS if name in (told.only or OUTPUTS)]
    versions = pinned()
    facts = [*machine_facts(told.workers), ", ".join(f"{name} {versions[name]}" for name in PACKAGES)]
    with tempfile.TemporaryDirectory(prefix="marsad-peers-") as folder:
        work, shared = Path(folder), told.shared.resolve()
        options = {"n_pages": told.pages, "workers": told.workers}
        timed = prepare(shared, ["traf"], work / "timed", **options)
        time_rounds(standings, timed, rounds=told.rounds, workers=told.workers)
        scored = prepare(shared, list(SCORES), work / "scored", **options)
        score_all(standings, scored, shared, workers=told.workers)
    facts.append(f"speed: {len(timed.urls['traf'])} pages, each once, {told.rounds} rounds")
    code, sentence = verdict(standings)
    say("\n".join(f"* {fact}" for fact in facts) + "\n")
    say(to_markdown(standings, {name: len(urls) for name, urls in scored.urls.items()}))
    say("\n" + sentence)
    if told.plot:
        draw(standings, told.plot)
    return code


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of the real pages (%(default)s)")
    parser.add_argument("--pages", type=positive, default=DEFAULT_PAGES, help="at most so many of a set (%(default)s)")
    parser.add_argument("--rounds", type=positive, default=3, help="runs of each peer, in turns (%(default)s)")
    parser.add_argument("--workers", type=positive, default=2, help="worker processes of each peer (%(default)s)")
    parser.add_argument("--only", action="append", choices=OUTPUTS, help="this one; may be given more than once")
    parser.add_argument("--plot", type=Path, help="also draw the table into this PNG")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    told = parse(arguments)
    try:
        return measure(told)
    except (Unusable, CommandFailed) as error:
        note(f"benchmarks.peers: {error}")
        return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
