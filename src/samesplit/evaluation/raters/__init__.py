"""Frozen models under the masks of other raters: what changes, and how far the raters' masks agree."""

from __future__ import annotations

from samesplit.evaluation.raters.masks import MASK_PAIRS, RATER_MASKS, mask_agreement
from samesplit.evaluation.raters.models import RATERS, evaluate_raters

__all__ = ["MASK_PAIRS", "RATERS", "RATER_MASKS", "evaluate_raters", "mask_agreement"]
