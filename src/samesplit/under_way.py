"""How far a piece of work is: told by whoever does it, in whatever process, and read by whoever waits for it.

A worker process writes one small file, which names what it is doing and how much of it is done. Nothing depends on
these notes: they are for lines such as "resnet18-25d fold 2, epoch 7 of 25" in a log.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

__all__ = ["FOLDER_VARIABLE", "UnderWay", "doing", "notes_folder", "tell", "under_way"]

FOLDER_VARIABLE = "SAMESPLIT_NOTES"
"""Names the folder of the notes in the environment of worker processes; not set elsewhere."""

_WRITE_SECONDS = 0.5


@dataclass(frozen=True)
class UnderWay:
    """A piece of work that is under way.

    Attributes:
        what: Its name, for example `resnet18-25d fold 2`; may be empty.
        unit: What it consists of, for example `epoch`; empty when it does not tell.
        done: How many of them are done.
        total: How many there are at most; 0 when it does not tell.
        whole: Whether these units are all there is to do, and not what comes before them.
    """

    what: str
    unit: str = ""
    done: int = 0
    total: int = 0
    whole: bool = True

    @property
    def share(self) -> float:
        """The part that is done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.whole and self.total > 0 else 0.0

    def __str__(self) -> str:
        count = f"{self.unit} {self.done} of {self.total}" if self.total > 0 else ""
        return ", ".join(part for part in (self.what, count) if part)


_now: list[UnderWay] = []
"""What this process is doing; the last is the innermost."""
_folders: list[Path] = []
"""Where this process's workers leave their notes."""
_written = 0.0


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say that a piece of work is under way while the block runs.

    Example:
        >>> with doing("forest fold 1"):
        ...     tell(3, 5, "tree")
        ...     [str(one) for one in under_way()]
        ['forest fold 1, tree 3 of 5']
    """
    _now.append(UnderWay(what))
    _write(always=True)
    try:
        yield
    finally:
        _now.pop()
        _write(always=True)


def tell(done: int, total: int, unit: str, *, whole: bool = True) -> None:
    """Say how much of the innermost piece is done; without one, nobody listens.

    Args:
        done: How many units are done.
        total: How many there are at most.
        unit: What is counted, in the singular.
        whole: Whether these units are all there is to do; what comes before them counts for nothing.
    """
    if _now:
        _now[-1] = replace(_now[-1], unit=unit, done=done, total=total, whole=whole)
        _write()


def under_way() -> list[UnderWay]:
    """Return the pieces that this process and its workers are doing."""
    found = [one for one in _now[-1:] if one.what or one.total]
    for folder in list(_folders):
        for path in sorted(folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError):  # just being written, or gone
                found.append(UnderWay(**json.loads(path.read_text(encoding="utf-8"))))
    return found


@contextmanager
def notes_folder() -> Iterator[dict[str, str]]:
    """Make a folder for the notes of worker processes; yields what their environment needs."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="samesplit-notes-"))
    except OSError:  # no disk for notes: the work goes on without
        yield {}
        return
    _folders.append(folder)
    try:
        yield {FOLDER_VARIABLE: str(folder)}
    finally:
        _folders.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _write(*, always: bool = False) -> None:
    global _written
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is None:
        return
    now = time.monotonic()
    if not always and now - _written < _WRITE_SECONDS:
        return
    _written = now
    path = Path(folder) / f"{os.getpid()}.json"
    with suppress(OSError):
        if _now:
            path.write_text(json.dumps(asdict(_now[-1])), encoding="utf-8")
        else:
            path.unlink(missing_ok=True)
