"""trafilatura alone: a bare process pool that reads a WARC with fastwarc and runs `bare_extraction` on each page."""

import contextlib
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from fastwarc.warc import ArchiveIterator, WarcRecordType

# A page as the archive has it: URL and bytes. The pages of `pages/raw` bear no transfer or content coding.
RawPage: TypeAlias = tuple[str, bytes]
# Pages to a call: twice what Marsad hands to a worker.
CHUNK_PAGES = 16
WARM_UP_PAGE = (
    b"<html><head><title>Warm-up</title></head><body><article><h1>A page to load every parser</h1><p>The first page of "
    b"a process pays for date locales and expressions; this one pays.</p><p>13 novembre 2024</p></article></html>"
)

T = TypeVar("T")

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def read_pages(path: Path) -> Iterator[RawPage]:
    """The captures of a WARC."""
    with path.open("rb") as file:
        for record in ArchiveIterator(file, parse_http=True, record_types=WarcRecordType.response):
            yield record.headers.get("WARC-Target-URI") or "", record.reader.read()


def extract(page: RawPage, *, with_comments: bool = True) -> Any:
    """What trafilatura alone says of a page, with its metadata; None when it finds no article."""
    from trafilatura import bare_extraction  # noqa: PLC0415 - benchmarks.peers measures the memory of other extractors

    url, html = page
    return bare_extraction(html, url=url, with_metadata=True, include_comments=with_comments)


def extract_and_drop(pages: list[RawPage]) -> int:
    """The number of pages, once each was extracted and the result thrown away."""
    for page in pages:
        extract(page)
    return len(pages)


def extract_rows(pages: list[RawPage]) -> list[dict[str, Any]]:
    """The rows that a scorer reads, of pages in which trafilatura finds an article.

    Comments are left out, as Marsad leaves them out: with them, sh has a text F1 of .956 instead of .959.
    """
    found = [(url, extract((url, html), with_comments=False)) for url, html in pages]
    return [row for url, document in found if (row := to_row(url, document)) is not None]


def to_row(url: str, document: Any) -> dict[str, Any] | None:
    """A document of trafilatura under the column names of the scorers; it names no language."""
    if document is None:
        return None
    return {
        "url": url,
        "text": document.text,
        "title": document.title,
        "authors": [name for name in (document.author or "").split("; ") if name],
        "published_at": datetime.fromisoformat(document.date).replace(tzinfo=UTC) if document.date else None,
        "published_precision": "day" if document.date else None,
        "language": None,
    }


@contextlib.contextmanager
def open_bare_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of forked workers in which trafilatura has already read a page; all of them run when the block begins."""
    extract(("https://example.org/", WARM_UP_PAGE))
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        pool.submit(os.getpid).result()
        yield pool


def over_chunks(
    function: Callable[[list[RawPage]], T], pages: Iterable[RawPage], pool: ProcessPoolExecutor, *, workers: int
) -> Iterator[T]:
    """What a function returns for each chunk of pages, in order, with a bounded number of chunks on their way."""
    pages = iter(pages)
    waiting: deque[Future[T]] = deque()
    while chunk := list(islice(pages, CHUNK_PAGES)):
        waiting.append(pool.submit(function, chunk))
        if len(waiting) > 2 * workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
