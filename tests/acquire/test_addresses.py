"""Which addresses may be contacted, and that no form of a host leads elsewhere."""

import asyncio
import ipaddress
import socket
import time
from dataclasses import replace
from typing import Any

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.acquire.addresses import AddressGuard, RefusedAddressError, is_public
from tests.acquire.servers import LIMITS, Server, always, reply, run, serving

CLOSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
    "2002:808:808::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "", "news.test", "127.1", "2130706433",
]  # fmt: skip
OPEN = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1",
        "::ffff:8.8.8.8", "64:ff9b::808:808"]  # fmt: skip

BEARING_IPV4 = (ipaddress.ip_network("::ffff:0:0/96"), ipaddress.ip_network("64:ff9b::/96"))


@pytest.mark.parametrize("address", CLOSED)
def test_what_is_no_public_address_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_not_refused(address: str) -> None:
    assert is_public(address)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_that_python_calls_private_or_special_is_public(address: Any) -> None:
    special = address.is_private or address.is_multicast or address.is_reserved or address.is_link_local
    bears_ipv4 = any(address in network for network in BEARING_IPV4)
    assert bears_ipv4 or not (special and is_public(str(address)))


@given(st.ip_addresses(v=4))
def test_ipv4_inside_ipv6_is_as_public_as_it_is(address: ipaddress.IPv4Address) -> None:
    assert is_public(f"::ffff:{address}") == is_public(f"64:ff9b::{address}") == is_public(str(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
    ],
)
def test_no_way_to_write_loopback_reaches_it(host: str) -> None:
    async def test() -> tuple[str, int]:
        async with serving(always(reply(body=b"secret"))) as server, server.fetcher() as fetcher:
            answer = await fetcher.fetch(server.url(host=host))
            return answer.outcome, server.n_connections

    assert run(test()) == ("refused_address", 0)


@pytest.mark.parametrize("host", ["0177.0.0.1", "127.0.0.1.", "127%2e0%2e0%2e1", "127。0。0。1", "①②⑦.0.0.1"])
def test_disguised_numbers_never_reach_loopback(host: str) -> None:
    async def test() -> tuple[str, int]:
        async with serving(always(reply(body=b"secret"))) as server, server.fetcher() as fetcher:
            answer = await fetcher.fetch(server.url(host=host))
            return answer.outcome, server.n_connections

    outcome, n_connections = run(test())
    assert (outcome in ("refused_address", "bad_url", "dns"), n_connections) == (True, 0)


@pytest.mark.parametrize("host", ["other.test", "news.test.", "a.news.test"])
def test_only_the_named_host_goes_to_its_address(host: str) -> None:
    async def test() -> tuple[str, int]:
        async with serving(always(reply())) as server, server.fetcher() as fetcher:
            return (await fetcher.fetch(server.url(host=host))).outcome, server.n_connections

    assert run(test()) == ("dns", 0)


def test_a_named_host_is_named_with_its_port_alone() -> None:
    async def test() -> tuple[str, int]:
        async with serving(always(reply())) as named, serving(always(reply())) as other, named.fetcher() as fetcher:
            return (await fetcher.fetch(other.url())).outcome, other.n_connections

    assert run(test()) == ("dns", 0)


def addresses_in_turn(*answers: list[str]) -> tuple[Any, list[str]]:
    """A resolver that gives each answer once and the last for ever, and the names it was asked for."""
    asked: list[str] = []

    def lookup(host: str, port: int, *_: Any, **__: Any) -> Any:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return lookup, asked


def test_a_resolver_that_changes_its_answer_gains_nothing(monkeypatch: pytest.MonkeyPatch, blocked: list[str]) -> None:
    lookup, asked = addresses_in_turn(["8.8.4.4"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    async def test() -> tuple[list[str], int]:
        async with serving(always(reply(body=b"secret"))) as server, server.fetcher() as fetcher:
            outcomes = [(await fetcher.fetch(server.url(host="changing.test"))).outcome for _ in range(2)]
            return outcomes, server.n_connections

    assert run(test()) == (["connection", "refused_address"], 0)
    assert (blocked, asked) == (["8.8.4.4"], ["changing.test"] * 2)
    blocked.clear()


def test_of_public_and_private_addresses_the_public_are_tried(
    monkeypatch: pytest.MonkeyPatch, blocked: list[str]
) -> None:
    lookup, _ = addresses_in_turn(["127.0.0.1", "8.8.4.4", "10.0.0.1", "8.8.8.8"])
    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    async def test() -> tuple[str, int]:
        async with serving(always(reply())) as server, server.fetcher() as fetcher:
            return (await fetcher.fetch(server.url(host="mixed.test"))).outcome, server.n_connections

    assert run(test()) == ("connection", 0)
    assert blocked == ["8.8.4.4", "8.8.8.8"]
    blocked.clear()


def test_a_name_that_no_resolver_can_hold_has_no_address() -> None:
    async def test() -> str:
        async with serving(always(reply())) as server, server.fetcher() as fetcher:
            return (await fetcher.fetch(f"http://{'a' * 64}.test/")).outcome

    assert run(test()) == "dns"


def test_a_resolver_that_does_not_answer_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.6))

    async def test() -> tuple[str, float]:
        begun = time.monotonic()
        async with Server(port=1).fetcher(replace(LIMITS, connect_timeout_s=0.1)) as fetcher:
            return (await fetcher.fetch("http://slow.test/")).outcome, time.monotonic() - begun

    outcome, seconds = run(test())
    assert outcome == "timeout"
    assert seconds < 0.5


def test_silent_names_do_not_keep_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str, *_: Any, **__: Any) -> Any:
        if host.startswith("slow"):
            time.sleep(0.6)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    async def test() -> tuple[str, float]:
        async with Server(port=1).fetcher() as fetcher:
            slow = [asyncio.create_task(fetcher.fetch(f"http://slow{n}.test/")) for n in range(20)]
            await asyncio.sleep(0.05)
            begun = time.monotonic()
            outcome = (await fetcher.fetch("http://other.test/")).outcome
            seconds = time.monotonic() - begun
            await asyncio.gather(*slow)
            return outcome, seconds

    outcome, seconds = run(test())
    assert outcome == "dns"
    assert seconds < 0.4


def test_unix_sockets_are_refused() -> None:
    async def test() -> None:
        async with httpcore.AsyncConnectionPool(network_backend=AddressGuard(), uds="/run/any.sock") as pool:
            await pool.request("GET", "http://news.test/")

    with pytest.raises(RefusedAddressError):
        run(test())


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> tuple[str, int]:
        async with serving(always(reply())) as proxy, serving(always(reply())) as server:
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            async with server.fetcher() as fetcher:
                return (await fetcher.fetch(server.url())).outcome, proxy.n_connections

    assert run(test()) == ("fetched", 0)
