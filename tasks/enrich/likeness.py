"""How much a word looks like a part of a person's name, or of a place's, by its runs of letters.

A name nobody has listed (a transliterated one above all) is still spelt like a name. Logistic regressions over runs of
letters, trained by `python -m benchmarks.names`, judge a word alone; the recogniser takes the answer as one feature.
"""

import zlib

import numpy as np
import numpy.typing as npt

# Runs of letters fall into so many buckets; beside them stands one for every word.
N_BUCKETS = 1 << 15
RUNS = (2, 3, 4, 5)
MAX_LETTERS = 20
KINDS = ("person", "place")
# Weights are held as whole numbers; the log-odds are so many times smaller.
SCALE = 16.0
# Log-odds at which a word goes from one grade to the next.
GRADES = (-4.0, -2.5, -1.2, 0.0, 1.2, 2.5, 4.0)


def runs_of(key: str) -> list[int]:
    """The buckets of a folded word: of its runs of letters, of the word as a whole, and the one of every word."""
    letters = f"^{key[:MAX_LETTERS]}$"
    found = {letters}
    for length in RUNS:
        found.update(letters[at : at + length] for at in range(len(letters) - length + 1))
    return [N_BUCKETS, *sorted({zlib.crc32(run.encode("utf-8", "surrogatepass")) % N_BUCKETS for run in found})]


def grades(key: str, weights: npt.NDArray[np.int8]) -> list[str]:
    """A grade a kind, as features: how much a folded word looks like it. `weights`: (kinds, buckets + 1)."""
    odds = weights[:, runs_of(key)].sum(axis=1, dtype=np.int64) / SCALE
    return [f"{kind}{sum(value > grade for grade in GRADES)}" for kind, value in zip(KINDS, odds, strict=True)]
