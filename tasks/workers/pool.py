"""A pool of processes in which one page can hang, exit, crash or allocate without end and cost only itself.

One pebble.ProcessPool on a forkserver: `preload` is imported once in the server, so every worker, the first and
the hundredth, starts with models and date locales in memory.
"""

import contextlib
import functools
import logging
import multiprocessing
import os
import resource
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import forkserver
from typing import Any, Literal, TypeVar

from pebble import ProcessExpired, ProcessPool

from tasks.workers.ending import end_with_parent

SENDS = 3
# How often resident memory is looked at; a worker can fill some hundred MB in that time.
WATCH_S = 0.25

T = TypeVar("T")
Failure = Literal["timeout", "memory", "crash", "error"]

log = logging.getLogger(__name__)


class WorkFailed(Exception):
    """A call in a worker gave no result: `failure` says how it ended, `detail` what is known.

    "error" is for functions to raise, where they meet what nobody foresaw.
    """

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(failure, detail)
        self.failure: Failure = failure
        self.detail = detail

    def __str__(self) -> str:
        """'timeout: longer than 30 s'."""
        return f"{self.failure}: {self.detail}"


class PoolStopped(Exception):
    """The pool was stopped before a call came back: nothing is known of the page."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call on its way: `result` waits for it."""

    future: Any
    timeout_s: float
    send_again: Callable[[], "Call"] | None
    watch: "MemoryWatch | None" = None

    def result(self) -> Any:
        """What the function returned. Raises WorkFailed for a hang, a death or a lack of memory, else its own error."""
        try:
            return self.future.result()
        except TimeoutError:
            raise WorkFailed("timeout", f"longer than {self.timeout_s:g} s") from None
        except MemoryError:
            raise WorkFailed("memory", "more address space than the limit of a worker") from None
        except ProcessExpired as death:
            if self.watch is not None and death.pid in self.watch.ended:
                raise WorkFailed("memory", "more resident memory than the limit of a worker") from None
            raise WorkFailed("crash", f"the worker process ended with exit code {death.exitcode}") from None
        except BrokenProcessPool:
            if self.send_again is None:
                raise WorkFailed("crash", "all worker processes ended, again and again") from None
            return self.send_again().result()
        except CancelledError:
            raise PoolStopped("the run was stopped") from None

    def cancel(self) -> None:
        """Give the call up; a worker busy with it is ended."""
        self.future.cancel()


class MemoryWatch:
    """Ends any worker that takes more resident memory than its limit.

    The limit on address space cannot be as low: libraries reserve far more than they use.
    """

    def __init__(self, *, resident_bytes: int) -> None:
        self.ended: set[int] = set()
        self._limit_bytes = resident_bytes
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory watch", daemon=True)

    def __enter__(self) -> "MemoryWatch":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(WATCH_S):
            for process in multiprocessing.active_children():
                if process.pid is not None and _resident_bytes(process.pid) > self._limit_bytes:
                    self.ended.add(process.pid)
                    process.kill()


def _resident_bytes(pid: int) -> int:
    """Resident memory of a process, 0 where it is gone (proc(5), statm: pages)."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


class WorkerPool:
    """`workers` processes that run calls under limits; use `open_pool`.

    Where all workers die at once outside a call (pebble then gives its pool up), a new pool takes over, and what was
    on its way is sent again, SENDS times in all.
    """

    def __init__(self, make_pool: Callable[[], ProcessPool], *, workers: int, watch: MemoryWatch | None = None) -> None:
        self._make_pool = make_pool
        self._pool = make_pool()
        self._waiting: set[Any] = set()
        self._lock = threading.Lock()
        self._is_stopped = False
        self.workers = workers
        self._watch = watch

    def call(self, function: Callable[..., T], *args: object, timeout_s: float, sends: int = SENDS) -> Call:
        """Send a call to the next free worker. Raises PoolStopped after `stop`."""
        with self._lock:
            if self._is_stopped:
                raise PoolStopped("the run was stopped")
            try:
                future = self._pool.schedule(function, args=args, timeout=timeout_s)
            except (RuntimeError, BrokenProcessPool):
                self._pool.stop()  # type: ignore[no-untyped-call]
                self._pool = self._make_pool()
                future = self._pool.schedule(function, args=args, timeout=timeout_s)
            self._waiting.add(future)
        future.add_done_callback(self._forget)
        again = functools.partial(self.call, function, *args, timeout_s=timeout_s, sends=sends - 1)
        return Call(future, timeout_s, again if sends > 1 else None, self._watch)

    def _forget(self, future: Any) -> None:
        with self._lock:
            self._waiting.discard(future)

    def close(self) -> None:
        """Let the workers end; every call has come back."""
        self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()

    def stop(self) -> None:
        """End all workers now; whoever waits for a call gets PoolStopped (pebble would leave them waiting)."""
        with self._lock:
            self._is_stopped = True
            waiting = list(self._waiting)
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        for future in waiting:
            with contextlib.suppress(InvalidStateError):
                future.set_exception(PoolStopped("the run was stopped"))


def _limit_worker(memory_bytes: int) -> None:
    """Limits of one worker: those of `end_with_parent`, and it cannot take all memory."""
    end_with_parent()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def start_fork_server(preload: str, environment: Mapping[str, str] | None = None) -> None:
    """Start the fork server, which imports `preload` while its caller goes on; a second call does nothing.

    It, and so every worker, has `environment` beside that of this process.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload([preload])
    # Ctrl-C goes to the whole process group of a terminal; it is for the run, which then ends its processes.
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    told = dict(environment or {})
    own = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        forkserver.ensure_running()
    finally:
        for name, value in own.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if is_main:
            signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _nameless_main() -> Iterator[None]:
    """Keep workers from importing this process's main module: `prefect.flow_engine` would bring all of Prefect."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def open_pool(
    *, workers: int, memory_bytes: int, max_calls: int, preload: str, resident_bytes: int
) -> Iterator[WorkerPool]:
    """A pool for the time of a block; on any way out no process of it is left.

    `memory_bytes` bounds each worker's address space (3 GiB or more: imports alone take 530 MB of it), `resident_bytes`
    what it holds in memory; a worker is replaced after `max_calls` calls; `preload` is the module that the forkserver
    imports. No process starts before the first call, or `start_fork_server`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    with _nameless_main(), MemoryWatch(resident_bytes=resident_bytes) as watch:
        make_pool = functools.partial(
            ProcessPool,
            max_workers=workers,
            max_tasks=max_calls,
            initializer=_limit_worker,
            initargs=(memory_bytes,),
            context=context,
        )
        workers_pool = WorkerPool(make_pool, workers=workers, watch=watch)
        try:
            yield workers_pool
        except BaseException:
            workers_pool.stop()
            raise
        workers_pool.close()
