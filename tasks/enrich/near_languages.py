"""Languages that fastText's lid.176 takes for their neighbours, by their letters: Moroccan Darija, and short Catalan.

Darija it does not know: in Arabic letters it comes out as Arabic or Egyptian, in Latin letters as anything. Of Catalan
sentences under 60 characters it takes a third for Spanish, French or Portuguese. Here a logistic regression over runs
of one to four letters of each word judges, a model a language and script; the weights are trained by
`python -m benchmarks.near_languages` and lie beside this module.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MODELS = Path(__file__).with_name("models") / "near_languages.json"
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
MARKERS = {
    "ary-Arab": frozenset(_ARABIC_MARKERS.split()),
    "ary-Latn": frozenset(_LATIN_MARKERS.split()),
}
MARKER_ODDS = 6.0
# A text of which the detector is sure must have so many of its words to be looked at any closer.
MIN_SHARE_OF_MARKERS = 0.2
# The detector is sure of a text in Latin letters from this score on; in Arabic letters it is sure of Arabic, wrongly.
SURE_SCORE = 0.8
# So many characters are judged: more change the answer of few texts, and the time of all.
JUDGED_CHARS = 400
# Names of models by script.
BY_SCRIPT = {"Arab": ("ary-Arab",), "Latn": ("ary-Latn", "ca")}


@dataclass(frozen=True, slots=True)
class Model:
    """The weights of one language in one script: `odds` are its log-odds against all others of the script."""

    bias: float
    weights: dict[str, float]
    threshold: float
    markers: frozenset[str] = frozenset()

    def odds(self, words: list[str], runs: Counter[str]) -> float:
        """The log-odds of a text of these words and runs; the bias alone where nothing of it is known."""
        weights = self.weights
        norm = math.sqrt(runs.total()) or 1.0
        by_letters = sum(weights[run] * math.sqrt(n) for run, n in runs.items() if run in weights) / norm
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
def load_models() -> dict[str, Model]:
    """The models by name: the language, and its script where it has more than one."""
    stated = json.loads(MODELS.read_text(encoding="utf-8"))
    return {name: Model(**model, markers=MARKERS.get(name, frozenset())) for name, model in stated.items()}


def near_language(text: str, script: str, score: float) -> tuple[str, float] | None:
    """The language of a text that the detector may have taken for another, and how likely it is; None for none.

    `score` is how sure the detector is of its own answer.
    """
    models = [(name, load_models()[name]) for name in BY_SCRIPT.get(script, ())]
    if not models:
        return None
    words = words_of(text)
    if script == "Latn" and score >= SURE_SCORE:
        models = [(name, model) for name, model in models if model.share_of_markers(words) >= MIN_SHARE_OF_MARKERS]
    runs = runs_of(words) if models else Counter[str]()
    found = [(odds, name) for name, model in models if (odds := model.odds(words, runs)) > model.threshold]
    if not found:
        return None
    odds, name = max(found)
    return name.partition("-")[0], 1 / (1 + math.exp(-odds))
