"""A server that ends with the command that started it, and where the database is that it is to show."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from samesplit.errors import TrackingError, WorkspaceError
from samesplit.workspace import Workspace, find_benchmark, find_workspace

__all__ = ["ENDING", "check_port", "find_store", "serve", "ui_words"]

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a process to end: of `kill` or a batch system, and of a terminal that is closed."""

_PATIENCE_S = 5.0
_DATABASE = Workspace(Path()).tracking_store.name


def find_store(where: str | Path | None = None, *, start: Path | None = None) -> Path:
    """Return the `mlflow.db` that the user means.

    Args:
        where: A database, a workspace, or a benchmark's folder or name, as `samesplit run` takes it. None: the
            database of this folder, else of the workspace around it, else the only one in a folder below (a
            `run` may have been given the path of a workspace), at most two levels down.
        start: Where to look from; default: the current folder.

    Raises:
        TrackingError: There is none, or there are several below.
        WorkspaceError: There is no such benchmark.
    """
    here = (start or Path.cwd()).resolve()
    if where is not None:
        return _existing(_named(where, here), str(where))
    for folder in (here, find_workspace(here).root):
        if (folder / _DATABASE).is_file():
            return folder / _DATABASE
    found = {
        path.resolve(): path for depth in ("*/*", "*") for path in sorted(here.glob(f"{depth}/{_DATABASE}"))
    }
    below = sorted(found.values())  # a folder that is linked to counts once
    if not below:
        raise TrackingError(
            f"there is no {_DATABASE} here, in a workspace around it, or in a folder below",
            where=here,
            remedy="run a benchmark first, or name the benchmark that was run: samesplit ui BENCHMARK",
        )
    if len(below) > 1:
        names = ", ".join(shlex.quote(str(path.parent.relative_to(here))) for path in below)
        raise TrackingError(
            f"there are {len(below)} of {_DATABASE} below this folder",
            where=here,
            remedy=f"name the workspace, samesplit ui FOLDER; there are: {names}",
        )
    return below[0]


def _named(where: str | Path, here: Path) -> Path:
    """Return the database of what was named, whether it is there or not."""
    given = here / where
    if given.is_file():
        return given
    if (given / _DATABASE).is_file():
        return given / _DATABASE
    try:
        return find_benchmark(where, start=here)[0].tracking_store
    except WorkspaceError:
        if (given / "benchmarks").is_dir():  # a workspace that holds several benchmarks
            return given / _DATABASE
        raise


def _existing(store: Path, named: str) -> Path:
    if not store.is_file():
        raise TrackingError("does not exist yet", where=store, remedy=f"samesplit run {shlex.quote(named)}")
    return store


def ui_words(store: Path, *, start: Path | None = None) -> str:
    """Return what to type in this folder to see a database.

    Example:
        >>> ui_words(Path("/data/my study/mlflow.db"), start=Path("/home"))
        "samesplit ui '/data/my study'"
    """
    here = (start or Path.cwd()).resolve()
    folder = store.parent.resolve()
    if folder == here:
        return "samesplit ui"
    named = folder.relative_to(here) if folder.is_relative_to(here) else folder
    return f"samesplit ui {shlex.quote(str(named))}"


def check_port(host: str, port: int) -> None:
    """Make sure that nobody else listens on a port.

    Raises:
        TrackingError: The port is taken, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TrackingError(
            f"nothing can listen there ({reason})",
            where=f"{host}:{port}",
            remedy=f"end what listens there, or take another port: samesplit ui --port {port + 1}",
        ) from error


def serve(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> int:
    """Run a server until it ends by itself or this process is to end; none of its processes stays behind.

    The server gets a group of processes of its own, which is ended as a whole.

    Args:
        command: The program and its arguments.
        environment: Added to this process's own.

    Returns:
        The server's exit code.
    """
    process = subprocess.Popen(
        command, env=dict(os.environ) | dict(environment or {}), start_new_session=True
    )
    try:
        return process.wait()
    finally:
        with _undisturbed():
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask all processes of the server's group to end, and after a while make them."""
    if not hasattr(os, "killpg"):
        process.terminate()
        process.wait()
        return
    _signal(process.pid, signal.SIGTERM)
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and (process.poll() is None or _signal(process.pid, 0)):
        time.sleep(0.05)
    _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: int) -> bool:
    """Send a signal to a group of processes; whether there was one."""
    if sys.platform == "win32":
        return False
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextmanager
def _undisturbed() -> Iterator[None]:
    """While the server is being ended, a second Ctrl-C does not leave half of it behind."""
    before = {}
    for number in (signal.SIGINT, *ENDING):
        with suppress(ValueError):  # not in the main thread, where no signal arrives
            before[number] = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
