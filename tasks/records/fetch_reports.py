"""What a fetch says of its work, source by source. A report that does not add up cannot be made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tasks.records.errors import ContractError
from tasks.records.fetches import OUTCOMES

# Ends of a URL that are no failure: of one that moved, the page stands under its own address.
GOOD = ("fetched", "unchanged", "moved")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One source in one run.

    `n_found` URLs of pages were named by its start points, `n_new` of them for the first time; `n_excluded` of the new
    ones its patterns leave out. `outcomes` are the pages asked for by how they ended, `starts` the start points
    likewise. `n_waiting` pages are due and were left to the next run. `n_bytes` came over the wire. `usual_found` is
    how many pages its start points named in the middle one of its last runs. `is_of_another_run`: nothing was done
    here, since another fetch is at it.
    """

    source: str
    n_found: int = 0
    n_new: int = 0
    n_excluded: int = 0
    n_asked: int = 0
    n_starts_asked: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    starts: Mapping[str, int] = field(default_factory=dict)
    n_waiting: int = 0
    n_bytes: int = 0
    usual_found: float | None = None
    is_of_another_run: bool = False
    error: str | None = None

    def __post_init__(self) -> None:
        """Raises ContractError unless every URL asked for has one known outcome."""
        for what, n_asked, ended in (
            ("pages", self.n_asked, self.outcomes),
            ("start points", self.n_starts_asked, self.starts),
        ):
            if set(ended) - set(OUTCOMES) or sum(ended.values()) != n_asked:
                raise ContractError(f"{self.source}: {n_asked} {what} were asked for, but ended as {dict(ended)}")
        if self.n_new > self.n_found or self.n_excluded > self.n_new:
            raise ContractError(
                f"{self.source}: {self.n_found} found, {self.n_new} of them new, {self.n_excluded} of these left out"
            )

    @property
    def n_fetched(self) -> int:
        """Pages that are archived anew."""
        return self.outcomes.get("fetched", 0)

    @property
    def n_unchanged(self) -> int:
        """Pages that are as they were."""
        return self.outcomes.get("unchanged", 0)

    @property
    def n_moved(self) -> int:
        """Addresses that led to another, under which the page was asked for or known."""
        return self.outcomes.get("moved", 0)

    @property
    def failed(self) -> dict[str, int]:
        """Pages that could not be had, by reason."""
        return {name: n for name, n in sorted(self.outcomes.items()) if name not in GOOD}

    @property
    def failed_starts(self) -> dict[str, int]:
        """Start points that could not be had, by reason."""
        return {name: n for name, n in sorted(self.starts.items()) if name not in GOOD}

    @property
    def is_silent(self) -> bool:
        """Whether a source that usually gives something gave nothing, though a start point was asked anew."""
        gave_nothing = self.n_found == 0 and self.n_starts_asked > self.starts.get("unchanged", 0)
        return bool(self.usual_found) and gave_nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """A whole fetch: its sources, how long it took, and what someone should know, in sentences."""

    sources: tuple[SourceReport, ...]
    wall_s: float
    notices: tuple[str, ...] = ()

    @property
    def n_fetched(self) -> int:
        """Pages archived anew."""
        return sum(report.n_fetched for report in self.sources)

    @property
    def n_bytes(self) -> int:
        """Bytes that came over the wire."""
        return sum(report.n_bytes for report in self.sources)

    @property
    def failed(self) -> dict[str, int]:
        """Pages that could not be had, by reason."""
        return total(report.failed for report in self.sources)

    @property
    def errors(self) -> tuple[SourceReport, ...]:
        """The sources whose fetch raised."""
        return tuple(report for report in self.sources if report.error is not None)


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums by name."""
    summed: Counter[str] = Counter()
    for counted in counts:
        summed.update(counted)
    return dict(sorted(summed.items()))
