"""How much a word looks like a part of a person's name, or of a place's, by its runs of letters.

A name nobody has listed (a transliterated one above all) is still spelt like a name. Logistic regressions over runs of
letters, trained by `python -m benchmarks.names`, judge a word alone; the recogniser takes the answer as one feature.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Runs of letters fall into so many buckets; behind them stand one for every word and one for no run.
BUCKET_BITS = 15
N_WEIGHTS = (1 << BUCKET_BITS) + 2
EVERY_WORD, NO_RUN = N_WEIGHTS - 2, N_WEIGHTS - 1
RUNS = (2, 3, 4, 5)
MAX_LETTERS = 20
KINDS = ("person", "place")
# Weights are held as whole numbers; the log-odds are so many times smaller.
SCALE = 16.0
# Log-odds at which a word goes from one grade to the next.
GRADES = (-4.0, -2.5, -1.2, 0.0, 1.2, 2.5, 4.0)
_MULTIPLIER, _SPREAD = np.uint32(0x01000193), np.uint32(0x9E3779B1)


def buckets_of(keys: Sequence[str]) -> npt.NDArray[np.int64]:
    """(words, runs): the buckets of the runs of letters of folded words, of the word as a whole, and of every word."""
    width = MAX_LETTERS + 2
    marked = [f"^{key[:MAX_LETTERS]}$" for key in keys]
    letters = np.array(marked, dtype=f"<U{width}").view(np.uint32).reshape(len(keys), width)
    lengths = np.array([len(word) for word in marked])
    columns = [np.full((len(keys), 1), EVERY_WORD, dtype=np.int64)]
    for run in (*RUNS, width):
        n_places = width - run + 1
        hashed = np.full((len(keys), n_places), run, dtype=np.uint32)
        for at in range(run):
            hashed = hashed * _MULTIPLIER ^ letters[:, at : at + n_places]
        buckets = (hashed * _SPREAD >> np.uint32(32 - BUCKET_BITS)).astype(np.int64)
        if run < width:
            buckets[np.arange(n_places) + run > lengths[:, None]] = NO_RUN
        columns.append(buckets)
    return np.concatenate(columns, axis=1)


def grades(keys: Sequence[str], weights: npt.NDArray[np.int8]) -> list[list[str]]:
    """For each folded word a grade a kind, as features: how much it looks like it. `weights`: (kinds, N_WEIGHTS)."""
    odds = weights[:, buckets_of(keys)].sum(axis=2, dtype=np.int64) / SCALE
    found = np.searchsorted(GRADES, odds)
    return [[f"{kind}{grade}" for kind, grade in zip(KINDS, row, strict=True)] for row in found.T.tolist()]
