"""Settings of the MR cohort about patients: when they were seen, how labels were proven, what became of them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from samesplit.benchmarks.synthetic.base import CohortPart, Positive, Probability

__all__ = [
    "DateRange",
    "GradeSettings",
    "OutcomeSettings",
    "PathologyRates",
    "ShiftSettings",
    "without_defaults",
]


class PathologyRates(CohortPart):
    """How many labels of each class are proven by pathology; the others are by imaging."""

    benign: Probability = 0.6
    malignant: Probability = 1.0


class DateRange(CohortPart):
    """The first and the last day on which patients were seen."""

    first: dt.date = dt.date(2014, 1, 6)
    last: dt.date = dt.date(2023, 11, 14)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            msg = "'last' lies before 'first'"
            raise ValueError(msg)
        return self

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1


class GradeSettings(CohortPart):
    """Nuclear grades of malignant lesions, from the least aggressive up.

    `image_correlation` says how much of it shows in the images; `unknown` is the share of malignant lesions that
    have no grade.
    """

    shares: Annotated[dict[str, Positive], Field(min_length=2)]
    unknown: Probability = 0.0
    image_correlation: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.6


class OutcomeSettings(CohortPart):
    """What becomes of lesions; see `outcomes.draw_outcome`.

    Rates are of all lesions (`indeterminate_label_rate`) or of the malignant ones. `image_correlation` says how
    much of a lesion's aggressiveness shows in its images.
    """

    indeterminate_label_rate: Probability = 0.05
    high_grade_rate: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.45
    indeterminate_grade_rate: Probability = 0.08
    image_correlation: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.75
    median_months: Positive = 40.0
    hazard_ratio: Positive = 2.0
    follow_up_months: tuple[Positive, Positive] = (12.0, 84.0)


class ShiftSettings(CohortPart):
    """Patients who differ from the others: those of one site, those seen from a day on, or both.

    `effect` multiplies the effect of their lesions, `noise` the noise of their images; `malignant_rate` replaces
    the rate of malignant lesions; `age_years` is added to their age.
    """

    site: str | None = None
    from_date: dt.date | None = None
    effect: float = 1.0
    noise: Positive = 1.0
    malignant_rate: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    age_years: float = 0.0

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if self.site is None and self.from_date is None:
            msg = "a shift needs 'site' or 'from_date' to say whose it is"
            raise ValueError(msg)
        return self

    def concerns(self, site: str, date: dt.date) -> bool:
        """Whether a patient of a site, seen on a day, is one of those who differ."""
        return self.site in (None, site) and (self.from_date is None or date >= self.from_date)


def without_defaults(part: CohortPart, dumped: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Take those of the named settings out of a dump that are the default: they came later and count in no hash.

    Args:
        part: The settings.
        dumped: Their plain dump; it is changed.
        names: Fields of the settings.
    """
    for name in names:
        field = type(part).model_fields[name]
        if getattr(part, name) == field.get_default(call_default_factory=True):
            del dumped[name]
    return dumped
