"""Moroccan Darija told from standard Arabic, and in Latin letters from every other language, by its letters.

fastText's lid.176 does not know it: in Arabic letters it comes out as Arabic or Egyptian, in Latin letters as anything.
Here a logistic regression over runs of one to four letters of each word judges, one model a script; the weights are
trained by `python -m benchmarks.darija` and lie beside this module.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

Script = Literal["Arab", "Latn"]

MODEL = Path(__file__).with_name("models") / "darija.json"
# Letters in a run, word boundaries counted.
RUNS = (1, 2, 3, 4)
# Vowel signs and tatweel come and go; letters decide.
MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u0640]")
WORD = re.compile(r"[^\W_]+")
# Words of Darija that standard Arabic, and in Latin letters other languages, do not have: the sentences trained on are
# few and short. A text of nothing else would gain MARKER_ODDS.
_ARABIC_MARKERS = (
    "واش كاين كاينة كاينين ماكاينش راني راك راكي راه راها راهم راكم دابا بزاف شنو شنوا شكون علاش فين منين "
    "كيفاش فوقاش شحال ديال ديالي ديالك ديالو ديالها ديالنا ديالكم ديالهم لي اللي ماشي غادي غاديين باش حيت "
    "حيتاش بحال هاد هادشي هادي هادا داك ديك هادوك كيما مزيان مزيانة واخا صافي بغيت بغا بغات بغيتي خاص خاصني "
    "خاصو عندو عندي عندك معايا ليا ليك ليه ليها فيا شي حد والو تا حتا نتا نتي حنا هوما دابة زوين زوينة دراري "
    "غير ياك بصح هاكا هكا"
)
_LATIN_MARKERS = (
    "wach wash kayn kayna kaynin makaynch rani rak raki rah raha rahom daba bzaf bezzaf chno chnou chnowa shno "
    "chkoun chkon 3lach 3lash fin fine mnin kifach kifash chhal ch7al dyal dial dyali dyalk dyalo dyalha "
    "dyalna dyalhom li lli machi ghadi ghadyin bach 7it hit b7al bhal had hadchi hadshi hadi hada dak dik "
    "hadok kima mzyan mezyan mzyana wakha safi bghit bgha bghat bghiti khas khassni khasso 3ndo 3ndi 3ndk "
    "m3aya lia lik lih chi wahd 7ed walo walou nta nti 7na hna homa houma zwin zwina drari ghir yak hakka "
    "hakda"
)
MARKERS: dict[Script, frozenset[str]] = {
    "Arab": frozenset(_ARABIC_MARKERS.split()),
    "Latn": frozenset(_LATIN_MARKERS.split()),
}
MARKER_ODDS = 6.0
MIN_SHARE_OF_MARKERS = 0.2
# So many characters are judged: more change the answer of few texts, and the time of all.
JUDGED_CHARS = 400


@dataclass(frozen=True, slots=True)
class Model:
    """The weights of one script: `score` is the log-odds of Darija."""

    bias: float
    weights: dict[str, float]
    threshold: float
    markers: frozenset[str] = frozenset()

    def score(self, text: str) -> float:
        """The log-odds that a text is Darija; the bias alone where no run of it is known."""
        weights, words = self.weights, words_of(text)
        counts = runs_of(words)
        norm = math.sqrt(counts.total()) or 1.0
        by_letters = sum(weights[run] * math.sqrt(n) for run, n in counts.items() if run in weights) / norm
        return self.bias + by_letters + MARKER_ODDS * self.share_of_markers(words)

    def share_of_markers(self, words: list[str]) -> float:
        """How many of some words no other language of the script has."""
        return sum(word in self.markers for word in words) / len(words) if words else 0.0


def words_of(text: str) -> list[str]:
    """The words of a text that are judged, lower case, without vowel signs."""
    return WORD.findall(MARKS.sub("", text[:JUDGED_CHARS].lower()))


def runs_of(words: list[str]) -> Counter[str]:
    """How often each run of letters occurs in some words; `^` and `$` stand for a word's ends."""
    return Counter(_runs(words))


def _runs(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        bounded = f"^{word}$"
        for length in RUNS:
            for start in range(len(bounded) - length + 1):
                yield bounded[start : start + length]


@lru_cache(maxsize=1)
def load_models() -> dict[Script, Model]:
    """The models of both scripts."""
    stated = json.loads(MODEL.read_text(encoding="utf-8"))
    return {script: Model(**stated[script], markers=markers) for script, markers in MARKERS.items()}


def darija_score(text: str, script: Script, *, is_doubted: bool) -> float | None:
    """How likely a text is Darija (0..1), or None where it is below the threshold at which it is called so.

    A text of which another language is sure (not `is_doubted`) must have its words to be looked at any closer.
    """
    model = load_models()[script]
    if not is_doubted and model.share_of_markers(words_of(text)) < MIN_SHARE_OF_MARKERS:
        return None
    odds = model.score(text)
    return 1 / (1 + math.exp(-odds)) if odds > model.threshold else None
