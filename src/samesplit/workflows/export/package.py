"""A package while it is being filled: its files, what each of them is, and whose licence it is under."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from samesplit.errors import WorkspaceError
from samesplit.storage import hash_bytes, hash_file

__all__ = ["CHECKSUMS", "Entry", "Package", "Part", "media_type"]

CHECKSUMS = "SHA256SUMS"
"""Hashes of all files, for `sha256sum -c`."""

Part = Literal["data", "results", "declarations", "built-in", "weights", "about"]
"""What a file is part of, which its licence follows from."""

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".parquet": "application/x-parquet",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".cff": "application/yaml",
    ".md": "text/markdown",
    ".html": "text/html",
    ".txt": "text/plain",
    ".py": "text/x-python",
    ".skops": "application/zip",
}


def media_type(path: str) -> str:
    """Return the media type of a file by its ending.

    Example:
        >>> media_type("a/lesions.csv"), media_type("LICENSE"), media_type("w.safetensors")
        ('text/csv', 'text/plain', 'application/octet-stream')
    """
    suffix = Path(path.removesuffix(".gz") if path.endswith(".csv.gz") else path).suffix
    return _MEDIA_TYPES.get(suffix, "application/octet-stream" if suffix else "text/plain")


@dataclass(frozen=True)
class Entry:
    """One file of a package.

    Attributes:
        path: Inside the package, with forward slashes.
        about: One sentence: what the file is.
        part: What it is part of.
        size: In bytes.
        sha256: Of its content.
        licence: Where the file has one of its own; else that of its part.
    """

    path: str
    about: str
    part: Part
    size: int
    sha256: str
    licence: str = ""

    @property
    def media_type(self) -> str:
        """Its media type, by its ending."""
        return media_type(self.path)


class Package:
    """A folder that is filled file by file.

    Args:
        root: The folder; it exists and is empty.

    Raises:
        WorkspaceError: (when a file is written) Its path would lead out of the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._entries: dict[str, Entry] = {}
        self.notes: list[str] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All files, by path."""
        return tuple(self._entries[path] for path in sorted(self._entries))

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def entry(self, path: str) -> Entry:
        """Return what is known of a file."""
        return self._entries[path]

    def write(self, path: str, content: bytes | str, about: str, part: Part) -> None:
        """Write a file; text as UTF-8."""
        data = content.encode() if isinstance(content, str) else content
        self._place(path).write_bytes(data)
        self._entries[path] = Entry(path, about, part, len(data), hash_bytes(data))

    def write_table(self, path: str, table: pd.DataFrame, about: str, part: Part) -> None:
        """Write a table as CSV with commas and line feeds."""
        self.write(path, table.to_csv(index=False, lineterminator="\n"), about, part)

    def copy(self, path: str, source: Path, about: str, part: Part, *, licence: str = "") -> None:
        """Copy a file, of whatever size."""
        target = self._place(path)
        shutil.copyfile(source, target)
        self._entries[path] = Entry(path, about, part, target.stat().st_size, hash_file(target), licence)

    def write_checksums(self) -> None:
        """Write the hashes of all files into one."""
        lines = "".join(f"{entry.sha256}  {entry.path}\n" for entry in self.entries)
        self.write(CHECKSUMS, lines, "Hashes of all other files: sha256sum -c SHA256SUMS.", "about")

    def damage(self) -> str:
        """Return the first file that is not as it was written; empty where all are."""
        for entry in self.entries:
            path = self.root / entry.path
            if not path.is_file() or hash_file(path) != entry.sha256:
                return entry.path
        return ""

    def _place(self, path: str) -> Path:
        if ".." in path.split("/") or "//" in path:  # as benchmark.yaml names a split elsewhere
            raise WorkspaceError(
                f"the file '{path}' lies outside of the benchmark's folder, so a package cannot hold it",
                where="benchmark.yaml",
                remedy="copy it into the benchmark's folder, name it there, and run again",
            )
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target
