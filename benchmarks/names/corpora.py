"""The sentences that recognisers of names are trained and judged on: files of SHARED/ner, and which parts of them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality import read_jsonl
from tasks.lexicons.words import Words

TYPES = ("PER", "ORG", "LOC")
Gold = frozenset[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive sentences of one file: `first` from 0, `end` the one after the last or None; read `times` times."""

    file: str
    first: int = 0
    end: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, cut into words, with the names marked in it: (start, end, type) in code points."""

    words: Words
    gold: Gold

    def labels(self) -> list[str]:
        """O, B-PER, I-PER, ... for each word. A word belongs to a name that covers its last letter."""
        labels = ["O"] * len(self.words)
        for start, end, kind in self.gold:
            covered = [
                i
                for i, word_end in enumerate(self.words.ends)
                if start < word_end <= end and self.words.starts[i] < end
            ]
            for i in covered:
                labels[i] = f"I-{kind}"
            if covered:
                labels[covered[0]] = f"B-{kind}"
        return labels


def read_part(shared: Path, part: Part) -> list[Sentence]:
    """The sentences of a part that hold a word."""
    found = [to_sentence(row) for row in read_rows(shared, part)]
    return [sentence for sentence in found if len(sentence.words)]


def read_rows(shared: Path, part: Part) -> list[dict[str, Any]]:
    """The rows of a part that hold a token."""
    rows = read_jsonl(shared / "ner" / f"{part.file}.jsonl")[part.first : part.end]
    return [row for row in rows if row["tokens"]]


def to_sentence(row: dict[str, Any]) -> Sentence:
    """Tokens joined by single spaces, as the scorer of SHARED joins them, and the spans of PER, ORG, LOC."""
    return Sentence(Words(" ".join(row["tokens"])), frozenset(gold_spans(row["tokens"], row["tags"])))


def gold_spans(tokens: Sequence[str], tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """(start, end, type) of the names marked: `B-` opens one, `I-` of the same type goes on with it."""
    at, opened = 0, None
    for token, tag in zip([*tokens, ""], [*tags, "O"], strict=True):
        kind = tag.partition("-")[2]
        if opened and not (tag.startswith("I-") and kind == opened[2]):
            if opened[2] in TYPES:
                yield opened
            opened = None
        if kind:
            opened = (opened[0] if opened else at, at + len(token), kind)
        at += len(token) + 1


def with_other_names(
    rows: Sequence[dict[str, Any]], people: Sequence[str], places: Sequence[str], *, seed: int
) -> list[dict[str, Any]]:
    """Copies of the rows that name people or places, with other names in their stead.

    What stands around a name teaches more when the names themselves are many: parts of people's names are drawn from
    `people`, names of places of one word from `places`.
    """
    dice = random.Random(seed)
    copies = []
    for row in rows:
        tokens = list(row["tokens"])
        tags = row["tags"]
        for i, tag in enumerate(tags):
            is_single = tag == "B-LOC" and tags[i + 1 : i + 2] != ["I-LOC"]
            if tag.endswith("PER") and len(tokens[i]) > 2 and dice.random() < 0.7:
                tokens[i] = dice.choice(people)
            elif is_single and dice.random() < 0.5:
                tokens[i] = dice.choice(places)
        if tokens != row["tokens"]:
            copies.append({"tokens": tokens, "tags": tags})
    return copies
