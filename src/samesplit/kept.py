"""Whether what is kept on disk is still what was put there.

One rule for all that is kept: what cannot be read, or has another content than its record says, was not kept. It
is made again, with a note; nothing goes wrong because of it, and nobody has to find and delete it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from samesplit.storage import hash_file

__all__ = ["content_of", "contents_of", "damage_in", "note_damage", "read_kept_json"]

_LARGE = 8 * 2**20
_LOOK = 2**16
_LOG = logging.getLogger("samesplit.kept")

Content = Mapping[str, Any]


def content_of(path: Path) -> dict[str, Any]:
    """Return what tells a file from another: its size in bytes and its SHA-256.

    A large file (weights) also has the SHA-256 of three short parts of it (beginning, middle, end), which
    `damage_in` compares instead: that finds it cut off, empty or of zeros without reading hundreds of megabytes.
    """
    size = path.stat().st_size
    content: dict[str, Any] = {"bytes": size, "sha256": hash_file(path)}
    return content | {"parts": _parts(path, size)} if size > _LARGE else content


def contents_of(folder: Path, *, without: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """`content_of` all files below a folder, by their path inside it.

    Args:
        folder: The folder.
        without: Names of files and folders in it that are left out.
    """
    left_out = set(without)
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    inside = {path.relative_to(folder): path for path in files}
    return {
        place.as_posix(): content_of(path)
        for place, path in inside.items()
        if place.parts[0] not in left_out and not path.name.startswith(".")
    }


def damage_in(folder: Path, contents: Mapping[str, Content]) -> str:
    """Return what is wrong with the files of a folder; empty when each is there as it was put there.

    Args:
        folder: The folder.
        contents: From `contents_of`.

    Example:
        >>> damage_in(Path("no-such-folder"), {"predictions.parquet": {"bytes": 1, "sha256": "0"}})
        'predictions.parquet is missing'
    """
    for name, content in contents.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != content["bytes"]:
                return f"{name} is {'empty' if size == 0 else 'cut off' if size < content['bytes'] else 'longer'}"
            same = (
                _parts(path, size) == content["parts"]
                if "parts" in content
                else hash_file(path) == content["sha256"]
            )
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        if not same:
            return f"{name} has another content"
    return ""


def _parts(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for start in (0, size // 2, max(size - _LOOK, 0)):
            file.seek(start)
            digest.update(file.read(_LOOK))
    return digest.hexdigest()


def read_kept_json(path: Path, *keys: str) -> tuple[dict[str, Any], str]:
    """Return the content of a kept JSON object, and what is wrong with it.

    Args:
        path: The file.
        *keys: What it must hold.

    Returns:
        The object and an empty text; else an empty object and why there is none, which is an empty text too
        where there is no file at all.
    """
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}, ""
    except (OSError, ValueError):
        return {}, f"{path.name} cannot be read"
    if not isinstance(found, dict) or not all(key in found for key in keys):
        return {}, f"{path.name} is not what was put there"
    return found, ""


def note_damage(where: Path, what: str) -> None:
    """Note that something that was kept is damaged and is made again."""
    _LOG.warning("%s: %s; it was not kept, and is made again", where, what)
