"""The stages of a run: what is planned, features, models, evaluation, and the record of it.

What a user asks for (run, validate, compare) is put together in `samesplit.workflows`.
"""

from __future__ import annotations

from samesplit.run.plan import Plan, RunOptions, load_plan
from samesplit.run.progress import Reporter, RichReporter, SilentReporter

__all__ = ["Plan", "Reporter", "RichReporter", "RunOptions", "SilentReporter", "load_plan"]
