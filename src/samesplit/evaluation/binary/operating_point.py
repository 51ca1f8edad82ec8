"""The threshold of a model: chosen on validation predictions, applied to test predictions.

Test labels never enter. Each model, seed, repeat and fold has a threshold of its own, because each is a model
of its own with its own scale.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least, first_best, just_above, merge_probabilities, probability_at_least
from samesplit.statistics.checks import FloatArray, check_labels, check_scores

__all__ = ["CELL", "Policy", "Threshold", "apply_thresholds", "choose_threshold", "choose_thresholds"]

CELL = ["model", "seed", "repeat", "fold"]
"""What identifies one fitted model."""

_FLOOR = re.compile(r"^(sensitivity|specificity)\s*>=\s*(\d*\.?\d+)$")
_FIXED = re.compile(r"^(?:fixed\s*=\s*)?(\d*\.?\d+)$")


@dataclass(frozen=True)
class Policy:
    """How a threshold is chosen.

    Attributes:
        kind: `youden`, `sensitivity`, `specificity` or `fixed`.
        value: The floor or the fixed threshold; unused for `youden`.
    """

    kind: Literal["youden", "sensitivity", "specificity", "fixed"]
    value: float = math.nan

    @classmethod
    def parse(cls, text: str | float) -> Policy:
        """Read a policy as it is declared.

        Args:
            text: `youden`, `sensitivity>=0.9`, `specificity>=0.9`, or a fixed threshold such as `0.5`.

        Raises:
            StatisticsError: Anything else, or a number outside [0, 1].

        Example:
            >>> Policy.parse("sensitivity>=0.9")
            Policy(kind='sensitivity', value=0.9)
        """
        words = str(text).strip().lower()
        if words == "youden":
            return cls("youden")
        floor, fixed = _FLOOR.match(words), _FIXED.match(words)
        kind, number = ("fixed", fixed[1]) if fixed else (floor[1], floor[2]) if floor else ("", "nan")
        if kind and 0 <= float(number) <= 1:
            return cls(kind, float(number))  # type: ignore[arg-type]
        raise StatisticsError(
            f"unknown operating point {text!r}",
            remedy="use 'youden', 'sensitivity>=0.9', 'specificity>=0.9', or a threshold between 0 and 1",
        )

    def __str__(self) -> str:
        if self.kind == "youden":
            return "youden"
        return f"{self.kind}{'=' if self.kind == 'fixed' else '>='}{self.value:g}"


@dataclass(frozen=True)
class Threshold:
    """A chosen threshold; a probability at or above it is called positive.

    Attributes:
        value: The threshold; NaN when none could be chosen. Just above the largest probability it calls none.
        sensitivity: On the validation predictions; NaN for a fixed threshold without any.
        specificity: On the validation predictions; likewise.
        note: What a reader must know besides.
    """

    value: float
    sensitivity: float
    specificity: float
    note: str = ""


def _candidates(probabilities: FloatArray) -> FloatArray:
    """Return thresholds from all-positive to none-positive: half-way between neighbouring values."""
    values = np.unique(probabilities)
    middle = (values[:-1] + values[1:]) / 2
    middle = np.where(probability_at_least(values[:-1], middle), values[1:], middle)
    return np.concatenate([values[:1], middle, [just_above(values[-1])]])


def choose_threshold(labels: npt.ArrayLike, probabilities: npt.ArrayLike, policy: Policy) -> Threshold:
    """Choose the threshold of one fitted model on its validation predictions.

    Candidates lie half-way between neighbouring probabilities, so that rounding noise changes no call; the
    outermost call all lesions positive or none. Ties are settled the same way on every machine: `youden`
    takes the most sensitive of equally good thresholds, `sensitivity` the most specific threshold that keeps
    its floor, `specificity` the most sensitive one.

    Args:
        labels: Shape (n,), 0 or 1, of the validation lesions.
        probabilities: Shape (n,), in [0, 1].
        policy: How to choose; a fixed threshold is kept as it is.

    Returns:
        The threshold with its validation performance; NaN with a note when a class is missing.

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.

    Example:
        >>> choose_threshold([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.8], Policy("youden"))
        Threshold(value=0.5, sensitivity=1.0, specificity=1.0, note='')
    """
    truth = check_labels(labels, both_classes=False)
    values = merge_probabilities(check_scores(probabilities, n=truth.size, probabilities=True))
    if truth.min() == truth.max():
        value = policy.value if policy.kind == "fixed" else math.nan
        return Threshold(value, math.nan, math.nan, "the validation lesions are all of one class")
    options = np.array([policy.value]) if policy.kind == "fixed" else _candidates(values)
    called = probability_at_least(values, options[:, np.newaxis])
    sensitivity = called[:, truth == 1].mean(axis=1)
    specificity = 1 - called[:, truth == 0].mean(axis=1)
    if policy.kind == "youden":
        best = first_best(sensitivity + specificity)
    elif policy.kind == "sensitivity":
        best = int(np.flatnonzero(at_least(sensitivity, policy.value))[-1])
    elif policy.kind == "specificity":
        best = int(np.flatnonzero(at_least(specificity, policy.value))[0])
    else:
        best = 0
    return Threshold(float(options[best]), float(sensitivity[best]), float(specificity[best]))


def choose_thresholds(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    operating_point: str | float,
    declared: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Choose a threshold for every fitted model in a table of predictions.

    Args:
        predictions: Columns model, seed, repeat, fold, subset, lesion_id, probability, of one rater. Only
            the rows of the subset `validation` are used to choose.
        truth: Indexed by lesion_id, with `label`.
        operating_point: See `Policy.parse`.
        declared: Thresholds by model that were fixed elsewhere, on development data that are not here.

    Returns:
        One row for each model, seed, repeat and fold that has test predictions: policy, threshold,
        n_validation, validation sensitivity and specificity, note. Without validation predictions a policy
        other than a fixed threshold leaves the threshold NaN.
    """
    policy = Policy.parse(operating_point)
    subsets = predictions["subset"]
    cells = predictions.loc[subsets == "test", CELL].drop_duplicates().sort_values(CELL)
    development = dict(list(predictions[subsets == "validation"].groupby(CELL, sort=False)))
    rows = []
    for key in cells.itertuples(index=False, name=None):
        said = (declared or {}).get(str(key[0]))
        part = development.get(key) if said is None else None
        if said is not None:
            found = Threshold(float(said), math.nan, math.nan, "declared with the predictions")
        elif part is None:
            fixed = policy.value if policy.kind == "fixed" else math.nan
            found = Threshold(fixed, math.nan, math.nan, "no validation predictions")
        else:
            found = choose_threshold(truth["label"].loc[part["lesion_id"]], part["probability"], policy)
        n = 0 if part is None else len(part)
        name = str(policy) if said is None else "declared"
        rows.append((*key, name, found.value, n, found.sensitivity, found.specificity, found.note))
    names = [
        "policy",
        "threshold",
        "n_validation",
        "sensitivity_validation",
        "specificity_validation",
        "note",
    ]
    return pd.DataFrame(rows, columns=[*CELL, *names])


def apply_thresholds(predictions: pd.DataFrame, thresholds: pd.DataFrame) -> pd.DataFrame:
    """Turn probabilities into calls.

    Args:
        predictions: Columns model, seed, repeat, fold, rater, lesion_id, probability.
        thresholds: As `choose_thresholds` returns them.

    Returns:
        The predictions with `threshold` and `decision` (Int8: 1 at or above the threshold, 0 below, missing
        where there is no threshold).
    """
    columns = [*CELL, "rater", "lesion_id", "probability"]
    merged = predictions[columns].merge(thresholds[[*CELL, "threshold"]], on=CELL, how="left")
    called = probability_at_least(merged["probability"], merged["threshold"])
    merged["decision"] = pd.Series(called, index=merged.index).astype("Int8").mask(merged["threshold"].isna())
    return merged
