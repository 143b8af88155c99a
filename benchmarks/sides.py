"""One side of the speed comparison in a process of its own; what it measured comes out as one JSON line."""

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.bare import extract_and_drop, open_bare_pool, over_chunks, read_pages
from benchmarks.processes import family_usage


def run_bare(raw: Path, *, workers: int) -> dict[str, float]:
    """Pages, seconds, CPU seconds and peaks of a warm bare pool over every WARC of a folder."""
    with open_bare_pool(workers) as pool:
        before = family_usage()
        began = time.perf_counter()
        n_pages = 0
        for path in sorted(raw.glob("*.warc.gz")):
            n_pages += sum(over_chunks(extract_and_drop, read_pages(path), pool, workers=workers))
        seconds = time.perf_counter() - began
        after = family_usage()
    return {
        "n_pages": n_pages,
        "seconds": seconds,
        "cpu_s": after.cpu_s - before.cpu_s,
        "parent_peak_bytes": after.parent_peak_bytes,
        "worker_peak_bytes": after.worker_peak_bytes,
    }


def run_marsad(raw: Path, out: Path, *, workers: int) -> dict[str, float]:
    """Pages, seconds, CPU seconds and peaks of a build of a raw folder, and the seconds of its extraction."""
    from benchmarks.driver import build  # noqa: PLC0415 - the bare side must not load Marsad
    from config.settings import load_settings  # noqa: PLC0415

    done = build(load_settings(raw_dir=raw, out_dir=out, workers=workers))
    return {
        "n_pages": done.report.n_pages,
        "n_accepted": done.report.n_accepted,
        "seconds": done.build_s,
        "scan_s": done.scan_s,
        "extract_s": done.extract_s,
        "cpu_s": done.cpu_s,
        "worker_cpu_s": done.worker_cpu_s,
        "parent_peak_bytes": done.parent_peak_bytes,
        "worker_peak_bytes": done.worker_peak_bytes,
    }


def main() -> None:
    """Measure one side and print what came out as one JSON line."""
    parser = argparse.ArgumentParser(prog="benchmarks.sides", description=__doc__)
    parser.add_argument("side", choices=["bare", "marsad"])
    parser.add_argument("raw", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("workers", type=int)
    told = parser.parse_args()
    is_bare = told.side == "bare"
    found = (
        run_bare(told.raw, workers=told.workers) if is_bare else run_marsad(told.raw, told.out, workers=told.workers)
    )
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
