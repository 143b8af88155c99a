"""Mutated sample pages through the real pipeline: each is exactly one row, and its neighbours do not notice.

Mutant `number` of a `seed` is always the same bytes; `python -m tests.soak fuzz --seed S --first N --pages 1` is it
alone.
"""

import dataclasses
import gzip
import hashlib
import json
import os
import re
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.dataset as ds

from tasks.extract.urls import clean_url
from tests.driver import build, dataset_bytes
from tests.raw.archives import gzipped, http, warc, zip_bytes
from tests.soak.mutations import mutate_container, mutate_page
from tests.soak.processes import ROOT
from tests.soak.table import Line

ROUND_PAGES = 100
FETCHED = datetime(2024, 12, 5, 6, 0, 0, tzinfo=UTC)
CARRIERS = ["loose", "loose", "lines", "web.warc", "web.warc.gz", "packed", "damaged"]
DAMAGED_KINDS = ["warc", "warc.gz", "jsonl", "jsonl.gz", "zip"]
CHARSETS = ["utf-8", "windows-1256", "iso-8859-6", "utf-16", "shift_jis", "x-none", "\x00", "utf-8; charset=latin1"]
# What a mutated page may not become: nobody foresaw it, or it took a process down.
FORBIDDEN = {"error", "timeout", "memory", "crash"}
# Where a record stands in a WARC moves with the records before it.
POSITIONS = ("document_id", "raw_path")
KEPT = re.compile(r"(?:loose/k\d\d|packed/pages\.zip!k\d+)\.(?:html|txt)")


