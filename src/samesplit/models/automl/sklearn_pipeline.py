"""TPOT's pipelines rebuilt from scikit-learn's and samesplit's steps: what is scored and kept runs without it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from samesplit.errors import ModelError
from samesplit.models.automl.steps import CountZeros, Predictions, few_valued

__all__ = ["plain_pipeline", "plain_value"]

_STACKING_FOLDS = 5
_NOTHING = "drop"
_AS_IS = "passthrough"
_L1_RATIOS = {"l1": 1.0, "l2": 0.0, "elasticnet": None}


def plain_pipeline(pipeline: Any, *, seed: int) -> Pipeline:
    """Return the same pipeline without a class of TPOT's.

    Steps that do nothing are left out, nested unions and pipelines become one, numpy numbers become Python's, and
    every `random_state` that is not set gets the seed. Where a step of TPOT 1.1 cannot work it is mended: a
    stacked classifier gives probabilities while fitting as it does afterwards (TPOT's gives labels there, one
    column for two, so that every such pipeline fails), and an ordinal encoder calls a value it has not met -1.

    Args:
        pipeline: What `export_pipeline` of one of TPOT's individuals gives.
        seed: Of all steps.

    Raises:
        ModelError: It holds a step of TPOT's that is not known here.
    """
    steps = _flat(pipeline, seed)
    return make_pipeline(*(steps or [_AS_IS]))


def plain_value(value: Any) -> Any:
    """Return a parameter as plain Python.

    Example:
        >>> plain_value((np.float64(0.5), np.str_("l2")))
        (0.5, 'l2')
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return type(value)(plain_value(item) for item in value)
    return value


def _flat(step: Any, seed: int) -> list[Any]:
    """Return the steps that a step comes to, in order."""
    if isinstance(step, Pipeline):
        return [flat for _, inner in step.steps for flat in _flat(inner, seed)]
    made = _step(step, seed)
    if isinstance(made, Pipeline):
        return [inner for _, inner in made.steps]
    return [] if made == _AS_IS else [made]


def _step(step: Any, seed: int) -> Any:
    if isinstance(step, str) or step is None:
        return step or _AS_IS
    if isinstance(step, Pipeline):
        steps = _flat(step, seed)
        return make_pipeline(*steps) if len(steps) > 1 else (steps or [_AS_IS])[0]
    if isinstance(step, FeatureUnion):
        return _union(step, seed)
    if type(step).__module__.partition(".")[0] == "tpot":
        return _of_tpot(step, seed)
    return _rebuilt(step, seed)


def _union(union: FeatureUnion, seed: int) -> Any:
    branches: list[Any] = []
    for _, branch in union.transformer_list:
        made = _step(branch, seed)
        inner = [each for _, each in made.transformer_list] if isinstance(made, FeatureUnion) else [made]
        branches += [each for each in inner if not (isinstance(each, str) and each == _NOTHING)]
    if not branches:
        return _NOTHING
    return branches[0] if len(branches) == 1 else make_union(*branches)


def _of_tpot(step: Any, seed: int) -> Any:
    name = type(step).__name__
    if name == "Passthrough":
        return _AS_IS
    if name == "SkipTransformer":
        return _NOTHING
    if name == "EstimatorTransformer":
        return Predictions(_step(step.estimator, seed), folds=_STACKING_FOLDS, random_state=seed)
    if name == "ZeroCount":
        return CountZeros()
    if name in ("ColumnOneHotEncoder", "ColumnOrdinalEncoder") and step.columns == "auto":
        limits = {"min_frequency": step.min_frequency, "max_categories": step.max_categories}
        encoder = (
            OneHotEncoder(drop=step.drop, handle_unknown=step.handle_unknown, sparse_output=False, **limits)
            if name == "ColumnOneHotEncoder"
            else OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **limits)
        )
        return make_column_transformer((encoder, few_valued), remainder="passthrough")
    raise ModelError(
        f"there is no step beside TPOT's own for '{name}'", remedy="leave it out of the search space"
    )


def _rebuilt(estimator: Any, seed: int) -> Any:
    """Build a fresh estimator with plain parameters and a seed; estimators inside it likewise."""
    parameters = {
        name: _rebuilt(value, seed) if isinstance(value, BaseEstimator) else plain_value(value)
        for name, value in estimator.get_params(deep=False).items()
    }
    if "random_state" in parameters and parameters["random_state"] is None:
        parameters["random_state"] = seed
    if isinstance(estimator, LogisticRegression) and parameters.get("penalty") in _L1_RATIOS:
        # from 1.8 on scikit-learn tells the penalty by l1_ratio, and warns of the old way and of n_jobs
        ratio = _L1_RATIOS[parameters["penalty"]]
        parameters |= {"penalty": "deprecated", "n_jobs": None}
        parameters |= {} if ratio is None else {"l1_ratio": ratio}
    return clone(estimator).set_params(**parameters)
