"""Words a second of the recognisers of names on one core, as `python -m benchmarks.names.speed [--shared ../shared]`.

Texts of a few hundred words each, made of the sentences of the blocks in their order, as documents come: every text is
new, its words are not all. Beside the figure stands the ratio to the recogniser by lexicons alone in the same process.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.floors import markdown_table
from benchmarks.names.corpora import read_part
from benchmarks.names.recipes import RECIPES
from config.settings import GAZETTEERS
from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.names_model import NamesModel, StackedRecogniser, model_path
from tasks.lexicons.words import Words
from tasks.records.article import Recogniser

SENTENCES_A_PARAGRAPH, PARAGRAPHS_A_TEXT = 3, 6


def to_texts(sentences: Sequence[str]) -> list[str]:
    """The sentences as documents."""
    paragraphs = [
        " ".join(sentences[at : at + SENTENCES_A_PARAGRAPH]) for at in range(0, len(sentences), SENTENCES_A_PARAGRAPH)
    ]
    size = PARAGRAPHS_A_TEXT
    return ["\n".join(paragraphs[at : at + size]) for at in range(0, len(paragraphs), size)]


def words_a_second(recogniser: Recogniser, texts: Sequence[str], language: str) -> float:
    """Words read in a second of CPU."""
    n_words = sum(len(Words(text)) for text in texts)
    began = time.process_time()
    for text in texts:
        recogniser.find_mentions(text, language=language)
    return n_words / (time.process_time() - began)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each shipped model; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.names.speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of the marked sentences")
    told = parser.parse_args(arguments)
    lexicon = LexiconRecogniser.load(GAZETTEERS)
    rows = []
    for recipe in (recipe for recipe in RECIPES if not recipe.is_permissive):
        language = recipe.language
        texts = to_texts([sentence.words.text for sentence in read_part(told.shared, recipe.block)])
        stacked = StackedRecogniser(lexicon, NamesModel.load(model_path(language), language))
        alone = words_a_second(lexicon, texts, language)
        both = words_a_second(stacked, texts, language)
        rows.append([language, f"{alone:,.0f}", f"{both:,.0f}", f"{both / alone:.2f}"])
    sys.stdout.write(markdown_table(("words a second", "lexicons", "model and lexicons", "ratio"), rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
