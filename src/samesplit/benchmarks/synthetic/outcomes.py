"""What became of synthetic lesions: grade, recurrence with its time, and diagnoses that stay open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri

from samesplit.benchmarks.synthetic.mr_study_settings import OutcomeSettings
from samesplit.benchmarks.synthetic.population import Label, Lesion
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["INDETERMINATE", "Outcome", "draw_outcome"]

INDETERMINATE: Literal["indeterminate"] = "indeterminate"


@dataclass(frozen=True)
class Outcome:
    """What is known of a lesion in the end.

    Attributes:
        label: The class, or `indeterminate`.
        grade: `low`, `high` or `indeterminate` of a malignant lesion; None of any other.
        months: Months until recurrence, or until follow-up ended without it, of a malignant lesion; else None.
        recurrence: 1 where recurrence was seen, 0 where follow-up ended before.
        aggressiveness: Standard normal among malignant lesions; grade and recurrence depend on it. It stands in no
            table.
    """

    label: Label | Literal["indeterminate"]
    grade: Literal["low", "high", "indeterminate"] | None
    months: float | None
    recurrence: int | None
    aggressiveness: float


def draw_outcome(settings: OutcomeSettings, seed: int, lesion: Lesion) -> Outcome:
    r"""Draw what becomes of a lesion, the same whatever other lesions there are.

    Aggressiveness is $\rho z + \sqrt{1 - \rho^2}\, e$ with $z$ the lesion's `conspicuity`, $e$ fresh noise and
    $\rho$ the setting `image_correlation`, so that it can be seen in part. The time to recurrence is exponential
    with the hazard $\log 2 / m \cdot h^a$: $m$ the median in months at mean aggressiveness, $h$ the hazard ratio
    of one standard deviation, $a$ the aggressiveness. Follow-up ends at a time between the two of
    `follow_up_months`, whatever happens to the lesion (uninformative censoring).

    Args:
        settings: Rates and effects.
        seed: Seed of the cohort.
        lesion: The lesion.
    """
    rng = stream(seed, lesion.patient.index, lesion.number, "outcome")
    rho = settings.image_correlation
    aggressiveness = float(rho * lesion.conspicuity + np.sqrt(1 - rho**2) * rng.standard_normal())
    unclear_label, unclear_grade, wait, end = rng.random(4)
    if unclear_label < settings.indeterminate_label_rate:
        return Outcome(INDETERMINATE, None, None, None, aggressiveness)
    if lesion.label == "benign":
        return Outcome(lesion.label, None, None, None, aggressiveness)
    high = aggressiveness > ndtri(1 - settings.high_grade_rate)
    grade: Literal["low", "high", "indeterminate"] = "high" if high else "low"
    if unclear_grade < settings.indeterminate_grade_rate:
        grade = INDETERMINATE
    hazard = np.log(2) / settings.median_months * settings.hazard_ratio**aggressiveness
    recurs_at = float(-np.log1p(-wait) / hazard)
    first, last = settings.follow_up_months
    ends_at = float(first + (last - first) * end)
    months = max(round(min(recurs_at, ends_at), 1), 0.1)
    return Outcome(lesion.label, grade, months, int(recurs_at <= ends_at), aggressiveness)
