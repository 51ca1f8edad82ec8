"""Reader studies: readers with and without aid, and models against them, with readers and cases both random.

Start with `evaluate_readers`. Tables in, tables out: each is named `readers/<name>` among those of an evaluation.
"""

from __future__ import annotations

from samesplit.evaluation.readers.evaluate import ReaderEvaluation, evaluate_readers
from samesplit.evaluation.readers.settings import ReaderSettings

__all__ = ["ReaderEvaluation", "ReaderSettings", "evaluate_readers"]
