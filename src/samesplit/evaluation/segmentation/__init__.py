"""The evaluation of a task of masks: how well the predicted masks overlap with those of the benchmark's rater."""

from __future__ import annotations

from samesplit.evaluation.segmentation.evaluate import evaluate_masks

__all__ = ["evaluate_masks"]
