"""The bootstrap over readers and cases: both are drawn anew, all modalities see the same draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.bootstrap import bootstrap_interval
from samesplit.statistics.checks import FloatArray, check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.mrmc.kernels import Figure, Kernel, kernel_of
from samesplit.statistics.mrmc.study import ReaderStudy

__all__ = ["BootstrapRandom", "ReaderBootstrap", "reader_bootstrap"]

BootstrapRandom = Literal["readers and cases", "cases", "readers"]

_CHUNK = 500  # draws at a time: bounds the memory to a few hundred rows of weights


@dataclass(frozen=True, eq=False)
class ReaderBootstrap:
    """Figures of merit of drawn readers and cases.

    Attributes:
        estimates: By modality, of the readings as they are.
        replicates: By modality, shape (n resamples,); NaN where a draw held no reading of the figure.
        method: In words.
        confidence: Of the intervals.
    """

    estimates: Mapping[str, float]
    replicates: Mapping[str, FloatArray]
    method: str
    confidence: float

    def variance(self, first: str, second: str | None = None) -> float:
        """Return the variance of a modality's figure, or of the difference of two.

        Args:
            first: A modality.
            second: What is subtracted from it; None for the first alone.
        """
        return float(np.nanvar(self._replicates(first, second), ddof=1))

    def interval(self, first: str, second: str | None = None) -> Interval:
        """Return the percentile interval of a modality's figure, or of the difference of two.

        Args:
            first: A modality.
            second: What is subtracted from it; None for the first alone.
        """
        estimate = self.estimates[first] - (0.0 if second is None else self.estimates[second])
        found = bootstrap_interval(estimate, self._replicates(first, second), confidence=self.confidence)
        return replace(found, method=self.method)

    def _replicates(self, first: str, second: str | None) -> FloatArray:
        found = self.replicates[first]
        return found if second is None else found - self.replicates[second]


def reader_bootstrap(
    study: ReaderStudy,
    figure: Figure = "auc",
    *,
    random: BootstrapRandom = "readers and cases",
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> ReaderBootstrap:
    """Draw readers, and cases of either class apart, with replacement; cases of one patient stay together.

    In a crossed study the variance tends to that of the V-statistic (`u_statistic_analysis(...,
    variance="mle")`), which is too large, the more so the fewer readers. It is offered for figures of its
    intervals, which need not be symmetric, and as a check; `u_statistic_analysis` is the analysis to report.

    Args:
        study: The readings, any design.
        figure: As in `u_statistic_analysis`.
        random: What is drawn.
        n_resamples: How many draws.
        seed: Of the random generator; the same seed gives the same draws.
        confidence: Two-sided coverage.

    Raises:
        StatisticsError: Fewer than two draws, an unknown option, or what `kernel_of` raises.

    References:
        Gallas BD, Bandos A, Samuelson FW, Wagner RF. A framework for random-effects ROC analysis: biases with
        the bootstrap and other variance estimators. doi:10.1080/03610920802610084.

    Example:
        >>> study = ReaderStudy.from_columns(
        ...     reader=["r1"] * 4 + ["r2"] * 4, case=list("abcd") * 2, truth=[0, 0, 1, 1] * 2,
        ...     score=[1, 3, 2, 4, 2, 1, 4, 3],
        ... )
        >>> reader_bootstrap(study, n_resamples=200).interval("reading").ci_high
        1.0
    """
    check_confidence(confidence)
    if random not in get_args(BootstrapRandom):
        raise StatisticsError(
            f"unknown option {random!r}", remedy=f"use one of: {', '.join(get_args(BootstrapRandom))}"
        )
    if n_resamples < 2:
        raise StatisticsError(f"a variance needs two draws or more, not {n_resamples}")
    kernel = kernel_of(study, figure)
    generator = np.random.default_rng(seed)
    whole = _figures(kernel, _weights(kernel, 1, generator, drawn=""))
    parts = [
        _figures(kernel, _weights(kernel, min(_CHUNK, n_resamples - start), generator, drawn=random))
        for start in range(0, n_resamples, _CHUNK)
    ]
    replicates = np.concatenate(parts, axis=1)
    what = {"cases": "patients" if study.is_clustered else "cases"}
    drawn = " and ".join(what.get(word, word) for word in random.split(" and "))
    method = f"bootstrap over {drawn}, percentile, {n_resamples} draws"
    return ReaderBootstrap(
        {name: float(value) for name, value in zip(study.modalities, whole[:, 0], strict=True)},
        dict(zip(study.modalities, replicates, strict=True)),
        method,
        confidence,
    )


def _weights(kernel: Kernel, n: int, generator: np.random.Generator, *, drawn: str) -> list[FloatArray]:
    """Return how often each reader, and each unit of each axis, is drawn: shapes (n, n readers), (n, n units)."""
    sizes = list(kernel.shape)
    if kernel.is_mixed:
        sizes = sizes[:1]  # the same patients on both axes
    drawn_axes = ["readers" in drawn] + ["cases" in drawn] * len(sizes)
    return [
        generator.multinomial(size, np.full(size, 1 / size), size=n).astype(np.float64)
        if is_drawn
        else np.ones((n, size))
        for size, is_drawn in zip([len(kernel.study.readers), *sizes], drawn_axes, strict=True)
    ]


def _figures(kernel: Kernel, weights: list[FloatArray]) -> FloatArray:
    """Average the kernel with weights, shape (n modalities, n draws)."""
    of_readers, *of_units = weights
    if kernel.is_mixed:
        of_units = of_units * 2
    n_modalities = len(kernel.study.modalities)
    totals = np.zeros((2, n_modalities, len(of_readers)))
    for reader in range(len(kernel.study.readers)):
        found = kernel.of_reader(reader)
        here = [weight[:, places] for weight, places in zip(of_units, found.places, strict=True)]
        for place, sums in enumerate((found.values, found.counts)):
            for modality in range(n_modalities):
                drawn = here[0] @ sums[modality]
                if len(here) > 1:
                    drawn = np.einsum("bj,bj->b", drawn, here[1])
                totals[place, modality] += of_readers[:, reader] * drawn
    with np.errstate(invalid="ignore"):
        return np.asarray(totals[0] / totals[1])
