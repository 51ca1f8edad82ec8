"""The interval of an average AUC or rate over readers, made on the logit scale."""

from __future__ import annotations

import math
from dataclasses import replace

from scipy import stats

from samesplit.statistics.checks import check_confidence
from samesplit.statistics.student import StudentInterval

__all__ = ["on_logit_scale"]


def on_logit_scale(found: StudentInterval, *, confidence: float = 0.95) -> StudentInterval:
    """Make the t interval for log(e / (1 - e)) and map it back.

    An average AUC over few readers is skewed: plain intervals, as Obuchowski-Rockette programs and iMRMC give
    them, hold 91 to 94 % in simulations instead of 95 %, and mostly miss by lying too high. On the
    logit scale they hold 94 to 95 % (docs/reader-studies-simulation.md).

    Args:
        found: Of a figure between 0 and 1, not of a difference.
        confidence: Two-sided coverage.

    Returns:
        The interval with other bounds; estimate, standard error, degrees of freedom and test stay. Where the
        estimate is 0 or 1, or without a standard error, it stays as it is.

    Example:
        >>> from samesplit.statistics.student import student_interval
        >>> plain = student_interval(0.9, 0.0016, 8.0, method="t")
        >>> curved = on_logit_scale(plain)
        >>> round(curved.ci_low, 3), round(curved.ci_high, 3)
        (0.764, 0.962)
    """
    if not 0 < found.estimate < 1 or math.isnan(found.standard_error):
        return found
    centre = math.log(found.estimate / (1 - found.estimate))
    error = found.standard_error / (found.estimate * (1 - found.estimate))
    step = float(stats.t.isf((1 - check_confidence(confidence)) / 2, found.df)) * error
    low, high = (float(stats.logistic.cdf(centre + side)) for side in (-step, step))
    notes = [part for part in found.note.split("; ") if part and not part.startswith("interval cut off")]
    return replace(found, ci_low=low, ci_high=high, method=f"{found.method}, logit", note="; ".join(notes))
