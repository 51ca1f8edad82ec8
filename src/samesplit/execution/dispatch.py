"""Where independent pieces of work are done: in this process, in others of this machine, or on a Dask cluster.

All queues of a run (images, features, grids, folds, audits, statistics) come here. Wherever a piece is done, a
process that dies costs that piece only, each piece has one thread, and results come as they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from samesplit.execution.dask_cluster import map_on_dask
from samesplit.execution.processes import WorkerCrashed, map_in_processes

__all__ = ["dispatch"]

A = TypeVar("A")
R = TypeVar("R")


def dispatch(
    function: Callable[[A], R],
    items: Sequence[A],
    *,
    jobs: int,
    scheduler: str | None = None,
    isolated: bool = False,
) -> Iterator[tuple[int, R | WorkerCrashed]]:
    """Call a function on each item, in any order.

    Args:
        function: Can be pickled; must not raise.
        items: Can be pickled; asked for one by one, when their turn comes.
        jobs: How many processes of this machine.
        scheduler: Address of a Dask scheduler whose workers do the work instead.
        isolated: Whether one job, or one item, has a process of its own too, so that its death is survived.

    Yields:
        The place of an item among `items` and its result, in order of completion.

    Raises:
        WorkspaceError: The scheduler or its workers are not there, or have other code.

    Example:
        >>> list(dispatch(abs, [-1, 2], jobs=1))
        [(0, 1), (1, 2)]
    """
    if scheduler is not None:
        yield from map_on_dask(function, items, address=scheduler)
    elif isolated or (jobs > 1 and len(items) > 1):
        yield from map_in_processes(function, items, jobs=jobs)
    else:
        yield from ((place, function(items[place])) for place in range(len(items)))
