"""Train the model of names in Arabic and Latin letters on SHARED/names, and say how good it is on pairs not seen.

`python -m benchmarks.romanisation [--shared ../shared] [--write]`: nine parts in ten train, the tenth is judged: how
many of its pairs, and how many of as many wrong pairs of like length, have the odds that identities ask for. With
`--write` a model trained on all pairs goes to tasks/corpus/models/romanisation.json: costs of pairs of at most three
letters, no name. Deterministic: the same pairs give the same bytes.

Expectation maximisation over all chains of pieces (joint multigrams: Deligne and Bimbot 1995; for transliteration, Li
and others 2004). The pairs hold few names of the Maghreb and the Gulf, so the usual Latin spellings of each letter are
counted as if seen PRIOR times.
"""

import argparse
import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.quality import read_jsonl
from tasks.corpus.romanisation import MODEL, STEPS, Romanisation, bigrams
from tasks.lexicons.folding import fold_name

SEED = 1
ROUNDS = 7
HELD_OUT = 10
# Pieces seen less often than this are left out: of one letter each, and of more.
MIN_SEEN, MIN_SEEN_LONG = 1.0, 4.0
MAX_ARABIC, MAX_LATIN = 12, 14
PRIOR = 200.0
# The usual spellings, in French, English and Spanish texts, of the letters of Arabic names.
USUAL = {
    "ص": ("s", "ss", "c"), "ط": ("t", "tt"), "ض": ("d", "dh", "dd"), "ظ": ("d", "z", "dh", "th"), "ق": ("k", "q", "c"),
    "ع": ("a", "", "aa", "o", "e"), "ح": ("h", "", "ha"), "خ": ("kh", "x", "j", "h"), "غ": ("gh", "g", "rh"),
    "ذ": ("d", "dh", "z"), "ث": ("th", "t", "s"), "ش": ("ch", "sh"), "ج": ("j", "dj", "g"), "ه": ("h", "a", "ah", "e"),
    "و": ("ou", "w", "u", "o"), "ي": ("i", "y", "a", "ei"), "ف": ("f", "ph"),
}  # fmt: skip
FLOOR = 0.62

Pair = tuple[str, str]


def read_pairs(shared: Path) -> list[Pair]:
    """The pairs of words in letters of one script each, folded, in a fixed random order."""
    pairs = []
    for row in read_jsonl(shared / "names" / "wikidata_name_tokens.jsonl"):
        arabic, latin = fold_name(row["ar"]), fold_name(row["latin"])
        is_arabic = all("\u0620" <= letter <= "\u06ff" for letter in arabic)
        is_latin = all("a" <= letter <= "z" for letter in latin)
        if is_arabic and is_latin and 2 <= len(arabic) <= MAX_ARABIC and 2 <= len(latin) <= MAX_LATIN:
            pairs.append((arabic, latin))
    random.Random(SEED).shuffle(pairs)
    return pairs


def train(pairs: Sequence[Pair]) -> Romanisation:
    """The model of some pairs."""
    chances: dict[Pair, float] | None = None
    for number in range(ROUNDS):
        seen: dict[Pair, float] = defaultdict(float)
        for arabic, latin in pairs:
            _expect(arabic, latin, chances, seen)
        if number == ROUNDS - 1:
            for letter, spellings in USUAL.items():
                for spelling in spellings:
                    seen[letter, spelling] += PRIOR
        kept = {p: n for p, n in seen.items() if n > (MIN_SEEN if max(map(len, p)) < 2 else MIN_SEEN_LONG)}
        total = sum(kept.values())
        chances = {pair: n / total for pair, n in kept.items()}
        note(f"round {number + 1} of {ROUNDS}: {len(chances)} pairs of pieces")
    costs = {pair: round(-math.log(chance), 2) for pair, chance in sorted((chances or {}).items())}
    return Romanisation(
        pairs=costs, arabic=_letters(arabic for arabic, _ in pairs), latin=_letters(latin for _, latin in pairs)
    )


