"""The masks of two raters of one lesion on one image: how much they share, and how large each is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import SimpleITK as sitk

from samesplit.execution.case_units import Progress, run_case_units
from samesplit.imaging.case_file import CaseFile
from samesplit.imaging.case_tasks import case_files
from samesplit.imaging.geometry import same_grid
from samesplit.imaging.repairs import GeometryRepair
from samesplit.source import source_digest
from samesplit.statistics.overlap import dice
from samesplit.storage import hash_object, library_digest

__all__ = ["MASK_PAIR_COLUMNS", "MaskPairTask", "compare_masks", "measure_mask_pairs"]

MASK_PAIR_COLUMNS = [
    "lesion_id",
    "sequence",
    "rater_a",
    "rater_b",
    "dice",
    "volume_a_ml",
    "volume_b_ml",
]


@dataclass(frozen=True)
class MaskPairTask:
    """One image with the masks of two raters."""

    first: CaseFile
    second: CaseFile

    @property
    def what(self) -> str:
        """The pair in words, for who waits."""
        return f"{self.first.what}, {self.first.rater} and {self.second.rater}"

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the result."""
        made_by = [source_digest(__name__), library_digest("SimpleITK", "numpy")]
        return hash_object([self.first.content, self.second.content, "mask pair", *made_by])


def compare_masks(task: MaskPairTask) -> dict[str, Any]:
    """Read both masks and compare them; a mask on another grid is resampled to the first one's.

    Returns:
        `dice` and both volumes in mL.

    Raises:
        LesionError: One of the two cannot be read.
    """
    first, second = task.first.read().mask, task.second.read().mask
    volumes = [_volume_ml(mask) for mask in (first, second)]
    if not same_grid(first, second):
        second = sitk.Resample(second, first, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    shared = dice(sitk.GetArrayViewFromImage(first), sitk.GetArrayViewFromImage(second))
    return {"dice": shared, "volume_a_ml": volumes[0], "volume_b_ml": volumes[1]}


def measure_mask_pairs(
    images: pd.DataFrame,
    raters: tuple[str, ...],
    *,
    cache: Path,
    jobs: int,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    progress: Progress | None = None,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Compare the masks of every two raters who drew the same lesion on the same sequence.

    Args:
        images: IMAGES table with absolute paths or array references.
        raters: Whose masks; the first is the primary one.
        cache: Folder where results are kept under the hash of both masks and how they are read.
        jobs: How many processes.
        geometry_repair: The repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        progress: Called with (pairs done, pairs in all).
        scheduler: Address of a Dask scheduler that is to do the work instead.

    Returns:
        The columns of `MASK_PAIR_COLUMNS`; pairs of which a mask cannot be read are left out (the stage that draws
        all images tells of them).

    Raises:
        WorkspaceError: The cache cannot be written, or the scheduler is not there.
    """
    wanted = images[images["rater"].isin(raters)]
    cases = case_files(wanted, geometry_repair=geometry_repair, minimum_voxels=minimum_voxels, jobs=jobs)
    by_image: dict[tuple[str, str], dict[str, CaseFile]] = {}
    for case in cases:
        if not case.problem:
            by_image.setdefault((case.lesion_id, case.sequence), {})[case.rater] = case
    tasks = [
        MaskPairTask(drawn[a], drawn[b])
        for drawn in by_image.values()
        for a, b in combinations([rater for rater in raters if rater in drawn], 2)
    ]
    done = run_case_units(
        compare_masks, tasks, cache=cache, jobs=jobs, progress=progress, scheduler=scheduler
    )
    rows = [
        (
            task.first.lesion_id,
            task.first.sequence,
            task.first.rater,
            task.second.rater,
            *(float(outcome.record[name]) for name in MASK_PAIR_COLUMNS[4:]),
        )
        for task, outcome in zip(tasks, done, strict=True)
        if outcome.record is not None
    ]
    table = pd.DataFrame(rows, columns=MASK_PAIR_COLUMNS)
    return table.astype(dict.fromkeys(MASK_PAIR_COLUMNS[4:], np.float64))


def _volume_ml(mask: sitk.Image) -> float:
    voxels = int((sitk.GetArrayViewFromImage(mask) > 0).sum())
    return float(voxels * math.prod(mask.GetSpacing()) / 1000)
