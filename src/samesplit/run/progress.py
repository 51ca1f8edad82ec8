"""How long work tells how far it is: a stage has a title, a total and a count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["Advance", "Reporter", "RichReporter", "SilentReporter"]

Advance = Callable[[int, int], None]
"""Called with the number of pieces done and the total."""


class Reporter(Protocol):
    """Whom the stages tell what they do."""

    def stage(self, title: str) -> AbstractContextManager[Advance]:
        """Open a stage; the given function is called with (done, total) as it goes on."""

    def say(self, text: str) -> None:
        """One line for the user."""


class SilentReporter:
    """Tells nobody."""

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        """Open a stage that nobody watches."""
        yield lambda _done, _total: None

    def say(self, text: str) -> None:
        """Say nothing."""


class RichReporter:
    """Draws a progress bar with the time left for each stage.

    Args:
        console: Where to draw.
    """

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        """Open a stage with a bar of its own."""
        with self._bars() as progress:
            task = progress.add_task(title, total=None)

            def advance(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            yield advance

    @contextmanager
    def pieces(self) -> Iterator[Callable[[str, int, int | None], None]]:
        """Draw one bar per named piece, told as (what, done, total)."""
        with self._bars() as progress:
            tasks: dict[str, TaskID] = {}

            def advance(what: str, done: int, total: int | None) -> None:
                if what not in tasks:
                    tasks[what] = progress.add_task(what, total=total)
                progress.update(tasks[what], completed=done, total=total or max(done, 1))

            yield advance

    def _bars(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
        )

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, highlight=False)
