"""Many pages fetched by one core: a server of its own process, so that only the fetcher's time is measured."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.acquire.servers import Server, run

PAGE_BYTES = 30_000
N_HOSTS = 20
N_TOGETHER = 30
SERVER = f"""
import asyncio
BODY = b"x" * {PAGE_BYTES}
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


@contextmanager
def serving_pages() -> Iterator[Server]:
    """A server on loopback that answers everything with a page of `PAGE_BYTES`."""
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
            await asyncio.gather(*(work() for _ in range(N_TOGETHER)))
            return time.process_time() - begun

    return run(test(), within_s=120)
