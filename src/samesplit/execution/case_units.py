"""Work on single images: one unit a case, each result kept as a JSON record the moment it is there.

A unit whose process is killed (out of memory, say) costs its own lesion only; a run that is killed as a whole
loses the units in flight and nothing else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from samesplit.execution.dispatch import dispatch
from samesplit.execution.failures import Failure, failure_of
from samesplit.execution.processes import WorkerCrashed
from samesplit.kept import note_damage, read_kept_json
from samesplit.storage import hash_object, write_bytes
from samesplit.under_way import doing
from samesplit.uses import uses

__all__ = ["CaseUnit", "Outcome", "Progress", "failure_codes", "run_case_units"]

Progress = Callable[[int, int], object]
"""Called with (tasks done, tasks in all)."""


class CaseUnit(Protocol):
    """A piece of work on one case: plain data that can be sent to another process.

    A property `what`, where there is one, names the piece for the progress display.
    """

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the result."""


T = TypeVar("T", bound=CaseUnit)


@dataclass(frozen=True)
class Outcome:
    """Result of a case unit.

    Attributes:
        record: The result as plain data, with the `seconds` it took; None if there is none.
        reason: Why there is none; empty if there is one.
        code: The same for the program, see `samesplit.execution.failures`; empty if there is a record.
        cached: Whether the result was there already.
    """

    record: dict[str, Any] | None
    reason: str = ""
    code: str = ""
    cached: bool = False


def run_case_units(
    function: Callable[[T], dict[str, Any]],
    tasks: Sequence[T],
    *,
    cache: Path,
    jobs: int,
    progress: Progress | None = None,
    scheduler: str | None = None,
) -> list[Outcome]:
    """Do the tasks whose results are not yet in the cache.

    Args:
        function: Turns a task into plain data (what JSON holds, NaN included); runs in another process.
        tasks: The tasks.
        cache: Folder of the results, one JSON file a key; made when missing.
        jobs: How many processes.
        progress: Told at the start and after each task.
        scheduler: Address of a Dask scheduler; its workers do the tasks instead of processes of this machine,
            and need to see the images but not the cache.

    Returns:
        One outcome a task, in the order of the tasks. A `LesionError` or any other failure of a task is an
        outcome and is tried again next time.

    Raises:
        WorkspaceError: A result cannot be written (disk full, folder read-only), or the scheduler is not there.
    """
    outcomes: dict[int, Outcome] = {}
    paths = [result_path(cache, task.key) for task in tasks]
    uses(paths)
    for index, path in enumerate(paths):
        record = read_record(path, note=True)
        if record is not None:
            outcomes[index] = Outcome(record, cached=True)
    report = progress or (lambda done, total: None)
    report(len(outcomes), len(tasks))
    todo = [index for index in range(len(tasks)) if index not in outcomes]
    for place, outcome in _results(function, tasks, paths, todo, jobs, scheduler):
        outcomes[todo[place]] = _failed(outcome) if isinstance(outcome, WorkerCrashed) else outcome
        report(len(outcomes), len(tasks))
    return [outcomes[index] for index in range(len(tasks))]


def _results(
    function: Callable[[T], dict[str, Any]],
    tasks: Sequence[T],
    paths: Sequence[Path],
    todo: Sequence[int],
    jobs: int,
    scheduler: str | None,
) -> Iterator[tuple[int, Outcome | WorkerCrashed]]:
    """Yield what comes of the tasks that are to be done, kept by whoever sees the cache."""
    if scheduler is None:
        calls = [(function, tasks[index], paths[index]) for index in todo]
        yield from dispatch(_work, calls, jobs=jobs, isolated=True)
        return
    for place, outcome in dispatch(
        _attempt, [(function, tasks[i]) for i in todo], jobs=jobs, scheduler=scheduler
    ):
        if isinstance(outcome, Outcome) and outcome.record is not None:
            _keep(paths[todo[place]], outcome.record)
        yield place, outcome


def failure_codes(outcomes: Iterable[Outcome]) -> frozenset[str]:
    """Collect the codes of all failures among some outcomes."""
    return frozenset(outcome.code for outcome in outcomes if outcome.code)


def result_path(cache: Path, key: str) -> Path:
    """Where the result of a key is kept."""
    return cache / key[:2] / f"{key}.json"


def read_record(path: Path, *, note: bool = False) -> dict[str, Any] | None:
    """Return a kept result; None when there is none or the file is damaged, which is noted if wanted."""
    record, damage = read_kept_json(path, "seconds", "sha256")
    if record and record.pop("sha256") != hash_object(record):
        record, damage = {}, f"{path.name} has another content"
    if damage and note:
        note_damage(path.parent, damage)
    return record or None


def _work(call: tuple[Callable[[Any], dict[str, Any]], Any, Path]) -> Outcome:
    """Do one task in a worker process and keep its result."""
    with doing(str(getattr(call[1], "what", ""))):
        return _worked(*call)


def _worked(function: Callable[[Any], dict[str, Any]], task: Any, path: Path) -> Outcome:
    kept = read_record(path)
    if kept is not None:  # done in the meantime: by another run, or by a process that died right afterwards
        return Outcome(kept)
    outcome = _attempt((function, task))
    if outcome.record is not None:
        _keep(path, outcome.record)
    return outcome


def _attempt(call: tuple[Callable[[Any], dict[str, Any]], Any]) -> Outcome:
    """Do one task; whatever goes wrong is an outcome."""
    function, task = call
    start = time.perf_counter()
    try:
        record = function(task)
    except Exception as error:  # whatever goes wrong inside a unit costs this lesion only
        return _failed(failure_of(error))
    return Outcome({**record, "seconds": round(time.perf_counter() - start, 4)})


def _keep(path: Path, record: dict[str, Any]) -> None:
    whole = {**record, "sha256": hash_object(record)}
    write_bytes(path, json.dumps(whole, separators=(",", ":")).encode())


def _failed(failure: Failure) -> Outcome:
    return Outcome(None, failure.reason, failure.code)
