"""One peer in a process of its own, in the peers' environment; what it measured comes out as one JSON line.

The texts lie in OUT afterwards: `texts.jsonl` of a library, written after the clock, or the Parquet of datatrove.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.bare import WARM_UP_PAGE, over_chunks, read_pages
from benchmarks.peers.extractors import LIBRARIES, Outcome, extract_chunk
from benchmarks.processes import family_usage

T = TypeVar("T")
Figures = dict[str, Any]
WARM_UP = ("https://example.org/", WARM_UP_PAGE)
# Counts of datatrove's extractor for pages that it gives up.
DATATROVE_FAILURES = ("timeout", "broken_process", "clean_error")


def timed(work: Callable[[], T]) -> tuple[T, Figures]:
    """What a piece of work returns, with its seconds, the CPU seconds of all processes and their peaks."""
    before, began = family_usage(), time.perf_counter()
    done = work()
    seconds, after = time.perf_counter() - began, family_usage()
    return done, {
        "seconds": seconds,
        "cpu_s": after.cpu_s - before.cpu_s,
        "parent_peak_bytes": after.parent_peak_bytes,
        "worker_peak_bytes": after.worker_peak_bytes,
    }


def run_library(name: str, raw: Path, out: Path, *, workers: int) -> Figures:
    """The figures of a warm pool of forked workers over every WARC of a folder."""
    LIBRARIES[name](WARM_UP)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        pool.submit(os.getpid).result()
        outcomes, figures = timed(lambda: _read_all(name, raw, pool, workers=workers))
    lines = [json.dumps(asdict(outcome)) + "\n" for outcome in outcomes]
    (out / "texts.jsonl").write_text("".join(lines), encoding="utf-8")
    failed = Counter(outcome.error for outcome in outcomes if outcome.error)
    n_empty = sum(outcome.text is None and outcome.error is None for outcome in outcomes)
    return {"n_pages": len(outcomes), "n_empty": n_empty, "failed": failed, **figures}


def _read_all(name: str, raw: Path, pool: ProcessPoolExecutor, *, workers: int) -> list[Outcome]:
    chunk = partial(extract_chunk, name)
    chunks = (
        outcomes
        for path in sorted(raw.glob("*.warc.gz"))
        for outcomes in over_chunks(chunk, read_pages(path), pool, workers=workers)
    )
    return [outcome for outcomes in chunks for outcome in outcomes]


def run_datatrove(raw: Path, out: Path, *, workers: int) -> Figures:
    """The figures of datatrove's own executor, JSONL in, Parquet out, every step as it comes.

    Only `start_method` and `expand_metadata` are not the defaults: workers forked from a process that is warm do not
    pay for the imports, and the URL becomes a column. One task a worker, for each task forks a sandbox: on pages of one
    word two tasks took 0.4 s, eight took 0.8 s.
    """
    import pyarrow.parquet  # noqa: F401, PLC0415 - warm-up, datatrove imports it when it writes
    from datatrove.executor import LocalPipelineExecutor  # noqa: PLC0415
    from datatrove.pipeline.extractors import Trafilatura  # noqa: PLC0415
    from datatrove.pipeline.readers import JsonlReader  # noqa: PLC0415
    from datatrove.pipeline.writers import ParquetWriter  # noqa: PLC0415

    Trafilatura().extract(WARM_UP_PAGE.decode())
    executor = LocalPipelineExecutor(
        [JsonlReader(str(raw)), Trafilatura(), ParquetWriter(str(out / "texts"), expand_metadata=True)],
        tasks=workers,
        workers=workers,
        logging_dir=str(out / "logs"),
        start_method="fork",
    )
    done, figures = timed(executor.run)
    counts = {name: count.total for name, count in done.stats[1].stats.items()}
    return {
        "n_pages": counts["total"],
        "n_empty": counts.get("dropped", 0),
        "failed": {name: counts[name] for name in DATATROVE_FAILURES if name in counts},
        **figures,
    }


def main() -> None:
    """Measure one peer and print what came out as one JSON line."""
    parser = argparse.ArgumentParser(prog="benchmarks.peers.side", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("peer", choices=[*LIBRARIES, "datatrove"])
    parser.add_argument("raw", type=Path, help="folder of .warc.gz; of .jsonl for datatrove")
    parser.add_argument("out", type=Path, help="folder for the texts")
    parser.add_argument("workers", type=int)
    told = parser.parse_args()
    if told.peer == "datatrove":
        figures = run_datatrove(told.raw, told.out, workers=told.workers)
    else:
        figures = run_library(told.peer, told.raw, told.out, workers=told.workers)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
