"""One request and its whole answer, over HTTP/1.1 or HTTP/2, to a public address.

httpcore's pool is used as it is, without httpx's client above it: the client follows redirects, keeps cookies, decodes
bodies and translates errors into types that no longer say what failed, none of which is wanted here.
"""

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import h2.exceptions
import httpcore
import httpx

from tasks.acquire.addresses import (
    AddressGuard,
    GuardedStream,
    NoAddressError,
    RefusedAddressError,
    TlsError,
    UnansweredError,
)
from tasks.records.errors import MarsadError

# The body that goes to the archive is no longer chunked, so its head must not say so; the name is Common Crawl's.
CHUNKED_NAME = b"transfer-encoding"
CHUNKED_NAME_KEPT = b"X-Crawler-Transfer-Encoding"
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,1024}")
LINE_BREAK_OR_NUL = re.compile(rb"[\r\n\x00]")
MAX_DETAIL_CHARS = 200
N_POOLS = 16
HTTP2 = b"HTTP/2"
HTTPS_PORT = 443
# HTTP/2 has no reason phrases; a block of HTTP/1.1 has.
REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}

# Outcome and what to say, by the type of the error; the first type that fits, so the special ones stand first.
FAILURES: tuple[tuple[type[Exception], str, str], ...] = (
    (RefusedAddressError, "refused_address", "{}"),
    (NoAddressError, "dns", "{}"),
    (TlsError, "tls", "{}"),
    (TimeoutError, "timeout", "no whole answer within the time limit"),
    (httpcore.TimeoutException, "timeout", "no whole answer within the time limit"),
    (UnansweredError, "connection", "{}"),
    (httpcore.ConnectError, "connection", "no connection to the server"),
    (httpcore.NetworkError, "connection", "the server broke off"),
    (httpcore.ProtocolError, "protocol", "{}"),
    (h2.exceptions.H2Error, "protocol", "{}"),
    (ValueError, "protocol", "a status that is no number"),  # HTTP/2, where httpcore reads it with int()
)
FAILED = tuple(kind for kind, _, _ in FAILURES)


class RequestFailed(MarsadError):
    """A request ended without a whole answer; `outcome` is one of OUTCOMES."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Who asks, and how long an answer may take and how large it may be.

    `keepalive_connections` is for each of the N_POOLS pools, over which the hosts are spread. `timeout_s` is for one
    request with its body, `max_bytes` for a body as transferred. How many requests are made at once is no business of
    this room but of whoever hands out turns (tasks/acquire/politeness.py).
    """

    user_agent: str
    accept: str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    accept_language: str | None = None
    max_bytes: int = 20_000_000
    timeout_s: float = 60.0
    connect_timeout_s: float = 15.0
    max_redirects: int = 8
    max_header_bytes: int = 65_536
    max_headers: int = 200
    keepalive_connections: int = 8
    keepalive_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered: its head as an HTTP/1.1 block, its body as transferred, the address that was asked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    head: bytes
    body: bytes
    address: str | None


