"""SIGKILL of real builds at any moment, with pandas and DuckDB reading all the time."""

import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pandas as pd

from tests.driver import build, dataset_bytes
from tests.pipeline.raw_pages import fetched, html, write_all, write_loose
from tests.soak.processes import committed_since, start_build, wait_for_commits, wait_until_gone
from tests.soak.table import Line

SETTINGS = ["batch_records=8", "chunk_records=2"]
BATCH: dict[str, Any] = {"batch_records": 8, "chunk_records": 2}
Answer: TypeAlias = list[tuple[str, str]]


class Reader(threading.Thread):
    """Polls `documents` as an analyst would, with pandas and with DuckDB, and keeps every wrong answer."""

    def __init__(self, documents: Path, versions: set[tuple[str, str]]) -> None:
        super().__init__(daemon=True)
        self.documents, self.versions = documents, versions
        self.wrong: list[str] = []
        self.answers: Counter[str] = Counter()
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            self._ask("pandas", self._pandas)
            self._ask("duckdb", self._duckdb)
            time.sleep(0.01)

    def __enter__(self) -> "Reader":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()

    def _ask(self, name: str, question: Callable[[], Answer]) -> None:
        try:
            rows = question()
        except (FileNotFoundError, duckdb.Error, OSError):
            self.answers[f"{name} raised"] += 1
            return
        self.answers[name] += 1
        ids = [document_id for document_id, _ in rows]
        if len(ids) != len(set(ids)):
            self.wrong.append(f"{name}: {len(ids) - len(set(ids))} documents twice")
        strange = set(rows) - self.versions
        if strange:
            self.wrong.append(f"{name}: {len(strange)} rows that no build gives, e.g. {sorted(strange)[0]}")

    def _pandas(self) -> Answer:
        frame = pd.read_parquet(self.documents, columns=["document_id", "text_sha256"])
        return list(frame.itertuples(index=False, name=None))

    def _duckdb(self) -> Answer:
        pattern = f"{self.documents}/**/*.parquet"
        with duckdb.connect() as connection:
            query = f"SELECT document_id, text_sha256 FROM read_parquet('{pattern}', hive_partitioning = true)"
            return connection.execute(query).fetchall()


def change_pages(raw: Path, round_: int) -> None:
    """Other words in a third of the loose pages, so that a run has files to replace."""
    for number in range(round_ % 3, 24, 3):
        path = raw / "loose" / f"page-{number:05d}.html"
        path.write_bytes(html(number).replace(b"eastern basin", f"basin of round {round_}".encode()))
        stamp = fetched(number).timestamp() + round_
        os.utime(path, (stamp, stamp))


def kill_builds(line: Line, *, n_kills: int, progress: Callable[[int], None] = lambda _: None) -> int:
    """How many of `n_kills` fell between the first and the last commit; what went wrong is noted in `line`."""
    marker = f"kills-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="marsad-kills-") as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "out"
        write_all(raw)
        write_loose(raw / "loose", range(24))
        build(raw, out, **BATCH)
        reader = Reader(out / "documents", _versions(out))
        n_between = 0
        with reader:
            for kill in range(n_kills):
                n_between += _kill_once(raw, out, kill, marker, reader, line)
                progress(kill + 1)
    for finding in reader.wrong:
        line.complain(finding)
    n_answers = reader.answers["pandas"] + reader.answers["duckdb"]
    line.how_many = f"{n_kills} kills, {n_between} between first and last commit; {n_answers:,} answers"
    return n_between


def _kill_once(raw: Path, out: Path, kill: int, marker: str, reader: Reader, line: Line) -> bool:
    """Whether the kill fell between first and last commit."""
    change_pages(raw, kill)
    fresh = out.parent / f"fresh-{kill}"
    build(raw, fresh, **BATCH)
    reader.versions = reader.versions | _versions(fresh)
    since_ns = time.time_ns()
    process = start_build(raw, out, *SETTINGS, marker=marker)
    wait_for_commits(out, since_ns, 1 + kill % 3, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    is_between = bool(committed_since(out, since_ns)) and dataset_bytes(out) != dataset_bytes(fresh)
    build(raw, out, **BATCH)
    line.hold_against(out, fresh, after=f"kill {kill}")
    left = wait_until_gone(marker)
    line.orphans += len(left)
    line.findings += [f"after kill {kill}: left behind {command}" for command in left]
    return is_between


def _versions(out: Path) -> set[tuple[str, str]]:
    frame = pd.read_parquet(out / "documents", columns=["document_id", "text_sha256"])
    return set(frame.itertuples(index=False, name=None))
