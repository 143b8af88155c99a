"""Care for an output folder over the years: what `rebuild` must do again."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from tasks.page import Work, storable
from tasks.plan import Scanned, read_state
from tasks.raw.readers import read_chunk
from tasks.records.batches import Batch
from tasks.store.files import read_columns
from tasks.workers.pool import Call, WorkerPool, WorkFailed

STATED_COLUMNS = ["document_id", "url", "fetched_at", "source", "stage", "reason"]


def find_stale(
    out: Path, scanned: Iterable[Scanned], *, work: Work, pool: WorkerPool, timeout_s: float
) -> frozenset[str]:
    """Ids of the batches that a file covers and that are yet to be redone.

    Those of another pipeline version, and those whose raw records, read again, are not the ones of the file: an edit
    in the middle of a container that kept its size leaves length and edges as they were.
    """
    stored = read_state(out)
    stale: set[str] = set()
    calls: list[tuple[str, Call]] = []
    for container, _, batches in scanned:
        for batch in batches:
            file = stored.pages.get(container.path, {}).get(batch.part)
            if file is None:
                continue
            if file.footer.pipeline_version != work.pipeline_version:
                stale.add(batch.batch_id)
            elif batch.n_records:
                calls.append(
                    (batch.batch_id, pool.call(holds_other_records, batch, file.path, work, timeout_s=timeout_s))
                )
    stale.update(batch_id for batch_id, call in calls if _is_stale(call))
    return frozenset(stale)


def _is_stale(call: Call) -> bool:
    """The answer of `holds_other_records`; a file that cannot be read, or a read that fails, is stale."""
    try:
        return bool(call.result())
    except (WorkFailed, OSError, pa.ArrowException):
        return True


def holds_other_records(batch: Batch, path: Path, work: Work) -> bool:
    """Whether a pages file holds other records than its container does now."""
    found = {
        (raw.raw_id, storable(raw.url), raw.fetched_at, storable(raw.source), raw.rejection and raw.rejection.reason)
        for chunk in batch.chunks
        for raw in read_chunk(work.raw, chunk, max_bytes=work.max_page_bytes)
    }
    held = read_columns(path, STATED_COLUMNS).to_pylist()
    return found != {
        (
            row["document_id"],
            row["url"],
            row["fetched_at"],
            row["source"],
            row["reason"] if row["stage"] == "read" else None,
        )
        for row in held
    }
