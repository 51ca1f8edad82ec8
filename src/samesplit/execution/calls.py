"""Calls of functions that do not depend on each other: asked for first, done together, read afterwards.

Where they are done (here, in other processes of this machine, on a Dask cluster) changes nothing about what comes
back: each call is given all that it needs, has one thread, and its result stands where it was asked for.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

from samesplit.errors import WorkspaceError
from samesplit.execution.dispatch import dispatch
from samesplit.execution.processes import WorkerCrashed
from samesplit.under_way import doing

__all__ = ["HERE", "Asked", "Calls", "Workers"]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Workers:
    """Who does the work.

    Attributes:
        jobs: Processes of this machine; 1 does all in this one.
        scheduler: Address of a Dask scheduler whose workers do it instead.
        progress: Called with (calls done, calls in all).
    """

    jobs: int = 1
    scheduler: str | None = None
    progress: Callable[[int, int], object] = field(default=lambda _done, _total: None, compare=False)

    def unless_small(self, small: bool) -> Workers:
        """Return who does work that is small: this process, for others take seconds to start; a cluster stands."""
        return Workers(progress=self.progress) if small and self.scheduler is None else self


HERE = Workers()
"""This process."""


class Asked(Generic[R]):
    """What a call will give.

    Attributes:
        what: The call in words.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._found: tuple[R] | None = None

    @property
    def result(self) -> R:
        """The result; only after `Calls.do`."""
        if self._found is None:
            raise LookupError(f"'{self.what}' has not been done yet")
        return self._found[0]


class Calls:
    """Calls that do not depend on each other.

    Example:
        >>> calls = Calls()
        >>> root, power = calls.ask("a root", pow, 9, 0.5), calls.ask("a power", pow, 2, 10)
        >>> calls.do(HERE)
        >>> root.result, power.result
        (3.0, 1024)
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Asked[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def ask(self, what: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Asked[R]:
        """Ask for a call.

        Args:
            what: The call in words, for who waits; decides nothing.
            function: Gives the same for the same arguments, and changes none of them.
            *args: Its arguments, which can be pickled.
            **kwargs: Likewise.

        Returns:
            Where the result will stand.
        """
        asked: Asked[R] = Asked(what)
        self._waiting.append((asked, function, args, kwargs))
        return asked

    def do(self, workers: Workers) -> None:
        """Do all calls that were asked for since the last time.

        Args:
            workers: Who does them.

        Raises:
            WorkspaceError: A worker died, twice; or the scheduler is not there.
            Exception: What a call raised; of several the one that was asked for first.
        """
        waiting, self._waiting = self._waiting, []
        workers.progress(0, len(waiting))
        items = [(asked.what, function, args, kwargs) for asked, function, args, kwargs in waiting]
        errors: dict[int, Exception] = {}
        done = dispatch(_attempt, items, jobs=workers.jobs, scheduler=workers.scheduler)
        for number, (place, found) in enumerate(done, start=1):
            asked = waiting[place][0]
            if isinstance(found, WorkerCrashed):
                errors[place] = WorkspaceError(
                    f"'{asked.what}' could not be done: {found.reason}",
                    remedy="run the same command again with fewer processes at a time (--jobs 1), or give the "
                    "workers more memory",
                )
            elif isinstance(found, _Raised):
                errors[place] = found.error
            else:
                asked._found = found
            workers.progress(number, len(waiting))
        if errors:
            raise errors[min(errors)]


@dataclass(frozen=True)
class _Raised:
    error: Exception


def _attempt(
    call: tuple[str, Callable[..., Any], Sequence[Any], dict[str, Any]],
) -> tuple[Any] | _Raised:
    """Do one call with one thread, so that sums are added up in the same order everywhere."""
    what, function, args, kwargs = call
    try:
        with doing(what), threadpool_limits(1):
            return (function(*args, **kwargs),)
    except Exception as error:
        return _Raised(_that_travels(error))


def _that_travels(error: Exception) -> Exception:
    """Return an error that can be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
    return error
