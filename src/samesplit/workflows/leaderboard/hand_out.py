"""What whoever submits needs of a benchmark, without the labels of the lesions that are tested."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd

from samesplit.errors import WorkspaceError
from samesplit.places import Places
from samesplit.storage import replace_directory, temporary_directory, write_json
from samesplit.tables import write_csv
from samesplit.workflows.leaderboard.frozen import load_frozen

__all__ = ["hand_out"]

_IDS = ("lesion_id", "patient_id")
_AS_THEY_ARE = ("benchmark.yaml", "splits.csv", "images.csv")


def hand_out(benchmark: str | Path, folder: Path, *, start: Path | None = None) -> tuple[Path, int, int]:
    """Write a benchmark without the labels of tested lesions, enough to predict them and to check a submission.

    lesions.csv keeps the ids, the declared clinical variables and the outcomes of lesions that no fold tests; all
    other columns are left out, since they may tell the outcome. splits.json loses its lines on single
    patients, which tell it as well. images.csv and benchmark.yaml go along as they are.

    Args:
        benchmark: Folder or name.
        folder: Where the benchmark's folder is made.
        start: Where to look for the benchmark; default: the current folder.

    Returns:
        The folder that was written, how many lesions have no label in it, and how many have one.

    Raises:
        SamesplitError: (one of its kinds) The benchmark or its split cannot be read, the folder is there
            already, or a file that goes along as it is names a folder of this machine.
    """
    frozen = load_frozen(benchmark, start=start)
    target = folder / frozen.name
    if target.exists():
        raise WorkspaceError(
            "is there already", where=target, remedy="name another folder, or move this one out of the way"
        )
    lesions = frozen.cohort.lesions
    outcomes = [name for name in frozen.definition.outcome_columns() if name in lesions]
    columns = [name for name in (*_IDS, *frozen.definition.cohort.clinical, *outcomes) if name in lesions]
    expected = frozen.expected
    tested = lesions["lesion_id"].isin(expected.loc[expected["subset"] == "test", "lesion_id"])
    shown = pd.DataFrame(lesions[list(dict.fromkeys(columns))])
    for name in outcomes:
        shown[name] = shown[name].astype("object").mask(tested)
    record = json.loads((frozen.folder / "splits.json").read_text(encoding="utf-8"))
    with temporary_directory(target) as made:
        for name in _AS_THEY_ARE:
            if (frozen.folder / name).is_file():
                _check_paths(frozen.folder / name)
                shutil.copyfile(frozen.folder / name, made / name)
        write_csv(shown, made / "lesions.csv")
        write_json(made / "splits.json", record | {"patients": {}, "counts": {}})
        replace_directory(made, target)
    return target, int(tested.sum()), int((~tested).sum())


def _check_paths(path: Path) -> None:
    """Refuse a file with absolute paths: they tell of this machine, and nobody else has them."""
    line = Places(path.parent.parent.parent).line_of_first(path.read_text(encoding="utf-8", errors="replace"))
    if line is not None:
        raise WorkspaceError(
            "holds an absolute path, which would be handed out",
            where=f"{path}, line {line}",
            remedy="write paths relative to the benchmark's folder or to the data folder",
        )
