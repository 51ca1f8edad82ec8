"""From the images table to the features table: one row is one task, and no task is done twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.execution.case_units import Outcome, Progress, failure_codes, run_case_units
from samesplit.features.engines import get_engine
from samesplit.features.profiles import Profile
from samesplit.features.work_units import FeatureTask, extract_case
from samesplit.imaging.case_file import ReadableCase
from samesplit.imaging.case_tasks import case_files, ledger_table
from samesplit.imaging.repairs import GeometryRepair, ledger_status
from samesplit.tables import FEATURES, check_table, empty_table

__all__ = ["Extraction", "extract", "extract_cases", "matching_references_of"]

NOTE_COLUMNS = ["lesion_id", "sequence", "rater", "profile", "feature", "note"]
STEP_COLUMNS = ["lesion_id", "sequence", "rater", "profile", "step", "done"]


@dataclass(frozen=True)
class Extraction:
    """Result of extracting one profile.

    Attributes:
        features: FEATURES table, sorted by its key; NaN where a feature is not defined for a case.
        ledger: LEDGER rows of the stage `features/<profile>`: cases that failed, were repaired, or have a note.
        notes: What is to be known about a case: lesion_id, sequence, rater, profile, feature, note. A feature
            that is not defined for a case has a row that says why; `feature` is empty where all are meant.
        steps: The steps of each case's processing in their order: lesion_id, sequence, rater, profile, step,
            done. Engines that do not tell have none.
        seconds: Computing time in all, summed over cases, those taken from the cache with the time that they
            took when they were made.
        n_cached: How many cases were taken from the cache.
        codes: Why cases failed, as codes of `samesplit.execution.failures`.
    """

    features: pd.DataFrame
    ledger: pd.DataFrame
    notes: pd.DataFrame
    steps: pd.DataFrame
    seconds: float
    n_cached: int
    codes: frozenset[str] = frozenset()


def extract(
    images: pd.DataFrame,
    profile: Profile,
    *,
    cache: Path,
    jobs: int,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    progress: Progress | None = None,
    matching_references: pd.DataFrame | None = None,
    scheduler: str | None = None,
) -> Extraction:
    """Extract a profile's features from every image of a table.

    Args:
        images: IMAGES table with absolute paths or array references.
        profile: How.
        cache: Folder where each case's values are kept under the hash of image, mask, settings and engine
            version; what is there is not computed again.
        jobs: How many processes; each uses one thread.
        geometry_repair: What to do when a mask lies on another grid than its image.
        minimum_voxels: The smallest mask that counts.
        progress: Called with (cases done, cases in all).
        matching_references: IMAGES table in which the sequence is looked up that a profile matches histograms to;
            `images` itself when None.
        scheduler: Address of a Dask scheduler that is to do the work instead of processes of this machine.

    Returns:
        The features, the same for any number of jobs and any order of completion. A case that fails costs only
        itself: it has a ledger row with the reason, and is tried again by the next call.

    Raises:
        WorkspaceError: The cache cannot be written, or the scheduler is not there.
        DeclarationError: The profile's engine is not known.
    """
    cases = case_files(
        images,
        geometry_repair=geometry_repair,
        minimum_voxels=minimum_voxels,
        jobs=jobs,
        matching_references=matching_references_of(
            images, profile, images if matching_references is None else matching_references
        ),
    )
    return extract_cases(cases, profile, cache=cache, jobs=jobs, progress=progress, scheduler=scheduler)


def extract_cases(
    cases: Sequence[ReadableCase],
    profile: Profile,
    *,
    cache: Path,
    jobs: int,
    progress: Progress | None = None,
    scheduler: str | None = None,
) -> Extraction:
    """Extract a profile's features from cases in files or in memory; `extract` says the rest.

    Args:
        cases: Each with a lesion_id, sequence and rater that no other has.
        profile: How.
        cache: As for `extract`.
        jobs: As for `extract`.
        progress: As for `extract`.
        scheduler: As for `extract`.

    Raises:
        WorkspaceError: As for `extract`.
        DeclarationError: As for `extract`.
    """
    engine = get_engine(profile.engine)
    tasks = [FeatureTask(case, profile, engine.version) for case in cases if not case.problem]
    done = run_case_units(extract_case, tasks, cache=cache, jobs=jobs, progress=progress, scheduler=scheduler)
    results = iter(done)
    outcomes = [Outcome(None, case.problem) if case.problem else next(results) for case in cases]
    return _gather(cases, outcomes, profile)


def matching_references_of(
    images: pd.DataFrame, profile: Profile, among: pd.DataFrame
) -> pd.Series[str] | None:
    """Return the reference image for histogram matching, per image."""
    sequence = profile.settings.matching_reference()
    if sequence is None:
        return None
    found = among[among["sequence"] == sequence].drop_duplicates("lesion_id").set_index("lesion_id")["image"]
    beside = images["lesion_id"].map(found)
    return beside.mask(images["sequence"] == sequence, images["image"])


def _gather(cases: Sequence[ReadableCase], outcomes: Sequence[Outcome], profile: Profile) -> Extraction:
    stage = f"features/{profile.name}"
    ledger: list[tuple[ReadableCase, str, str, str]] = []
    values: list[tuple[str, str, str, str, str, float]] = []
    notes: list[tuple[str, str, str, str, str, str]] = []
    infos = get_engine(profile.engine).catalogue(profile.settings)
    when = {info.feature: info.undefined_when for info in infos}
    steps: list[tuple[str, str, str, str, str, str]] = []
    for case, outcome in zip(cases, outcomes, strict=True):
        record = outcome.record
        if record is None:
            ledger.append((case, stage, "failed", outcome.reason))
            continue
        ledger += [(case, stage, ledger_status(note), note) for note in record["repairs"]]
        ids = (case.lesion_id, case.sequence, case.rater, profile.name)
        values += [(*ids, name, float(value)) for name, value in sorted(record["values"].items())]
        steps += [(*ids, step, done) for step, done in record.get("steps", ())]
        notes += [(*ids, "", note) for note in record.get("notes", ())]
        notes += [
            (*ids, name, f"not defined: {when[name]}" if when.get(name) else "not defined")
            for name, value in record["values"].items()
            if math.isnan(value)
        ]
    table = pd.DataFrame(values, columns=list(FEATURES.columns)) if values else empty_table(FEATURES)
    records: list[dict[str, Any]] = [o.record for o in outcomes if o.record is not None]
    return Extraction(
        features=check_table(table, FEATURES),
        ledger=ledger_table(ledger),
        notes=pd.DataFrame(notes, columns=NOTE_COLUMNS, dtype=str),
        steps=pd.DataFrame(steps, columns=STEP_COLUMNS, dtype=str),
        seconds=round(sum(float(record["seconds"]) for record in records), 2),
        n_cached=sum(outcome.cached for outcome in outcomes),
        codes=failure_codes(outcomes),
    )
