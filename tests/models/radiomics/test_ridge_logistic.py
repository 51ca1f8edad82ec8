from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from samesplit.models.radiomics.ridge_logistic import RidgeLogistic, fit_path


def rows(n: int, p: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(3.0, 1.0, size=(n, p))
    return X, (X[:, 0] - 3 + rng.normal(size=n) > 0).astype(np.int64)


@pytest.mark.parametrize(("n", "p"), [(60, 20), (60, 60), (40, 300)])
@pytest.mark.parametrize("penalty", [10.0, 0.1, 0.003])
def test_it_is_scikit_learns_penalised_logistic_regression(n: int, p: int, penalty: float) -> None:
    X, y = rows(n, p)
    centred = X - X.mean(axis=0)
    reference = LogisticRegression(C=1 / (penalty * n * p), tol=1e-11, max_iter=100_000).fit(centred, y)
    model = RidgeLogistic(penalty=penalty).fit(X, y)
    assert model.coef_ == pytest.approx(reference.coef_[0], abs=1e-6)
    assert model.predict_proba(X) == pytest.approx(reference.predict_proba(centred), abs=1e-6)
    assert (model.predict(X) == reference.predict(centred)).all()


def test_the_last_digits_of_the_numbers_change_no_probability() -> None:
    X, y = rows(50, 200)
    changed = X * (1 + 1e-15 * np.random.default_rng(1).normal(size=X.shape))
    found = RidgeLogistic(penalty=0.01).fit(X, y).predict_proba(X)
    assert RidgeLogistic(penalty=0.01).fit(changed, y).predict_proba(X) == pytest.approx(found, rel=1e-9)


def test_copies_of_all_columns_change_nothing_because_the_penalty_is_per_column() -> None:
    X, y = rows(30, 12)
    once = RidgeLogistic(penalty=0.05).fit(X, y).predict_proba(X)
    assert RidgeLogistic(penalty=0.05).fit(np.hstack([X] * 5), y).predict_proba(
        np.hstack([X] * 5)
    ) == pytest.approx(once, abs=1e-8)


def test_columns_that_say_nothing_leave_the_prevalence() -> None:
    X, y = np.ones((10, 30)), np.arange(10) % 5 == 0
    assert RidgeLogistic().fit(X, y).predict_proba(X)[:, 1] == pytest.approx(np.full(10, 0.2))


def test_a_path_is_its_fits_and_one_class_is_refused() -> None:
    X, y = rows(30, 50)
    for penalty, (coefficients, intercept) in zip([1.0, 0.01], fit_path(X, y, [1.0, 0.01]), strict=True):
        alone = RidgeLogistic(penalty=penalty).fit(X, y)
        assert coefficients == pytest.approx(alone.coef_)
        assert intercept == pytest.approx(alone.intercept_)
    with pytest.raises(ValueError, match="two classes"):
        RidgeLogistic().fit(X, np.zeros(30))
