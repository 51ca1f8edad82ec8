"""Prepared inputs on disk: the array, what there is to say about it, and a hash of both."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from samesplit.kept import note_damage
from samesplit.storage import write_bytes

__all__ = ["note_of_kept", "write_input"]

_HASH = hashlib.sha256().digest_size


def write_input(path: Path, array: npt.NDArray[np.float32], note: str) -> Path:
    """Keep an input: a .npy file, behind which stand the note and a hash, where numpy does not look.

    Args:
        path: The file.
        array: The input.
        note: For the case ledger; empty for nothing.
    """
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    content = buffer.getvalue() + json.dumps({"note": note}).encode()
    return write_bytes(path, content + hashlib.sha256(content).digest())


def note_of_kept(path: Path, shape: tuple[int, ...]) -> str | None:
    """Return the note of a kept input; None where it is not there, or not whole, which is told.

    Args:
        path: The file.
        shape: What the input's shape must be.
    """
    note: str | None = None
    try:
        content = path.read_bytes()
        if content[-_HASH:] == hashlib.sha256(content[:-_HASH]).digest():
            buffer = io.BytesIO(content[:-_HASH])
            array = np.load(buffer)
            if array.shape == shape and array.dtype == np.float32:
                note = str(json.loads(buffer.read())["note"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, KeyError):
        note = None
    if note is None:
        note_damage(path.parent, f"{path.name} is damaged")
    return note
