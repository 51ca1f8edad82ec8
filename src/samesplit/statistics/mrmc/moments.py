"""Second-order moments of a figure of merit averaged over readers and cases, for any design.

The square of an average is a double sum over pairs of readings. Sorting these pairs by what they share (the
reader, the negative case, the positive case) gives eight moments for the AUC, M1 (all shared) to M8 (nothing
shared), and four for figures of single cases. Their weights in the double sum, the coefficients, come from
the design alone, so that crossed, split-plot and incomplete designs are one formula. The variance is the
weighted sum less M8, which is the unbiased estimate of the squared mean.

References:
    Gallas BD, Bandos A, Samuelson FW, Wagner RF. A framework for random-effects ROC analysis: biases with the
    bootstrap and other variance estimators. doi:10.1080/03610920802610084.
    Gallas BD, Brown DG. Reader studies for validation of CAD systems. doi:10.1016/j.neunet.2007.12.013.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement

import numpy as np

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.kernels import Kernel

__all__ = ["Moments", "StudyMoments", "all_moments"]

Sums = tuple[FloatArray, FloatArray]
"""Sums of a kernel and the numbers of what was summed, of the same shape."""

_STEPS = {
    "different": np.array([[1.0, 0.0], [-1.0, 1.0]]),  # from "shared" and "any" to "shared" and "different"
    "effect": np.array([[1.0, -1.0], [0.0, 1.0]]),  # from moments to components: "shared" less "different"
    "within": np.array([[1.0, 0.0], [1.0, 1.0]]),  # from coefficients of moments to those of components
}


@cache
def _step(name: str, n_factors: int) -> FloatArray:
    """Return the same step on each of several factors: a Kronecker product."""
    found: FloatArray = np.ones((1, 1))
    for _ in range(n_factors):
        found = np.asarray(np.kron(found, _STEPS[name]), dtype=np.float64)
    return found


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of the product of two averages (the same one twice, or those of two modalities).

    Their order: the reader shared in the first half and different in the second; within that the positive
    case shared, then different; within that the negative case. So entry 0 is M1 (all shared) and the last
    one, M8 of an AUC, is the product of independent readings.

    Attributes:
        unbiased: Shape (8,) for an AUC, (4,) for a figure of single cases.
        biased: The same from sums that let "any" stand for "different", as the bootstrap does (V-statistic).
        coefficients: Weights of the moments in the covariance, from the design; the last is less 1.
        factors: The random factors besides the readers.
    """

    unbiased: FloatArray
    biased: FloatArray
    coefficients: FloatArray
    factors: tuple[str, ...]

    @property
    def is_estimable(self) -> bool:
        """Whether the design holds readings that share nothing, without which there is no variance."""
        return bool(self.coefficients[-1] > -1.0)

    @property
    def covariance(self) -> float:
        """Unbiased covariance of the two averages; may be negative where it is the variance of one."""
        return float(self.coefficients @ self.unbiased)

    @property
    def mle_covariance(self) -> float:
        """The covariance with biased moments (the ideal bootstrap in a crossed design)."""
        return float(self.coefficients @ self.biased)

    @property
    def components(self) -> FloatArray:
        """Unbiased components of Barrett, Clarkson and Kupinski (BCK), ordered as the moments.

        Entry 0 is what all factors make together, then those of fewer; the last one is the squared mean.
        """
        return _step("effect", len(self.factors) + 1) @ self.unbiased

    @property
    def biased_components(self) -> FloatArray:
        """The components from biased moments."""
        return _step("effect", len(self.factors) + 1) @ self.biased

    @property
    def component_coefficients(self) -> FloatArray:
        """What each component weighs in the covariance; 1 / n of its factors in a crossed design."""
        return _step("within", len(self.factors) + 1) @ self.coefficients


