"""Detection, strata, differences and covariates of predicted masks, on tables with known answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import evaluate_task
from samesplit.tasks import SegmentationTask

N = 40
LESIONS = [f"L{i:02d}" for i in range(N)]
RNG = np.random.default_rng(7)
TRUTH = pd.DataFrame(
    {
        "patient_id": [f"P{i // 2:02d}" for i in range(N)],
        "scanner_vendor": np.repeat(["GE", "Siemens"], N // 2),
        "site": "north",
        "mass_type": np.tile(["cystic", "solid"], N // 2),
        "age": np.repeat(RNG.uniform(30, 80, N // 2), 2),
    },
    index=pd.Index(LESIONS, name="lesion_id"),
)
DIAMETER = pd.Series(np.where(np.arange(N) % 4 == 0, 4.0, 20.0) + RNG.uniform(0, 0.9, N), index=LESIONS)
MISSED = set(LESIONS[:6])
FIT = {"seed": 0, "repeat": 0, "subset": "test", "rater": "R1"}


def overlap(model: str = "net", *, better: float = 0.0, folds: int = 1) -> pd.DataFrame:
    """Masks of two sequences; six lesions are missed in T1, none in T2; solid and large ones overlap more."""
    rng = np.random.default_rng(3)
    rows = []
    for number, lesion in enumerate(LESIONS):
        for sequence in ("T1", "T2"):
            missed = lesion in MISSED and sequence == "T1"
            value = 0.7 + 0.05 * (number % 2) + 0.005 * DIAMETER[lesion] + rng.normal(0, 0.02) + better
            rows.append(
                FIT
                | {
                    "model": model,
                    "fold": (number // 2) % folds,
                    "lesion_id": lesion,
                    "sequence": sequence,
                    "dice": 0.0 if missed else value,
                    "hd95_mm": 99.0 if missed else 3.0,
                    "detected": not missed,
                    "diameter_mm": DIAMETER[lesion],
                    "side": "left" if number < 10 else "right",
                }
            )
    return pd.DataFrame(rows)


def components(model: str = "net", *, patients: int = 5, folds: int = 1) -> pd.DataFrame:
    """Small false positives of the first patients in T2 on the left, and one component that is a lesion."""
    rows = [
        FIT
        | {
            "model": model,
            "fold": number % folds,
            "sequence": "T2",
            "image_of": LESIONS[2 * number],
            "component_of": "",
            "diameter_mm": 3.0,
            "side": "left",
        }
        for number in range(patients)
    ]
    return pd.DataFrame([*rows, rows[0] | {"component_of": "L00", "diameter_mm": 20.0}])


def judge(
    table: pd.DataFrame, parts: pd.DataFrame | None = None, n_bootstrap: int = 0, **task: Any
) -> Evaluation:
    details = {"overlap": table, "components": components() if parts is None else parts}
    options = EvaluationOptions(n_bootstrap=n_bootstrap, details=details, primary_rater="R1")
    return evaluate_task(SegmentationTask(question="Where?", **task), table, TRUTH, options)


@pytest.fixture(scope="module")
def results() -> pd.DataFrame:
    return judge(overlap(), n_bootstrap=50, by_side=True).results.set_index(["quantity", "group"])


def test_recall_precision_and_f1_count_lesions_and_false_components(results: pd.DataFrame) -> None:
    hits, false, missed = 2 * N - 6, 5, 6
    found = results.loc[(slice(None), "all"), "estimate"].droplevel("group")
    assert found["detection_recall"] == pytest.approx(hits / (hits + missed))
    assert found["detection_precision"] == pytest.approx(hits / (hits + false))
    assert found["detection_f1"] == pytest.approx(2 * hits / (2 * hits + false + missed))
    assert found["false_positives_per_patient"] == pytest.approx(5 / 20)


def test_every_patient_is_found_when_one_sequence_shows_any_lesion(results: pd.DataFrame) -> None:
    row = results.loc[("patients_found", "all")]
    assert row["estimate"] == 1.0
    assert row["ci_low"] == pytest.approx(stats.binomtest(20, 20).proportion_ci(method="exact").low)
    assert results.loc[("patients_found", "sequence=T1"), "estimate"] == pytest.approx(17 / 20)


def test_small_lesions_sides_and_sequences_are_judged_with_the_components_of_their_kind(
    results: pd.DataFrame,
) -> None:
    precision = results.loc["detection_precision", "estimate"]
    small = 2 * 10 - 2  # L00 and L04 are small and missed in T1
    assert precision["size=below 5 mm"] == pytest.approx(small / (small + 5))
    assert precision["size=5 mm and above"] == 1.0
    assert precision["side=right"] == 1.0
    assert precision["sequence=T2"] == pytest.approx(40 / 45)
    assert results.loc[("detection_recall", "sequence=T1"), "estimate"] == pytest.approx(34 / 40)


def test_vendors_are_judged_apart_and_a_single_site_is_not(results: pd.DataFrame) -> None:
    groups = set(results.index.get_level_values("group"))
    assert {"scanner_vendor=GE", "scanner_vendor=Siemens"} <= groups
    assert not any(group.startswith("site=") for group in groups)
    assert results.loc[("false_positives_per_patient", "scanner_vendor=Siemens"), "estimate"] == 0.0


def test_groups_can_be_named_or_left_out() -> None:
    named = set(judge(overlap(), groups=("mass_type",)).results["group"])
    assert {"mass_type=cystic", "mass_type=solid"} <= named
    assert "scanner_vendor=GE" not in named


def test_a_missed_lesion_counts_in_the_median_distance() -> None:
    row = judge(overlap()).results.set_index(["quantity", "group"]).loc[("hd95_mm", "sequence=T1")]
    assert row["estimate"] == 3.0
    all_missed = overlap().assign(hd95_mm=99.0, detected=False)
    assert (
        judge(all_missed).results.set_index(["quantity", "group"]).loc[("hd95_mm", "all"), "estimate"] == 99.0
    )


def test_two_models_are_compared_on_the_same_lesions() -> None:
    both = pd.concat([overlap("a"), overlap("b", better=0.03)], ignore_index=True)
    found = judge(both, components("a"))
    (pair,) = found.pairs.to_dict("records")
    lesions = both.pivot_table(index="lesion_id", columns="model", values="dice")
    by_patient = (lesions["a"] - lesions["b"]).groupby(TRUTH["patient_id"]).mean()
    assert pair["difference"] == pytest.approx(by_patient.mean())
    assert pair["p_value"] == pytest.approx(stats.ttest_1samp(by_patient, 0).pvalue)
    assert math.isnan(pair["p_corrected_t"])
    row = found.results.set_index("quantity").loc["dice_difference"]
    assert (row["model"], row["reference"], row["claim"]) == ("a", "b", "lower")


def test_found_lesions_of_two_models_are_compared_too() -> None:
    second = overlap("b").assign(detected=True)
    found = judge(pd.concat([overlap("a"), second], ignore_index=True), components("a")).results
    row = found.set_index("quantity").loc["detection_recall_difference"]
    missed = pd.Series(LESIONS).isin(list(MISSED)).groupby(TRUTH["patient_id"].to_numpy()).mean()
    assert row["estimate"] == pytest.approx(-6 / (2 * N))
    assert row["p_value"] == pytest.approx(stats.ttest_1samp(-missed / 2, 0).pvalue)
    assert row["claim"] == "not shown"
    assert "nsd_difference" not in set(found["quantity"])


def test_over_several_folds_a_difference_has_to_pass_both_tests() -> None:
    rng = np.random.default_rng(1)
    second = overlap("b", folds=4)
    second["dice"] += 0.03 + rng.normal(0, 0.01, len(second))
    both = pd.concat([overlap("a", folds=4), second], ignore_index=True)
    found = judge(both, components("a", folds=4))
    (pair,) = found.pairs.to_dict("records")
    assert pair["p_value"] == max(pair["p_influence"], pair["p_corrected_t"])
    assert len(found.folds) == 8


def test_over_several_folds_found_lesions_have_to_pass_both_tests_too() -> None:
    second = overlap("b", folds=4).assign(detected=True)
    found = judge(pd.concat([overlap("a", folds=4), second], ignore_index=True), components("a", folds=4))
    row = found.results.set_index("quantity").loc["detection_recall_difference"]
    alone = judge(pd.concat([overlap("a"), overlap("b").assign(detected=True)], ignore_index=True)).results
    of_lesions = alone.set_index("quantity").loc["detection_recall_difference"]
    assert row["estimate"] == pytest.approx(of_lesions["estimate"])
    assert row["p_value"] > of_lesions["p_value"]
    assert "corrected" in row["method"]
    assert found.folds.groupby("model")["n"].sum().tolist() == [N, N]


def test_the_regression_finds_what_the_dice_was_made_of() -> None:
    table = overlap()
    table = table[table["sequence"] == "T2"]
    found = judge(table, covariates=("mass_type", "age")).tables["dice_covariates"].set_index("term")
    assert list(found.index) == ["intercept", "diameter_mm", "mass_type: solid (against cystic)", "age"]
    for term, value in (("diameter_mm", 0.005), ("mass_type: solid (against cystic)", 0.05), ("age", 0.0)):
        assert found.loc[term, "ci_low"] < value < found.loc[term, "ci_high"]
    assert found.loc["age", "p_value"] > 0.01 > found.loc["diameter_mm", "p_value"]
    assert (found["n_patients"] == N // 2).all()


def test_by_default_the_dice_is_regressed_on_diameter_sequence_and_vendor() -> None:
    terms = judge(overlap()).tables["dice_covariates"]["term"].tolist()
    assert terms == [
        "intercept",
        "diameter_mm",
        "sequence: T2 (against T1)",
        "scanner_vendor: Siemens (against GE)",
    ]


def test_a_covariate_that_is_the_same_everywhere_is_no_term() -> None:
    table = overlap()
    options = EvaluationOptions(n_bootstrap=0, details={"overlap": table})
    task = SegmentationTask(question="Where?", covariates=("field_t",))
    found = evaluate_task(task, table, TRUTH.assign(field_t=1.5), options).tables["dice_covariates"]
    assert found["term"].tolist() == ["intercept", "diameter_mm", "sequence: T2 (against T1)"]


def test_rows_without_a_covariate_are_left_out_and_too_few_patients_are_not_fitted() -> None:
    truth = TRUTH.assign(age=TRUTH["age"].where(TRUTH.index != "L03"))
    table = overlap()
    options = EvaluationOptions(n_bootstrap=0, details={"overlap": table})
    task = SegmentationTask(question="Where?", covariates=("age",))
    found = evaluate_task(task, table, truth, options).tables["dice_covariates"]
    assert set(found["note"]) == {"2 rows without a covariate left out"}
    few = table[table["lesion_id"].isin(["L00", "L01", "L02"])]
    options = EvaluationOptions(n_bootstrap=0, details={"overlap": few})
    (row,) = evaluate_task(task, few, TRUTH, options).tables["dice_covariates"].to_dict("records")
    assert row["note"].startswith("not fitted: 2 patients are too few")


def test_types_are_compared_unpaired_and_sequences_paired() -> None:
    found = judge(overlap(), lesion_type="mass_type").tables["dice_by_type"].set_index("column")
    types, sequences = found.loc["mass_type"], found.loc["sequence"]
    assert (types["design"], types["first"], types["second"]) == ("unpaired", "cystic", "solid")
    assert types["difference"] == pytest.approx(types["dice_first"] - types["dice_second"])
    assert (sequences["design"], sequences["n_first"]) == ("paired", N)
    by_patient = overlap().assign(patient=lambda rows: rows["lesion_id"].map(TRUTH["patient_id"]))
    means = by_patient.pivot_table(index="patient", columns="sequence", values="dice")
    assert sequences["p_value"] == pytest.approx(stats.ttest_rel(means["T1"], means["T2"]).pvalue)
    assert sequences["p_value"] == sequences["p_adjusted"]


def test_a_type_of_one_patient_is_compared_without_a_test_and_single_pairs_not_at_all() -> None:
    few = overlap()
    few = few[
        few["lesion_id"].isin(["L01", "L02"]) & ((few["sequence"] == "T2") | (few["lesion_id"] == "L01"))
    ]
    (row,) = judge(few, lesion_type="mass_type").tables["dice_by_type"].to_dict("records")
    assert row["note"].startswith("not tested: 2 patients are too few")
    assert math.isnan(row["p_value"])


def test_columns_that_are_not_there_are_named() -> None:
    with pytest.raises(StatisticsError, match="no column 'kind' to compare lesion types by"):
        judge(overlap(), lesion_type="kind")
    with pytest.raises(StatisticsError, match="no column 'weight' to regress the Dice coefficient on"):
        judge(overlap(), covariates=("weight",))
