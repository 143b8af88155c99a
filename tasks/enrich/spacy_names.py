"""Names by an installed spaCy pipeline, for a language that the settings give one.

spaCy is imported only where a pipeline is loaded; where the pipeline lies and what it is can be told without.
"""

import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.same_document import named_elsewhere
from tasks.enrich.spans import Rule, Span, without_overlaps
from tasks.lexicons.words import Words
from tasks.records.article import EntityType, Mention
from tasks.records.errors import UsageError

if TYPE_CHECKING:
    from spacy.language import Language

# What the labels of published pipelines mean here. States and cities (GPE, LOC) and built places (FAC: airports,
# bridges) are LOC, as in CoNLL-2003; groups of people (NORP), products, works, events and MISC are none of the three.
LABELS: dict[str, EntityType] = {
    "PER": "PER",
    "PERSON": "PER",
    "PERSNAME": "PER",
    "PRS": "PER",
    "PS": "PER",
    "ORG": "ORG",
    "ORGANIZATION": "ORG",
    "ORGNAME": "ORG",
    "OG": "ORG",
    "GPE_ORG": "ORG",
    "LOC": "LOC",
    "GPE": "LOC",
    "GPE_LOC": "LOC",
    "FAC": "LOC",
    "FACILITY": "LOC",
    "PLACENAME": "LOC",
    "GEOGNAME": "LOC",
    "LC": "LOC",
}
# Components that add nothing to the names that others find. A ruler's patterns may ask for any of them: with a ruler
# all are kept. What spaCy does not know is kept too.
NO_NAMES = {
    "attribute_ruler",
    "entity_linker",
    "lemmatizer",
    "morphologizer",
    "parser",
    "senter",
    "sentencizer",
    "spancat",
    "spancat_singlelabel",
    "tagger",
    "textcat",
    "textcat_multilabel",
    "trainable_lemmatizer",
}
RULERS = {"entity_ruler", "span_ruler"}
VECTORS = {"tok2vec", "transformer", "curated_transformer"}
# So many characters are read at once, cut between paragraphs: spaCy's memory grows with the text, and its limit
# (max_length) is a million.
WINDOW_CHARS = 20_000
# A longer run without a space (addresses, emoji, rules of stops) holds no name, and spaCy's time for a run grows with
# the square of its length: 6 s for 5,000 emoji.
MAX_RUN_CHARS = 60
RUN = re.compile(r"\S+")
# Where a pipeline does not say how often it is right.
UNKNOWN_PRECISION = 0.5
MODEL_RANK = 9
# Stand around names and are no part of them: space, marks of direction, quotes, brackets, stops that end no initial.
QUOTES = frozenset(
    " \t\n\r\u00a0\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
    "\"'`«»‹›“”‘’„()[]{}<>,;:!?…،؛؟"
)

PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An installed spaCy pipeline, before it is loaded: how the settings name it, where it lies, its description."""

    named: str
    folder: Path
    meta: dict[str, Any]
    meta_sha256: str

    @property
    def is_path(self) -> bool:
        """Whether the settings give a path, not the name of a package."""
        return "/" in self.named

    @property
    def title(self) -> str:
        """Its full name and version, as spaCy names packages: fr_core_news_md 3.8.0."""
        return f"{self.meta['lang']}_{self.meta['name']} {self.meta['version']}"


def find_pipeline(named: str, language: str) -> Pipeline:
    """The pipeline of a name or path, which is not loaded.

    Raises UsageError naming language, place and remedy where spaCy or the pipeline is missing or is none.
    """
    otherwise = f"set recognisers.{language} to trained or lexicon"
    if importlib.util.find_spec("spacy") is None:
        raise UsageError(
            f"{language}: the spaCy pipeline {named} needs spaCy, which is not installed; "
            f'`pip install "marsad[spacy]"`, or {otherwise}'
        )
    folder = _folder(named, language, otherwise)
    try:
        stated = (folder / "meta.json").read_bytes()
        meta = json.loads(stated)
        if not all(isinstance(meta[key], str) for key in ("lang", "name", "version")):
            raise TypeError("lang, name or version is no text")
    except FileNotFoundError:
        raise UsageError(
            f"{language}: {folder} is no spaCy pipeline (it has no meta.json); name another, or {otherwise}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(named, language, folder, error) from error
    data = folder / f"{meta['lang']}_{meta['name']}-{meta['version']}"
    return Pipeline(named, data if data.is_dir() else folder, meta, hashlib.sha256(stated).hexdigest())


def _folder(named: str, language: str, otherwise: str) -> Path:
    if "/" in named:
        if not Path(named).is_dir():
            raise UsageError(f"{language}: there is no spaCy pipeline in {named}; correct the path, or {otherwise}")
        return Path(named)
    spec = importlib.util.find_spec(named)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f"{language}: the spaCy pipeline {named} is not installed; "
            f"`python -m spacy download {named}`, or {otherwise}"
        )
    return Path(spec.submodule_search_locations[0])


def _broken(named: str, language: str, folder: Path, error: Exception) -> UsageError:
    said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return UsageError(
        f"{language}: the spaCy pipeline {named} in {folder} does not load ({said}); install it again, or "
        f"set recognisers.{language} to trained or lexicon"
    )


def version_of(pipeline: Pipeline) -> str:
    """What tells this pipeline's mentions from those of another: spaCy's version, its own, and its description."""
    return f"spacy {importlib.metadata.version('spacy')} {pipeline.title} {pipeline.meta_sha256}"


def load_pipeline(named: str, language: str, lexicon: LexiconRecogniser) -> "SpacyRecogniser":
    """The recogniser over an installed pipeline.

    Raises UsageError naming language, place and remedy where it is missing, does not load, or finds no people,
    organisations or places.
    """
    pipeline = find_pipeline(named, language)
    try:
        nlp = _load(pipeline)
    except Exception as error:  # another's code and files: whatever they raise, the pipeline does not load
        raise _broken(named, language, pipeline.folder, error) from error
    if not any(type_of(label) for name in nlp.pipe_names for label in nlp.pipe_labels.get(name, ())):
        raise UsageError(
            f"{language}: the spaCy pipeline {named} in {pipeline.folder} finds no people, organisations or places; "
            f"name another, or set recognisers.{language} to trained or lexicon"
        )
    return SpacyRecogniser(nlp, lexicon)


def _load(pipeline: Pipeline) -> "Language":
    """The pipeline with the components alone that find names. A package is loaded by its own code."""
    import spacy  # noqa: PLC0415 - takes 1.5 s, and is not there unless a pipeline is chosen

    exclude = _without_names(spacy.util.load_config(pipeline.folder / "config.cfg"))
    if pipeline.is_path:
        return spacy.load(pipeline.folder, exclude=exclude)
    nlp: Language = importlib.import_module(pipeline.named).load(exclude=exclude)
    return nlp


def _without_names(config: dict[str, Any]) -> list[str]:
    """Components of a pipeline that its names do not need."""
    components = config.get("components", {})
    factories = {name: components.get(name, {}).get("factory") for name in config["nlp"]["pipeline"]}
    if RULERS & set(factories.values()):
        return []
    exclude = [name for name, factory in factories.items() if factory in NO_NAMES]
    kept = [components[name] for name in factories if name not in exclude and factories[name] not in VECTORS]
    if not any("Listener" in json.dumps(component, default=str) for component in kept):
        exclude += [name for name, factory in factories.items() if factory in VECTORS]
    return exclude


def type_of(label: str) -> EntityType | None:
    """What a pipeline's label means here; None for what is no person, organisation or place."""
    return LABELS.get(label.upper())


