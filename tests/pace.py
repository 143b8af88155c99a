"""Bounds on processor time that mean the same on a slow machine as on a quick one.

A bound is there to tell linear work from quadratic, so it is stated in seconds of a machine whose pace is
`YARDSTICK_S`. A block that took longer is held against the pace of the machine of that moment.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# What `yardstick_s` gives on the machine whose seconds the bounds are.
YARDSTICK_S = 0.1


def yardstick_s() -> float:
    """The processor's seconds for a fixed piece of work: text made, split, counted and sorted."""
    began = time.process_time()
    text = " ".join(f"word{number % 997} {number}" for number in range(100_000))
    counts: dict[str, int] = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    sorted(counts)
    return time.process_time() - began


def slowness() -> float:
    """How many times slower this machine is at this moment than one of `YARDSTICK_S`; 1 where it is no slower."""
    return max(1.0, min(yardstick_s() for _ in range(3)) / YARDSTICK_S)


@contextmanager
def within(seconds: float, what: str = "the block") -> Iterator[None]:
    """Fails where the block takes more of the processor than so many seconds of a machine of `YARDSTICK_S`.

    Raises:
        AssertionError: It took longer, by the pace of this machine; says what and how long.

    """
    began = time.process_time()
    yield
    took_s = time.process_time() - began
    if took_s >= seconds:
        times = slowness()
        assert took_s < seconds * times, f"{what} took {took_s:.2f} s where {seconds} x {times:.2f} is the most"
