"""The quality of Marsad on the real pages of `../shared`, beside trafilatura alone on the same pages in the same run.

`python -m benchmarks.quality --shared ../shared` (`make eval`). Pages, plain-text dumps and seeds are built into a
temporary folder without Prefect and scored by the scorers of `SHARED/score`; language and entities are scored through
the command `marsad tag`. One markdown table goes to standard output, progress to standard error.

Exit code 0; 1 where a measure is below its floor (benchmarks/floors.yaml); 2 where it could not run.
"""

import argparse
import gzip
import html
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import justext
import pyarrow.compute as pc
import pyarrow.parquet as pq
from babel import Locale, UnknownLocaleError

from benchmarks.bare import extract_rows, open_bare_pool, over_chunks, read_pages
from benchmarks.driver import Build, build
from benchmarks.floors import Measure, below_floor, load_floors, to_markdown
from benchmarks.identities import measure_identities
from benchmarks.scorers import ScorerFailed, load_scorer, score_entities, score_language
from config.settings import load_settings
from tasks.enrich.language import detect_language
from tasks.records.errors import MarsadError

OK, BELOW, UNUSABLE = 0, 1, 2
# The parts of SHARED without which nothing can be measured.
NEEDED = ("score", "pages/raw", "pages/gold", "pages/dumps", "seeds", "lid", "ner")
SETS = ("traf", "sh", "europa", "htmldate")
DUMPS = ("sh", "europa")
# facts/entities.md, "Development blocks": (name, language, file, first line from 0, line after the last).
BLOCKS = (
    ("ar.newsfane from 3221", "ar", "ar.newsfane.jsonl", 3_220, None),
    ("fr.sequoia.wikipedia", "fr", "fr.sequoia.wikipedia.jsonl", 0, None),
    ("en.wikigold", "en", "en.wikigold.jsonl", 0, None),
    ("es.wikineural.b first 2000", "es", "es.wikineural.b.jsonl", 0, 2_000),
)
# The seeds for which issue 2 asks for title and date.
STATED_SEEDS = ("000", "001", "002")

Row = dict[str, Any]
Rows = dict[str, Row]


class Unusable(Exception):
    """The evaluation could not run; the message says why in one sentence."""


def read_jsonl(path: Path) -> list[Row]:
    """The objects of a JSONL file, gzipped or not."""
    content = path.read_bytes()
    lines = (gzip.decompress(content) if path.suffix == ".gz" else content).decode().split("\n")
    return [json.loads(line) for line in lines if line]


def build_into(raw: Path, out: Path, *, workers: int) -> Build:
    """A finished build of a raw folder. Raises Unusable where a raw folder of the same evaluation was read before."""
    done = build(load_settings(raw_dir=raw, out_dir=out, workers=workers))
    note(f"  {done.report.n_pages} pages in {done.build_s:.1f} s, {done.report.n_accepted} accepted")
    return done


# --- pages/raw ------------------------------------------------------------------------------------------------------


def measure_documents(shared: Path, work: Path, *, workers: int) -> list[Measure]:
    """The four sets of pages, by the documents scorer, both sides; and whether every page is there."""
    scorer = load_scorer(shared, "score_documents")
    note("pages: trafilatura alone ...")
    alone = rows_alone(shared / "pages" / "raw", workers=workers)
    note("pages: Marsad ...")
    out = work / "pages-out"
    build_into(shared / "pages" / "raw", out, workers=workers)
    rows: Rows = scorer.load(str(out / "documents"))
    golds = {name: read_jsonl(shared / "pages" / "gold" / f"{name}.gold.jsonl") for name in SETS}
    measures = presence(out, [gold["url"] for name in SETS for gold in golds[name]])
    for name, gold in golds.items():
        ours, theirs = scorer.score(rows, gold), scorer.score(alone, gold)
        measures += [
            Measure(name=f"{name}.{key}", value=value, alone=None if key == "lang" else theirs.get(key))
            for key, value in ours.items()
        ]
    return measures


def rows_alone(raw: Path, *, workers: int) -> Rows:
    """What trafilatura alone finds in every WARC of a folder, by URL."""
    rows: Rows = {}
    with open_bare_pool(workers) as pool:
        for path in sorted(raw.glob("*.warc.gz")):
            for chunk in over_chunks(extract_rows, read_pages(path), pool, workers=workers):
                rows |= {row["url"]: row for row in chunk}
    return rows


def presence(out: Path, urls: Sequence[str]) -> list[Measure]:
    """The share of gold pages that are rows of `pages`, and whether documents are as many as accepted pages."""
    pages = pq.read_table(out / "pages", columns=["url", "status"])
    n_documents = pq.read_table(out / "documents", columns=["document_id"]).num_rows
    n_accepted = pages.filter(pc.equal(pages.column("status"), "accepted")).num_rows
    have = set(pages.column("url").to_pylist())
    n_found = sum(url in have for url in urls)
    return [
        Measure(name="pages.found", value=n_found / len(urls), shown=f"{n_found} of {len(urls)}"),
        Measure(
            name="pages.accepted",
            value=float(n_accepted == n_documents),
            shown=f"{n_documents} documents, {n_accepted} accepted",
        ),
    ]


