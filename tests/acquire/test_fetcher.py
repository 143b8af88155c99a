"""What comes back of a fetch: the bytes as they went, redirects, what a status means, how a URL is asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.acquire.fetcher import redirect_target, retry_after_s, to_request_url
from tasks.acquire.transport import RequestFailed
from tasks.records.errors import ContractError
from tasks.records.fetches import Answer, Exchange
from tests.acquire.servers import LIMITS, NAME, Answering, Server, always, by_path, reply, run, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fetched(answering: Answering, path: str = "/", **headers: str) -> tuple[Answer, Server]:
    """The answer of a server of its own to one fetch, and what the server saw."""

    async def test() -> tuple[Answer, Server]:
        async with serving(answering) as server, server.fetcher() as fetcher:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            return await fetcher.fetch(server.url(path), headers=given), server

    return run(test())


def test_an_exchange_is_what_went_over_the_wire() -> None:
    said = reply("Content-Type: text/html", "X-Odd:  two  words", body=b"<p>\xd8\xa7</p>")
    answer, server = fetched(always(said), "/a?b=c")
    (exchange,) = answer.exchanges
    assert answer.outcome == "fetched"
    assert exchange.request_head == server.requests[0]
    assert exchange.response_head == said.partition(b"\r\n\r\n")[0].replace(b":  two", b": two") + b"\r\n\r\n"
    assert (exchange.body, exchange.status, exchange.address) == (b"<p>\xd8\xa7</p>", 200, "127.0.0.1")
    assert exchange.url == answer.final_url == server.url("/a?b=c")
    assert exchange.header("content-type") == "text/html"
    assert timedelta(0) <= exchange.answered_at - exchange.requested_at < timedelta(seconds=5)


def test_the_request_names_who_asks_and_what_it_reads() -> None:
    _, server = fetched(always(reply()))
    lines = server.requests[0].decode().split("\r\n")
    assert lines[:3] == ["GET / HTTP/1.1", f"Host: {NAME}:{server.port}", f"User-Agent: {LIMITS.user_agent}"]
    assert "Accept-Encoding: gzip, deflate, br, zstd" in lines


def test_a_body_keeps_its_content_coding() -> None:
    coded = b"\x1f\x8b\x08\x00 no gzip at all"
    answer, _ = fetched(always(reply("Content-Encoding: gzip", body=coded)))
    assert answer.exchanges[0].body == coded


def test_chunks_are_put_together_and_the_head_no_longer_says_chunked() -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
    answer, _ = fetched(always(said))
    (exchange,) = answer.exchanges
    assert exchange.body == b"abcde"
    assert exchange.response_head == b"HTTP/1.1 200 OK\r\nX-Crawler-Transfer-Encoding: chunked\r\n\r\n"
    assert exchange.header("transfer-encoding") is None


def test_a_body_that_ends_with_its_connection_is_whole() -> None:
    answer, _ = fetched(always(b"HTTP/1.0 200 OK\r\n\r\nall of it", close=True))
    assert (answer.outcome, answer.exchanges[0].body) == ("fetched", b"all of it")
    assert answer.exchanges[0].response_head == b"HTTP/1.0 200 OK\r\n\r\n"


def test_connections_are_kept_and_no_cookie_is_sent_back() -> None:
    async def test() -> Server:
        async with serving(always(reply("Set-Cookie: id=7; Path=/"))) as server, server.fetcher() as fetcher:
            first = await fetcher.fetch(server.url("/a"))
            await fetcher.fetch(server.url("/b"))
            assert first.exchanges[0].header("set-cookie") == "id=7; Path=/"
            return server

    server = run(test())
    assert (len(server.requests), server.n_connections) == (2, 1)
    assert not any(b"cookie" in request.lower() for request in server.requests)


@pytest.mark.parametrize("name", ["Cookie", "authorization", "Host", "Proxy-Authorization"])
def test_a_caller_may_not_set_credentials(name: str) -> None:
    with pytest.raises(ContractError):
        fetched(always(reply()), "/", **{name.replace("-", "_"): "x"})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("404 Not Found", "gone"), ("410 Gone", "gone"), ("401 U", "blocked"), ("402 P", "blocked"), ("403 F", "blocked"),
     ("405 M", "blocked"), ("406 N", "blocked"), ("407 P", "blocked"), ("451 U", "blocked"), ("500 E", "http_status"),
     ("204 N", "http_status"), ("206 P", "http_status"), ("300 M", "http_status"), ("301 no Location", "http_status"),
     ("429 T", "overloaded"), ("503 S", "overloaded"), ("999 Odd", "http_status")],
)  # fmt: skip
def test_a_status_is_an_outcome_and_its_answer_is_kept(status: str, outcome: str) -> None:
    body = b"" if status.startswith("204") else b"why"
    answer, _ = fetched(always(reply(status=status, body=body)))
    assert (answer.outcome, answer.exchanges[0].body) == (outcome, body)


def test_an_unchanged_page_says_so_to_who_asks_conditionally() -> None:
    said = b'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\n\r\n'
    answer, server = fetched(always(said), If_None_Match='"7"')
    assert (answer.outcome, answer.exchanges[0].status) == ("unchanged", 304)
    assert b'If-None-Match: "7"\r\n' in server.requests[0]


def test_a_304_that_nobody_asked_for_is_no_unchanged_page() -> None:
    answer, _ = fetched(always(b"HTTP/1.1 304 Not Modified\r\n\r\n"))
    assert answer.outcome == "http_status"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), (" 7 ", 7.0), ("0", 0.0), ("99999999999", 86_400.0), ("9" * 60, None), ("-5", None), ("1.5", None),
     ("soon", None), ("", None), (None, None), ("x" * 100, None), ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
     ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0), ("Sun, 01 Mar 2099 11:00:00 GMT", 86_400.0),
     ("Sunday, 01-Mar-26 12:01:30 GMT", 90.0), ("Sun, 31 Feb 2026 12:01:30 GMT", None), ("٣", None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_within_a_day(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, now=NOW) == seconds


def test_an_overloaded_server_says_when_to_come_back() -> None:
    answer, _ = fetched(always(reply("Retry-After: 30", status="429 Too Many")))
    assert (answer.outcome, answer.retry_after_s) == ("overloaded", 30.0)


def test_redirects_are_followed_and_each_is_an_exchange() -> None:
    answers = {
        "/a": reply("Location: b/c?d", status="301 Moved", body=b"moved"),
        "/b/c?d": reply("Location: //news.test:PORT/e#part", status="302 Found"),
        "/e": reply(body=b"here"),
    }

    async def test() -> tuple[Answer, Server]:
        async with serving(by_path(answers)) as server, server.fetcher() as fetcher:
            answers["/b/c?d"] = answers["/b/c?d"].replace(b"PORT", str(server.port).encode())
            return await fetcher.fetch(server.url("/a")), server

    answer, server = run(test())
    assert answer.outcome == "fetched"
    assert [exchange.body for exchange in answer.exchanges] == [b"moved", b"", b"here"]
    assert (answer.url, answer.final_url) == (server.url("/a"), server.url("/e"))


@pytest.mark.parametrize("location", ["/b", "/a", "#x", "//"])
def test_redirects_in_a_circle_end(location: str) -> None:
    back = reply(f"Location: {location}", status="302 Found")
    answer, server = fetched(by_path({"/a": back, "/b": reply("Location: /a", status="302 Found")}), "/a")
    assert (answer.outcome, len(server.requests)) == ("loop", len(answer.exchanges))
    assert len(server.requests) <= 2


def test_endless_redirects_end_at_the_limit() -> None:
    async def onwards(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(f"Location: {request.split(b' ')[1].decode()}x", status="307 Temporary"))

    answer, server = fetched(onwards)
    assert (answer.outcome, len(server.requests)) == ("loop", LIMITS.max_redirects + 1)


@pytest.mark.parametrize(
    ("location", "outcome"),
    [("ftp://news.test/x", "bad_url"), ("javascript:alert(1)", "bad_url"), ("file:///etc/passwd", "bad_url"),
     ("http://[::1", "bad_url"), ("http://", "loop"), ("//", "loop"), ("http://a:99999/", "bad_url"),
     ("http://a b/", "dns"), ("http://127.0.0.1/", "refused_address"), ("//10.0.0.1/", "refused_address"),
     ("http://169.254.169.254/latest/meta-data/", "refused_address"), ("http://[::1]/", "refused_address"),
     ("http://[fd00:ec2::254]/", "refused_address"), ("https://192.168.0.1/", "refused_address"),
     ("http://unknown.test/", "dns"), ("/" + "x" * 8_200, "bad_url")],
)  # fmt: skip
def test_a_redirect_to_nowhere_or_inside_ends_and_is_recorded(location: str, outcome: str) -> None:
    answer, server = fetched(always(reply(f"Location: {location}", status="302 Found")))
    assert (answer.outcome, len(answer.exchanges), len(server.requests)) == (outcome, 1, 1)


def test_a_redirect_in_utf8_is_understood() -> None:
    answers = {"/": reply("Location: /خبر", status="301 M"), "/%D8%AE%D8%A8%D8%B1": reply(body=b"news")}
    answer, _ = fetched(by_path(answers))
    assert answer.outcome == "fetched"


@pytest.mark.parametrize(
    ("path", "target"),
    [("/a b", "/a%20b"), ("/é?q=ü ö", "/%C3%A9?q=%C3%BC%20%C3%B6"), ("/%7e%d8", "/%7e%d8"), ("", "/"), ("?q", "/?q"),
     ("/a#b", "/a"), ('/"<>`{}', "/%22%3C%3E%60%7B%7D"), ("/a/../b", "/b"), ("/ ", "/")],
)  # fmt: skip
def test_a_path_is_asked_for_in_ascii(path: str, target: str) -> None:
    _, server = fetched(always(reply()), path)
    assert server.requests[0].split(b"\r\n")[0] == f"GET {target} HTTP/1.1".encode()


def test_an_international_host_is_asked_for_in_punycode() -> None:
    async def test() -> Server:
        async with serving(always(reply())) as server, server.fetcher(hosts=("xn--igbicxr.test",)) as fetcher:
            assert (await fetcher.fetch(server.url(host="أخبار.test"))).outcome == "fetched"
            return server

    server = run(test())
    assert f"Host: xn--igbicxr.test:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize(
    "url",
    ["", "news.test", "//news.test/", "ftp://news.test/", "http://", "http:///a", "http://news.test:x/", "http://[x]/",
     "http://news.test/\x00", "http://news.test/a\r\nX: y", "http://news.test/\ud800", "mailto:a@news.test",
     "http://news.test:65536/", "http://news.test:0/",
     "http://xn--a\u0301\u0300.test\u200b/", f"http://{'a.' * 200}/",
     "http://news.test/" + "x" * 10_000, "http://news.test/" + "خ" * 2_000, "http://1.2.3.999/"],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_a_bad_url(url: str) -> None:
    async def test() -> str:
        async with Server(port=1).fetcher() as fetcher:
            return (await fetcher.fetch(url)).outcome

    assert run(test()) == "bad_url"


HOSTILE = st.text(alphabet=st.one_of(st.sampled_from("/:@[]%?#\\.0x1aé خ\t\x00\ud800。"), st.characters()), max_size=60)


@given(st.builds(str.__add__, st.sampled_from(["", "http:", "http://", "https://a.test", "http://a.test:"]), HOSTILE))
def test_any_text_is_a_url_in_ascii_without_credentials_or_a_bad_one(text: str) -> None:
    with suppress(RequestFailed):
        asked = to_request_url(text)
        assert str(asked).isascii()
        assert str(asked).startswith(f"{asked.scheme}://{asked.netloc.decode()}")
        assert asked.raw_path.startswith(b"/")
        assert to_request_url(str(asked)) == asked


@given(HOSTILE)
def test_any_location_is_a_redirect_or_a_bad_url(text: str) -> None:
    value = text.encode("utf-8", "replace").decode("latin-1")
    exchange = Exchange(
        url="http://a.test/b", requested_at=NOW, answered_at=NOW, address=None, status=302,
        headers=(("location", value),), request_head=b"", response_head=b"", body=b"",
    )  # fmt: skip
    with suppress(RequestFailed):
        assert isinstance(redirect_target(exchange), str | None)


def test_a_url_of_8000_characters_is_asked_for() -> None:
    answer, _ = fetched(always(reply()), "/" + "x" * 8_000)
    assert answer.outcome == "fetched"


@pytest.mark.parametrize("credentials", ["user:word-of-pass@", "user@", "a@b:word-of-pass@", ":word-of-pass@"])
def test_credentials_are_neither_sent_nor_told(credentials: str, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> tuple[Answer, Server]:
        async with serving(always(reply())) as server, server.fetcher() as fetcher:
            return await fetcher.fetch(server.url(host=credentials + NAME)), server

    with caplog.at_level("DEBUG"):
        answer, server = run(test())
    assert answer.outcome == "fetched"
    assert b"uthorization" not in server.requests[0]
    told = repr(answer) + caplog.text + repr(server.requests)
    assert "word-of-pass" not in told
    assert "@" not in told.replace("+mailto:desk@news.test", "")


def test_credentials_of_a_redirect_are_not_sent() -> None:
    answers = {"/": reply("Location: http://u:p@news.test:PORT/x", status="302 F"), "/x": reply()}

    async def test() -> tuple[Answer, Server]:
        async with serving(by_path(answers)) as server, server.fetcher() as fetcher:
            answers["/"] = answers["/"].replace(b"PORT", str(server.port).encode())
            return await fetcher.fetch(server.url()), server

    answer, server = run(test())
    assert (answer.outcome, answer.final_url) == ("fetched", server.url("/x"))
    assert b"uthorization" not in server.requests[1]


def test_each_hop_is_entered_before_its_request_and_told_of_its_answer() -> None:
    said: list[str] = []

    async def test() -> Server:
        answers = {"/a": reply("Location: /b", status="302 F"), "/b": reply()}
        async with serving(by_path(answers)) as server, server.fetcher() as fetcher:

            @asynccontextmanager
            async def before(url: str) -> AsyncIterator[Callable[[], None]]:
                said.append(f"enter {url} {len(server.requests)}")
                yield lambda: said.append(f"answered {len(server.requests)}")
                said.append(f"leave {len(server.requests)}")

            await fetcher.fetch(server.url("/a"), before=before)
            return server

    server = run(test())
    assert said == [
        f"enter {server.url('/a')} 0", "answered 1", "leave 1", f"enter {server.url('/b')} 1", "answered 2", "leave 2"
    ]  # fmt: skip


def test_what_is_forbidden_before_a_hop_is_not_asked_for() -> None:
    async def test() -> tuple[Answer, Server]:
        async with serving(always(reply("Location: /b", status="302 F"))) as server, server.fetcher() as fetcher:

            @asynccontextmanager
            async def before(url: str) -> AsyncIterator[str | None]:
                yield "robots" if url.endswith("/b") else None

            return await fetcher.fetch(server.url("/a"), before=before), server

    answer, server = run(test())
    assert (answer.outcome, len(answer.exchanges), len(server.requests)) == ("robots", 1, 1)


def test_a_turn_is_left_as_usual_when_its_request_fails() -> None:
    said: list[str] = []

    async def test() -> str:
        async with serving(always(b"garbage\r\n\r\n")) as server, server.fetcher() as fetcher:

            @asynccontextmanager
            async def before(url: str) -> AsyncIterator[None]:
                yield
                said.append("left")

            return (await fetcher.fetch(server.url(), before=before)).outcome

    assert (run(test()), said) == ("protocol", ["left"])


def test_a_request_on_a_connection_that_the_server_closed_is_made_again() -> None:
    seen = Server()

    async def once(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"GET /b" not in request or len(seen.requests) > 2:
            writer.write(reply())
        else:
            writer.close()  # a request that came on a kept connection, in the moment of its closing

    async def test() -> str:
        nonlocal seen
        async with serving(once) as seen, seen.fetcher() as fetcher:
            await fetcher.fetch(seen.url("/a"))
            return (await fetcher.fetch(seen.url("/b"))).outcome

    assert run(test()) == "fetched"
    assert (len(seen.requests), seen.n_connections) == (3, 2)


def test_a_request_on_a_new_connection_is_made_once() -> None:
    async def never(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    answer, server = fetched(never)
    assert (answer.outcome, len(server.requests)) == ("connection", 1)


def test_the_rest_of_an_answer_is_not_the_next_answer() -> None:
    surplus = reply(body=b"short") + reply(body=b"of another page")

    async def test() -> list[bytes]:
        async with serving(by_path({"/a": surplus, "/b": reply(body=b"b")})) as server, server.fetcher() as fetcher:
            return [(await fetcher.fetch(server.url(path))).exchanges[0].body for path in ("/a", "/b")]

    assert run(test()) == [b"short", b"b"]


def test_max_bytes_of_a_call_comes_before_that_of_the_limits() -> None:
    async def test() -> list[str]:
        limits = replace(LIMITS, max_bytes=5)
        async with serving(always(reply(body=b"12345"))) as server, server.fetcher(limits) as fetcher:
            return [(await fetcher.fetch(server.url(), max_bytes=limit)).outcome for limit in (None, 4, 5)]

    assert run(test()) == ["fetched", "too_large", "fetched"]
