"""Which lesions a model should leave to a human: deferral curves and conformal prediction sets."""

from __future__ import annotations

from samesplit.statistics.triage.conformal import ConformalSets, calibrate_sets, fewest_for_coverage
from samesplit.statistics.triage.deferral import DeferralCurve, deferral_curve

__all__ = [
    "ConformalSets",
    "DeferralCurve",
    "calibrate_sets",
    "deferral_curve",
    "fewest_for_coverage",
]
