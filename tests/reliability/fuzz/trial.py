"""One input, tried: how reading it ended, in time and memory that a reader may expect."""

from __future__ import annotations

import resource
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesplit.errors import LesionError, SamesplitError

__all__ = ["LONGEST_S", "MOST_BYTES", "Ending", "memory_limit", "try_input"]

LONGEST_S = 10
MOST_BYTES = 2_000_000_000
_ROOT = Path(__file__).parents[3]


class _TooLongError(BaseException):
    """Reading took longer than `LONGEST_S`; no `except Exception` swallows it."""


@dataclass(frozen=True)
class Ending:
    """How an input ended.

    Attributes:
        kind: "success", "error" (a clear one), "ledger" (a row of the case ledger) or "fault".
        what: What was said, or where the fault is: its kind and the line of this project that it came from.
    """

    kind: str
    what: str = ""


@contextmanager
def memory_limit(most: int = MOST_BYTES) -> Iterator[None]:
    """Let this process take no more than so many bytes beyond what it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def try_input(read: Callable[[], Any], *, longest_s: float = LONGEST_S) -> Ending:
    """Read an input; a warning is a fault as any other exception is."""

    def stop(*_: object) -> None:
        raise _TooLongError

    old = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, longest_s)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = read()
    except LesionError as error:
        return _told(error, "ledger")
    except SamesplitError as error:
        return _told(error, "error")
    except _TooLongError as error:
        return Ending("fault", f"longer than {longest_s:g} s at {_place(error)}")
    except Exception as error:  # whatever it is, it is what is looked for
        return Ending("fault", f"{type(error).__name__} at {_place(error)}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    return Ending("ledger" if getattr(result, "ledger_rows", 0) else "success")


def _told(error: SamesplitError, kind: str) -> Ending:
    """A clear error says what is wrong, where, and what to do."""
    for one in (error, *error.more):
        lacking = [name for name in ("problem", "where", "remedy") if not getattr(one, name)]
        if lacking:
            return Ending("fault", f"{type(one).__name__} without {lacking[0]} at {_place(error)}")
    return Ending(kind, f"{type(error).__name__} at {_place(error)}")


def _place(error: BaseException) -> str:
    """The innermost line of the project that an exception passed, where it was raised first."""
    while isinstance(error, SamesplitError) and isinstance(error.__cause__, SamesplitError):
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__)
    source = str(_ROOT / "src")
    own = [frame for frame in frames if frame.filename.startswith(source)]
    frame = (own or frames)[-1]
    return f"{frame.filename.removeprefix(source + '/')}:{frame.lineno}"
