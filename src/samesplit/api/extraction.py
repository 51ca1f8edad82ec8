"""Features of one image and mask, from files, arrays or SimpleITK images; no benchmark and no workspace needed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from samesplit.api.given_images import ImageInput, Spacing, case_of, require_matching_reference
from samesplit.features.engines import get_engine
from samesplit.features.profile_lookup import ready_profile
from samesplit.features.profiles import Profile
from samesplit.imaging.mask_label import MaskLabel
from samesplit.imaging.repairs import GeometryRepair

__all__ = ["extract"]


def extract(
    image: ImageInput,
    mask: ImageInput,
    *,
    profile: str | Path | Profile,
    spacing: Spacing | None = None,
    mask_label: MaskLabel = 1,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    matching_reference: ImageInput | None = None,
) -> pd.Series[float]:
    """Extract the features of one image and mask.

    The image is read, checked and processed as in a run, and its values are those of a run and of
    `samesplit extract`.

    Args:
        image: A file (NIfTI, NRRD, MetaImage, DICOM series), an array with axes z, y, x, or a SimpleITK
            image.
        mask: The same, or an ROI of an RTSTRUCT or a segment of a DICOM SEG (`rt.dcm::GTV-1`). Arrays of an
            image and a mask have the same shape; a mask that is an array takes the place of an image that
            is not.
        profile: How: the name of a profile (`ct-default`, `mr-default`, `pet-default`, ... or one in the
            workspace's `features/`), the path of a YAML file, or a profile that was read before.
        spacing: The voxel size of arrays in mm: one number, or three along z, y, x. Files and SimpleITK
            images know theirs.
        mask_label: The value of the mask that marks the lesion, or "any" for all that is not 0.
        geometry_repair: The named repairs that may be made: resample_mask, copy_header, ...; without them
            image and mask must lie on one grid.
        minimum_voxels: The smallest mask that counts.
        matching_reference: Another image of the lesion, for profiles that match the histogram to it.

    Returns:
        One float per feature, indexed by the feature's name and named like the profile; NaN where a feature
        is not defined for this image. `attrs` hold the profile's digest, what was repaired, and notes.

    Raises:
        LesionError: Image or mask cannot be read, do not lie on one grid, or hold something that cannot be;
            the message says what to do.
        DeclarationError: The profile says something that cannot be.
        WorkspaceError: There is no profile of this name.
        MissingExtraError: The profile's engine is not installed.

    Example:
        >>> import numpy as np, samesplit as ss
        >>> z, y, x = np.indices((16, 16, 16)) - 7.5
        >>> ball = z**2 + y**2 + x**2 <= 36
        >>> row = ss.extract(100.0 * ball + x, ball, profile="shape", spacing=2.0)
        >>> row.name, round(row["morph_vol_approx"])
        ('shape', 7296)
    """
    chosen = ready_profile(profile)
    require_matching_reference(chosen, matching_reference)
    case = case_of(
        image,
        mask,
        spacing=spacing,
        mask_label=mask_label,
        geometry_repair=geometry_repair,
        minimum_voxels=minimum_voxels,
        matching_reference=matching_reference,
    )
    values = get_engine(chosen.engine).extract(case, chosen)
    row = pd.Series({name: float(value) for name, value in values.items()}, name=chosen.name, dtype="float64")
    row.index.name = "feature"
    row.attrs = {
        "profile": chosen.digest(),
        "engine": chosen.engine,
        "repairs": tuple(case.repairs),
        "notes": tuple(values.notes),
    }
    return row
