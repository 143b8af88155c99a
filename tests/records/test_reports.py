"""What a report refuses to say, and what a record knows of itself."""

import errno
import hashlib

import pytest

from tasks.records.article import REASONS, Rejection
from tasks.records.batches import Batch, Container, Kind, LooseFile, Mark, Piece
from tasks.records.errors import (
    ContractError,
    LockedError,
    MarsadError,
    RunFailed,
    SchemaError,
    UsageError,
    failure_sentence,
)
from tasks.records.raw import RawRecord
from tasks.records.reports import BatchReport, GroupCounts, RunReport, merge_groups


def group(source: str | None = "o", language: str | None = "fr", *, accepted: int = 2, **rejected: int) -> GroupCounts:
    n_pages = accepted + sum(rejected.values())
    return GroupCounts(
        source=source, language=language, n_pages=n_pages, n_accepted=accepted, rejected=rejected, work_s=0.5
    )


def report(n_due: int, n_rows: int, *groups: GroupCounts, taken: int = 0, error: str | None = None) -> BatchReport:
    return BatchReport(
        batch_id="b", label="o", n_due=n_due, n_rows=n_rows, n_documents=sum(g.n_accepted for g in groups),
        n_taken_over=taken, groups=groups, error=error,
    )  # fmt: skip


@pytest.mark.parametrize(("n_pages", "accepted", "timeouts"), [(3, 1, 1), (2, 2, 1), (0, 1, 0)])
def test_a_group_refuses_counts_that_do_not_add_up(n_pages: int, accepted: int, timeouts: int) -> None:
    with pytest.raises(ContractError, match=f"{n_pages} pages"):
        GroupCounts(
            source="o", language="fr", n_pages=n_pages, n_accepted=accepted, rejected={"timeout": timeouts}, work_s=0.0
        )


def test_a_batch_refuses_a_record_that_is_no_row() -> None:
    with pytest.raises(ContractError, match="3 records, but 2 rows"):
        report(3, 2, group(accepted=2))


def test_a_batch_refuses_a_row_that_nobody_made() -> None:
    with pytest.raises(ContractError, match="3 rows, but 2 new and 0 taken over"):
        report(3, 3, group(accepted=2))


def test_a_batch_adds_up_with_rows_taken_over() -> None:
    assert report(5, 5, group(accepted=1, timeout=1), taken=3).n_rows == 5


def test_a_batch_that_failed_need_not_add_up() -> None:
    assert report(3, 0, error="disk full").error == "disk full"


def test_groups_of_many_batches_are_merged() -> None:
    merged = merge_groups([report(3, 3, group(accepted=2, timeout=1)), report(2, 2, group(accepted=1, empty=1))])
    assert merged == (
        GroupCounts(
            source="o", language="fr", n_pages=5, n_accepted=3, rejected={"empty": 1, "timeout": 1}, work_s=1.0
        ),
    )


def test_merged_groups_come_by_source_and_then_size() -> None:
    groups = [
        group("b", "fr", accepted=1),
        group("a", "ar", accepted=1),
        group("a", "fr", accepted=9),
        group(None, None, accepted=0, empty=1),
    ]
    merged = merge_groups([report(12, 12, *groups)])
    assert [(g.source, g.language) for g in merged] == [(None, None), ("a", "fr"), ("a", "ar"), ("b", "fr")]


def test_a_run_sums_its_groups() -> None:
    whole = report(6, 6, group(accepted=2, timeout=1), group("p", accepted=1, timeout=2))
    run = RunReport(batches=(report(3, 0, error="x"), whole), n_batches_unchanged=0, n_settled=0, wall_s=1.0)
    assert (run.n_pages, run.n_accepted, run.rejected, len(run.failed)) == (6, 3, {"timeout": 3}, 1)


def test_a_rejection_refuses_a_reason_that_is_not_listed() -> None:
    with pytest.raises(ValueError, match="'tired' is not one of"):
        Rejection(stage="read", reason="tired")


@pytest.mark.parametrize("reason", REASONS)
def test_a_listed_reason_is_taken(reason: str) -> None:
    assert Rejection(stage="read", reason=reason).reason == reason


@pytest.mark.parametrize(
    ("error", "parent"),
    [
        (UsageError, MarsadError),
        (LockedError, UsageError),
        (SchemaError, UsageError),
        (ContractError, MarsadError),
        (RunFailed, MarsadError),
    ],
)
def test_errors_are_the_tree_their_module_draws(error: type, parent: type) -> None:
    assert error.__bases__ == (parent,)


@pytest.mark.parametrize("container", ["o/a.warc", "مرصد/a.warc", "caf\udce9"])
def test_raw_id_is_the_hash_of_container_position_and_payload(container: str) -> None:
    record = RawRecord(container=container, position="7", raw_path="x", payload=b"\0page", media_type=None)
    encoded = container.encode("utf-8", "surrogateescape")
    assert record.raw_id == hashlib.sha256(encoded + b"\x007\0\0page").hexdigest()[:32]
    assert record.raw_sha256 == hashlib.sha256(b"\0page").hexdigest()


@pytest.mark.parametrize(
    ("container", "source"),
    [
        (Container(path="o/x/a.warc", kind=Kind.WARC), "o"), (Container(path="a.warc", kind=Kind.WARC), None),
        (Container(path="o", kind=Kind.LOOSE), "o"), (Container(path="", kind=Kind.LOOSE), None),
    ],
)  # fmt: skip
def test_the_source_of_a_container_is_its_top_level_folder(container: Container, source: str | None) -> None:
    assert container.source == source


def batch(n_records: int, chunk_records: int, *, taken: int = 0, kind: Kind = Kind.WARC) -> Batch:
    files = tuple(LooseFile(path=f"o/{n}", size_bytes=1, fetched_at=None) for n in range(n_records))
    return Batch(
        batch_id="b", container="o", kind=kind, part="0", first_record=0, n_records=n_records, is_last=True,
        crawl_date="2024-01-01", start=Mark(), piece=Piece(check=""), size_bytes=0,
        marks=tuple(Mark(offset=n) for n in range(0, n_records, chunk_records)), chunk_records=chunk_records,
        files=files if kind is Kind.LOOSE else (), n_taken_over=taken,
    )  # fmt: skip


@pytest.mark.parametrize("taken", range(12))
def test_chunks_are_the_records_that_are_not_taken_over(taken: int) -> None:
    numbers = [
        chunk.mark.offset + chunk.skip + i for chunk in batch(11, 4, taken=taken).chunks for i in range(chunk.n_records)
    ]
    assert numbers == list(range(taken, 11))


@pytest.mark.parametrize("taken", [0, 3, 5])
def test_chunks_of_loose_pages_bear_their_own_files(taken: int) -> None:
    chunks = batch(11, 4, taken=taken, kind=Kind.LOOSE).chunks
    paths = [file.path for chunk in chunks for single in chunk.singles for file in single.files]
    assert paths == [f"o/{n}" for n in range(taken, 11)]


def test_a_piece_states_only_what_is_set() -> None:
    assert Piece(check="c", start=0).to_json() == {"check": "c", "start": 0}


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "told otherwise"), "the disk is full (No space left on device)"),
        (RuntimeError("IO Error: could not write: No space left on device"), "the disk is full (No space left"),
        (OSError(errno.EACCES, "Permission denied"), "PermissionError: [Errno 13] Permission denied"),
    ],
)
def test_a_full_disk_is_named_whoever_tells_of_it(error: Exception, says: str) -> None:
    assert failure_sentence(error).startswith(says)
