"""Small grey pictures of every image with its mask's contour, for the report.

Drawing them opens every image once, so this stage is also the check of all images of a cohort.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.execution.case_units import Outcome, Progress, failure_codes, run_case_units
from samesplit.imaging.case_file import CaseFile
from samesplit.imaging.case_tasks import case_files, ledger_table
from samesplit.imaging.repairs import GeometryRepair, ledger_status
from samesplit.imaging.thumbnail_drawing import PictureTask, draw_case

__all__ = ["COLUMNS", "Thumbnails", "thumbnails"]

COLUMNS = ["lesion_id", "sequence", "rater", "width", "height", "pixels", "contour"]

_STAGE = "images"


@dataclass(frozen=True)
class Thumbnails:
    """Result of reading and drawing the images.

    Attributes:
        thumbnails: One row a readable image and mask: `lesion_id`, `sequence`, `rater`; `width` and `height` in
            pixels; `pixels`, the uint8 grey levels row by row as bytes; `contour`, JSON lists of (x, y) points in
            pixels from the upper left corner. Sorted by the three ids.
        ledger: LEDGER rows of the stage `images`: cases that cannot be read, with the reason, repairs and notes.
        n_cached: How many pictures were there already.
        codes: Why cases failed, as codes of `samesplit.execution.failures`.
    """

    thumbnails: pd.DataFrame
    ledger: pd.DataFrame
    n_cached: int
    codes: frozenset[str] = frozenset()


def thumbnails(
    images: pd.DataFrame,
    *,
    cache: Path,
    jobs: int,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    progress: Progress | None = None,
    scheduler: str | None = None,
) -> Thumbnails:
    """Read and check every case of an images table, and draw it.

    Args:
        images: IMAGES table with absolute paths or array references.
        cache: Folder where pictures are kept under the hash of image, mask and how they are read.
        jobs: How many processes.
        geometry_repair: What to do when a mask lies on another grid than its image.
        minimum_voxels: The smallest mask that counts.
        progress: Called with (cases done, cases in all).
        scheduler: Address of a Dask scheduler that is to do the work instead of processes of this machine.

    Raises:
        WorkspaceError: The cache cannot be written, or the scheduler is not there.
    """
    cases = case_files(images, geometry_repair=geometry_repair, minimum_voxels=minimum_voxels, jobs=jobs)
    readable = [case for case in cases if not case.problem]
    tasks = [PictureTask(case) for case in readable]
    done = run_case_units(draw_case, tasks, cache=cache, jobs=jobs, progress=progress, scheduler=scheduler)
    outcomes = dict(zip(readable, done, strict=True))
    outcomes |= {case: Outcome(None, case.problem) for case in cases if case.problem}
    rows: list[tuple[Any, ...]] = []
    ledger: list[tuple[CaseFile, str, str, str]] = []
    for case in cases:
        record = outcomes[case].record
        if record is None:
            ledger.append((case, _STAGE, "failed", outcomes[case].reason))
            continue
        ledger += [(case, _STAGE, ledger_status(note), note) for note in record["repairs"]]
        pixels = base64.b64decode(record["pixels"])
        contour = json.dumps(record["contour"], separators=(",", ":"))
        ids = (case.lesion_id, case.sequence, case.rater)
        rows.append((*ids, record["width"], record["height"], pixels, contour))
    return Thumbnails(
        thumbnails=pd.DataFrame(rows, columns=COLUMNS),
        ledger=ledger_table(ledger),
        n_cached=sum(outcome.cached for outcome in outcomes.values()),
        codes=failure_codes(outcomes.values()),
    )
