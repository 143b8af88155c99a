"""The `marsad` command. Prefect is imported only by the commands that run a flow, after the quick way out."""

import json
import logging
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from config.settings import SettingsError, load_settings
from config.sources import add_entry
from flows.prefect_server import prepare_environment, server_for_run
from flows.rows_out import Form, print_rows
from tasks.records.errors import MarsadError, RunFailed, UsageError

OK, FAILED, UNUSABLE = 0, 1, 2
INTERRUPTED = 130

app = typer.Typer(
    name="marsad",
    help="An observatory of the multilingual web press: raw pages in, Parquet that people query out.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RawOption = Annotated[Path | None, typer.Option("--raw", help="Folder of raw pages. [default: data/raw]")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder of the datasets. [default: data/parquet]")]
WorkersOption = Annotated[int | None, typer.Option("--workers", help="Worker processes. [default: one a core]")]
SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help="Settings file. [default: config/settings.yaml]")
]


@app.command()
def run(
    raw: RawOption = None, out: OutOption = None, workers: WorkersOption = None, settings: SettingsOption = None
) -> None:
    """Build everything pending: raw pages become OUT/pages and OUT/documents."""
    _build(raw, out, workers, settings)


@app.command()
def rebuild(
    raw: RawOption = None, out: OutOption = None, workers: WorkersOption = None, settings: SettingsOption = None
) -> None:
    """Compare every raw page with the datasets; redo what changed or what an older version made. Can be interrupted."""
    _build(raw, out, workers, settings, is_rebuild=True)


@app.command()
def settle(
    raw: RawOption = None, out: OutOption = None, workers: WorkersOption = None, settings: SettingsOption = None
) -> None:
    """Run, and settle again every document whose site is better known by now; for every night. Can be interrupted."""
    _build(raw, out, workers, settings, is_settling=True)


def _build(
    raw: Path | None,
    out: Path | None,
    workers: int | None,
    file: Path | None,
    *,
    is_rebuild: bool = False,
    is_settling: bool = False,
) -> None:
    """Look for pending work, and only where there is some hold the output folder and run the flow."""
    from tasks.run import check_recognisers, find_pending, hold_output, warm_up_workers  # noqa: PLC0415 - loads Arrow

    settings = load_settings(file, raw_dir=raw, out_dir=out, workers=workers)
    pending = find_pending(settings, is_rebuild=is_rebuild)
    if pending.is_empty and not (is_settling and pending.n_batches_unchanged):
        is_bare = not pending.n_batches_unchanged
        up_to_date = f"{pending.n_batches_unchanged} batches are up to date in {settings.out_dir}"
        note(f"Nothing to do: {f'no raw page lies in {settings.raw_dir}' if is_bare else up_to_date}.")
        for notice in pending.notices:
            note(f"note: {notice}")
        return
    check_recognisers(settings)
    holder = f"`marsad {'rebuild' if is_rebuild else 'settle' if is_settling else 'run'}`"
    with hold_output(settings, holder=holder), server_for_run(settings.state_dir) as server:
        warm_up_workers(settings)
        note(f"Building {settings.raw_dir} -> {settings.out_dir} (starting Prefect, which takes some seconds)")
        from flows.build_documents import BuildParameters, build_documents, flush_prefect  # noqa: PLC0415 - loads Prefect

        if server is not None:
            server.wait_until_ready()
        try:
            build_documents(BuildParameters.of(settings, file=file, rebuild=is_rebuild, settle=is_settling))
        finally:
            flush_prefect()
    note(f'Look at it: marsad query --out {settings.out_dir} "SELECT * FROM latest"')


@app.command()
def fetch(
    source: Annotated[str | None, typer.Option("--source", help="Fetch this source only.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Most pages of each source.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due, and ask nobody for anything.")] = False,
    raw: RawOption = None,
    settings: SettingsOption = None,
) -> None:
    """Fetch what is due of every source in config/sources.yaml into RAW/warc. Can be interrupted."""
    from tasks.fetch.fetching import chosen_sources, due_rows, user_agent  # noqa: PLC0415 - loads the client and its libraries

    chosen = load_settings(settings, raw_dir=raw)
    chosen_sources(chosen, source)
    if dry_run:
        print_rows(due_rows(chosen, only=source), Form.TABLE)
        return
    user_agent(chosen)
    with server_for_run(chosen.state_dir) as server:
        note(f"Fetching into {chosen.raw_dir} (starting Prefect, which takes some seconds)")
        from flows.build_documents import flush_prefect  # noqa: PLC0415 - loads Prefect
        from flows.fetch_pages import FetchParameters, fetch_pages  # noqa: PLC0415

        if server is not None:
            server.wait_until_ready()
        try:
            fetch_pages(FetchParameters.of(chosen, file=settings, source=source, limit=limit))
        finally:
            flush_prefect()
    note("Build it: marsad run")


@app.command()
def serve(settings: SettingsOption = None) -> None:
    """Run the Prefect server, its UI and the scheduled build until Ctrl-C."""
    chosen = load_settings(settings)
    prepare_environment(chosen.state_dir)
    from flows.serve import serve_until_stopped  # noqa: PLC0415 - starts the server before Prefect is imported

    serve_until_stopped(chosen, settings_file=settings)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="DuckDB SQL over documents, latest, pages, rejections, mentions, ...")],
    out: OutOption = None,
    form: Annotated[Form, typer.Option("--format", help="How the rows are printed.")] = Form.TABLE,
    settings: SettingsOption = None,
) -> None:
    """Ask the datasets with SQL; rows go to standard output as a table, CSV or JSON lines."""
    from tasks.answers import run_query  # noqa: PLC0415 - DuckDB loads here

    print_rows(run_query(sql, out=load_settings(settings, out_dir=out).out_dir), form)