@dataclass(frozen=True, slots=True)
class SamplePage:
    """One page of data/raw, in UTF-8 where that is what it is."""

    payload: bytes
    is_text: bool

    @property
    def suffix(self) -> str:
        """The suffix that says what the page is."""
        return ".txt" if self.is_text else ".html"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutated page, the carrier it lies in, and the dice for what else is wrong with it."""

    number: int
    carrier: str
    page: SamplePage
    dice: Random


def sample_pages(raw: Path = ROOT / "data" / "raw") -> list[SamplePage]:
    """The pages of the samples: loose ones, those of the zip, those of the JSON lines."""
    found = [
        SamplePage(path.read_bytes(), path.suffix == ".txt")
        for path in sorted(raw.rglob("*"))
        if path.suffix in (".html", ".txt")
    ]
    for path in sorted(raw.rglob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            found += [SamplePage(archive.read(name), name.endswith(".txt")) for name in archive.namelist()]
    for path in sorted(raw.rglob("*.jsonl.gz")):
        lines = map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
        found += [SamplePage((line.get("html") or line["text"]).encode(), "html" not in line) for line in lines]
    return [page for page in found if len(page.payload) > 500]


def mutant(pages: list[SamplePage], *, seed: int, number: int) -> Mutant:
    """Mutant `number` of a seed."""
    dice = Random(f"{seed}:{number}")
    page, other = dice.choice(pages), dice.choice(pages)
    carrier = dice.choice(CARRIERS)
    changed = (
        page
        if carrier == "damaged"
        else dataclasses.replace(page, payload=mutate_page(page.payload, other.payload, dice))
    )
    return Mutant(number, carrier, changed, dice)


class Pile:
    """A raw folder of unmutated pages with mutants between them, and what each of them must become."""

    def __init__(self, raw: Path, kept: list[SamplePage], mutants: list[Mutant]) -> None:
        self.raw, self.kept, self.mutants = raw, kept, mutants
        # Of every damaged container: hashes of the pages that lie whole before the damage.
        self.intact: dict[str, list[str]] = {}
        self._write_loose()
        self._write_lines()
        self._write_web("web.warc")
        self._write_web("web.warc.gz")
        self._write_zip()
        self._write_damaged()

    def lying_in(self, carrier: str) -> Iterator[Mutant]:
        """The mutants that lie in one carrier."""
        return (mutant for mutant in self.mutants if mutant.carrier == carrier)

    def raw_path(self, mutant: Mutant) -> str:
        """Where a mutant is, as rows name it, or its address where that is its offset."""
        match mutant.carrier:
            case "loose":
                return f"loose/{self._loose_name(mutant)}"
            case "lines":
                return f"lines/pages.jsonl#{self._line_number(mutant)}"
            case "packed":
                return f"packed/pages.zip!{self._member_name(mutant)}"
        return f"https://mutant.example/{mutant.number}"

    def _loose_name(self, mutant: Mutant) -> str:
        is_gzipped = Random(f"gz {mutant.number}").random() < 0.3
        return f"k{mutant.number % len(self.kept):02d}-{mutant.number}{mutant.page.suffix}{'.gz' if is_gzipped else ''}"

    def _member_name(self, mutant: Mutant) -> str:
        return f"m-{mutant.number}{mutant.page.suffix}"

    def _line_number(self, mutant: Mutant) -> int:
        place = [other.number for other in self.lying_in("lines")].index(mutant.number)
        return 2 * place + 2 if place < len(self.kept) else len(self.kept) + place + 1

    def _write_loose(self) -> None:
        folder = self.raw / "loose"
        folder.mkdir(parents=True)
        meta: list[dict[str, Any]] = []
        for number, page in enumerate(self.kept):
            name = f"k{number:02d}{page.suffix}"
            (folder / name).write_bytes(page.payload)
            meta.append({"file": name, "url": f"https://kept.example/{number}", "fetched_at": FETCHED.isoformat()})
        for mutant in self.lying_in("loose"):
            name, content = self._loose_name(mutant), mutant.page.payload
            if name.endswith(".gz"):
                content = gzipped(content)
                content = content[: mutant.dice.randint(0, len(content))] if mutant.dice.random() < 0.5 else content
            (folder / name).write_bytes(content)
            headers = {"Content-Type": f"text/html; charset={mutant.dice.choice(CHARSETS)}"}
            url = mutant.dice.choice(
                [f"https://kept.example/m/{mutant.number}", "http://[::1", "\ud800", "/", "x" * 9_000]
            )
            meta.append({"file": name, "url": url, "fetched_at": FETCHED.isoformat(), "headers": headers})
        (folder / "meta.jsonl").write_text("".join(json.dumps(line) + "\n" for line in meta), encoding="utf-8")

    def _write_lines(self) -> None:
        lines = []
        waiting = list(self.lying_in("lines"))
        for number, page in enumerate(self.kept):
            lines.append(_json_line(page, f"https://kept.example/{number}"))
            lines.append(_mutated_line(waiting.pop(0)) if waiting else b"")
        lines += [_mutated_line(mutant) for mutant in waiting]
        _put(self.raw / "lines" / "pages.jsonl", b"".join(line + b"\n" for line in lines))

    def _write_web(self, name: str) -> None:
        records = [_kept_record(page, number) for number, page in enumerate(self.kept)]
        for mutant in self.lying_in(name):
            records.insert(mutant.number % len(self.kept), _mutated_record(mutant))
        packed = [gzipped(record) for record in records] if name.endswith(".gz") else records
        _put(self.raw / "web" / f"pages{name.removeprefix('web')}", b"".join(packed))

    def _write_zip(self) -> None:
        members = [(f"k{number}{page.suffix}", page.payload) for number, page in enumerate(self.kept)]
        for mutant in self.lying_in("packed"):
            members.insert(mutant.number % len(self.kept), (self._member_name(mutant), mutant.page.payload))
        _put(self.raw / "packed" / "pages.zip", zip_bytes(members))

    def _write_damaged(self) -> None:
        for mutant in self.lying_in("damaged"):
            dice = mutant.dice
            kind = dice.choice(DAMAGED_KINDS)
            pages = dice.sample(self.kept, 4)
            pieces = _pieces(kind, pages)
            content, first_changed = mutate_container(b"".join(pieces), dice)
            name = f"damaged/{mutant.number}.{kind}"
            _put(self.raw / name, content)
            ends = [sum(map(len, pieces[: number + 1])) for number in range(len(pieces))]
            whole = sum(end <= first_changed for end in ends) if len(pieces) == len(pages) else 0
            self.intact[name] = [_sha256(page.payload) for page in pages[:whole]]


def fuzz(line: Line, *, seed: int, first: int, n_pages: int) -> None:
    """Note what is wrong with the rows of `n_pages` mutants from number `first` on, a hundred a build."""
    pages = sample_pages()
    kept = [page for page in pages if _is_utf8(page.payload)][::2]
    with tempfile.TemporaryDirectory(prefix="marsad-fuzz-") as folder:
        clean = Pile(Path(folder) / "clean", kept, [])
        build(clean.raw, Path(folder) / "clean-out")
        due = _kept_rows(_rows(Path(folder) / "clean-out"))
    n_rows = 0
    for start in range(first, first + n_pages, ROUND_PAGES):
        numbers = range(start, min(start + ROUND_PAGES, first + n_pages))
        n_rows += _fuzz_round([mutant(pages, seed=seed, number=n) for n in numbers], kept, due, line, seed=seed)
    line.how_many = f"{n_pages:,} pages, {n_rows:,} rows"


def _fuzz_round(
    mutants: list[Mutant], kept: list[SamplePage], due: dict[str, dict[str, Any]], line: Line, *, seed: int
) -> int:
    """The number of rows of one build over these mutants."""
    replay = f"replay: python -m tests.soak fuzz --seed {seed} --first {mutants[0].number} --pages {len(mutants)}"
    with tempfile.TemporaryDirectory(prefix="marsad-fuzz-") as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "out"
        pile = Pile(raw, kept, mutants)
        try:
            build(raw, out, chunk_records=Random(mutants[0].number).choice([3, 16, 50]))
            before = dataset_bytes(out)
            if build(raw, out).n_pages or dataset_bytes(out) != before:
                line.complain(f"a second run found something to do; {replay}")
        except Exception as error:
            line.complain(f"the run ended with {type(error).__name__}: {error}; {replay}")
            return 0
        rows = _rows(out)
    for number, finding in _findings(pile, rows, due, line):
        one = f"--seed {seed} --first {number} --pages 1" if number is not None else replay
        line.complain(f"{finding}; replay: python -m tests.soak fuzz {one}")
    return len(rows)


def _findings(
    pile: Pile, rows: list[dict[str, Any]], due: dict[str, dict[str, Any]], line: Line
) -> Iterator[tuple[int | None, str]]:
    """What is wrong with the rows of a pile, each with the number of the mutant where one is to blame."""
    kept = _kept_rows(rows)
    for name in sorted(due.keys() | kept.keys()):
        if due.get(name) != kept.get(name):
            yield None, f"the unmutated page {name} has another row than in a clean build"
    found = Counter(place for row in rows for place in {row["raw_path"], row["url"]})
    for mutant in pile.mutants:
        if mutant.carrier != "damaged":
            n_rows = found[pile.raw_path(mutant)]
            line.lost += n_rows < 1
            line.doubled += n_rows > 1
            if n_rows != 1:
                yield mutant.number, f"{n_rows} rows of one page ({mutant.carrier})"
    n_due = 5 * len(pile.kept) + sum(mutant.carrier != "damaged" for mutant in pile.mutants)
    n_came = sum(not row["raw_path"].startswith("damaged/") for row in rows)
    if n_came != n_due:
        yield None, f"{n_came} rows of {n_due} records"
    for name, hashes in pile.intact.items():
        yield from _damaged_findings(name, hashes, rows)
    numbers = {pile.raw_path(mutant): mutant.number for mutant in pile.mutants}
    for row in rows:
        line.hangs += row["reason"] == "timeout"
        number = numbers.get(row["raw_path"], numbers.get(row["url"] or ""))
        for finding in broken_promises(row):
            yield number, f"{row['raw_path']}: {finding}"


def _damaged_findings(name: str, hashes: list[str], rows: list[dict[str, Any]]) -> Iterator[tuple[int | None, str]]:
    number = int(name.rpartition("/")[2].partition(".")[0])
    own = [row for row in rows if row["raw_path"].partition("!")[0].partition("#")[0] == name]
    if not own:
        yield number, f"{name} has no row"
    accepted = {row["raw_sha256"] for row in own if row["status"] == "accepted"}
    missing = [sha256 for sha256 in hashes if sha256 not in accepted]
    if missing:
        yield number, f"{name}: {len(missing)} of the {len(hashes)} pages before the damage are not accepted"


def broken_promises(row: dict[str, Any]) -> Iterator[str]:
    """What a row of `pages` says that no row may say."""
    if row["reason"] in FORBIDDEN:
        yield f"{row['reason']}: {(row['detail'] or '').splitlines()}"
    if (row["canonical_url"] or None) != clean_url(row["canonical_url"]):
        yield f"canonical_url {row['canonical_url']!r} is not clean"
    if row["published_at"] and row["fetched_at"] and row["published_at"] > row["fetched_at"] + timedelta(days=1):
        yield f"published at {row['published_at']}, fetched at {row['fetched_at']}"
    text = row["text"]
    if text is None:
        return
    if len(text) != row["n_chars"] or not unicodedata.is_normalized("NFC", text) or "" in text.split("\n"):
        yield "text that is not counted, not NFC or has an empty line"
    if any(entity["surface"] != text[entity["start_char"] : entity["end_char"]] for entity in row["entities"]):
        yield "a name that does not stand where it is said to"
    if row["languages"] and abs(sum(language["share"] for language in row["languages"]) - 1) > 0.01:
        yield "shares of languages that do not make one"


def _kept_rows(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows of unmutated pages by where they lie, without what moves with the records before them."""
    kept = {}
    for row in rows:
        place = row["raw_path"]
        if place.startswith("web/") and (row["url"] or "").startswith("https://kept.example/"):
            unmoved = {name: value for name, value in row.items() if name not in POSITIONS}
            kept[f"{place.partition('#')[0]} {row['url']}"] = unmoved
        elif KEPT.fullmatch(place) or (
            place.startswith("lines/") and (row["url"] or "").startswith("https://kept.example/")
        ):
            kept[place] = row
    return kept