# --- pages/dumps ----------------------------------------------------------------------------------------------------


def measure_dumps(shared: Path, work: Path, *, workers: int) -> list[Measure]:
    """Text F1 on the plain-text dumps, beside justext over one paragraph a line (trafilatura has no such route)."""
    scorer = load_scorer(shared, "score_documents")
    note("dumps: Marsad ...")
    out = work / "dumps-out"
    build_into(shared / "pages" / "dumps", out, workers=workers)
    rows: Rows = scorer.load(str(out / "documents"))
    measures = []
    for name in DUMPS:
        note(f"dumps: justext on {name} ...")
        gold = read_jsonl(shared / "pages" / "gold" / f"{name}.gold.jsonl")
        dumps = read_jsonl(shared / "pages" / "dumps" / f"{name}.jsonl.gz")
        beside = scorer.score({dump["url"]: {"text": by_justext(dump["text"])} for dump in dumps}, _texts(gold))
        ours = scorer.score(rows, gold)
        measures.append(
            Measure(
                name=f"dumps.{name}.text_f1",
                value=ours["text_f1"],
                alone=beside["text_f1"],
                alone_shown=f"justext {beside['text_f1']:.3f}",
            )
        )
        measures += [
            Measure(name=f"dumps.{name}.{key}", value=ours[key]) for key in ("lang", "rows_found") if key in ours
        ]
    return measures


def _texts(gold: Iterable[Row]) -> list[Row]:
    return [{"url": page["url"], "text": page["text"]} for page in gold if page.get("text")]


def by_justext(text: str) -> str:
    """The lines that justext keeps when every line is a paragraph, under the stop list of the text's language.

    Without such a list (Arabic and Chinese have none in justext) a line is judged by its length and links alone.
    """
    name = language_name(detect_language(text).language)
    is_listed = name in justext.get_stoplists()
    stoplist = justext.get_stoplist(name) if is_listed else frozenset()
    least = {} if is_listed else {"stopwords_low": 0, "stopwords_high": 0}
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines())
    paragraphs = justext.justext(f"<html><body>{lines}</body></html>", stoplist, **least)
    return "\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)


def language_name(code: str) -> str:
    """The English name of a language, e.g. 'French'; empty for a code that CLDR does not know."""
    try:
        return Locale.parse(code).get_language_name("en") or ""
    except (ValueError, UnknownLocaleError):
        return ""


# --- marsad tag -----------------------------------------------------------------------------------------------------


def measure_language(shared: Path, work: Path, *, workers: int) -> list[Measure]:
    """Accuracy of `marsad tag` on labelled sentences: those with floors, then every language."""
    del work, workers
    note("language: marsad tag ...")
    found = score_language(shared, shared / "lid" / "sentences.jsonl")
    named = {
        "ar fr en es, long (>=40)": "lid.long",
        "ar fr en es, short (<40)": "lid.short",
        "ary-Arab": "lid.ary_arab",
        "ary-Latn": "lid.ary_latn",
    }
    names = sorted(found, key=lambda name: (name not in named, name))
    measures = [Measure(name=named.get(name, f"lid: {name}"), value=found[name]) for name in names]
    return [*measures, Measure(name="lid.not_ary", value=1 - found["ar fr en es called ary"])]


def measure_entities(shared: Path, work: Path, *, workers: int) -> list[Measure]:
    """Precision, recall and F of `marsad tag` on the development blocks, by type."""
    del workers
    measures = []
    for name, language, file, first, last in BLOCKS:
        note(f"entities: marsad tag on {name} ...")
        block = work / f"block.{file}"
        with (shared / "ner" / file).open(encoding="utf-8") as lines:
            block.write_text("".join(islice(lines, first, last)), encoding="utf-8")
        for kind, (precision, recall, f1) in score_entities(shared, language, block).items():
            shown = f"P {precision:.3f} R {recall:.3f} F {f1:.3f}"
            measures.append(Measure(name=f"entities: {name} {kind}", value=f1, shown=shown))
    return measures


# --- seeds ----------------------------------------------------------------------------------------------------------


def measure_seeds(shared: Path, work: Path, *, workers: int) -> list[Measure]:
    """The five seeds against `expected.jsonl`: what must hold, then what is shown only."""
    scorer = load_scorer(shared, "score_documents")
    note("seeds: Marsad ...")
    out = work / "seeds-out"
    build_into(shared / "seeds" / "raw", out, workers=workers)
    columns = ["raw_path", "text", "title", "language", "published_at", "published_precision", "sitename", "entities"]
    found = {Path(row["raw_path"]).name: row for row in pq.read_table(out / "documents", columns=columns).to_pylist()}
    expected = read_jsonl(shared / "seeds" / "expected.jsonl")
    raw = {seed["file"]: (shared / "seeds" / "raw" / seed["file"]).read_text(encoding="utf-8") for seed in expected}
    return score_seeds(expected, found, raw, fold=scorer.fold, same_day=scorer.same_day)


