"""Endings of all sources of a run, written into the ledger together with how far the archive is in it."""

import time
from collections import defaultdict
from collections.abc import Iterable

from tasks.acquire.archive import Archive
from tasks.acquire.ledger import Ending, Ledger
from tasks.acquire.schedule import Policy

# Endings are written together: so many, or those of so many seconds.
RECORDED_AT_ONCE = 100
RECORD_S = 1.0


class Recorder:
    """Notes endings right after they were archived, and writes them down in batches; for one thread.

    What was archived before a batch is all in it or in an earlier one: so the end of the archive is where a reading of
    what is not recorded has to begin.
    """

    def __init__(self, ledger: Ledger, archive: Archive) -> None:
        self._ledger, self._archive = ledger, archive
        self._noted: dict[Policy, list[Ending]] = defaultdict(list)
        self._n_noted = 0
        self._written_at = time.monotonic()

    def note(self, endings: Iterable[Ending], *, policy: Policy) -> None:
        """Note how URLs ended, under the policy that says when they are due again."""
        before = len(self._noted[policy])
        self._noted[policy] += endings
        self._n_noted += len(self._noted[policy]) - before
        self.write_down()

    def write_down(self, *, is_due: bool = False) -> None:
        """Write what was noted into the ledger, if it is due, much, or has waited for long."""
        now = time.monotonic()
        is_due = is_due or self._n_noted >= RECORDED_AT_ONCE or now - self._written_at > RECORD_S
        if not self._n_noted or not is_due:
            return
        noted, self._noted, self._n_noted, self._written_at = self._noted, defaultdict(list), 0, now
        end = self._archive.end
        *first, (policy, last) = noted.items()
        for other, endings in first:
            self._ledger.record(endings, archive={}, policy=other)
        self._ledger.record(last, archive={end.path: end.offset} if end else {}, policy=policy)