class SpacyRecogniser:
    """Finds names by a spaCy pipeline, and again where a name that it found stands elsewhere in the text."""

    def __init__(self, nlp: "Language", lexicon: LexiconRecogniser) -> None:
        self._nlp = nlp
        self._lexicon = lexicon
        self._window_chars = min(WINDOW_CHARS, nlp.max_length)
        # Tokenizers of languages without spaces are other classes.
        self._cuts_at_spaces = type(nlp.tokenizer).__name__ == "Tokenizer"

    def find_mentions(self, text: str, *, language: str) -> list[Mention]:
        """The mentions of `text` in order of `start_char`, not overlapping; none reaches over a line."""
        mentions: dict[int, Mention] = {}
        for offset, window in windows(text, self._window_chars):
            for entity in self._nlp(self._readable(window)).ents:
                start, end = _trimmed(text, offset + entity.start_char, offset + entity.end_char)
                type_ = type_of(entity.label_)
                if type_ and start < end:
                    score = precision(self._nlp.meta, entity.label_)
                    mentions[start] = _mention(text, start, end, type_, score)
        found = list(mentions.values())
        return sorted([*found, *self._elsewhere(text, found, language)], key=lambda mention: mention.start_char)

    def _readable(self, window: str) -> str:
        """The window without what spaCy cannot read, or not in time; every character keeps its place.

        A lone surrogate, legal in str, is not legal in UTF-8.
        """
        window = window.encode(errors="replace").decode()
        return RUN.sub(_blank_if_long, window) if self._cuts_at_spaces else window

    def _elsewhere(self, text: str, mentions: list[Mention], language: str) -> Iterator[Mention]:
        """Further mentions of the people and organisations found; what lies across words is left alone."""
        if not mentions:
            return
        words = Words(text)
        taken, spans = [False] * len(words), []
        for mention in mentions:
            first = bisect_left(words.ends, mention.start_char + 1)
            last = bisect_left(words.starts, mention.end_char) - 1
            taken[first : last + 1] = [True] * (last + 1 - first)
            if first <= last and (words.starts[first], words.ends[last]) == (mention.start_char, mention.end_char):
                spans.append(Span(first, last, mention.type, Rule("spaCy", mention.score, MODEL_RANK)))
        profile = self._lexicon.language_words(language)
        for span in without_overlaps(named_elsewhere(words, spans, profile, taken=taken), taken=taken):
            start, end = _trimmed(text, words.starts[span.first], words.ends[span.last])
            yield _mention(text, start, end, span.type, span.rule.score)


def windows(text: str, most: int) -> Iterator[tuple[int, str]]:
    """Offset and characters of the windows of a text, of `most` characters or fewer, together the whole of it.

    Cut behind a paragraph; where a paragraph is longer, behind a space; where there is none, anywhere.
    """
    start = 0
    while start < len(text):
        end = start + most
        if end < len(text):
            paragraph = text.rfind("\n", start, end)
            cut = paragraph if paragraph >= 0 else text.rfind(" ", start, end)
            end = cut + 1 if cut >= 0 else end
        yield start, text[start:end]
        start = end


def _blank_if_long(run: re.Match[str]) -> str:
    n_chars = run.end() - run.start()
    return run[0] if n_chars <= MAX_RUN_CHARS else " " * n_chars


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the name begins and ends inside what a pipeline took for it: one line, no quotes, brackets or stops."""
    while start < end and text[start] in QUOTES:
        start += 1
    line_end = text.find("\n", start, end)
    end = end if line_end < 0 else line_end
    while end > start and text[end - 1] in QUOTES:
        if text.find(PAIRS.get(text[end - 1], "\0"), start, end) >= 0:
            break  # "Ligue (LFP)" ends with its bracket
        end -= 1
    return start, end


def _mention(text: str, start: int, end: int, type_: EntityType, score: float) -> Mention:
    surface = text[start:end]
    return Mention(
        type=type_, name=" ".join(surface.split()), surface=surface, start_char=start, end_char=end, score=score
    )


def precision(meta: dict[str, Any], label: str) -> float:
    """How often a pipeline says it is right with a label, 0..1."""
    performance = meta.get("performance") or {}
    of_label = (performance.get("ents_per_type") or {}).get(label) or {}
    stated = of_label.get("p") or performance.get("ents_p")
    return min(1.0, float(stated)) if isinstance(stated, int | float) else UNKNOWN_PRECISION
