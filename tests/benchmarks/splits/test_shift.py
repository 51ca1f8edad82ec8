from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from samesplit.benchmarks.lesion_classes import LesionClasses
from samesplit.benchmarks.splits import Split, balance, shift
from samesplit.benchmarks.splits.shift import SHIFT_COLUMNS
from samesplit.errors import SplitError

PATIENTS = [f"P{i:02d}" for i in range(40)]
LESIONS = pd.DataFrame(
    {
        "lesion_id": [f"L{i:02d}" for i in range(40)],
        "patient_id": PATIENTS,
        "age": [50.0 + i % 7 for i in range(24)] + [60.0 + i % 5 for i in range(16)],
        "size_mm": [20.0 + i % 4 for i in range(40)],
        "sex": ["m", "f"] * 20,
        "site": ["A"] * 24 + ["B"] * 16,
        "grade": ["I", None, "II", "I"] * 10,
    }
)
LABELS = pd.Series([1, 0, 0, 0] * 6 + [1, 1, 1, 0] * 4, index=LESIONS["lesion_id"])


def made(sides: list[list[str]], sets: dict[str, str] | None = None) -> Split:
    rows = [
        (patient, 0, fold, side)
        for fold, of in enumerate(sides)
        for patient, side in zip(PATIENTS, of, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["patient_id", "repeat", "fold", "subset"])
    if sets is not None:
        table["test_set"] = table["patient_id"].map(sets).where(table["subset"] == "test")
    return Split(table, "fixed", 0, "", "", {})


ONE = made([["train"] * 20 + ["validation"] * 4 + ["test"] * 16])


def lines(table: pd.DataFrame, variable: str) -> pd.DataFrame:
    return table[table["variable"] == variable].set_index("level")


def test_the_prevalence_of_one_test_part_has_newcombes_interval() -> None:
    table = shift(ONE, LESIONS, LABELS)
    assert list(table.columns) == SHIFT_COLUMNS
    (row,) = table.to_dict("records")
    assert (row["test_set"], row["variable"], row["level"]) == ("test", "label", "positive")
    assert (row["n_train"], row["n_test"], row["train"], row["test"]) == (20, 16, 0.25, 0.75)
    low, high = confint_proportions_2indep(12, 16, 5, 20, method="newcomb")
    assert (row["difference"], row["ci_low"], row["ci_high"]) == pytest.approx((0.5, low, high))
    assert row["large"]


def test_variables_have_the_standardised_differences_of_the_balance() -> None:
    columns = ["age", "size_mm", "sex", "grade", "site"]
    table = shift(ONE, LESIONS, LABELS, columns)
    alike = balance(ONE, LESIONS, LABELS, columns)
    of_test = alike[alike["subset"] == "test"].set_index(["variable", "level"])
    for row in table.to_dict("records"):
        same = of_test.loc[(row["variable"], row["level"])]
        assert row["test"] == same["value"]
        assert row["smd"] == pytest.approx(same["smd"], nan_ok=True)
    assert lines(table, "age").loc["mean", "large"]
    assert not lines(table, "size_mm").loc["mean", "large"]
    assert lines(table, "site")["large"].tolist() == [True, True]  # no spread: one site is tested alone
    assert np.isnan(lines(table, "site")["smd"]).all()
    assert lines(table, "grade").loc["(missing)", ["n_train", "n_test"]].tolist() == [20, 16]
    assert lines(table, "grade").loc["I", ["n_train", "n_test"]].tolist() == [15, 12]
    assert table.loc[table["variable"] != "label", "difference"].isna().all()


def test_a_cross_validation_has_nothing_to_compare() -> None:
    half = ["train"] * 20 + ["test"] * 20
    assert shift(made([half, half[::-1]]), LESIONS, LABELS, ["age"]).empty


def test_a_named_set_that_every_fold_tests_is_compared_and_the_rest_is_not() -> None:
    external = dict.fromkeys(PATIENTS[30:], "external") | dict.fromkeys(PATIENTS[:30], "internal")
    folds = [
        ["train"] * 15 + ["test"] * 15 + ["test"] * 10,
        ["test"] * 15 + ["train"] * 15 + ["test"] * 10,
    ]
    table = shift(made(folds, external), LESIONS, LABELS, ["age"])
    assert set(table["test_set"]) == {"external"}
    assert table["n_train"].tolist() == [30, 30]
    assert table["n_test"].tolist() == [10, 10]


def test_a_site_that_one_fold_tests_is_compared_with_the_training_part_of_that_fold() -> None:
    sites = dict(zip(PATIENTS, LESIONS["site"], strict=True))
    folds = [["test" if site == left_out else "train" for site in LESIONS["site"]] for left_out in "AB"]
    table = shift(made(folds, sites), LESIONS, LABELS)
    assert table["test_set"].tolist() == ["A", "B"]
    assert table["difference"].tolist() == pytest.approx([-0.5, 0.5])


def test_a_patient_with_several_lesions_counts_once_in_the_width() -> None:
    doubled = pd.concat([LESIONS, LESIONS.assign(lesion_id=LESIONS["lesion_id"] + "b")], ignore_index=True)
    labels = pd.concat([LABELS, LABELS.set_axis(LABELS.index + "b")])
    one, two = shift(ONE, LESIONS, LABELS), shift(ONE, doubled, labels)
    assert two["n_test"].tolist() == [32]
    assert two[["difference", "ci_low", "ci_high"]].to_numpy() == pytest.approx(
        one[["difference", "ci_low", "ci_high"]].to_numpy()
    )


def test_each_class_of_a_task_has_its_share_and_unknown_classes_do_not_count() -> None:
    numbers = pd.Series([0, 1, 2, 1] * 10, index=LESIONS["lesion_id"])
    kinds = LesionClasses("kind", ("a", "b", "c"), numbers)
    nobody = LesionClasses("rare", ("no", "yes"), numbers.iloc[:20].clip(upper=1))  # nobody of the test part
    table = shift(ONE, LESIONS, [kinds, nobody])
    assert lines(table, "kind")["test"].to_dict() == {"a": 0.25, "b": 0.5, "c": 0.25}
    assert lines(table, "kind").loc["b", "difference"] == pytest.approx(0)
    rare: Any = lines(table, "rare").loc["yes"]
    assert (rare["n_train"], rare["n_test"], rare["large"]) == (20, 0, False)
    assert np.isnan(rare["difference"])


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(SplitError, match="no column 'weight' to compare"):
        shift(ONE, LESIONS, LABELS, ["weight"])
