"""Variables that pass a univariate test enter one logistic regression: the method of many clinical papers."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import ModelError
from samesplit.models.clinical.design_matrix import DesignMatrix
from samesplit.models.clinical.multivariable_settings import UnivariateMultivariableSettings
from samesplit.models.clinical.univariate_screening import Screening, screen
from samesplit.models.design_tables import clinical_table, feature_table
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.tabular import TabularModel

__all__ = ["ScreenedLogistic", "UnivariateMultivariableModel", "UnivariateMultivariableSettings"]


class ScreenedLogistic:
    """The terms of the training part and the coefficients of those that stayed."""

    def __init__(
        self, terms: DesignMatrix, used: list[int], intercept: float, coefficients: npt.NDArray[np.float64]
    ) -> None:
        self.terms = terms
        self.used = used
        self.intercept = intercept
        self.coefficients = coefficients

    @property
    def classes_(self) -> tuple[int, int]:
        """The labels in the order of the columns of `predict_proba`."""
        return (0, 1)

    def predict_proba(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Both classes' probabilities, shape (n_lesions, 2)."""
        linear = self.intercept + self.terms.matrix(table, self.used) @ self.coefficients
        positive = 1 / (1 + np.exp(-np.clip(linear, -700, 700)))
        return np.column_stack([1 - positive, positive])


class UnivariateMultivariableModel(TabularModel):
    """Univariate logistic regressions screen the candidates; those that pass enter one regression together.

    All of it is fitted on the training part, so that what the published method hides is seen in the test part:
    a screen and a fit on the same few events look better than they are. The threshold is none of the model's
    business: like every model's it is chosen on the validation part (`operating_point: {policy: youden}`).

    Estimates are of maximum likelihood with Wald intervals and P values. Where a candidate, or the candidates
    together, separate the classes (decided by a linear programme), no such estimate exists; then Firth's
    penalised likelihood gives the estimate, and its profile the interval and the P value. Tables say which.

    P values take lesions for independent, as published ones do; with several lesions a patient they are too
    small. They decide what enters; how good the model is, the test part says.
    """

    settings: UnivariateMultivariableSettings
    screening: Screening | None = None

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the candidates."""
        settings, parts = self.settings, []
        if settings.inputs != "features":
            parts.append(clinical_table(cases, variables=settings.variables, model=settings.name))
        if settings.inputs != "clinical":
            table = feature_table(cases, profiles=settings.profiles, model=settings.name)
            parts.append(table[self._named([str(name) for name in table.columns])])
        return pd.concat(parts, axis=1)

    def _named(self, columns: list[str]) -> list[str]:
        patterns = self.settings.features
        if not patterns:
            return columns

        def fits(column: str, pattern: str) -> bool:
            return fnmatchcase(column, pattern) or fnmatchcase(column.split("/", 2)[-1], pattern)

        for pattern in patterns:
            if not any(fits(column, pattern) for column in columns):
                raise ModelError(
                    f"no feature is called '{pattern}'",
                    where=self.where,
                    remedy="`samesplit features list --profile NAME` lists the names",
                )
        return [column for column in columns if any(fits(column, pattern) for pattern in patterns)]

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> ScreenedLogistic:
        """Screen, fit, and eliminate where that is asked for."""
        found = screen(inputs, np.asarray(labels, dtype=np.float64), self.settings)
        self.screening = found
        return ScreenedLogistic(found.terms, found.used, found.intercept, found.coefficients)

    def details(self) -> dict[str, pd.DataFrame]:
        """`univariate`, `multivariable`, `screening` and `chosen_features`; see `Screening`."""
        if self.screening is None:
            return {}
        found = self.screening
        variables = found.multivariable.drop_duplicates("variable")
        chosen = pd.DataFrame(
            {
                "feature": variables["variable"].astype(str).to_numpy(),
                "rank": np.arange(1, len(variables) + 1),
                "importance": variables["coefficient"].to_numpy(dtype="float64"),
            }
        )
        return {
            "univariate": found.univariate,
            "multivariable": found.multivariable,
            "screening": found.summary,
            "chosen_features": chosen,
        }
