"""The long features table and the wide one hold the same values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import SamesplitError
from samesplit.features.feature_matrix import to_wide
from samesplit.tables import FEATURES, empty_table


def long_table(rows: list[tuple[str, str, str, str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(FEATURES.columns))


def test_each_value_gets_its_row_and_column() -> None:
    wide = to_wide(
        long_table(
            [
                ("L2", "T2", "R1", "mr", "b", 4.0),
                ("L1", "T2", "R1", "mr", "b", 2.0),
                ("L1", "T1", "R1", "mr", "a", 1.0),
                ("L1", "T1", "R1", "shape", "a", 3.0),
            ]
        )
    )
    assert wide.index.tolist() == ["L1", "L2"]
    assert wide.index.name == "lesion_id"
    assert wide.columns.tolist() == ["mr/T1/a", "mr/T2/b", "shape/T1/a"]
    np.testing.assert_array_equal(wide.to_numpy(), [[1.0, 2.0, 3.0], [np.nan, 4.0, np.nan]])
    assert (wide.dtypes == "float64").all()


def test_values_that_are_not_defined_stay_and_keep_their_place() -> None:
    wide = to_wide(long_table([("L1", "T1", "R1", "mr", "a", np.nan), ("L2", "T1", "R1", "mr", "b", 1.0)]))
    assert wide.shape == (2, 2)
    assert wide["mr/T1/a"].isna().all()


def test_several_raters_are_an_error() -> None:
    rows = [("L1", "T1", "R1", "mr", "a", 1.0), ("L1", "T1", "R2", "mr", "a", 1.0)]
    with pytest.raises(SamesplitError, match="several raters: R1, R2"):
        to_wide(long_table(rows))


def test_a_doubled_value_is_an_error() -> None:
    rows = [("L1", "T1", "R1", "mr", "a", 1.0)] * 2
    with pytest.raises(
        SamesplitError, match="1 feature values are there twice; the first: mr/T1/a of lesion 'L1'"
    ):
        to_wide(long_table(rows))


def test_an_empty_table_stays_empty() -> None:
    wide = to_wide(empty_table(FEATURES))
    assert wide.shape == (0, 0)
    assert wide.index.name == "lesion_id"
