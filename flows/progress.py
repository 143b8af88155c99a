"""How far a run is: a bar in the terminal, a progress artifact in the Prefect UI."""

import threading
import time
from types import TracebackType
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# Each update is a call to the server.
UPDATE_S = 2.0
ARTIFACT_KEY = "build-progress"


class FetchProgress:
    """Counts pages that were asked for, from many threads, for the terminal; how many are due is not known."""

    def __init__(self, *, console: Console) -> None:
        self._columns = (
            TextColumn("[bold]{task.description}"),
            TextColumn("{task.completed:.0f}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*self._columns, console=console, transient=True) if console.is_terminal else None
        self._task = self._bar.add_task("pages asked for", total=None) if self._bar else None

    def add(self, n_pages: int) -> None:
        """Count pages that are done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, n_pages)

    def __enter__(self) -> "FetchProgress":
        """Start showing."""
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the line."""
        if self._bar is not None:
            self._bar.stop()


class RunProgress:
    """Counts pages from many threads; shows them in the terminal and, every two seconds, in the UI."""

    def __init__(self, *, n_due: int, console: Console) -> None:
        self._n_due = max(1, n_due)
        self._n_done = 0
        self._lock = threading.Lock()
        self._published_at = 0.0
        self._artifact: UUID | None = None
        self._bar = _bar(console) if console.is_terminal else None
        self._task = self._bar.add_task("pages", total=n_due) if self._bar else None

    def add(self, n_pages: int) -> None:
        """Count pages that are done."""
        now = time.monotonic()
        with self._lock:
            self._n_done += n_pages
            is_due = now - self._published_at > UPDATE_S
            self._published_at = now if is_due else self._published_at
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._n_done)
        if is_due:
            self.publish()

    def __enter__(self) -> "RunProgress":
        """Start showing."""
        if self._bar is not None:
            self._bar.start()
        created = create_progress_artifact(progress=0.0, key=ARTIFACT_KEY, description="Pages worked on")
        self._artifact = created if isinstance(created, UUID) else None
        self._published_at = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Show the last state and end the bar."""
        if self._bar is not None:
            self._bar.stop()
        if kind is None or issubclass(kind, Exception):
            self.publish()

    def publish(self) -> None:
        """Write the present state into the progress artifact."""
        if self._artifact is not None:
            update_progress_artifact(self._artifact, progress=round(100 * min(1.0, self._n_done / self._n_due), 1))


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
