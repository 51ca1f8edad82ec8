from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement import krippendorff_alpha

Reference = Callable[[str], pd.DataFrame]
NAN = np.nan
# Krippendorff, Computing Krippendorff's alpha-reliability (2011), four observers and twelve units.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_the_published_example_is_reproduced_at_every_level(level: str, alpha: float) -> None:
    found = krippendorff_alpha(PUBLISHED, level=level, n_resamples=50)
    assert found.estimate == pytest.approx(alpha, abs=5e-4)
    assert found.ci_low <= found.estimate <= found.ci_high
    assert found.n_cases == 11  # one unit has a single value
    assert found.standard_error > 0


def test_the_same_seed_gives_the_same_interval_and_patients_are_drawn_whole() -> None:
    patients = np.repeat(np.arange(6), 2)
    first = krippendorff_alpha(PUBLISHED, patients=patients, n_resamples=200, seed=4)
    assert first == krippendorff_alpha(PUBLISHED, patients=patients, n_resamples=200, seed=4)
    alone = krippendorff_alpha(PUBLISHED, n_resamples=200, seed=4)
    assert alone.estimate == first.estimate
    assert (alone.ci_low, alone.ci_high) != (first.ci_low, first.ci_high)


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_samples_in_which_all_ratings_are_the_same_are_left_out(level: str) -> None:
    found = krippendorff_alpha([[1, 1], [1, 1], [1, 0]], level=level, n_resamples=100)
    assert "not defined in" in found.note


def test_without_samples_or_with_one_patient_there_is_no_interval() -> None:
    assert krippendorff_alpha(PUBLISHED, n_resamples=0).note == "no interval"
    one = krippendorff_alpha(PUBLISHED, patients=np.zeros(12))
    assert math.isnan(one.ci_low)


def test_a_standard_error_needs_two_samples_with_an_alpha() -> None:
    table = [[1, 1], [1, 1], [1, 1], [1, 1], [1, 1], [1, 0]]
    errors = [krippendorff_alpha(table, n_resamples=2, seed=seed).standard_error for seed in range(20)]
    assert any(math.isnan(error) for error in errors)
    assert any(error > 0 for error in errors)


def test_what_has_no_alpha_is_missing_or_an_error() -> None:
    assert math.isnan(krippendorff_alpha([[1, 1], [1, 1]]).estimate)
    with pytest.raises(StatisticsError, match="unknown level"):
        krippendorff_alpha([[1, 1], [1, 0]], level="absolute")
    with pytest.raises(StatisticsError, match="not on a ratio scale"):
        krippendorff_alpha([[1, 1], [-1, 0]], level="ratio")
    with pytest.raises(StatisticsError, match="different ratings are more"):
        krippendorff_alpha(np.arange(4000.0).reshape(2000, 2), level="interval")


def test_ratings_of_zero_on_a_ratio_scale_agree_with_each_other() -> None:
    found = krippendorff_alpha([[0, 0], [1, 2], [3, 3]], level="ratio", n_resamples=0)
    assert 0 < found.estimate < 1


@pytest.mark.data
@pytest.mark.parametrize("analysis", ["vandyke_t1_5readers_ordinal", "vandyke_t1_5readers_binary_ge3"])
def test_alpha_matches_the_closed_form_and_r(analysis: str, reference: Reference) -> None:
    rows = reference("vandyke.csv").query("treatment == 1")
    ratings = rows.pivot_table(index="case", columns="reader", values="rating").to_numpy()
    if analysis.endswith("ge3"):
        ratings = (ratings >= 3).astype(float)
    expected = reference("expected/agreement_paired.csv").query(
        "analysis_id == @analysis and table == 'krippendorff_alpha'"
    )
    table = expected.set_index("row")["value"].astype(float)
    nominal = krippendorff_alpha(ratings, n_resamples=0).estimate
    assert nominal == pytest.approx(table["nominal"], rel=1e-9)
    interval = krippendorff_alpha(ratings, level="interval", n_resamples=0).estimate
    assert interval == pytest.approx(table["interval"], abs=5.1e-6)  # irrCAC rounds to five digits
