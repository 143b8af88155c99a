"""A build without Prefect: the steps of the flow, one after another, for tests of everything below it.

As a program (`python -m tests.driver RAW OUT`) it is the process that crash tests kill.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from config.settings import Settings, load_settings
from tasks import identities, pipeline, plan, site_rules
from tasks.page import Extractor
from tasks.records.reports import RunReport
from tasks.run import open_run
from tasks.upkeep import find_stale

BATCHES_AT_ONCE = 3


def build(
    raw: Path,
    out: Path,
    *,
    extractor: Extractor | None = None,
    rebuild: bool = False,
    settle: bool = False,
    **settings: Any,
) -> RunReport:
    """The report of a whole build of `raw` into `out`."""
    loaded = load_settings(raw_dir=raw, out_dir=out, **settings)
    return build_with(loaded, extractor=extractor, rebuild=rebuild, settle=settle)


def build_with(settings: Settings, *, extractor: Extractor | None, rebuild: bool, settle: bool = False) -> RunReport:
    """The report of a build under these settings; `extractor` stands in for Marsad's own."""
    own = {"extractor": extractor} if extractor else {}
    with open_run(settings, is_rebuild=rebuild, is_settling=settle, **own) as run:
        outcome = plan.scan_pending(run.work.raw, run.pending, limits=run.limits, pool=run.pool)
        stale: frozenset[str] = frozenset()
        if rebuild:
            stale = find_stale(run.out, outcome.scanned, work=run.work, pool=run.pool, timeout_s=60)
        changes = run.changes(outcome.scanned, stale)
        with ThreadPoolExecutor(BATCHES_AT_ONCE) as threads:
            batches = list(
                threads.map(
                    lambda batch: pipeline.extract_batch(batch, out=run.out, work=run.work, pool=run.pool),
                    changes.to_write,
                )
            )
            files, rules = run.to_settle(site_rules.learn_rules)
            files, settling = run.to_identify(files, rules, identities.identify)
            settled = dict(
                threads.map(lambda file: (file[0].stem, pipeline.settle_batch(file[0], settling=settling)), files)
            )
        run.store_entities(settling)
        return run.report(changes, [*outcome.failed, *batches], settled)


def dataset_bytes(out: Path) -> dict[str, bytes]:
    """Every file of the datasets by path: what two builds must agree on, byte for byte."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for dataset in ("pages", "documents", "site_lines", "name_forms", "entities")
        for path in sorted((out / dataset).rglob("*"))
        if path.is_file()
    }


if __name__ == "__main__":
    stated: dict[str, Any] = dict(argument.split("=") for argument in sys.argv[3:])
    build(Path(sys.argv[1]), Path(sys.argv[2]), **stated)