def _rows(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ds.dataset(out / "pages").to_table().to_pylist()
    return rows


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (FETCHED.timestamp(),) * 2)


def _sha256(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _json_line(page: SamplePage, url: str) -> bytes:
    text = page.payload.decode("utf-8", "surrogateescape")
    name = "text" if page.is_text else "html"
    return json.dumps({"url": url, name: text, "fetched_at": FETCHED.isoformat()}).encode()


def _mutated_line(mutant: Mutant) -> bytes:
    """A JSON line of a mutated page; one in three is mutated itself."""
    line = _json_line(mutant.page, f"https://mutant.example/{mutant.number}")
    if mutant.dice.random() < 0.3:
        line = mutate_container(line, mutant.dice)[0].replace(b"\n", b" ")
    return line if line.strip() else b"{"


def _kept_record(page: SamplePage, number: int) -> bytes:
    headers = f"Content-Type: text/{'plain' if page.is_text else 'html'}"
    return warc(http(page.payload, headers), uri=f"https://kept.example/{number}", date=f"{FETCHED:%Y-%m-%dT%H:%M:%SZ}")


def _mutated_record(mutant: Mutant) -> bytes:
    """A WARC record of a mutated page whose HTTP headers may lie."""
    dice, body = mutant.dice, mutant.page.payload
    headers = [f"Content-Type: text/html; charset={dice.choice(CHARSETS)}"]
    lie = dice.choice(["none", "gzip", "cut gzip", "chunked", "br", "length", "deflate"])
    if lie in ("gzip", "cut gzip"):
        body = gzipped(body)[: None if lie == "gzip" else dice.randint(0, 2_000)]
    if lie in ("chunked", "length"):
        headers.append({"chunked": "Transfer-Encoding: chunked", "length": "Content-Length: 17"}[lie])
    elif lie != "none":
        headers.append(f"Content-Encoding: {lie.removeprefix('cut ')}")
    date = dice.choice([f"{FETCHED:%Y-%m-%dT%H:%M:%SZ}", "0000-00-00T00:00:00Z", "soon", None])
    return warc(http(body, *headers), uri=f"https://mutant.example/{mutant.number}", date=date)


def _pieces(kind: str, pages: list[SamplePage]) -> list[bytes]:
    """Four pages as a container of a kind, in pieces that hold one page each where there are such."""
    if kind == "zip":
        return [zip_bytes([(f"{number}{page.suffix}", page.payload) for number, page in enumerate(pages)])]
    if kind.startswith("jsonl"):
        lines = [_json_line(page, f"https://damaged.example/{number}") + b"\n" for number, page in enumerate(pages)]
        return [gzipped(b"".join(lines))] if kind.endswith("gz") else lines
    records = [_kept_record(page, number) for number, page in enumerate(pages)]
    return [gzipped(record) for record in records] if kind.endswith("gz") else records
