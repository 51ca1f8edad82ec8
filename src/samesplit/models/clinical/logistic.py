"""Logistic regression on the clinical variables: what is known without looking at the image."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from samesplit.models.design_tables import clinical_table, preparation
from samesplit.models.protocol import Cases, Requirements, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.tabular import TabularModel, linear_terms
from samesplit.models.task_classes import class_names
from samesplit.tasks import TaskKind

__all__ = ["ClinicalLogisticModel", "ClinicalLogisticSettings"]


class ClinicalLogisticSettings(ModelSettings):
    """`kind: clinical-logistic`: logistic regression on what is known without the image.

    Of more than two classes it is multinomial.
    """

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    kind: Literal["clinical-logistic"] = "clinical-logistic"
    variables: tuple[str, ...] = ()
    """Clinical variables of the benchmark; empty means all that it declares."""
    C: float = Field(default=1.0, gt=0)
    """Inverse strength of the L2 penalty."""
    class_weight: Literal["balanced"] | None = None
    """`balanced` weighs all classes alike; without it the probabilities follow the prevalence."""

    def needs(self) -> Requirements:
        """Nothing beyond the lesions table."""
        return Requirements(clinical=self.variables or ("*",))

    def build(self, *, cache: Path | None = None) -> ClinicalLogisticModel:
        """Build a fresh model."""
        return ClinicalLogisticModel(self)


class ClinicalLogisticModel(TabularModel):
    """L2-penalised logistic regression on the declared clinical variables.

    Numbers: the training median for what is missing, then mean 0 and SD 1. Categories: the commonest one of
    the training part for what is missing, then one column each; a category never seen in training counts
    as none of them.
    """

    settings: ClinicalLogisticSettings

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the clinical variables."""
        return clinical_table(cases, variables=self.settings.variables, model=self.settings.name)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Impute, encode, standardise and fit, all on the training part."""
        classifier = LogisticRegression(
            C=self.settings.C, class_weight=self.settings.class_weight, max_iter=1000
        )
        return Pipeline([("prepare", preparation(inputs)), ("logistic", classifier)]).fit(inputs, labels)

    def details(self) -> dict[str, pd.DataFrame]:
        """Return the coefficients; of more than two classes those of each."""
        if self.fitted is None or self.task is None:
            return {}
        names = [str(name) for name in self.fitted[0].get_feature_names_out()]
        return {"coefficients": linear_terms(names, self.fitted[-1].coef_, class_names(self.task))}
