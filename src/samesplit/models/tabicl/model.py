"""TabICL with the training lesions of a fold as its context."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.pipeline import Pipeline
from tabicl import TabICLClassifier

from samesplit.errors import ModelError
from samesplit.models.design_tables import feature_table
from samesplit.models.persistence import load_fitted, save_model
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.settings import SelectorUse
from samesplit.models.radiomics.work_units import fit_preparation
from samesplit.models.tabicl.settings import TabiclSettings
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.storage import write_bytes

__all__ = ["TabiclModel"]

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
_CONTEXT = "context.npz"
_UNREADABLE = (AssertionError, RuntimeError, KeyError, TypeError, OSError, EOFError, pickle.UnpicklingError)


class TabiclModel(TabularModel):
    """Prepares and selects features on the training part, which then is the context of every prediction.

    The network is not changed by anything. Its answer to a lesion does not depend on the other lesions that are
    asked for. The fitted model keeps the prepared rows of the training part beside the preparation; the checkpoint
    stays where it is.
    """

    settings: TabiclSettings

    def __init__(self, settings: TabiclSettings) -> None:
        super().__init__(settings)
        self.ranking = pd.DataFrame()

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the features."""
        return feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> _InContext:
        """Prepare, select, and read the checkpoint."""
        settings, seed = self.settings, estimator_seed(fold.seed)
        settings.check_ready()
        y = np.asarray(labels, dtype=np.int64)
        prepare = settings.preparation()
        X = fit_preparation(prepare, inputs, y, model=settings.name)
        kept = np.arange(X.shape[1])
        if X.shape[1] > settings.size:
            selector = SelectorUse(name=settings.selector).make(size=settings.size, seed=seed)
            kept = np.asarray(selector.fit(X, y).ranking_[: settings.size], dtype=np.int64)
        names = np.asarray(prepare.get_feature_names_out(), dtype=str)[kept]
        self.ranking = pd.DataFrame({"feature": names, "rank": np.arange(1, len(kept) + 1)})
        return self._in_context(prepare, kept, X[:, kept], y, seed)

    def _in_context(self, prepare: Pipeline, kept: Numbers, X: Floats, y: Numbers, seed: int) -> _InContext:
        """Read the checkpoint and hand it the context.

        Raises:
            ModelError: It is no checkpoint of a TabICL classifier.
        """
        classifier = TabICLClassifier(
            n_estimators=self.settings.views,
            model_path=self.settings.file,
            allow_auto_download=False,
            device="cuda" if torch.cuda.is_available() else "cpu",
            use_amp=False,
            use_fa3=False,
            random_state=seed,
            n_jobs=None,
        )
        try:
            classifier.fit(X, y)
        except (
            AssertionError,
            RuntimeError,
            KeyError,
            TypeError,
            OSError,
            EOFError,
            pickle.UnpicklingError,
        ) as error:
            raise ModelError(
                f"'{self.settings.file}' is no checkpoint of a TabICL classifier: {type(error).__name__}: {error}",
                where=self.where,
                remedy="take the file as it was published; it is read as plain tensors, never as code",
            ) from error
        return _InContext(prepare, kept, X, y, seed, classifier)

    def details(self) -> dict[str, pd.DataFrame]:
        """Return `tabicl_features`: feature and rank of those that are kept."""
        return {"tabicl_features": self.ranking} if len(self.ranking) else {}

    def save(self, directory: Path) -> None:
        """Keep the preparation (skops) and the context (numbers); the checkpoint is named and not copied."""
        fitted: _InContext = self.fitted
        state = {"columns": self.columns, "seed": fitted.seed, "kept": fitted.kept.tolist()}
        save_model(directory, self.settings, task=self.task, state=state, fitted=fitted.prepare)
        content = io.BytesIO()
        np.savez(content, X=fitted.X, y=fitted.y)
        write_bytes(directory / _CONTEXT, content.getvalue())

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left.

        Raises:
            ModelError: The checkpoint is not where the settings say.
        """
        self.settings.check_ready()
        self.columns = list(state["columns"])
        with np.load(directory / _CONTEXT, allow_pickle=False) as context:
            X, y = context["X"], context["y"]
        prepare = load_fitted(directory)
        kept = np.asarray(state["kept"], dtype=np.int64)
        self.fitted = self._in_context(prepare, kept, X, y, int(state["seed"]))


class _InContext:
    """A preparation, the columns that are kept, and the network with its context."""

    def __init__(
        self, prepare: Pipeline, kept: Numbers, X: Floats, y: Numbers, seed: int, classifier: TabICLClassifier
    ) -> None:
        self.prepare, self.kept, self.X, self.y, self.seed = prepare, kept, X, y, seed
        self.classifier = classifier
        self.classes_ = classifier.classes_

    def predict_proba(self, table: pd.DataFrame) -> Floats:
        """Predict the probability of each class, shape (n_lesions, n_classes), rows summing to 1."""
        X = np.asarray(self.prepare.transform(table), dtype="float64")[:, self.kept]
        probabilities = np.asarray(self.classifier.predict_proba(X), dtype="float64")
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))
