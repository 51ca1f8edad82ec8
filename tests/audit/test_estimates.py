from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.audit.estimates import inflation, inflation_when_shuffled, subject_table, t_interval
from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.scores import auc_of
from samesplit.statistics.auc import auc_interval, auc_test
from samesplit.statistics.influence import covariance


def scores(seed: int, strength: float, *, folds: int = 1, n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    ids = [f"L{number:02d}" for number in range(n)]
    table = pd.DataFrame(
        {"fold": np.arange(n) // 2 % folds, "lesion_id": ids, "patient_id": ids, "label": label}
    )
    return table.assign(score=rng.normal(size=n) + strength * label)


def test_on_one_test_set_the_numbers_are_delongs() -> None:
    honest, leaky = scores(0, 0.5), scores(1, 1.5)
    found = inflation(subject_table([(0, honest)]), subject_table([(0, leaky)]))
    alone = auc_interval(honest["label"], honest["score"], scale="plain")
    paired = auc_test(honest["label"], leaky["score"], honest["score"])

    assert (found.honest.estimate, found.honest.ci_low) == pytest.approx((alone.estimate, alone.ci_low))
    assert (found.difference.estimate, found.difference.p_value) == pytest.approx(
        (paired.estimate, paired.p_value)
    )
    assert found.honest.method == "DeLong"
    assert (found.n, found.n_positive) == (60, 30)


def test_repeats_and_folds_make_cells_of_their_own() -> None:
    table = subject_table([(0, scores(0, 1.0, folds=3)), (1, scores(1, 1.0, folds=3))])

    assert table["cell"].nunique() == 6
    assert table.groupby("cell")[["repeat", "fold"]].nunique().eq(1).all().all()


def test_over_shuffles_the_interval_is_students_and_the_difference_is_paired() -> None:
    honest = [subject_table([(0, scores(seed, 0.0))]) for seed in range(6)]
    leaky = [part.assign(score=part["score"] + 0.8 * part["label"]) for part in honest]
    found = inflation_when_shuffled(honest, leaky)
    differences = [inflation(a, b).difference.estimate for a, b in zip(honest, leaky, strict=True)]
    half = 2.570582 * np.std(differences, ddof=1) / np.sqrt(6)

    assert found.difference.estimate == pytest.approx(np.mean(differences))
    assert found.difference.ci_high - found.difference.estimate == pytest.approx(half, rel=1e-6)
    assert found.honest.method == "t over 6 shuffles"


def test_an_interval_stays_inside_its_bounds_and_says_so() -> None:
    found = t_interval(np.array([0.6, 0.9]), bounds=(0.0, 1.0))

    assert (found.ci_low, found.ci_high) == (0.0, 1.0)
    assert "cut off" in found.note


@pytest.mark.parametrize("values", [[0.5], [0.7, 0.7, 0.7]], ids=["one", "alike"])
def test_without_spread_there_is_no_interval(values: list[float]) -> None:
    found = t_interval(np.array(values))

    assert found.estimate == pytest.approx(values[0])
    assert np.isnan(found.ci_low)
    assert found.note


def test_nothing_cannot_be_averaged() -> None:
    with pytest.raises(StatisticsError, match="nothing to average"):
        t_interval(np.array([]))


def test_over_folds_the_intervals_take_the_fitted_models_as_given() -> None:
    table = subject_table([(0, scores(0, 1.0, folds=3))])
    other = subject_table([(0, scores(1, 1.0, folds=3))])
    found = inflation(table, other)
    whole = auc_of(table)

    assert found.honest.method == "influence values, models as fitted"
    assert found.honest.ci_high - found.honest.estimate == pytest.approx(
        1.959964 * covariance(whole, whole) ** 0.5, rel=1e-6
    )
