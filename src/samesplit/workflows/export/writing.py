"""A finished package put in its place: a folder or a zip, at once, and looked at once more."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from samesplit.errors import WorkspaceError
from samesplit.storage import hash_bytes
from samesplit.workflows.export.package import Package

__all__ = ["MOST_BYTES", "check_place", "put_in_place"]

MOST_BYTES = 50_000_000_000
"""What Zenodo takes as one record without asking."""
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in a zip: the first moment that the format knows."""


def check_place(output: Path, *, replace: bool) -> None:
    """Refuse a place that is taken.

    Raises:
        WorkspaceError: Something is there and is not to be replaced, or is no package.
    """
    if not output.exists():
        return
    if not replace:
        raise WorkspaceError(
            "is there already",
            where=output,
            remedy="choose another --output, or add --replace to put the new one there",
        )
    if output.is_dir() and any(output.iterdir()) and not (output / "croissant.json").is_file():
        raise WorkspaceError(
            "is a folder of something else than a package, and is not replaced",
            where=output,
            remedy="choose another --output",
        )
    if output.is_file() and output.suffix != ".zip":
        raise WorkspaceError("is a file of something else", where=output, remedy="choose another --output")


def put_in_place(package: Package, output: Path, *, name: str) -> Path:
    """Move a package to its place, or pack it there; what stood there is gone only when the new one is whole.

    Args:
        package: Finished, on the same disk as `output`.
        output: The folder, or a path that ends in `.zip`.
        name: The folder inside a zip.

    Raises:
        WorkspaceError: What was written is not what was meant, or the disk refuses it.
    """
    damaged = package.damage()
    if damaged:
        raise WorkspaceError(
            "was not written whole", where=damaged, remedy="free some disk space, and export again"
        )
    if output.suffix == ".zip":
        finished = package.root.parent / "package.zip"
        _pack(package, finished, name)
        finished.replace(output)
        return output
    old = package.root.parent / "old"
    if output.exists():
        output.rename(old)
    try:
        package.root.rename(output)
    except OSError:
        if old.exists():
            old.rename(output)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return output


def _pack(package: Package, path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for entry in package.entries:
            info = zipfile.ZipInfo(f"{name}/{entry.path}", _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            with (
                (package.root / entry.path).open("rb") as source,
                archive.open(info, "w", force_zip64=True) as file,
            ):
                shutil.copyfileobj(source, file)
    with zipfile.ZipFile(path) as archive:
        for entry in package.entries:
            if hash_bytes(archive.read(f"{name}/{entry.path}")) != entry.sha256:
                raise WorkspaceError(
                    f"{entry.path} is not in it as it was written",
                    where=path,
                    remedy="free some disk space, and export again",
                )
