"""Query results on standard output: a table for people, CSV or JSON lines for programs."""

import csv
import json
import sys
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.terminal import cell_text
from tasks.records.answers import Rows

PIPE_WIDTH = 200


class Form(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def print_rows(rows: Rows, form: Form) -> None:
    """Rows to standard output."""
    if form is Form.JSON:
        for row in rows.rows:
            sys.stdout.write(
                json.dumps(dict(zip(rows.columns, row, strict=True)), ensure_ascii=False, default=_plain) + "\n"
            )
    elif form is Form.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows([_csv_cell(value) for value in row] for row in rows.rows)
    else:
        _print_table(rows)


def _print_table(rows: Rows) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
    table = Table(header_style="bold")
    for name, values in zip(rows.columns, _columns(rows), strict=True):
        is_number = all(isinstance(value, int | float) for value in values if value is not None)
        table.add_column(name, justify="right" if is_number and values else "left", overflow="fold")
    for row in rows.rows:
        table.add_row(*(cell_text(_shown(value)) for value in row))
    console.print(table)
    console.print(f"{len(rows.rows)} rows")


def _columns(rows: Rows) -> list[list[Any]]:
    return [[row[i] for row in rows.rows] for i in range(len(rows.columns))]


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    text = json.dumps(value, ensure_ascii=False, default=_plain) if isinstance(value, list | dict) else str(value)
    return text if len(text) <= 300 else text[:299] + "…"


def _csv_cell(value: object) -> object:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return value.isoformat() if isinstance(value, datetime | date) else value


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
