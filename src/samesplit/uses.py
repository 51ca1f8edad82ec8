"""Who uses what of the cache: the list of each run, and the mark that a run is under way.

A run writes the names of all that it uses of `reports/.cache` into its own folder (`cache.json`), before the work
on it begins, so that a run that was killed has its list as well. `samesplit clean` removes what stands in no list,
and only while nothing is under way.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from samesplit.errors import WorkspaceError
from samesplit.kept import read_kept_json
from samesplit.run_folder import CACHE_LIST
from samesplit.storage import locked, make_directory, write_json

__all__ = ["LIST", "alone", "uses", "using"]

LIST = CACHE_LIST
"""Name of the list in the folder of a run, an audit, or a comparison."""


@dataclass
class _List:
    cache: Path
    file: Path | None
    about: dict[str, Any]
    names: set[str] = field(default_factory=set)

    def write(self) -> None:
        if self.file is not None:
            write_json(self.file, {**self.about, "uses": sorted(self.names)})


_CURRENT: ContextVar[_List | None] = ContextVar("samesplit_uses", default=None)


@contextmanager
def using(
    cache: Path, folder: Path | None, *, on_wait: Callable[[], object] | None = None, **about: Any
) -> Iterator[None]:
    """Keep `clean` away while the block runs, and write down what it uses of the cache.

    Args:
        cache: `reports/.cache`.
        folder: Where the list goes; None for work that leaves nothing behind.
        on_wait: Called once when `clean` is under way.
        **about: What the list says besides. Plain data.

    Raises:
        WorkspaceError: The cache cannot be written.
    """
    with locked(cache / "clean.lock", on_wait=on_wait):
        make_directory(cache / "users")
        lock = FileLock(cache / "users" / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.lock")
        lock.acquire()
    file = folder / LIST if folder else None
    # What an earlier attempt named stays named: its results may still stand in the folder.
    before = read_kept_json(file, "uses")[0].get("uses", ()) if file else ()
    token = _CURRENT.set(_List(cache, file, about, set(before)))
    try:
        yield
    finally:
        _CURRENT.reset(token)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def uses(paths: Iterable[Path]) -> None:
    """Write down that these parts of the cache are used by whatever is under way; nothing where that is nothing.

    Raises:
        WorkspaceError: The list cannot be written.
    """
    current = _CURRENT.get()
    if current is not None:
        inside = (path for path in paths if path.is_relative_to(current.cache))
        new = {path.relative_to(current.cache).as_posix() for path in inside} - current.names
        current.names |= new
        if new or (current.file is not None and not current.file.exists()):
            current.write()


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """Hold the cache alone while the block runs: what begins meanwhile waits.

    Raises:
        WorkspaceError: Something is under way.
    """
    with locked(cache / "clean.lock", timeout_s=10):
        for path in sorted((cache / "users").glob("*.lock")):
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise WorkspaceError(
                    "a run, an audit or a comparison is under way in this workspace",
                    where=cache.parent.parent,
                    remedy="wait until it has ended, or stop it; what it has finished is kept",
                ) from None
            lock.release()
            with suppress(OSError):
                path.unlink()  # of a process that was killed
        yield
