from __future__ import annotations

import numpy as np

from reader_studies.simulated import simulated
from samesplit.statistics import placements
from samesplit.statistics.mrmc.auc_columns import column_placements


def test_every_column_is_placed_as_if_it_were_alone() -> None:
    study = simulated(1, cases=30)
    columns = study.scores.reshape(6, -1)
    found = column_placements(study.truth, columns)
    for place, column in enumerate(columns):
        alone = placements(study.truth, column)
        assert found.aucs[place] == alone.auc
        np.testing.assert_array_equal(found.positive[place], alone.positive)
        np.testing.assert_array_equal(found.negative[place], alone.negative)
