"""A run report as people see it: rich tables in the terminal, markdown and table artifacts in the Prefect UI."""

from collections.abc import Iterable, Iterator, Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from flows.terminal import cell_text
from tasks.records.article import REASONS
from tasks.records.reports import GroupCounts, RunReport

HEADINGS = ["source", "language", "pages", "accepted", "rejected", "seconds", "docs/s"]
NOTHING = "–"
CAPTION = "seconds: worker time spent on these pages; docs/s: pages in one such second"
# Where the terminal does not say how wide it is (a pipe, a log).
PLAIN_WIDTH = 110


def report_console() -> Console:
    """The console of progress and reports: standard error, which is for people, not for data."""
    console = Console(stderr=True)
    return console if console.is_terminal else Console(stderr=True, width=PLAIN_WIDTH)


def group_row(group: GroupCounts) -> dict[str, str | int | float]:
    """One source in one language as a table row; rates are pages over the seconds workers spent on them."""
    return {
        "source": group.source or NOTHING,
        "language": group.language or NOTHING,
        "pages": group.n_pages,
        "accepted": group.n_accepted,
        "rejected": reasons_text(group.rejected) or NOTHING,
        "seconds": round(group.work_s, 1),
        "docs/s": round(group.n_pages / group.work_s, 1) if group.n_accepted and group.work_s else NOTHING,
    }


def reasons_text(rejected: dict[str, int]) -> str:
    """'not_html 3, timeout 1'."""
    return ", ".join(f"{reason} {n}" for reason, n in sorted(rejected.items(), key=lambda pair: (-pair[1], pair[0])))


def total_sentence(report: RunReport) -> str:
    """What a run did, in one sentence."""
    n_rejected = sum(report.rejected.values())
    rate = report.n_pages / report.wall_s if report.wall_s else 0.0
    return (
        f"{report.n_pages} pages in {report.wall_s:.1f} s ({rate:.1f} docs/s): {report.n_accepted} accepted, "
        f"{n_rejected} rejected; {report.n_settled} files settled, {report.n_batches_unchanged} batches unchanged"
    )


def print_report(report: RunReport, console: Console) -> None:
    """The report in the terminal."""
    if report.groups:
        table = Table(box=SIMPLE_HEAD, header_style="bold", caption=CAPTION, caption_justify="left")
        for heading in HEADINGS:
            is_number = heading not in ("source", "language", "rejected")
            table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
        for group in report.groups:
            table.add_row(*(cell_text(value) for value in group_row(group).values()))
        console.print(table)
    console.print(cell_text(total_sentence(report), style="bold"))
    for batch in report.failed:
        console.print(cell_text(f"failed: {batch.label}: {batch.error}", style="bold red"))
    for notice in report.notices:
        console.print(cell_text(f"note: {notice}", style="yellow"))


def report_markdown(report: RunReport) -> str:
    """The report as markdown for the UI."""
    lines = ["# Build", "", total_sentence(report), ""]
    if report.failed:
        lines += ["## Failed batches", *(f"* `{batch.label}`: {batch.error}" for batch in report.failed), ""]
    if report.groups:
        lines += table_lines(HEADINGS, (group_row(group).values() for group in report.groups))
    if report.rejected:
        counted = ((reason, n, REASONS[reason]) for reason, n in report.rejected.items())
        lines += ["## Rejected, by reason", *table_lines(["reason", "pages", "meaning"], counted)]
    if report.notices:
        lines += ["## Notes", *(f"* {notice}" for notice in report.notices)]
    return "\n".join(lines)


def table_lines(headings: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The lines of a markdown table, an empty one behind it."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"
    yield ""


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def publish_report(report: RunReport) -> None:
    """The report as markdown and table artifacts of the flow run."""
    create_markdown_artifact(report_markdown(report), key="build-report", description="What the run did")
    create_table_artifact(
        [group_row(group) for group in report.groups],
        key="build-counts",
        description="Pages by source and language",
    )
