from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_interval, auc_test
from samesplit.statistics.learning_curve import CurveFit, crossing_sizes, sample_curves
from samesplit.statistics.multiclass_auc import multiclass_auc

SIZES = (50, 100, 200)


def fits_of(
    separations: dict[int, list[float]], *, draws: int = 1, noise: float = 0.0, n: int = 400, seed: int = 0
) -> list[CurveFit]:
    """Models whose scores tell the classes apart by so many SDs, the same lesions for all of them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    patients = np.array([f"P{i:03d}" for i in range(n)])
    shared = rng.normal(size=n)
    return [
        CurveFit(
            curve,
            size,
            (draw,),
            labels,
            shared + 0.5 * rng.normal(size=n) + labels * (separation + noise * rng.normal()),
            patients,
        )
        for curve, each in separations.items()
        for size, separation in enumerate(each)
        for draw in range(draws)
    ]


def test_a_curve_goes_through_the_mean_aucs_of_its_fits() -> None:
    fits = fits_of({0: [0.5, 1.0, 1.5]}, draws=3, noise=0.3)
    found = sample_curves(fits, n_curves=1, n_sizes=3, n_draws=3, n_resamples=50)

    for size in range(3):
        each = [auc_interval(fit.labels, fit.scores).estimate for fit in fits if fit.size == size]
        assert found.estimates[0, size] == pytest.approx(np.mean(each), abs=1e-12)
        np.testing.assert_allclose(found.by_draw[0, size], each, atol=1e-12)


def test_with_one_draw_the_intervals_are_close_to_those_of_delong() -> None:
    fits = fits_of({0: [1.0], 1: [1.4]})
    found = sample_curves(fits, n_curves=2, n_sizes=1, n_draws=1, n_resamples=4000)

    alone = auc_interval(fits[0].labels, fits[0].scores)
    point = found.point(0, 0)
    assert point.ci_low == pytest.approx(alone.ci_low, abs=0.006)
    assert point.ci_high == pytest.approx(alone.ci_high, abs=0.006)
    paired = auc_test(fits[0].labels, fits[1].scores, fits[0].scores)
    difference = found.difference(0, 1, 0)
    assert difference.estimate == pytest.approx(paired.estimate, abs=1e-12)
    assert difference.ci_low == pytest.approx(paired.ci_low, abs=0.006)
    assert difference.ci_high == pytest.approx(paired.ci_high, abs=0.006)


def test_draws_that_differ_widen_the_interval_by_their_own_variance() -> None:
    """Of many test patients only the draws are left: the variance is that of the mean of the draws."""
    fits = fits_of({0: [1.0]}, draws=5, noise=0.5, n=1200)
    found = sample_curves(fits, n_curves=1, n_sizes=1, n_draws=5, n_resamples=1000)
    steady = sample_curves(fits[:1], n_curves=1, n_sizes=1, n_draws=1, n_resamples=300)

    own = found.by_draw[0, 0].var(ddof=1) / 5
    test_part = steady.replicates.var()
    assert own > 2 * test_part
    assert found.replicates.var() == pytest.approx(own + test_part, rel=0.2)


def test_what_stands_for_all_draws_has_no_variance_of_draws() -> None:
    one = fits_of({0: [1.0]})[0]
    every = CurveFit(0, 0, (0, 1, 2), one.labels, one.scores, one.patients)
    found = sample_curves([every], n_curves=1, n_sizes=1, n_draws=3, n_resamples=100)
    single = sample_curves([one], n_curves=1, n_sizes=1, n_draws=1, n_resamples=100)

    np.testing.assert_allclose(found.replicates, single.replicates, atol=1e-12)


def test_curves_that_cross_do_so_where_the_line_between_their_sizes_has_it() -> None:
    gaps = [[-0.2, -0.1, 0.1], [0.1, -0.1, 0.0], [-0.1, 0.1, -0.1], [0.0, 0.0, 0.1], [-0.1, 0.2, 0.1]]
    found = crossing_sizes(SIZES, gaps)

    assert found[0] == pytest.approx(100 * math.sqrt(2))
    assert found[1] == pytest.approx(200)  # exactly as high counts as no longer below
    assert found[2] == math.inf  # the last size counts
    assert found[3] == 0
    assert found[4] == pytest.approx(50 * 2 ** (1 / 3))


def test_a_difference_of_the_last_digits_is_none() -> None:
    assert crossing_sizes([1, 2], [[-1e-17, -1e-16]]).tolist() == [0]


def test_the_interval_of_a_crossing_holds_it_and_grows_where_curves_are_alike() -> None:
    apart = fits_of({0: [1.2, 1.2, 1.2], 1: [0.2, 0.8, 2.2]})
    found = sample_curves(apart, n_curves=2, n_sizes=3, n_draws=1, n_resamples=500)
    sharp = found.crossing(0, 1, SIZES)
    assert 100 < sharp.ci_low <= sharp.estimate <= sharp.ci_high < 200
    assert "in 100 % of the samples" in sharp.note

    alike = fits_of({0: [1.0, 1.0, 1.0], 1: [0.98, 1.0, 1.02]}, n=60)
    vague = sample_curves(alike, n_curves=2, n_sizes=3, n_draws=1, n_resamples=500)
    wide = vague.crossing(0, 1, SIZES)
    assert wide.ci_low < sharp.ci_low
    assert wide.ci_high == math.inf
    assert wide.ci_low <= wide.estimate <= wide.ci_high


def test_a_size_that_one_curve_lacks_is_not_looked_at_for_their_crossing() -> None:
    fits = fits_of({0: [1.2, 1.2, 1.2], 1: [0.2, 0.8, 2.2]})
    without = [fit for fit in fits if (fit.curve, fit.size) != (1, 1)]
    found = sample_curves(without, n_curves=2, n_sizes=3, n_draws=1, n_resamples=100)

    assert np.isnan(found.point(1, 1).estimate)
    ends = found.estimates[1, [0, 2]] - found.estimates[0, [0, 2]]
    expected = crossing_sizes([50, 200], ends[None])[0]
    assert found.crossing(0, 1, SIZES).estimate == pytest.approx(expected)


def test_two_curves_without_a_common_size_have_no_crossing() -> None:
    fits = fits_of({0: [1.0, 1.0], 1: [1.0, 1.0]})
    found = sample_curves(
        [fit for fit in fits if fit.curve == fit.size], n_curves=2, n_sizes=2, n_draws=1, n_resamples=20
    )
    assert math.isnan(found.crossing(0, 1, (50, 100)).estimate)
    assert "no size" in found.crossing(0, 1, (50, 100)).note


def test_samples_in_which_a_size_has_no_auc_do_not_count_for_the_crossing() -> None:
    """Each size was tested on one positive patient of its own: no sample that lacks him has its AUC."""
    labels, patients = np.array([0, 0, 1]), np.array(["A", "B", "C"])
    scores = np.array([0.1, 0.3, 0.2])
    other = np.array(["A", "B", "D"])
    fits = [
        CurveFit(curve, size, (0,), labels, scores + curve * size, patients if size else other)
        for curve in range(2)
        for size in range(2)
    ]
    found = sample_curves(fits, n_curves=2, n_sizes=2, n_draws=1, n_resamples=200)
    assert np.isnan(found.replicates).any()
    assert found.crossing(0, 1, (50, 100)).estimate == 0

    without = found.replicates[np.isnan(found.replicates).any(axis=(1, 2))]
    empty = type(found)(found.estimates, without, found.by_draw)
    assert "no sample" in empty.crossing(0, 1, (50, 100)).note


def test_the_auc_of_several_classes_is_the_mean_of_each_against_the_others() -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(90) % 3
    p = rng.dirichlet(np.ones(3), size=90) + 0.3 * np.eye(3)[labels]
    p /= p.sum(axis=1, keepdims=True)
    fit = CurveFit(0, 0, (0,), labels, p, np.arange(90).astype(str))
    found = sample_curves([fit], n_curves=1, n_sizes=1, n_draws=1, n_classes=3, n_resamples=50)

    assert found.estimates[0, 0] == pytest.approx(multiclass_auc(labels, p), abs=1e-12)
    assert 0 < found.replicates.std() < 0.1


def test_what_is_no_curve_is_refused() -> None:
    with pytest.raises(StatisticsError, match="no fitted model"):
        sample_curves([], n_curves=1, n_sizes=1, n_draws=1)
    for sizes in ([], [0, 1], [2, 1], [[1, 2]]):
        with pytest.raises(StatisticsError, match="do not rise"):
            crossing_sizes(sizes, [[0.0, 0.0]])
    with pytest.raises(StatisticsError, match="do not fit"):
        crossing_sizes([1, 2], [[0.0]])
