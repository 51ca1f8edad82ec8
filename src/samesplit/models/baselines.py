"""The models that any other must beat: the zero rule, and the size of the lesion."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.errors import ModelError
from samesplit.models.inputs import feature_table
from samesplit.models.keeping import keep
from samesplit.models.protocol import Cases, Needs, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.tabular import TabularModel, check_classes, linear_terms

__all__ = ["LesionSizeModel", "LesionSizeSettings", "ZeroRuleModel", "ZeroRuleSettings"]


class ZeroRuleSettings(ModelSettings):
    """`kind: zero-rule`: every lesion gets the training part's share of positives."""

    constant: ClassVar[bool] = True
    kind: Literal["zero-rule"] = "zero-rule"

    def needs(self) -> Needs:
        """Nothing but the labels."""
        return Needs()

    def build(self, *, cache: Path | None = None) -> ZeroRuleModel:
        """A fresh zero rule."""
        return ZeroRuleModel(self)


class ZeroRuleModel:
    """Knows the prevalence and nothing else; its AUC is 0.5 in each fold."""

    def __init__(self, settings: ZeroRuleSettings) -> None:
        self.settings = settings
        self.prevalence: float | None = None

    def fit(self, fold: TrainingFold) -> None:
        """Count the positives of the training part.

        Raises:
            ModelError: A class is missing.
        """
        check_classes(fold.training_labels, model=self.settings.name)
        self.prevalence = float(fold.training_labels.mean())

    def predict(self, cases: Cases) -> pd.Series[float]:
        """The training prevalence for every lesion."""
        if self.prevalence is None:
            raise ModelError("has not been fitted", where=f"model '{self.settings.name}'")
        return pd.Series(self.prevalence, index=cases.lesions.index, name="probability", dtype="float64")

    def details(self) -> dict[str, pd.DataFrame]:
        """Nothing."""
        return {}

    def save(self, directory: Path) -> None:
        """Keep the prevalence."""
        keep(directory, self.settings, state={"prevalence": self.prevalence})

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        self.prevalence = state["prevalence"]


class LesionSizeSettings(ModelSettings):
    """`kind: lesion-size`: logistic regression on one number a lesion.

    The number is the column of the lesions table when the benchmark declares it; else the first of the
    features that the benchmark's profiles hold, taken as the median over the sequences in use. The same
    settings serve for any other single number, such as the SUVmax of a PET.
    """

    kind: Literal["lesion-size"] = "lesion-size"
    column: str | None = "size_mm"
    """A clinical variable of the benchmark; null to use the features."""
    features: tuple[str, ...] = (
        "morph_volume",
        "morph_vol_approx",
        "original_shape_MeshVolume",
        "original_shape_VoxelVolume",
    )
    """Names of features, in order of preference, without profile and sequence."""
    profiles: tuple[str, ...] = ("*",)
    scale: Literal["log", "linear"] = "log"
    """With the logarithm a diameter and a volume give the same kind of curve."""
    C: float = Field(default=1.0, gt=0)
    """Inverse strength of the L2 penalty on the standardised number."""

    def needs(self) -> Needs:
        """The profiles, in case the column is not there."""
        return Needs(profiles=self.profiles if self.features else (), sequences=self.sequences)

    def build(self, *, cache: Path | None = None) -> LesionSizeModel:
        """A fresh model."""
        return LesionSizeModel(self)

    def radiomic(self) -> bool:
        """Not even where the size is measured by a feature: it is what radiomics must beat."""
        return False


class LesionSizeModel(TabularModel):
    """Logistic regression on one standardised number; a lesion without it is not predicted."""

    settings: LesionSizeSettings

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """The one number, on its scale, in a column named after where it came from."""
        name, size = self._measure(cases)
        if self.settings.scale == "log":
            if (size <= 0).any():
                raise ModelError(
                    f"'{name}' of lesion {size.index[size <= 0][0]} is not above 0 and has no logarithm",
                    where=self.where,
                    remedy="set 'scale: linear' in the model file",
                )
            size = pd.Series(np.log(size.to_numpy()), index=size.index)
        return size.to_frame(name)

    def _measure(self, cases: Cases) -> tuple[str, pd.Series[float]]:
        column = self.settings.column
        if column is not None and column in cases.lesions and (self.columns or [column]) == [column]:
            values = pd.to_numeric(cases.lesions[column], errors="coerce")
            if self.columns or values.notna().any():
                return column, values.astype("float64")
        if self.settings.features and len(cases.features.columns):
            table = feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)
            names = [str(name) for name in table.columns]
            for feature in self.settings.features:
                same = [name for name in names if name.rpartition("/")[2] == feature]
                first = [name for name in same if name.partition("/")[0] == same[0].partition("/")[0]]
                if first:
                    return feature, table[first].median(axis=1)
        raise ModelError(
            f"there is neither a clinical variable '{column}' nor any of the features "
            f"{', '.join(self.settings.features) or '(none)'}",
            where=self.where,
            remedy="declare the column under cohort.clinical in benchmark.yaml, "
            "or name a profile there that extracts the feature",
        )

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Standardise and fit."""
        return Pipeline(
            [("scale", StandardScaler()), ("logistic", LogisticRegression(C=self.settings.C, max_iter=1000))]
        ).fit(inputs, labels)

    def details(self) -> dict[str, pd.DataFrame]:
        """The one coefficient, per SD."""
        if self.fitted is None:
            return {}
        return {"coefficients": linear_terms(self.columns, self.fitted[-1].coef_[0])}
