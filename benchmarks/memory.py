"""How much memory a build takes, from two thousand pages to fifty thousand: the whole command, watched from outside.

`python -m benchmarks.memory [--quick]` (`make bench-memory`). Each case is one `marsad run` of invented pages with a
fresh home. Figures are the kernel's (VmHWM: peak resident size), looked at ten times a second: of the flow process,
and of the largest worker (a process below the fork server). Exit code 1 where the flow process grows with the pages or
a worker passes its ceiling (benchmarks/floors.yaml, `memory`).
"""

import argparse
import gzip
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.floors import load_floors, markdown_table
from benchmarks.processes import family, peak_bytes

OK, ABOVE = 0, 1
LOOK_S = 0.1
MIB = 1024 * 1024
FEW, MANY, TINY = 2_000, 50_000, 100_000
LARGE_PAGES, LARGE_PAGE_BYTES = 1_024, 2 * MIB
WORDS = [
    "harbour",
    "board",
    "tide",
    "voted",
    "basin",
    "winter",
    "storm",
    "region",
    "ferry",
    "captain",
    "morning",
    "cargo",
    "le",
    "port",
    "conseil",
    "marée",
    "navire",
    "hiver",
    "la",
    "ciudad",
    "puerto",
    "marea",
    "barco",
    "noche",
    "الميناء",
    "المجلس",
    "السفينة",
    "المدينة",
    "الصباح",
    "البحر",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """One watched run: seconds of the command, peaks of the flow process and of the largest worker."""

    seconds: float
    flow_bytes: int
    worker_bytes: int


def page(number: int, *, n_bytes: int = 4_000) -> bytes:
    """An article of invented words that differs from all others."""
    dice = Random(number)
    parts = []
    for _ in range(max(1, n_bytes // 400)):
        parts.append(f"<p>{' '.join(dice.choices(WORDS, k=50))} {number}.</p>")
    return f"<html><head><title>Report {number}</title></head><body><article>{''.join(parts)}</article></html>".encode()


def large_page(number: int) -> bytes:
    """A page of two MiB that packs well: an article under much repeated markup."""
    filler = b"<div class='row'><span>-</span></div>" * 1_000
    return page(number) + b"<!-- " + filler * ((LARGE_PAGE_BYTES - 6_000) // len(filler)) + b" -->"


def record(number: int, body: bytes) -> bytes:
    """One WARC response record."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://press.example/{number}\r\n"
        f"WARC-Date: 2024-05-{1 + number % 28:02d}T08:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def write_warc(path: Path, bodies: Iterator[bytes]) -> None:
    """A .warc.gz, a gzip member a record, written as it is made."""
    with path.open("wb") as file:
        for number, body in enumerate(bodies):
            file.write(gzip.compress(record(number, body), compresslevel=6, mtime=0))


def write_lines(path: Path, n_pages: int) -> None:
    """JSON lines of one sentence each."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(n_pages):
            file.write(f'{{"text": "The harbour board of Tangier met for report {number} and voted on the tide."}}\n')


def write_zip(path: Path, n_pages: int) -> None:
    """A zip of pages of one sentence each."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(n_pages):
            archive.writestr(f"p/{number}.txt", f"The harbour board of Tangier met for report {number} and voted.\n")


def write_folders(folder: Path, n_pages: int) -> None:
    """Loose pages in deep folders."""
    for number in range(n_pages):
        deep = folder / "loose" / f"{number % 97}" / f"{number % 89}"
        deep.mkdir(parents=True, exist_ok=True)
        (deep / f"{number}.html").write_bytes(page(number, n_bytes=800))


def cases(share: float) -> dict[str, tuple[int, Callable[[Path, int], None]]]:
    """What is measured: name -> (pages, what writes them into a raw folder)."""
    few, many, tiny = (max(20, int(share * n)) for n in (FEW, MANY, TINY))
    return {
        "few": (few, lambda raw, n: write_warc(raw / "a.warc.gz", map(page, range(n)))),
        "many": (many, lambda raw, n: write_warc(raw / "a.warc.gz", map(page, range(n)))),
        "large": (
            max(20, int(share * LARGE_PAGES)),
            lambda raw, n: write_warc(raw / "a.warc.gz", map(large_page, range(n))),
        ),
        "lines": (tiny, lambda raw, n: write_lines(raw / "a.jsonl", n)),
        "zip": (tiny, lambda raw, n: write_zip(raw / "a.zip", n)),
        "folders": (many, write_folders),
    }


TITLES = {
    "few": "WARC of pages of 4 KB",
    "many": "the same, 25 times as many",
    "large": "WARC of pages of 2 MiB",
    "lines": "JSON Lines of tiny pages",
    "zip": "zip of tiny pages",
    "folders": "loose pages in deep folders",
}


def watch(raw: Path, folder: Path) -> Peak:
    """A whole `marsad run` of a raw folder."""
    settings = folder / "settings.yaml"
    settings.write_text(f"state_dir: {folder}/state\n", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("marsad")), "run", "--raw", str(raw), "--out", f"{folder}/out"]
    began = time.perf_counter()
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen([*command, "--settings", str(settings)], stdout=said, stderr=said)
    flow = worker = 0
    while process.poll() is None:
        flow = max(flow, peak_bytes(process.pid))
        worker = max([worker, *map(peak_bytes, workers_of(process.pid))])
        time.sleep(LOOK_S)
    if process.returncode:
        raise RuntimeError(f"marsad run ended with {process.returncode}: {(folder / 'said').read_text()[-300:]}")
    return Peak(seconds=time.perf_counter() - began, flow_bytes=flow, worker_bytes=worker)


def workers_of(pid: int) -> list[int]:
    """The processes of a run that the fork server forked; the temporary Prefect server is none of them."""
    found = []
    for member in family(pid) - {pid}:
        try:
            command = Path(f"/proc/{member}/cmdline").read_bytes()
        except OSError:
            continue
        if b"forkserver" in command:
            found.append(member)
    return found


def measure(told: argparse.Namespace) -> int:
    """The exit code, once every case is measured and printed."""
    rows, peaks = [], {}
    for name, (n_pages, write) in cases(0.05 if told.quick else 1.0).items():
        if told.case and name not in told.case:
            continue
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {name}: {n_pages} pages ...\n")
        with tempfile.TemporaryDirectory(prefix="marsad-memory-") as folder:
            raw = Path(folder) / "raw"
            raw.mkdir()
            write(raw, n_pages)
            packed = sum(path.stat().st_size for path in raw.rglob("*") if path.is_file())
            peak = peaks[name] = watch(raw, Path(folder))
        shown = [f"{peak.flow_bytes / MIB:.0f}", f"{peak.worker_bytes / MIB:.0f}"]
        rows.append([TITLES[name], f"{n_pages:,}", f"{packed / MIB:.0f}", f"{peak.seconds:.0f}", *shown])
    headings = ("case", "pages", "MiB on disk", "seconds", "flow process peak MiB", "largest worker peak MiB")
    sys.stdout.write(markdown_table(headings, rows) + "\n")
    return judge(peaks)


def judge(peaks: dict[str, Peak]) -> int:
    """The exit code, once the ceilings are said."""
    ceilings = load_floors()["memory"]
    worker = max(peak.worker_bytes for peak in peaks.values()) / 1e6
    verdicts = [("largest worker, MB", worker, ceilings["worker_peak_mb"])]
    if {"few", "many"} <= peaks.keys():
        growth = peaks["many"].flow_bytes / peaks["few"].flow_bytes
        verdicts.append(("flow process, many pages against few", growth, ceilings["flow_growth"]))
    for name, value, ceiling in verdicts:
        sys.stdout.write(f"{name}: {value:.2f} (at most {ceiling:g}: {'ok' if value <= ceiling else 'ABOVE'})\n")
    return OK if all(value <= ceiling for _, value, ceiling in verdicts) else ABOVE


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the pages")
    parser.add_argument("--case", action="append", choices=list(TITLES), help="this one; may be given more than once")
    return measure(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
