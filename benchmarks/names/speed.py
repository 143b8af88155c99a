"""Words a second of the recognisers of names on one core, as `python -m benchmarks.names.speed [--shared ../shared]`.

Texts of a few hundred words each, made of the sentences of the blocks in their order, as documents come: every text is
new, its words are not all. Beside the figure stand the lexicons alone and a peer in the same process: spaCy's
recogniser of default size (HashEmbedCNN, 96 x 4), untrained, which takes the time of a trained one of its shape.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import spacy

from benchmarks.floors import markdown_table
from benchmarks.names.corpora import read_part
from benchmarks.names.recipes import RECIPES
from config.settings import GAZETTEERS
from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.names_model import NamesModel, StackedRecogniser, model_path
from tasks.lexicons.words import Words
from tasks.records.article import ENTITY_TYPES, Recogniser

SENTENCES_A_PARAGRAPH, PARAGRAPHS_A_TEXT = 3, 6
# The peer is slow: a part of the texts says as much.
PEER_TEXTS = 150
# Each is measured so often in alternation, anew each time, and the best stands: other machines on the same host only
# ever make one slower.
TURNS = 3


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


def peer_words_a_second(texts: Sequence[str], language: str) -> float:
    """Words that spaCy's recogniser reads in a second of CPU."""
    pipeline = spacy.blank(language)
    recogniser = pipeline.add_pipe("ner")
    for kind in ENTITY_TYPES:
        recogniser.add_label(kind)  # type: ignore[attr-defined]
    pipeline.initialize()
    n_words = sum(len(Words(text)) for text in texts)
    began = time.process_time()
    for _ in pipeline.pipe(texts):
        pass
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
        alone = both = peer = 0.0
        for _ in range(TURNS):
            new = StackedRecogniser(lexicon, NamesModel.load(model_path(language), language))
            alone = max(alone, words_a_second(lexicon, texts, language))
            both = max(both, words_a_second(new, texts, language))
            peer = max(peer, peer_words_a_second(texts[:PEER_TEXTS], language))
        rows.append([language, f"{peer:,.0f}", f"{alone:,.0f}", f"{both:,.0f}", f"{both / peer:.2f}"])
    headings = ("words a second", "spaCy CNN 96x4", "lexicons alone", "model and lexicons", "ratio to spaCy")
    sys.stdout.write(markdown_table(headings, rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
