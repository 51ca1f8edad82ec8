"""Remove what no run refers to from a workspace's `reports`, and nothing else.

What stays: everything that stands in the list of a run, an audit or a comparison (`cache.json` in its folder),
those folders themselves, and the artifacts of every run that `mlflow.db` shows. Deleting the folder of a run gives
free what it alone referred to.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from samesplit.errors import WorkspaceError
from samesplit.kept import read_kept_json
from samesplit.run_folder import RUN_RECORD
from samesplit.storage import locked
from samesplit.uses import LIST, alone
from samesplit.workspace import Workspace

__all__ = ["Removed", "clean"]

_ROOMS = ("folds", "features", "thumbnails", "inputs", "audit", "chain", "mask_pairs")
"""The folders of the cache, any of which somebody may have moved to a larger disk and linked."""


@dataclass(frozen=True)
class Removed:
    """What was removed, or would be.

    Attributes:
        what: In words.
        count: How many files and folders.
        bytes: How much room they took; a file that also stands elsewhere (a hard link) takes none.
    """

    what: str
    count: int
    bytes: int


def clean(workspace: Workspace, *, code: str, dry_run: bool = False) -> list[Removed]:
    """Remove what no run refers to.

    Args:
        workspace: Its `reports` is cleaned.
        code: What runs of this code write into their lists; an unfinished run of other code cannot go on.
        dry_run: Only say what would be removed.

    Returns:
        What was removed, by kind.

    Raises:
        WorkspaceError: Something is under way in the workspace, or its `reports`, the cache or a folder of it is a
            link to elsewhere.
    """
    root, reports, cache = workspace.root.resolve(), workspace.reports, workspace.cache
    if not reports.is_dir():
        return []
    for place in (reports, cache, *(cache / room for room in _ROOMS)):
        if not place.resolve().is_relative_to(root):
            raise WorkspaceError(
                "is a link to another place, which other workspaces may use too",
                where=place,
                remedy="clean the workspace that it belongs to, or delete what you do not need there yourself",
            )
    with alone(cache):
        stopped = [run for run in _stopped_runs(reports, code) if run.resolve().is_relative_to(root)]
        listed = _listed(reports, set(stopped))
        kinds = [
            ("unfinished runs of other code", stopped),
            ("fitted folds", _folds(cache, listed)),
            ("unfinished folds", _working(cache, listed)),
            ("features", _unlisted(cache, "features", listed)),
            ("pictures", _unlisted(cache, "thumbnails", listed)),
            ("inputs of networks", _inputs(cache, listed)),
            ("pieces of audits", _unlisted(cache, "audit", listed)),
            ("compared masks of raters", _unlisted(cache, "mask_pairs", listed)),
            ("predicted masks of lesions", _unlisted(cache, "chain", listed)),
            ("locks and halves of files", _leavings(reports, cache)),
        ]
        removed = [_remove(what, _at_home(root, paths), dry_run=dry_run) for what, paths in kinds]
        removed.append(_clean_artifacts(workspace, dry_run=dry_run))
    return [one for one in removed if one.count]


def _stopped_runs(reports: Path, code: str) -> Iterator[Path]:
    """Yield runs that were stopped before their record was written, and that this code would begin anew."""
    for path in sorted(reports.glob(f"*/*/{LIST}")):
        found, _ = read_kept_json(path, "code")
        if found and found["code"] != code and not (path.parent / RUN_RECORD).exists():
            yield path.parent


def _listed(reports: Path, without: set[Path]) -> set[str]:
    """Everything that stands in a list; where one is damaged, nothing can be told and nothing is removed."""
    names: set[str] = set()
    for path in sorted(reports.glob(f"*/*/{LIST}")):
        if path.parent in without or path.parent.is_symlink():
            continue
        found, damage = read_kept_json(path, "uses")
        if damage:
            raise WorkspaceError(
                f"the list of what this run uses is damaged ({damage})",
                where=path,
                remedy="run the benchmark again, which makes it anew, or delete this run's folder",
            )
        names |= set(found["uses"])
    return names


def _folds(cache: Path, listed: set[str]) -> Iterator[Path]:
    for path in sorted((cache / "folds").glob("??/*")):
        if path.is_dir() and not path.name.startswith(".") and _name(path, cache) not in listed:
            yield path


def _working(cache: Path, listed: set[str]) -> Iterator[Path]:
    """Of folds that no run wants, or that are finished."""
    for path in sorted((cache / "folds" / "working").glob("*")):
        fold = cache / "folds" / path.name[:2] / path.name
        if _name(fold, cache) not in listed or (fold / "done.json").exists():
            yield path


def _unlisted(cache: Path, room: str, listed: set[str]) -> Iterator[Path]:
    for path in sorted((cache / room).glob("*/*")):
        if path.is_file() and not path.name.startswith(".") and _name(path, cache) not in listed:
            yield path


def _inputs(cache: Path, listed: set[str]) -> Iterator[Path]:
    """Yield prepared inputs of networks that no listed fold was fitted on."""
    used: set[str] = set()
    for name in listed:
        if name.startswith("folds/"):
            record, _ = read_kept_json(cache / name / "done.json")
            used |= set(record.get("inputs", ()))
    # An unfinished fold has no record yet that says what it uses.
    wanted = len(list((cache / "folds" / "working").glob("*"))) > len(list(_working(cache, listed)))
    for path in sorted((cache / "inputs").glob("*/*")):
        if path.is_file() and not path.name.startswith(".") and not wanted and path.stem[:16] not in used:
            yield path


def _leavings(reports: Path, cache: Path) -> Iterator[Path]:
    """Locks, which nobody holds now, and what killed processes left half written."""
    yield from sorted((cache / "folds" / "locks").glob("*.lock"))
    yield from sorted(reports.glob("*/.*.lock"))
    yield from sorted(path for path in reports.glob("*/.latest.*") if path.is_symlink() or path.is_file())
    for room in _ROOMS:
        yield from sorted((cache / room).glob("*/.*"))


def _name(path: Path, cache: Path) -> str:
    return path.relative_to(cache).as_posix()


def _at_home(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Those that do not stand behind a link to another place, such as the folder of a benchmark that is one."""
    return [path for path in paths if path.parent.resolve().is_relative_to(root)]


