"""Folds on machines that do not see the caller's disk: what is sent along with a fold, and what comes back.

A fold is fitted in a folder of the worker's own. What an earlier attempt left (the finished pieces of a grid)
travels there with the fold, and the finished folder travels back, whole or not at all; the caller keeps it.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from samesplit.storage import replace_directory, temporary_directory, write_bytes

__all__ = ["Files", "read_files", "unpack", "worker_store", "write_files"]

Files = Mapping[str, bytes]
"""Contents by path inside a folder, with `/`."""


def read_files(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder; none where there is no such folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def write_files(files: Files, folder: Path) -> None:
    """Write files into a folder, which is made where it is missing.

    Raises:
        WorkspaceError: The disk is full or the folder cannot be written.
    """
    for name, content in files.items():
        write_bytes(folder / name, content)


def unpack(files: Files, folder: Path) -> None:
    """Put files where a folder is to be, in one step; whatever stands there goes.

    Raises:
        WorkspaceError: The disk is full or the folder cannot be written.
    """
    with temporary_directory(beside=folder) as fresh:
        write_files(files, fresh)
        shutil.rmtree(folder, ignore_errors=True)
        replace_directory(fresh, folder)


@cache
def worker_store() -> Path:
    """Make the folder in which this process fits folds for others; it is gone when the process ends.

    Folds of one process share it, so that images are prepared for networks once a process and not once a fold.
    """
    folder = Path(tempfile.mkdtemp(prefix="samesplit-folds-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / "folds"
