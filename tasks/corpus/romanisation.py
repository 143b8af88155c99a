"""How likely a word in Latin letters is the same name as a word in Arabic letters.

A joint model of both spellings: a pair of words is a chain of pairs of letters (of up to two Arabic and three Latin
ones), each with its probability; trained by expectation maximisation on pairs of names (`make models`,
benchmarks/romanisation.py). Its odds are those of the chain against both words standing side by side by chance.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MODEL = Path(__file__).with_name("models") / "romanisation.json"
# (Arabic letters, Latin letters) of the pieces that a chain is made of.
STEPS = ((1, 0), (1, 1), (1, 2), (1, 3), (0, 1), (2, 1), (2, 2))
# A letter that the model has never seen so: about as unlikely as the rarest pair it has seen.
UNSEEN = 9.0
# A longer word is no name; it would only take time.
MAX_LETTERS = 24
_FAR = 1e9


@dataclass(frozen=True, slots=True)
class Romanisation:
    """The trained costs, in nats: of pairs of pieces, and of each letter after another in either script.

    Words are those of `fold_name`, of Arabic or of Latin letters alone.
    """

    pairs: dict[tuple[str, str], float]
    arabic: dict[str, float]
    latin: dict[str, float]

    def odds(self, arabic: str, latin: str) -> float:
        """The log-odds, in nats, that two words are one name; far below 0 for a word of more than MAX_LETTERS."""
        if len(arabic) > MAX_LETTERS or len(latin) > MAX_LETTERS:
            return -_FAR
        return _alone(self.arabic, arabic) + _alone(self.latin, latin) - self._together(arabic, latin)

    def _together(self, arabic: str, latin: str) -> float:
        """The cost of the cheapest chain that writes both words."""
        pairs = self.pairs
        n_arabic, n_latin = len(arabic), len(latin)
        costs = [[_FAR] * (n_latin + 1) for _ in range(n_arabic + 1)]
        costs[0][0] = 0.0
        for i in range(n_arabic + 1):
            for j in range(n_latin + 1):
                begun = costs[i][j]
                if begun >= _FAR:
                    continue
                for from_arabic, from_latin in STEPS:
                    to_i, to_j = i + from_arabic, j + from_latin
                    if to_i > n_arabic or to_j > n_latin:
                        continue
                    cost = pairs.get((arabic[i:to_i], latin[j:to_j]))
                    if cost is None:
                        if from_arabic + from_latin > 2:
                            continue
                        cost = UNSEEN * (from_arabic + from_latin) / 1.5
                    row = costs[to_i]
                    row[to_j] = min(row[to_j], begun + cost)
        return costs[n_arabic][n_latin]


def bigrams(word: str) -> list[str]:
    """The pairs of neighbouring letters of a word, its ends marked."""
    bounded = f"^{word}$"
    return [bounded[i : i + 2] for i in range(len(bounded) - 1)]


def _alone(costs: dict[str, float], word: str) -> float:
    return sum(costs.get(pair, UNSEEN) for pair in bigrams(word))


@lru_cache(maxsize=1)
def load_romanisation() -> Romanisation:
    """The model that ships with Marsad."""
    stated = json.loads(MODEL.read_text(encoding="utf-8"))
    pairs = {}
    for pair, cost in stated["pairs"].items():
        arabic, _, latin = pair.partition("|")
        pairs[arabic, latin] = cost
    return Romanisation(pairs=pairs, arabic=stated["arabic"], latin=stated["latin"])
