"""Feature maps of an image, or of each image of a table: a folder of image files with a table that explains them.

What was done for an image is kept in a hidden folder beside its maps, under the hash of image, mask, settings and
code: a call that was killed goes on where it was, and an image whose maps are there is not done again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import CohortError, LesionError
from samesplit.execution.case_units import Outcome, result_path, run_case_units
from samesplit.execution.processes import cores
from samesplit.features.extraction import matching_references_of
from samesplit.features.maps.compute import Progress, check_radius, compute_maps, maps_version
from samesplit.features.maps.selection import wanted_maps
from samesplit.features.profile_lookup import find_profile
from samesplit.features.profiles import Profile
from samesplit.imaging.case_file import CaseFile
from samesplit.imaging.case_tasks import case_files, ledger_table
from samesplit.imaging.repairs import GeometryRepair, ledger_status
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.storage import hash_object, write_json
from samesplit.tables import stack_ledgers, write_csv
from samesplit.version import __version__
from samesplit.workflows.extraction_images import KEY, ImagesToExtract
from samesplit.workflows.map_files import check_suffix, described, write_map

__all__ = ["MapFiles", "MapTask", "write_feature_maps", "write_maps_of_case"]

DONE = ".done"
"""The hidden folder of what was done."""


@dataclass(frozen=True)
class MapTask:
    """The maps of one case.

    Attributes:
        case: What to read.
        profile: How.
        features: Which; None for all of the profile.
        radius: Of the neighbourhoods.
        folder: Where the files go.
        suffix: Their kind.
        whole: On the whole grid.
        version: Of the code.
    """

    case: CaseFile
    profile: Profile
    features: tuple[str, ...] | None
    radius: int
    folder: Path
    suffix: str
    whole: bool
    version: str

    @property
    def what(self) -> str:
        """The case in words."""
        return self.case.what

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the files."""
        decided = [
            self.case.content,
            self.profile.digest(),
            self.features,
            self.radius,
            self.suffix,
            self.whole,
        ]
        return hash_object([*decided, self.version, str(self.folder)])

    def files(self) -> list[Path]:
        """Return the files that it writes."""
        return [self.folder / f"{one.name}{self.suffix}" for one in wanted_maps(self.profile, self.features)]


@dataclass(frozen=True)
class MapFiles:
    """What was written.

    Attributes:
        table: One row a map: lesion_id, sequence, rater, file, and what `described` tells.
        ledger: What failed or was repaired.
        failed: How many images failed.
        n_cached: How many were done before.
    """

    table: pd.DataFrame
    ledger: pd.DataFrame
    failed: int
    n_cached: int


def write_feature_maps(
    asked: ImagesToExtract,
    folder: Path,
    *,
    profile: str | Path | Profile,
    features: Sequence[str] | None = None,
    radius: int = 1,
    suffix: str = ".nii.gz",
    whole: bool = False,
    jobs: int | None = None,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    scheduler: str | None = None,
    reporter: Reporter | None = None,
) -> MapFiles:
    """Write the feature maps of every image of a table.

    The maps of one image lie in the folder itself, those of several in a folder for each: its lesion_id, and its
    sequence and rater where a lesion has several. `maps.csv` names all files, `maps.json` how they were made.

    Args:
        asked: The images.
        folder: Created where it does not exist.
        profile: Of the engine `ibsi`.
        features: As for `samesplit.features.maps.selection.wanted_maps`.
        radius: Voxels of the profile's grid to either side of a neighbourhood's centre.
        suffix: The kind of file: `.nii.gz`, `.nii`, `.nrrd`, `.mha`.
        whole: On the whole grid instead of on the lesion's box.
        jobs: Processes (threads, for one image); one per core when None.
        geometry_repair: The named repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        scheduler: Address of a Dask scheduler whose workers do the work; they must see the folder.
        reporter: Progress reporter.

    Raises:
        CohortError: The suffix is unknown, or the folder is a file.
        DeclarationError: A feature is unknown or has no map, or the profile says something that cannot be.
        WorkspaceError: A file cannot be written.
    """
    chosen = find_profile(profile)
    names = None if features is None else tuple(features)
    wanted_maps(chosen, names)
    check_radius(radius)
    check_suffix(suffix)
    if folder.exists() and not folder.is_dir():
        raise CohortError("is a file", where=folder, remedy="name a folder for the maps")
    workers = jobs or cores()
    cases = case_files(
        asked.images,
        geometry_repair=geometry_repair,
        minimum_voxels=minimum_voxels,
        jobs=workers,
        matching_references=matching_references_of(asked.images, chosen, asked.images),
    )
    folder = folder.absolute()
    places = _places(asked.images, folder)
    readable = [case for case in cases if not case.problem]
    tasks = [
        MapTask(case, chosen, names, radius, places[_ids(case)], suffix, whole, maps_version())
        for case in readable
    ]
    with (reporter or SilentReporter()).stage(f"Maps {chosen.name}") as advance:
        if len(cases) == 1 and scheduler is None:
            done = [_alone(task, workers, advance) for task in tasks]
        else:
            for task in tasks:
                if not all(file.exists() for file in task.files()):
                    result_path(folder / DONE, task.key).unlink(missing_ok=True)
            done = run_case_units(
                write_maps_of_case,
                tasks,
                cache=folder / DONE,
                jobs=workers,
                progress=advance,
                scheduler=scheduler,
            )
    outcomes = dict(zip(readable, done, strict=True))
    outcomes |= {case: Outcome(None, case.problem) for case in cases if case.problem}
    found = _gathered(asked, cases, outcomes, folder, chosen)
    if len(found.table):
        write_csv(found.table, folder / "maps.csv")
        write_json(
            folder / "maps.json",
            {
                "samesplit": __version__,
                "profile": chosen.name,
                "profile_sha256": chosen.digest(),
                "settings": chosen.effective(),
                "radius_voxels": radius,
                "grid": "whole" if whole else "box of the lesion",
                "version": maps_version(),
                "failed": found.failed,
            },
        )
    if len(found.ledger):
        write_csv(found.ledger, folder / "maps.ledger.csv")
    elif (folder / "maps.ledger.csv").exists():  # of an earlier call
        (folder / "maps.ledger.csv").unlink()
    return found


