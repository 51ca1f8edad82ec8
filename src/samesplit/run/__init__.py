"""The order of the stages, the case ledger, and what is done again after a kill."""

from __future__ import annotations

from samesplit.run.compare import compare
from samesplit.run.execute import RunOutcome, run_benchmark
from samesplit.run.plan import Plan, RunOptions, load_plan
from samesplit.run.progress import Reporter, RichReporter, SilentReporter
from samesplit.run.validate import validate

__all__ = [
    "Plan",
    "Reporter",
    "RichReporter",
    "RunOptions",
    "RunOutcome",
    "SilentReporter",
    "compare",
    "load_plan",
    "run_benchmark",
    "validate",
]
