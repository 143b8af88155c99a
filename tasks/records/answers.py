"""An answer as a table: what queries and listings hand to whoever prints it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rows:
    """The result of a question: column names and rows."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
