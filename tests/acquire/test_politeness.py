"""Turns of hosts: delays from a server's own log, connections at once, rest, fairness, memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import pairwise

import pytest

from tasks.acquire.politeness import FIRST_BACKOFF_S, HOSTS_BEFORE_SWEEP, MAX_BACKOFF_S, MAX_HOLD_OFF_S, Politeness
from tests.acquire.servers import Server, reply, run, serving

DELAY_S = 0.03
HOST = "news.test"


def turns(
    politeness: Politeness, *, delay_s: float, connections: int
) -> Callable[[str], AbstractAsyncContextManager[Callable[[], None]]]:
    """What a fetcher enters before each hop."""

    @asynccontextmanager
    async def before(url: str) -> AsyncIterator[Callable[[], None]]:
        async with politeness.turn(HOST, delay_s=delay_s, connections=connections) as answered:
            yield answered

    return before


@pytest.mark.parametrize("connections", [1, 2, 5])
@pytest.mark.parametrize("answer_s", [0.0, 0.05])
def test_no_two_requests_come_nearer_than_the_delay(connections: int, answer_s: float) -> None:
    async def slowly(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(answer_s)
        writer.write(reply(body=b"page"))

    async def test() -> Server:
        async with serving(slowly) as server, server.fetcher() as fetcher:
            before = turns(Politeness(concurrency=10), delay_s=DELAY_S, connections=connections)
            await asyncio.gather(*(fetcher.fetch(server.url(f"/{n}"), before=before) for n in range(12)))
            return server

    server = run(test())
    assert len(server.times) == 12
    assert min(after - one for one, after in pairwise(server.times)) >= DELAY_S
    assert server.n_connections <= connections


def test_redirects_wait_for_their_turn_too() -> None:
    async def onwards(request: bytes, writer: asyncio.StreamWriter) -> None:
        step = int(request.split(b" ")[1][1:])
        writer.write(reply(f"Location: /{step + 1}", status="302 F") if step < 4 else reply())

    async def test() -> Server:
        async with serving(onwards) as server, server.fetcher() as fetcher:
            before = turns(Politeness(concurrency=10), delay_s=DELAY_S, connections=1)
            assert (await fetcher.fetch(server.url("/0"), before=before)).outcome == "fetched"
            return server

    assert min(after - one for one, after in pairwise(run(test()).times)) >= DELAY_S


@pytest.mark.parametrize("connections", [1, 3])
def test_never_more_than_the_connections_are_inside(connections: int) -> None:
    async def test() -> list[int]:
        politeness, inside, seen = Politeness(concurrency=50), 0, list[int]()

        async def work() -> None:
            nonlocal inside
            async with politeness.turn(HOST, delay_s=0, connections=connections) as answered:
                answered()
                inside += 1
                seen.append(inside)
                await asyncio.sleep(0.005)
                inside -= 1

        await asyncio.gather(*(work() for _ in range(20)))
        return seen

    assert max(run(test())) == connections


@pytest.mark.parametrize("delay_s", [0, 0.01])
def test_several_connections_are_used_when_bodies_are_slow(delay_s: float) -> None:
    async def test() -> float:
        politeness = Politeness(concurrency=50)

        async def work() -> None:
            async with politeness.turn(HOST, delay_s=delay_s, connections=4) as answered:
                answered()
                await asyncio.sleep(0.2)

        begun = time.monotonic()
        await asyncio.gather(*(work() for _ in range(4)))
        return time.monotonic() - begun

    assert run(test()) < 0.6  # one after the other they would take 0.8 s


@pytest.mark.parametrize(("delay_s", "is_second"), [(0.001, 1), (0, 0)])
def test_with_a_delay_nobody_begins_before_the_last_answer_does(delay_s: float, is_second: int) -> None:
    async def test() -> list[str]:
        politeness, said = Politeness(concurrency=50), list[str]()

        async def first() -> None:
            async with politeness.turn(HOST, delay_s=delay_s, connections=2) as answered:
                await asyncio.sleep(0.05)
                said.append("first answered")
                answered()
                await asyncio.sleep(0.05)

        async def second() -> None:
            async with politeness.turn(HOST, delay_s=delay_s, connections=2):
                said.append("second begins")

        await asyncio.gather(first(), second())
        return said

    assert run(test()).index("second begins") == is_second


def test_turns_come_in_the_order_they_were_asked_for() -> None:
    async def test() -> list[int]:
        politeness, order = Politeness(concurrency=2), list[int]()

        async def work(n: int) -> None:
            async with politeness.turn(HOST, delay_s=0.001, connections=2) as answered:
                order.append(n)
                answered()
                await asyncio.sleep(0.002)

        await asyncio.gather(*(work(n) for n in range(30)))
        return order

    assert run(test()) == list(range(30))


def test_a_host_that_waits_takes_no_slot_from_others() -> None:
    async def test() -> float:
        politeness = Politeness(concurrency=1)
        politeness.hold_off("held.test", 5)

        async def work(host: str) -> None:
            async with politeness.turn(host, delay_s=0, connections=1):
                pass

        held = [asyncio.create_task(work("held.test")) for _ in range(3)]
        begun = time.monotonic()
        await asyncio.gather(*(work(f"host{n}.test") for n in range(10)))
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        return time.monotonic() - begun

    assert run(test()) < 1


def test_never_more_than_the_global_concurrency_is_inside() -> None:
    async def test() -> int:
        politeness, inside, most = Politeness(concurrency=3), 0, 0

        async def work(host: str) -> None:
            nonlocal inside, most
            async with politeness.turn(host, delay_s=0, connections=2):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.003)
                inside -= 1

        await asyncio.gather(*(work(f"host{n}.test") for n in range(20)))
        return most

    assert run(test()) == 3


def test_a_turn_that_is_given_up_or_fails_keeps_nobody_waiting() -> None:
    async def test() -> None:
        politeness = Politeness(concurrency=1)

        async def work(seconds: float) -> None:
            async with politeness.turn(HOST, delay_s=0.005, connections=1):
                await asyncio.sleep(seconds)
                raise ConnectionError

        tasks = [asyncio.create_task(work(9)) for _ in range(4)]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        tasks.append(asyncio.create_task(work(0)))
        await asyncio.gather(*tasks, return_exceptions=True)
        async with politeness.turn(HOST, delay_s=0, connections=1):
            pass

    run(test(), within_s=3)


@pytest.mark.parametrize("is_queued", [False, True])
def test_a_host_that_asked_for_rest_has_it(is_queued: bool) -> None:
    async def test() -> float:
        politeness = Politeness(concurrency=1)

        async def work() -> float:
            async with politeness.turn(HOST, delay_s=0, connections=1):
                return time.monotonic()

        async with politeness.turn("other.test", delay_s=0, connections=1):
            waiting = asyncio.create_task(work())
            if is_queued:  # for the one slot, with the host's turn already come
                await asyncio.sleep(0.01)
            politeness.hold_off(HOST, 0.1)
            told_at = time.monotonic()
        return await waiting - told_at

    assert 0.1 <= run(test()) < 1


def test_back_off_doubles_with_jitter_to_an_hour_and_success_resets_it() -> None:
    async def test() -> None:
        politeness = Politeness(concurrency=1)
        waits = [politeness.overloaded(HOST) for _ in range(40)]
        for n, wait_s in enumerate(waits):
            due = min(FIRST_BACKOFF_S * 2**n, MAX_BACKOFF_S)
            assert 0.5 * due <= wait_s <= 1.5 * due
        assert len({wait_s / min(FIRST_BACKOFF_S * 2**n, MAX_BACKOFF_S) for n, wait_s in enumerate(waits)}) > 30
        politeness.succeeded(HOST)
        assert politeness.overloaded(HOST) <= 1.5 * FIRST_BACKOFF_S

    run(test())


@pytest.mark.parametrize(
    ("asked_s", "least", "most"), [(5_000.0, 5_000, 5_000), (1e9, MAX_HOLD_OFF_S, MAX_HOLD_OFF_S), (0.0, 5, 15)]
)
def test_retry_after_is_kept_to_but_not_for_more_than_a_day(asked_s: float, least: float, most: float) -> None:
    async def test() -> tuple[float, float]:
        politeness = Politeness(concurrency=1)
        return politeness.overloaded(HOST, retry_after_s=asked_s), politeness.wait_s(HOST)

    told_s, left_s = run(test())
    assert least <= told_s <= most
    assert told_s - 1 < left_s <= told_s


def test_a_shorter_rest_does_not_shorten_a_longer_one() -> None:
    async def test() -> float:
        politeness = Politeness(concurrency=1)
        politeness.hold_off(HOST, 100)
        politeness.hold_off(HOST, 1)
        return politeness.wait_s(HOST)

    assert run(test()) > 90


def test_idle_hosts_are_forgotten_and_held_ones_are_not() -> None:
    async def test() -> tuple[int, float]:
        politeness = Politeness(concurrency=1)
        politeness.hold_off("held.test", 100)
        for n in range(5 * HOSTS_BEFORE_SWEEP):
            async with politeness.turn(f"host{n}.test", delay_s=0, connections=1):
                pass
        return politeness.n_hosts, politeness.wait_s("held.test")

    n_hosts, wait_s = run(test())
    assert n_hosts <= HOSTS_BEFORE_SWEEP
    assert wait_s > 90
