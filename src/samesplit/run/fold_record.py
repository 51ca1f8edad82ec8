"""What a kept fold says of itself (`done.json`), and which weights stay on the disk.

`done.json` names every file of the fold with its hash. Weights that are not to be kept are taken out of the folder
and the record says so: a file that is missing without that is damage.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samesplit.kept import contents_of, damage_in, read_kept_json
from samesplit.models.settings import Weights
from samesplit.storage import write_json

__all__ = ["drop_weights", "has_weights", "read_fold", "write_fold"]

RECORD = "done.json"
_WEIGHTS = "model/weights.pt"
_KEYS = ("seconds", "device", "files", "dropped")


def write_fold(folder: Path, record: dict[str, Any], *, weights: Weights) -> None:
    """Write the record of a finished fold, the last of its files; of `none` the weights are taken out."""
    files = contents_of(folder, without=(RECORD,))
    dropped = weights == "none" and _WEIGHTS in files
    if dropped:
        (folder / _WEIGHTS).unlink()
    kept = {name: content for name, content in files.items() if not (dropped and name == _WEIGHTS)}
    write_json(folder / RECORD, record | {"files": kept, "dropped": dropped})


def read_fold(folder: Path, *, weights: Weights = "best") -> tuple[dict[str, Any], str]:
    """Return the record of a kept fold, and what is wrong with the fold.

    Args:
        folder: The fold's.
        weights: With `all`, a fold whose weights were not kept has no record: it has to be fitted again.

    Returns:
        The record and an empty text; else an empty record and the damage, empty where nothing is there.
    """
    record, damage = read_kept_json(folder / RECORD, *_KEYS)
    if not record and not damage and folder.is_dir():
        damage = f"{RECORD} is missing"
    if record:
        damage = damage_in(folder, record["files"])
    if damage or (record and weights == "all" and record["dropped"]):
        return {}, damage
    return record, ""


def has_weights(record: dict[str, Any]) -> bool:
    """Whether the weights of a kept fold are on the disk."""
    return _WEIGHTS in record["files"]


def drop_weights(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Take the weights out of a kept fold; gives its new record.

    The record is written first: weights that lie there unnamed harm nobody, named ones that lack are damage.
    """
    files = {name: content for name, content in record["files"].items() if name != _WEIGHTS}
    changed = record | {"files": files, "dropped": True}
    write_json(folder / RECORD, changed)
    (folder / _WEIGHTS).unlink(missing_ok=True)
    return changed
