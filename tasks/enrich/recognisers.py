"""Which recogniser finds the names of which language: models that ship, spaCy pipelines, the lexicon for all others.

A choice is `trained`, `permissive`, `lexicon`, or the name or path of an installed spaCy pipeline.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from tasks.enrich.joined_names import join_names
from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.names_model import MODELS, TRAINED_LANGUAGES, NamesModel, StackedRecogniser, model_path
from tasks.enrich.spacy_names import find_pipeline, load_pipeline, version_of
from tasks.lexicons.titles import load_titles, titles_of
from tasks.records.article import Mention, Recogniser
from tasks.records.errors import UsageError

# (language, choice) pairs, by language: what can be a key, and be handed to a worker.
Choices: TypeAlias = tuple[tuple[str, str], ...]

TRAINED, PERMISSIVE, LEXICON = "trained", "permissive", "lexicon"
# The Arabic model is trained on permissive data alone; no such data was at hand for Spanish.
MODEL_FILES = {
    TRAINED: {code: model_path(code) for code in TRAINED_LANGUAGES},
    PERMISSIVE: {
        "ar": model_path("ar"),
        "en": model_path("en", permissive=True),
        "fr": model_path("fr", permissive=True),
    },
}


class RecogniserByLanguage:
    """Hands each text to the recogniser of its language, and to the lexicon where it has none."""

    def __init__(self, lexicon: Recogniser, by_language: Mapping[str, Recogniser]) -> None:
        self._lexicon = lexicon
        self._by_language = dict(by_language)

    def find_mentions(self, text: str, *, language: str) -> list[Mention]:
        """The mentions of `text` in order of `start_char`, not overlapping; `language` is an ISO 639 code or 'und'."""
        return self._by_language.get(language, self._lexicon).find_mentions(text, language=language)


@lru_cache(maxsize=4)
def load_recogniser(gazetteers: Path, choices: Choices) -> Recogniser:
    """The recogniser of these choices over a gazetteer folder.

    One object a process, so that a preloading process loads it once for all its children. Raises UsageError, one
    sentence with language, file and remedy, where a gazetteer, a model or a pipeline is missing or broken.
    """
    return RecogniserByLanguage(
        _lexicon(gazetteers), {language: _of_language(gazetteers, language, choice) for language, choice in choices}
    )


def find_names(text: str, *, language: str, gazetteers: Path, choices: Choices) -> list[Mention]:
    """The mentions of a whole document, each with the fullest form of its name that the text has.

    Raises UsageError as `load_recogniser` does.
    """
    mentions = load_recogniser(gazetteers, choices).find_mentions(text, language=language)
    return join_names(text, mentions, language=language, titles=titles_of(load_titles(gazetteers), language))


@lru_cache(maxsize=2)
def _lexicon(gazetteers: Path) -> LexiconRecogniser:
    return LexiconRecogniser.load(gazetteers)


@lru_cache(maxsize=16)
def _of_language(gazetteers: Path, language: str, choice: str) -> Recogniser:
    lexicon = _lexicon(gazetteers)
    if choice == LEXICON:
        return lexicon
    if choice in MODEL_FILES:
        return StackedRecogniser(lexicon, NamesModel.load(model_file(language, choice), language))
    return load_pipeline(choice, language, lexicon)


def is_pipeline(choice: str) -> bool:
    """Whether a choice names a spaCy pipeline."""
    return choice != LEXICON and choice not in MODEL_FILES


def model_file(language: str, choice: str) -> Path:
    """Where the model of a choice lies. Raises UsageError where no such model ships."""
    path = MODEL_FILES[choice].get(language)
    if path is None:
        raise UsageError(
            f"{language}: no {choice} model of names ships in {MODELS} (there is one for "
            f"{', '.join(sorted(MODEL_FILES[choice]))}); set recognisers.{language} to lexicon or to a spaCy pipeline"
        )
    return path


def check_choices(choices: Choices) -> None:
    """Nothing. Raises UsageError naming language, file and remedy where what is chosen is missing or broken.

    Models are read whole. Of a spaCy pipeline its place and description are looked at, and spaCy is not imported: to
    know that it works is to load it.
    """
    for language, choice in choices:
        if choice in MODEL_FILES:
            NamesModel.load(model_file(language, choice), language)
        elif choice != LEXICON:
            find_pipeline(choice, language)


def recogniser_versions(choices: Choices) -> dict[str, str]:
    """For each language what tells this recogniser's mentions from another's, without the place where it lies.

    What is missing has a version of its own, and no error: a run without pending work needs no model.
    """
    return {language: _version(language, choice) for language, choice in choices if choice != LEXICON}


def _version(language: str, choice: str) -> str:
    try:
        if is_pipeline(choice):
            return version_of(find_pipeline(choice, language))
        return hashlib.sha256(model_file(language, choice).read_bytes()).hexdigest()
    except (UsageError, OSError):
        return f"{choice}: missing"
