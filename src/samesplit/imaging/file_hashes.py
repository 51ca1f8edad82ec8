"""The hash of an image file, computed once a process however many profiles, pictures and records ask for it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from samesplit.storage import hash_file

__all__ = ["file_hash"]


def file_hash(path: Path) -> str:
    """Hash a file's content (SHA-256), reading it again only where its size or its times have changed.

    Raises:
        OSError: The file is missing or cannot be read.
    """
    found = path.stat()
    return _hash(path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=100_000)
def _hash(path: Path, *_: int) -> str:
    return hash_file(path)
