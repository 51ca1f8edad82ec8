"""How a network was trained, in one line, and whether it was trained at all."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from samesplit.models.networks.schedule import TrainingPlan

__all__ = ["FIRST_SHARE", "LEAST_RANGE", "summarise_fit", "untrained"]

FIRST_SHARE = 0.1
"""Weights kept in so early a share of the training's steps are those of a network that was stopped untrained."""
LEAST_RANGE = 0.1
"""A network whose probabilities lie closer together than this tells no lesion from another."""


def summarise_fit(
    kept: dict[str, float],
    last: dict[str, float],
    plan: TrainingPlan,
    training_auc: float | None,
    logits: Tensor,
    *,
    trials: int,
) -> dict[str, Any]:
    """Sum up how the kept network was trained.

    Args:
        kept: The entry of the history whose weights were kept.
        last: Its last entry.
        plan: Of the training.
        training_auc: Of the kept weights, without augmentation.
        logits: Of the kept weights for all lesions of the training and validation part, shape (n_lesions,) or
            (n_lesions, n_classes).
        trials: How many networks were fitted.

    Returns:
        `epoch` and `steps` that were kept, `epochs` and `steps_trained` in all, `most_steps` that were planned,
        `training_auc`, `validation_auc`, `probability_range`, `trials`, and `untrained`: why the network seems so,
        or an empty text.
    """
    probabilities = logits.sigmoid()[:, None] if logits.ndim == 1 else logits.softmax(dim=1)
    spread = float((probabilities.amax(dim=0) - probabilities.amin(dim=0)).max())
    return {
        "epoch": kept["epoch"],
        "epochs": last["epoch"],
        "steps": int(kept["steps"]),
        "steps_trained": int(last["steps"]),
        "most_steps": plan.steps,
        "training_auc": math.nan if training_auc is None else training_auc,
        "validation_auc": kept.get("validation AUC", math.nan),
        "probability_range": spread,
        "trials": trials,
        "untrained": untrained(int(kept["steps"]), plan.steps, spread),
    }


def untrained(steps: int, most_steps: int, probability_range: float) -> str:
    """Say why a network seems untrained; an empty text where it does not.

    Example:
        >>> untrained(2, 100, 0.7)
        'kept after 2 of 100 steps'
        >>> untrained(80, 100, 0.06)
        'all probabilities lie within 0.06'
        >>> untrained(80, 100, 0.7)
        ''
    """
    reasons = []
    if steps <= FIRST_SHARE * most_steps:
        reasons.append(f"kept after {steps} of {most_steps} steps")
    if probability_range < LEAST_RANGE:
        reasons.append(f"all probabilities lie within {probability_range:.2f}")
    return "; ".join(reasons)
