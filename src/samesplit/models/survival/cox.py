"""Cox regression on features, clinical variables or both; the penalty is chosen inside the training part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, field_validator
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.models.design_tables import clinical_table, feature_table, preparation
from samesplit.models.protocol import Cases, Requirements, TrainingFold
from samesplit.models.radiomics.feature_settings import FeatureSettings
from samesplit.models.radiomics.work_units import fit_preparation
from samesplit.models.survival.ridge_cox import PartialLikelihood, RidgeCox, fit_path
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.ordering import first_best
from samesplit.tasks import TaskKind

__all__ = ["CoxModel", "CoxSettings"]

_STEPS = [float(10**step) for step in np.arange(2, -4.01, -0.5)]

Floats = npt.NDArray[np.float64]


class CoxSettings(FeatureSettings):
    """`kind: cox`: L2-penalised Cox regression of the time to an event (Efron's ties).

    The penalty is the one with the highest cross-validated partial likelihood (Verweij and van Houwelingen 1993,
    doi 10.1002/sim.4780122407) in inner folds, grouped by patient, inside the training part; imputation and
    standardisation are fitted inside each inner fold. Of features and clinical variables together each of the two
    weighs alike, however many columns it has. The risk is the log hazard.
    """

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"survival"})
    kind: Literal["cox"] = "cox"
    inputs: Literal["features", "clinical", "both"] = "features"
    """What is learnt from: extracted features, declared clinical variables, or both."""
    variables: tuple[str, ...] = ()
    """Clinical variables; empty means all that the benchmark declares."""
    penalties: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=tuple(_STEPS), min_length=1)
    """On a standardised column, per column (see `RidgeCox`); of equally good ones the largest is taken."""
    inner_folds: int = Field(default=5, ge=2)

    @field_validator("penalties")
    @classmethod
    def _largest_first(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(values)) < len(values):
            raise ValueError("a value is named twice")
        return tuple(sorted(values, reverse=True))

    def needs(self) -> Requirements:
        """Ask for the profiles, if features are wanted, and the variables."""
        profiles = () if self.inputs == "clinical" else self.profiles
        clinical = () if self.inputs == "features" else self.variables or ("*",)
        return Requirements(profiles=profiles, sequences=self.sequences, clinical=clinical)

    def build(self, *, cache: Path | None = None) -> CoxModel:
        """Build a fresh model."""
        return CoxModel(self)


class CoxModel(TabularModel):
    """Chooses the penalty inside the training part, then fits all of it.

    Its risk is the logarithm of the hazard relative to that of the mean training lesion.
    """

    settings: CoxSettings

    def __init__(self, settings: CoxSettings) -> None:
        super().__init__(settings)
        self.penalties: pd.DataFrame | None = None

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Features, clinical variables, or both side by side."""
        return pd.concat(self._blocks(cases).values(), axis=1)

    def _blocks(self, cases: Cases) -> dict[str, pd.DataFrame]:
        """Return the tables of features and of clinical variables, those that are wanted."""
        settings, found = self.settings, {}
        if settings.inputs != "clinical":
            found["features"] = feature_table(cases, profiles=settings.profiles, model=settings.name)
        if settings.inputs != "features":
            found["clinical"] = clinical_table(cases, variables=settings.variables, model=settings.name)
        return found

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Compare the penalties, then fit with the best.

        Raises:
            ModelError: Fewer than two patients had the event, no column is left, or there are no times.
        """
        if fold.training_times is None:
            raise ModelError("the fold has no times to the event", where=self.where)
        times = np.asarray(fold.training_times.loc[inputs.index], dtype=np.float64)
        events = np.asarray(labels, dtype=np.int64)
        patients = fold.training.lesions.loc[inputs.index, "patient_id"].to_numpy(dtype=object)
        if len(np.unique(patients[events == 1])) < 2:
            raise ModelError(
                f"fewer than two patients of the training part ({len(inputs)} lesions) had the event",
                where=self.where,
                remedy="make a split with fewer folds, or leave this model out",
            )
        blocks = {name: list(table.columns) for name, table in self._blocks(fold.training).items()}
        found = [*self._likelihoods(inputs, blocks, times, events, patients, estimator_seed(fold.seed))]
        total = np.sum(found, axis=0)
        best = first_best(total, scale=float(np.abs(total).max()))
        self.penalties = pd.DataFrame(
            {
                "penalty": self.settings.penalties,
                "inner_log_likelihood": total / events.sum(),
                "chosen": np.arange(len(total)) == best,
            }
        )
        prepare = self._preparation(inputs, blocks)
        X = fit_preparation(prepare, inputs, events, model=self.settings.name)
        cox = RidgeCox(penalty=self.settings.penalties[best], weights=_weights(prepare))
        return Pipeline([("prepare", prepare), ("cox", cox.fit(X, times, events))])

    def _preparation(self, inputs: pd.DataFrame, blocks: dict[str, list[str]]) -> ColumnTransformer:
        """Make the unfitted steps before the regression: one branch for features, one for clinical variables."""
        branches = [
            (
                name,
                self.settings.preparation() if name == "features" else preparation(inputs[columns]),
                columns,
            )
            for name, columns in blocks.items()
        ]
        return ColumnTransformer(branches, verbose_feature_names_out=False)

    def _likelihoods(
        self,
        inputs: pd.DataFrame,
        blocks: dict[str, list[str]],
        times: Floats,
        events: npt.NDArray[np.int64],
        patients: npt.NDArray[Any],
        seed: int,
    ) -> Iterator[list[float]]:
        """Yield what the held-out lesions add to the log partial likelihood under each penalty, fold by fold."""
        name, penalties = self.settings.name, list(self.settings.penalties)
        whole = PartialLikelihood.of(times, events)
        for fit in _splits(events, patients, folds=self.settings.inner_folds, seed=seed):
            if not events[fit].any():
                continue
            prepare = self._preparation(inputs, blocks)
            X = fit_preparation(prepare, inputs.iloc[fit], events[fit], model=name)
            everyone = np.asarray(prepare.transform(inputs), dtype="float64")
            part = PartialLikelihood.of(times[fit], events[fit])
            path = fit_path(X, times[fit], events[fit], penalties, weights=_weights(prepare))
            yield [whole.value(everyone @ beta) - part.value(X @ beta) for beta in path]

    def details(self) -> dict[str, pd.DataFrame]:
        """Tell `penalties` (with inner_log_likelihood per event) and `coefficients` (per SD, and hazard ratio)."""
        if self.penalties is None or self.fitted is None:
            return {}
        terms = [str(name) for name in self.fitted[0].get_feature_names_out()]
        coefficients = self.fitted[-1].coef_
        table = pd.DataFrame(
            {"term": terms, "coefficient": coefficients, "hazard_ratio": np.exp(coefficients)}
        )
        return {"penalties": self.penalties, "coefficients": table}


def _weights(prepare: ColumnTransformer) -> Floats:
    """How much a column weighs in the penalty: the number of columns of its branch, so that both weigh alike."""
    sizes = [
        places.stop - places.start for name, places in prepare.output_indices_.items() if name != "remainder"
    ]
    return np.concatenate([np.full(size, float(size)) for size in sizes])


def _splits(
    events: npt.NDArray[np.int64], patients: npt.NDArray[Any], *, folds: int, seed: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the rows to fit on of folds that are stratified by the event and keep patients together.

    Where nearly everybody had the event there is nothing to stratify by.
    """
    counts = [len(np.unique(patients[events == value])) for value in (0, 1)]
    strata = events if counts[0] > 1 else np.zeros_like(events)
    splitter = StratifiedGroupKFold(
        min(folds, *(counts if counts[0] > 1 else counts[1:])), shuffle=True, random_state=seed
    )
    for fit, _ in splitter.split(np.zeros(len(events)), strata, patients):
        yield fit
