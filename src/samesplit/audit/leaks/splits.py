"""Every cell of the grid on a random split of its own, and the best one kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from samesplit.audit.leaks.base import Leak
from samesplit.audit.leaks.scoring import best_cell
from samesplit.audit.procedure import FoldData, Procedure, Scores, cells_of
from samesplit.audit.table import shuffled_places
from samesplit.models.radiomics.settings import RadiomicsGridSettings

__all__ = ["NewSplitPerCell"]


@dataclass(frozen=True)
class _SplitEach(Procedure):
    """Each cell is fitted and scored on another random split of the same sizes; patients stay together."""

    @property
    def fits(self) -> int:
        """One fit a cell: nothing is chosen by cross-validation."""
        return len(cells_of(self.settings))

    def run(self, work: FoldData) -> Scores:
        rows, labels, scores, cells = [], [], [], []
        settings = work.settings
        grid = cells_of(settings)
        for number, (selector, classifier, size) in enumerate(grid):
            rng = np.random.default_rng([*work.draw, 1 + number])
            parts = work.parts.moved(shuffled_places(work.y, work.patients, rng))
            if len(np.unique(work.y[parts.train])) < 2:
                continue
            alone = settings.model_copy(
                update={
                    "selectors": (settings.selectors[selector],),
                    "classifiers": (settings.classifiers[classifier],),
                    "sizes": (size,),
                }
            )
            found = self.fit_cells(replace(work, settings=alone), parts.train, parts.test)[0]
            rows.append(parts.test)
            labels.append(work.y[parts.test])
            scores.append(found)
            cells.append(np.full(len(found), number))
        row = np.concatenate(rows)
        return Scores(
            cell=np.concatenate(cells),
            row=work.owner[row],
            label=np.concatenate(labels),
            score=np.concatenate(scores),
            test=np.ones(len(row), dtype=bool),
            chosen=-1,
            inner=np.full(len(grid), np.nan),
        )


class NewSplitPerCell(Leak):
    """Another random split per cell."""

    name = "new-split-per-cell"
    title = "Another random split per cell, the best kept"
    done_in = (
        "Xi 2020, published code: every cell of the grid draws its own random split, unseeded; the best one is "
        "reported."
    )
    measured = (
        "In each repeat every cell gets a random split of its own with the sizes, class balance and "
        "patient grouping "
        "of the frozen one, and the cell with the highest test AUC is reported. There is no inner "
        "cross-validation."
    )
    informative = True

    def leaky(self, settings: RadiomicsGridSettings) -> Procedure:
        """Split anew for each cell."""
        return _SplitEach(settings)

    def read_leaky(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Return the test scores of the cell that looks best."""
        return best_cell(scores)
