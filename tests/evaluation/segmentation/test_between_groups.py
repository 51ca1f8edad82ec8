"""Masks in test sets and groups, sequence by sequence, on tables with known answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import evaluate_task
from samesplit.tasks import SegmentationTask

N = 60
LESIONS = [f"L{i:02d}" for i in range(N)]
SETS = np.repeat(["internal", "external", "non-ge"], N // 3)
TRUTH = pd.DataFrame(
    {
        "patient_id": [f"P{i:02d}" for i in range(N)],
        "test_set": SETS,
        "scanner_vendor": np.where(SETS == "non-ge", "Siemens", "GE"),
        "site": np.where(SETS == "internal", "one", "two"),
    },
    index=pd.Index(LESIONS, name="lesion_id"),
)
MEAN = {"internal": 0.8, "external": 0.78, "non-ge": 0.55}


def overlap(*, sequences: tuple[str, ...] = ("T1", "T2"), detected: bool = True) -> pd.DataFrame:
    """The first lesion of each set is missed in T1 and found in T2; the last one is missed in both."""
    rng = np.random.default_rng(2)
    rows = []
    for place, (lesion, test_set) in enumerate(zip(LESIONS, SETS, strict=True)):
        for sequence in sequences:
            missed = place % 20 == 19 or (place % 20 == 0 and sequence == "T1")
            rows.append(
                {
                    "model": "net", "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1",
                    "lesion_id": lesion, "sequence": sequence, "detected": not missed,
                    "dice": 0.0 if missed else MEAN[test_set] + rng.normal(0, 0.05),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    return table if detected else table.drop(columns="detected")


def judge(table: pd.DataFrame, truth: pd.DataFrame = TRUTH, **task: Any) -> dict[str, pd.DataFrame]:
    options = EvaluationOptions(n_bootstrap=200, details={"overlap": table})
    asked = SegmentationTask(question="Where?", **task)
    return evaluate_task(asked, table, truth, options).tables


def test_each_test_set_has_its_median_in_each_sequence_and_in_all_together() -> None:
    table = overlap()
    found = judge(table)["dice_by_group"].set_index(["column", "value", "sequence"])
    inside = table[table["lesion_id"].isin(LESIONS[40:])]
    for sequence in ("T1", "T2"):
        values = np.sort(inside.loc[inside["sequence"] == sequence, "dice"])
        row = found.loc[("test_set", "non-ge", sequence)]
        assert row["dice_median"] == pytest.approx(values[9], abs=1e-15)
        assert row["dice_median_low"] <= row["dice_median"] <= row["dice_median_high"]
        assert row["dice"] == pytest.approx(values.mean())
        assert row["n"] == row["n_patients"] == 20
    together = np.sort(inside.groupby("lesion_id")["dice"].mean())
    assert found.loc[("test_set", "non-ge", ""), "dice_median"] == pytest.approx(together[9], abs=1e-15)
    assert found.loc[("", "", ""), "n"] == N


def test_a_lesion_that_one_sequence_finds_is_found_in_all_together() -> None:
    found = judge(overlap())["dice_by_group"].set_index(["column", "value", "sequence"])["found"]
    assert found[("test_set", "internal", "T1")] == pytest.approx(18 / 20)
    assert found[("test_set", "internal", "T2")] == pytest.approx(19 / 20)
    assert found[("test_set", "internal", "")] == pytest.approx(19 / 20)


def test_the_share_of_lesions_found_in_any_sequence_stands_among_the_results() -> None:
    options = EvaluationOptions(n_bootstrap=200, details={"overlap": overlap(), "components": empty()})
    results = evaluate_task(SegmentationTask(question="Where?"), overlap(), TRUTH, options).results
    rows = results.set_index(["quantity", "group"])
    for group, share in (("all", 57 / 60), ("test_set=external", 19 / 20), ("sequence=T1", 54 / 60)):
        row = rows.loc[("lesions_found", group)]
        assert row["estimate"] == pytest.approx(share)
        assert row["ci_low"] < row["estimate"] < row["ci_high"]


def empty() -> pd.DataFrame:
    columns = ["model", "seed", "repeat", "fold", "subset", "rater", "sequence", "image_of", "component_of"]
    return pd.DataFrame(columns=columns)


def test_two_test_sets_are_compared_unpaired_for_each_sequence() -> None:
    table = overlap()
    pairs = judge(table)["dice_between_groups"].set_index(["column", "first", "second", "sequence"])
    row = pairs.loc[("test_set", "external", "non-ge", "T2")]
    values = table[table["sequence"] == "T2"].set_index("lesion_id")["dice"]
    one, other = values[LESIONS[20:40]], values[LESIONS[40:]]
    assert row["median_difference"] == pytest.approx(np.sort(one)[9] - np.sort(other)[9])
    assert row["median_difference"] == pytest.approx(row["median_first"] - row["median_second"])
    assert row["median_low"] < 0.23 < row["median_high"]
    assert row["mean_difference"] == pytest.approx(one.mean() - other.mean())
    assert row["p_value"] == pytest.approx(stats.ttest_ind(one, other).pvalue, rel=0.2)
    assert row["p_adjusted"] >= row["p_value"]
    assert (row["n_first"], row["n_second"]) == (20, 20)
    assert ("scanner_vendor", "GE", "Siemens", "") in pairs.index
    assert len(pairs.loc["test_set"]) == 3 * 3


def test_one_sequence_needs_no_rows_of_single_sequences_and_without_detection_nothing_is_found() -> None:
    found = judge(overlap(sequences=("T1",), detected=False))["dice_by_group"]
    assert set(found["sequence"]) == {""}
    assert found["found"].isna().all()


def test_a_group_without_lesions_in_a_sequence_has_no_row_of_it() -> None:
    table = overlap()
    table = table[~(table["lesion_id"].isin(LESIONS[40:]) & (table["sequence"] == "T1"))]
    tables = judge(table)
    groups = tables["dice_by_group"].set_index(["column", "value", "sequence"]).index
    assert ("test_set", "non-ge", "T2") in groups
    assert ("test_set", "non-ge", "T1") not in groups
    pairs = tables["dice_between_groups"].set_index(["column", "first", "second", "sequence"]).index
    assert ("test_set", "external", "non-ge", "T1") not in pairs


def test_a_column_of_many_values_is_summed_up_and_not_compared() -> None:
    truth = TRUTH.assign(scanner=[f"S{i % 8}" for i in range(N)])
    tables = judge(overlap(), truth, groups=("scanner",))
    assert (tables["dice_by_group"]["column"] == "scanner").sum() == 8 * 3
    assert not (tables["dice_between_groups"]["column"] == "scanner").any()


def test_few_patients_are_compared_without_a_test() -> None:
    table = overlap()
    few = table[table["lesion_id"].isin([LESIONS[20], LESIONS[40]])]
    (row,) = judge(few[few["sequence"] == "T2"], TRUTH.drop(columns=["scanner_vendor", "site"]))[
        "dice_between_groups"
    ].to_dict("records")
    assert math.isnan(row["p_value"])
    assert row["note"].startswith("too few patients for an interval; not tested: 2 patients are too few")
