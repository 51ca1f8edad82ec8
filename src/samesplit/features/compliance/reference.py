"""The reference values of IBSI-1, and when a value matches one.

`reference.csv` holds the consensus values of the digital phantom and of configurations A to E of the CT phantom
(Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145), with their tolerances and the number of
teams behind them.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import pandas as pd

from samesplit.features.catalogue import AGGREGATIONS, SLICE_AGGREGATIONS

__all__ = ["DATASETS", "matches", "read_reference", "rounded"]

DATASETS = ("digital_phantom", "config_A", "config_B", "config_C", "config_D", "config_E")
"""The digital phantom, and the five ways to process the CT phantom."""


@cache
def _table() -> pd.DataFrame:
    source = files("samesplit.features.compliance").joinpath("reference.csv")
    with source.open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype={"reference_value": "str", "tolerance": "float64"})
    texts = table["reference_value"]
    table["digits"] = [0 if pd.isna(text) else _digits(str(text)) for text in texts]
    table["reference_value"] = texts.astype("float64")
    table["diagnostic"] = table["diagnostic"].astype(bool)
    suffixes = {one.code: f"_{one.suffix}" for one in (*AGGREGATIONS, *SLICE_AGGREGATIONS)}
    table["base_tag"] = [
        tag.removesuffix(suffixes.get(code, ""))
        for tag, code in zip(table["tag"], table["aggregation_code"], strict=True)
    ]
    return table


def read_reference() -> pd.DataFrame:
    """Return the reference table: one row for each value of each dataset.

    Returns:
        Columns dataset, family, family_code, feature, ibsi_code, tag (with aggregation), base_tag (without),
        aggregation, aggregation_code, reference_value (NaN: the teams agreed on none), digits (significant
        digits to compare), tolerance, consensus, diagnostic (True for image and ROI diagnostics),
        n_teams_2019, note.

    Example:
        >>> table = read_reference()
        >>> len(table), int(table["diagnostic"].sum()), int(table["reference_value"].isna().sum())
        (2134, 300, 30)
    """
    return _table().copy()


def matches(value: float, reference: float, tolerance: float, *, digits: int = 3) -> bool:
    """Whether a value, rounded as the reference is, lies within the tolerance of the reference.

    Args:
        value: What was computed; NaN never matches.
        reference: The consensus value.
        tolerance: 0 means equal after rounding.
        digits: Significant digits to round to. Features are told in 3; a voxel count in as many as it has.

    Example:
        >>> matches(0.69849, 0.698, 0.0), matches(0.6986, 0.698, 0.0), matches(552.4, 556.0, 4.0)
        (True, False, True)
    """
    if math.isnan(value):
        return False
    slack = 1e-9 * abs(reference)  # decimals that float64 does not hold exactly
    return abs(rounded(value, digits) - reference) <= tolerance + slack


def rounded(value: float, digits: int = 3) -> float:
    """Return a number with so many significant digits.

    Example:
        >>> rounded(0.0123456), rounded(125256.0)
        (0.0123, 125000.0)
    """
    return float(f"{value:.{digits - 1}e}")


def _digits(text: str) -> int:
    """How many significant digits a reference is written with, at least 3."""
    mantissa = text.lower().split("e")[0].lstrip("+-").replace(".", "").lstrip("0")
    return max(3, len(mantissa if "." in text else mantissa.rstrip("0")))
