"""Everything that must hold, at length: `python -m tests.soak [PART ...] [--quick]` (`make soak`).

Prints one markdown table; exit code 0 when nothing went wrong, 1 with every finding on standard error, 2 on misuse.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from tests.soak.fetches import kill_fetches, whole_site
from tests.soak.fuzz import fuzz
from tests.soak.kills import kill_builds
from tests.soak.runs import clock_set_back, files_that_grow, full_disk, second_run
from tests.soak.stages import all_faults, plant_faults
from tests.soak.table import Line, markdown

OK, WRONG = 0, 1
PAGES, QUICK_PAGES = 5_000, 200
KILLS, QUICK_KILLS = 50, 6
FETCH_KILLS, QUICK_FETCH_KILLS = 30, 4
# How many of all kills must fall between the first and the last commit of a build.
SHARE_BETWEEN = 0.6


def kills(line: Line, told: argparse.Namespace) -> None:
    """Kills of builds, most of them between first and last commit."""
    n_kills = QUICK_KILLS if told.quick else KILLS
    between = kill_builds(line, n_kills=n_kills, progress=lambda n: say(f"kills: {n} of {n_kills}"))
    if between < SHARE_BETWEEN * n_kills:
        line.complain(f"only {between} of {n_kills} kills fell between first and last commit")


def faults(line: Line, told: argparse.Namespace) -> None:
    """Faults in every stage."""
    planted = all_faults()[:: 6 if told.quick else 1]
    plant_faults(line, planted, progress=lambda n: say(f"faults: {n} of {len(planted)}"))


def mutants(line: Line, told: argparse.Namespace) -> None:
    """Mutated sample pages."""
    n_pages = told.pages or (QUICK_PAGES if told.quick else PAGES)
    fuzz(line, seed=told.seed, first=told.first, n_pages=n_pages)


def site(line: Line, told: argparse.Namespace) -> None:
    """Fetches of a whole site."""
    whole_site(line, outlets=20, pages=50 if told.quick else 500)


def fetch_kills(line: Line, told: argparse.Namespace) -> None:
    """Kills of fetches."""
    n_kills = QUICK_FETCH_KILLS if told.quick else FETCH_KILLS
    kill_fetches(line, n_kills=n_kills, progress=lambda n: say(f"fetch kills: {n} of {n_kills}"))


PARTS: dict[str, tuple[str, Callable[[Line, argparse.Namespace], None]]] = {
    "fuzz": ("mutated pages through the pipeline", mutants),
    "kills": ("SIGKILL of builds, readers polling", kills),
    "faults": ("faults planted in stages", faults),
    "second": ("a second run on the same output", lambda line, _: second_run(line)),
    "clock": ("the clock set back", lambda line, _: clock_set_back(line)),
    "growth": ("files that grow during runs", lambda line, _: files_that_grow(line)),
    "site": ("a site of 20 outlets, fetched thrice", site),
    "fetch-kills": ("SIGKILL of fetches", fetch_kills),
    "disk": ("disk full, read-only", lambda line, _: full_disk(line)),
}


def say(sentence: str) -> None:
    """Progress, for the person at the terminal."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for, print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help="minutes instead of the long version")
    parser.add_argument("--seed", type=int, default=1, help="of the mutated pages (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutated page (%(default)s)")
    parser.add_argument("--pages", type=int, help=f"how many mutated pages ({PAGES})")
    told = parser.parse_args(arguments)
    if unknown := set(told.parts) - PARTS.keys():
        parser.error(f"{', '.join(sorted(unknown))} is no part; the parts are {', '.join(PARTS)}")
    lines = []
    for name, (what, part) in PARTS.items():
        if told.parts and name not in told.parts:
            continue
        say(f"{name} ...")
        line, began = Line(what=what), time.monotonic()
        part(line, told)
        line.seconds = time.monotonic() - began
        lines.append(line)
        for finding in line.findings:
            say(f"{name}: {finding}")
    sys.stdout.write(markdown(lines) + "\n")
    return OK if all(line.is_good for line in lines) else WRONG


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
