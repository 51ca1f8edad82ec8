"""What becomes of the patients of a synthetic CT study: recurrence, death of the disease, death of any cause."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from samesplit.benchmarks.synthetic.ct.study_cohorts import StudyPatient
from samesplit.benchmarks.synthetic.ct.study_settings import CtOutcomes
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["FollowUp", "draw_follow_up"]

_DAYS_A_YEAR = 365.25
_MONTHS_A_YEAR = 12.0


@dataclass(frozen=True)
class FollowUp:
    """What is known of a patient who was followed up.

    Attributes:
        dss_months: Months until death of the disease, or until the patient was last seen or died otherwise.
        dss_event: 1 where the patient died of the disease.
        rfs_months: Months until recurrence, or until the patient was last seen or died.
        rfs_event: 1 where a recurrence was seen.
        os_months: Months until death of any cause, or until the patient was last seen.
        os_event: 1 where the patient died.
    """

    dss_months: float
    dss_event: int
    rfs_months: float
    rfs_event: int
    os_months: float
    os_event: int


def draw_follow_up(settings: CtOutcomes, seed: int, patient: StudyPatient) -> FollowUp | None:
    r"""Draw what becomes of a patient; None where the mass is benign or nobody follows the patient up.

    The time to recurrence is exponential with the hazard $\lambda\, a\, h^s$: $\lambda$ that of an indolent mass,
    $a$ the hazard ratio of aggressive masses (its square root where aggressiveness is not known), $h$ that of one
    standard deviation of the `severity` $s$. Death of the disease follows a recurrence after an exponential time.
    Death of other causes has a hazard that doubles every ten years of age. Follow-up ends for all on the same day,
    and for some at any time before, whatever happens to them (uninformative censoring).

    Args:
        settings: Rates and effects.
        seed: Seed of the study.
        patient: The patient.

    Returns:
        Times in months, rounded to 0.1 and at least 0.1, with their events.
    """
    last = patient.cohort.follow_up.get(patient.scanned.site.name)
    if patient.cohort_class == "benign" or patient.day is None or last is None or patient.day > last:
        return None
    power = {"indolent": 0.0, "indeterminate": 0.5, "aggressive": 1.0}[patient.cohort_class]
    hazard = (
        settings.recurrence_per_year
        * settings.aggressive_hazard_ratio**power
        * settings.severity_hazard_ratio**patient.severity
    )
    rng = stream(seed, patient.scanned.index, "ct-follow-up")
    waits = rng.exponential(size=3)
    lost, at = rng.random(2)
    recurs = waits[0] / hazard
    dies = recurs + waits[1] * settings.death_after_recurrence_years
    other_hazard = settings.other_death_per_year * 2.0 ** ((patient.scanned.age - 60) / 10)
    dies_otherwise = waits[2] / other_hazard if other_hazard > 0 else np.inf
    ends = max((settings.end - patient.day) / dt.timedelta(days=1), 1.0) / _DAYS_A_YEAR
    if lost < settings.lost_rate:
        ends *= at

    def seen(event: float, *others: float) -> tuple[float, int]:
        months = round(min(event, *others) * _MONTHS_A_YEAR, 1)
        return max(float(months), 0.1), int(event <= min(others))

    return FollowUp(
        *seen(dies, dies_otherwise, ends),
        *seen(recurs, dies_otherwise, ends),
        *seen(min(dies, dies_otherwise), ends),
    )
