"""Why a piece of work failed: the reason in words for people, and a code for the program that decides on it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

from samesplit.errors import SamesplitError

__all__ = ["OUT_OF_MEMORY", "REFUSED", "TRANSIENT", "UNEXPECTED", "WORKER_CRASHED", "Failure", "failure_of"]

REFUSED = "refused"
"""The work said itself why it cannot be done (a `SamesplitError`)."""
OUT_OF_MEMORY = "out-of-memory"
WORKER_CRASHED = "worker-crashed"
"""The process died; most often for want of memory."""
UNEXPECTED = "unexpected"
"""Any other exception."""
TRANSIENT = frozenset({OUT_OF_MEMORY, WORKER_CRASHED})
"""Failures whose cause may be gone when the same work is tried again."""


@dataclass(frozen=True)
class Failure:
    """Why a piece of work has no result.

    Attributes:
        reason: For people.
        code: One of the codes of this module.
    """

    reason: str
    code: str


def failure_of(error: Exception) -> Failure:
    """Describe an exception that ended a piece of work.

    Example:
        >>> failure_of(MemoryError())
        Failure(reason='the memory was not enough', code='out-of-memory')
        >>> failure_of(SamesplitError("is empty", where="lesion L7"))
        Failure(reason='lesion L7: is empty', code='refused')
    """
    if isinstance(error, SamesplitError):
        return Failure(str(error), REFUSED)
    if isinstance(error, MemoryError):
        return Failure("the memory was not enough", OUT_OF_MEMORY)
    frames = reversed(traceback.extract_tb(error.__traceback__)[-3:])
    place = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return Failure(f"{type(error).__name__}: {error} ({place})", UNEXPECTED)
