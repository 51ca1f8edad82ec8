"""Features of many images without a benchmark: a table of images in, one row of features for each out.

Every image's values are kept in the user's cache the moment they are there, under the hash of image, mask,
settings and code, as in a run. So a call that was killed goes on where it was, and an image that was done
once is not done again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import platformdirs

from samesplit.errors import CohortError
from samesplit.execution.processes import cores
from samesplit.features.engines import get_engine
from samesplit.features.extraction import Extraction, extract
from samesplit.features.profile_lookup import ready_profile
from samesplit.features.profiles import Profile
from samesplit.imaging.repairs import GeometryRepair
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.tables import stack_ledgers
from samesplit.workflows.extraction_images import KEY, images_to_extract
from samesplit.workflows.extraction_output import TableExtraction

__all__ = ["cache_folder", "extract_table"]


def cache_folder() -> Path:
    """Return the folder of values extracted without a workspace; deleting it loses time and nothing else."""
    return platformdirs.user_cache_path("samesplit") / "features"


def extract_table(
    images: pd.DataFrame | str | Path,
    *,
    profile: str | Path | Profile,
    image_pattern: str | None = None,
    mask_pattern: str | None = None,
    jobs: int | None = None,
    cache: Path | None = None,
    mask_label: int | float | str | None = None,
    spacing_mm: float | None = None,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    scheduler: str | None = None,
    reporter: Reporter | None = None,
) -> TableExtraction:
    """Extract the features of every image of a table.

    Args:
        images: A CSV, or a table, with the columns `image` and `mask` and, where they are wanted,
            `lesion_id`, `sequence`, `rater`, `mask_label` and `spacing_mm` (of arrays). Any other column is
            handed through. Without `lesion_id` a row is called by its number. Relative paths start at the
            CSV's folder (a table: at the current one). Or a folder, with the two patterns.
        profile: How: the name of a profile, the path of a YAML file, or a profile that was read before.
        image_pattern: How the images of a folder are named, such as `{case}/{sequence}.nii.gz`; see
            `samesplit.imaging.image_folders.find_images`. A case without a mask, or with several that fit, has
            a row in the ledger.
        mask_pattern: How its masks are named, such as `{case}/mask_{rater}.nii.gz`.
        jobs: Processes; one per core when None.
        cache: Where finished images are kept; default: the user's cache folder.
        mask_label: The value of the masks that marks the lesion, or "any", where the table has no such
            column; 1 when None.
        spacing_mm: The voxel size of arrays in numpy files, where the table has no such column.
        geometry_repair: The named repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        scheduler: Address of a Dask scheduler that is to do the work instead.
        reporter: Progress reporter.

    Returns:
        The features. An image that fails costs itself alone and has a row in the ledger.

    Raises:
        CohortError: The table has no column `image` or `mask`, no rows, an empty cell, or two rows of one
            name; a folder comes without patterns, or a pattern fits no file.
        DeclarationError: The profile says something that cannot be.
        WorkspaceError: There is no such profile, or the cache cannot be written.
        MissingExtraError: The profile's engine is not installed.
    """
    chosen = ready_profile(profile)
    asked = images_to_extract(
        images,
        image_pattern=image_pattern,
        mask_pattern=mask_pattern,
        mask_label=mask_label,
        spacing_mm=spacing_mm,
    )
    with (reporter or SilentReporter()).stage(f"Features {chosen.name}") as advance:
        done = extract(
            asked.images,
            chosen,
            cache=cache or cache_folder(),
            jobs=jobs or cores(),
            geometry_repair=geometry_repair,
            minimum_voxels=minimum_voxels,
            progress=advance,
            scheduler=scheduler,
        )
    features, names = _with_features(asked.given, asked.images, done, chosen)
    return TableExtraction(
        features=features,
        ledger=stack_ledgers([asked.ledger, done.ledger]),
        notes=done.notes,
        profile=chosen,
        failed=len(asked.given) - len(features) + asked.lacking,
        seconds=done.seconds,
        n_cached=done.n_cached,
        feature_names=tuple(names),
    )


def _with_features(
    given: pd.DataFrame, images: pd.DataFrame, done: Extraction, profile: Profile
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows as given with their features, without rows that failed, and the features' names."""
    names = list(dict.fromkeys(done.features["feature"]))
    order = [info.feature for info in get_engine(profile.engine).catalogue(profile.settings)]
    place = {name: number for number, name in enumerate(order)}
    names.sort(key=lambda name: place.get(name, len(place)))
    wide = done.features.pivot_table(
        index=KEY, columns="feature", values="value", aggfunc="first", dropna=False
    )
    keys = pd.MultiIndex.from_frame(images[KEY])
    there = np.asarray(keys.isin(wide.index))
    values = wide.reindex(index=keys[there], columns=names).to_numpy(dtype=np.float64)
    features = pd.DataFrame(values, columns=names)
    told = given[there].reset_index(drop=True)
    if "lesion_id" not in told:
        told.insert(0, "lesion_id", images["lesion_id"][there].to_numpy())
    clash = sorted(set(map(str, told.columns)) & set(names))
    if clash:
        raise CohortError(
            f"the column '{clash[0]}' has the name of a feature", remedy="give it another name in the table"
        )
    return pd.concat([told, features], axis="columns"), names
