"""Pieces of a model's work that can be done anywhere, one beside the other, and are kept the moment they are done.

A piece is a function of plain data that gives named arrays. Its result stands in `<folder>/<key>.npz`, whole or
not at all, so that a killed search goes on with the piece it was at, and the order and place of the work change
nothing.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from samesplit.errors import ModelError
from samesplit.execution.dispatch import dispatch
from samesplit.execution.failures import failure_of
from samesplit.execution.processes import WorkerCrashed
from samesplit.kept import note_damage
from samesplit.storage import write_bytes
from samesplit.under_way import doing

__all__ = ["Arrays", "Deferred", "WorkUnit", "is_kept", "read_result", "result_path", "run_work_units"]

Arrays = Mapping[str, npt.NDArray[Any]]
"""The result of a piece: arrays by name, none of them of objects."""


@dataclass(frozen=True)
class Deferred:
    """A payload that is made only when its piece is about to be done, for example from the results of others.

    Attributes:
        function: Called in the process that has the folder of results.
        arguments: What it is called with.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class WorkUnit:
    """A piece of work.

    Attributes:
        key: Names the result; it must hold all that decides it, unless the folder does. Fit for a file name.
        function: Turns the payload into arrays; a function of a module, so that it can be sent to other processes.
        payload: Can be pickled; or a `Deferred`.
        what: The piece in words, for who waits; decides nothing.
    """

    key: str
    function: Callable[[Any], Arrays]
    payload: Any
    what: str = ""


def result_path(folder: Path, key: str) -> Path:
    """Where the result of a piece is kept."""
    return folder / f"{key}.npz"


def is_kept(folder: Path, key: str) -> bool:
    """Whether the result of a piece is there and whole; where it is damaged, that is noted."""
    path = result_path(folder, key)
    try:
        with zipfile.ZipFile(path) as file:
            damaged = file.testzip() is not None  # compares the checksum of every array
    except FileNotFoundError:
        return False
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        damaged = True
    if damaged:
        note_damage(folder, f"{path.name} is damaged")
    return not damaged


def read_result(folder: Path, key: str, *names: str) -> dict[str, npt.NDArray[Any]]:
    """Return some arrays of a kept result, or all.

    Raises:
        ModelError: The result is missing or damaged.
    """
    path = result_path(folder, key)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return {name: kept[name] for name in names or kept.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"the result of a piece of work cannot be read ({error})",
            where=path,
            remedy="run the same command again: it makes it anew",
        ) from error


def run_work_units(
    pieces: Sequence[tuple[Path, WorkUnit]], *, jobs: int = 1, scheduler: str | None = None
) -> Iterator[tuple[int, str]]:
    """Do pieces of work whose results are not yet there, and keep each result.

    Args:
        pieces: The folder of results and the piece. They do not depend on each other.
        jobs: Processes of this machine; 1 does all in this one.
        scheduler: Address of a Dask scheduler whose workers do the pieces instead; they need not see the folder.

    Yields:
        The place of a piece, in order of completion, and why it failed: empty where it did not.

    Raises:
        WorkspaceError: A result cannot be written, or the scheduler is not there.
    """
    todo = [place for place, (folder, piece) in enumerate(pieces) if not is_kept(folder, piece.key)]
    known = set(todo)
    yield from ((place, "") for place in range(len(pieces)) if place not in known)
    calls = _Calls([pieces[place][1] for place in todo])
    for number, outcome in dispatch(_attempt, calls, jobs=jobs, scheduler=scheduler):
        folder, piece = pieces[todo[number]]
        if isinstance(outcome, WorkerCrashed):
            yield todo[number], outcome.reason
        elif isinstance(outcome, str):
            yield todo[number], outcome
        else:
            write_bytes(result_path(folder, piece.key), _packed(outcome))
            yield todo[number], ""


class _Calls(Sequence[Any]):
    """Function and payload of each piece; a payload is made when it is asked for and not held."""

    def __init__(self, pieces: Sequence[WorkUnit]) -> None:
        self.pieces = pieces

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, place: Any) -> Any:
        piece = self.pieces[place]
        if not isinstance(piece.payload, Deferred):
            return piece.function, piece.payload, piece.what
        try:
            return piece.function, piece.payload.function(*piece.payload.arguments), piece.what
        except Exception as error:  # whatever it is, it costs this piece only
            return _raise, failure_of(error).reason, piece.what


def _raise(reason: str) -> Arrays:
    raise ModelError(reason)


def _attempt(call: tuple[Callable[[Any], Arrays], Any, str]) -> Arrays | str:
    """Do one piece with one thread; whatever goes wrong is told, not raised."""
    function, payload, what = call
    try:
        with doing(what), threadpool_limits(1):
            return function(payload)
    except Exception as error:  # whatever goes wrong inside a piece costs that piece only
        return failure_of(error).reason


def _packed(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays), allow_pickle=False)
    return buffer.getvalue()
