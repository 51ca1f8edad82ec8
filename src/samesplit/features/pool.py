"""One task a lesion, one process a core, each result kept the moment it is there.

A task that is killed with its process (out of memory, say) costs its own lesion only; a run that is killed as a
whole loses the tasks in flight and nothing else.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from joblib.externals.loky import ProcessPoolExecutor, get_reusable_executor

from samesplit.errors import LesionError
from samesplit.storage import write_bytes

__all__ = ["Outcome", "Progress", "Task", "run_tasks"]

Progress = Callable[[int, int], object]
"""Called with (tasks done, tasks in all)."""

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
_IDLE_S = 20
_DIED = "its process died, twice, the second time alone: most likely the memory was not enough"


class Task(Protocol):
    """A piece of work: plain data that can be sent to another process."""

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the result."""


T = TypeVar("T", bound=Task)


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Attributes:
        record: The result as plain data, with the `seconds` it took; None if there is none.
        reason: Why there is none; empty if there is one.
        cached: Whether the result was there already.
    """

    record: dict[str, Any] | None
    reason: str = ""
    cached: bool = False


def run_tasks(
    function: Callable[[T], dict[str, Any]],
    tasks: Sequence[T],
    *,
    cache: Path,
    jobs: int,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Do the tasks whose results are not yet in the cache.

    Args:
        function: Turns a task into plain data (what JSON holds, NaN included); runs in another process.
        tasks: The tasks.
        cache: Folder of the results, one JSON file a key; made when missing.
        jobs: How many processes.
        progress: Told at the start and after each task.

    Returns:
        One outcome a task, in the order of the tasks. A `LesionError` or any other failure of a task is an
        outcome and is tried again next time.

    Raises:
        WorkspaceError: A result cannot be written (disk full, folder read-only).
    """
    outcomes: dict[int, Outcome] = {}
    paths = [result_path(cache, task.key) for task in tasks]
    for index, path in enumerate(paths):
        record = read_record(path)
        if record is not None:
            outcomes[index] = Outcome(record, cached=True)
    report = progress or (lambda done, total: None)
    report(len(outcomes), len(tasks))
    todo = [index for index in range(len(tasks)) if index not in outcomes]
    calls = {index: (function, tasks[index], paths[index]) for index in todo}
    for index, outcome in _run(calls, min(jobs, len(todo))):
        outcomes[index] = outcome
        report(len(outcomes), len(tasks))
    return [outcomes[index] for index in range(len(tasks))]


def result_path(cache: Path, key: str) -> Path:
    """Where the result of a key is kept."""
    return cache / key[:2] / f"{key}.json"


def read_record(path: Path) -> dict[str, Any] | None:
    """A kept result; None when there is none or the file is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and "seconds" in record else None


Call = tuple[Callable[[Any], dict[str, Any]], Any, Path]


def _run(calls: dict[int, Call], jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Run calls, a few at a time; those that were in flight when a process died run again, alone."""
    waiting = list(calls)
    while waiting:
        suspects: list[int] = []
        with _shared(jobs) as executor:
            flying: dict[Future[Outcome], int] = {}
            while (waiting and not suspects) or flying:
                while waiting and not suspects and len(flying) < 2 * jobs:
                    index = waiting.pop(0)
                    try:
                        flying[executor.submit(_work, *calls[index])] = index
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
            yield index, _alone(calls[index])


def _alone(call: Call) -> Outcome:
    kept = read_record(call[2])
    if kept is not None:  # it was done and written; only the message was lost
        return Outcome(kept)
    try:
        with ProcessPoolExecutor(1, env=_ONE_THREAD, initializer=_prepare_process) as executor:
            outcome: Outcome = executor.submit(_work, *call).result()
            return outcome
    except BrokenProcessPool:
        return Outcome(None, _DIED)


@contextmanager
def _shared(jobs: int) -> Iterator[Any]:
    """The processes of the last call, if they are still there: the next profile need not start them again."""
    executor = get_reusable_executor(jobs, timeout=_IDLE_S, env=_ONE_THREAD, initializer=_prepare_process)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, kill_workers=True)
        raise


def _prepare_process() -> None:
    """One thread inside each process; SimpleITK does not read the environment variables."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)


def _work(function: Callable[[Any], dict[str, Any]], task: Any, path: Path) -> Outcome:
    """Do one task in a worker process and keep its result."""
    start = time.perf_counter()
    try:
        record = function(task)
    except LesionError as error:
        return Outcome(None, str(error))
    except MemoryError:
        return Outcome(None, "the memory was not enough")
    except Exception as error:  # whatever else goes wrong inside a task costs this lesion only
        return Outcome(None, f"{type(error).__name__}: {error} ({_place(error)})")
    record = {**record, "seconds": round(time.perf_counter() - start, 4)}
    write_bytes(path, json.dumps(record, separators=(",", ":")).encode())
    return Outcome(record)


def _place(error: Exception) -> str:
    frames: Iterable[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(list(frames)[-3:]))
