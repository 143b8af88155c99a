"""What must hold, from benchmarks/floors.yaml, and measures held against it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FLOORS_FILE = Path(__file__).with_name("floors.yaml")
HEADINGS = ("measure", "trafilatura alone", "Marsad", "floor", "verdict")
NOTHING = "–"
# The decimals that floors are stated with: a value is rounded to them before it is compared.
DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of a quality table.

    `value` is Marsad's, 0..1, or None where it could not be measured; `alone` is trafilatura's on the same pages, None
    where it has no route. `shown` and `alone_shown` replace the number where more is to be said, e.g. "10 of 12".
    """

    name: str
    value: float | None
    alone: float | None = None
    shown: str | None = None
    alone_shown: str | None = None


def load_floors(path: Path = FLOORS_FILE) -> dict[str, dict[str, float]]:
    """The floors by part ('documents', 'language', ...) and measure."""
    stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {part: {name: float(floor) for name, floor in floors.items()} for part, floors in stated.items()}


def is_below(value: float | None, floor: float | None) -> bool:
    """Whether a value misses its floor; one that could not be measured does, one without a floor never."""
    return floor is not None and (value is None or round(value, DECIMALS) < floor)


def is_above(value: float, ceiling: float) -> bool:
    """Whether seconds miss their ceiling, as `scale` of the floors file states them."""
    return round(value, DECIMALS) > ceiling


def below_floor(measures: Iterable[Measure], floors: Mapping[str, float]) -> list[str]:
    """The names that miss their floor: too low, or not among the measures at all."""
    by_name = {measure.name: measure.value for measure in measures}
    return [name for name, floor in floors.items() if is_below(by_name.get(name), floor)]


def to_markdown(measures: Iterable[Measure], floors: Mapping[str, float]) -> str:
    """The measures as one markdown table; a floor that nothing measured is a line too."""
    measures = list(measures)
    missing = [Measure(name=name, value=None) for name in floors if name not in {m.name for m in measures}]
    rows = [_cells(measure, floors.get(measure.name)) for measure in [*measures, *missing]]
    return markdown_table(HEADINGS, rows)


def markdown_table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Rows as a markdown table whose columns line up; the first column is text, the others align right."""
    table = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = [_line(row, widths) for row in table]
    rule = "|" + "|".join(("-" * (width + 2)) if n == 0 else "-" * (width + 1) + ":" for n, width in enumerate(widths))
    return "\n".join([lines[0], rule + "|", *lines[1:]])


def _line(row: list[str], widths: list[int]) -> str:
    first, *others = (cell.ljust(width) if n == 0 else cell.rjust(width) for n, (cell, width) in _numbered(row, widths))
    return "| " + " | ".join([first, *others]) + " |"


def _numbered(row: list[str], widths: list[int]) -> Iterable[tuple[int, tuple[str, int]]]:
    return enumerate(zip(row, widths, strict=True))


def _cells(measure: Measure, floor: float | None) -> list[str]:
    verdict = "" if floor is None else "BELOW" if is_below(measure.value, floor) else "ok"
    return [
        measure.name,
        measure.alone_shown or _number(measure.alone),
        measure.shown or _number(measure.value),
        _number(floor),
        verdict,
    ]


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.{DECIMALS}f}"
