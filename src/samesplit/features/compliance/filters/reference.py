"""The reference values of IBSI-2, phase 2, and when a response map or a value matches its reference.

`reference_values.csv` holds the consensus values of 18 filter settings on the CT phantom as the IBSI
publishes them (github.com/theibsi/ibsi_2_reference_data, CC0 1.0; Whybra et al., Radiology 2024,
doi:10.1148/radiol.231319).
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.features.catalogue import family_features

__all__ = ["CONFIGURATIONS", "MAP_TOLERANCE", "largest_difference", "matches", "read_reference"]

CONFIGURATIONS = ("A", "B")
"""Slice by slice on the image's own voxels, and in 3D on cubic ones."""

MAP_TOLERANCE = 0.01
"""By how much a voxel may differ from the reference map, as a share of that map's range."""


@cache
def _table() -> pd.DataFrame:
    source = files("samesplit.features.compliance.filters").joinpath("reference_values.csv")
    with source.open(encoding="utf-8") as file:
        table = pd.read_csv(file, sep=";")
    numbers = table["filter_id"].str.split(".", expand=True)
    codes = {feature.tag: feature.code for feature in family_features("statistics")}
    return pd.DataFrame(
        {
            "test": table["filter_id"],
            "configuration": numbers[1],
            "setting": numbers[0].astype(int),
            "feature": table["feature"],
            "ibsi_code": table["feature_tag"].map(codes),
            "tag": table["feature_tag"],
            "reference_value": table["consensus_value"].astype("float64"),
            "tolerance": table["tolerance"].astype("float64"),
        }
    )


def read_reference() -> pd.DataFrame:
    """Return the reference values: 18 statistics of 9 settings in 2 configurations.

    Returns:
        Columns test (`3.A`), configuration, setting (1 to 9), feature, ibsi_code, tag, reference_value (NaN: the
        teams agreed on none), tolerance.

    Example:
        >>> table = read_reference()
        >>> len(table), int(table["reference_value"].notna().sum())
        (324, 323)
    """
    return _table().copy()


def matches(value: float, reference: float, tolerance: float) -> bool:
    """Whether a value lies within the tolerance of its reference; NaN never does.

    Example:
        >>> matches(-49.0, -47.0, 4.6), matches(-52.0, -47.0, 4.6), matches(float("nan"), 0.0, 1.0)
        (True, False, False)
    """
    if math.isnan(value):
        return False
    return abs(value - reference) <= tolerance + 1e-9 * abs(reference)  # decimals that float64 does not hold


def largest_difference(response: npt.NDArray[np.floating], reference: npt.NDArray[np.floating]) -> float:
    """Return the largest difference of a voxel as a share of the reference's range; NaN of maps of other shapes.

    Example:
        >>> round(largest_difference(np.array([0.0, 1.0, 2.2]), np.array([0.0, 1.0, 2.0])), 3)
        0.1
    """
    if response.shape != reference.shape:
        return math.nan
    return float(np.abs(response - reference).max() / np.ptp(reference))
