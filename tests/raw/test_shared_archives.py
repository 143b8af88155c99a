"""Real and deliberately broken archives, counted by warcio where it can read them."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.raw.archives import outcome, put, read, read_singly, scan

SHARED = Path(__file__).parents[2].parent / "shared" / "warc"
FILES = sorted(p for p in SHARED.rglob("*") if p.name.endswith((".warc", ".warc.gz", ".warc.wet", ".warc.wet.gz")))
needs_shared = pytest.mark.skipif(not FILES, reason="../shared, the folder of real archives, is not here")
CAPTURES = ("response", "resource", "revisit", "conversion", "continuation")
LIMIT = 5_000_000
# warcio gives the torn record of the first and refuses the two others, whose gzip members are no single records.
WARCIO_DIFFERS = {"example-trunc.warc", "example-bad-non-chunked.warc.gz", "example-wrong-chunks.warc.gz"}
COUNTABLE = [path for path in FILES if path.name not in WARCIO_DIFFERS]


def as_warc(path: Path) -> str:
    """A name under which the file is read."""
    return (
        path.name
        if path.name.endswith((".warc", ".warc.gz"))
        else f"{path.name}.warc" + ".gz" * path.name.endswith("gz")
    )


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("path", COUNTABLE, ids=lambda path: path.name)
def test_captures_are_counted_as_warcio_counts_them(tmp_path: Path, path: Path) -> None:
    put(tmp_path, as_warc(path), path.read_bytes())
    with path.open("rb") as file:
        n_captures = sum(record.rec_type in CAPTURES for record in ArchiveIterator(file))
    assert sum(batch.n_records for batch in scan(tmp_path, max_bytes=LIMIT)) == n_captures


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("path", COUNTABLE, ids=lambda path: path.name)
def test_pages_and_addresses_are_those_warcio_reads(tmp_path: Path, path: Path) -> None:
    put(tmp_path, as_warc(path), path.read_bytes())
    found = {
        r.url: r.payload
        for r in read(tmp_path, scan(tmp_path, max_bytes=LIMIT), max_bytes=LIMIT)
        if outcome(r) == "page"
    }
    due: dict[str | None, list[bytes]] = defaultdict(list)
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type in ("response", "resource"):
                due[record.rec_headers.get_header("WARC-Target-URI")].append(record.content_stream().read())
    assert {url: payload for url, payload in found.items() if payload not in due[url]} == {}


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize(
    "path", sorted(p for p in SHARED.rglob("*") if p.is_file() and p.name != "LICENSE"), ids=lambda path: path.name
)
@pytest.mark.parametrize("suffix", [".warc", ".warc.gz", ".arc", ".jsonl", ".jsonl.gz", ".zip", ".tar", ".html"])
def test_any_file_under_any_name_is_rows_with_ids_of_their_own(tmp_path: Path, path: Path, suffix: str) -> None:
    put(tmp_path, f"o/a{suffix}", path.read_bytes())
    batches = scan(tmp_path, max_bytes=LIMIT, chunk_records=2)
    records = read(tmp_path, batches, max_bytes=LIMIT)
    assert len({r.raw_id for r in records}) == len(records) == sum(b.n_records for b in batches)
    assert [r.raw_id for r in read_singly(tmp_path, batches[-1:], max_bytes=LIMIT)] == [
        r.raw_id for r in records[batches[-1].first_record :]
    ]
    json.dumps([(r.url, r.source, r.charset, r.media_type, outcome(r)) for r in records], ensure_ascii=False).encode()


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("name", ["example.arc", "example.arc.gz"])
def test_arc_records_are_those_warcio_reads(tmp_path: Path, name: str) -> None:
    (path,) = SHARED.rglob(name)
    put(tmp_path, name, path.read_bytes())
    with path.open("rb") as file:
        due = [
            (record.rec_headers.get_header("uri"), record.content_stream().read())
            for record in ArchiveIterator(file)
            if record.rec_type == "response"
        ]
    assert [(r.url, r.payload) for r in read(tmp_path, scan(tmp_path, max_bytes=LIMIT), max_bytes=LIMIT)] == due


@needs_shared
@pytest.mark.shared
def test_an_arc_record_that_is_shorter_than_it_says_is_unreadable(tmp_path: Path) -> None:
    (path,) = SHARED.rglob("example-space-in-url.arc")
    put(tmp_path, path.name, path.read_bytes())
    assert [outcome(r) for r in read(tmp_path, scan(tmp_path, max_bytes=LIMIT), max_bytes=LIMIT)] == ["unreadable"]
