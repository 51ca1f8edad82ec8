"""Published studies as designs: what was asked of whom, and how, to be filled with real or synthetic patients.

A design is a folder of `benchmarks/` with a `study.yaml` and without patients. `compose` lays its variants and the
settings of its synthetic cohorts over its benchmark.yaml; `write_composed` makes a benchmark like any other of it.
"""

from samesplit.benchmarks.studies.columns import COLUMN_HEADER, read_columns
from samesplit.benchmarks.studies.composing import compose, composed_name, write_composed
from samesplit.benchmarks.studies.description import Flaw, Headline, StudyDescription, VersionOfElement
from samesplit.benchmarks.studies.missing_columns import explain_missing_columns, missing_columns
from samesplit.benchmarks.studies.overlays import lay_over
from samesplit.benchmarks.studies.study import Study, is_study, read_study, shipped_studies

__all__ = [
    "COLUMN_HEADER",
    "Flaw",
    "Headline",
    "Study",
    "StudyDescription",
    "VersionOfElement",
    "compose",
    "composed_name",
    "explain_missing_columns",
    "is_study",
    "lay_over",
    "missing_columns",
    "read_columns",
    "read_study",
    "shipped_studies",
    "write_composed",
]
