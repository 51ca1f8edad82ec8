"""How long a training is, when it is validated, how fast it learns, and which of its weights are kept.

The training is cut into rounds of equally many steps, each of which ends with a validation. All of it depends on
the settings, the number of batches and the history so far, so that a training that was killed goes on as it would
have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.models.networks.training_settings import DEFAULT_STEPS, TrainingSettings
from samesplit.ordering import below, first_best

__all__ = [
    "History",
    "TrainingPlan",
    "best_round",
    "learning_rate",
    "plan_training",
    "should_stop",
    "smoothed_scores",
]

History = list[dict[str, float]]
"""One entry a round: `training loss`, `learning rate` (of its last step), `steps` (from the beginning to its end),
`epoch` (passes through the training part, perhaps broken) and, with a validation part, `validation loss` and, when
both classes are in it, `validation AUC`."""

_LEAST_STEPS_A_ROUND = 10


@dataclass(frozen=True)
class TrainingPlan:
    """The length of a training.

    Attributes:
        batches: How many make an epoch.
        steps: The most steps of the optimiser; exactly so many without a validation part.
        every: Steps in a round.
        minimum: Steps before which no weights are kept and no training stops.
        warmup: Steps over which the learning rate climbs.
    """

    batches: int
    steps: int
    every: int
    minimum: int
    warmup: int

    @property
    def rounds(self) -> int:
        """The most validations."""
        return self.steps // self.every


def plan_training(settings: TrainingSettings, batches: int) -> TrainingPlan:
    """Plan a training whose epochs have so many batches.

    Example:
        >>> plan = plan_training(TrainingSettings(steps=200), batches=2)
        >>> plan.steps, plan.every, plan.rounds, plan.minimum
        (200, 10, 20, 50)
        >>> plan_training(TrainingSettings(epochs=25), batches=60).every
        60
    """
    wanted = settings.steps or (settings.epochs * batches if settings.epochs else DEFAULT_STEPS)
    wanted = max(wanted, settings.minimum_steps or 0)
    every = settings.validate_every_steps or batches * -(-_LEAST_STEPS_A_ROUND // batches)
    rounds = -(-wanted // every)
    every = -(-wanted // rounds)
    steps = rounds * every
    minimum = -(-steps // 4) if settings.minimum_steps is None else settings.minimum_steps
    warmup = settings.warmup_epochs * batches if settings.warmup_steps is None else settings.warmup_steps
    return TrainingPlan(batches, steps, every, minimum, min(warmup, steps - 1))


def learning_rate(settings: TrainingSettings, plan: TrainingPlan, step: int, history: History) -> float:
    """Return the learning rate of a step (from 0), from what was before it alone.

    Example:
        >>> settings = TrainingSettings(steps=3, learning_rate=1.0)
        >>> plan = plan_training(settings, batches=1)
        >>> [round(learning_rate(settings, plan, step, []), 3) for step in range(3)]
        [1.0, 0.505, 0.01]
    """
    top, warmup = settings.learning_rate, plan.warmup
    if step < warmup:
        return top * (step + 1) / (warmup + 1)
    if settings.schedule == "cosine":
        progress = (step - warmup) / max(1, plan.steps - 1 - warmup)
        return top * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)
    if settings.schedule == "constant":
        return top
    rate, best, waited = top, math.inf, 0
    for entry in history[: step // plan.every]:
        loss = entry.get("validation loss", entry["training loss"])
        best, waited = (loss, 0) if below(loss, best) else (best, waited + 1)
        if waited == settings.plateau_epochs:
            rate, waited = rate / 10, 0
    return rate


def smoothed_scores(settings: TrainingSettings, history: History) -> npt.NDArray[np.float64]:
    """Average the watched score over the newest `smoothing` validations; the higher the better.

    Returns:
        One score a round; none without a validation part.

    Example:
        >>> history = [{"validation loss": loss} for loss in (0.5, 0.7, 0.6)]
        >>> [round(score, 3) for score in smoothed_scores(TrainingSettings(smoothing=2), history).tolist()]
        [-0.5, -0.6, -0.65]
    """
    key, sign = ("validation loss", -1.0) if settings.monitor == "loss" else ("validation AUC", 1.0)
    if not history or key not in history[0]:
        return np.empty(0)
    scores = sign * np.array([entry[key] for entry in history])
    width = settings.smoothing
    return np.array([scores[max(0, end - width) : end].mean() for end in range(1, len(scores) + 1)])


def best_round(settings: TrainingSettings, plan: TrainingPlan, history: History) -> int | None:
    """Find the first round (from 0) with the best smoothed score, of those that end after the minimum of steps.

    Returns:
        None without a validation part, and while there were too few steps.

    Example:
        >>> settings = TrainingSettings(steps=12, validate_every_steps=4, smoothing=1, minimum_steps=0)
        >>> history = [{"validation loss": loss, "steps": 4.0 * n} for n, loss in enumerate((0.7, 0.5, 0.6), 1)]
        >>> best_round(settings, plan_training(settings, 4), history)
        1
    """
    scores = smoothed_scores(settings, history)
    enough = [at for at in range(len(scores)) if history[at]["steps"] >= plan.minimum]
    return enough[first_best(scores[enough])] if enough else None


def should_stop(settings: TrainingSettings, plan: TrainingPlan, history: History) -> bool:
    """Tell whether the score has got no better for `patience` validations, of those that may be kept."""
    best = best_round(settings, plan, history)
    return best is not None and settings.patience is not None and len(history) - 1 - best >= settings.patience