def _expect(arabic: str, latin: str, chances: dict[Pair, float] | None, seen: dict[Pair, float]) -> None:
    """Add to `seen` how often each piece is expected in a pair of words: one forward and one backward pass."""
    n_arabic, n_latin = len(arabic), len(latin)
    forward = [[0.0] * (n_latin + 1) for _ in range(n_arabic + 1)]
    forward[0][0] = 1.0
    edges = []
    for i in range(n_arabic + 1):
        for j in range(n_latin + 1):
            so_far = forward[i][j]
            if so_far == 0.0:
                continue
            for from_arabic, from_latin in STEPS:
                to_i, to_j = i + from_arabic, j + from_latin
                if to_i > n_arabic or to_j > n_latin:
                    continue
                pair = (arabic[i:to_i], latin[j:to_j])
                chance = (
                    _first_guess(to_i, to_j, n_arabic, n_latin, pair) if chances is None else chances.get(pair, 0.0)
                )
                if chance > 0.0:
                    forward[to_i][to_j] += so_far * chance
                    edges.append((i, j, to_i, to_j, pair, chance))
    whole = forward[n_arabic][n_latin]
    if whole <= 0.0:
        return
    backward = [[0.0] * (n_latin + 1) for _ in range(n_arabic + 1)]
    backward[n_arabic][n_latin] = 1.0
    for i, j, to_i, to_j, pair, chance in reversed(edges):
        rest = backward[to_i][to_j]
        if rest:
            backward[i][j] += chance * rest
            seen[pair] += forward[i][j] * chance * rest / whole


def _first_guess(to_i: int, to_j: int, n_arabic: int, n_latin: int, pair: Pair) -> float:
    """Short pieces are likelier than long ones, and those near the diagonal than those far from it."""
    size = len(pair[0]) + len(pair[1])
    likely = 1e-6 if size > 2 else 1e-3 if len(pair[0]) == 1 and size == 2 else 2e-5
    return likely if abs(to_i * n_latin - to_j * n_arabic) <= 2.2 * max(n_arabic, n_latin) else likely / 20


def _letters(words: Iterable[str]) -> dict[str, float]:
    """The cost of each letter after another."""
    pairs: Counter[str] = Counter()
    for word in words:
        pairs.update(bigrams(word))
    firsts: Counter[str] = Counter()
    for pair, n in pairs.items():
        firsts[pair[0]] += n
    n_letters = len(firsts) + 1
    return {p: round(-math.log((n + 0.5) / (firsts[p[0]] + 0.5 * n_letters)), 2) for p, n in sorted(pairs.items())}


def judge(model: Romanisation, pairs: Sequence[Pair]) -> tuple[float, float]:
    """The share of pairs above the floor, and that of wrong pairs of like length, each Arabic word with ten others."""
    rng = random.Random(SEED)
    right = sum(_is_like(model, *pair) for pair in pairs)
    tried = wrong = 0
    for arabic, latin in pairs:
        for _, other in rng.sample(pairs, 10):
            if other != latin and abs(len(other) - len(latin)) <= 1:
                tried += 1
                wrong += _is_like(model, arabic, other)
    return right / len(pairs), wrong / max(1, tried)


def _is_like(model: Romanisation, arabic: str, latin: str) -> bool:
    return model.odds(arabic, latin) / (len(arabic) + len(latin)) >= FLOOR


def write(model: Romanisation) -> None:
    """The model as MODEL."""
    stated = {
        "pairs": {"|".join(pair): cost for pair, cost in model.pairs.items()},
        "arabic": model.arabic,
        "latin": model.latin,
    }
    MODEL.write_text(json.dumps(stated, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")


def note(sentence: str) -> None:
    """Say something about the progress."""
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    """Judge, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the folder of shared data")
    parser.add_argument("--write", action="store_true", help="write the model trained on all pairs")
    told = parser.parse_args()
    pairs = read_pairs(told.shared)
    held = pairs[::HELD_OUT]
    right, wrong = judge(train([pair for number, pair in enumerate(pairs) if number % HELD_OUT]), held)
    print(f"of {len(held)} pairs not seen {right:.3f} are told for one name, of wrong pairs of like length {wrong:.5f}")
    if told.write:
        write(train(pairs))
        note(f"wrote {MODEL}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
