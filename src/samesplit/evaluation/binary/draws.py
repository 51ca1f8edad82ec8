"""The bootstrap samples of patients that all subjects of a group of lesions share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from samesplit.statistics.bootstrap import PatientBootstrap, Statistic, draw_patients
from samesplit.statistics.checks import IntArray
from samesplit.statistics.interval import Interval

__all__ = ["Draws", "make_draws"]


@dataclass(frozen=True)
class Draws:
    """The bootstrap samples that all subjects of a group share.

    Attributes:
        patients: The patients that are drawn, in the order of the weights.
        samples: The samples; None when they cannot be drawn.
        reason: Why there are none; empty otherwise.
    """

    patients: pd.Index[str]
    samples: PatientBootstrap | None
    reason: str = ""

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
    lesions = table.drop_duplicates("lesion_id").sort_values("lesion_id")
    patients = pd.Index(np.unique(lesions["patient_id"].astype(str)), dtype=str)
    if n_bootstrap < 1:
        return Draws(patients, None, "no bootstrap samples were asked for")
    if len(patients) < 2 or lesions["label"].nunique() < 2:
        return Draws(patients, None, "one class or one patient only: no bootstrap")
    samples = draw_patients(lesions["label"], lesions["patient_id"], n_resamples=n_bootstrap, seed=seed)
    return Draws(patients, samples)
