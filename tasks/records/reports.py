"""What a stage says of its work. A report that does not add up cannot be made."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tasks.records.errors import ContractError


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCounts:
    """Pages of one source in one language: how many, how they ended, and the worker seconds they took."""

    source: str | None
    language: str | None
    n_pages: int
    n_accepted: int
    rejected: dict[str, int]
    work_s: float

    def __post_init__(self) -> None:
        """Raises ContractError unless accepted and rejected pages are all pages, each at least none."""
        if min(self.n_accepted, *self.rejected.values(), 0) < 0:
            raise ContractError(f"{self.source} {self.language}: a count below zero")
        if self.n_accepted + sum(self.rejected.values()) != self.n_pages:
            raise ContractError(
                f"{self.source} {self.language}: {self.n_pages} pages, but {self.n_accepted} accepted and "
                f"{sum(self.rejected.values())} rejected"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """One batch: how many records were due, how many rows its files hold, and the groups they fall into.

    `n_taken_over` rows of an append-only container stood in the file before and were not worked on again.
    """

    batch_id: str
    label: str
    n_due: int
    n_rows: int
    n_documents: int
    n_taken_over: int = 0
    groups: tuple[GroupCounts, ...] = ()
    error: str | None = None

    def __post_init__(self) -> None:
        """Raises ContractError unless every record is a row and every accepted page a document."""
        if self.error is not None:
            return
        if self.n_rows != self.n_due:
            raise ContractError(f"{self.label}: {self.n_due} records, but {self.n_rows} rows")
        accepted = sum(group.n_accepted for group in self.groups)
        if not accepted <= self.n_documents <= accepted + self.n_taken_over:
            raise ContractError(f"{self.label}: {accepted} pages accepted, but {self.n_documents} documents")
        worked = sum(group.n_pages for group in self.groups)
        if worked + self.n_taken_over != self.n_rows:
            raise ContractError(
                f"{self.label}: {self.n_rows} rows, but {worked} new and {self.n_taken_over} taken over"
            )


GroupKey: TypeAlias = tuple[str | None, str | None, str | None]


class Counts:
    """Pages and worker seconds by (source, language, reason), added up chunk by chunk."""

    def __init__(self) -> None:
        self._pages: Counter[GroupKey] = Counter()
        self._seconds: dict[GroupKey, float] = defaultdict(float)

    def add(self, counted: Mapping[GroupKey, tuple[int, float]]) -> None:
        """Add what one chunk counted."""
        for key, (n_pages, work_s) in counted.items():
            self._pages[key] += n_pages
            self._seconds[key] += work_s

    def groups(self) -> Iterator[GroupCounts]:
        """One group for each source and language, in their order."""
        for source, language in sorted({(source, language) for source, language, _ in self._pages}, key=str):
            keys = [key for key in self._pages if key[:2] == (source, language)]
            reasons = {reason: self._pages[key] for key in keys if (reason := key[2]) is not None}
            yield GroupCounts(
                source=source,
                language=language,
                n_pages=sum(self._pages[key] for key in keys),
                n_accepted=self._pages[source, language, None],
                rejected=dict(sorted(reasons.items())),
                work_s=sum(self._seconds[key] for key in keys),
            )


def failed_batch(batch_id: str, label: str, error: str) -> BatchReport:
    """The report of a batch that raised: no count, and why."""
    return BatchReport(batch_id=batch_id, label=label, n_due=0, n_rows=0, n_documents=0, error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A whole run: its batches, what it found unchanged, and what someone should know.

    `notices` are sentences; `wall_s` is from the first scan to the last file.
    """

    batches: tuple[BatchReport, ...]
    n_batches_unchanged: int
    n_settled: int
    wall_s: float
    notices: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[GroupCounts, ...]:
        """Pages of all batches by source and language."""
        return merge_groups(self.batches)

    @property
    def failed(self) -> tuple[BatchReport, ...]:
        """The batches that raised."""
        return tuple(batch for batch in self.batches if batch.error is not None)

    @property
    def n_pages(self) -> int:
        """Pages worked on in this run."""
        return sum(group.n_pages for group in self.groups)

    @property
    def n_accepted(self) -> int:
        """Pages of this run that became documents."""
        return sum(group.n_accepted for group in self.groups)

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected pages of this run by reason."""
        total: Counter[str] = Counter()
        for group in self.groups:
            total.update(group.rejected)
        return dict(sorted(total.items()))


def merge_groups(reports: Iterable[BatchReport]) -> tuple[GroupCounts, ...]:
    """The groups of many batches, one for each source and language, by source, largest language first."""
    merged: dict[tuple[str | None, str | None], list[GroupCounts]] = {}
    for report in reports:
        for group in report.groups:
            merged.setdefault((group.source, group.language), []).append(group)
    totals = []
    for (source, language), groups in merged.items():
        rejected: Counter[str] = Counter()
        for group in groups:
            rejected.update(group.rejected)
        totals.append(
            GroupCounts(
                source=source,
                language=language,
                n_pages=sum(group.n_pages for group in groups),
                n_accepted=sum(group.n_accepted for group in groups),
                rejected=dict(sorted(rejected.items())),
                work_s=sum(group.work_s for group in groups),
            )
        )
    return tuple(sorted(totals, key=lambda g: (g.source or "", -g.n_pages, g.language or "")))
