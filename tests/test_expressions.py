"""No regular expression of Marsad takes more than linear time on a hostile line: every one is found and tried."""

import importlib
import pkgutil
import re
from typing import Any

import pytest

import tasks
from tests.pace import within

# Modules that do something when they are imported.
LEFT_OUT = {"tasks.preload", "tasks.prefect_tasks"}
# Expressions whose input is cut before they see it: name -> the most characters or bytes they are given.
BOUNDED = {
    "tasks.extract.bylines.LEAD_WORD": 120,  # the head of an element's text (MAX_BYLINE_CHARS)
    "tasks.extract.people.NOISE": 400,  # tasks.extract.people.people cuts every string
    "tasks.lexicons.places._PARENTHESIS": 200,  # names of places in CLDR and GeoNames
}
# Only matched where a line begins.
ANCHORED = {"tasks.raw.readers.LINE_BEGINS"}
N_CHARS = 20_000
# Linear expressions take 0.2 to 10 ms for these; a quadratic one more than a second.
BOUND_S = 0.5
SCRAPS = [
    " ",
    "a",
    "1",
    "1 ",
    "A. ",
    "<",
    "<a ",
    '"',
    "/",
    "http://a",
    "2024-",
    "\t\n",
    "é",
    "م ",
    "1/2/",
    "- ",
    "(",
    "x=1 ",
]


def expressions() -> dict[str, "re.Pattern[Any]"]:
    """Every compiled expression of every module, by its name."""
    found: dict[str, re.Pattern[Any]] = {}
    for module in pkgutil.walk_packages(tasks.__path__, "tasks."):
        if module.name not in LEFT_OUT:
            members = vars(importlib.import_module(module.name))
            named = {f"{module.name}.{name}": value for name, value in members.items()}
            found |= {name: value for name, value in named.items() if isinstance(value, re.Pattern)}
    return found


def literals(pattern: "re.Pattern[Any]") -> list[str]:
    """Words and signs that an expression is made of."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    bare = re.sub(r"\\[a-zA-Z]", "", source)
    return list(dict.fromkeys(re.findall(r"[A-Za-z\u0600-\u06ff]{2,}|[<>\"'=/@&;:.,|-]", bare)))[:8]


def hostile_lines(pattern: "re.Pattern[Any]", n_chars: int) -> list[str]:
    """Lines of repeats of what an expression looks for, and of its beginnings followed by what it skips."""
    words = literals(pattern)
    lines = [(scrap * (n_chars // len(scrap) + 1))[:n_chars] for scrap in [*SCRAPS, *words, *(f"{w} " for w in words)]]
    return lines + [word + skipped * n_chars for word in words[:4] for skipped in (" ", "a")]


FOUND = expressions()


@pytest.mark.parametrize("name", FOUND)
def test_an_expression_is_linear_on_hostile_lines(name: str) -> None:
    pattern = FOUND[name]
    for line in hostile_lines(pattern, BOUNDED.get(name, N_CHARS)):
        text = line if isinstance(pattern.pattern, str) else line.encode()
        with within(BOUND_S, f"{name} on repeats of {line[:12]!r}"):
            if name in ANCHORED:
                pattern.match(text)
            else:
                for _ in pattern.finditer(text):
                    pass


def test_the_table_of_bounded_expressions_names_expressions() -> None:
    assert BOUNDED.keys() | ANCHORED <= FOUND.keys()
