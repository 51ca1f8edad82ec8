"""Frozen models under the masks of other raters: what changes, and how far the raters' masks agree."""

from __future__ import annotations

from samesplit.evaluation.raters.features import RATER_FEATURE_VALUES, RATER_FEATURES, feature_agreement
from samesplit.evaluation.raters.masks import MASK_PAIRS, RATER_MASKS, mask_agreement
from samesplit.evaluation.raters.models import RATERS, evaluate_raters

__all__ = [
    "MASK_PAIRS",
    "RATERS",
    "RATER_FEATURES",
    "RATER_FEATURE_VALUES",
    "RATER_MASKS",
    "evaluate_raters",
    "feature_agreement",
    "mask_agreement",
]
