"""Separable passes against scipy's, and sums and pools of terms against what they say they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve1d

from samesplit.features.filters.separable import ONE, Separable, Taps, Term, respond_separably

REACH = (4, 4, 4)


@pytest.fixture(scope="module")
def window() -> np.ndarray:
    return np.random.default_rng(1).normal(100, 50, (12, 15, 17)).astype(np.float32)


def taps(length: int, seed: int, first: int | None = None) -> Taps:
    weights = np.random.default_rng(seed).normal(size=length)
    return Taps(tuple(weights.tolist()), -(length // 2) if first is None else first)


def expected(window: np.ndarray, kernels: tuple[Taps, Taps, Taps]) -> np.ndarray:
    """The response inside the window, by dense sums in double precision."""
    found = window.astype(np.float64)
    for axis, one in enumerate(kernels):
        places = np.arange(REACH[axis], window.shape[axis] - REACH[axis])
        found = sum(
            weight * found.take(places + one.first + t, axis=axis) for t, weight in enumerate(one.weights)
        )
    return np.asarray(found)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 7, 8, 9])
def test_a_term_is_the_product_of_its_passes(window: np.ndarray, length: int) -> None:
    kernels = taps(length, 1), taps(max(length - 1, 1), 2), taps(length, 3)
    found = respond_separably(window, Separable((Term(kernels, weight=2.0),)), REACH)
    np.testing.assert_allclose(found, 2.0 * expected(window, kernels), rtol=1e-5, atol=1e-2)


def test_terms_are_added(window: np.ndarray) -> None:
    a, b, c = taps(3, 1), taps(5, 2), taps(4, 3, first=-1)
    terms = (Term((a, b, c)), Term((b, a, c), weight=-0.5), Term((c, c, a)), Term((ONE, ONE, ONE)))
    found = respond_separably(window, Separable(terms), REACH)
    wanted = sum(term.weight * expected(window, term.taps) for term in terms)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-2)


def test_terms_are_pooled_with_their_signs(window: np.ndarray) -> None:
    a, b, c = taps(3, 1), taps(5, 2), taps(4, 3, first=-1)
    terms = (Term((a, b, c), weight=-1.0), Term((a, b, a), both_signs=True), Term((c, b, a)))
    responses = [term.weight * expected(window, term.taps) for term in terms]
    largest = np.max([responses[0], np.abs(responses[1]), responses[2]], axis=0)
    smallest = np.min([responses[0], -np.abs(responses[1]), responses[2]], axis=0)
    found = {pool: respond_separably(window, Separable(terms, pool), REACH) for pool in ("max", "min")}
    np.testing.assert_allclose(found["max"], largest, rtol=1e-5, atol=1e-2)
    np.testing.assert_allclose(found["min"], smallest, rtol=1e-5, atol=1e-2)


def test_an_identity_along_z_needs_no_pass(window: np.ndarray) -> None:
    kernels = ONE, taps(3, 1), taps(5, 2)
    found = respond_separably(window, Separable((Term(kernels),)), REACH)
    np.testing.assert_allclose(found, expected(window, kernels), rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("length", [3, 4])
def test_convolutions_turn_their_kernel_over_as_scipy_does(length: int) -> None:
    kernel = np.random.default_rng(length).normal(size=length)
    row = np.random.default_rng(0).normal(size=(1, 1, 20)).astype(np.float32)
    one = Taps.of_convolution(kernel, length // 2)
    found = respond_separably(row, Separable((Term((ONE, ONE, one)),)), (0, 0, 4))
    np.testing.assert_allclose(found, convolve1d(row, kernel, axis=2)[:, :, 4:-4], rtol=1e-5, atol=1e-6)


def test_kernels_after_each_other_become_one() -> None:
    a, b = taps(3, 1, first=0), taps(2, 2, first=-2)
    both = a.after(b)
    line = np.random.default_rng(3).normal(size=30)
    once = np.correlate(np.correlate(line, b.weights, "valid"), a.weights, "valid")
    np.testing.assert_allclose(np.correlate(line, both.weights, "valid"), once)
    assert (both.first, both.last) == (a.first + b.first, a.last + b.last)


def test_the_mean_with_the_mirror_image_is_symmetric() -> None:
    mean = Taps((1.0, 2.0, 5.0), 0).mean_with_flipped()
    assert mean == Taps((2.5, 1.0, 1.0, 1.0, 2.5), -2)
