"""Memory over many pages; their cost in time is `benchmarks.fetching`."""

from tests.acquire.many_pages import fetch_many, serving_pages
from tests.memory import peak_kib, peak_kib_from_here


def test_memory_does_not_grow_with_pages() -> None:
    with serving_pages() as pages:
        fetch_many(pages, 500)
        before_kb = peak_kib_from_here()
        fetch_many(pages, 2_000)  # 60 MB of bodies
        assert peak_kib() - before_kb < 10_000
