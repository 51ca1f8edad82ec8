"""Planning a study: power, sizes of reader studies, events for a model, and what a study can detect.

Start with `detectable_difference` for a study that is done, and with `reader_study_power` for one that is planned.
"""

from __future__ import annotations

from samesplit.statistics.planning.power import detectable_difference, power_of_difference
from samesplit.statistics.planning.reader_study import (
    DifferenceVariance,
    ReaderStudyPower,
    cases_needed,
    reader_study_power,
    reader_study_table,
    readers_needed,
)

__all__ = [
    "DifferenceVariance",
    "ReaderStudyPower",
    "cases_needed",
    "detectable_difference",
    "power_of_difference",
    "reader_study_power",
    "reader_study_table",
    "readers_needed",
]
