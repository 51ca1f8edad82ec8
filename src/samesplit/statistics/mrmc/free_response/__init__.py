"""Free response: readers mark where they see lesions, any number of marks a case, each with a rating.

Start with `FreeResponseStudy.from_marks` and a declared `HitRule`; then `free_response_analysis`.
"""

from __future__ import annotations

from samesplit.statistics.mrmc.free_response.analysis import (
    free_response_analysis,
    free_response_model_against_readers,
)
from samesplit.statistics.mrmc.free_response.curves import FreeResponseCurve, free_response_curve
from samesplit.statistics.mrmc.free_response.figures import (
    FreeResponseFigure,
    FreeResponseValues,
    free_response_values,
)
from samesplit.statistics.mrmc.free_response.hits import HitRule, match_marks
from samesplit.statistics.mrmc.free_response.study import FreeResponseStudy

__all__ = [
    "FreeResponseCurve",
    "FreeResponseFigure",
    "FreeResponseStudy",
    "FreeResponseValues",
    "HitRule",
    "free_response_analysis",
    "free_response_curve",
    "free_response_model_against_readers",
    "free_response_values",
    "match_marks",
]
