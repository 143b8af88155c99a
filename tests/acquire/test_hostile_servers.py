"""Servers that mean harm or are broken: each fetch ends in its outcome, soon, and costs little memory."""

import asyncio
import socket
import time
import tracemalloc
from dataclasses import replace

import pytest

from tasks.records.fetches import Answer
from tests.acquire.servers import LIMITS, Answering, Server, always, reply, run, serving

HASTY = replace(LIMITS, timeout_s=0.5, max_bytes=1_000_000)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def ended(answering: Answering) -> Answer:
    """How a fetch from a server of its own ended, within two seconds."""

    async def test() -> Answer:
        async with serving(answering) as server, server.fetcher(HASTY) as fetcher:
            return await fetcher.fetch(server.url())

    begun = time.monotonic()
    answer = run(test())
    assert time.monotonic() - begun < 2
    return answer


def endless(head: bytes, piece: bytes, *, every_s: float = 0) -> Answering:
    """Answers with a head and then one piece after another."""

    async def answering(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return answering


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (OK + b"\r\n", b"x" * 65_536),
        (CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        (OK + b"Content-Length: 999999999999\r\n\r\n", b"x" * 65_536),
    ],
)
def test_an_endless_body_is_too_large(head: bytes, piece: bytes) -> None:
    assert ended(endless(head, piece)).outcome == "too_large"


def test_an_endless_body_takes_no_more_memory_than_the_limit() -> None:
    tracemalloc.start()
    try:
        ended(endless(CHUNKED, b"1\r\nx\r\n" * 10_000))
        assert tracemalloc.get_traced_memory()[1] < 6 * HASTY.max_bytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "head", [OK + b"\r\n", OK + b"Content-Length: 1000\r\n\r\n", OK, OK + b"X: ", b"", CHUNKED + b"9"]
)
def test_a_drip_is_a_timeout(head: bytes) -> None:
    assert ended(endless(head, b"1", every_s=0.1)).outcome == "timeout"


@pytest.mark.parametrize("piece", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_an_answer_that_never_begins_is_a_timeout(piece: bytes) -> None:
    assert ended(endless(b"", piece, every_s=0.02)).outcome == "timeout"


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 100\r\n\r\nshort",
        CHUNKED + b"5\r\nab",
        CHUNKED + b"2\r\nab\r\n",
        CHUNKED,
        OK + b"Content-Length: 1\r\n\r\n",
    ],
)
def test_half_a_body_is_no_page(answer: bytes) -> None:
    end = ended(always(answer, close=True))
    assert (end.outcome, end.exchanges) == ("connection", ())


def test_bytes_after_the_stated_length_are_left_out() -> None:
    end = ended(always(OK + b"Content-Length: 4\r\n\r\npage and more"))
    assert (end.outcome, end.exchanges[0].body) == ("fetched", b"page")


@pytest.mark.parametrize(
    "answer",
    [b"garbage\r\n\r\n", b"\x00\xff" * 200, b"HTTP/1.1 abc OK\r\n\r\n", b"<html>hello</html>",
     OK + b"no colon\r\n\r\n", OK + b"A: \x00\r\n\r\n", OK + b": empty\r\n\r\n", OK + b"Content-Length: x\r\n\r\n",
     OK + b"Content-Length: -1\r\n\r\n", OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     OK + b"Transfer-Encoding: odd\r\n\r\n", OK + b"X: half", b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n",
     CHUNKED + b"zz\r\nab\r\n", CHUNKED + b"-1\r\nab\r\n", CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
     CHUNKED + b"f" * 30 + b"\r\n",
     OK + b"A: b\r\nContent-Length: 99999999999999999999999999\r\n\r\n", CHUNKED + b"1;" + b"x" * 200_000],
)  # fmt: skip
def test_what_is_no_http_breaks_the_protocol(answer: bytes) -> None:
    end = ended(always(answer, close=True))
    assert (end.outcome, end.exchanges) == ("protocol", ())


@pytest.mark.parametrize("n_headers", [201, 5_000])
def test_too_many_headers_break_the_protocol(n_headers: int) -> None:
    assert ended(always(reply(*["A: b"] * n_headers))).outcome == "protocol"


@pytest.mark.parametrize("n_bytes", [70_000, 1_000_000])
def test_too_long_headers_break_the_protocol(n_bytes: int) -> None:
    assert ended(always(reply("A: " + "b" * n_bytes))).outcome == "protocol"


@pytest.mark.parametrize("piece", [b"A: b\r\n", b"x" * 1_000])
def test_endless_headers_break_the_protocol(piece: bytes) -> None:
    assert ended(endless(OK, piece * 100)).outcome == "protocol"


def test_endless_trailers_end() -> None:
    assert ended(endless(CHUNKED + b"0\r\n", b"A: b\r\n" * 1_000)).outcome == "protocol"


def test_a_server_that_hangs_up_is_a_broken_connection() -> None:
    async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    assert ended(hang_up).outcome == "connection"


def test_a_port_where_nobody_listens_is_a_broken_connection() -> None:
    async def test() -> str:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            server = Server(port=unused.getsockname()[1])
            async with server.fetcher() as fetcher:
                return (await fetcher.fetch(server.url())).outcome

    assert run(test()) == "connection"


def test_a_host_that_takes_no_connection_is_a_timeout() -> None:
    async def test() -> str:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            server = Server(port=full.getsockname()[1])
            waiting = [socket.socket() for _ in range(3)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", server.port))
            try:
                async with server.fetcher(replace(LIMITS, connect_timeout_s=0.3)) as fetcher:
                    return (await fetcher.fetch(server.url())).outcome
            finally:
                for each in waiting:
                    each.close()

    assert run(test()) == "timeout"


def test_an_unknown_host_has_no_address() -> None:
    async def test() -> str:
        async with Server(port=1).fetcher() as fetcher:
            return (await fetcher.fetch("http://unknown.test/")).outcome

    assert run(test()) == "dns"


def test_after_hostile_answers_the_next_page_is_fetched() -> None:
    answers = [b"garbage\r\n\r\n", CHUNKED + b"zz\r\n", OK + b"Content-Length: 9\r\n\r\nx", reply(body=b"page")]
    seen = Server()

    async def in_turn(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[len(seen.requests) - 1])
        if len(seen.requests) < len(answers):
            writer.close()

    async def test() -> list[str]:
        nonlocal seen
        async with serving(in_turn) as seen, seen.fetcher(HASTY) as fetcher:
            return [(await fetcher.fetch(seen.url())).outcome for _ in answers]

    assert run(test()) == ["protocol", "protocol", "connection", "fetched"]


def test_a_detail_is_one_short_line() -> None:
    detail = ended(always(OK + b"broken " + b"\x01\xff" * 2_000 + b"\r\n\r\n", close=True)).detail
    assert detail is not None
    assert len(detail) <= 200
    assert detail.isprintable()
