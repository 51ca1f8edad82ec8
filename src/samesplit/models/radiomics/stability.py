"""Which features hold still under perturbations, told from the training lesions alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from samesplit.declarations import Declaration
from samesplit.errors import ModelError
from samesplit.features.perturbation.settings import Perturbations
from samesplit.models.radiomics.preparation import Filter
from samesplit.ordering import at_least
from samesplit.statistics.repeatability import repeatability

__all__ = ["KeepStable", "StabilitySettings", "judge_stability", "stable_columns"]


class StabilitySettings(Declaration):
    """`stability:` of a radiomics model: features that change more than lesions differ are left out."""

    minimum_icc: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """A feature stays if its intraclass correlation reaches this under every perturbation."""
    bound: Literal["estimate", "lower"] = "estimate"
    """What must reach it: the estimate, or the lower bound of its interval, which few lesions make low."""
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Of the interval."""
    perturbations: Perturbations = Perturbations()


class KeepStable(Filter):
    """Keeps the columns that were found stable.

    Args:
        columns: Their names.

    Example:
        >>> table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
        >>> list(KeepStable(columns=["b"]).set_output(transform="pandas").fit_transform(table).columns)
        ['b']
    """

    allows_nan = True

    def __init__(self, *, columns: Sequence[str]) -> None:
        self.columns = columns

    def _keep(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        wanted = set(self.columns)
        return np.array([str(name) in wanted for name in self.feature_names_in_], dtype=np.bool_)


def judge_stability(
    repeats: pd.DataFrame, features: Sequence[str], settings: StabilitySettings, *, model: str
) -> pd.DataFrame:
    """The stability of every feature, and whether it stays.

    Args:
        repeats: The perturbed measurements of the training lesions; see `Cases.repeats`. Lesions without a
            measurement, and labels, play no part.
        features: The columns that the model learns from. One without perturbed values, or whose correlation is not
            defined under a perturbation, does not stay: nothing speaks for it.
        settings: What is asked of a feature.
        model: The model's name, for messages.

    Returns:
        The columns of `repeatability`, and `kept`: the same in all rows of a feature.

    Raises:
        ModelError: No feature stays, or a perturbation was not measured at all.
    """
    unmeasured = sorted(set(settings.perturbations.kinds) - set(repeats["perturbation"]))
    if unmeasured:
        raise ModelError(
            f"no training lesion was measured under the perturbation {', '.join(unmeasured)}",
            where=f"model '{model}'",
            remedy="the case ledger says why; mend it, or leave this kind out of stability.perturbations",
        )
    known = [name for name in features if name in repeats]
    table = repeatability(repeats, known, confidence=settings.confidence)
    judged = table["icc" if settings.bound == "estimate" else "ci_low"]
    reached = pd.Series(at_least(judged, settings.minimum_icc), index=table.index)
    everywhere = reached.groupby(table["feature"]).transform("all") if len(table) else reached
    table["kept"] = everywhere.astype(bool)
    if not table["kept"].any():
        what = "estimate" if settings.bound == "estimate" else "lower bound"
        raise ModelError(
            f"no feature is stable: none of {len(features)} has an intraclass correlation whose {what} is at "
            f"least {settings.minimum_icc:g} under every perturbation ({', '.join(settings.perturbations.kinds)})",
            where=f"model '{model}'",
            remedy="lower stability.minimum_icc, or perturb less",
        )
    return table


def stable_columns(table: pd.DataFrame, features: Sequence[str]) -> list[str]:
    """The features that stay, in their order.

    Args:
        table: From `judge_stability`.
        features: The columns that the model learns from.
    """
    kept: set[Any] = set(table.loc[table["kept"], "feature"])
    return [name for name in features if name in kept]
