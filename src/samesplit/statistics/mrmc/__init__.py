"""Multi-reader multi-case (MRMC) analysis: readers and cases both random, on arrays of scores.

Start with `ReaderStudy.from_columns`.
"""

from __future__ import annotations

from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.mrmc.u_statistics import UAnalysis, u_statistic_analysis

__all__ = ["ReaderStudy", "UAnalysis", "u_statistic_analysis"]
