"""Predictions, readings and truth to results: which lesions count, estimates, comparisons and claims.

Takes tables and gives tables. The statistics of plain arrays are in `samesplit.statistics`; nothing here knows
models, features or benchmarks.
"""

from __future__ import annotations

from samesplit.evaluation.binary.evaluate import RESULT_COLUMNS, Evaluation, evaluate

__all__ = ["RESULT_COLUMNS", "Evaluation", "evaluate"]
