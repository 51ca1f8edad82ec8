"""Synthetic renal-mass cohorts with known truth (MR, MR in five sequences, T1 maps, CT, CT crops)."""

from samesplit.benchmarks.synthetic.cohort import SyntheticCohort, generate, tables
from samesplit.benchmarks.synthetic.crops.settings import CropEffects, CropSettings
from samesplit.benchmarks.synthetic.ct.settings import CtEffects, CtSettings
from samesplit.benchmarks.synthetic.ct.study_settings import (
    CtOutcomes,
    CtReaders,
    CtStudySettings,
    StudyCohort,
)
from samesplit.benchmarks.synthetic.kinds import AnySettings, known_keys, parse_settings
from samesplit.benchmarks.synthetic.mr_sequences.settings import MrSequencesSettings
from samesplit.benchmarks.synthetic.mr_study_settings import OutcomeSettings, ShiftSettings
from samesplit.benchmarks.synthetic.settings import (
    EffectSizes,
    RaterSettings,
    ReaderSettings,
    SequenceSettings,
    SiteSettings,
    SubtypeSettings,
    SyntheticSettings,
)
from samesplit.benchmarks.synthetic.t1_mapping.settings import T1MappingSettings

__all__ = [
    "AnySettings",
    "CropEffects",
    "CropSettings",
    "CtEffects",
    "CtOutcomes",
    "CtReaders",
    "CtSettings",
    "CtStudySettings",
    "EffectSizes",
    "MrSequencesSettings",
    "OutcomeSettings",
    "RaterSettings",
    "ReaderSettings",
    "SequenceSettings",
    "ShiftSettings",
    "SiteSettings",
    "StudyCohort",
    "SubtypeSettings",
    "SyntheticCohort",
    "SyntheticSettings",
    "T1MappingSettings",
    "generate",
    "known_keys",
    "parse_settings",
    "tables",
]
