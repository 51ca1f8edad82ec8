from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from samesplit.errors import StatisticsError
from samesplit.statistics.factorial import decompose, level_means

LEVELS = np.array(list(itertools.product(range(2), range(3), range(2))))


def table(*, folds: int = 4, seed: int = 0) -> np.ndarray:
    """AUCs by fold and combination: the first factor matters most, the second less, the third not at all."""
    rng = np.random.default_rng(seed)
    effects = (
        0.06 * LEVELS[:, 0] + 0.02 * LEVELS[:, 1] + 0.03 * (LEVELS[:, 0] * LEVELS[:, 2] - 0.5 * LEVELS[:, 2])
    )
    return 0.7 + effects + 0.02 * rng.normal(size=(folds, 1)) + 0.01 * rng.normal(size=(folds, len(LEVELS)))


def test_shares_are_those_of_an_analysis_of_variance() -> None:
    values = table()
    rows = pd.DataFrame(
        [
            (values[fold, cell], fold, *LEVELS[cell])
            for fold in range(len(values))
            for cell in range(len(LEVELS))
        ],
        columns=["auc", "fold", "a", "b", "c"],
    )
    fitted = anova_lm(ols("auc ~ C(fold) + C(a) * C(b) * C(c)", rows).fit())
    squares = fitted["sum_sq"] / fitted["sum_sq"].sum()
    found = decompose(values[None], LEVELS)

    np.testing.assert_allclose(found.factors[0], squares[["C(a)", "C(b)", "C(c)"]], atol=1e-10)
    np.testing.assert_allclose(found.folds[0], squares["C(fold)"], atol=1e-10)
    np.testing.assert_allclose(found.residual[0], squares["Residual"], atol=1e-10)
    interactions = squares[[name for name in squares.index if ":" in name]].sum()
    np.testing.assert_allclose(found.interactions[0], interactions, atol=1e-10)
    assert found.shared[0] == 0
    mean_square = fitted.loc["Residual", "mean_sq"]
    omega = (fitted.loc["C(b)", "sum_sq"] - 2 * mean_square) / (fitted["sum_sq"].sum() + mean_square)
    assert found.corrected[0, 1] == pytest.approx(omega, abs=1e-10)


def test_all_parts_add_up_to_the_whole_in_every_table_also_where_combinations_are_missing() -> None:
    tables = np.stack([table(seed=seed) for seed in range(5)])
    for kept in (np.arange(12), np.array([0, 1, 2, 3, 6, 7, 10, 11])):
        found = decompose(tables[:, :, kept], LEVELS[kept])
        whole = found.factors.sum(axis=1) + found.shared + found.interactions + found.folds + found.residual
        np.testing.assert_allclose(whole, 1, atol=1e-10)
    assert (found.shared != 0).all()  # levels that do not stand with each other equally often


def test_a_factor_that_does_nothing_has_a_share_by_chance_which_is_corrected_away() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(400, 5, 12))
    found = decompose(noise, LEVELS)

    assert found.factors[:, 1].mean() == pytest.approx(2 / 59, rel=0.15)
    assert np.median(found.corrected[:, 1]) < 0.01


def test_with_one_fold_there_is_no_rest_and_no_correction() -> None:
    found = decompose(table(folds=1)[None], LEVELS)

    assert found.folds[0] == 0
    assert found.residual[0] == 0
    assert np.isnan(found.corrected).all()


def test_tables_in_which_nothing_varies_have_no_shares_and_other_shapes_are_refused() -> None:
    assert np.isnan(decompose(np.full((1, 2, 12), 0.7), LEVELS).factors).all()
    for values, levels in (
        (np.ones((2, 12)), LEVELS),
        (np.ones((1, 2, 11)), LEVELS),
        (np.ones((1, 2, 1)), [[0]]),
    ):
        with pytest.raises(StatisticsError, match="does not fit"):
            decompose(values, levels)


def test_a_level_is_not_judged_by_what_else_it_stands_with():
    """The box is worse for the encoder, which has it alone; plain means would have it better."""
    regimes = level_means([[0.6, 0.95, 0.81]], [[0, 0], [1, 0], [1, 1]])[1]
    np.testing.assert_allclose(regimes[0, 0] - regimes[0, 1], 0.14)
    whole = np.array([[0.6, 0.7, 0.8, 0.95]])
    features, regimes = level_means(whole, [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_allclose(features, [[0.65, 0.875]])
    np.testing.assert_allclose(regimes, [[0.7, 0.825]])
    together = level_means([[0.6, 0.8]], [[0, 0], [1, 1]])
    np.testing.assert_allclose(together, [[[0.6, 0.8]], [[0.6, 0.8]]])
