"""The worker pool: what a caller is told when a call does not come back."""

import os
import threading
import time

import pytest

from tasks.workers.pool import Call, PoolStopped, WorkerPool, WorkFailed, open_pool

pytestmark = pytest.mark.pool

POOL = {"workers": 1, "memory_bytes": 3 * 1024**3, "resident_bytes": 512 * 1024**2, "max_calls": 10, "preload": "json"}


def test_a_call_gives_what_the_function_returned() -> None:
    with open_pool(**POOL) as pool:  # type: ignore[arg-type]
        assert pool.call(os.path.join, "a", "b", timeout_s=20).result() == os.path.join("a", "b")


def test_a_hang_and_a_death_are_told_apart_and_the_pool_lives_on() -> None:
    with open_pool(**POOL) as pool:  # type: ignore[arg-type]
        with pytest.raises(WorkFailed) as hang:
            pool.call(time.sleep, 60, timeout_s=0.5).result()
        with pytest.raises(WorkFailed) as death:
            pool.call(os._exit, 3, timeout_s=20).result()
        assert (hang.value.failure, death.value.failure) == ("timeout", "crash")
        assert "exit code 3" in death.value.detail
        assert pool.call(abs, -1, timeout_s=20).result() == 1


def hold_memory(n_bytes: int) -> None:
    hoard = bytearray(b"x") * n_bytes
    time.sleep(20)
    assert hoard


def test_a_worker_that_holds_more_memory_than_its_limit_is_ended_and_the_pool_lives_on() -> None:
    with open_pool(**POOL) as pool:  # type: ignore[arg-type]
        with pytest.raises(WorkFailed) as hoarding:
            pool.call(hold_memory, 700 * 1024**2, timeout_s=20).result()
        assert hoarding.value.failure == "memory"
        assert "resident" in hoarding.value.detail
        assert pool.call(abs, -1, timeout_s=20).result() == 1


def test_an_error_of_the_function_reaches_the_caller() -> None:
    with open_pool(**POOL) as pool, pytest.raises(ZeroDivisionError):  # type: ignore[arg-type]
        pool.call(divmod, 1, 0, timeout_s=20).result()


def test_whoever_waits_is_told_when_the_pool_is_stopped() -> None:
    told: list[type[BaseException]] = []
    pools: list[WorkerPool] = []
    call: Call

    def wait_for_call() -> None:
        try:
            call.result()
        except PoolStopped as stopped:
            told.append(type(stopped))

    waiters: list[threading.Thread] = []

    def interrupted() -> None:
        nonlocal call
        with open_pool(**POOL) as pool:  # type: ignore[arg-type]
            pools.append(pool)
            pool.call(time.sleep, 60, timeout_s=60)
            call = pool.call(time.sleep, 60, timeout_s=60)
            waiters.append(threading.Thread(target=wait_for_call))
            waiters[0].start()
            time.sleep(0.3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    waiters[0].join(5)
    assert told == [PoolStopped]
    with pytest.raises(PoolStopped):
        pools[0].call(abs, 1, timeout_s=1)
