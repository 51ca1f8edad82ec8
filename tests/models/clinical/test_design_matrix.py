from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.models.clinical.design_matrix import DesignMatrix

TABLE = pd.DataFrame(
    {
        "age": [40.0, 50.0, 60.0, np.nan],
        "necrosis": [0.0, 2.0, np.nan, 2.0],
        "site": ["b", "c", "a", "c"],
        "empty": [np.nan] * 4,
        "same": [3.0, 3.0, np.nan, 3.0],
    }
)


def test_numbers_are_per_sd_and_two_values_are_one_step() -> None:
    terms = DesignMatrix(TABLE)
    assert terms.table["term"].tolist() == ["age", "necrosis", "site=b", "site=c"]
    assert terms.table["unit"].tolist() == ["per SD (10)", "2 against 0", "b against a", "c against a"]
    np.testing.assert_allclose(terms.matrix(TABLE), [[-1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [0, 1, 0, 1]])


def test_per_unit_leaves_numbers_as_they_are() -> None:
    terms = DesignMatrix(TABLE, per="unit", impute="mean")
    assert terms.table["unit"].tolist()[:2] == ["per unit", "2 against 0"]
    np.testing.assert_allclose(terms.matrix(TABLE, [0])[:, 0], [40, 50, 60, 50])


def test_what_says_nothing_has_no_term_and_a_reason() -> None:
    assert DesignMatrix(TABLE).unusable == {"empty": "no value", "same": "one value only"}


def test_a_level_that_training_lacks_counts_as_the_reference_and_a_gap_as_the_commonest() -> None:
    new = pd.DataFrame({"age": [50.0, 50.0], "necrosis": [0.0, 0.0], "site": ["z", None]})
    np.testing.assert_allclose(DesignMatrix(TABLE).matrix(new), [[0, 0, 0, 0], [0, 0, 0, 1]])
