"""Feature maps of one image and mask, from files, arrays or SimpleITK images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import SimpleITK as sitk

from samesplit.api.given_images import ImageInput, Spacing, case_of, require_matching_reference
from samesplit.execution.processes import cores
from samesplit.features.maps.compute import Map, check_radius, compute_maps
from samesplit.features.maps.selection import wanted_maps
from samesplit.features.profile_lookup import find_profile
from samesplit.features.profiles import Profile
from samesplit.imaging.mask_label import MaskLabel
from samesplit.imaging.repairs import GeometryRepair
from samesplit.workflows.map_files import described, write_map

__all__ = ["FeatureMaps", "feature_maps"]


class FeatureMaps(Mapping[str, npt.NDArray[np.float64]]):
    """Feature maps by name: arrays with the axes z, y, x over the lesion's box, NaN outside the lesion.

    Args:
        maps: The maps.
        profile: How they were made.
        radius: Of their neighbourhoods.

    Attributes:
        profile: The profile's name.
        radius: Voxels to either side of a neighbourhood's centre.
    """

    def __init__(self, maps: Iterable[Map], profile: Profile, radius: int) -> None:
        self._maps = {one.wanted.name: one for one in maps}
        self.profile = profile.name
        self.radius = radius

    def __getitem__(self, name: str) -> npt.NDArray[np.float64]:
        """Return one map as an array."""
        one = self._maps[name]
        return one.placement.array(one.values)

    def __iter__(self) -> Iterator[str]:
        """List the names, in the order of the profile's features."""
        return iter(self._maps)

    def __len__(self) -> int:
        """Count the maps."""
        return len(self._maps)

    def __repr__(self) -> str:
        """Say what they are."""
        return f"<{len(self)} feature maps, profile {self.profile}, radius {self.radius}>"

    def image(self, name: str, *, whole: bool = False) -> sitk.Image:
        """Return one map as a SimpleITK image in its place, float32.

        Args:
            name: The feature.
            whole: On the whole grid (that of the image, where the profile does not interpolate) instead of on the
                lesion's box.
        """
        one = self._maps[name]
        return one.placement.image(one.values, whole=whole)

    def table(self) -> pd.DataFrame:
        """Return one row a map: what the feature is, and what its values are like."""
        return pd.DataFrame([described(one) for one in self._maps.values()])

    def write(self, folder: str | Path, *, suffix: str = ".nii.gz", whole: bool = False) -> list[Path]:
        """Write each map as an image file named like the feature.

        Args:
            folder: Created where it does not exist.
            suffix: The format: `.nii.gz`, `.nii`, `.nrrd`, `.mha`.
            whole: As for `image`.

        Raises:
            WorkspaceError: A file cannot be written.
        """
        return [write_map(one, Path(folder), suffix=suffix, whole=whole) for one in self._maps.values()]


def feature_maps(
    image: ImageInput,
    mask: ImageInput,
    *,
    profile: str | Path | Profile,
    features: str | Sequence[str] | None = None,
    radius: int = 1,
    spacing: Spacing | None = None,
    mask_label: MaskLabel = 1,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    matching_reference: ImageInput | None = None,
    jobs: int | None = None,
) -> FeatureMaps:
    """Compute intensity and texture features of the neighbourhood of each voxel of a lesion.

    The value at a voxel is the feature of that part of the lesion which lies in a box around it. Image and
    mask are processed as for `extract`, and intensities are discretised once, over the whole lesion. For
    aggregations within slices (`2D_avg`, ...) the box is a square of one slice.

    Args:
        image: A file (NIfTI, NRRD, MetaImage, DICOM series), an array with axes z, y, x, or a SimpleITK image.
        mask: The same, or an ROI of an RTSTRUCT or a segment of a DICOM SEG.
        profile: How: the name of a profile of the engine `ibsi`, the path of a YAML file, or a profile that was
            read before.
        features: Names as in the row of `extract` (`cm_contrast_3D_avg`, also where the profile has another
            aggregation), tags (`cm_contrast`), IBSI codes (`ACUI`) or families (`glcm`); all of the profile that
            have a map, when None.
        radius: Voxels of the profile's grid to either side of the centre: 1 is a box of 3 x 3 x 3.
        spacing: The voxel size of arrays in mm: one number, or three along z, y, x.
        mask_label: The value of the mask that marks the lesion, or "any" for all that is not 0.
        geometry_repair: The named repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        matching_reference: Another image of the lesion, for profiles that match the histogram to it.
        jobs: Slices at a time, in threads; one per core when None.

    Returns:
        The maps by name.

    Raises:
        LesionError: Image or mask cannot be read, or hold something that cannot be.
        DeclarationError: A feature is unknown or has no map (morphology has none), the profile is of another
            engine, or the radius makes no neighbourhood.
        WorkspaceError: There is no profile of this name.

    Example:
        >>> import numpy as np, samesplit as ss
        >>> z, y, x = np.indices((12, 12, 12)) - 5.5
        >>> ball = z**2 + y**2 + x**2 <= 16
        >>> maps = ss.feature_maps(x, ball, profile="ct-default", features=["stat_range"], spacing=2.0)
        >>> maps
        <1 feature maps, profile ct-default, radius 1>
        >>> maps["stat_range"].shape, float(np.nanmax(maps["stat_range"]))
        ((8, 8, 8), 2.0)
    """
    chosen = find_profile(profile)
    wanted = wanted_maps(chosen, [features] if isinstance(features, str) else features)
    check_radius(radius)
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
    return FeatureMaps(
        compute_maps(case, chosen, wanted, radius=radius, jobs=jobs or cores()), chosen, radius
    )
