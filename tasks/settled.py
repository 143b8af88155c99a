"""What settling makes of rows of `pages` before anyone is identified: accepted ones, without site boilerplate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.corpus.boilerplate import SiteRule, strip
from tasks.corpus.places import identify_places
from tasks.lexicons.organisations import load_organisations
from tasks.lexicons.places import load_places
from tasks.page import text_columns
from tasks.records.article import Mention
from tasks.site_rules import Rules, sites_of
from tasks.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What the steps of settling share; `names` is the folder in which identities leave the names of documents.

    `has_other_aliases` says whether the aliases in `entities` are others by now.
    """

    out: Path
    gazetteers: Path
    version: str
    rules: Rules
    names: Path
    pool: WorkerPool
    timeout_s: float
    has_other_aliases: bool = False

    def rules_of(self, pages: Path) -> dict[str, SiteRule]:
        """The rules of the sites in a pages file."""
        sites = sites_of([pages], self.out)
        return {site: rule for site, rule in self.rules.items() if site in sites}


# What depends on the text of a document.
STRIPPED_COLUMNS = (
    "text", "text_sha256", "n_chars", "n_words", "language", "language_score", "script", "languages", "entities",
)  # fmt: skip


def accepted_rows(table: pa.Table) -> pa.Table:
    """The accepted ones among rows of `pages`."""
    return table.filter(pc.equal(table.column("status"), "accepted"))


def settled_columns(accepted: pa.Table, rules: Rules) -> dict[str, list[Any]]:
    """The columns of accepted pages that settling changes or needs: entities, language, removed, and what else differs.

    Without the boilerplate of their sites; mentions in removed paragraphs are gone, offsets are those of the new text.
    """
    columns: dict[str, list[Any]] = {"removed": [[] for _ in range(accepted.num_rows)]}
    names = STRIPPED_COLUMNS if rules else ("language", "entities")
    columns |= {name: accepted.column(name).to_pylist() for name in names}
    if rules:
        for index, site in enumerate(accepted.column("site").to_pylist()):
            if site in rules:
                _strip_row(columns, index, rules[site])
    return columns


def _strip_row(columns: dict[str, list[Any]], index: int, rule: SiteRule) -> None:
    """Nothing; afterwards a row is that of its text without boilerplate."""
    stripped = strip(columns["text"][index], rule)
    if not stripped.removed:
        return
    columns["removed"][index] = [{"position": position, "text": line} for position, line in stripped.removed]
    kept = []
    for entity in columns["entities"][index]:
        start = stripped.moved(entity["start_char"], entity["end_char"])
        if start is not None:
            kept.append({**entity, "start_char": start, "end_char": start + len(entity["surface"])})
    for name, value in {**text_columns(stripped.text), "entities": kept}.items():
        columns[name][index] = value


def placed_mentions(
    entities: Sequence[list[dict[str, Any]]], languages: Sequence[str | None], *, gazetteers: Path
) -> Iterator[list[Mention]]:
    """The mentions of each document, places and curated organisations with their ids."""
    places, organisations = load_places(gazetteers), load_organisations(gazetteers)
    for row, language in zip(entities, languages, strict=True):
        mentions = [Mention(**entity) for entity in row]
        yield identify_places(mentions, places=places, organisations=organisations, language=language)
