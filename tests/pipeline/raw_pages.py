"""Small raw pages that the pipeline tests write: invented articles, as loose pages, WARC, JSONL and zip."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

SENTENCES = [
    "The harbour board of Tangier met on Tuesday and voted to widen the eastern basin before the winter storms.",
    "Engineers from Morocco and Spain measured the tide for eleven days and found the channel shallow.",
    "Fishermen asked who would pay for the dredging; the board answered that the region and the port share the cost.",
    "A second reading is due in the spring, when the figures of the survey will be open to everyone in the town hall.",
]


def html(number: int) -> bytes:
    """An article that differs from the others by its number."""
    paragraphs = "".join(f"<p>{sentence} This is report {number}.</p>" for sentence in SENTENCES)
    return (
        f"<html lang='en'><head><title>Harbour report {number}</title>"
        f"<meta property='article:published_time' content='2024-11-{1 + number % 28:02d}T08:00:00Z'></head>"
        f"<body><nav><a href='/'>Home</a> <a href='/news'>News</a></nav>"
        f"<article><h1>Harbour report {number}</h1>{paragraphs}</article></body></html>"
    ).encode()


def fetched(number: int) -> datetime:
    """When page `number` was fetched."""
    return datetime(2024, 11, 20 + number % 3, 10, 0, number % 60, tzinfo=UTC)


def write_loose(folder: Path, numbers: Iterable[int]) -> None:
    """Loose pages with file times of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        path = folder / f"page-{number:05d}.html"
        path.write_bytes(html(number))
        os.utime(path, (fetched(number).timestamp(),) * 2)


def warc(numbers: Iterable[int], *, gzipped: bool) -> bytes:
    """A WARC of response records; every call gives the same bytes."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=gzipped)
    for number in numbers:
        record = writer.create_warc_record(
            f"https://harbour.example/{number}",
            "response",
            payload=io.BytesIO(html(number)),
            http_headers=StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1"),
            warc_headers_dict={
                "WARC-Date": fetched(number).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>",
            },
        )
        writer.write_record(record)
    return buffer.getvalue()


def jsonl(numbers: Iterable[int]) -> bytes:
    """JSON lines of pages."""
    lines = [
        {"url": f"https://lines.example/{n}", "html": html(n).decode(), "fetched_at": fetched(n).isoformat()}
        for n in numbers
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def zipped(numbers: Iterable[int]) -> bytes:
    """A zip of HTML members with times of their own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in numbers:
            info = zipfile.ZipInfo(f"pages/{n}.html", date_time=fetched(n).timetuple()[:6])
            archive.writestr(info, html(n))
    return buffer.getvalue()


def write_all(raw: Path, *, n: int = 6) -> None:
    """One container of each kind, `n` pages each."""
    write_loose(raw / "loose", range(n))
    (raw / "day").mkdir(parents=True, exist_ok=True)
    (raw / "day" / "a.warc").write_bytes(warc(range(100, 100 + n), gzipped=False))
    (raw / "day" / "b.warc.gz").write_bytes(warc(range(200, 200 + n), gzipped=True))
    (raw / "day" / "c.jsonl").write_bytes(jsonl(range(300, 300 + n)))
    (raw / "day" / "d.jsonl.gz").write_bytes(gzip.compress(jsonl(range(400, 400 + n)), mtime=0))
    (raw / "day" / "e.zip").write_bytes(zipped(range(500, 500 + n)))