@app.command()
def why(
    url: Annotated[str, typer.Argument(help="Address of a page, with or without its tracking parameters.")],
    raw: RawOption = None,
    out: OutOption = None,
    settings: SettingsOption = None,
) -> None:
    """Say what is known of one URL: how it was found and fetched, its raw record, its row, its document."""
    from flows.why_out import print_sections  # noqa: PLC0415
    from tasks.why import why as sections_of  # noqa: PLC0415 - DuckDB loads here

    print_sections(sections_of(url, load_settings(settings, raw_dir=raw, out_dir=out)))


sources_app = typer.Typer(help="The outlets in config/sources.yaml.", no_args_is_help=True)
app.add_typer(sources_app, name="sources")


@sources_app.command("list")
def list_sources(settings: SettingsOption = None) -> None:
    """List the sources with what is known of each."""
    from tasks.fetch.fetching import source_rows  # noqa: PLC0415

    print_rows(source_rows(load_settings(settings)), Form.TABLE)


@sources_app.command("add")
def add_source(
    url: Annotated[str, typer.Argument(help="Address of the outlet's home page.")],
    write: Annotated[bool, typer.Option("--write", help="Append the entry to the sources file.")] = False,
    settings: SettingsOption = None,
) -> None:
    """Propose an entry for an outlet, by the feeds and sitemaps that its home page and robots.txt name."""
    from tasks.fetch.discover import propose  # noqa: PLC0415 - loads the client and its libraries

    chosen = load_settings(settings)
    entry = propose(url, chosen)
    typer.echo(entry)
    if write:
        add_entry(chosen.sources_file, entry)
        note(f"Added to {chosen.sources_file}.")
    else:
        note(f"Add it with --write, or copy it into {chosen.sources_file}.")


state_app = typer.Typer(help="The ledger of what was found and fetched.", no_args_is_help=True)
app.add_typer(state_app, name="state")


@state_app.command("rebuild")
def rebuild_state(raw: RawOption = None, settings: SettingsOption = None) -> None:
    """Make the ledger anew from the archive under RAW/warc."""
    from tasks.fetch.fetching import rebuild_ledger  # noqa: PLC0415

    note(rebuild_ledger(load_settings(settings, raw_dir=raw)))


@app.command()
def tag(settings: SettingsOption = None) -> None:
    """Language and entities of texts: JSON lines {id, text[, language]} in, {id, language, entities} out."""
    from tasks.answers import tag_lines  # noqa: PLC0415 - models load here

    _answer(tag_lines(sys.stdin.buffer, load_settings(settings).recogniser_choices))


@app.command()
def identify() -> None:
    """Who is who among names: JSON lines {id, name, type[, language]} in, {id, entity_id, name} out; one batch."""
    from tasks.answers import identify_lines  # noqa: PLC0415 - lexicons load here

    _answer(identify_lines(sys.stdin.buffer))


def _answer(answers: Iterable[dict[str, Any]]) -> None:
    """Print answers as JSON lines. Raises RunFailed where some lines could not be read."""
    n_bad = 0
    for answer in answers:
        n_bad += "error" in answer
        line = json.dumps(answer, ensure_ascii=False)
        sys.stdout.write((line if line.isprintable() else json.dumps(answer)) + "\n")
    if n_bad:
        raise RunFailed(f'{n_bad} lines could not be read; their answers bear an "error"')


@app.command()
def doctor(
    raw: RawOption = None,
    out: OutOption = None,
    form: Annotated[Form, typer.Option("--format", help="How the rows are printed.")] = Form.TABLE,
    settings: SettingsOption = None,
) -> None:
    """Say what finds names in which language, and whether all that Marsad needs is there."""
    from tasks.doctor import examine  # noqa: PLC0415 - loads models and libraries

    diagnosis = examine(load_settings(settings, raw_dir=raw, out_dir=out))
    print_rows(diagnosis.rows, form)
    for problem in diagnosis.problems:
        note(f"marsad: {problem}")
    if diagnosis.problems:
        raise RunFailed(f"{len(diagnosis.problems)} of {len(diagnosis.rows.rows)} checks found something broken")


def main() -> None:
    """Run the command line; exit 0 when all went well, 1 when a batch failed, 2 when the command could not run."""
    _show_warnings()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.argv[1:] in ([], ["sources"], ["state"]):
        sys.argv.append("--help")
    try:
        code = app(standalone_mode=False) or OK
    except (UsageError, SettingsError) as error:
        leave(complain(error, UNUSABLE))
    except MarsadError as error:
        leave(complain(error, FAILED))
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except typer.TyperException as error:
        message = getattr(error, "format_message", error.__str__)()
        sys.exit(complain(f"{message.rstrip('.')}; see `marsad --help`", UNUSABLE))
    if code == INTERRUPTED:  # typer turns KeyboardInterrupt into this code
        note("Stopped. What was finished stays; run again to go on.")
    leave(code)


def leave(code: int) -> None:
    """End the process now. Prefect's own last rites would wait a minute for a server that is gone."""
    sys.stdout.flush()
    sys.stderr.flush()
    if "prefect" in sys.modules:
        os._exit(code)
    sys.exit(code)


def _show_warnings() -> None:
    """Print warnings of Marsad's own loggers as sentences; Prefect's log is in its UI."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("marsad: %(message)s"))
    for name in ("tasks", "config"):
        logging.getLogger(name).addHandler(handler)


def complain(error: BaseException | str, code: int) -> int:
    """The exit code, once the error is said in one sentence."""
    note(f"marsad: {error}")
    return code


def note(sentence: str) -> None:
    """Say something to the person at the terminal, not into the data."""
    typer.echo(sentence, err=True)


if __name__ == "__main__":
    main()
