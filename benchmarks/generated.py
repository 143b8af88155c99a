"""Datasets of invented rows at full size, written by the store itself, over raw containers that a scan has cut.

Each container is a JSONL file of short lines; `scan_container` cuts it, and the footers say of it what a build would
have said. Only extraction is left out: the rows of `pages` are invented, a column at a time, with texts and names as
many and as frequent as the press has them. All that is made of them is made by a build. So a run over such a pair of
folders finds nothing to do for the same reason as over real ones.
"""

import functools
import hashlib
import json
import os
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa

from config.settings import Settings
from tasks.extract.urls import page_id
from tasks.raw.containers import list_containers
from tasks.raw.scan import ScanStart, scan_container
from tasks.records.batches import Batch, Container
from tasks.records.rows import ENTITY
from tasks.run import to_work
from tasks.site_rules import write_site_lines
from tasks.store.files import commit_temp, temp_path, write_temp
from tasks.store.footers import PagesFooter
from tasks.store.layout import PAGES, SITE_LINES, file_path
from tasks.store.lock import claim
from tasks.store.tables import checked, schema_of, sorted_table
from tests.driver import build_with

LANGUAGES = ("fr", "ar", "en", "es")
SCRIPTS = {"ar": "Arab"}
LETTERS = {"ar": ("بتجحدرزسشصطعفقكلمنهو", "ايوةأ"), "": ("bcdfglmnprstv", "aeiou")}
FIRST_DAY = datetime(2023, 1, 1, tzinfo=UTC)
N_DAYS = 730
N_SITES = 40
CORPUS_CHARS = 3_000_000
# As long as press articles are: a kilobyte or two.
MIN_CHARS, MAX_CHARS = 900, 2_100
MAX_NAMES = 6
# Names of a corpus: few are frequent, most are rare.
N_NAMES = {"PER": 40_000, "ORG": 10_000}
N_FIRST_WORDS = 400
PLACES = ("Casablanca", "Rabat", "Madrid", "Paris", "London", "Tunis", "Tanger", "Lyon", "Sevilla", "Bruxelles")
ARABIC_OF = dict(zip("bdfghjklmnrstz", "بدفغهجكلمنرستز", strict=True))
SYLLABLES = [
    (latin + vowel, ARABIC_OF[latin] + written)
    for latin in ARABIC_OF
    for vowel, written in (("a", "ا"), ("e", ""), ("i", "ي"), ("ou", "و"))
]
# Containers that a process takes at once.
CHUNK_FILES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many containers, each of how many records; each container is one file of each dataset."""

    n_files: int
    rows_per_file: int

    @property
    def n_rows(self) -> int:
        """Rows of each dataset."""
        return self.n_files * self.rows_per_file


def fetched_at(row: int, shape: Shape) -> datetime:
    """When row `row` was fetched: container after container over two years."""
    day, second = divmod(row // shape.rows_per_file * N_DAYS * 86_400 // shape.n_files, 86_400)
    return FIRST_DAY + timedelta(days=day, seconds=second // 2 + row % shape.rows_per_file)


def url_of(row: int) -> str:
    """The address of a row; every tenth is that of an earlier row, fetched again."""
    page = row if row % 10 else row // 2
    return f"https://www.outlet-{page % N_SITES}.example/{page % 28 + 1:02d}/{page * 7919 % 1_000_003}-{page}.html"


def generate(raw: Path, out: Path, *, shape: Shape, settings: Settings) -> None:
    """Nothing; afterwards `raw` and `out` are as a build of `shape` would have left them, texts apart."""
    for folder in (raw, out):
        folder.mkdir(parents=True, exist_ok=True)
    claim(out, raw)
    version = to_work(settings).pipeline_version
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        write = functools.partial(_write_container, raw, shape=shape)
        list(pool.map(write, range(shape.n_files), chunksize=CHUNK_FILES))
        fill = functools.partial(_write_files, raw, out, shape=shape, settings=settings, version=version)
        list(pool.map(fill, list_containers(raw), chunksize=CHUNK_FILES))
    build_with(settings, extractor=None, rebuild=False)


def _write_container(raw: Path, number: int, *, shape: Shape) -> None:
    lines = [
        json.dumps({"url": url_of(row), "text": f"Report {row}.", "fetched_at": fetched_at(row, shape).isoformat()})
        for row in range(number * shape.rows_per_file, (number + 1) * shape.rows_per_file)
    ]
    path = raw / f"{number % 100:02d}" / f"{number:06d}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_files(raw: Path, out: Path, container: Container, *, shape: Shape, settings: Settings, version: str) -> None:
    first = int(Path(container.path).stem) * shape.rows_per_file
    for batch in scan_container(
        raw,
        container,
        start=ScanStart(),
        batch_records=settings.batch_records,
        chunk_records=settings.chunk_records,
        max_bytes=settings.max_page_bytes,
    ):
        _write_batch(out, batch, first + batch.first_record, shape, version)


def _write_batch(out: Path, batch: Batch, first: int, shape: Shape, version: str) -> None:
    """The pages and site_lines of a batch, through the store: the one place that knows how a build writes them."""
    table = _to_table(invented_columns(batch, first, shape, version), PAGES)
    path = file_path(out, PAGES, crawl_date=batch.crawl_date, batch_id=batch.batch_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = temp_path(path)
    written = write_temp(
        temp,
        [table],
        dataset=PAGES,
        footer=lambda digest: PagesFooter.of_batch(batch, pipeline_version=version, rows_sha256=digest).to_json(),
    )
    commit_temp(temp, path, n_rows=written.n_rows)
    lines = file_path(out, SITE_LINES, crawl_date=batch.crawl_date, batch_id=batch.batch_id)
    lines.parent.mkdir(parents=True, exist_ok=True)
    temp = temp_path(lines)
    commit_temp(temp, lines, n_rows=write_site_lines(path, temp))


def _to_table(columns: dict[str, list[Any] | pa.Array], dataset: str) -> pa.Table:
    schema = schema_of(dataset)
    n_rows = len(columns["document_id"])
    arrays = []
    for field in schema:
        values = columns.get(field.name)
        if values is None:
            values = [[] if pa.types.is_list(field.type) else None] * n_rows
        arrays.append(values if isinstance(values, pa.Array) else pa.array(values, type=field.type))
    return sorted_table(checked(pa.Table.from_arrays(arrays, schema=schema), dataset=dataset))


def invented_columns(batch: Batch, first: int, shape: Shape, version: str) -> dict[str, list[Any] | pa.Array]:
    """The columns of a batch's rows, numbered from `first`; the same for the same numbers. What is absent is null."""
    draw = random.Random(first)
    rows = range(first, first + batch.n_records)
    urls = [url_of(row) for row in rows]
    fetched = [fetched_at(row, shape) for row in rows]
    languages = draw.choices(LANGUAGES, weights=(4, 3, 2, 1), k=len(rows))
    named = [_named(_text(language, draw), language, draw) for language in languages]
    texts = [text for text, _ in named]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    ages = [draw.random() * 30 for _ in rows]
    return {
        "document_id": [hashlib.sha256(f"{batch.container}\0{row}".encode()).hexdigest()[:32] for row in rows],
        "page_id": [page_id(canonical_url=url, url=url, raw_path="") for url in urls],
        "url": urls,
        "canonical_url": urls,
        "site": [url.split("/")[2].removeprefix("www.") for url in urls],
        "source": [f"Outlet {url.split('-')[1].split('.')[0]}" for url in urls],
        "fetched_at": fetched,
        "published_at": [
            at - timedelta(minutes=int(age * 1_440)) if age > 1 else None for at, age in zip(fetched, ages, strict=True)
        ],
        "published_precision": ["minute" if age > 1 else None for age in ages],
        "published_from": ["json_ld" if age > 1 else None for age in ages],
        "title": [text[:70].strip() for text in texts],
        "description": [text[70:230].strip() for text in texts],
        "authors": [[text[230:245].strip()] for text in texts],
        "text": texts,
        "text_sha256": digests,
        "n_chars": [len(text) for text in texts],
        "n_words": [text.count(" ") + 1 for text in texts],
        "language": languages,
        "language_score": [0.9] * len(rows),
        "script": [SCRIPTS.get(language, "Latn") for language in languages],
        "languages": [[{"language": language, "share": 1.0}] for language in languages],
        "entities": _entities([mentions for _, mentions in named]),
        "is_paywalled": [False] * len(rows),
        "is_listing": [False] * len(rows),
        "extractor": ["invented"] * len(rows),
        "pipeline_version": [version] * len(rows),
        "batch_id": [batch.batch_id] * len(rows),
        "raw_path": [f"{batch.container}#{number}" for number in range(1, len(rows) + 1)],
        "raw_sha256": [digest[::-1] for digest in digests],
        "status": ["accepted"] * len(rows),
    }


