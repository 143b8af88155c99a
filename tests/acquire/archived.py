"""Answers that the archive tests write, and what two libraries read of the files.

As a program (`python -m tests.acquire.archived RAW RUN`) it is the writer that crash tests kill: it says each answer's
number once it is written.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from tasks.acquire.archive import Archive
from tasks.records.fetches import Answer, Exchange, Provenance

AT = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
OUTLET = Provenance(source="The Harbour Post", zone="Africa/Casablanca")


def exchange(
    url: str,
    body: bytes = b"<p>A page.</p>",
    *headers: str,
    status: int = 200,
    at: datetime = AT,
    address: str | None = "127.0.0.1",
) -> Exchange:
    lines = [f"HTTP/1.1 {status} Said", *(headers or ("Content-Type: text/html",))]
    pairs = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:]))
    return Exchange(
        url=url,
        requested_at=at,
        answered_at=at,
        address=address,
        status=status,
        headers=pairs,
        request_head=f"GET {url} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode("ascii", "replace"),
        response_head="\r\n".join([*lines, "", ""]).encode("latin-1"),
        body=body,
    )


def fetched(url: str, body: bytes = b"<p>A page.</p>", *headers: str, at: datetime = AT) -> Answer:
    return Answer(url=url, outcome="fetched", exchanges=(exchange(url, body, *headers, at=at),))


def opened(raw: Path, run_id: str = "run", *, max_pages: int = 5_000, max_bytes: int = 1024**3) -> Archive:
    return Archive(raw, run_id=run_id, software="Marsad tests", max_pages=max_pages, max_bytes=max_bytes)


def files(raw: Path) -> list[Path]:
    return sorted((raw / "warc").rglob("*.warc.gz"))


def read_by_warcio(path: Path) -> list[tuple[str, str | None]]:
    """Type and URL of every record; digests that are wrong fail the test."""
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            record.raw_stream.read()
            found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI")))
    return found


def read_by_fastwarc(path: Path) -> list[tuple[str, str | None]]:
    """Type and URL of every record; a short body or a wrong digest fails the test."""
    found = []
    with path.open("rb") as file:
        for record in FastIterator(file, parse_http=False):
            assert record.verify_block_digest()
            assert len(record.reader.read()) == record.content_length
            found.append((record.headers["WARC-Type"], record.headers.get("WARC-Target-URI")))
    return found


def records(path: Path) -> list[tuple[str, str | None]]:
    """Every record of a file, as both libraries agree on."""
    by_warcio = read_by_warcio(path)
    assert by_warcio == read_by_fastwarc(path)
    return by_warcio


def noise(number: int) -> Iterator[bytes]:
    state = number + 1
    for _ in range(400):
        state = state * 6364136223846793005 % 2**64
        yield b"%016x " % state


if __name__ == "__main__":
    with opened(Path(sys.argv[1]), sys.argv[2]) as archive:
        number = 0
        while True:
            archive.write(fetched(f"http://a.example/{number}", b"".join(noise(number))), OUTLET, at=AT)
            print(number, flush=True)
            number += 1
