"""Which run of a benchmark is the latest: a small file says it, and a link beside it is a convenience.

`reports/<benchmark>/latest.json` names the run. `latest` is a link to its folder, where the system knows links. A
copied workspace may have a real folder in its place, with an older run in it, which nothing refreshes: the file is
asked.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from samesplit.errors import WorkspaceError
from samesplit.kept import read_kept_json
from samesplit.run_folder import LATEST_POINTER, RUN_RECORD
from samesplit.storage import write_json

__all__ = ["latest_run", "point_latest", "stale_copy"]

POINTER = LATEST_POINTER
_LINK = "latest"


def point_latest(run_folder: Path) -> None:
    """Make a run the latest of its benchmark."""
    reports = run_folder.parent
    if read_kept_json(reports / POINTER, "run")[0] != {"run": run_folder.name}:
        write_json(reports / POINTER, {"run": run_folder.name})
    temporary = reports / f".latest.{os.getpid()}"
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(run_folder.name, target_is_directory=True)
        temporary.replace(reports / _LINK)
    except OSError:  # no links here, or a real folder in the way
        temporary.unlink(missing_ok=True)


def stale_copy(reports: Path) -> str:
    """Return what to say of a real folder that stands where the link should; empty where there is none."""
    folder = reports / _LINK
    if folder.is_symlink() or not folder.is_dir():
        return ""
    return (
        f"{folder} is a folder of its own and no link (the workspace was copied, or this disk knows no links): it "
        f"may show an older run and is left as it is. {POINTER} beside it names the latest run; delete the folder"
    )


def latest_run(reports: Path, *, benchmark: str) -> Path:
    """Return the folder of the latest run.

    Args:
        reports: `reports/<benchmark>`.
        benchmark: As the user named it, for the message.

    Raises:
        WorkspaceError: The benchmark has not been run, or its latest run has been deleted.
    """
    pointer, _ = read_kept_json(reports / POINTER, "run")
    named = [reports / str(pointer["run"])] if pointer else []
    link = reports / _LINK
    if not pointer and link.is_symlink():
        named.append(link.resolve())
    elif not pointer and link.is_dir():  # of a workspace without a pointer, copied without links
        record, _ = read_kept_json(link / RUN_RECORD, "run")
        named += [reports / str(record["run"]), link] if record else []
    for folder in named:
        if (folder / RUN_RECORD).is_file():
            return folder
    if named:
        raise WorkspaceError(
            "the folder of the latest run is gone, or was not finished",
            where=named[0],
            remedy=f"samesplit run {shlex.quote(str(benchmark))}",
        )
    raise WorkspaceError(
        "has not been run", where=reports.name, remedy=f"samesplit run {shlex.quote(str(benchmark))}"
    )
