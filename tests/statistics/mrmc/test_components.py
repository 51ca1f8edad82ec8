from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.statistics.mrmc.components import estimate_components, hillis_df, mean_squares


def test_covariances_are_means_over_the_pairs_that_share_what_they_share() -> None:
    # Modalities a, b and readers 1, 2, in the order a1, a2, b1, b2.
    matrix = np.array([[10, 2, 5, 1], [2, 12, 1, 7], [5, 1, 14, 4], [1, 7, 4, 16]], dtype=float)
    found = estimate_components([[0.8, 0.7], [0.9, 0.85]], matrix)
    assert (found.error, found.cov1, found.cov2, found.cov3) == (13, 6, 3, 1)
    assert (found.corr1, found.corr2, found.corr3) == (6 / 13, 3 / 13, 1 / 13)


def test_components_give_the_expected_mean_squares_back() -> None:
    rng = np.random.default_rng(0)
    values, factor = rng.normal(size=(3, 4)), rng.normal(size=(12, 12))
    found, squares = estimate_components(values, factor @ factor.T), mean_squares(values)
    rest = found.error - found.cov1 - found.cov2 + found.cov3
    assert squares.modality_reader == pytest.approx(found.modality_reader + rest)
    from_readers = 3 * (found.reader + found.cov1 - found.cov3)
    assert squares.reader == pytest.approx(from_readers + found.modality_reader + rest)


def test_one_modality_has_no_covariance_between_modalities() -> None:
    found = estimate_components([[0.8, 0.7, 0.9]], np.eye(3) + 0.5)
    assert (found.error, found.cov2) == (1.5, 0.5)
    assert math.isnan(found.cov1)
    assert math.isnan(found.cov3)
    assert math.isnan(found.modality_reader)
    assert found.reader == pytest.approx(0.01 - 1.5 + 0.5)


def test_one_reader_has_no_covariance_between_readers() -> None:
    found = estimate_components([[0.8], [0.7]], [[2.0, 1.0], [1.0, 3.0]])
    assert (found.error, found.cov1) == (2.5, 1.0)
    assert math.isnan(found.cov2)
    assert math.isnan(found.corr3)


def test_readers_who_do_not_differ_have_infinite_degrees_of_freedom() -> None:
    assert hillis_df(0.0, 1.0, 4.0) == math.inf
    assert hillis_df(2.0, 2.0, 4.0) == 4.0
