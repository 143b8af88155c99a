"""One server that does on each path what the worst servers do, and a few good pages among them."""

import asyncio
import gzip
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import brotli

HOST, BUSY_HOST = "hostile.example", "busy.example"
GOOD_PAGE = (
    "<!DOCTYPE html><html><head><title>Le quai avance</title></head><body><article><h1>Le quai avance</h1><p>"
    + "Le conseil du port a examiné le projet du quai, a déclaré la mairie de la ville mardi. " * 8
    + "</p></article></body></html>"
).encode()
N_GOOD = 6
Writer = asyncio.StreamWriter


def page(body: bytes, *, head: str = "", status: str = "200 OK", kind: str = "text/html") -> bytes:
    """A whole answer."""
    lines = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    return lines.encode() + body


def redirect(to: str) -> bytes:
    """An answer that leads elsewhere."""
    return page(b"", head=f"Location: {to}\r\n", status="302 Found")


async def _endless(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        writer.write(b"<p>more</p>" * 10_000)
        await writer.drain()


async def _drip(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def _silent(_: Writer) -> None:
    await asyncio.sleep(600)


async def _sitemap(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n")
    writer.write(b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">')
    line = b"<url><loc>http://hostile.example/news/page</loc></url>" * 1_000
    for _ in range(300_000_000 // len(line)):
        writer.write(line)
        await writer.drain()


HALF_GZIP = gzip.compress(bytes(n * n % 251 for n in range(9_000)))[:100]
# Path -> what comes, and the outcome that it must end in.
ANSWERS: dict[str, tuple[bytes | Callable[[Writer], Awaitable[None]], str]] = {
    "/news/endless": (_endless, "too_large"),
    "/news/drip": (_drip, "timeout"),
    "/news/silent": (_silent, "timeout"),
    "/news/private": (redirect("http://10.0.0.1/"), "refused_address"),
    "/news/metadata": (redirect("http://169.254.169.254/latest/meta-data/"), "refused_address"),
    "/news/loopback": (redirect("http://127.0.0.1:9/"), "refused_address"),
    "/news/decimal": (redirect("http://2130706433/"), "refused_address"),
    "/news/mapped": (redirect("http://[::ffff:127.0.0.1]/"), "refused_address"),
    "/news/file": (redirect("file:///etc/passwd"), "bad_url"),
    "/news/gzip-bomb": (
        page(gzip.compress(b"\0" * 300_000_000, 1), head="Content-Encoding: gzip\r\n"), "too_large",
    ),
    "/news/brotli-bomb": (
        page(brotli.compress(b"\0" * 100_000_000, quality=1), head="Content-Encoding: br\r\n"), "too_large",
    ),
    "/news/bad-gzip": (page(HALF_GZIP, head="Content-Encoding: gzip\r\n"), "bad_encoding"),
    "/news/unknown-coding": (page(b"abc", head="Content-Encoding: rot13\r\n"), "bad_encoding"),
    "/news/many-headers": (page(b"x", head="".join(f"X-{n}: y\r\n" for n in range(20_000))), "protocol"),
    "/news/long-header": (page(b"x", head=f"X-Long: {'y' * 2_000_000}\r\n"), "protocol"),
    "/news/broken-chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "protocol",
    ),
    "/news/garbage": (b"\x00\x01\x02 this is no HTTP\r\n\r\n", "protocol"),
    "/news/gone": (page(b"gone", status="404 Not Found"), "gone"),
    "/news/blocked": (page(b"no", status="403 Forbidden"), "blocked"),
    "/news/broken": (page(b"", status="500 Oops"), "http_status"),
    "/news/pdf": (page(b"%PDF-1.4", kind="application/pdf"), "not_html"),
}  # fmt: skip
CIRCLE = {"/news/circle": "/news/circle-2", "/news/circle-2": "/news/circle"}


def _feed(base: str) -> bytes:
    paths = [*ANSWERS, "/news/circle", "/news/hop-0", "/news/short", *(f"/news/good-{n}" for n in range(N_GOOD))]
    paths += ["/news/with space", "/news/été", "/news/" + "x" * 10_000]
    items = "".join(f"<item><title>Port</title><link>{base}{path}</link></item>" for path in paths)
    return f'<?xml version="1.0" encoding="windows-1256"?><rss version="2.0"><channel>{items}</channel></rss>'.encode(
        "windows-1256", "xmlcharrefreplace"
    )


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">'
    b'<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">'
    b'<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&f;&x;</title></item></channel></rss>'
)


async def _answer(reader: asyncio.StreamReader, writer: Writer) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        target = head.split(" ", 2)[1]
        host = next(line.partition(":")[2].strip() for line in head.split("\r\n") if line.lower().startswith("host:"))
        base = f"http://{host}"
        if host.startswith(BUSY_HOST) and target.startswith("/news/"):
            writer.write(page(b"", status="429 Too Many", head="Retry-After: 3600\r\n"))
        elif target == "/feed.xml":
            writer.write(page(_feed(base), kind="text/xml"))
        elif target == "/bomb.xml":
            writer.write(page(BOMB, kind="text/xml"))
        elif target == "/sitemap.xml":
            await _sitemap(writer)
        elif target in CIRCLE:
            writer.write(redirect(CIRCLE[target]))
        elif target.startswith("/news/hop-"):
            writer.write(redirect(f"/news/hop-{int(target.rpartition('-')[2]) + 1}"))
        elif target == "/news/short":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<html>half")
        elif target in ANSWERS:
            said = ANSWERS[target][0]
            await said(writer) if callable(said) else writer.write(said)
        elif target == "/robots.txt":
            writer.write(page(b"", status="404 Not Found"))
        else:
            writer.write(page(GOOD_PAGE))
        await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        pass
    finally:
        writer.close()


@contextmanager
def hostile_server() -> Iterator[int]:
    """The port of the server, which runs in a thread of its own."""
    loop, started = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        server.close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(10)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
