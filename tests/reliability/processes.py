"""Work in a forked process that has all libraries already, to be killed at a moment."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable

__all__ = ["forked", "kill_when", "outcome"]


def forked(work: Callable[[], object]) -> int:
    """Begin work in a process of its own; its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which none of this work waits for
        child = os.fork()
    if child:
        return child
    code = 1
    try:
        warnings.simplefilter("ignore")  # this is no test, and its libraries are imported as they are
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def outcome(child: int) -> int:
    """Wait for a process; its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_when(child: int, due: Callable[[], bool], *, timeout_s: float = 120) -> None:
    """Kill a process with SIGKILL once something is so; it must not have ended before."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until and not due():
        time.sleep(0.03)
    os.kill(child, signal.SIGKILL)
    assert outcome(child) == -signal.SIGKILL, "it had ended before it was killed"
