"""How well identities hold on SHARED: one person's names across scripts, and the names of the seeds built together."""

import json
import tempfile
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.driver import build
from benchmarks.floors import Measure
from benchmarks.scorers import score_names
from config.settings import load_settings

NAMES = "names/moroccan_politicians.jsonl"


def measure_identities(shared: Path, work: Path, *, workers: int) -> list[Measure]:
    """B-cubed precision and F of names of politicians, and the pairs of `same_entity.json` that hold."""
    precision, recall, f1 = score_names(shared, shared / NAMES)
    shown = f"P {precision:.3f} R {recall:.3f} F {f1:.3f}"
    measures = [
        Measure(name="identities.names_precision", value=precision, shown=shown),
        Measure(name="identities.names_f1", value=f1),
    ]
    with tempfile.TemporaryDirectory(prefix="marsad-who-", dir=work) as folder:
        out = Path(folder) / "out"
        build(load_settings(raw_dir=shared / "seeds" / "raw", out_dir=out, workers=workers))
        ids = ids_by_surface(out)
    stated = json.loads((shared / "seeds" / "same_entity.json").read_text(encoding="utf-8"))
    same = [pair for names in stated["same"] for pair in combinations(names, 2)]
    wished = [pair for names in stated["wish"] for pair in combinations(names, 2)]
    return [
        *measures,
        _share("identities.same", [are_one(ids, *pair) for pair in same]),
        _share("identities.different", [not ids[one] & ids[other] for one, other in stated["different"]]),
        _share("identities: wish", [are_one(ids, *pair) for pair in wished]),
    ]


def ids_by_surface(out: Path) -> dict[str, set[str]]:
    """The ids of each name as texts write it, over all documents of a folder."""
    ids: dict[str, set[str]] = defaultdict(set)
    for path in sorted((out / "documents").rglob("*.parquet")):
        for entities in pq.ParquetFile(path).read(columns=["entities"]).column("entities").to_pylist():
            for entity in entities:
                ids[entity["surface"]].add(entity["entity_id"])
    return ids


def are_one(ids: dict[str, set[str]], one: str, other: str) -> bool:
    """Whether both names stand in documents and have one id, the same."""
    return len(ids[one]) == 1 and ids[one] == ids[other]


def _share(name: str, outcomes: list[bool]) -> Measure:
    return Measure(name=name, value=sum(outcomes) / len(outcomes), shown=f"{sum(outcomes)} of {len(outcomes)}")
