"""A bound that never fails bounds nothing."""

import re
import time

import pytest

from tests import pace


def busy(seconds: float) -> None:
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass


def test_a_block_within_its_bound_passes_and_one_beyond_fails() -> None:
    with pace.within(5):
        busy(0.01)
    with pytest.raises(AssertionError, match=re.escape("a loop took 0.5")), pace.within(0.01, "a loop"):
        busy(0.5)


def test_a_slow_machine_is_given_its_time_and_a_quick_one_no_more_than_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "yardstick_s", lambda: 10 * pace.YARDSTICK_S)
    with pace.within(0.1):
        busy(0.2)
    monkeypatch.setattr(pace, "yardstick_s", lambda: pace.YARDSTICK_S / 10)
    with pytest.raises(AssertionError), pace.within(0.1):
        busy(0.2)
