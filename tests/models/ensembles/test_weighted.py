from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from samesplit.models.ensembles.weighted import WeightedSettings, fit_weights


def settings(*members: str) -> WeightedSettings:
    return WeightedSettings(name="w", title="W", members=members)


def test_the_weights_of_two_members_are_those_of_a_search_along_the_line() -> None:
    rng = np.random.default_rng(4)
    true = rng.uniform(0.2, 0.9, size=(80, 2))
    best = minimize_scalar(lambda w: -np.log(true @ [w, 1 - w]).mean() + 2e-4 * (w - 0.5) ** 2, bounds=(0, 1))
    assert 0.1 < best.x < 0.9
    assert fit_weights(true) == pytest.approx([best.x, 1 - best.x], abs=1e-4)


def test_three_members_meet_the_conditions_of_the_optimum() -> None:
    """A member with a weight has the mean ratio to the mixture that the others have; one without, a smaller
    one."""
    rng = np.random.default_rng(1)
    true = np.column_stack([rng.uniform(0.2, 0.9, 200), rng.uniform(0.2, 0.9, 200), np.full(200, 0.2)])
    weights = fit_weights(true)
    ratios = (true / (true @ weights)[:, None]).mean(axis=0)
    assert weights[2] == 0
    assert ratios[:2] == pytest.approx(1.0, abs=1e-3)
    assert ratios[2] < 0.6


def test_equal_members_get_equal_weights_whatever_their_order() -> None:
    rng = np.random.default_rng(2)
    one = rng.uniform(0.3, 0.9, 50)
    assert fit_weights(np.column_stack([one, one, one])) == pytest.approx(np.full(3, 1 / 3), abs=1e-6)
    two = np.column_stack([one, rng.uniform(0.3, 0.9, 50)])
    assert fit_weights(two) == pytest.approx(fit_weights(two[:, ::-1])[::-1], abs=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_mean_is_that_of_its_weights_and_a_useless_member_has_little(
    members_fold: Any, classes: int
) -> None:
    fold, cases, _ = members_fold({"a": 1.8, "noise": 0.01}, classes=classes)
    model = settings("a", "noise").build()
    model.fit(fold)
    table = model.details()["ensemble_weights"]
    assert list(table["member"]) == ["a", "noise"]
    weight = table["weight"].to_numpy()
    assert weight[0] > 0.9
    assert weight.sum() == pytest.approx(1)
    assert set(table["lesions"]) == {120}
    assert table["log_loss"][1] == pytest.approx(np.log(classes), abs=0.02)
    told, members = model.predict(cases).to_numpy(), cases.predictions
    expected = weight[0] * members["a"].to_numpy() + weight[1] * members["noise"].to_numpy()
    np.testing.assert_allclose(told if classes == 3 else told[:, 0], expected)