def _remove(what: str, paths: list[Path], *, dry_run: bool) -> Removed:
    size = sum(_room(path) for path in paths)
    for path in [] if dry_run else paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if not dry_run:
        for folder in {path.parent for path in paths}:
            if len(folder.name) == 2:  # a folder of names that begin with these two letters
                with suppress(OSError):
                    folder.rmdir()
    return Removed(what, len(paths), size)


def _room(path: Path) -> int:
    files: Iterable[Path] = [path] if path.is_symlink() or path.is_file() else path.rglob("*")
    found = [file.lstat() for file in files if file.is_symlink() or file.is_file()]
    return sum(one.st_size for one in found if one.st_nlink == 1)


def _clean_artifacts(workspace: Workspace, *, dry_run: bool) -> Removed:
    """Artifacts under `reports/.mlflow` of runs that the store does not show, or that were pushed anew since."""
    store, home = workspace.tracking_store, workspace.reports / ".mlflow"
    what = "artifacts of runs that MLflow does not show"
    if (
        not store.is_file()
        or store.is_symlink()
        or not home.resolve().is_relative_to(workspace.root.resolve())
    ):
        return Removed(what, 0, 0)
    with locked(store.with_name(f"{store.name}.lock"), timeout_s=10):
        try:
            with closing(sqlite3.connect(store, timeout=10)) as connection:
                rows = connection.execute("SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'")
                shown = {str(row[0]) for row in rows}
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'logged_models'").fetchone():
                    rows = connection.execute(
                        "SELECT model_id FROM logged_models WHERE lifecycle_stage = 'active'"
                    )
                    shown |= {str(row[0]) for row in rows}
        except sqlite3.Error:  # no such database: a push says what is wrong
            return Removed(what, 0, 0)
        places = [path for path in home.glob("*/*") if path.name not in ("models", "traces")]  # runs
        places += home.glob("*/models/*")
        found = [path for path in sorted(places) if path.is_dir() and not path.is_symlink()]
        stale = [path for path in found if path.name not in shown]
        return _remove(what, _at_home(workspace.root.resolve(), stale), dry_run=dry_run)
