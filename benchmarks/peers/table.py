"""What was measured of every peer, as one markdown table with its notes."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.floors import NOTHING, markdown_table

MARSAD = "Marsad"
DATATROVE = "datatrove"
MIB = 1024 * 1024
# What each gives, in the order of the table.
OUTPUTS = {
    MARSAD: "all columns, Parquet",
    "datatrove": "text, Parquet",
    "trafilatura-metadata": "text, metadata",
    "trafilatura-text": "text",
    "news-please": "text, metadata",
    "newspaper4k": "text, metadata",
    "resiliparse": "text",
}
# The sets that are scored: name -> (what is scored, the scorer's key).
SCORES = {"sh": ("text F1", "text_f1"), "europa": ("text F1", "text_f1"), "traf": ("snippets F", "snip_f")}
NOTES = (
    "Ratios are Marsad to the peer (above 1: Marsad is faster), medians of rounds; by CPU time: as if no worker had "
    "ever been idle.",
    "Memory: the largest process, and all processes together with shared pages counted once.",
    "Inside the clock: read the WARC, decode, extract; a library's texts come back to the parent process. Marsad also "
    "scans the container, detects language, finds names and commits two Parquet datasets. datatrove reads the pages "
    "as JSONL, decoded before its clock, and writes Parquet.",
    "datatrove runs with its defaults: `Trafilatura(favour_precision=True, timeout=1, deduplicate=True)` in its "
    "sandbox process, one task a worker; workers are forked from a warm process.",
    "news-please and newspaper4k with `fetch_images=False`; resiliparse with `main_content=True` and without comments, "
    "bylines, bullets and image texts; trafilatura without comments. A page without text scores 0.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one peer. `failed` counts pages by the error that ended them, `n_empty` those without a text."""

    n_pages: int
    seconds: float
    cpu_s: float
    largest_bytes: int
    family_bytes: int
    n_empty: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.n_pages / self.seconds


@dataclass(slots=True, kw_only=True)
class Standing:
    """All that was measured of a peer: one run a round (None where it did not come to its end), then its scores."""

    name: str
    runs: list[Run | None] = field(default_factory=list)
    scored: Run | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    problem: str | None = None


def ratios(marsad: Standing, peer: Standing) -> tuple[float, float] | None:
    """Marsad's docs/s over the peer's and the peer's CPU seconds over Marsad's: medians of the rounds that both ended.

    None where there is no such round.
    """
    pairs = [(ours, theirs) for ours, theirs in zip(marsad.runs, peer.runs, strict=True) if ours and theirs]
    if not pairs:
        return None
    return (
        statistics.median(ours.rate / theirs.rate for ours, theirs in pairs),
        statistics.median(theirs.cpu_s / ours.cpu_s for ours, theirs in pairs),
    )


def to_markdown(standings: Sequence[Standing], n_scored: Mapping[str, int]) -> str:
    """The table, what failed, and the notes."""
    marsad = next((standing for standing in standings if standing.name == MARSAD), None)
    scores = [f"{name} ({n_scored[name]}): {what}" for name, (what, _) in SCORES.items()]
    headings = ("extractor", "gives", "docs/s", "ratio", "by CPU", "largest MiB", "family MiB", *scores)
    table = markdown_table(headings, [_cells(standing, marsad) for standing in standings])
    return "\n".join([table, "", *(f"* {line}" for line in [*losses(standings), *NOTES])])


def _cells(standing: Standing, marsad: Standing | None) -> list[str]:
    runs = [run for run in standing.runs if run]
    found = None if marsad is None or standing is marsad else ratios(marsad, standing)
    return [
        standing.name,
        OUTPUTS[standing.name],
        f"{statistics.median(run.rate for run in runs):.1f}" if runs else NOTHING,
        *([f"{ratio:.2f}" for ratio in found] if found else [NOTHING, NOTHING]),
        f"{max(run.largest_bytes for run in runs) / MIB:.0f}" if runs else NOTHING,
        f"{max(run.family_bytes for run in runs) / MIB:.0f}" if runs else NOTHING,
        *(f"{standing.scores[name]:.3f}" if name in standing.scores else NOTHING for name in SCORES),
    ]


def losses(standings: Iterable[Standing]) -> list[str]:
    """A sentence for every peer that did not come to its end, failed on pages or found no text in some."""
    lines = []
    for standing in standings:
        if standing.problem:
            lines.append(f"{standing.name} did not come to its end: {standing.problem}")
        timed = [run for run in standing.runs if run]
        for pages, run in [*((f"round {n}", run) for n, run in enumerate(timed, 1)), ("scored pages", standing.scored)]:
            if run and (run.failed or (run.n_empty and pages == "scored pages")):
                lines.append(f"{standing.name}, {pages}: {_lost(run)} of {run.n_pages}")
    return lines


def _lost(run: Run) -> str:
    failed = [f"{error} {n}" for error, n in sorted(run.failed.items())]
    parts = [f"failed on {sum(run.failed.values())} ({', '.join(failed)})"] if failed else []
    return ", ".join([*parts, *([f"no text in {run.n_empty}"] if run.n_empty else [])])
