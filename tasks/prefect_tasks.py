"""The one table of run policy: which function runs as which Prefect task.

A task is a batch, never a page (a task run costs milliseconds and 22 KB of server database). No retries: what fails
for a reason of its own fails again, and the next scheduled run takes up whatever is left. Nothing is cached or
persisted by Prefect: the datasets' own footers are the record of what is done. No tags: for each tagged task Prefect
asks its server whether the tag has a limit, which SQLite refuses now and then, and the task waits 2 s to ask again.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE

from tasks import identities, pipeline, plan, site_rules, upkeep
from tasks.fetch import fetching

P = ParamSpec("P")
R = TypeVar("R")


def _as_task(function: Callable[P, R], *, name: str) -> Task[P, R]:
    return Task(function, name=name, cache_policy=NO_CACHE, persist_result=False)


scan_pending = _as_task(plan.scan_pending, name="scan raw pages")
find_stale = _as_task(upkeep.find_stale, name="compare with raw pages")
extract_batch = _as_task(pipeline.extract_batch, name="extract batch")
learn_rules = _as_task(site_rules.learn_rules, name="learn site boilerplate")
identify = _as_task(identities.identify, name="find who is who")
settle_batch = _as_task(pipeline.settle_batch, name="settle batch")
fetch_source = _as_task(fetching.fetch_source, name="fetch source")
