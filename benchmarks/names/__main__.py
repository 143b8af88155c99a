"""Train the recognisers of names on SHARED/ner and say how good they are on sentences no training read.

`python -m benchmarks.names [--shared ../shared] [--language ar] [--write]` (`make models`). With `--write` models,
cards and licences go to tasks/enrich/models. Deterministic: the same sentences give the same bytes.
"""

import argparse
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.floors import markdown_table
from benchmarks.names.cards import Result, card_path, to_card, to_licence
from benchmarks.names.corpora import Sentence, read_part, read_rows, to_sentence, with_other_names
from benchmarks.names.likeness import name_parts, train_likeness
from benchmarks.names.recipes import RECIPES, Recipe, Training
from benchmarks.names.scoring import Figures, score
from benchmarks.names.training import Letters, mean_of, to_chains, train
from benchmarks.quality import note
from config.settings import GAZETTEERS
from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.name_features import LABELS
from tasks.enrich.name_weights import Weights, read_weights
from tasks.enrich.names_model import MODELS, NamesModel, StackedRecogniser, model_path

SEED = 1
RANDOM_SHARE = 0.1


def training_sentences(shared: Path, training: Training, language: str) -> list[Sentence]:
    """The sentences of one training in the order of its recipe, renamed copies last."""
    found = [s for part in training.parts for s in read_part(shared, part) * part.times]
    names = name_parts(shared, language) if training.renamed else ([], [])
    for part in training.renamed:
        found += [to_sentence(row) for row in with_other_names(read_rows(shared, part), *names, seed=SEED)]
    return found


def trained(
    recipe: Recipe, sentences: Sequence[Sequence[Sentence]], letters: Letters, lexicon: LexiconRecogniser
) -> Weights:
    """The mean of the weights of trainings on these sentences, one sequence a training."""
    found: Weights | None = None
    for count, (training, chosen) in enumerate(zip(recipe.trainings, sentences, strict=True)):
        chains = to_chains(chosen, lexicon, recipe.language, letters)
        weights = train(chains, recipe.language, training.penalties, letters)
        found = weights if found is None else mean_of(found, weights, count / (count + 1))
    if found is None:
        raise ValueError(f"{recipe.language}: a recipe without a training")
    for label, more in recipe.eagerness.items():
        found.transitions[:, LABELS.index(label)] += np.float32(more)
    left_out = [rule.name for rule in recipe.left_out]
    return replace(found, about=found.about | {"lexicon_first": recipe.lexicon_first, "left_out": left_out})


def judged(weights: Weights, sentences: Sequence[Sentence], lexicon: LexiconRecogniser) -> Figures:
    """How good lexicons and these weights together are on sentences."""
    language = weights.about["language"]
    return score(StackedRecogniser(lexicon, NamesModel(weights, language)), sentences, language)


def at_random(
    recipe: Recipe,
    sentences: Sequence[Sequence[Sentence]],
    block: Sequence[Sentence],
    letters: Letters,
    lexicon: LexiconRecogniser,
) -> Figures:
    """What a random split would claim: a tenth of all sentences drawn out, the first training on the rest."""
    everything = {sentence.words.text: sentence for chosen in (*sentences[:1], block) for sentence in chosen}
    drawn = set(random.Random(SEED).sample(list(everything), int(len(everything) * RANDOM_SHARE)))
    rest = [[s for s in (*chosen, *block) if s.words.text not in drawn] for chosen in sentences]
    weights = trained(replace(recipe, trainings=recipe.trainings[:1]), rest[:1], letters, lexicon)
    return judged(weights, [everything[text] for text in sorted(drawn)], lexicon)


def make_model(recipe: Recipe, shared: Path, lexicon: LexiconRecogniser, *, path: Path | None, is_kept: bool) -> Result:
    """Train and judge one model; write it where a path is given."""
    kind = " permissive" if recipe.is_permissive else ""
    note(f"{recipe.language}{kind}: training ...")
    letters = train_likeness(shared, recipe.language, [s for part in recipe.words_of for s in read_part(shared, part)])
    sentences = [training_sentences(shared, training, recipe.language) for training in recipe.trainings]
    if is_kept and path is not None and path.exists():
        weights = read_weights(path, recipe.language)
    else:
        weights = trained(recipe, sentences, letters, lexicon)
    block = read_part(shared, recipe.block)
    figures = judged(weights, block, lexicon)
    precision = {name: round(found[0], 2) for name, found in figures.items()}
    weights = replace(weights, about=weights.about | {"precision": precision})
    if path is not None:
        weights.save(path)
    note(f"{recipe.language}{kind}: F {figures['ALL'][2]:.3f}")
    return Result(
        recipe=recipe,
        n_features=len(weights.features),
        n_bytes=path.stat().st_size if path is not None else 0,
        block=figures,
        lexicon=score(lexicon, block, recipe.language),
        # It is no news of the permissive variant, and training takes minutes.
        at_random=None if recipe.is_permissive else at_random(recipe, sentences, block, letters, lexicon),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print the scores, write if told to; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.names", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of the marked sentences")
    parser.add_argument("--language", action="append", choices=sorted({r.language for r in RECIPES}))
    parser.add_argument("--write", action="store_true", help=f"write models and cards to {MODELS.name}")
    parser.add_argument("--keep", action="store_true", help="write cards anew for models that are there")
    told = parser.parse_args(arguments)
    lexicon = LexiconRecogniser.load(GAZETTEERS)
    rows = []
    for language in told.language or sorted({recipe.language for recipe in RECIPES}):
        results = []
        for recipe in (recipe for recipe in RECIPES if recipe.language == language):
            path = model_path(language, permissive=recipe.is_permissive)
            results.append(
                make_model(recipe, told.shared, lexicon, path=path if told.write else None, is_kept=told.keep)
            )
            rows.append([path.name, *(f"{results[-1].block[kind][2]:.3f}" for kind in ("PER", "ORG", "LOC", "ALL"))])
        if told.write:
            card_path(language).write_text(to_card(language, results), encoding="utf-8")
    if told.write:
        (MODELS / "LICENCE.md").write_text(to_licence(), encoding="utf-8")
    sys.stdout.write(markdown_table(("F on the block", "PER", "ORG", "LOC", "ALL"), rows) + os.linesep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
