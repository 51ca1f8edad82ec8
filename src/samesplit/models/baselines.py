"""The models that any other must beat: the zero rule, and the size of the lesion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.errors import ModelError
from samesplit.models.design_tables import feature_table
from samesplit.models.persistence import save_model
from samesplit.models.protocol import Cases, Requirements, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.tabular import TabularModel, linear_terms
from samesplit.models.task_classes import check_classes, class_names
from samesplit.ordering import nearly_equal
from samesplit.tasks import Task, TaskKind

__all__ = ["LesionSizeModel", "LesionSizeSettings", "ZeroRuleModel", "ZeroRuleSettings"]


class ZeroRuleSettings(ModelSettings):
    """`kind: zero-rule`: every lesion gets the training part's share of positives."""

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    constant: ClassVar[bool] = True
    kind: Literal["zero-rule"] = "zero-rule"

    def needs(self) -> Requirements:
        """Nothing but the labels."""
        return Requirements()

    def build(self, *, cache: Path | None = None) -> ZeroRuleModel:
        """Build a fresh zero rule."""
        return ZeroRuleModel(self)


class ZeroRuleModel:
    """Knows the prevalence and nothing else; its AUC is 0.5 in each fold."""

    def __init__(self, settings: ZeroRuleSettings) -> None:
        self.settings = settings
        self.task: Task | None = None
        self.prevalence: list[float] = []

    def fit(self, fold: TrainingFold) -> None:
        """Count the lesions of each class in the training part.

        Raises:
            ModelError: A class is missing.
        """
        check_classes(fold.training_labels, model=self.settings.name, task=fold.task)
        self.task = fold.task
        numbers = range(len(class_names(fold.task)))
        wanted = [1] if len(numbers) == 2 else list(numbers)
        self.prevalence = [float((fold.training_labels == number).mean()) for number in wanted]

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the training prevalence for every lesion."""
        if self.task is None:
            raise ModelError("has not been fitted", where=f"model '{self.settings.name}'")
        shares = zip(self.task.prediction_columns, self.prevalence, strict=True)
        return pd.DataFrame(dict(shares), index=cases.lesions.index, dtype="float64")

    def details(self) -> dict[str, pd.DataFrame]:
        """Nothing."""
        return {}

    def save(self, directory: Path) -> None:
        """Keep the prevalence."""
        save_model(directory, self.settings, task=self.task, state={"prevalence": self.prevalence})

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        self.prevalence = state["prevalence"]


class LesionSizeSettings(ModelSettings):
    """`kind: lesion-size`: logistic regression on one number a lesion.

    The number is the column of the lesions table when the benchmark declares it; else the first of the
    features that the benchmark's profiles hold, taken as the median over the sequences in use. The same
    settings serve for any other single number, such as the SUVmax of a PET.

    A lesion whose cell in the column is empty gets its number from the feature, by a straight line (in logarithms
    where `scale: log`) through the training lesions that have both. A lesion that has neither is not learnt
    from and is judged as one of median size of the training part: what others must beat does not take a lesion
    out of everybody's comparison. Both are told in the case ledger.

    Of more than two classes the regression is multinomial. Of a survival task the number itself is the risk: the
    larger the lesion, the earlier the event.
    """

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass", "survival"})

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

    def needs(self) -> Requirements:
        """Ask for the profiles, in case the column is not there, or is empty for a lesion."""
        return Requirements(
            profiles=self.profiles if self.features else (),
            sequences=self.sequences,
            clinical=(self.column,) if self.column is not None and not self.features else (),
            either=self.column if self.column is not None and self.features else "",
            features_may_lack=True,
        )

    def remarks(self, cases: Cases) -> list[tuple[str, str]]:
        """Where the number of a lesion comes from when it is not where that of the others is."""
        found = measured(cases, self)
        if found is None or found.main.notna().all():
            return []
        told = []
        for lesion in map(str, found.main.index[found.main.isna()]):
            if found.second is not None and pd.notna(found.second[lesion]):
                reason = (
                    f"{found.name} is missing: taken from {found.second_name}, by the training lesions' line"
                )
            else:
                reason = f"{found.name} is missing: judged at the median of the training lesions"
            told.append((lesion, reason))
        return told

    def build(self, *, cache: Path | None = None) -> LesionSizeModel:
        """Build a fresh model."""
        return LesionSizeModel(self)

    def radiomic(self) -> bool:
        """Not even where the size is measured by a feature: it is what radiomics must beat."""
        return False


@dataclass(frozen=True)
class Measured:
    """The one number of each lesion.

    Attributes:
        name: Where it comes from: the clinical variable, or the feature.
        main: The number, NaN where missing.
        second_name: The feature that stands in for a clinical variable; "" for none.
        second: Its values.
    """

    name: str
    main: pd.Series[float]
    second_name: str = ""
    second: pd.Series[float] | None = None


def measured(cases: Cases, settings: LesionSizeSettings, *, name: str | None = None) -> Measured | None:
    """Find the number of each lesion, and what may stand in for it; None where there is neither.

    Args:
        cases: The lesions.
        settings: Which clinical variable and features to look at.
        name: What the model was fitted on; None before it is.
    """
    feature = _feature(cases, settings)
    column = settings.column
    if column is not None and column in cases.lesions and name in (None, column):
        values = pd.to_numeric(cases.lesions[column], errors="coerce").astype("float64")
        if name == column or values.notna().any():
            return Measured(column, values, *(feature or ("", None)))
    return None if feature is None else Measured(*feature)


def _feature(cases: Cases, settings: LesionSizeSettings) -> tuple[str, pd.Series[float]] | None:
    """Return the first of the features that there is, as the median over the sequences."""
    if not settings.features or not len(cases.features.columns):
        return None
    table = feature_table(cases, profiles=settings.profiles, model=settings.name)
    names = [str(name) for name in table.columns]
    for feature in settings.features:
        same = [name for name in names if name.rpartition("/")[2] == feature]
        first = [name for name in same if name.partition("/")[0] == same[0].partition("/")[0]]
        if first:
            return feature, table[first].median(axis=1)
    return None


class LesionSizeModel(TabularModel):
    """Logistic regression on one standardised number; see `LesionSizeSettings` for lesions without it."""

    settings: LesionSizeSettings

    def __init__(self, settings: LesionSizeSettings) -> None:
        super().__init__(settings)
        self.line: tuple[float, float] | None = None
        self.median: float = float("nan")

    def fit(self, fold: TrainingFold) -> None:
        """Learn from the training part alone, also how the feature stands in for the column.

        Raises:
            ModelError: A class is missing, or there is nothing to learn from.
        """
        found = self._measure(fold.training)
        size = self._scaled(found.name, found.main)
        self.line = None
        if found.second is not None:
            self.line = _line(self._scaled(found.second_name, found.second, strict=False), size)
        super().fit(fold)
        self.median = float(self.inputs(fold.training).iloc[:, 0].median())

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the one number, on its scale, in a column named after where it came from."""
        found = self._measure(cases)
        size = self._scaled(found.name, found.main)
        if self.line is not None and found.second is not None and size.isna().any():
            start, slope = self.line
            other = self._scaled(found.second_name, found.second, strict=False)
            size = size.fillna(start + slope * other)
        return size.to_frame(found.name)

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the probabilities, or the risk, for every lesion.

        Raises:
            ModelError: The model is not fitted.
        """
        if self.task is not None and self.task.kind == "survival":
            size = self.inputs(cases).iloc[:, 0].fillna(self.median)
            return size.to_frame(self.task.prediction_columns[0])
        known = super().predict(cases)
        rest = [lesion for lesion in cases.lesion_ids if lesion not in known.index]
        if not rest:
            return known
        middle = pd.DataFrame({self.columns[0]: [self.median]})
        guess = np.asarray(self.fitted.predict_proba(middle), dtype="float64")[:, -len(known.columns) :]
        guessed = pd.DataFrame(
            np.repeat(guess, len(rest), axis=0),
            index=pd.Index(rest, name=known.index.name),
            columns=known.columns,
        )
        return pd.concat([known, guessed]).loc[cases.lesion_ids]

    def _scaled(self, name: str, size: pd.Series[float], *, strict: bool = True) -> pd.Series[float]:
        if self.settings.scale != "log":
            return size
        if not strict:
            size = size.where(size > 0)
        if (size <= 0).any():
            raise ModelError(
                f"'{name}' of lesion {size.index[size <= 0][0]} is not above 0 and has no logarithm",
                where=self.where,
                remedy="set 'scale: linear' in the model file",
            )
        return pd.Series(np.log(size.to_numpy()), index=size.index)

    def _measure(self, cases: Cases) -> Measured:
        found = measured(cases, self.settings, name=self.columns[0] if self.columns else None)
        if found is not None:
            return found
        raise ModelError(
            f"there is neither a clinical variable '{self.settings.column}' nor any of the features "
            f"{', '.join(self.settings.features) or '(none)'}",
            where=self.where,
            remedy="declare the column under cohort.clinical in benchmark.yaml, "
            "or name a profile there that extracts the feature",
        )

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline | None:
        """Standardise and fit; of a survival task there is nothing to fit."""
        if fold.task.kind == "survival":
            return None
        return Pipeline(
            [("scale", StandardScaler()), ("logistic", LogisticRegression(C=self.settings.C, max_iter=1000))]
        ).fit(inputs, labels)

    def details(self) -> dict[str, pd.DataFrame]:
        """Return the one coefficient, per SD; of more than two classes one a class."""
        if self.fitted is None or self.task is None:
            return {}
        names = class_names(self.task)
        return {"coefficients": linear_terms(self.columns, self.fitted[-1].coef_, names)}

    def save(self, directory: Path) -> None:
        """Keep the fitted model, and what stands in for a missing number."""
        state = {"columns": self.columns, "line": self.line, "median": self.median}
        save_model(
            directory, self.settings, task=self.task, state=state, fitted=self.fitted, trusted=self.trusted
        )

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        if self.task is not None and self.task.kind == "survival":
            self.columns = list(state["columns"])
        else:
            super().restore(directory, state)
        self.line = None if state["line"] is None else (float(state["line"][0]), float(state["line"][1]))
        self.median = float(state["median"])


_FEWEST_ON_A_LINE = 5
"""Lesions with both numbers, without which no line is drawn."""


def _line(x: pd.Series[float], y: pd.Series[float]) -> tuple[float, float] | None:
    """Start and slope of the least-squares line through the lesions that have both numbers.

    Example:
        >>> x = pd.Series([0.0, 1.0, 2.0, 3.0, 4.0, None])
        >>> _line(x, 2 * x + 1), _line(x[:4], x[:4])
        ((1.0, 2.0), None)
    """
    both = x.notna() & y.notna()
    x, y = x[both], y[both]
    if len(x) < _FEWEST_ON_A_LINE or nearly_equal(float(x.min()), float(x.max())):
        return None
    centred = x - x.mean()
    slope = float((centred * (y - y.mean())).sum() / (centred**2).sum())
    return float(y.mean() - slope * x.mean()), slope
