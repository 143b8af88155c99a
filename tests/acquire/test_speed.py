"""What a fetch costs: time on the processor, which other processes do not disturb, and memory over many pages."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.acquire.servers import Server, run
from tests.memory import peak_kib, peak_kib_from_here

PAGE_BYTES = 30_000
N_HOSTS = 20
# In a process of its own, so that only the fetcher's time is measured.
SERVER = """
import asyncio
BODY = b"x" * 30_000
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(BODY) + BODY
class Pages(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(ANSWER * data.count(b"\\r\\n\\r\\n"))
async def main():
    server = await asyncio.get_running_loop().create_server(Pages, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture
def pages() -> Iterator[Server]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Server(port=int(process.stdout.readline()))
        process.terminate()


def fetch_many(server: Server, n_pages: int) -> float:
    """The processor's seconds for fetching that many pages, all of them whole."""

    async def test() -> float:
        hosts, numbers = tuple(f"h{n}.test" for n in range(N_HOSTS)), iter(range(n_pages))
        async with server.fetcher(hosts=hosts) as fetcher:

            async def work() -> None:
                for n in numbers:
                    answer = await fetcher.fetch(server.url(f"/{n}", host=hosts[n % N_HOSTS]))
                    assert len(answer.exchanges[0].body) == PAGE_BYTES

            begun = time.process_time()
            await asyncio.gather(*(work() for _ in range(30)))
            return time.process_time() - begun

    return run(test(), within_s=60)


def test_a_core_fetches_400_pages_a_second(pages: Server) -> None:
    assert 1_000 / fetch_many(pages, 1_000) >= 400


def test_memory_does_not_grow_with_pages(pages: Server) -> None:
    fetch_many(pages, 500)
    before_kb = peak_kib_from_here()
    fetch_many(pages, 2_000)  # 60 MB of bodies
    assert peak_kib() - before_kb < 10_000
