"""Multi-reader multi-case (MRMC) analysis: readers and cases both random, on arrays of scores.

Start with `ReaderStudy.from_columns`.
"""

from __future__ import annotations

from samesplit.statistics.mrmc.study import ReaderStudy

__all__ = ["ReaderStudy"]
