"""The house rules of design.md, read from the imports of every module."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Longest prefix wins. Rooms of floor 2 do not import one another; floor 3 is a short stair of its own.
FLOORS = {
    "config": 0.0,
    "tasks.records": 1.0,
    "tasks.lexicons": 1.5,
    "tasks.acquire": 2.0,
    "tasks.raw": 2.0,
    "tasks.extract": 2.0,
    "tasks.enrich": 2.0,
    "tasks.corpus": 2.0,
    "tasks.store": 2.0,
    "tasks.workers": 2.0,
    "tasks.page": 3.0,
    "tasks.plan": 3.0,
    "tasks.site_rules": 3.0,
    "tasks.settled": 3.02,
    "tasks.names": 3.0,
    "tasks.name_forms": 3.04,
    "tasks.clusters": 3.04,
    "tasks.identities": 3.06,
    "tasks.name_batch": 3.0,
    "tasks.doctor": 3.3,
    "tasks.fetch": 3.3,
    "tasks.why": 3.3,
    "tasks.pipeline": 3.1,
    "tasks.answers": 3.2,
    "tasks.upkeep": 3.2,
    "tasks.preload": 3.2,
    "tasks.run": 3.2,
    "tasks.prefect_tasks": 4.0,
    "flows": 5.0,
}
ROOM_FLOOR = 2.0
PREFECT_ROOMS = ("tasks.prefect_tasks", "flows")
CONFIG_FROM = 3.0
# What takes long to import and that `marsad --help` needs nothing of.
HEAVY = {"prefect", "duckdb", "pyarrow", "trafilatura"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc"}
FORBIDDEN_IN_FLOWS = {"tasks", "config", "tests"}


def modules() -> dict[str, Path]:
    found = {}
    for top in ("config", "tasks", "flows"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


MODULES = modules()


def floor_of(module: str) -> tuple[str, float]:
    """The room a module belongs to and its floor."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        room = ".".join(parts[:length])
        if room in FLOORS:
            return room, FLOORS[room]
    raise KeyError(f"{module} lies in no room of the house; add it to FLOORS or move it")


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            assert node.module
            found |= {
                name if name in MODULES else node.module
                for name in (f"{node.module}.{alias.name}" for alias in node.names)
            }
    return found


CASES = [pytest.param(name, path, id=name) for name, path in MODULES.items() if name != "tasks"]


@pytest.mark.parametrize(("module", "path"), CASES)
def test_imports_point_down_and_rooms_do_not_know_one_another(module: str, path: Path) -> None:
    room, floor = floor_of(module)
    for imported in imports_of(path):
        if imported.partition(".")[0] not in ("config", "tasks", "flows"):
            continue
        other, below = floor_of(imported)
        assert other == room or below < floor, f"{module} (floor {floor}) imports {imported} (floor {below})"
        if other == "config" and room != "config":
            assert floor >= CONFIG_FROM, f"{module} reads config; rooms take plain arguments"
        if room == "flows":
            assert below != ROOM_FLOOR, f"{module} imports {imported}; flows speak to floor 3 and above"


@pytest.mark.parametrize(("module", "path"), CASES)
def test_prefect_is_known_to_the_flows_alone(module: str, path: Path) -> None:
    names_prefect = any(name.partition(".")[0] == "prefect" for name in imports_of(path))
    assert not names_prefect or floor_of(module)[0] in PREFECT_ROOMS


@pytest.mark.parametrize(("module", "path"), CASES)
def test_no_module_has_a_name_that_says_nothing(module: str, path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert not (floor_of(module)[0] == "flows" and path.stem in FORBIDDEN_IN_FLOWS)


def test_every_room_of_the_table_exists() -> None:
    for room in FLOORS:
        assert importlib.util.find_spec(room) is not None


@pytest.mark.parametrize(("module", "heavy"), [("flows.cli", HEAVY), ("tasks.answers", HEAVY - {"duckdb"})])
def test_importing_the_command_line_loads_nothing_heavy(module: str, heavy: set[str]) -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = f"import sys, {module}; print(sorted({{m.partition('.')[0] for m in sys.modules}} & {heavy!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
