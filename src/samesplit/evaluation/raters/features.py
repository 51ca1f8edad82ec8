"""How far two raters' masks give the same measurements: features in, ICC and limits of agreement out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from samesplit.evaluation.options import EvaluationOptions
from samesplit.statistics.agreement import bland_altman
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.icc import icc

__all__ = [
    "RATER_FEATURES",
    "RATER_FEATURE_COLUMNS",
    "RATER_FEATURE_VALUES",
    "RATER_VALUE_COLUMNS",
    "FeatureAgreement",
    "feature_agreement",
]

RATER_FEATURES = "rater_features"
"""The name of the table, and of the features among the details."""
RATER_FEATURE_VALUES = "rater_feature_values"
"""The name of the table of values, lesion by lesion."""
MOST_WITH_LIMITS = 40
"""A profile with more columns than this has no limits of agreement: nobody reads a thousand of them."""
RATER_FEATURE_COLUMNS = [
    "rater_a",
    "rater_b",
    "profile",
    "sequence",
    "feature",
    "n",
    "mean_a",
    "sd_a",
    "mean_b",
    "sd_b",
    "icc",
    "icc_low",
    "icc_high",
    "consistency",
    "consistency_low",
    "consistency_high",
    "bias",
    "bias_low",
    "bias_high",
    "lower",
    "lower_low",
    "lower_high",
    "upper",
    "upper_low",
    "upper_high",
    "slope_p",
]
RATER_VALUE_COLUMNS = [
    "rater_a",
    "rater_b",
    "profile",
    "sequence",
    "feature",
    "lesion_id",
    "value_a",
    "value_b",
]
_COLUMN = ["profile", "sequence", "feature"]
_FEWEST = 3


@dataclass(frozen=True)
class FeatureAgreement:
    """How far measurements agree.

    Attributes:
        table: Columns `RATER_FEATURE_COLUMNS`.
        measured: Columns `RATER_VALUE_COLUMNS`, of the features that have limits of agreement.
    """

    table: pd.DataFrame
    measured: pd.DataFrame


def feature_agreement(
    features: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> FeatureAgreement:
    """Compare the features of the same lesions under the masks of every two raters.

    Args:
        features: FEATURES table with the rows of all raters.
        truth: Indexed by lesion_id; other lesions are left out.
        options: `primary_rater` and confidence are used.

    Returns:
        A row a pair of raters and feature, over the lesions that both have it of: ICC(A,1) (absolute agreement)
        and ICC(C,1) (consistency) with intervals; and, of profiles with at most `MOST_WITH_LIMITS` columns, Bland
        and Altman's mean difference (first rater minus second) and limits of agreement with intervals, and the P
        value of the slope of the difference on the mean. Intervals take lesions for independent. Features with
        fewer than three such lesions are left out. No label is read.
    """
    confidence = check_confidence(options.confidence)
    known = features[features["lesion_id"].isin(truth.index)]
    raters = sorted(set(known["rater"]), key=lambda name: (name != options.primary_rater, name))
    wide = {
        rater: part.pivot_table(index="lesion_id", columns=_COLUMN, values="value", aggfunc="first")
        for rater, part in known.groupby("rater")
    }
    rows: list[dict[str, Any]] = []
    values = [pd.DataFrame(columns=RATER_VALUE_COLUMNS)]
    for first, second in combinations(raters, 2):
        pair = {"rater_a": first, "rater_b": second}
        lesions = wide[first].index.intersection(wide[second].index)
        shared = set(wide[second].columns)
        columns = pd.MultiIndex.from_tuples(
            [tuple(column) for column in wide[first].columns if column in shared], names=_COLUMN
        )
        both = [wide[rater].loc[lesions, columns].to_numpy(np.float64) for rater in (first, second)]
        few = (
            columns.to_frame(index=False).groupby("profile")["feature"].transform("size") <= MOST_WITH_LIMITS
        )
        for row in _rows(columns, np.stack(both, axis=1), few.to_numpy(), confidence):
            rows.append(pair | row)
        values += [
            _values(pair, columns[place], lesions, both, place)
            for place in np.flatnonzero(few.to_numpy()).tolist()
        ]
    filled = [table for table in values if len(table)] or values[:1]
    return FeatureAgreement(
        pd.DataFrame(rows, columns=RATER_FEATURE_COLUMNS), pd.concat(filled, ignore_index=True)
    )


def _rows(
    columns: pd.MultiIndex, values: np.ndarray, few: np.ndarray, confidence: float
) -> Iterator[dict[str, Any]]:
    """Yield a row a feature.

    Args:
        columns: Profile, sequence and feature.
        values: Shape (n_lesions, 2, n_features).
        few: Which features get limits of agreement.
        confidence: Of the intervals.
    """
    complete = np.isfinite(values).all(axis=1)
    if not len(columns):
        return
    agreement = icc(values, form="ICC(A,1)", confidence=confidence)
    consistency = icc(values, form="ICC(C,1)", confidence=confidence)
    for place, column in enumerate(columns):
        mine = values[complete[:, place], :, place]
        if len(mine) < _FEWEST:
            continue
        means, spreads = mine.mean(axis=0), mine.std(axis=0, ddof=1)
        row = dict(zip(_COLUMN, column, strict=True)) | {
            "n": len(mine),
            "mean_a": means[0],
            "sd_a": spreads[0],
            "mean_b": means[1],
            "sd_b": spreads[1],
        }
        for name, found in (("icc", agreement), ("consistency", consistency)):
            row[name] = found.estimate[place]
            row[f"{name}_low"], row[f"{name}_high"] = found.ci_low[place], found.ci_high[place]
        yield row | (_limits(mine, confidence) if few[place] else {})


def _limits(values: np.ndarray, confidence: float) -> dict[str, float]:
    """Return bias and limits of agreement of two columns of values."""
    found = bland_altman(values[:, 0], values[:, 1], confidence=confidence)
    row: dict[str, float] = {}
    for name, value in (("bias", found.bias), ("lower", found.lower), ("upper", found.upper)):
        row[name], row[f"{name}_low"], row[f"{name}_high"] = value.estimate, value.ci_low, value.ci_high
    return row | {"slope_p": found.slope.p_value}


def _values(
    pair: dict[str, str], column: Any, lesions: pd.Index, both: list[np.ndarray], place: int
) -> pd.DataFrame:
    """Return the values of one feature, lesion by lesion, where both raters have it."""
    table = pd.DataFrame({"value_a": both[0][:, place], "value_b": both[1][:, place]}, index=lesions)
    table = table[np.isfinite(table).all(axis=1)].rename_axis("lesion_id").reset_index()
    if len(table) < _FEWEST:
        return pd.DataFrame(columns=RATER_VALUE_COLUMNS)
    return table.assign(**pair, **dict(zip(_COLUMN, column, strict=True)))[RATER_VALUE_COLUMNS]