@dataclass(frozen=True, eq=False)
class StudyMoments:
    """Moments of all pairs of modalities, by their places (i, j) with i <= j.

    Attributes:
        averages: Of the averages over readers.
        readers: For each reader the moments of that reader's own figure, without the half of other readers.
        sums: Shape (n modalities, n readers), each reader's sum of the kernel.
        counts: The same shape, how many terms that sum has.
    """

    averages: dict[tuple[int, int], Moments]
    readers: dict[tuple[int, int], list[Moments]]
    sums: FloatArray
    counts: FloatArray


def all_moments(kernel: Kernel) -> StudyMoments:
    """Compute the moments of every pair of modalities, of the average over readers and of each reader alone.

    Args:
        kernel: See `kernel_of`.
    """
    n_modalities, n_readers = kernel.study.scores.shape[:2]
    pairs = list(combinations_with_replacement(range(n_modalities), 2))
    shared = _shared_patients if kernel.is_mixed else _shared_cases
    own: dict[tuple[int, int], list[Sums]] = {pair: [] for pair in pairs}
    by_reader = np.zeros((2, n_modalities, n_readers))
    all_values, all_counts = (np.zeros((n_modalities, *kernel.shape)) for _ in range(2))
    for reader in range(n_readers):
        found = kernel.of_reader(reader)
        found.add_to(all_values, all_counts)
        values, counts = found.values, found.counts
        by_reader[:, :, reader] = [x.reshape(n_modalities, -1).sum(axis=1) for x in (values, counts)]
        for i, j in pairs:
            own[i, j].append((shared(values[i], values[j]), shared(counts[i], counts[j])))
    averages, readers = {}, {}
    for i, j in pairs:
        same = _added(own[i, j])
        both = shared(all_values[i], all_values[j]), shared(all_counts[i], all_counts[j])
        averages[i, j] = _moments(
            np.concatenate([same[0], both[0]]),
            np.concatenate([same[1], both[1]]),
            kernel.factors,
            readers=True,
        )
        readers[i, j] = [_moments(*sums, kernel.factors, readers=False) for sums in own[i, j]]
    return StudyMoments(averages, readers, by_reader[0], by_reader[1])


def _added(found: Iterable[Sums]) -> Sums:
    numerators, denominators = zip(*found, strict=True)
    return np.sum(numerators, axis=0), np.sum(denominators, axis=0)


def _moments(
    numerator: FloatArray, denominator: FloatArray, factors: tuple[str, ...], *, readers: bool
) -> Moments:
    step = _step("different", len(factors) + readers)
    unbiased_n, unbiased_d = step @ numerator, step @ denominator
    coefficients = _ratio(unbiased_d, np.full_like(unbiased_d, denominator[-1]))
    coefficients[-1] -= 1.0
    return Moments(_ratio(unbiased_n, unbiased_d), _ratio(numerator, denominator), coefficients, factors)


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide, and give 0 where the design has no such pair of readings (its coefficient is 0 as well)."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0.5)


def _shared_cases(a: FloatArray, b: FloatArray) -> FloatArray:
    """Sum products over pairs that share all axes, all but the first, all but the second, and over any pairs."""
    reductions: list[Callable[[FloatArray], FloatArray]] = [lambda x: x, lambda x: x.sum(axis=0)]
    if a.ndim == 2:
        reductions += [lambda x: x.sum(axis=1), lambda x: x.sum()]
    return np.array([np.sum(reduced(a) * reduced(b)) for reduced in reductions])


def _shared_patients(a: FloatArray, b: FloatArray) -> FloatArray:
    """Sum products over pairs that share a patient on whichever axis, and over any pairs.

    A patient's share counts every comparison that holds the patient; pairs of comparisons between the same
    two patients are in the shares of both and are taken off once.
    """
    shares = [x.sum(axis=0) + x.sum(axis=1) - np.diag(x) for x in (a, b)]
    folded = [np.triu(x + x.T, k=1) for x in (a, b)]
    return np.array([shares[0] @ shares[1] - np.sum(folded[0] * folded[1]), a.sum() * b.sum()])
