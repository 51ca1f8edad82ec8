"""The preparation fitted on all lesions: gaps, left-out columns, scaling."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sklearn.pipeline import Pipeline

from samesplit.audit.leaks.base import Leak
from samesplit.audit.procedure import FoldData, Procedure
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.radiomics.work_units import fit_preparation

__all__ = ["ScalingOnAllData"]


@dataclass(frozen=True)
class _PreparedOnAll(Procedure):
    """The preparation is fitted once on all rows; no label is used."""

    def start(self, work: FoldData) -> FoldData:
        fitted = Pipeline(work.settings.steps())
        fit_preparation(fitted, work.table(), work.y, model=work.settings.name)
        return replace(work, preparation=fitted)


class ScalingOnAllData(Leak):
    """Scaling on all data."""

    name = "scaling-on-all-data"
    title = "Scaling fitted on all data"
    done_in = (
        "Xi 2020, published code: features are min-max scaled over all rows; age and volume are scaled over all "
        "lesions before the split. Xiong 2025, published code: gaps are filled with means over all cohorts."
    )
    measured = (
        "The whole preparation (gaps, near-constant and correlated features, scaling) is fitted on "
        "all lesions. No "
        "label is used."
    )
    informative = False

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Prepare on all lesions."""
        return _PreparedOnAll(settings)
