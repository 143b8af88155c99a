"""Memory and connections over many pages and hosts; what they cost beside a peer is `benchmarks.fetching`."""

from pathlib import Path

from tasks.acquire.transport import N_POOLS
from tests.acquire.many_pages import fetch_many, serving_pages
from tests.acquire.servers import LIMITS, run
from tests.memory import peak_kib, peak_kib_from_here
from tests.pace import slowness


def n_sockets() -> int:
    """The open sockets of this process."""
    return sum("socket:" in str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink())


def test_a_core_fetches_400_pages_a_second() -> None:
    with serving_pages() as pages:
        assert 1_000 / fetch_many(pages, 1_000) * slowness() >= 400


def test_memory_does_not_grow_with_pages() -> None:
    with serving_pages() as pages:
        fetch_many(pages, 500)
        before_kb = peak_kib_from_here()
        fetch_many(pages, 2_000)  # 60 MB of bodies
        assert peak_kib() - before_kb < 10_000


def test_idle_connections_are_bounded_however_many_hosts_there_are_and_closed_in_the_end() -> None:
    hosts = tuple(f"h{n}.test" for n in range(400))
    counted: list[int] = []

    async def test() -> None:
        async with pages.fetcher(hosts=hosts) as fetcher:
            for host in hosts:
                assert (await fetcher.fetch(pages.url(host=host))).outcome == "fetched"
            # A host asked again is led to the connection it had.
            again = hosts[-1]
            counted.append(n_sockets())
            assert (await fetcher.fetch(pages.url(host=again))).outcome == "fetched"
            counted.append(n_sockets())

    with serving_pages() as pages:
        before = n_sockets()
        run(test(), within_s=60)
        assert n_sockets() == before
    assert counted[0] - before <= N_POOLS * LIMITS.keepalive_connections + 5  # the event loop has sockets of its own
    assert counted[1] == counted[0]
