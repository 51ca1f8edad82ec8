"""Feature robustness to perturbation (ICC), estimated on training lesions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from samesplit.statistics.icc import IccForm, icc
from samesplit.statistics.repeatability import form_of, repeatability

__all__ = ["KeepRobust", "PartRobustness", "RobustnessSettings", "estimate_robustness", "robust_columns"]


class RobustnessSettings(Declaration):
    """`stability:` of a radiomics model: features that change more than lesions differ are left out."""

    minimum_icc: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """A feature stays if its intraclass correlation reaches this under every perturbation."""
    bound: Literal["estimate", "lower"] = "estimate"
    """What must reach it: the estimate, or the lower bound of its interval, which few lesions make low."""
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Of the interval."""
    perturbations: Perturbations = Perturbations()


class KeepRobust(Filter):
    """Keeps the columns that were found stable.

    Args:
        columns: Their names.

    Example:
        >>> table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
        >>> list(KeepRobust(columns=["b"]).set_output(transform="pandas").fit_transform(table).columns)
        ['b']
    """

    allows_nan = True

    def __init__(self, *, columns: Sequence[str]) -> None:
        self.columns = columns

    def _keep(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        wanted = set(self.columns)
        return np.array([str(name) in wanted for name in self.feature_names_in_], dtype=np.bool_)


def estimate_robustness(
    repeats: pd.DataFrame, features: Sequence[str], settings: RobustnessSettings, *, model: str
) -> pd.DataFrame:
    """Return the stability of every feature, and whether it stays.

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
    estimate, low = (table[name].to_numpy(dtype=np.float64) for name in ("icc", "ci_low"))
    reached: pd.Series[bool] = pd.Series(_reached(estimate, low, settings), index=table.index, dtype=bool)
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


class PartRobustness:
    """Tells which features are stable in some of the lesions, for every inner fold and draw of a search.

    The measurements are laid out once; a part of the lesions then costs one pass over arrays.

    Args:
        repeats: The perturbed measurements; see `estimate_robustness`.
        features: The columns that the model learns from.
        settings: What is asked of a feature.

    Example:
        >>> table = pd.DataFrame({"lesion_id": list("aabbcc"), "perturbation": "noise", "repetition": [0, 1] * 3,
        ...                       "steady": [1, 1.1, 5, 5.2, 9, 8.9], "shaky": [1.0, 9, 9, 1, 5, 2]})
        >>> asked = RobustnessSettings(perturbations=Perturbations(kinds=("noise",)))
        >>> PartRobustness(table, ["steady", "shaky"], asked).robust_in(["a", "b", "c"]).tolist()
        [True, False]
    """

    def __init__(self, repeats: pd.DataFrame, features: Sequence[str], settings: RobustnessSettings) -> None:
        self.settings = settings
        self.count = len(features)
        self._known = np.array([name in repeats for name in features], dtype=np.bool_)
        known = [name for name in features if name in repeats]
        self._lesions: dict[str, int] = {
            str(name): place for place, name in enumerate(dict.fromkeys(repeats["lesion_id"]))
        }
        self._values: list[tuple[IccForm, npt.NDArray[np.float64]]] = []
        for kind, part in repeats.groupby("perturbation", sort=True):
            repetitions, numbers = pd.factorize(part["repetition"])
            values = np.full((len(self._lesions), len(numbers), len(known)), np.nan)
            rows = part["lesion_id"].map(self._lesions).to_numpy()
            values[rows, repetitions] = part[known].to_numpy(dtype=np.float64)
            self._values.append((form_of(str(kind)), values))

    def robust_in(self, lesions: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which features are stable in these lesions, shape (n_features,).

        Args:
            lesions: Their ids. Those without a measurement play no part.
        """
        rows = [self._lesions[lesion] for lesion in lesions if lesion in self._lesions]
        stable = self._known.copy()
        if not self._values or not rows:
            return np.zeros_like(stable)
        for form, values in self._values:
            found = icc(values[rows], form=form, confidence=self.settings.confidence)
            stable[self._known] &= _reached(found.estimate, found.ci_low, self.settings)
        return stable


def _reached(
    estimate: npt.NDArray[np.float64], low: npt.NDArray[np.float64], settings: RobustnessSettings
) -> npt.NDArray[np.bool_]:
    """Where the correlation is high enough; what is not defined is not."""
    return at_least(estimate if settings.bound == "estimate" else low, settings.minimum_icc)


def robust_columns(table: pd.DataFrame, features: Sequence[str]) -> list[str]:
    """Return the features that stay, in their order.

    Args:
        table: From `estimate_robustness`.
        features: The columns that the model learns from.
    """
    kept: set[Any] = set(table.loc[table["kept"], "feature"])
    return [name for name in features if name in kept]
