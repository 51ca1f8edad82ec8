"""Class-wise conformal prediction sets, which hold the true class with a stated probability in each class.

Mondrian (class-conditional) split conformal prediction (Vovk, Gammerman and Shafer 2005; Sadinle, Lei and
Wasserman 2019, doi 10.1080/01621459.2017.1395341): a class enters the set of a lesion when its probability is not
lower than that of all but a share alpha of the calibration lesions of the class. Whatever the model, the set of a
new lesion holds its class with probability at least 1 - alpha, given that the calibration lesions are like it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least
from samesplit.statistics.checks import FloatArray, check_class_probabilities, check_classes, check_confidence

__all__ = ["ConformalSets", "calibrate_sets", "fewest_for_coverage"]


@dataclass(frozen=True)
class ConformalSets:
    """The rule by which classes enter a set.

    Attributes:
        coverage: What was asked for.
        thresholds: Shape (n classes,), the least probability with which a class enters.
        n_calibration: Shape (n classes,), the calibration lesions of each class.
        guaranteed: Shape (n classes,), the exact expected coverage of each class, 1 - k / (n + 1) where the
            k-th smallest of n probabilities is the threshold; at least `coverage`.
    """

    coverage: float
    thresholds: FloatArray
    n_calibration: tuple[int, ...]
    guaranteed: FloatArray

    def sets(self, probabilities: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which classes are in the set of each lesion; a set may be empty or hold all classes.

        Args:
            probabilities: Shape (n lesions, n classes).
        """
        p = np.asarray(probabilities, dtype=np.float64)
        return np.asarray(at_least(p, np.broadcast_to(self.thresholds, p.shape)), dtype=np.bool_)

    def realised(self, of_class: int, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the range in which the coverage of a class lies for calibration lesions like these.

        Given the calibration lesions the coverage of new ones is a draw of Beta(n + 1 - l, l), where l of n + 1
        ranks are left out (Vovk 2012, doi 10.1007/s10994-013-5355-6).

        Args:
            of_class: The number of the class.
            confidence: Of the range.
        """
        n = self.n_calibration[of_class]
        left_out = round((n + 1) * (1 - float(self.guaranteed[of_class])))
        tail = (1 - check_confidence(confidence)) / 2
        law = stats.beta(n + 1 - left_out, left_out)
        return float(law.ppf(tail)), float(law.isf(tail))


def fewest_for_coverage(coverage: float) -> int:
    """Return how many calibration lesions a class needs at least: with fewer every set would hold every class.

    Args:
        coverage: Between 0 and 1.

    Example:
        >>> fewest_for_coverage(0.9), fewest_for_coverage(0.95)
        (9, 19)
    """
    alpha = 1 - check_confidence(coverage)
    return math.ceil(1 / alpha - 1 - 1e-9)


def calibrate_sets(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    coverage: float = 0.9,
    classes: Sequence[str] | None = None,
) -> ConformalSets:
    """Find the threshold of each class on calibration lesions, such as the validation part of a split.

    Args:
        labels: Shape (n,), the number of the class.
        probabilities: Shape (n, n classes), that sum to 1.
        coverage: Of the sets, in each class.
        classes: Names, for messages.

    Raises:
        StatisticsError: A class has fewer lesions than `fewest_for_coverage` asks for.

    Example:
        >>> p = np.linspace(0.05, 0.95, 19)
        >>> rule = calibrate_sets([1] * 19 + [0] * 19, np.r_[np.c_[1 - p, p], np.c_[p, 1 - p]], coverage=0.9)
        >>> rule.thresholds.round(2).tolist(), rule.guaranteed.tolist()
        ([0.1, 0.1], [0.9, 0.9])
    """
    p = check_class_probabilities(probabilities, n=len(np.asarray(labels)))
    truth = check_classes(labels, n_classes=p.shape[1])
    names = [str(c) for c in range(p.shape[1])] if classes is None else list(classes)
    fewest = fewest_for_coverage(coverage)
    thresholds, counts, guaranteed = [], [], []
    for number, name in enumerate(names):
        own = np.sort(p[truth == number, number])
        if own.size < fewest:
            raise StatisticsError(
                f"class {name!r} has {own.size} calibration lesions; sets that hold it with a probability of "
                f"{coverage:g} need {fewest}",
                remedy="ask for a lower coverage, or calibrate on more lesions",
            )
        # The l-th smallest probability leaves l - 1 calibration lesions out, and a new one with l / (n + 1).
        left_out = math.floor((own.size + 1) * (1 - coverage) + 1e-9)
        thresholds.append(own[left_out - 1])
        counts.append(int(own.size))
        guaranteed.append(1 - left_out / (own.size + 1))
    return ConformalSets(coverage, np.array(thresholds), tuple(counts), np.array(guaranteed))
