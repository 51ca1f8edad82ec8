"""Files that are either whole or not there, and the hashes that name their content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from samesplit.errors import WorkspaceError

__all__ = [
    "canonical_json",
    "hash_bytes",
    "hash_file",
    "hash_object",
    "library_digest",
    "locked",
    "make_directory",
    "replace_directory",
    "temporary_directory",
    "write_bytes",
    "write_json",
    "write_text",
]


def canonical_json(value: Any) -> str:
    """Write plain data as JSON that is the same for the same content.

    Example:
        >>> canonical_json({"b": 1, "a": [True, None]})
        '{"a":[true,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=True)


def hash_object(value: Any) -> str:
    """SHA-256 of plain data (dicts, lists, strings, numbers), independent of key order.

    Example:
        >>> hash_object({"a": 1, "b": 2}) == hash_object({"b": 2, "a": 1})
        True
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def hash_bytes(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file at once: readers see the old file or the new one, never half of either.

    Raises:
        WorkspaceError: The disk is full or the folder cannot be written.
    """
    with _disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    return path


def write_text(path: Path, content: str) -> Path:
    """Write a UTF-8 text file at once; see `write_bytes`."""
    return write_bytes(path, content.encode())


def write_json(path: Path, value: Any) -> Path:
    """Write plain data as readable JSON with sorted keys, at once; see `write_bytes`."""
    return write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def make_directory(path: Path) -> Path:
    """Make a folder, with those above it, unless it is there.

    Raises:
        WorkspaceError: The disk is full or the folder cannot be written.
    """
    with _disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def temporary_directory(beside: Path) -> Iterator[Path]:
    """Give a fresh folder on the same disk as `beside`, and remove it unless it was moved away.

    Raises:
        WorkspaceError: The disk is full or the folder cannot be written.
    """
    with _disk_errors(beside):
        beside.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{beside.name}.", dir=beside.parent))
        folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def replace_directory(finished: Path, target: Path) -> Path:
    """Move a finished folder to its place at once; a folder already there wins and `finished` is dropped."""
    with _disk_errors(target):
        try:
            finished.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            shutil.rmtree(finished, ignore_errors=True)
    return target


@contextmanager
def locked(
    path: Path, *, timeout_s: float = -1, on_wait: Callable[[], object] | None = None
) -> Iterator[None]:
    """Hold a lock file while the block runs; the lock goes when the process does, even by kill -9.

    Args:
        path: The lock file.
        timeout_s: How long to wait for another process, in seconds; negative waits for ever.
        on_wait: Called once when another process holds the lock.

    Raises:
        WorkspaceError: Another process held the lock for longer than `timeout_s`.
    """
    with _disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=timeout_s)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None:
                on_wait()
        try:
            if not lock.is_locked:
                lock.acquire()
        except Timeout as error:
            raise WorkspaceError(
                f"another process has held the lock for more than {timeout_s:g} s",
                where=path,
                remedy="wait for the other run to end, or stop it",
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WorkspaceError(
            f"cannot be written ({error.strerror or error})",
            where=path,
            remedy="free some disk space or choose a folder that you may write to; "
            "what was finished before is kept, and the same command goes on from there",
        ) from error


@cache
def library_digest(*names: str) -> str:
    """Hash the versions of some installed packages, so that an upgraded library never meets old results.

    Args:
        *names: As pip knows them; one that is not installed takes no part.
    """
    found = []
    for name in names:
        with suppress(PackageNotFoundError):
            found.append([name, version(name)])
    return hash_object(found)
