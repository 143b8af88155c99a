"""Faults in every stage of real builds, and the next run without them."""

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from tests.driver import build
from tests.pipeline.raw_pages import html, write_all, write_loose
from tests.soak.faults import BATCH_STAGES, KINDS, PAGE_STAGES, WORD
from tests.soak.processes import end_of, start_build, wait_until_gone
from tests.soak.table import Line

GUILTY = "page-00005.html"
SETTINGS: dict[str, Any] = {"batch_records": 8, "chunk_records": 4, "page_timeout_s": 4, "scan_timeout_s": 6}
# What becomes of the guilty page, by what was done to it.
REASONS = {
    "hang": {"timeout"}, "exit": {"crash"}, "kill": {"crash"}, "segfault": {"crash"}, "memory": {"memory", "timeout"},
    "raise": {"error", "crash"},
}  # fmt: skip


def all_faults() -> list[tuple[str, str]]:
    """Every stage with every fault that can befall it; the flow process itself, which renames, may not hang."""
    faults = [(stage, kind) for stage in PAGE_STAGES for kind in REASONS]
    faults += [(stage, kind) for stage in BATCH_STAGES if stage != "rename" for kind in KINDS]
    return faults + [("rename", kind) for kind in ("kill", "raise", "disk")]


def plant_faults(
    line: Line, faults: Iterable[tuple[str, str]], *, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Build once with each fault and once without; what goes wrong is noted in `line`."""
    marker, n_done = f"faults-{os.getpid()}", 0
    with tempfile.TemporaryDirectory(prefix="marsad-faults-") as folder:
        raw, fresh = Path(folder) / "raw", Path(folder) / "fresh"
        write_all(raw)
        write_loose(raw / "loose", range(12))
        page = html(5).replace(b"This is report", f"{WORD}: this is report".encode())
        (raw / "loose" / GUILTY).write_bytes(page)
        build(raw, fresh, **SETTINGS)
        due = _rows(fresh)
        for stage, kind in faults:
            out = Path(folder) / f"{stage}-{kind}"
            process = start_build(
                raw, out, f"fault={stage}:{kind}", *(f"{k}={v}" for k, v in SETTINGS.items()),
                marker=marker, program=["tests.soak.faults"],
            )  # fmt: skip
            code = end_of(process)
            _judge(line, stage, kind, code, raw, out, fresh, due)
            left = wait_until_gone(marker)
            line.orphans += len(left)
            line.findings += [f"{stage} {kind}: left behind {command}" for command in left]
            n_done += 1
            progress(n_done)
    line.how_many = f"{n_done} faults in {len({stage for stage, _ in faults})} stages"


def _judge(
    line: Line, stage: str, kind: str, code: int | None, raw: Path, out: Path, fresh: Path, due: dict[str, Any]
) -> None:
    name = f"{stage} {kind}"
    if code is None:
        line.hangs += 1
        line.findings.append(f"{name}: the build did not end")
        return
    if stage in PAGE_STAGES:
        if code != 0:
            line.complain(f"{name}: a page ended the run with exit code {code}")
            return
        rows = _rows(out)
        guilty = next((row for row in rows.values() if row["raw_path"].endswith(GUILTY)), None)
        if guilty is None or guilty["reason"] not in REASONS[kind]:
            line.complain(f"{name}: the guilty page is {guilty and guilty['reason']}")
        others = {place: row for place, row in due.items() if not place.endswith(GUILTY)}
        if others != {place: row for place, row in rows.items() if not place.endswith(GUILTY)}:
            line.complain(f"{name}: another page has another row than in a clean build")
        return
    if code == 0:
        line.complain(f"{name}: the run said that all went well")
    build(raw, out, **SETTINGS)
    line.hold_against(out, fresh, after=f"{name} and a second run")


def _rows(out: Path) -> dict[str, dict[str, Any]]:
    """Rows of `pages` by where their raw bytes lie."""
    return {row["raw_path"]: row for row in ds.dataset(out / "pages").to_table().to_pylist()}
