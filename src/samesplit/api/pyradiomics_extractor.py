"""pyradiomics' extractor, with the engine `ibsi` behind it: a script of pyradiomics changes one line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.api.extraction import extract
from samesplit.api.given_images import ImageInput, Spacing
from samesplit.features.pyradiomics_names import pyradiomics_names
from samesplit.features.pyradiomics_params import read_parameters

__all__ = ["PyradiomicsExtractor"]


class PyradiomicsExtractor:
    """Extracts what a parameter file of pyradiomics asks for, with pyradiomics' names and numbers.

    Stands where `radiomics.featureextractor.RadiomicsFeatureExtractor` stood. What differs and why:
    docs/from-pyradiomics.md.

    Args:
        params: The path of a parameter file (YAML or JSON), or what would stand in it; None for what pyradiomics
            does without one: all features of the original image, bins 25 wide.
        engine: `ibsi`, or `pyradiomics` to run pyradiomics itself (an extra).

    Attributes:
        profile: The profile that the file became; goes wherever a profile goes.
        notes: Settings that have no effect or were renamed, a sentence each.
        mask_label: The mask's value that marks the lesion.

    Raises:
        DeclarationError: The file holds what pyradiomics does not know, or what the engine cannot follow.

    Example:
        >>> import numpy as np, samesplit as ss
        >>> z, y, x = np.indices((16, 16, 16)) - 7.5
        >>> ball = z**2 + y**2 + x**2 <= 36
        >>> extractor = ss.PyradiomicsExtractor({"featureClass": {"shape": ["VoxelVolume"]}})
        >>> found = extractor.execute(100.0 * ball + x, ball, spacing=2.0)
        >>> round(found["original_shape_VoxelVolume"])
        7296
    """

    def __init__(self, params: str | Path | Mapping[str, Any] | None = None, *, engine: str = "ibsi") -> None:
        found = read_parameters(params or {"imageType": {"Original": {}}}, engine=engine)
        self.profile = found.profile
        self.notes = found.notes
        self.mask_label = found.mask_label
        self._repair = found.geometry_repair

    def execute(
        self, image: ImageInput, mask: ImageInput, label: int | None = None, *, spacing: Spacing | None = None
    ) -> pd.Series[float]:
        """Extract the features of one image and mask.

        Args:
            image: A path, a SimpleITK image, or an array with axes z, y, x.
            mask: The same.
            label: The mask's value that marks the lesion; that of the parameters when None.
            spacing: The voxel size of arrays in mm, along z, y, x.

        Returns:
            One float a feature, indexed by pyradiomics' names (`original_glcm_Contrast`); NaN where a feature is
            not defined.

        Raises:
            LesionError: As for `samesplit.extract`.
        """
        row = extract(
            image,
            mask,
            profile=self.profile,
            spacing=spacing,
            mask_label=self.mask_label if label is None else label,
            geometry_repair=self._repair or None,
            minimum_voxels=2,
        )
        if self.profile.engine != "ibsi":
            return row
        names = pyradiomics_names(map(str, row.index))
        return row.reindex(list(names)).rename(names)
