"""Time until an event: survival curves, tests between groups, hazards, and how well risks order the events."""

from __future__ import annotations

from samesplit.statistics.survival.censoring import auc_at, brier_at, uno_c, uno_weights
from samesplit.statistics.survival.concordance import (
    Concordance,
    concordance,
    concordance_influence,
    harrell_c,
)
from samesplit.statistics.survival.concordance_comparison import compare_concordance
from samesplit.statistics.survival.cox import CoxModel, cox_regression, wald_test
from samesplit.statistics.survival.kaplan_meier import kaplan_meier, risk_groups
from samesplit.statistics.survival.log_rank import LogRank, log_rank
from samesplit.statistics.survival.rates import share_without_event

__all__ = [
    "Concordance",
    "CoxModel",
    "LogRank",
    "auc_at",
    "brier_at",
    "compare_concordance",
    "concordance",
    "concordance_influence",
    "cox_regression",
    "harrell_c",
    "kaplan_meier",
    "log_rank",
    "risk_groups",
    "share_without_event",
    "uno_c",
    "uno_weights",
    "wald_test",
]
