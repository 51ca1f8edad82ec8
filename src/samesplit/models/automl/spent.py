"""The time that a search has taken, kept beside its progress: one that goes on does not get its minutes anew."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from samesplit.errors import WorkspaceError
from samesplit.storage import write_json

__all__ = ["counting", "seconds_spent"]

_KEPT_EVERY_S = 5.0


def seconds_spent(path: Path | None) -> float:
    """Return the seconds of earlier attempts; 0 where none are written down, or the file is damaged."""
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if path is not None else {}
        return max(0.0, float(told.get("seconds", 0.0)))
    except (OSError, ValueError, TypeError, AttributeError):
        return 0.0


@contextmanager
def counting(
    path: Path | None, *, every_s: float = _KEPT_EVERY_S, clock: Callable[[], float] = time.monotonic
) -> Iterator[float]:
    """Count the seconds of the block and write them down, with those of earlier attempts, as they pass.

    Args:
        path: Where they are kept; None to keep nothing.
        every_s: How often they are written down: a kill forgets at most so much.
        clock: Seconds that only go forward.

    Yields:
        The seconds of earlier attempts.
    """
    earlier, began, over = seconds_spent(path), clock(), threading.Event()

    def keep() -> None:
        if path is not None:
            with suppress(WorkspaceError, OSError):  # a full disk is told by whoever writes the results
                write_json(path, {"seconds": round(earlier + clock() - began, 3)})

    def watch() -> None:
        while not over.wait(every_s):
            keep()

    thread = threading.Thread(target=watch, name="minutes", daemon=True)
    thread.start()
    try:
        yield earlier
    finally:
        over.set()
        thread.join()
        keep()
