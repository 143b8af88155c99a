"""How likely a word in Latin letters is the same name as a word in Arabic letters.

A joint model of both spellings: a pair of words is a chain of pairs of letters (of up to two Arabic and three Latin
ones), each with its probability; trained by expectation maximisation on pairs of names (`make models`,
benchmarks/romanisation.py). Its odds are those of the chain against both words standing side by side by chance.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

MODEL = Path(__file__).with_name("models") / "romanisation.json"
# (Arabic letters, Latin letters) of the pieces that a chain is made of.
STEPS = ((1, 0), (1, 1), (1, 2), (1, 3), (0, 1), (2, 1), (2, 2))
# A letter that the model has never seen so: about as unlikely as the rarest pair it has seen.
UNSEEN = 9.0
# The steps by the number of their Arabic letters, each with its Latin ones and the cost of a pair that is not known.
_STEPS_BY_ARABIC = tuple(
    (
        n_arabic,
        tuple(
            (n, UNSEEN * (n_arabic + n) / 1.5 if n_arabic + n <= 2 else None) for step, n in STEPS if step == n_arabic
        ),
    )
    for n_arabic in (0, 1, 2)
)
# A longer word is no name; it would only take time.
MAX_LETTERS = 24
_FAR = 1e9
# More than rounding adds to a sum of costs.
_ROUNDED = 1e-6
_NONE: dict[str, float] = {}


@dataclass(frozen=True)
class Romanisation:
    """The trained costs, in nats: of pairs of pieces, and of each letter after another in either script.

    Words are those of `fold_name`, of Arabic or of Latin letters alone.
    """

    pairs: dict[tuple[str, str], float]
    arabic: dict[str, float]
    latin: dict[str, float]

    def odds(self, arabic: str, latin: str, *, min_odds_a_letter: float = -_FAR) -> float:
        """The log-odds, in nats, that two words are one name; far below 0 for a word of more than MAX_LETTERS.

        Odds below `min_odds_a_letter` for each letter of both words may be said to be far below 0 too.
        """
        if len(arabic) > MAX_LETTERS or len(latin) > MAX_LETTERS:
            return -_FAR
        alone = _alone(self.arabic, arabic) + _alone(self.latin, latin)
        most = alone - min_odds_a_letter * (len(arabic) + len(latin)) + _ROUNDED
        return alone - self._together(arabic, latin, min(most, _FAR / 2))

    def _together(self, arabic: str, latin: str, most: float) -> float:
        """The cost of the cheapest chain that writes both words; far more where it is more than `most`."""
        n_arabic, n_latin = len(arabic), len(latin)
        written = [[latin[j : j + n] for n in range(min(3, n_latin - j) + 1)] for j in range(n_latin + 1)]
        costs = [[_FAR] * (n_latin + 1) for _ in range(n_arabic + 1)]
        costs[0][0] = 0.0
        for i in range(n_arabic + 1):
            begun_here = costs[i]
            ways = [
                (costs[i + n], self._by_arabic.get(arabic[i : i + n], _NONE), lengths)
                for n, lengths in _STEPS_BY_ARABIC
                if i + n <= n_arabic
            ]
            for j, pieces in enumerate(written):
                begun = begun_here[j]
                if begun > most:
                    continue
                for row, known, lengths in ways:
                    for n, unseen in lengths:
                        if n >= len(pieces):
                            break
                        cost = known.get(pieces[n], unseen)
                        if cost is not None and begun + cost < row[j + n]:
                            row[j + n] = begun + cost
        return costs[n_arabic][n_latin]

    @cached_property
    def _by_arabic(self) -> dict[str, dict[str, float]]:
        """The costs of pairs by their Arabic piece."""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for (arabic, latin), cost in self.pairs.items():
            found[arabic][latin] = cost
        return dict(found)


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
