"""The bootstrap samples of patients that all subjects of a group of lesions share.

Samples are large (a number a sample and patient) and follow from the lesions and a seed, so what is sent to
another process is how they are drawn, and what was drawn last is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.bootstrap import PatientBootstrap, Statistic, draw_patients
from samesplit.statistics.checks import IntArray
from samesplit.statistics.interval import Interval

__all__ = ["Draws", "draws_of_lesions", "make_draws"]


@dataclass(frozen=True)
class Draws:
    """The bootstrap samples that all subjects of a group share.

    Attributes:
        patients: The patients that are drawn, in the order of the weights.
        samples: The samples; None when they cannot be drawn.
        reason: Why there are none; empty otherwise.
        drawn_by: The function that drew them and its arguments, by which another process draws them anew.
    """

    patients: pd.Index[str]
    samples: PatientBootstrap | None
    reason: str = ""
    drawn_by: tuple[Callable[..., Draws], tuple[Any, ...]] | None = field(
        default=None, repr=False, compare=False
    )

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the way of drawing cross process borders in place of the samples."""
        return self.drawn_by or (Draws, (self.patients, self.samples, self.reason))

    def interval(self, statistic: Statistic, *, confidence: float) -> Interval:
        """Estimate a statistic; without samples it has no interval and the note says why."""
        if self.samples is None:
            estimate = float(statistic(np.ones((1, len(self.patients))))[0])
            return Interval(estimate, math.nan, math.nan, "no interval", self.reason)
        return self.samples.interval(statistic, confidence=confidence)

    def codes(self, patients: pd.Series[str]) -> IntArray:
        """Return the column of the weights for each patient."""
        return self.patients.get_indexer(pd.Index(patients)).astype(np.int64)


def make_draws(table: pd.DataFrame, *, n_bootstrap: int, seed: int) -> Draws:
    """Draw the bootstrap samples for all who are judged on the lesions of `table`.

    Args:
        table: Of a subject; its lesions and patients are what is drawn from.
        n_bootstrap: How many samples; 0 for none.
        seed: Of the random generator.
    """
    return draws_of_lesions(table, 2, n_bootstrap=n_bootstrap, seed=seed)


def draws_of_lesions(table: pd.DataFrame, n_classes: int, *, n_bootstrap: int, seed: int) -> Draws:
    """Draw the bootstrap samples of patients with labels of two or more classes.

    Args:
        table: Of a subject; its lesions and patients are what is drawn from.
        n_classes: How many classes there are.
        n_bootstrap: How many samples; 0 for none.
        seed: Of the random generator.

    Returns:
        The samples, or the reason why there are none, such as classes that are hardly ever drawn together.
    """
    lesions = table.drop_duplicates("lesion_id").sort_values("lesion_id")
    owners = tuple(lesions["patient_id"].astype(str))
    labels = tuple(lesions["label"].astype(int).tolist())
    return _drawn(labels, owners, n_classes, n_bootstrap, seed)


@lru_cache(maxsize=2)
def _drawn(
    labels: tuple[int, ...], owners: tuple[str, ...], n_classes: int, n_bootstrap: int, seed: int
) -> Draws:
    patients = pd.Index(np.unique(np.array(owners, dtype=str)), dtype=str)
    made = partial(Draws, patients, drawn_by=(_drawn, (labels, owners, n_classes, n_bootstrap, seed)))
    if n_bootstrap < 1:
        return made(None, "no bootstrap samples were asked for")
    if len(patients) < 2 or len(set(labels)) < 2:
        return made(None, "one class or one patient only: no bootstrap")
    try:
        samples = draw_patients(labels, owners, n_resamples=n_bootstrap, seed=seed, n_classes=n_classes)
    except (
        StatisticsError
    ) as error:  # many classes of one or two patients each: no reason to give up the rest
        return made(None, f"{error.problem}: no bootstrap")
    return made(samples)
