from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from samesplit.benchmarks.synthetic.roe_metz import (
    StandardEffects,
    expected_auc,
    ratings,
    separations,
    total_variance,
)
from samesplit.benchmarks.synthetic.settings import ReaderSettings

SETTINGS = ReaderSettings(
    var_reader=0.15,
    var_modality_reader=0.1,
    var_case=0.3,
    var_modality_case=0.12,
    var_reader_case=0.2,
    var_error=0.25,
)


def simulate(
    settings: ReaderSettings, *, readers: int, cases: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1], cases // 2)
    effects = StandardEffects(
        reader=rng.standard_normal((readers, 2)),
        modality_reader=rng.standard_normal((2, readers, 2)),
        case=rng.standard_normal(cases),
        modality_case=rng.standard_normal((2, cases)),
        reader_case=rng.standard_normal((readers, cases)),
        error=rng.standard_normal((2, readers, cases)),
    )
    return ratings(settings, effects, truth=truth), truth


def test_variance_components_are_recovered_from_a_large_sample():
    """Method of moments: covariances of ratings that share only some of the indices."""
    rated, truth = simulate(SETTINGS, readers=80, cases=4000)
    one = rated[:, :, truth == 0]
    by_case = one - one.mean(axis=2, keepdims=True)  # takes the readers' effects off
    readers, cases = one.shape[1:]

    def across_readers(a: np.ndarray, b: np.ndarray) -> float:
        total = a.sum(axis=0) * b.sum(axis=0) - (a * b).sum(axis=0)
        return float(total.sum() / (readers * (readers - 1) * (cases - 1)))

    case = across_readers(by_case[0], by_case[1])
    case_and_modality = across_readers(by_case[0], by_case[0])
    case_and_reader = float((by_case[0] * by_case[1]).sum() / (readers * (cases - 1)))
    everything = float((by_case**2).sum() / (2 * readers * (cases - 1)))
    assert case == pytest.approx(0.3, abs=0.03)
    assert case_and_modality - case == pytest.approx(0.12, abs=0.03)
    assert case_and_reader - case == pytest.approx(0.2, abs=0.02)
    assert everything - case_and_modality - case_and_reader + case == pytest.approx(0.25, abs=0.02)


def test_reader_variance_components_are_recovered():
    rated, truth = simulate(SETTINGS, readers=6000, cases=60)
    means = rated[:, :, truth == 0].mean(axis=2)
    assert np.cov(means)[0, 1] == pytest.approx(0.15 + 0.2 / 30, abs=0.015)
    assert means.var(axis=1).mean() == pytest.approx(0.25 + 0.45 / 30, abs=0.02)


def test_expected_auc_is_that_of_the_simulated_readers():
    rated, truth = simulate(SETTINGS, readers=200, cases=6000, seed=4)
    for i, wanted in enumerate((SETTINGS.auc_unaided, SETTINGS.auc_aided)):
        values = [
            stats.mannwhitneyu(row[truth == 1], row[truth == 0]).statistic / 3000**2 for row in rated[i]
        ]
        assert np.mean(values) == pytest.approx(wanted, abs=0.02)


def test_expected_auc_follows_the_formula_of_roe_and_metz():
    unit = ReaderSettings(
        var_reader=0.0, var_modality_reader=0.0, var_case=0.3, var_modality_case=0.3,
        var_reader_case=0.2, var_error=0.2,
    )  # fmt: skip
    assert total_variance(unit) == pytest.approx(1.0)
    # Separations and areas of Roe & Metz 1997, table 1.
    for separation, area in ((0.75, 0.702), (1.5, 0.855), (2.5, 0.961)):
        assert expected_auc(unit, separation) == pytest.approx(area, abs=0.001)


def test_separation_and_auc_are_inverse():
    for separation, wanted in zip(separations(SETTINGS), (0.77, 0.84), strict=True):
        assert expected_auc(SETTINGS, float(separation)) == pytest.approx(wanted, abs=1e-12)


def test_readers_without_any_variance_are_refused():
    none = {"var_case": 0.0, "var_modality_case": 0.0, "var_reader_case": 0.0, "var_error": 0.0}
    with pytest.raises(ValidationError, match="make one > 0"):
        ReaderSettings(**none)
