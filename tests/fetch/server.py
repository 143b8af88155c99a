"""The test site as a real server in a process of its own, with a log of every request.

`python -m tests.fetch.server --outlets N --pages N --log FILE` prints its port and serves until it is told to stop.
`GET /-/change?n=N` at any host puts the first N pages of each outlet into their second version.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.fetch.outlets import Outlet, Reply, Site

MAX_HEAD = 65_536
STATUS = {200: "OK", 301: "Moved Permanently", 304: "Not Modified", 404: "Not Found"}


class Server:
    """Answers requests of HTTP/1.1 with kept connections; a line of log for each."""

    def __init__(self, site: Site, log: Path, *, delay_s: float) -> None:
        self._site = site
        self._log = log.open("a", encoding="utf-8", buffering=1)
        self._delay_s = delay_s
        self._open: Counter[str] = Counter()

    async def serve(self, port: int) -> None:
        """Print the port, then serve until cancelled."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", port, limit=MAX_HEAD)
        bound = server.sockets[0].getsockname()[1]
        self._site = replace(self._site, port=bound)
        sys.stdout.write(f"{bound}\n")
        sys.stdout.flush()
        async with server:
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._answer(head.decode("latin-1"), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        start, *lines = head.split("\r\n")
        _, target, _ = start.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        host = headers.get("host", "").partition(":")[0]
        began = time.monotonic()
        self._open[host] += 1
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        if target.startswith("/-/change?n="):
            self._site = replace(self._site, n_changed=int(target.partition("=")[2]))
            reply = Reply(200)
        else:
            reply = self._site.reply(host, target)
        is_unchanged = reply.status == 200 and headers.get("if-none-match") == reply.etag
        status = 304 if is_unchanged else reply.status
        body = b"" if is_unchanged else reply.body
        more = f"Location: {reply.location}\r\n" if reply.location else ""
        writer.write(
            f"HTTP/1.1 {status} {STATUS[status]}\r\nContent-Type: {reply.content_type}\r\nETag: {reply.etag}\r\n"
            f"Content-Length: {len(body)}\r\n{more}\r\n".encode()
            + body
        )
        self._note(began, host, target, status, headers)
        self._open[host] -= 1
        await writer.drain()

    def _note(self, began: float, host: str, target: str, status: int, headers: dict[str, str]) -> None:
        asked = {"at": began, "host": host, "target": target, "status": status, "n_open": self._open[host]}
        asked |= {"agent": headers.get("user-agent"), "conditional": "if-none-match" in headers}
        self._log.write(json.dumps(asked | {"has_cookie": "cookie" in headers}) + "\n")


@dataclass(frozen=True, slots=True)
class RunningSite:
    """A site that is being served, and its log."""

    site: Site
    log: Path

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far, in order of their ends."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def due(self) -> set[str]:
        """The addresses that a fetch must archive, each once."""
        return {
            f"http://{outlet.host}:{self.site.port}{path}" for outlet in self.site.outlets for path in outlet.expected()
        }

    def named_hosts(self) -> dict[str, str]:
        """The setting that lets a fetch reach the outlets."""
        return {f"{outlet.host}:{self.site.port}": "127.0.0.1" for outlet in self.site.outlets}

    def change(self, n_pages: int) -> None:
        """Put the first `n_pages` pages of each outlet into their second version."""
        import http.client  # noqa: PLC0415

        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=10)
        connection.request("GET", f"/-/change?n={n_pages}")
        connection.getresponse().read()
        connection.close()

    def sources(self, *, delay_s: float = 0.0, connections: int = 4, revisit_hours: float = 48) -> str:
        """A sources file of all outlets."""
        lines = ["sources:"]
        for outlet in self.site.outlets:
            kind = {"rss": "feed", "atom": "feed", "json": "feed"}.get(outlet.start, outlet.start)
            lines += [
                f"  - name: outlet-{outlet.number:02d}",
                f"    language: {outlet.language}",
                "    zone: Africa/Casablanca",
                f"    delay_s: {delay_s}",
                f"    connections: {connections}",
                "    max_pages: 100000",
                f"    revisit_hours: {revisit_hours}",
                "    start:",
                f"      - {kind}: http://{outlet.host}:{self.site.port}{outlet.start_path()}",
            ]
        return "\n".join(lines) + "\n"


@contextmanager
def serving(log: Path, *, outlets: int, pages: int, delay_s: float = 0.0) -> Iterator[RunningSite]:
    """A running site of so many outlets with so many pages each."""
    command = [sys.executable, "-m", "tests.fetch.server", "--outlets", str(outlets), "--pages", str(pages)]
    command += ["--log", str(log), "--delay-s", str(delay_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield RunningSite(_site(outlets, pages, port), log)
        finally:
            process.kill()


def _site(outlets: int, pages: int, port: int) -> Site:
    return Site(tuple(Outlet(number, pages) for number in range(outlets)), port)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="tests.fetch.server")
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-s", type=float, default=0.0)
    parser.add_argument("--log", type=Path, required=True)
    told = parser.parse_args()
    server = Server(_site(told.outlets, told.pages, told.port), told.log, delay_s=told.delay_s)
    asyncio.run(server.serve(told.port))


if __name__ == "__main__":
    main()
