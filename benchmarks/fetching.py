"""How many pages a second a fetch brings from loopback into WARC, without delays, and whether its memory grows.

`python -m benchmarks.fetching [--outlets 20] [--pages 500]` (`make bench-fetch`) starts the test site of so many
outlets with so many pages of about 25 KB each, and fetches a tenth of it, then all, each time by a process of its own,
whose peak memory is the kernel's figure. Then the fetcher alone (addresses judged, bodies bounded, nothing written) is
set beside a bare `httpx.AsyncClient` on the same small pages, by processor time, the better of three turns each. Exit
code 1 below the floors (benchmarks/floors.yaml, `fetching`).
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.floors import is_above, load_floors, markdown_table
from benchmarks.processes import peak_bytes
from benchmarks.throughput import machine_facts, positive, say
from tests.acquire.many_pages import N_TOGETHER, PAGE_BYTES, fetch_many, serving_pages
from tests.acquire.servers import Server
from tests.fetch.driver import archived, settings_of
from tests.fetch.server import serving

OK, MISSED = 0, 1
LOOK_S = 0.05
N_ALONE = 2_000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """One fetch: pages archived, seconds of the whole process, its peak memory."""

    n_pages: int
    wall_s: float
    peak_mib: float

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.n_pages / self.wall_s


def fetch_all(*, outlets: int, pages: int) -> Measured:
    """A fetch of a whole site by a process of its own."""
    with tempfile.TemporaryDirectory(prefix="marsad-fetching-") as name:
        folder = Path(name)
        with serving(folder / "requests.jsonl", outlets=outlets, pages=pages) as site:
            settings = settings_of(folder, site, sources=site.sources(connections=8), fetch_run_s=3_600)
            told = json.dumps(json.loads(settings.model_dump_json(exclude_defaults=True)))
            began = time.perf_counter()
            peak = 0
            with subprocess.Popen([sys.executable, "-m", "tests.fetch.driver", told]) as process:
                while process.poll() is None:
                    peak = max(peak, peak_bytes(process.pid))
                    time.sleep(LOOK_S)
            wall_s = time.perf_counter() - began
        return Measured(archived(settings.raw_dir).total(), wall_s, peak / MIB)


def fetch_barely(server: Server, n_pages: int) -> float:
    """The processor's seconds of the peer for as many pages as `fetch_many` is given."""

    async def fetching() -> float:
        numbers = iter(range(n_pages))
        async with httpx.AsyncClient() as client:

            async def work() -> None:
                for number in numbers:
                    answer = await client.get(f"http://127.0.0.1:{server.port}/{number}")
                    if len(answer.content) != PAGE_BYTES:
                        message = f"page {number} came with {len(answer.content)} bytes"
                        raise ValueError(message)

            began = time.process_time()
            await asyncio.gather(*(work() for _ in range(N_TOGETHER)))
            return time.process_time() - began

    return asyncio.run(fetching())


def rates_alone() -> tuple[float, float]:
    """Pages a second of one core: the fetcher's and the peer's, their turns in alternation."""
    with serving_pages() as pages:
        turns = [(fetch_many(pages, N_ALONE), fetch_barely(pages, N_ALONE)) for _ in range(3)]
    return N_ALONE / min(own for own, _ in turns), N_ALONE / min(bare for _, bare in turns)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.fetching", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--outlets", type=positive, default=20, help="outlets of the site (%(default)s)")
    parser.add_argument("--pages", type=positive, default=500, help="pages of each (%(default)s)")
    told = parser.parse_args(arguments)
    floors = load_floors()["fetching"]
    for fact in machine_facts(1):
        say(f"* {fact}")
    say(f"* {told.outlets} outlets of {told.pages} pages on loopback; the server takes part of the two cores\n")
    few = fetch_all(outlets=told.outlets, pages=max(1, told.pages // 10))
    all_ = fetch_all(outlets=told.outlets, pages=told.pages)
    growth = all_.peak_mib / few.peak_mib
    own, bare = rates_alone()
    is_slow, is_grown = is_above(floors["pages_per_s"], all_.rate), is_above(growth, floors["memory_growth"])
    is_beaten = is_above(floors["httpx_ratio"], own / bare)
    rows = [
        ["pages a second", f"{all_.rate:.0f}", f"at least {floors['pages_per_s']}", "BELOW" if is_slow else "ok"],
        [f"peak memory, {few.n_pages} pages", f"{few.peak_mib:.0f} MiB", "–", ""],
        [f"peak memory, {all_.n_pages} pages", f"{all_.peak_mib:.0f} MiB", "–", ""],
        ["fetcher alone, pages a second of a core", f"{own:.0f}", "–", ""],
        ["bare httpx.AsyncClient", f"{bare:.0f}", "–", ""],
        [
            "fetcher to bare client",
            f"{own / bare:.2f}",
            f"at least {floors['httpx_ratio']}",
            "BELOW" if is_beaten else "ok",
        ],
        ["growth", f"{growth:.2f}", f"at most {floors['memory_growth']}", "ABOVE" if is_grown else "ok"],
    ]
    say(markdown_table(("what", "measured", "floor", "verdict"), rows))
    return MISSED if is_slow or is_grown or is_beaten else OK


if __name__ == "__main__":
    sys.exit(main())
