"""Lock the first numba compilation: its cache is not safe for concurrent writers.

Two processes that keep different variants of one function (8-bit and 16-bit grey levels, say) at the same moment
can leave an index that names the other's code. So the first extraction of a profile by a version of the engine
waits for its turn on this machine; the others wait meanwhile, and then load what was compiled instead of
compiling it again themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import platformdirs

from samesplit.errors import WorkspaceError
from samesplit.storage import locked

__all__ = ["alone_at_first", "folder_of_marks"]

_PATIENCE_S = 300.0


def folder_of_marks() -> Path:
    """Return the folder that remembers, for this user on this machine, what was compiled before."""
    return platformdirs.user_cache_path("samesplit") / "compiled"


@contextmanager
def alone_at_first(
    key: str, *, folder: Path | None = None, patience_s: float = _PATIENCE_S
) -> Iterator[bool]:
    """Until a block has once been left without an error, only one process at a time is inside.

    Where the folder cannot be written, or the turn does not come in time, the block is entered all the same.

    Args:
        key: Names the block; may stand in a file name.
        folder: Where locks and the keys of the blocks that were left are kept; the user's cache folder when None.
        patience_s: How long to wait for the turn.

    Yields:
        Whether the block is entered for the first time.
    """
    kept = folder_of_marks() if folder is None else folder
    done = kept / key
    if done.exists():
        yield False
        return
    with ExitStack() as turn:
        with suppress(WorkspaceError):
            turn.enter_context(locked(kept / "lock", timeout_s=patience_s))
        yield not done.exists()
        with suppress(OSError):
            done.touch()
