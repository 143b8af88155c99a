"""How many pages a second one core archives: `python -m benchmarks.archiving PAGES [KB]`, pages made up of words."""

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import peak_bytes
from tasks.acquire.archive import Archive
from tasks.acquire.replay import replay
from tasks.records.fetches import Answer, Exchange, Provenance

AT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
N_TEMPLATES = 50


def made_up_pages(n_bytes: int) -> list[bytes]:
    """Pages of words, which pack about as well as pages of the press."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnoprstuvwy", k=chance.randint(2, 10))) for _ in range(4_000)]
    return [
        (" ".join(f"<p class='{chance.choice(words)}'>{chance.choice(words)}" for _ in range(n_bytes // 18)))[
            :n_bytes
        ].encode()
        for _ in range(N_TEMPLATES)
    ]


def answer_of(number: int, body: bytes) -> Answer:
    """An answer with status 200."""
    url = f"https://www.outlet{number % 20}.example/news/{number}"
    head = b'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nETag: "%d"\r\n\r\n' % number
    exchange = Exchange(
        url=url,
        requested_at=AT,
        answered_at=AT,
        address="192.0.2.1",
        status=200,
        headers=(("etag", f'"{number}"'),),
        request_head=b"GET /news/%d HTTP/1.1\r\nHost: outlet.example\r\n\r\n" % number,
        response_head=head,
        body=body,
    )
    return Answer(url=url, outcome="fetched", exchanges=(exchange,))


def main(n_pages: int, n_kb: int) -> None:
    """Print pages a second of writing and of replaying, bytes a page and the memory that was held at most."""
    pages = made_up_pages(n_kb * 1024)
    told = Provenance(source="Outlet", title="A headline of the day", published="2024-05-06")
    with tempfile.TemporaryDirectory() as folder:
        raw, began = Path(folder), time.perf_counter()
        with Archive(raw, run_id="bench", software="Marsad") as archive:
            for number in range(n_pages):
                archive.write(answer_of(number, pages[number % N_TEMPLATES]), told, at=AT)
        written_s = time.perf_counter() - began
        n_bytes = sum(path.stat().st_size for path in raw.rglob("*.warc.gz"))
        began = time.perf_counter()
        n_replayed = sum(1 for _ in replay(raw, since={}))
        replayed_s = time.perf_counter() - began
    peak_mb = peak_bytes(os.getpid()) / 1e6
    print(f"written {n_pages / written_s:.0f} pages/s, {n_bytes / n_pages:.0f} bytes a page")
    print(f"replayed {n_replayed / replayed_s:.0f} pages/s; at most {peak_mb:.0f} MB held")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30)
