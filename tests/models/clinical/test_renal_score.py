from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import ModelError
from samesplit.models.clinical.renal_score import COLUMNS, renal_points


def points(**values: Any) -> pd.DataFrame:
    n = max(len(value) for value in values.values())
    index = pd.Index([f"L{i}" for i in range(n)], name="lesion_id")
    return renal_points(pd.DataFrame(values, index=index), COLUMNS, where="model 'n'")


@pytest.mark.parametrize(
    ("component", "column", "values", "expected"),
    [
        ("R", "renal_diameter_cm", [0.9, 4.0, 4.01, 6.99, 7.0, 12.0], [1, 1, 2, 2, 3, 3]),
        ("E", "renal_exophytic_percent", [100.0, 50.0, 49.0, 1.0, 0.0], [1, 1, 2, 2, 3]),
        ("N", "renal_nearness_mm", [20.0, 7.0, 6.9, 4.1, 4.0, 0.0], [1, 1, 2, 2, 3, 3]),
        ("L", "renal_polar", ["outside", "crosses", "mostly-across", "midline", "Between"], [1, 2, 3, 3, 3]),
    ],
)
def test_points_follow_the_thresholds_of_2009(
    component: str, column: str, values: list[Any], expected: list[int]
) -> None:
    assert points(**{column: values})[component].tolist() == expected


def test_points_may_be_given_and_the_score_is_their_sum() -> None:
    table = points(
        renal_r=[1.0, 3.0, 2.0], renal_e=[2.0, 3.0, 1.0], renal_n=[1.0, 3.0, np.nan], renal_l=["3", "3", "1"]
    )
    np.testing.assert_array_equal(table["score"], [7, 12, np.nan])


def test_a_measurement_stands_in_for_points_that_are_not_given() -> None:
    table = points(renal_r=[np.nan, 3.0, np.nan], renal_diameter_cm=[5.0, 8.0, np.nan])
    np.testing.assert_array_equal(table["R"], [2, 3, np.nan])


def test_points_that_contradict_the_measurement_are_an_error() -> None:
    with pytest.raises(
        ModelError, match=r"R of lesion L1 is given as 2 points, but 'renal_diameter_cm' makes it 1"
    ):
        points(renal_r=[1.0, 2.0], renal_diameter_cm=[3.0, 3.0])


@pytest.mark.parametrize(
    "values",
    [
        {"renal_r": [4.0]},
        {"renal_r": [1.5]},
        {"renal_l": ["high"]},
        {"renal_exophytic_percent": [120.0]},
        {"renal_nearness_mm": [-1.0]},
        {"renal_diameter_cm": ["large"]},
        {"renal_a": ["left"]},
        {"renal_h": ["maybe"]},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_cannot_be_names_the_lesion_and_the_column(values: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=rf"'{next(iter(values))}' of lesion L0 is .* not possible"):
        points(**values)


def test_side_and_hilum_are_read_in_the_usual_ways() -> None:
    table = points(renal_a=["a", "Posterior", "x", None], renal_h=[1.0, 0.0, np.nan, 1.0])
    assert table["A"].tolist() == ["a", "p", "x", None]
    assert table["h"].tolist() == ["yes", "no", None, "yes"]
    assert points(renal_h=["h", "no"])["h"].tolist() == ["yes", "no"]
