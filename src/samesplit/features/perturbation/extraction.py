"""A profile's features again and again: after every perturbation, and from every rater's mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.execution.case_units import Outcome, Progress, failure_codes, run_case_units
from samesplit.features.engines import get_engine
from samesplit.features.extraction import Extraction, extract, matching_references_of
from samesplit.features.perturbation.settings import RATERS, Perturbations
from samesplit.features.perturbation.supervoxels import (
    SupervoxelTask,
    cut_into_supervoxels,
    starts_with_contour,
)
from samesplit.features.perturbation.work_units import PerturbedTask, extract_perturbed
from samesplit.features.profiles import Profile
from samesplit.imaging.case_file import CaseFile
from samesplit.imaging.case_tasks import case_files, ledger_table
from samesplit.imaging.repairs import GeometryRepair

__all__ = ["KEY", "MASK_COLUMNS", "Repeats", "extract_repeats"]

KEY = ["lesion_id", "sequence", "perturbation", "repetition"]
"""What names a row of `Repeats.table`; all other columns are features."""

MASK_COLUMNS = [*KEY, "voxels", "dice"]


@dataclass(frozen=True)
class Repeats:
    """Repeated measurements of the features of one profile.

    Attributes:
        table: One row a lesion, sequence, perturbation and repetition (see `KEY`), one float column a feature. Of
            the perturbation `raters` the repetition is the rater's place among the raters.
        masks: What became of the masks: KEY, `voxels`, and `dice`, the agreement with the mask as drawn.
        ledger: LEDGER rows of the stage `stability/<profile>`: cases that failed under a perturbation.
        seconds: Computing time in all, summed over cases, also of what was taken from the cache.
        n_cached: How many were taken from the cache.
        codes: Why cases failed, as codes of `samesplit.execution.failures`.
    """

    table: pd.DataFrame
    masks: pd.DataFrame
    ledger: pd.DataFrame
    seconds: float
    n_cached: int
    codes: frozenset[str] = frozenset()


def extract_repeats(
    images: pd.DataFrame,
    profile: Profile,
    perturbations: Perturbations,
    *,
    raters: Sequence[str],
    cache: Path,
    jobs: int,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    progress: Progress | None = None,
    matching_references: pd.DataFrame | None = None,
    scheduler: str | None = None,
) -> Repeats:
    """Extract a profile's features from every image under every perturbation.

    Args:
        images: IMAGES table with absolute paths or array references, of all raters.
        profile: How.
        perturbations: What is done to the cases.
        raters: The first one's masks are perturbed; those of all are compared if `raters` is asked for.
        cache: See `samesplit.features.extraction.extract`; a killed call goes on where it was.
        jobs: How many processes.
        geometry_repair: What to do when a mask lies on another grid than its image.
        minimum_voxels: The smallest mask that counts, perturbed or not.
        progress: Called with (pieces done, pieces in all).
        matching_references: See `samesplit.features.extraction.extract`.
        scheduler: Address of a Dask scheduler that is to do the work instead of processes here.

    Raises:
        WorkspaceError: The cache cannot be written, or the scheduler is not there.
    """
    own = images[images["rater"] == raters[0]]
    cases = case_files(
        own,
        geometry_repair=geometry_repair,
        minimum_voxels=minimum_voxels,
        jobs=jobs,
        matching_references=matching_references_of(
            own, profile, images if matching_references is None else matching_references
        ),
    )
    version = get_engine(profile.engine).version
    readable = [case for case in cases if not case.problem]
    cut: list[Outcome] = []
    if any(starts_with_contour(kind) for kind in perturbations.made):
        cut = run_case_units(
            cut_into_supervoxels,
            [SupervoxelTask(case, perturbations) for case in readable],
            cache=cache, jobs=jobs, progress=progress, scheduler=scheduler,
        )  # fmt: skip
    parts = [one.record["supervoxels"] if one.record else "" for one in cut] or [""] * len(readable)
    tasks = [
        PerturbedTask(
            case,
            profile,
            version,
            kind,
            repetition,
            perturbations,
            found if starts_with_contour(kind) else "",
        )
        for case, found in zip(readable, parts, strict=True)
        for kind in perturbations.made
        for repetition in range(perturbations.repetitions)
    ]
    outcomes = run_case_units(
        extract_perturbed, tasks, cache=cache, jobs=jobs, progress=progress, scheduler=scheduler
    )
    made = _gather(tasks, outcomes, [case for case in cases if case.problem], profile)
    spent = sum(float(one.record["seconds"]) for one in cut if one.record)
    made = replace(made, seconds=round(made.seconds + spent, 2))
    if RATERS not in perturbations.kinds:
        return made
    drawn = extract(
        images[images["rater"].isin(raters)],
        profile,
        cache=cache,
        jobs=jobs,
        geometry_repair=geometry_repair,
        minimum_voxels=minimum_voxels,
        progress=progress,
        matching_references=matching_references,
        scheduler=scheduler,
    )
    return _with_raters(made, drawn, raters)


def _gather(
    tasks: list[PerturbedTask], outcomes: list[Outcome], unreadable: list[CaseFile], profile: Profile
) -> Repeats:
    stage = f"stability/{profile.name}"
    ledger = [(case, stage, "failed", case.problem) for case in unreadable]
    keys: list[tuple[Any, ...]] = []
    values: list[dict[str, float]] = []
    masks: list[tuple[Any, ...]] = []
    for task, outcome in zip(tasks, outcomes, strict=True):
        if outcome.record is None:
            ledger.append((task.case, stage, "failed", outcome.reason))
            continue
        key = (task.case.lesion_id, task.case.sequence, task.kind, task.repetition)
        keys.append(key)
        values.append(outcome.record["values"])
        masks.append((*key, outcome.record["voxels"], outcome.record["dice"]))
    records = [outcome.record for outcome in outcomes if outcome.record is not None]
    return Repeats(
        table=_table(keys, values),
        masks=pd.DataFrame(masks, columns=MASK_COLUMNS),
        ledger=ledger_table(ledger),
        seconds=round(sum(float(record["seconds"]) for record in records), 2),
        n_cached=sum(outcome.cached for outcome in outcomes),
        codes=failure_codes(outcomes),
    )


def _table(keys: list[tuple[Any, ...]], values: list[dict[str, float]]) -> pd.DataFrame:
    features = pd.DataFrame(values, dtype="float64")
    return pd.concat([pd.DataFrame(keys, columns=KEY), features[sorted(features.columns)]], axis=1)


def _with_raters(made: Repeats, drawn: Extraction, raters: Sequence[str]) -> Repeats:
    """Return the values from every rater's mask beside those from perturbed cases."""
    key = ["lesion_id", "sequence", "rater"]
    wide = drawn.features.set_index([*key, "feature"])["value"].unstack().reset_index()  # noqa: PD010
    wide.columns.name = None
    places = {rater: place for place, rater in enumerate(raters)}
    wide.insert(2, "perturbation", RATERS)
    wide.insert(3, "repetition", wide.pop("rater").map(places).astype("int64"))
    failed = drawn.ledger[drawn.ledger["status"] == "failed"]
    return Repeats(
        table=pd.concat([made.table, wide], ignore_index=True) if len(made.table) else wide,
        masks=made.masks,
        ledger=pd.concat([made.ledger, failed], ignore_index=True) if len(made.ledger) else failed,
        seconds=round(made.seconds + drawn.seconds, 2),
        n_cached=made.n_cached + drawn.n_cached,
        codes=made.codes | drawn.codes,
    )
