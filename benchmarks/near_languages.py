"""Train the models of near languages on SHARED/lid and SHARED/ner, and say how good they are on sentences not seen.

`python -m benchmarks.near_languages [--shared ../shared] [--write]`: five parts, each judged by models trained on the
other four; then, with `--write`, models trained on all go to tasks/enrich/models/near_languages.json. They hold weights
of runs of at most four letters, no word and no sentence. Deterministic: the same sentences give the same bytes.
"""

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.floors import markdown_table
from benchmarks.quality import read_jsonl
from tasks.enrich.near_languages import MARKERS, MODELS, Model, runs_of, words_of

PARTS = 5
SEED = 1
ROUNDS = 20
RATE = 0.3
STANDARD_ARABIC = ("ar.newsfane", "ar.aqmar.train", "ar.wojood.train")
MAX_STANDARD = 1_000
# Names are of no language: alone, they must not be taken for one that is written as people speak.
NAMES = (
    "ar.newsfane", "ar.aqmar.train", "ar.wojood.train", "fr.wikineural.a", "es.wikineural.a", "en.wikineural.a",
    "fr.sequoia.wikipedia", "en.wikigold",
)  # fmt: skip
MAX_NAMES = 600
NAME_WEIGHT = 0.25
SHRINKAGE = 1e-4
MIN_SENTENCES = 3
# The log-odds beyond which a text is called so: as many of others as the floor of one in a hundred of ar, fr, en and es
# allows, with a margin.
THRESHOLDS = {"ary-Arab": 0.4, "ary-Latn": 0.4, "ca": 1.4}
# Weights are written with so many decimals; smaller ones are left out.
DECIMALS = 1
OTHERS = {"Arab": ("ar", "ar-ner", "arz", "fa", "ur", "names"), "Latn": ("fr", "en", "es", "pt", "it", "names")}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, its label in the set, and what the models see of it: runs of letters, weighted to length 1."""

    label: str
    runs: dict[str, float]
    text: str


def read_rows(shared: Path) -> Iterator[tuple[str, str]]:
    """(label, text) of the labelled sentences; of standard Arabic as the press and encyclopedias write it; of names."""
    for row in read_jsonl(shared / "lid" / "sentences.jsonl"):
        yield row["lang"], row["text"]
    for name in STANDARD_ARABIC:
        for row in read_jsonl(shared / "ner" / f"{name}.jsonl")[:MAX_STANDARD]:
            yield "ar-ner", " ".join(row["tokens"])
    for name in NAMES:
        named = dict.fromkeys(text for row in read_jsonl(shared / "ner" / f"{name}.jsonl") for text in names_in(row))
        yield from (("names", text) for text in list(named)[:MAX_NAMES])


def names_in(row: dict[str, list[str]]) -> Iterator[str]:
    """The names marked in one sentence: `B-` opens one, `I-` goes on with it."""
    words: list[str] = []
    for token, tag in zip([*row["tokens"], ""], [*row["tags"], "O"], strict=True):
        if words and not tag.startswith("I-"):
            yield " ".join(words)
            words = []
        if tag != "O":
            words.append(token)


def read_sentences(shared: Path, script: str) -> list[Sentence]:
    """The sentences of one script, in the order of the files."""
    found = []
    for label, text in read_rows(shared):
        n_arabic = sum("\u0600" <= char <= "\u06ff" for char in text)
        n_latin = sum("a" <= char.lower() <= "z" for char in text)
        if (n_arabic if script == "Arab" else n_latin) * 2 > sum(map(str.isalpha, text)):
            counts = runs_of(words_of(text))
            norm = math.sqrt(counts.total()) or 1.0
            found.append(Sentence(label, {run: math.sqrt(n) / norm for run, n in counts.items()}, text))
    return found


def train(sentences: Sequence[Sentence], name: str) -> Model:
    """Logistic regression by AdaGrad (Duchi et al. 2011): a step of its own for each weight, both classes alike."""
    dice = random.Random(SEED)
    held = Counter(run for sentence in sentences for run in sentence.runs)
    weights = {run: 0.0 for run, count in held.items() if count >= MIN_SENTENCES}
    squares = dict.fromkeys(weights, 1e-8)
    bias, bias_square = 0.0, 1e-8
    n_own = sum(sentence.label == name for sentence in sentences)
    n_names = sum(sentence.label == "names" for sentence in sentences)
    n_others = len(sentences) - n_own - n_names
    share = {True: (n_own + n_others) / (2 * n_own), False: (n_own + n_others) / (2 * n_others)}
    order = list(sentences)
    for _ in range(ROUNDS):
        dice.shuffle(order)
        for sentence in order:
            is_own = sentence.label == name
            known = [(run, value) for run, value in sentence.runs.items() if run in weights]
            odds = bias + sum(weights[run] * value for run, value in known)
            weight = share[is_own] * (NAME_WEIGHT if sentence.label == "names" else 1)
            slope = (1 / (1 + math.exp(-odds)) - is_own) * weight
            for run, value in known:
                step = slope * value + SHRINKAGE * weights[run]
                squares[run] += step * step
                weights[run] -= RATE * step / math.sqrt(squares[run])
            bias_square += slope * slope
            bias -= RATE * slope / math.sqrt(bias_square)
    rounded = {run: round(weight, DECIMALS) for run, weight in sorted(weights.items())}
    kept = {run: weight for run, weight in rounded.items() if weight}
    return Model(round(bias, DECIMALS), kept, THRESHOLDS[name], MARKERS.get(name, frozenset()))


def judged(sentences: Sequence[Sentence], name: str) -> dict[str, list[bool]]:
    """By label, whether each sentence was called so by a model that had not seen it."""
    order = list(sentences)
    random.Random(SEED).shuffle(order)
    calls: dict[str, list[bool]] = {}
    for part in range(PARTS):
        model = train([sentence for index, sentence in enumerate(order) if index % PARTS != part], name)
        for sentence in order[part::PARTS]:
            words = words_of(sentence.text)
            calls.setdefault(sentence.label, []).append(model.odds(words, runs_of(words)) > model.threshold)
    return calls


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print the table of unseen sentences, write if told to; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.near_languages", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of the real sentences")
    parser.add_argument("--write", action="store_true", help=f"write {MODELS.name} beside the code")
    told = parser.parse_args(arguments)
    models, rows = {}, []
    for name in THRESHOLDS:
        script = name.partition("-")[2] or "Latn"
        sentences = read_sentences(told.shared, script)
        calls = judged(sentences, name)
        own = calls[name]
        others = [(label, calls[label]) for label in OTHERS[script] if label in calls]
        wrong = ", ".join(f"{label} {sum(found) / len(found):.3f}" for label, found in others)
        rows.append([name, f"{len(own)}", f"{sum(own) / len(own):.3f}", wrong])
        models[name] = train(sentences, name)
    sys.stdout.write(markdown_table(("model", "sentences", "called so", "others called so"), rows) + "\n")
    if told.write:
        stated = {
            name: {"bias": model.bias, "threshold": model.threshold, "weights": model.weights}
            for name, model in models.items()
        }
        MODELS.parent.mkdir(exist_ok=True)
        MODELS.write_text(json.dumps(stated, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
