"""LASSO ranking and a random forest: the radiomics arm of Xiong et al. 2025, all inside the training part."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from samesplit.models.design_tables import feature_table
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.lasso_forest_settings import LassoForestSettings
from samesplit.models.radiomics.oversampling import nothing_added
from samesplit.models.tabular import TabularModel, estimator_seed

if TYPE_CHECKING:
    from samesplit.models.radiomics.lasso_forest_search import Ranking

__all__ = ["LassoForest", "LassoForestModel", "LassoForestSettings", "once_per_lesion"]

_BORROWED = (
    "inner folds with one patient of a class left to learn from took the penalty of the whole training part, "
    "which makes the inner scores of sizes a little optimistic"
)


def once_per_lesion(
    table: pd.DataFrame, patterns: tuple[str, ...], sequences: tuple[str, ...]
) -> pd.DataFrame:
    """Keep one column of each feature that is the same in all sequences.

    Args:
        table: Columns `<profile>/<sequence>/<feature>`.
        patterns: Of feature names, with `*` and `?`.
        sequences: The order in which sequences are asked; the first that has a value gives it.

    Returns:
        The table without the doubled columns; the column that stays has the name of the first sequence.

    Example:
        >>> table = pd.DataFrame({"p/A/shape_x": [1.0, np.nan], "p/V/shape_x": [1.0, 2.0], "p/V/glcm": [3.0, 4.0]})
        >>> once_per_lesion(table, ("shape_*",), ("A", "V")).to_dict("list")
        {'p/A/shape_x': [1.0, 2.0], 'p/V/glcm': [3.0, 4.0]}
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for name in map(str, table.columns):
        profile, sequence, feature = name.split("/", 2) if name.count("/") >= 2 else ("", "", name)
        if sequence and any(fnmatchcase(feature, pattern) for pattern in patterns):
            alike.setdefault((profile, feature), []).append(name)
    doubled: list[str] = []
    merged: dict[str, pd.Series[float]] = {}
    for names in alike.values():
        first, *others = sorted(names, key=lambda name: sequences.index(name.split("/", 2)[1]))
        merged[first] = table[[first, *others]].bfill(axis=1)[first]
        doubled += others
    return table.assign(**merged).drop(columns=doubled)


class LassoForest:
    """A fitted preparation, the chosen columns of it, and the forests whose mean is the probability."""

    def __init__(self, prepare: Pipeline, columns: npt.NDArray[np.int64], forests: list[Any]) -> None:
        self.prepare = prepare
        self.columns = columns
        self.forests = forests

    @property
    def classes_(self) -> tuple[int, ...]:
        """The labels in the order of the columns of `predict_proba`."""
        return tuple(int(label) for label in self.forests[0].classes_)

    def predict_proba(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Predict the mean of the forests' probabilities, shape (n_lesions, n_classes)."""
        X = np.asarray(self.prepare.transform(table), dtype="float64")[:, self.columns]
        return np.asarray(np.mean([forest.predict_proba(X) for forest in self.forests], axis=0))


class LassoForestModel(TabularModel):
    """Standardise, oversample, rank by |coefficient| of a LASSO, choose how many, fit random forests.

    All of it happens on the training part. Two things are chosen there: the penalty, by the squared error of
    inner patient-grouped folds, and the number of features, by the AUC of inner folds in each of which the
    penalty is chosen and the features are ranked anew (`compare: inner`), or by the AUC on the validation
    part (`compare: validation`). Features whose coefficient is 0 are never used, so that fewer than the asked
    number may remain.

    A class of two patients leaves one of them to each inner fold, where no penalty can be chosen: such folds take
    that of the whole training part, with a note. A class of one patient is an error.
    """

    settings: LassoForestSettings

    def __init__(self, settings: LassoForestSettings) -> None:
        super().__init__(settings)
        self.ranking: Ranking | None = None
        self.sizes: pd.DataFrame | None = None
        self.borrowed = 0
        self.note = ""

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the features of the model's profiles and sequences, those of the mask once."""
        table = feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)
        return once_per_lesion(table, self.settings.once_per_lesion, cases.sequences)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> LassoForest:
        """Rank, choose the size, and fit the forests."""
        from samesplit.models.radiomics.lasso_forest_search import Search

        search = Search(
            table=inputs,
            labels=np.asarray(labels, dtype=np.int64),
            patients=fold.training.lesions.loc[inputs.index, "patient_id"].to_numpy(),
            settings=self.settings,
            seed=estimator_seed(fold.seed),
            jobs=fold.jobs,
        )
        if self.settings.oversample is not None:
            self.note = nothing_added([search.labels[fit] for fit, _ in search.splits()] + [search.labels])
        self.ranking = search.rank()
        self.sizes = search.compare_sizes(self.ranking, *self._validation(inputs, fold))
        self.borrowed = search.borrows() if (self.sizes["compared_on"] == "inner").any() else 0
        size = int(self.sizes.loc[self.sizes["chosen"], "size"].iloc[0])
        columns = self.ranking.order[:size]
        forests = search.forests(search.without_each_fold(self.ranking), columns)
        return LassoForest(self.ranking.prepare, columns, forests)

    def _validation(self, inputs: pd.DataFrame, fold: TrainingFold) -> tuple[pd.DataFrame, Any]:
        """Return the validation lesions of which something is known, where sizes are compared on them."""
        if self.settings.compare == "inner" or not len(fold.validation):
            return inputs.iloc[:0], np.empty(0, dtype="int64")
        known = self.inputs(fold.validation).reindex(columns=inputs.columns)
        known = known[known.notna().any(axis=1)].sort_index()
        return known, fold.validation_labels.loc[known.index].to_numpy(dtype="int64")

    def details(self) -> dict[str, pd.DataFrame]:
        """`lasso_penalties`, `sizes` and `chosen_features`, and `notes` where there is something to say.

        - `lasso_penalties`: penalty, inner_error (mean squared error of the held-out inner folds), features
          (with a coefficient on the whole training part), chosen.
        - `sizes`: size, compared_on (`inner`, `validation` or `given`), auc (mean), auc_sd, scores (how many
          AUCs the mean is of), chosen.
        - `chosen_features`: feature, rank (1 is best), importance (the LASSO's coefficient per SD; of more than
          two classes the length of its coefficients).
        """
        if self.ranking is None or self.sizes is None or self.fitted is None:
            return {}
        chosen = self.fitted.columns
        names = np.asarray(self.ranking.prepare.get_feature_names_out(), dtype=object)[chosen]
        features = pd.DataFrame(
            {
                "feature": names.astype(str),
                "rank": np.arange(1, len(chosen) + 1),
                "importance": self.ranking.coefficients[chosen],
            }
        )
        tables = {"lasso_penalties": self.ranking.penalties, "sizes": self.sizes, "chosen_features": features}
        notes = [note for note in (_BORROWED if self.borrowed else "", self.note) if note]
        return tables | ({"notes": pd.DataFrame({"note": notes})} if notes else {})