def write_maps_of_case(task: MapTask) -> dict[str, Any]:
    """Compute and write the maps of one case.

    Returns:
        `{"maps": [what `described` tells and the file, ...], "repairs": [...]}`.

    Raises:
        LesionError: The case cannot be read or has no maps.
    """
    return _written(task, jobs=1, progress=None)


def _written(task: MapTask, *, jobs: int, progress: Progress | None) -> dict[str, Any]:
    case = task.case.read()
    rows: list[dict[str, Any]] = []
    wanted = wanted_maps(task.profile, task.features)
    try:
        for one in compute_maps(case, task.profile, wanted, radius=task.radius, jobs=jobs, progress=progress):
            path = write_map(one, task.folder, suffix=task.suffix, whole=task.whole)
            rows.append(described(one) | {"file": str(path)})
    except LesionError as error:
        raise LesionError(
            error.problem, where=f"lesion {task.case.lesion_id}", remedy=error.remedy
        ) from error
    return {"maps": rows, "repairs": list(case.repairs)}


def _alone(task: MapTask, jobs: int, progress: Progress) -> Outcome:
    """Do the only case in this process, its slices in threads."""
    try:
        return Outcome(_written(task, jobs=jobs, progress=progress))
    except LesionError as error:
        return Outcome(None, str(error))


def _gathered(
    asked: ImagesToExtract,
    cases: list[CaseFile],
    outcomes: dict[CaseFile, Outcome],
    folder: Path,
    profile: Profile,
) -> MapFiles:
    stage = f"maps/{profile.name}"
    rows: list[dict[str, Any]] = []
    ledger: list[tuple[CaseFile, str, str, str]] = []
    for case in cases:
        record = outcomes[case].record
        if record is None:
            ledger.append((case, stage, "failed", outcomes[case].reason))
            continue
        ledger += [(case, stage, ledger_status(note), note) for note in record["repairs"]]
        ids = dict(zip(KEY, _ids(case), strict=True))
        rows += [ids | one | {"file": str(Path(one["file"]).relative_to(folder))} for one in record["maps"]]
    failed = sum(outcome.record is None for outcome in outcomes.values())
    return MapFiles(
        table=pd.DataFrame(rows),
        ledger=stack_ledgers([asked.ledger, ledger_table(ledger)]),
        failed=failed + asked.lacking,
        n_cached=sum(outcome.cached for outcome in outcomes.values()),
    )


def _ids(case: CaseFile) -> tuple[str, str, str]:
    return case.lesion_id, case.sequence, case.rater


def _places(images: pd.DataFrame, folder: Path) -> dict[tuple[str, str, str], Path]:
    """Return a folder for each image; no two images share one."""
    if len(images) == 1:
        return {tuple(images[KEY].iloc[0]): folder}
    named = ["lesion_id", *(column for column in KEY[1:] if len(set(images[column])) > 1)]
    places: dict[tuple[str, str, str], Path] = {}
    taken: set[Path] = set()
    for row in images.itertuples(index=False):
        plain = folder.joinpath(*(_file_name(str(getattr(row, column))) for column in named))
        place, number = plain, 2
        while place in taken:
            place, number = plain.with_name(f"{plain.name}_{number}"), number + 1
        taken.add(place)
        places[(str(row.lesion_id), str(row.sequence), str(row.rater))] = place
    return places


def _file_name(text: str) -> str:
    """Return a text as it may stand in a path on every system.

    Example:
        >>> _file_name("P1/left"), _file_name("..")
        ('P1_left', '__')
    """
    plain = re.sub(r"[^\w.-]", "_", text)
    return plain if plain.strip(".") else "_" * len(plain)
