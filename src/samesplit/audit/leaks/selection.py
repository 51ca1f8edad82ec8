"""Features selected on all lesions, those of the test part included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samesplit.audit.leaks.base import Leak
from samesplit.audit.procedure import FoldData, Procedure
from samesplit.models.radiomics.settings import RadiomicsGridSettings

__all__ = ["SelectionOnAllData"]


@dataclass(frozen=True)
class _RankedOnAll(Procedure):
    """Every selector ranks once, on all rows with all labels; all else is honest."""

    def start(self, work: FoldData) -> FoldData:
        everything = np.arange(len(work.y))
        prepared = self.prepare(work, work.parts.train, everything)
        shared: dict[Any, Any] = {}
        rankings = tuple(
            prepared.columns[self.rank(use, prepared.X_test, work.y, seed=work.seed, shared=shared)]
            for use in work.settings.selectors
        )
        return replace(work, rankings=rankings)


class SelectionOnAllData(Leak):
    """Selection on all data."""

    name = "selection-on-all-data"
    title = "Features selected on all data"
    done_in = (
        "Xi 2020, published code: every selector is fitted on the training and test lesions together before the "
        "split."
    )
    measured = (
        "Each selector ranks the features once on all lesions with their labels; choosing the cell, fitting and "
        "scoring stay as they are."
    )
    informative = True

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Ranked on all lesions."""
        return _RankedOnAll(settings)
