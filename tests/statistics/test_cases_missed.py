from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.cases_missed import cases_missed

NAN = np.nan
TRUTH = [1, 1, 0, 0, 1, 1, 0]
READERS = [
    [1, 0, 0, 1, 1, NAN, 0],
    [1, 0, 0, 1, 0, 1, NAN],
    [1, NAN, NAN, 1, 1, NAN, 0],
]
MODEL = [0, 1, 0, 1, 1, 0, NAN]


def test_cases_fall_into_the_four_groups_by_who_was_right() -> None:
    found = cases_missed(TRUTH, READERS, MODEL)
    assert found.only_model_wrong.tolist() == [0]
    assert found.only_model_right.tolist() == [1]
    assert found.all_right.tolist() == [2]
    assert found.all_wrong.tolist() == [3]


def test_a_missing_reading_is_neither_right_nor_wrong() -> None:
    found = cases_missed(TRUTH, READERS, MODEL)
    assert found.n_read.tolist() == [3, 2, 2, 3, 3, 1, 2]
    assert found.n_right.tolist() == [3, 0, 2, 0, 2, 1, 2]
    assert found.judged.tolist() == [True] * 5 + [
        False,
        False,
    ]  # one reader is no consensus; no call of the model
    assert np.isnan(found.model_right[6])


def test_one_reader_is_enough_where_that_is_asked_for() -> None:
    found = cases_missed(TRUTH, READERS, MODEL, min_readers=1)
    assert found.only_model_wrong.tolist() == [0, 5]


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="do not fit"):
        cases_missed(TRUTH, READERS, MODEL[:-1])
    with pytest.raises(StatisticsError, match="must be 0, 1 or missing"):
        cases_missed([1, 0], [[0.4, 0.1]], [1, 0])
    with pytest.raises(StatisticsError, match="cannot agree"):
        cases_missed(TRUTH, READERS, MODEL, min_readers=0)