@dataclass(slots=True)
class _Attempt:
    """What httpcore tells of a request on its way."""

    answered: Callable[[], None]
    has_connected: bool = False
    is_http2: bool = False
    is_done: bool = False

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Nothing; httpcore calls this at each step of a request (its `trace` extension)."""
        if event.endswith("receive_response_headers.complete"):
            self.answered()
        elif event == "connection.connect_tcp.started":
            self.has_connected = True
        elif event == "http2.send_request_headers.started":
            self.is_http2 = True


class Transport:
    """Connections to public addresses, kept alive, and requests over them."""

    def __init__(
        self,
        *,
        guard: AddressGuard,
        ssl_context: ssl.SSLContext,
        keepalive_connections: int,
        keepalive_s: float,
    ) -> None:
        self._guard = guard
        # Many pools, a host always in the same one: httpcore looks at every connection of a pool at each request.
        # No limit of connections: requests wait for their host's turn before they come here, and a request that
        # waited here would go out long after its turn began.
        self._pools = [
            httpcore.AsyncConnectionPool(
                ssl_context=ssl_context,
                max_connections=None,
                max_keepalive_connections=keepalive_connections,
                keepalive_expiry=keepalive_s,
                http2=True,
                network_backend=guard,
            )
            for _ in range(N_POOLS)
        ]

    async def aclose(self) -> None:
        """Nothing; all connections are closed."""
        for pool in self._pools:
            await pool.aclose()
        self._guard.close()

    async def get(
        self,
        url: httpx.URL,
        *,
        headers: list[tuple[bytes, bytes]],
        limits: FetchLimits,
        max_bytes: int,
        answered: Callable[[], None],
    ) -> Reply:
        """The whole answer to a GET; raises RequestFailed.

        `answered` is called when the answer begins. A request on a kept connection that
        the server closed before any byte of an answer is made once more: the server did not take it.
        """
        attempt = _Attempt(answered)
        request = httpcore.Request(
            b"GET",
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=headers,
            extensions={"trace": attempt.trace, "timeout": {"connect": limits.connect_timeout_s}},
        )
        try:
            async with asyncio.timeout(limits.timeout_s):
                response = await self._response(request, attempt)
                reply = await _whole_reply(response, limits, max_bytes)
        except FAILED as error:
            raise _failure(error) from error
        else:
            attempt.is_done = True
            return reply
        finally:
            if attempt.is_http2 and not attempt.is_done:
                # A stream that nobody reads to its end uses up the window of its connection, which httpcore never
                # gives back: the connection would stall for good.
                await self._guard.close_all_to(f"{url.raw_host.decode()}:{url.port or HTTPS_PORT}")

    async def _response(self, request: httpcore.Request, attempt: _Attempt) -> httpcore.Response:
        pool = self._pools[zlib.crc32(request.url.host) % N_POOLS]
        try:
            return await pool.handle_async_request(request)
        except (UnansweredError, httpcore.WriteError):
            if attempt.has_connected:
                raise
        return await pool.handle_async_request(request)


async def _whole_reply(response: httpcore.Response, limits: FetchLimits, max_bytes: int) -> Reply:
    stream: GuardedStream = response.extensions["network_stream"]
    try:
        fields, head = _checked_head(response, limits)
        body = await _body(response, stream, max_bytes)
    finally:
        await response.aclose()
    names = {name.lower() for name, _ in fields}
    if (
        response.extensions["http_version"] != HTTP2
        and CHUNKED_NAME not in names
        and stream.n_read_bytes != len(head) + len(body)
    ):
        # The server sent more than its Content-Length says, and the rest would be taken for the next answer. (A head
        # that is not written as usual is closed here too, which costs a connection.)
        await stream.aclose()
    if CHUNKED_NAME in names:
        fields = [(CHUNKED_NAME_KEPT if name.lower() == CHUNKED_NAME else name, value) for name, value in fields]
        head = _block(head.partition(b"\r\n")[0], fields)
    return Reply(
        status=response.status,
        headers=tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in fields),
        head=head,
        body=body,
        address=stream.address,
    )


def _checked_head(response: httpcore.Response, limits: FetchLimits) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The header fields of a response and its head as an HTTP/1.1 block; raises RequestFailed over the limits.

    HTTP/2 can carry what would forge lines in such a block (a line break in a value); that is a broken answer.
    """
    fields = response.headers
    if len(fields) > limits.max_headers:
        raise RequestFailed("protocol", f"{len(fields)} headers, more than {limits.max_headers}")
    if not all(TOKEN.fullmatch(name) and not LINE_BREAK_OR_NUL.search(value) for name, value in fields):
        raise RequestFailed("protocol", "a header with characters that are not allowed in it")
    version: bytes = response.extensions["http_version"]
    reason: bytes = response.extensions.get("reason_phrase", b"")
    if version == HTTP2:
        version, reason = b"HTTP/1.1", REASONS.get(response.status, b"")
    head = _block(b"%s %d %s" % (version, response.status, reason), fields)
    if len(head) > limits.max_header_bytes:
        raise RequestFailed("protocol", f"headers of {len(head)} bytes, more than {limits.max_header_bytes}")
    return fields, head


async def _body(response: httpcore.Response, stream: GuardedStream, max_bytes: int) -> bytes:
    """The body with its content coding, chunking undone; raises RequestFailed where it is too large or not whole."""
    # One buffer, not a list of pieces: a body of one-byte chunks would be a list of millions.
    body = bytearray()
    try:
        async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_stream())) as pieces:
            async for piece in pieces:
                if len(body) + len(piece) > max_bytes:
                    raise RequestFailed("too_large", f"more than {max_bytes} bytes")
                body += piece
    except httpcore.RemoteProtocolError as error:
        if stream.is_ended:
            raise RequestFailed("connection", f"broken off after {len(body)} bytes of the body") from error
        raise
    return bytes(body)


def _block(start_line: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """An HTTP/1.1 header block, start line and empty line included."""
    return b"\r\n".join([start_line, *(b"%s: %s" % field for field in fields), b"", b""])


def request_block(url: httpx.URL, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The head of a GET as an HTTP/1.1 block."""
    return _block(b"GET %s HTTP/1.1" % url.raw_path, headers)


def _failure(error: Exception) -> RequestFailed:
    outcome, words = next((outcome, words) for kind, outcome, words in FAILURES if isinstance(error, kind))
    return RequestFailed(outcome, words.format(error)[:MAX_DETAIL_CHARS])
