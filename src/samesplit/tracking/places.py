"""Where the artifacts of pushed runs lie, and what of them may be deleted.

MLflow keeps absolute addresses in its database. A workspace that was copied or moved brings such a database
along, whose addresses lead back into the workspace that it came from. So the addresses are brought home before
anything is done with them, and whatever the database says, nothing outside the own workspace is ever deleted.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

__all__ = ["artifacts_of", "come_home", "folder_of", "remove_artifacts"]

_NAME = ".mlflow"


def artifacts_of(store: Path) -> Path:
    """Return the folder under which a workspace keeps the artifacts of all its pushed runs."""
    return store.parent / "reports" / _NAME


def folder_of(address: str) -> Path | None:
    """Return the folder that an artifact address names; None where it lies on no disk of this machine.

    Example:
        >>> folder_of("file:///work/reports/.mlflow/balls").as_posix()
        '/work/reports/.mlflow/balls'
        >>> folder_of("s3://bucket/balls") is None
        True
    """
    parts = urlsplit(address)
    if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
        return None
    return Path(url2pathname(parts.path))


def come_home(store: Path) -> int:
    """Lead the addresses of a copied or moved workspace's store to its own folder of artifacts.

    A run whose artifacts did not come along, but lie where they were, keeps its address.

    Args:
        store: The SQLite file, with MLflow's tables in it.

    Returns:
        How many addresses were changed.

    Raises:
        sqlite3.Error: The file is not such a database, or cannot be written.
    """
    if store.is_symlink():  # another workspace's store, which its own addresses are right for
        return 0
    home = artifacts_of(store).resolve()
    changed = 0
    with closing(sqlite3.connect(store, timeout=60.0)) as connection, connection:
        for table, key, column in (
            ("experiments", "experiment_id", "artifact_location"),
            ("runs", "run_uuid", "artifact_uri"),
            ("logged_models", "model_id", "artifact_location"),
        ):
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                continue  # of a version of MLflow that knew no logged models
            rows = connection.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
            for number, address in rows:
                own = _at_home(str(address or ""), home, always=table == "experiments")
                if own is not None:
                    connection.execute(
                        f"UPDATE {table} SET {column} = ? WHERE {key} = ?",
                        (own.as_uri(), number),
                    )
                    changed += 1
    return changed


def _at_home(address: str, home: Path, *, always: bool) -> Path | None:
    """Where an address leads to in the own workspace; None where it is to stay as it is."""
    folder = folder_of(address)
    if folder is None or _NAME not in folder.parts or folder.is_relative_to(home):
        return None
    last = len(folder.parts) - 1 - folder.parts[::-1].index(_NAME)
    own = home.joinpath(*folder.parts[last + 1 :])
    return own if always or own.exists() or not folder.exists() else None


def remove_artifacts(address: str, store: Path) -> bool:
    """Delete the artifacts of a run that is replaced, if they lie in the store's own workspace.

    MLflow itself only marks a run as deleted, and leaves its artifacts on the disk.

    Args:
        address: As the database has it.
        store: The SQLite file of the workspace.

    Returns:
        Whether something was deleted.
    """
    folder = folder_of(address)
    if folder is None or not folder.is_dir():
        return False
    workspace, home, real = store.parent.resolve(), artifacts_of(store).resolve(), folder.resolve()
    # Links are followed first: a folder that only seems to lie in the workspace is another's.
    if not (home.is_relative_to(workspace) and home in real.parents):
        return False
    shutil.rmtree(real, ignore_errors=True)
    if home in real.parent.parents:
        with suppress(OSError):  # not empty: something else lies there
            real.parent.rmdir()
    return True
