"""A synthetic renal-mass MR cohort with known truth, for the demo and for tests."""

from samesplit.benchmarks.synthetic.cohort import SyntheticCohort, generate, tables
from samesplit.benchmarks.synthetic.settings import (
    EffectSizes,
    RaterSettings,
    ReaderSettings,
    SequenceSettings,
    SiteSettings,
    SyntheticSettings,
)

__all__ = [
    "EffectSizes",
    "RaterSettings",
    "ReaderSettings",
    "SequenceSettings",
    "SiteSettings",
    "SyntheticCohort",
    "SyntheticSettings",
    "generate",
    "tables",
]
