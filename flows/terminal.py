"""What stands in a terminal: text that came from the web, without what a terminal would obey."""

import re

from rich.text import Text

# All control characters but tab and newline: ESC and its eight-bit likes begin commands to the terminal.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def cell_text(value: object, *, style: str = "") -> Text:
    """A value as text to be printed, each control character in it shown as U+FFFD."""
    return Text(CONTROL.sub("\ufffd", str(value)), style=style)
