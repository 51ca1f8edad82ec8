"""What the members of an ensemble answered, as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from samesplit.errors import ModelError
from samesplit.models.protocol import Cases
from samesplit.models.task_classes import class_names
from samesplit.tasks import Task

__all__ = ["SMALLEST", "log_odds", "log_scores", "member_probabilities"]

Floats = npt.NDArray[np.float64]

SMALLEST = 1e-6
"""Probabilities nearer to 0 or 1 than this count as this far away where their logarithm is taken."""


def member_probabilities(
    cases: Cases, members: Sequence[str], task: Task, *, model: str
) -> tuple[list[str], Floats]:
    """Gather the members' probabilities of the lesions that all of them predicted.

    Args:
        cases: With the members' predictions.
        members: Their names.
        task: What they answer.
        model: The ensemble's name, for messages.

    Returns:
        The lesions, and an array of shape (n_lesions, n_members, n_classes).

    Raises:
        ModelError: A member's predictions are not there at all.
    """
    missing = [member for member in members if member not in cases.predictions]
    if missing:
        raise ModelError(
            f"there are no predictions of its member{'s' * (len(missing) > 1)} {', '.join(missing)}",
            where=f"model '{model}'",
            remedy="name the members under 'models:' of the benchmark, too",
        )
    table = cases.predictions[list(members)].astype("float64").dropna()
    values = table.to_numpy(dtype=np.float64)
    if task.kind == "binary":
        return list(map(str, table.index)), np.stack([1 - values, values], axis=2)
    return list(map(str, table.index)), values.reshape(len(table), len(members), len(class_names(task)))


def log_odds(probabilities: npt.ArrayLike) -> Floats:
    """Compute log(p / (1 - p)), finite for 0 and 1 as well; see `SMALLEST`.

    Example:
        >>> log_odds([0.5, 0.0]).round(2).tolist()
        [0.0, -13.82]
    """
    return np.asarray(logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST)), dtype="float64")


def log_scores(probabilities: Floats) -> Floats:
    """Turn the members' probabilities into columns that a linear model can learn from.

    Args:
        probabilities: Shape (n_lesions, n_members, n_classes).

    Returns:
        Of two classes the log odds of the positive one, shape (n_lesions, n_members); of more the logarithm of
        each probability, less the mean of the lesion's and member's, shape (n_lesions, n_members * n_classes).
    """
    if probabilities.shape[2] == 2:
        return log_odds(probabilities[:, :, 1])
    logs = np.log(np.maximum(probabilities, SMALLEST))
    centred: Floats = logs - logs.mean(axis=2, keepdims=True)
    return centred.reshape(len(probabilities), -1)
