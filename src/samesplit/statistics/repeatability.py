"""How well repeated measurements of the same subjects agree, quantity by quantity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.icc import IccForm, icc

__all__ = ["REPEATABILITY_COLUMNS", "form_of", "repeatability"]

REPEATABILITY_COLUMNS = [
    "feature",
    "perturbation",
    "form",
    "icc",
    "ci_low",
    "ci_high",
    "n_lesions",
    "n_repetitions",
]


def repeatability(
    repeats: pd.DataFrame,
    features: Sequence[str],
    *,
    ordered: Sequence[str] = ("raters",),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the intraclass correlation of every feature under every perturbation.

    Args:
        repeats: One row a measurement: `lesion_id`, `perturbation`, `repetition` and a column for each feature.
            A lesion of which a repetition is missing, or has no value, does not count for that feature.
        features: The columns to judge.
        ordered: Perturbations whose repetitions are the same thing in every lesion (the same rater): ICC(A,1) is
            taken, which counts a rater's constant offset as disagreement. All others are exchangeable: ICC(1,1).
        confidence: Of the intervals.

    Returns:
        One row a feature and perturbation with the columns `REPEATABILITY_COLUMNS`.

    Raises:
        StatisticsError: A measurement is there twice, or a perturbation has a single repetition.

    Example:
        >>> table = pd.DataFrame({"lesion_id": list("aabbcc"), "perturbation": "noise", "repetition": [0, 1] * 3,
        ...                       "volume": [1.0, 1.1, 5.0, 5.2, 9.0, 8.9]})
        >>> repeatability(table, ["volume"])[["form", "icc", "n_lesions"]].round(3).values.tolist()
        [['ICC(1,1)', 0.999, 3]]
    """
    parts = [
        _of_one(str(name), part, list(features), form_of(str(name), ordered), confidence)
        for name, part in repeats.groupby("perturbation", sort=True)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=REPEATABILITY_COLUMNS)


def form_of(perturbation: str, ordered: Sequence[str] = ("raters",)) -> IccForm:
    """Name the correlation that a perturbation is judged by; see `repeatability`.

    Example:
        >>> form_of("raters"), form_of("noise")
        ('ICC(A,1)', 'ICC(1,1)')
    """
    return "ICC(A,1)" if perturbation in ordered else "ICC(1,1)"


def _of_one(
    perturbation: str, part: pd.DataFrame, features: list[str], form: IccForm, confidence: float
) -> pd.DataFrame:
    if part.duplicated(["lesion_id", "repetition"]).any():
        raise StatisticsError(f"under '{perturbation}' a lesion has the same repetition twice")
    lesions, _ = pd.factorize(part["lesion_id"])
    repetitions, numbers = pd.factorize(part["repetition"])
    if len(numbers) < 2:
        raise StatisticsError(
            f"under '{perturbation}' there is a single repetition, which tells nothing about agreement",
            remedy="ask for two or more repetitions; for 'raters' the cohort needs masks of two or more raters",
        )
    values = np.full((lesions.max() + 1, len(numbers), len(features)), np.nan)
    values[lesions, repetitions] = part[features].to_numpy(dtype=np.float64)
    found = icc(values, form=form, confidence=confidence)
    return pd.DataFrame(
        {
            "feature": features,
            "perturbation": perturbation,
            "form": form,
            "icc": found.estimate,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "n_lesions": found.n_subjects,
            "n_repetitions": len(numbers),
        }
    )
