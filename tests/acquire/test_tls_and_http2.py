"""Certificates that do and do not hold, and HTTP/2 where a server offers it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import h2.config
import h2.connection
import h2.events
import pytest
import trustme

from tasks.acquire.addresses import AddressGuard
from tasks.records.fetches import Answer
from tests.acquire.servers import LIMITS, NAME, Server, always, reply, run, serving

Headers = list[tuple[str, str]]
# What an HTTP/2 server does with a request: its connection, the stream, the path.
Acting = Callable[[h2.connection.H2Connection, int, str], None]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, name: str = NAME, *, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def over_tls(server_side: ssl.SSLContext, client_side: ssl.SSLContext | None) -> Answer:
    async def test() -> Answer:
        serves = serving(always(reply(body=b"page")), ssl_context=server_side)
        async with serves as server, server.fetcher(ssl_context=client_side) as fetcher:
            return await fetcher.fetch(server.url(scheme="https"))

    return run(test())


def test_a_certificate_that_holds_lets_the_page_through(authority: trustme.CA) -> None:
    answer = over_tls(server_context(authority), trusting(authority))
    assert (answer.outcome, answer.exchanges[0].body) == ("fetched", b"page")


def test_an_authority_that_nobody_knows_is_refused(authority: trustme.CA) -> None:
    answer = over_tls(server_context(authority), None)
    assert (answer.outcome, answer.exchanges) == ("tls", ())
    assert "certificate" in str(answer.detail)


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA) -> None:
    assert over_tls(server_context(authority, "other.test"), trusting(authority)).outcome == "tls"


def test_plain_http_on_a_port_of_tls_is_refused(authority: trustme.CA) -> None:
    async def test() -> str:
        is_over = asyncio.Event()

        async def blurt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(reply(body=b"plain"))
            with suppress(ConnectionError):
                await reader.read()
            writer.transport.abort()
            is_over.set()

        async with await asyncio.start_server(blurt, "127.0.0.1", 0) as listening:
            server = Server(port=listening.sockets[0].getsockname()[1])
            async with server.fetcher(ssl_context=trusting(authority)) as fetcher:
                outcome = (await fetcher.fetch(server.url(scheme="https"))).outcome
            await is_over.wait()
            return outcome

    assert run(test()) == "tls"


def test_tls_of_yesterday_is_refused(authority: trustme.CA) -> None:
    old = server_context(authority)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    assert over_tls(old, trusting(authority)).outcome in ("tls", "connection")


class Http2(asyncio.Protocol):
    """One connection of a server of HTTP/2 that acts on each request as told."""

    def __init__(self, seen: Server, act: Acting) -> None:
        self.seen, self.act = seen, act
        config = h2.config.H2Configuration(
            client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.http = h2.connection.H2Connection(config)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.seen.n_connections += 1
        self.http.initiate_connection()
        self.transport.write(self.http.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self.http.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = dict(event.headers or [])
                path = headers[b":path"].decode()
                self.seen.requests.append(b"\n".join(b"%s: %s" % pair for pair in headers.items()))
                assert event.stream_id is not None
                self.act(self.http, event.stream_id, path)
        self.transport.write(self.http.data_to_send())
        if self.http.state_machine.state is h2.connection.ConnectionState.CLOSED:
            self.transport.close()


@asynccontextmanager
async def http2_server(authority: trustme.CA, act: Acting) -> AsyncIterator[Server]:
    seen, protocols = Server(), list[Http2]()

    def protocol() -> Http2:
        protocols.append(Http2(seen, act))
        return protocols[-1]

    context = server_context(authority, protocols=("h2",))
    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context)
    seen.port = listening.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        listening.close()
        for each in protocols:
            each.transport.abort()
        await asyncio.sleep(0.01)


def say(*headers: tuple[str, str], body: bytes = b"page") -> Acting:
    def act(http: h2.connection.H2Connection, stream_id: int, path: str) -> None:
        http.send_headers(stream_id, [(":status", "200"), *headers], end_stream=False)
        http.send_data(stream_id, body, end_stream=True)

    return act


def fetched(authority: trustme.CA, act: Acting, *paths: str, timeout_s: float = 0.5) -> tuple[list[Answer], Server]:
    async def test() -> tuple[list[Answer], Server]:
        hasty, trust = replace(LIMITS, timeout_s=timeout_s, max_bytes=100_000), trusting(authority)
        async with http2_server(authority, act) as server, server.fetcher(hasty, ssl_context=trust) as fetcher:
            return [await fetcher.fetch(server.url(path, scheme="https")) for path in paths], server

    return run(test())


def test_http2_is_spoken_where_it_is_offered_and_written_down_as_http_1_1(authority: trustme.CA) -> None:
    (answer, _), server = fetched(authority, say(("etag", '"7"'), ("set-cookie", "id=7")), "/a?b", "/c")
    (exchange,) = answer.exchanges
    assert exchange.response_head == b'HTTP/1.1 200 OK\r\netag: "7"\r\nset-cookie: id=7\r\n\r\n'
    assert exchange.request_head.startswith(f"GET /a?b HTTP/1.1\r\nHost: {NAME}:{server.port}\r\nUser-Agent".encode())
    assert (answer.outcome, exchange.body, exchange.address) == ("fetched", b"page", "127.0.0.1")
    assert (server.n_connections, len(server.requests)) == (1, 2)
    assert b"cookie" not in b"".join(server.requests)


@pytest.mark.parametrize(
    "headers",
    [
        [("x", "a\r\nSet-Forged: 1")],
        [("x", "a\nb")],
        [("x", "a\x00b")],
        [("x\r\ny", "a")],
        [("x: y", "a")],
        [("x y", "a")],
        [("content-length", "9")],
        [("content-length", "1")],
        [("a", "b" * 70_000)],
        [("a", "b")] * 300,
    ],
)
def test_headers_that_http_1_1_could_not_bear_break_the_protocol(authority: trustme.CA, headers: Headers) -> None:
    # Server and client pack and unpack 70,000 letters in Python: half a second on a slow machine.
    (answer,), _ = fetched(authority, say(*headers), "/", timeout_s=10)
    assert (answer.outcome, answer.exchanges) == ("protocol", ())


def test_a_status_that_is_no_number_breaks_the_protocol(authority: trustme.CA) -> None:
    def act(http: h2.connection.H2Connection, stream_id: int, path: str) -> None:
        http.send_headers(stream_id, [(":status", "odd")], end_stream=True)

    (answer,), _ = fetched(authority, act, "/")
    assert answer.outcome == "protocol"


def test_after_answers_without_end_the_next_page_is_fetched(authority: trustme.CA) -> None:
    def act(http: h2.connection.H2Connection, stream_id: int, path: str) -> None:
        if path != "/silent":
            http.send_headers(stream_id, [(":status", "200")])
        for _ in range(30 if path == "/large" else 0):
            http.send_data(stream_id, b"x" * 16_000)
        if path == "/page":
            http.send_data(stream_id, b"page", end_stream=True)

    paths = ["/large", "/page", "/silent", "/half", "/page"]
    answers, server = fetched(authority, act, *paths)
    assert [answer.outcome for answer in answers] == ["too_large", "fetched", "timeout", "timeout", "fetched"]
    assert server.n_connections == 4  # whoever left an answer unread left its connection too


def test_a_stream_that_is_reset_breaks_the_protocol(authority: trustme.CA) -> None:
    (answer,), _ = fetched(authority, lambda http, stream_id, _: http.reset_stream(stream_id), "/")
    assert answer.outcome == "protocol"


def test_a_connection_that_is_given_up_between_requests_is_replaced(authority: trustme.CA) -> None:
    def act(http: h2.connection.H2Connection, stream_id: int, path: str) -> None:
        say()(http, stream_id, path)
        http.close_connection(last_stream_id=stream_id)

    answers, server = fetched(authority, act, "/a", "/b", "/c")
    assert [answer.outcome for answer in answers] == ["fetched"] * 3
    assert server.n_connections == 3


def test_requests_at_once_share_a_connection(authority: trustme.CA) -> None:
    async def test() -> tuple[set[str], int]:
        trust = trusting(authority)
        async with http2_server(authority, say()) as server, server.fetcher(ssl_context=trust) as fetcher:
            urls = [server.url(f"/{n}", scheme="https") for n in range(30)]
            answers = await asyncio.gather(*(fetcher.fetch(url) for url in urls))
            return {answer.outcome for answer in answers}, server.n_connections

    assert run(test()) == ({"fetched"}, 1)


def test_who_shares_a_connection_with_a_silent_request_is_fetched_or_can_be_retried(authority: trustme.CA) -> None:
    def act(http: h2.connection.H2Connection, stream_id: int, path: str) -> None:
        if not path.startswith("/silent"):
            say()(http, stream_id, path)

    async def test() -> list[str]:
        hasty, trust = replace(LIMITS, timeout_s=0.3), trusting(authority)
        async with http2_server(authority, act) as server, server.fetcher(hasty, ssl_context=trust) as fetcher:

            async def fetch_after(wait_s: float, path: str) -> str:
                await asyncio.sleep(wait_s)
                return (await fetcher.fetch(server.url(path, scheme="https"))).outcome

            silent = [fetch_after(0.01 * n, f"/silent{n}") for n in range(5)]
            good = [fetch_after(0.01 * n, f"/{n}") for n in range(60)]
            outcomes = await asyncio.gather(*silent, *good)
            assert set(outcomes[:5]) <= {"timeout", "connection", "protocol"}
            return outcomes[5:]

    assert set(run(test())) <= {"fetched", "connection"}


def test_connections_are_closed_by_their_host_and_port_alone() -> None:
    async def test() -> list[bool]:
        async with serving(always(reply())) as one, serving(always(reply())) as other:
            named = {f"{NAME}:{server.port}": "127.0.0.1" for server in (one, other)}
            guard = AddressGuard(named_hosts=named)
            streams = [await guard.connect_tcp(NAME, server.port) for server in (one, other)]
            await guard.close_all_to(f"{NAME}:{one.port}")
            closed = [bool(stream.get_extra_info("is_readable")) for stream in streams]
            await streams[1].aclose()
            return closed

    assert run(test()) == [True, False]
