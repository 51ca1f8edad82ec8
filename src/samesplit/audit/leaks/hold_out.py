"""No hold-out: everything is chosen and fitted on all lesions, and the same lesions are scored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from samesplit.audit.leaks.base import Leak
from samesplit.audit.procedure import FoldData, Procedure
from samesplit.models.radiomics.settings import RadiomicsGridSettings

__all__ = ["FittedOnTest"]


@dataclass(frozen=True)
class _FittedOnAll(Procedure):
    """Every row of the fold is learnt from; the test rows are scored as they would be in honesty."""

    def start(self, work: FoldData) -> FoldData:
        parts = work.parts
        everything = np.sort(np.concatenate([parts.train, parts.validation, parts.test]))
        return replace(work, parts=replace(parts, train=everything))


class FittedOnTest(Leak):
    """Fitted on the test set: apparent performance."""

    name = "fitted-on-test"
    title = "Fitted and judged on the same lesions"
    done_in = (
        "Zhong 2025: variables are screened, the regression is fitted and its AUC is taken on the same 103 "
        "lesions; there is no hold-out. TRIPOD calls that apparent performance (doi 10.7326/M14-0698)."
    )
    measured = (
        "Preparation, selection, choice of the cell (by cross-validation) and fit see all lesions with their "
        "labels, and the test lesions are scored by that model; against the same procedure on the training part "
        "of each fold."
    )
    informative = True

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Fitted on all lesions."""
        return _FittedOnAll(settings)
