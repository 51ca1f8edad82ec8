from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_selection import SelectPercentile
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from samesplit.errors import ModelError
from samesplit.models.automl.export import one_line
from samesplit.models.automl.search_space import quietly
from samesplit.models.automl.sklearn_pipeline import plain_pipeline

with quietly():
    from tpot import builtin_modules as tpot


def table(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = np.column_stack([rng.normal(size=(n, 4)) + y[:, None], np.arange(n) % 3, np.arange(n) % 4 == 0])
    return X.astype("float64"), y


@pytest.mark.parametrize(
    "step",
    [
        tpot.ZeroCount(),
        tpot.ColumnOneHotEncoder(),
        tpot.Passthrough(),
        make_union(make_union(tpot.SkipTransformer()), tpot.Passthrough()),
        make_union(make_union(StandardScaler(), tpot.ZeroCount()), tpot.Passthrough()),
        make_pipeline(tpot.ZeroCount(), SelectPercentile(percentile=50.0)),
    ],
    ids=["zeros", "one-hot", "nothing", "skipped", "union", "nested"],
)
def test_it_predicts_what_tpots_own_pipeline_predicts(step: Any) -> None:
    X, y = table()
    theirs = make_pipeline(step, GaussianNB(var_smoothing=1e-3))
    ours = plain_pipeline(theirs, seed=0)
    assert "tpot" not in {type(each).__module__.partition(".")[0] for each in everything(ours)}
    np.testing.assert_allclose(ours.fit(X, y).predict_proba(X), theirs.fit(X, y).predict_proba(X), rtol=1e-9)


def everything(estimator: Any) -> list[Any]:
    return [estimator, *(value for value in estimator.get_params().values() if hasattr(value, "get_params"))]


def test_a_stacked_classifier_works_though_tpots_does_not() -> None:
    X, y = table()
    stacked = tpot.EstimatorTransformer(GaussianNB(), cross_val_predict_cv=5)
    theirs = make_pipeline(make_union(stacked, tpot.Passthrough()), LogisticRegression())
    ours = plain_pipeline(theirs, seed=0).fit(X, y)
    assert ours.predict_proba(X).shape == (40, 2)
    with pytest.raises(ValueError, match="expecting"):
        theirs.fit(X, y).predict_proba(X)


def test_an_ordinal_encoder_survives_a_value_that_it_has_not_met() -> None:
    X, y = table()
    ours = plain_pipeline(make_pipeline(tpot.ColumnOrdinalEncoder(), GaussianNB()), seed=0).fit(X, y)
    X[:, 4] = 7
    assert np.isfinite(ours.predict_proba(X)).all()


def test_steps_get_the_seed_and_plain_numbers() -> None:
    theirs = make_pipeline(
        QuantileTransformer(n_quantiles=np.int64(7)), LogisticRegression(C=np.float64(0.5), random_state=3)
    )
    text = one_line(plain_pipeline(theirs, seed=11))
    assert text == (
        "make_pipeline(QuantileTransformer(n_quantiles=7, random_state=11), "
        "LogisticRegression(C=0.5, random_state=3))"
    )


def test_an_old_penalty_is_told_in_the_new_way() -> None:
    theirs = make_pipeline(LogisticRegression(penalty="l1", solver="saga", n_jobs=1, random_state=0))
    ours = plain_pipeline(theirs, seed=0)
    assert one_line(ours) == 'make_pipeline(LogisticRegression(l1_ratio=1.0, random_state=0, solver="saga"))'
    X, y = table()
    ours.set_params(logisticregression__max_iter=5000).fit(X, y)  # warnings are errors here


def test_an_unknown_step_of_tpots_is_an_error() -> None:
    with pytest.raises(ModelError, match="AddTransformer"):
        plain_pipeline(make_pipeline(tpot.AddTransformer(), GaussianNB()), seed=0)
