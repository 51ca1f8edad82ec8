"""Where TPOT looks for a pipeline, in the nodes of its search spaces. TPOT is imported when it is asked for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from samesplit.models.automl.settings import TpotSettings
from samesplit.models.automl.sklearn_pipeline import plain_value
from samesplit.models.design_tables import Scale, scaler
from samesplit.models.radiomics.settings import ClassifierUse, SelectorUse

__all__ = ["RANGES", "Range", "quietly", "search_space"]


@dataclass(frozen=True)
class Range:
    """The values of one parameter of a classifier.

    Attributes:
        low: The least.
        high: The most.
        log: Whether ratios count rather than differences.
        choices: The values, for a parameter that is no number; `low` and `high` then play no part.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    def hyperparameter(self, name: str) -> Any:
        """ConfigSpace's form: of whole numbers where both ends are."""
        from ConfigSpace import Categorical, Float, Integer

        if self.choices:
            return Categorical(name, list(self.choices))
        if isinstance(self.low, int) and isinstance(self.high, int):
            return Integer(name, bounds=(self.low, self.high), log=self.log)
        return Float(name, bounds=(self.low, self.high), log=self.log)


RANGES: dict[str, dict[str, Range]] = {
    "logistic": {"C": Range(1e-3, 1e2, log=True)},
    "elastic-net": {"C": Range(1e-3, 1e2, log=True), "l1_ratio": Range(0.05, 0.95)},
    "knn": {"n_neighbors": Range(3, 25), "weights": Range(choices=("uniform", "distance"))},
    "decision-tree": {"max_depth": Range(1, 8), "min_samples_leaf": Range(1, 15)},
    "naive-bayes": {"var_smoothing": Range(1e-9, 1e-1, log=True)},
    "svm": {"C": Range(1e-2, 1e2, log=True)},
    "bagging": {"n_estimators": Range(10, 100), "max_samples": Range(0.4, 1.0)},
    "mlp": {"alpha": Range(1e-5, 1.0, log=True)},
    "random-forest": {
        "n_estimators": Range(50, 300),
        "min_samples_leaf": Range(1, 10),
        "max_features": Range(0.05, 0.8),
    },
    "adaboost": {"n_estimators": Range(20, 200), "learning_rate": Range(0.05, 1.5, log=True)},
    "xgboost": {
        "n_estimators": Range(50, 300),
        "max_depth": Range(1, 6),
        "learning_rate": Range(0.01, 0.3, log=True),
        "subsample": Range(0.5, 1.0),
        "colsample_bytree": Range(0.3, 1.0),
    },
    "gradient-boosting": {
        "n_estimators": Range(50, 200),
        "max_depth": Range(1, 4),
        "learning_rate": Range(0.01, 0.3, log=True),
        "subsample": Range(0.5, 1.0),
    },
}
"""What the space `radiomics` searches of each classifier; one that is not here is taken as the grid takes it."""


@contextmanager
def quietly() -> Iterator[None]:
    """No warnings: TPOT's dependencies import what is deprecated, and candidates fail to converge by the dozen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def search_space(settings: TpotSettings, *, seed: int, rows: int, columns: int) -> Any:
    """TPOT's search space of a model file.

    Args:
        settings: The model.
        seed: Of every step that uses one.
        rows: The lesions that a candidate is fitted on in the smallest inner fold.
        columns: Features after preparation.

    Returns:
        A `tpot.search_spaces.base.SearchSpace`.
    """
    with quietly():
        from tpot.config.template_search_spaces import get_template_search_spaces

        if settings.space == "radiomics":
            return _radiomics(settings, seed, columns)
        return get_template_search_spaces(
            settings.space,
            classification=True,
            inner_predictors=settings.space == "linear",
            n_classes=2,
            n_samples=rows,
            n_features=columns,
            random_state=seed,
        )


@dataclass(frozen=True)
class _Scaling:
    """Makes a scaler; TPOT asks its nodes' methods for a name."""

    way: Scale

    @property
    def __name__(self) -> str:
        return self.way

    def __call__(self) -> Any:
        made = scaler(self.way)
        return made if made != "passthrough" else _nothing()


@dataclass(frozen=True)
class _Selecting:
    """Makes a selector of a size."""

    use: SelectorUse
    seed: int

    @property
    def __name__(self) -> str:
        return self.use.label

    def __call__(self, *, size: int) -> Any:
        return self.use.make(size=int(size), seed=self.seed)


@dataclass(frozen=True)
class _Classifying:
    """Makes a classifier with searched parameters beside those that the model file gives."""

    use: ClassifierUse
    seed: int
    searched: dict[str, Range] = field(hash=False)

    @property
    def __name__(self) -> str:
        return self.use.label

    def __call__(self, **parameters: Any) -> Any:
        plain = {name: plain_value(value) for name, value in parameters.items()}
        use = ClassifierUse(name=self.use.name, parameters={**plain, **self.use.parameters})
        return use.make(seed=self.seed)


def _radiomics(settings: TpotSettings, seed: int, columns: int) -> Any:
    """Make a scaler, a selector with its size, a classifier with its parameters."""
    from ConfigSpace import ConfigurationSpace
    from tpot.search_spaces.nodes import EstimatorNode
    from tpot.search_spaces.pipelines import ChoicePipeline, SequentialPipeline

    fewest, most = (min(size, columns) for size in settings.sizes)
    size = Range(fewest, most, log=True).hyperparameter("size") if fewest < most else fewest
    scalers = [EstimatorNode(_Scaling(way), {}) for way in settings.scalers]
    selectors = [
        EstimatorNode(_Selecting(use, seed), ConfigurationSpace(space={"size": size}))
        for use in settings.selectors
    ]
    classifiers = []
    for use in settings.classifiers:
        ranges = {k: v for k, v in RANGES.get(use.name, {}).items() if k not in use.parameters}
        space = {name: each.hyperparameter(name) for name, each in ranges.items()}
        node = EstimatorNode(
            _Classifying(use, seed, ranges), ConfigurationSpace(space=space) if space else {}
        )
        classifiers.append(node)
    return SequentialPipeline(
        [ChoicePipeline(scalers), ChoicePipeline(selectors), ChoicePipeline(classifiers)]
    )


def _nothing() -> Any:
    from tpot.builtin_modules import Passthrough

    return Passthrough()
