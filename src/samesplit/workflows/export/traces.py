"""Whether a package tells of the machine that it was written on: its folders, its user, its name."""

from __future__ import annotations

import getpass
import gzip
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from samesplit.errors import WorkspaceError
from samesplit.places import Places
from samesplit.workflows.export.package import Package

__all__ = ["check_traces"]

_WRITTEN_BY_PEOPLE = (".yaml", ".csv", ".py", ".txt")
_COMMON = {"root", "user", "admin", "ubuntu", "localhost", "runner", "home", "default"}


def check_traces(package: Package, workspace: Path) -> None:
    """Refuse a package that holds folders of this machine.

    Args:
        package: All of its files are written.
        workspace: The folder that it was made from.

    Raises:
        WorkspaceError: A file holds the path of a folder, the home of the user or the name of the host.
    """
    known = dict(_known(workspace))
    places = Places(Path("/nowhere-of-this-name"))
    for entry in package.entries:
        path = package.root / entry.path
        content = _unpacked(path)
        for trace, what in known.items():
            if re.search(rb"(?<![\w.-])" + re.escape(trace.encode()) + rb"(?![\w-])", content):
                raise _told(entry.path, what, _line(content, trace), workspace)
        if path.suffix in _WRITTEN_BY_PEOPLE and entry.part in ("data", "declarations"):
            number = places.line_of_first(content.decode("utf-8", errors="replace"))
            if number is not None:
                raise _told(entry.path, "an absolute path", number, workspace)


def _unpacked(path: Path) -> bytes:
    """Return the content of a file; of packed ones, in which text is not found, what was packed.

    Archives of fitted models and weights are stored as they are, so that their text is found in them.
    """
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    if path.suffix != ".parquet":
        return content
    table = pq.read_table(path)
    texts = [str(name) for name in table.column_names]
    for column in table.columns:
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
            texts += map(str, column.unique().to_pylist())
    return content + "\n".join(texts).encode()


def _known(workspace: Path) -> Iterator[tuple[str, str]]:
    """Name what must stand nowhere, and what it is."""
    home = os.path.expanduser("~")  # noqa: PTH111  # it stays as it is where there is no home
    shared = os.environ.get("SAMESPLIT_DATA", "")
    for place, what in (
        (str(workspace), "the path of the workspace"),
        (str(workspace.resolve()), "the path of the workspace"),
        (shared, "the path of the data folder"),
        (home, "the home folder of the user"),
    ):
        if len(place) > 5:  # shorter ones, such as /root, are no trace of anybody
            yield place.rstrip("/"), what
    host = socket.gethostname()
    if len(host) > 3 and host.casefold() not in _COMMON:
        yield host, "the name of this machine"
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return
    if len(user) > 3 and user.casefold() not in _COMMON:
        yield f"/{user}/", "the name of the user in a path"


def _line(content: bytes, trace: str) -> int:
    return content[: content.find(trace.encode())].count(b"\n") + 1


def _told(path: str, what: str, line: int, workspace: Path) -> WorkspaceError:
    return WorkspaceError(
        f"{path}, line {line}, would hold {what}",
        where=workspace,
        remedy="take it out of the benchmark's files (write paths relative to the file or to the data folder), "
        "run the benchmark again, and export once more",
    )
