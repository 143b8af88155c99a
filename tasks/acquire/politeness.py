"""When a host may be asked: not before its delay, not by too many at once, not while it asked for rest."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

# Back-off of a host that has no time: 10 s, then twice as long each time, to an hour; each by half more or less, so
# that hosts which failed together do not come back together.
FIRST_BACKOFF_S = 10.0
MAX_BACKOFF_S = 3_600.0
MAX_HOLD_OFF_S = 86_400.0
# How many hosts are remembered before idle ones are looked for.
HOSTS_BEFORE_SWEEP = 1_024


@dataclass(slots=True, kw_only=True)
class _Host:
    """What is remembered of a host; instants are of the event loop's clock."""

    # Held from a turn's beginning until its answer begins; its waiters are served in their order.
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    freed: asyncio.Event = field(default_factory=asyncio.Event)
    n_inside: int = 0
    n_users: int = 0
    asked_at: float = float("-inf")
    delay_s: float = 0.0
    held_until: float = float("-inf")
    n_overloads: int = 0
    backoff_s: float = 0.0


class Politeness:
    """Turns of hosts, for one event loop.

    The delay of a host lies between two requests as the host sees them, also with several connections. When a request
    reaches it nobody here knows (connecting takes a different time for each), but it did before its answer begins. So
    a turn hands out a function to call then; the delay runs from that call, and nobody else's turn begins before. A
    host that takes longer to answer than its delay is thus not pressed further: several connections let the bodies
    of answers overlap, and all of the answers where the delay is 0.
    """

    def __init__(self, *, concurrency: int) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = HOSTS_BEFORE_SWEEP
        self._random = random.Random()

    @property
    def n_hosts(self) -> int:
        """How many hosts are remembered."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, host: str, *, delay_s: float, connections: int) -> AsyncIterator[Callable[[], None]]:
        """A context in which one request to the host may be made, and the function to call when its answer begins.

        Without that call the delay runs from the end of the turn. At most `connections` are inside at once; turns come
        in the order in which they were asked for. A slot of the global concurrency is taken when the host's turn has
        come, not while waiting for it.
        """
        state = self._host(host)
        state.n_users += 1
        try:
            await self._enter(state, delay_s, connections)
            holds_gate = True

            def answered() -> None:
                nonlocal holds_gate
                if holds_gate:
                    holds_gate = False
                    state.asked_at = self._now()
                    state.gate.release()

            if delay_s == 0:
                answered()
            try:
                yield answered
            finally:
                answered()
                self._leave(state)
        finally:
            state.n_users -= 1

    def hold_off(self, host: str, seconds: float) -> None:
        """Nothing; no turn of the host begins within these seconds, a day at most."""
        state = self._host(host)
        state.held_until = max(state.held_until, self._now() + min(max(seconds, 0.0), MAX_HOLD_OFF_S))

    def overloaded(self, host: str, *, retry_after_s: float | None = None) -> float:
        """The seconds for which the host is left alone now: what it asked for, and no less than the back-off."""
        state = self._host(host)
        backoff_s = min(FIRST_BACKOFF_S * 2.0 ** min(state.n_overloads, 30), MAX_BACKOFF_S)
        state.n_overloads += 1
        state.backoff_s = backoff_s * self._random.uniform(0.5, 1.5)
        seconds = min(max(state.backoff_s, retry_after_s or 0.0), MAX_HOLD_OFF_S)
        self.hold_off(host, seconds)
        return seconds

    def succeeded(self, host: str) -> None:
        """Nothing; the next back-off of the host is a first one again."""
        state = self._hosts.get(host)
        if state is not None:
            state.n_overloads = 0

    def wait_s(self, host: str) -> float:
        """For how long the host is still to be left alone: a caller with a deadline need not queue for it."""
        state = self._hosts.get(host)
        return 0.0 if state is None else max(state.held_until - self._now(), 0.0)

    async def _enter(self, state: _Host, delay_s: float, connections: int) -> None:
        """Nothing, when the turn has come; the gate is kept until the answer begins."""
        await state.gate.acquire()
        try:
            while True:
                await self._until_ready(state, delay_s, connections)
                await self._slots.acquire()
                if self._rest_s(state, delay_s) <= 0:
                    break
                self._slots.release()  # told to hold off while waiting for the slot
        except BaseException:
            state.gate.release()
            raise
        state.n_inside += 1
        state.delay_s = delay_s

    async def _until_ready(self, state: _Host, delay_s: float, connections: int) -> None:
        while state.n_inside >= connections:
            state.freed.clear()
            await state.freed.wait()
        while (rest_s := self._rest_s(state, delay_s)) > 0:
            await asyncio.sleep(rest_s)

    def _rest_s(self, state: _Host, delay_s: float) -> float:
        return max(state.asked_at + delay_s, state.held_until) - self._now()

    def _leave(self, state: _Host) -> None:
        state.n_inside -= 1
        state.freed.set()
        self._slots.release()

    def _host(self, host: str) -> _Host:
        state = self._hosts.get(host)
        if state is None:
            if len(self._hosts) >= self._sweep_at:
                self._sweep()
            state = self._hosts[host] = _Host()
        return state

    def _sweep(self) -> None:
        """Nothing; hosts that nobody uses and that nothing holds off are forgotten.

        The back-off of a host is remembered for as long again as it lasted. The next sweep comes when as many hosts
        have been added as were kept, so that sweeping costs a constant for each host.
        """
        now = self._now()
        self._hosts = {
            name: state
            for name, state in self._hosts.items()
            if state.n_users
            or max(state.asked_at + state.delay_s, state.held_until) > now
            or (state.n_overloads and state.held_until + state.backoff_s > now)
        }
        self._sweep_at = max(HOSTS_BEFORE_SWEEP, 2 * len(self._hosts))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
