"""Endings of all sources of a run, written into the ledger together with how far the archive is in it."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
        end = self._archive.end
        # Cleared only once it is in the ledger: a later batch's offset says of all before it that it is there.
        record_all(self._ledger, self._noted, archive={end.path: end.offset} if end else {})
        self._noted.clear()
        self._n_noted, self._written_at = 0, now


def record_all(ledger: Ledger, noted: Mapping[Policy, Sequence[Ending]], *, archive: Mapping[str, int]) -> int:
    """How many endings were news to the ledger; the archive's offsets are in it once all of them are."""
    n_new = sum(ledger.record(endings, archive={}, policy=policy) for policy, endings in noted.items())
    ledger.record([], archive=archive)
    return n_new
