"""A fetch report as people see it: a table in the terminal, markdown and table artifacts in the Prefect UI."""

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table

from flows.report import NOTHING, PLAIN_WIDTH, reasons_text, table_lines
from flows.terminal import cell_text
from tasks.records.fetch_reports import FetchReport, SourceReport
from tasks.records.fetches import OUTCOMES

HEADINGS = ["source", "found", "new", "fetched", "unchanged", "failed", "waiting", "MB"]
# What a terminal of 80 columns has room for beside the numbers; with more, rich would leave the last column out.
MIN_WIDTHS = {"source": 12, "failed": 14}
CAPTION = "found: pages that feeds, sitemaps, lists and sections named; waiting: due, and left to the next fetch"


def source_row(report: SourceReport) -> dict[str, str | int | float]:
    """One source as a table row."""
    return {
        "source": report.source,
        "found": report.n_found,
        "new": report.n_new,
        "fetched": report.n_fetched,
        "unchanged": report.n_unchanged,
        "failed": reasons_text(report.failed) or ("error" if report.error else NOTHING),
        "waiting": report.n_waiting,
        "MB": round(report.n_bytes / 1e6, 1),
    }


def fetch_sentence(report: FetchReport) -> str:
    """What a fetch did, in one sentence."""
    n_asked = sum(source.n_asked for source in report.sources)
    n_failed = sum(report.failed.values())
    n_unchanged = sum(source.n_unchanged for source in report.sources)
    n_moved = sum(source.n_moved for source in report.sources)
    return (
        f"{n_asked} pages asked for in {report.wall_s:.1f} s: {report.n_fetched} fetched, {n_unchanged} unchanged, "
        f"{n_moved} moved, {n_failed} failed; {report.n_bytes / 1e6:.1f} MB from {len(report.sources)} sources"
    )


def sentences(report: FetchReport) -> list[str]:
    """What someone should know, a sentence each: start points that failed, sources that fell silent, then the rest."""
    said = []
    for source in report.sources:
        if source.is_of_another_run:
            said.append(f"{source.source}: another fetch is at it; this one left it alone")
        if source.failed_starts:
            said.append(f"{source.source}: start points failed ({reasons_text(source.failed_starts)})")
        if source.is_silent:
            said.append(f"{source.source}: nothing was found, though usually {source.usual_found:.0f} pages are")
    return [*said, *report.notices]


def print_fetch_report(report: FetchReport, console: Console) -> None:
    """The report in the terminal."""
    if report.sources:
        table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
        for heading in HEADINGS:
            justify: JustifyMethod = "left" if heading in MIN_WIDTHS else "right"
            table.add_column(heading, justify=justify, overflow="fold", min_width=MIN_WIDTHS.get(heading))
        for source in report.sources:
            row = source_row(source)
            if console.width < PLAIN_WIDTH:  # where reasons wrap, each has a line of its own
                row["failed"] = str(row["failed"]).replace(", ", "\n")
            table.add_row(*(cell_text(value) for value in row.values()))
        console.print(table)
        console.print(cell_text(CAPTION, style="dim italic"))
    console.print(cell_text(fetch_sentence(report), style="bold"))
    for source in report.errors:
        console.print(cell_text(f"failed: {source.source}: {source.error}", style="bold red"))
    for sentence in sentences(report):
        console.print(cell_text(f"note: {sentence}", style="yellow"))


def fetch_markdown(report: FetchReport) -> str:
    """The report as markdown for the UI."""
    lines = ["# Fetch", "", fetch_sentence(report), ""]
    if report.errors:
        lines += ["## Failed sources", *(f"* `{source.source}`: {source.error}" for source in report.errors), ""]
    if report.sources:
        lines += table_lines(HEADINGS, (source_row(source).values() for source in report.sources))
    if report.failed:
        counted = ((reason, n, OUTCOMES[reason]) for reason, n in report.failed.items())
        lines += ["## Not fetched, by reason", *table_lines(["reason", "pages", "meaning"], counted)]
    if said := sentences(report):
        lines += ["## Notes", *(f"* {sentence}" for sentence in said)]
    return "\n".join(lines)


def publish_fetch_report(report: FetchReport) -> None:
    """The report as markdown and table artifacts of the flow run."""
    create_markdown_artifact(fetch_markdown(report), key="fetch-report", description="What the fetch brought")
    create_table_artifact(
        [source_row(source) for source in report.sources], key="fetch-counts", description="Pages by source"
    )
