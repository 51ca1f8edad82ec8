"""Features of many images and masks that are in memory or in files: one row a case, in processes, each kept."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from samesplit.api.given_cases import CaseInput, given_case
from samesplit.errors import DeclarationError, FailedCasesWarning
from samesplit.execution.processes import cores
from samesplit.features.engines import get_engine
from samesplit.features.extraction import extract_cases as extract_readable
from samesplit.features.profile_lookup import ready_profile
from samesplit.features.profiles import Profile
from samesplit.imaging.case_file import ReadableCase
from samesplit.imaging.mask_label import MaskLabel
from samesplit.imaging.repairs import GeometryRepair, repairs_of
from samesplit.run.progress import RichReporter
from samesplit.workflows.extract import cache_folder

__all__ = ["CaseFeatures", "extract_cases", "features_of", "no_matching"]


def extract_cases(
    cases: Mapping[str, CaseInput] | Sequence[CaseInput],
    *,
    profile: str | Path | Profile,
    mask_label: MaskLabel = 1,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    jobs: int | None = None,
    cache: Path | None = None,
    scheduler: str | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Extract the features of many images and masks, each as `samesplit.api.extraction.extract` takes them.

    Each case is kept as soon as it is done, under the hash of its voxels, so a call that was stopped goes on
    where it was. All images given are held in memory at once: give paths where that is too much.

    Args:
        cases: (image, mask) or (image, mask, spacing) by name, or a list of these. Images are paths, arrays
            with axes z, y, x and their spacing in mm, or SimpleITK images.
        profile: How: the name of a profile, the path of a YAML file, or a profile that was read before.
        mask_label: The value of the masks that marks the lesion, or "any" for all that is not 0.
        geometry_repair: The named repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        jobs: Processes; one per core when None.
        cache: Where finished cases are kept; default: the user's cache folder.
        scheduler: Address of a Dask scheduler that is to do the work instead.
        progress: Whether to draw a bar with the time left.

    Returns:
        One row a case, indexed by its name (`lesion_id`; 0, 1, ... for a list), one float column a feature in
        the order of the profile; NaN where a feature is not defined. A case that fails is a row of NaN, and a
        `FailedCasesWarning` says why; `attrs["failed"]` holds the reasons by name. `attrs` also hold the
        profile's digest, the engine, and what was repaired or noted by name.

    Raises:
        LesionError: A case is no pair of an image and a mask.
        DeclarationError: The profile says something that cannot be, or needs a second image of each lesion.
        WorkspaceError: There is no profile of this name, or the cache cannot be written.
        MissingExtraError: The profile's engine is not installed.

    Example:
        >>> import numpy as np, samesplit as ss
        >>> z, y, x = np.indices((16, 16, 16)) - 7.5
        >>> balls = {f"r{r}": (100.0 + x, z**2 + y**2 + x**2 <= r**2, 2.0) for r in (4, 6)}
        >>> ss.extract_cases(balls, profile="shape", jobs=1)["morph_vol_approx"].round().to_dict()
        {'r4': 2240.0, 'r6': 7296.0}
    """
    chosen = ready_profile(profile)
    no_matching(chosen)
    named = cases if isinstance(cases, Mapping) else {str(place): one for place, one in enumerate(cases)}
    repairs = repairs_of(geometry_repair)
    given = [
        given_case(
            str(name),
            one,
            mask_label=mask_label,
            geometry_repair=repairs,
            minimum_voxels=minimum_voxels,
        )
        for name, one in named.items()
    ]
    found = features_of(given, chosen, jobs=jobs, cache=cache, scheduler=scheduler, progress=progress)
    if found.failed:
        warnings.warn(FailedCasesWarning(found.failed), stacklevel=2)
    index = pd.Index(list(named) if isinstance(cases, Mapping) else range(len(named)), name="lesion_id")
    table = pd.DataFrame(found.matrix, index=index, columns=list(found.names))
    table.columns.name = "feature"
    table.attrs = {
        "profile": chosen.digest(),
        "engine": chosen.engine,
        "failed": found.failed,
        "notes": found.notes,
    }
    return table


@dataclass(frozen=True)
class CaseFeatures:
    """Features of cases in their order.

    Attributes:
        matrix: Shape (cases, features); NaN where a feature is not defined, and for cases that failed.
        names: The features.
        ledger: LEDGER rows of cases that failed or were repaired, or of which something is to be known.
        failed: Why cases failed, by lesion_id.
        notes: What was repaired or is to be known, by lesion_id.
    """

    matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    names: tuple[str, ...]
    ledger: pd.DataFrame
    failed: dict[str, str]
    notes: dict[str, tuple[str, ...]]


def features_of(
    cases: Sequence[ReadableCase],
    profile: Profile,
    *,
    jobs: int | None,
    cache: Path | None,
    scheduler: str | None,
    progress: bool,
) -> CaseFeatures:
    """Extract cases in processes or on a cluster, and put their values in the order of the profile.

    Raises:
        DeclarationError: The engine gives features that the profile does not list beforehand.
        WorkspaceError: The cache cannot be written, or the scheduler is not there.
    """
    bar = RichReporter(Console(stderr=True)).stage(f"Features {profile.name}") if progress else nullcontext()
    with bar as advance:
        done = extract_readable(
            cases,
            profile,
            cache=cache or cache_folder(),
            jobs=jobs or cores(),
            progress=advance,
            scheduler=scheduler,
        )
    names = [info.feature for info in get_engine(profile.engine).catalogue(profile.settings)]
    unlisted = sorted(set(done.features["feature"]) - set(names))
    if unlisted:
        raise DeclarationError(
            f"the profile '{profile.name}' gives features that its engine does not list beforehand, such as "
            f"'{unlisted[0]}'",
            remedy="extract it with samesplit.extract_table or samesplit extract",
        )
    ids = [case.lesion_id for case in cases]
    wide = done.features.pivot_table(
        index="lesion_id", columns="feature", values="value", aggfunc="first", dropna=False
    )
    values = wide.reindex(index=ids, columns=names).to_numpy(dtype=np.float64)
    failed = done.ledger[done.ledger["status"] == "failed"]
    told = done.ledger[done.ledger["status"] != "failed"]
    return CaseFeatures(
        values,
        tuple(names),
        done.ledger,
        {str(name): str(reason) for name, reason in zip(failed["lesion_id"], failed["reason"], strict=True)},
        {str(name): tuple(map(str, reasons)) for name, reasons in told.groupby("lesion_id")["reason"]},
    )


def no_matching(profile: Profile) -> None:
    """Refuse a profile that matches histograms, for callers that know one image a case.

    Raises:
        DeclarationError: It does.
    """
    sequence = profile.settings.matching_reference()
    if sequence is not None:
        raise DeclarationError(
            f"the profile '{profile.name}' matches images to the sequence '{sequence}' of the lesion, and here "
            "each case has one image",
            remedy="use samesplit.extract_table with a column 'sequence'",
        )
