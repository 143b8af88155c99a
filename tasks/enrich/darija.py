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
# So many characters are judged: more change the answer of few texts, and the time of all.
JUDGED_CHARS = 400


@dataclass(frozen=True, slots=True)
class Model:
    """The weights of one script: `score` is the log-odds of Darija."""

    bias: float
    weights: dict[str, float]
    threshold: float

    def score(self, text: str) -> float:
        """The log-odds that a text is Darija; the bias alone where no run of it is known."""
        weights, counts = self.weights, runs_of(text)
        norm = math.sqrt(counts.total()) or 1.0
        return self.bias + sum(weights[run] * math.sqrt(n) for run, n in counts.items() if run in weights) / norm


def runs_of(text: str) -> Counter[str]:
    """How often each run of letters occurs in the words of a text; `^` and `$` stand for a word's ends."""
    return Counter(_runs(WORD.findall(MARKS.sub("", text[:JUDGED_CHARS].lower()))))


def _runs(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        bounded = f"^{word}$"
        for length in RUNS:
            for start in range(len(bounded) - length + 1):
                yield bounded[start : start + length]


@lru_cache(maxsize=1)
def load_models() -> dict[Script, Model]:
    """The models of both scripts."""
    return {script: Model(**stated) for script, stated in json.loads(MODEL.read_text(encoding="utf-8")).items()}


def darija_score(text: str, script: Script) -> float | None:
    """How likely a text is Darija (0..1), or None where it is below the threshold at which it is called so."""
    model = load_models()[script]
    odds = model.score(text)
    return 1 / (1 + math.exp(-odds)) if odds > model.threshold else None
