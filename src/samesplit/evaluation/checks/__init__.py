"""Checks of a run: what a reviewer would look for first, each with what was expected and what was found."""

from samesplit.evaluation.checks.check import CHECKS, STATES
from samesplit.evaluation.checks.checked_run import CheckedModel, CheckedRun
from samesplit.evaluation.checks.history_checks import History
from samesplit.evaluation.checks.run_checks import ALL_CHECKS, run_checks, run_history_checks

__all__ = [
    "ALL_CHECKS",
    "CHECKS",
    "STATES",
    "CheckedModel",
    "CheckedRun",
    "History",
    "run_checks",
    "run_history_checks",
]