@functools.cache
def _corpus(language: str) -> str:
    """A long run of invented words, the frequent ones short and few as in any language."""
    draw = random.Random(language)
    consonants, vowels = LETTERS.get(language, LETTERS[""])
    words = [
        "".join(draw.choice(consonants) + draw.choice(vowels) for _ in range(1 + n_word % 2 + n_word.bit_length() // 5))
        for n_word in range(8_000)
    ]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return " ".join(draw.choices(words, weights, k=CORPUS_CHARS // 5))


def _text(language: str, draw: random.Random) -> str:
    corpus = _corpus(language)
    start = draw.randrange(len(corpus) - MAX_CHARS)
    return corpus[start : start + draw.randrange(MIN_CHARS, MAX_CHARS)]


@functools.cache
def _names(kind: str, script: str) -> tuple[list[str], list[float]]:
    """Invented names of a kind, the same ones in every script, and how often up to each: Zipf's law."""
    if kind == "LOC":
        names = list(PLACES)
    else:
        draw = random.Random(kind)
        first = [_word(draw, script) for _ in range(N_FIRST_WORDS)]
        chances = list(accumulate(1 / (rank + 2) for rank in range(len(first))))
        names = [f"{draw.choices(first, cum_weights=chances)[0]} {_word(draw, script)}" for _ in range(N_NAMES[kind])]
    return names, list(accumulate(1 / (rank + 10) for rank in range(len(names))))


def _word(draw: random.Random, script: str) -> str:
    syllables = [draw.choice(SYLLABLES) for _ in range(draw.choice((2, 2, 3)))]
    last, _ = draw.choice(SYLLABLES)
    written = [arabic if script == "Arab" else latin for latin, arabic in syllables]
    return "".join(written) + (ARABIC_OF[last[0]] if script == "Arab" else last[0])


def _named(text: str, language: str, draw: random.Random) -> tuple[str, list[dict[str, Any]]]:
    """A text with up to MAX_NAMES names in it, as long as before, and their mentions."""
    script = SCRIPTS.get(language, "Latn")
    mentions: list[dict[str, Any]] = []
    for number in range(draw.randrange(MAX_NAMES + 1)):
        kind = draw.choice(("PER", "ORG", "LOC"))
        names, chances = _names(kind, script)
        name = draw.choices(names, cum_weights=chances)[0].title()
        start = 100 * number + 20
        end = start + len(name)
        text = f"{text[:start]}{name}{text[end:]}"
        mentions.append(
            {"entity_id": None, "type": kind, "name": name, "surface": name, "start_char": start, "end_char": end,
             "score": 0.5}
        )  # fmt: skip
    return text, mentions


def _entities(mentions: list[list[dict[str, Any]]]) -> pa.Array:
    return pa.array(mentions, type=pa.list_(ENTITY))
