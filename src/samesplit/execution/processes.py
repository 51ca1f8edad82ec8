"""Pieces of work on several processes: one thread in each, and one that dies costs its own piece only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from joblib.externals.loky import ProcessPoolExecutor

from samesplit.execution.failures import WORKER_CRASHED, Failure
from samesplit.under_way import notes_folder

__all__ = ["WorkerCrashed", "cores", "map_in_processes", "one_thread"]

A = TypeVar("A")
R = TypeVar("R")

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


@dataclass(frozen=True)
class WorkerCrashed(Failure):
    """Marker for a piece of work whose process crashed again when it was retried alone."""

    reason: str = "its process died, twice, the second time alone: most likely the memory was not enough"
    code: str = WORKER_CRASHED


def map_in_processes(
    function: Callable[[A], R], items: Sequence[A], *, jobs: int
) -> Iterator[tuple[int, R | WorkerCrashed]]:
    """Call a function on each item in other processes, a few at a time.

    When a process dies, the pieces that were in flight are done again, each alone in a fresh process.

    Args:
        function: Can be pickled; must not raise.
        items: Can be pickled.
        jobs: How many processes.

    Yields:
        The place of an item among `items` and its result, in order of completion.
    """
    waiting = list(range(len(items)))
    while waiting:
        suspects: list[int] = []
        with _pool(min(jobs, len(items))) as executor:
            flying: dict[Future[R], int] = {}
            while (waiting and not suspects) or flying:
                while waiting and not suspects and len(flying) < 2 * jobs:
                    index = waiting.pop(0)
                    try:
                        flying[executor.submit(function, items[index])] = index
                    except BrokenProcessPool:
                        suspects.append(index)
                finished, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in finished:
                    index = flying.pop(future)
                    try:
                        yield index, future.result()
                    except BrokenProcessPool:
                        suspects.append(index)
        for index in sorted(suspects):
            yield index, _alone(function, items[index])


def _alone(function: Callable[[A], R], item: A) -> R | WorkerCrashed:
    try:
        with _pool(1) as executor:
            result: R = executor.submit(function, item).result()
            return result
    except BrokenProcessPool:
        return WorkerCrashed()


@contextmanager
def _pool(jobs: int) -> Iterator[Any]:
    """Start processes of this call's own: loky's reusable ones cannot be shared with joblib's in one process."""
    with notes_folder() as notes:
        executor = ProcessPoolExecutor(jobs, env=_ONE_THREAD | notes, initializer=one_thread)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False, kill_workers=True)
            raise
        executor.shutdown()


def one_thread() -> None:
    """One thread inside each process; SimpleITK does not read the environment variables.

    Where psutil is installed loky ends a worker whose memory has grown by 300 MB since its first task. A network
    or a large lesion does that by itself, and a new worker would import everything anew: the check is off.
    """
    import SimpleITK as sitk
    from joblib.externals.loky import process_executor

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    process_executor._USE_PSUTIL = False


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
