"""Servers on loopback whose every byte a test writes, and a fetcher that knows them by name."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tasks.acquire.fetcher import Fetcher
from tasks.acquire.transport import FetchLimits

T = TypeVar("T")
NAME = "news.test"
LIMITS = FetchLimits(user_agent="Marsad/0 (+mailto:desk@news.test)", timeout_s=5, connect_timeout_s=2)
# What a server does with a request: its head, and where to write the answer; closing the writer ends the connection.
Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """Where a server listens and what it saw: each request's head and when it came."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    n_connections: int = 0

    def url(self, path: str = "/", *, host: str = NAME, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def fetcher(
        self,
        limits: FetchLimits = LIMITS,
        *,
        hosts: tuple[str, ...] = (NAME,),
        ssl_context: ssl.SSLContext | None = None,
    ) -> Fetcher:
        named = {f"{host}:{self.port}": "127.0.0.1" for host in hosts}
        return Fetcher(limits, named_hosts=named, ssl_context=ssl_context)


def run(test: Coroutine[Any, Any, T], *, within_s: float = 20) -> T:
    """What a test's coroutine returns; it fails when it takes longer."""

    async def bounded() -> T:
        async with asyncio.timeout(within_s):
            return await test

    return asyncio.run(bounded())


def reply(*lines: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    """An answer with a right Content-Length."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines, "", ""]).encode() + body


def always(answer: bytes, *, close: bool = False) -> Answering:
    """Answers every request with the same bytes."""

    async def answering(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if close:
            writer.close()

    return answering


def by_path(answers: dict[str, bytes]) -> Answering:
    """Answers with the bytes of the path that is asked for."""

    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[request.split(b" ")[1].decode()])

    return answering


@asynccontextmanager
async def serving(answering: Answering, *, ssl_context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server that reads heads of requests and answers them as told, until the block ends."""
    seen, tasks = Server(), set[asyncio.Task[None]]()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        seen.n_connections += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while not writer.is_closing():
                    seen.requests.append(await reader.readuntil(b"\r\n\r\n"))
                    seen.times.append(time.monotonic())
                    await answering(seen.requests[-1], writer)
        except asyncio.CancelledError:
            pass  # the test is over; asyncio's streams would report it as an error of the connection
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=ssl_context)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
