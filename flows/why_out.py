"""What is known of one URL, for people: a table for each stage, on standard output."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from flows.terminal import cell_text

if TYPE_CHECKING:
    from tasks.why import Section

PIPE_WIDTH = 160


def print_sections(sections: Iterable["Section"]) -> None:
    """The sections in their order."""
    console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
    for section in sections:
        table = Table(box=SIMPLE, show_header=False, title=section.title, title_justify="left", title_style="bold")
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in section.facts:
            table.add_row(cell_text(name), cell_text(value))
        console.print(table)