def score_seeds(
    expected: Sequence[Row],
    found: Rows,
    raw: dict[str, str],
    *,
    fold: Callable[[str | None], str],
    same_day: Callable[..., bool],
) -> list[Measure]:
    """What holds of the seeds, of rows by file name; a missing row satisfies nothing but what must not be."""
    rows = [(seed, found.get(seed["file"], {})) for seed in expected]
    stated = [(seed, row) for seed, row in rows if seed["file"].startswith(STATED_SEEDS)]

    def titled(pairs: Iterable[tuple[Row, Row]]) -> Iterator[bool]:
        return (fold(row.get("title")) == fold(seed["title"]) for seed, row in pairs if seed["title"])

    def dated(pairs: Iterable[tuple[Row, Row]]) -> Iterator[bool]:
        for seed, row in pairs:
            if seed["published"]:
                at = row.get("published_at")
                yield at is not None and same_day(seed["published"], at, row["published_precision"])

    def named(pairs: Iterable[tuple[Row, Row]]) -> Iterator[bool]:
        for seed, row in pairs:
            mentions = row.get("entities") or []
            have = {(m["type"], fold(m[form])) for m in mentions for form in ("name", "surface")}
            yield from ((kind, fold(name)) in have for kind, name in seed.get("entities", ()))

    untitled = [(seed, row) for seed, row in rows if seed["title"] is None and row.get("title")]
    return [
        _share("seeds.language", (row.get("language") == seed["language"] for seed, row in rows)),
        _share("seeds.title", titled(stated)),
        _share("seeds.date", dated(stated)),
        _share(
            "seeds.not_published", (_day(row) != day for seed, row in rows for day in seed.get("not_published", ()))
        ),
        _share("seeds.title_not_invented", (fold(row["title"]) in fold(raw[seed["file"]]) for seed, row in untitled)),
        _share("seeds.entities", named(rows)),
        _share("seeds: title, all that state one", titled(rows)),
        _share(
            "seeds: site name", (row.get("sitename") == seed["sitename"] for seed, row in rows if "sitename" in seed)
        ),
        _share("seeds.with", (part in (row.get("text") or "") for seed, row in rows for part in seed["with"])),
        _share(
            "seeds.without", (part not in (row.get("text") or "") for seed, row in rows for part in seed["without"])
        ),
        _share(
            "seeds: no date where none is stated", (_day(row) is None for seed, row in rows if not seed["published"])
        ),
    ]


def _day(row: Row) -> str | None:
    at = row.get("published_at")
    return None if at is None else at.date().isoformat()


def _share(name: str, outcomes: Iterable[bool]) -> Measure:
    """The share that holds, shown as a count; all of nothing holds."""
    held = list(outcomes)
    return Measure(name=name, value=sum(held) / len(held) if held else 1.0, shown=f"{sum(held)} of {len(held)}")


# --- the command ----------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[..., list[Measure]]] = {
    "documents": measure_documents,
    "dumps": measure_dumps,
    "language": measure_language,
    "entities": measure_entities,
    "identities": measure_identities,
    "seeds": measure_seeds,
}


def find_shared(shared: Path) -> Path:
    """The folder of real pages, resolved. Raises Unusable where it or a part of it is not there."""
    if not shared.is_dir():
        raise Unusable(f"there is no folder {shared}, which holds the real pages and their gold; name it with --shared")
    missing = [part for part in NEEDED if not (shared / part).is_dir()]
    if missing:
        raise Unusable(f"{shared} is not the folder of real pages: it has no {', '.join(missing)}")
    return shared.resolve()


def evaluate(shared: Path, parts: Sequence[str], *, workers: int) -> int:
    """The exit code, once the chosen parts are measured and the table is printed."""
    floors = {name: floor for part in parts for name, floor in load_floors().get(part, {}).items()}
    with tempfile.TemporaryDirectory(prefix="marsad-eval-") as folder:
        measures = [m for part in parts for m in PARTS[part](shared, Path(folder), workers=workers)]
    sys.stdout.write(to_markdown(measures, floors) + "\n")
    below = below_floor(measures, floors)
    for name in below:
        note(f"below its floor: {name}")
    return BELOW if below else OK


def note(sentence: str) -> None:
    """Progress, for the person at the terminal."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of the real pages (%(default)s)")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part; may be given more than once")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="worker processes (%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    told = parse(arguments)
    try:
        chosen = [part for part in PARTS if part in (told.only or PARTS)]
        return evaluate(find_shared(told.shared), chosen, workers=told.workers)
    except (Unusable, ScorerFailed, MarsadError) as error:
        note(f"benchmarks.quality: {error}")
        return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
