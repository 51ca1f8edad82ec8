from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits import Split, balance, make_split
from samesplit.errors import SplitError


@pytest.fixture
def split() -> Split:
    table = pd.DataFrame(
        [
            (p, 0, 0, s)
            for p, s in zip("abcdefgh", ["train"] * 4 + ["validation"] * 2 + ["test"] * 2, strict=True)
        ],
        columns=["patient_id", "repeat", "fold", "subset"],
    )
    return Split(table, "fixed", 0, "", "", {})


@pytest.fixture
def cohort() -> tuple[pd.DataFrame, pd.Series[int]]:
    lesions = pd.DataFrame(
        {
            "lesion_id": [*"abcdefgh", "h2"],
            "patient_id": [*"abcdefgh", "h"],
            "age": [1.0, 2, 3, np.nan, 5, 5, 2, 4, 6],
            "sex": ["m", "m", "f", None, "f", "f", "m", "f", "f"],
            "site": "A",
            "constant": 7.0,
        }
    )
    return lesions, pd.Series([0, 0, 1, 1, 0, 1, 0, 1, 1], index=lesions["lesion_id"], name="label")


def row(table: pd.DataFrame, subset: str, variable: str, level: str) -> pd.Series[Any]:
    rows = table[(table["subset"] == subset) & (table["variable"] == variable) & (table["level"] == level)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_values_computed_by_hand(split: Split, cohort: Any) -> None:
    table = balance(split, *cohort, ["age", "sex"])
    assert list(table.columns) == ["repeat", "fold", "subset", "variable", "level", "n", "value", "smd"]
    assert row(table, "test", "patients", "")["n"] == 2
    assert row(table, "test", "lesions", "")["value"] == 3
    label = row(table, "test", "label", "positive")
    assert (label["n"], label["value"]) == (2, pytest.approx(2 / 3))
    assert label["smd"] == pytest.approx((2 / 3 - 1 / 2) / np.sqrt((2 / 9 + 1 / 4) / 2))
    age = row(table, "test", "age", "mean")
    assert (age["n"], age["value"]) == (3, 4.0)
    assert age["smd"] == pytest.approx((4 - 2) / np.sqrt((4 + 1) / 2))
    assert row(table, "test", "age", "sd")["value"] == pytest.approx(2.0)
    assert row(table, "train", "age", "mean")["n"] == 3
    assert row(table, "train", "age", "(missing)")["value"] == pytest.approx(1 / 4)
    female = row(table, "test", "sex", "f")
    assert (female["n"], female["value"]) == (2, pytest.approx(2 / 3))
    assert female["smd"] == pytest.approx((2 / 3 - 1 / 3) / np.sqrt((2 / 9 + 2 / 9) / 2))


def test_training_is_the_reference_and_has_no_difference(split: Split, cohort: Any) -> None:
    table = balance(split, *cohort, ["age", "sex", "site"])
    assert table.loc[table["subset"] == "train", "smd"].isna().all()


def test_no_spread_gives_zero_when_alike_and_nothing_when_not(split: Split, cohort: Any) -> None:
    lesions, labels = cohort
    table = balance(split, lesions, labels, ["site", "constant"])
    assert row(table, "test", "site", "A")["smd"] == 0
    assert row(table, "test", "constant", "mean")["smd"] == 0
    lesions["constant"] = lesions["constant"].where(lesions["lesion_id"] < "e", 8.0)
    table = balance(split, lesions, labels, ["constant"])
    assert np.isnan(row(table, "test", "constant", "mean")["smd"])
    assert not (table["variable"] == "site").any()


def test_every_fold_is_described(make_cohort: Any) -> None:
    lesions, labels = make_cohort()
    split = make_split(lesions, labels, SplitSettings(scheme="kfold", repeats=2), folder=Path())
    table = balance(split, lesions, labels, ["size_mm", "sex"])
    assert len(table) == 10 * 3 * (3 + 2 + 2)
    for (_, _), part in table[table["variable"] == "patients"].groupby(["repeat", "fold"]):
        assert part["n"].sum() == 51


def test_an_unknown_column_is_refused(split: Split, cohort: Any) -> None:
    with pytest.raises(SplitError, match=r"there is no column 'weight' to balance\nRemedy: columns: les"):
        balance(split, *cohort, ["weight"])
