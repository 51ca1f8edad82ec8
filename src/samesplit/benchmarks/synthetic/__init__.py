"""A synthetic renal-mass MR cohort with known truth, for the demo and for tests."""

from samesplit.benchmarks.synthetic.cohort import SyntheticCohort, generate, tables
from samesplit.benchmarks.synthetic.settings import (
    EffectSizes,
    OutcomeSettings,
    RaterSettings,
    ReaderSettings,
    SequenceSettings,
    ShiftSettings,
    SiteSettings,
    SubtypeSettings,
    SyntheticSettings,
)

__all__ = [
    "EffectSizes",
    "OutcomeSettings",
    "RaterSettings",
    "ReaderSettings",
    "SequenceSettings",
    "ShiftSettings",
    "SiteSettings",
    "SubtypeSettings",
    "SyntheticCohort",
    "SyntheticSettings",
    "generate",
    "tables",
]
