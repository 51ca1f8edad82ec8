"""The chain on tables whose answers can be counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from samesplit.errors import PredictionsError
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import evaluate_task
from samesplit.tasks import BinaryTask, MulticlassTask, SurvivalTask

BINARY = BinaryTask(question="Malignant?", positive="malignant", negative="benign")
N = 40
LESIONS = [f"L{i:02d}" for i in range(N)]
LABELS = np.tile([0, 1], N // 2)
TRUTH = pd.DataFrame(
    {"patient_id": [f"P{i:02d}" for i in range(N)], "label": LABELS},
    index=pd.Index(LESIONS, name="lesion_id"),
)
FIT = {"model": "net", "seed": 0, "repeat": 0, "fold": 0}
MISSED, BROKEN, SPOILT, MENDED = {"L00", "L01", "L02"}, {"L04"}, {"L06", "L07"}, {"L09"}
WRONG_ALREADY = {"L02", "L09", "L11"}


def probability(label: int, right: bool, number: int) -> float:
    """A probability on the right or the wrong side of 0.5, another for every lesion."""
    return 0.7 + number / 1000 if bool(label) == right else 0.3 - number / 1000


def manual_and_chain() -> tuple[pd.DataFrame, pd.DataFrame]:
    manual, chain = [], []
    for number, (lesion, label) in enumerate(zip(LESIONS, LABELS, strict=True)):
        right = lesion not in WRONG_ALREADY
        row = FIT | {"subset": "test", "rater": "R1", "lesion_id": lesion}
        manual.append(row | {"probability": probability(label, right, number)})
        if lesion not in MISSED | BROKEN:
            kept = (right or lesion in MENDED) and lesion not in SPOILT
            chain.append(
                row | {"rater": "predicted by unet", "segmentation": "unet"}
                | {"probability": probability(label, kept, number)}
            )  # fmt: skip
    return pd.DataFrame(manual), pd.DataFrame(chain)


MANUAL, PREDICTED = manual_and_chain()
CHAIN_LESIONS = pd.DataFrame(
    {
        "segmentation": "unet",
        "repeat": 0,
        "fold": 0,
        "lesion_id": LESIONS,
        "found": [lesion not in MISSED for lesion in LESIONS],
        "reason": ["no component" if lesion in MISSED else "" for lesion in LESIONS],
        "dice": [0.0 if lesion in MISSED else 0.5 if lesion in SPOILT else 0.9 for lesion in LESIONS],
    }
)
IMAGES = pd.DataFrame(
    {
        "segmentation": "unet",
        "repeat": 0,
        "fold": 0,
        "patient_id": TRUTH["patient_id"].to_numpy(),
        "image": "A",
        "false_positives": [2] * 5 + [0] * (N - 5),
    }
)


def judge(n_bootstrap: int = 0, **details: pd.DataFrame) -> dict[str, pd.DataFrame]:
    given = {"chain": PREDICTED, "chain_lesions": CHAIN_LESIONS, "chain_images": IMAGES} | details
    options = EvaluationOptions(
        n_bootstrap=n_bootstrap, operating_point=0.5, details=given, primary_rater="R1"
    )
    return evaluate_task(BINARY, MANUAL, TRUTH, options).tables


@pytest.fixture(scope="module")
def found() -> dict[str, pd.DataFrame]:
    return judge(n_bootstrap=100)


@pytest.fixture(scope="module")
def numbers(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return found["chain"].set_index("quantity")


def test_every_lesion_is_told_what_became_of_it(found: dict[str, pd.DataFrame]) -> None:
    stage = found["chain_cases"].set_index("lesion_id")["stage"]
    assert stage[["L00", "L01"]].tolist() == ["localisation"] * 2
    assert stage["L02"] == stage["L11"] == "classification"
    assert stage["L04"] == "not classified"
    assert stage[["L06", "L07"]].tolist() == ["segmentation"] * 2
    assert stage["L09"] == "right"
    assert stage.value_counts()["right"] == N - 7


def test_a_model_that_looks_at_no_mask_is_no_case_of_the_chain() -> None:
    both = pd.concat([MANUAL, MANUAL.assign(model="clinical")], ignore_index=True)
    given = {"chain": PREDICTED, "chain_lesions": CHAIN_LESIONS}
    options = EvaluationOptions(n_bootstrap=0, operating_point=0.5, details=given)
    assert set(evaluate_task(BINARY, both, TRUTH, options).tables["chain_cases"]["model"]) == {"net"}


def test_a_missed_lesion_is_an_error(numbers: pd.DataFrame) -> None:
    estimate = numbers["estimate"]
    assert estimate["accuracy_manual"] == pytest.approx((N - 3) / N)
    assert estimate["accuracy_chain"] == pytest.approx((N - 7) / N)
    assert estimate["accuracy_difference"] == pytest.approx(-4 / N)
    assert estimate["lesions_found"] == pytest.approx((N - 3) / N)
    gained_and_lost = [1] + [-1] * 5 + [0] * (N - 6)
    assert numbers.loc["accuracy_difference", "p_value"] == pytest.approx(
        stats.ttest_1samp(gained_and_lost, 0).pvalue
    )


def test_sensitivity_and_specificity_of_both_arms_count_the_same_lesions(numbers: pd.DataFrame) -> None:
    assert numbers.loc["sensitivity_manual", ["estimate", "n"]].tolist() == [pytest.approx(18 / 20), 20]
    # L01 missed, L07 spoilt, L09 mended, L11 wrong in both
    assert numbers.loc["sensitivity_chain", "estimate"] == pytest.approx(17 / 20)
    assert numbers.loc["specificity_difference", "estimate"] == pytest.approx(-3 / 20)  # L00, L04, L06


def test_the_stages_add_up_to_the_error_of_the_chain(numbers: pd.DataFrame) -> None:
    estimate = numbers["estimate"]
    assert estimate["loss_localisation"] == pytest.approx(2 / N)
    assert estimate["loss_not_classified"] == pytest.approx(1 / N)
    assert estimate["loss_segmentation"] == pytest.approx((2 - 1) / N)
    assert estimate["error_classification"] == pytest.approx(3 / N)
    stages = ["loss_localisation", "loss_not_classified", "loss_segmentation", "error_classification"]
    assert estimate[stages].sum() == pytest.approx(1 - estimate["accuracy_chain"])


def test_aucs_are_of_the_lesions_with_both_answers_and_the_worst_case_of_all(numbers: pd.DataFrame) -> None:
    both = set(PREDICTED["lesion_id"])
    manual = MANUAL[MANUAL["lesion_id"].isin(both)].set_index("lesion_id")["probability"]
    chain = PREDICTED.set_index("lesion_id")["probability"]
    label = TRUTH["label"]
    assert numbers.loc["auc_manual", "estimate"] == pytest.approx(roc_auc_score(label[manual.index], manual))
    assert numbers.loc["auc_chain", "estimate"] == pytest.approx(roc_auc_score(label[chain.index], chain))
    assert numbers.loc["auc_difference", "estimate"] == pytest.approx(
        numbers.loc["auc_chain", "estimate"] - numbers.loc["auc_manual", "estimate"]
    )
    worst = chain.reindex(LESIONS).fillna(pd.Series(np.where(LABELS == 1, -1, 2), index=LESIONS))
    assert numbers.loc["auc_all", "estimate"] == pytest.approx(roc_auc_score(label, worst))
    assert numbers.loc["auc_manual", "n"] == N - 4


def test_false_positives_are_counted_per_patient_and_dice_goes_with_right_answers(
    numbers: pd.DataFrame,
) -> None:
    assert numbers.loc["false_positives_per_patient", "estimate"] == pytest.approx(10 / N)
    answered = CHAIN_LESIONS[CHAIN_LESIONS["lesion_id"].isin(PREDICTED["lesion_id"])]
    right = [lesion not in SPOILT | (WRONG_ALREADY - MENDED) for lesion in answered["lesion_id"]]
    expected = stats.pearsonr(answered["dice"], right).statistic
    assert numbers.loc["correlation_dice_right", "estimate"] == pytest.approx(expected)


def test_without_counts_of_false_positives_there_is_no_row_of_them() -> None:
    assert "false_positives_per_patient" not in set(judge(chain_images=IMAGES.iloc[:0])["chain"]["quantity"])


def test_without_predictions_on_predicted_masks_nothing_is_added() -> None:
    assert "chain" not in judge(chain=PREDICTED.iloc[:0])


@pytest.mark.parametrize("labels", ["both classes", "one class"])
def test_a_chain_that_found_nothing_is_wrong_about_every_lesion(labels: str) -> None:
    lesions = CHAIN_LESIONS.assign(found=False, dice=0.0)
    if labels == "one class":
        lesions = lesions[lesions["lesion_id"].map(TRUTH["label"]) == 0]
    chains = pd.DataFrame({"segmentation": ["unet"], "model": ["net"]})
    tables = judge(chain=PREDICTED.iloc[:0], chain_models=chains, chain_lesions=lesions)
    estimate = tables["chain"].set_index("quantity")["estimate"]
    assert estimate["accuracy_chain"] == estimate["lesions_found"] == 0.0
    assert estimate["loss_localisation"] == pytest.approx(estimate["accuracy_manual"])
    assert "auc_chain" not in estimate
    assert estimate.get("auc_all") == (0.0 if labels == "both classes" else None)
    assert set(tables["chain_cases"]["stage"]) == {"localisation", "classification"}


def test_arms_without_a_common_lesion_cannot_be_compared() -> None:
    with pytest.raises(PredictionsError, match="no lesion has an answer with its manual"):
        judge(chain_lesions=CHAIN_LESIONS.assign(found=False))


def test_without_a_threshold_only_the_ranking_is_judged() -> None:
    given = {"chain": PREDICTED, "chain_lesions": CHAIN_LESIONS}
    options = EvaluationOptions(n_bootstrap=0, details=given)
    tables = evaluate_task(BINARY, MANUAL, TRUTH, options).tables
    assert set(tables["chain"]["quantity"]) == {"auc_manual", "auc_chain", "auc_difference", "auc_all"}
    assert tables["chain_cases"].empty


def test_found_lesions_of_one_class_have_no_auc_but_all_lesions_have() -> None:
    benign = PREDICTED[PREDICTED["lesion_id"].map(TRUTH["label"]) == 0]
    lesions = CHAIN_LESIONS.assign(found=CHAIN_LESIONS["lesion_id"].isin(benign["lesion_id"]))
    quantities = judge(chain=benign, chain_lesions=lesions)["chain"].set_index("quantity")["estimate"]
    assert "auc_manual" not in quantities
    assert quantities["auc_all"] < 0.5


def test_only_benign_test_lesions_have_neither_sensitivity_nor_auc() -> None:
    benign = [lesion for lesion, label in zip(LESIONS, LABELS, strict=True) if label == 0]
    lesions = CHAIN_LESIONS[CHAIN_LESIONS["lesion_id"].isin(benign)]
    quantities = set(judge(chain_lesions=lesions)["chain"]["quantity"])
    assert {"accuracy_chain", "specificity_chain"} <= quantities
    assert not {"sensitivity_chain", "auc_all"} & quantities


CLASSES = ("AML", "cystic", "solid")
SUBTYPE = MulticlassTask(question="Which?", classes=CLASSES)


def of_classes(missed: set[str], **more: pd.DataFrame) -> dict[str, Any]:
    """Three classes; all are called rightly, those that are missed have no row."""
    truth = TRUTH.assign(label=np.arange(N) % 3)
    rows = [
        FIT | {"subset": "test", "rater": "R1", "lesion_id": lesion, "class": name}
        | {"probability": 0.6 + i / 1000 if name == CLASSES[i % 3] else 0.2 - i / 2000}
        for i, lesion in enumerate(LESIONS)
        for name in CLASSES
    ]  # fmt: skip
    manual = pd.DataFrame(rows)
    chain = manual[~manual["lesion_id"].isin(missed)].assign(segmentation="unet", rater="predicted by unet")
    lesions = CHAIN_LESIONS.assign(found=~CHAIN_LESIONS["lesion_id"].isin(missed))
    options = EvaluationOptions(n_bootstrap=0, details={"chain": chain, "chain_lesions": lesions} | more)
    return evaluate_task(SUBTYPE, manual, truth, options).tables


def test_of_several_classes_the_class_of_highest_probability_is_called() -> None:
    numbers = of_classes({"L03", "L04"})["chain"].set_index("quantity")["estimate"]
    assert numbers["accuracy_manual"] == 1.0
    assert numbers["accuracy_chain"] == pytest.approx((N - 2) / N)
    assert numbers["auc_manual"] == numbers["auc_chain"] == 1.0
    assert "sensitivity_chain" not in numbers
    assert "auc_all" not in numbers


def test_a_chain_of_several_classes_that_found_nothing_is_wrong_about_every_lesion() -> None:
    chains = pd.DataFrame({"segmentation": ["unet"], "model": ["net"]})
    numbers = of_classes(set(LESIONS), chain_models=chains)["chain"].set_index("quantity")["estimate"]
    assert numbers["accuracy_manual"] == 1.0
    assert numbers["accuracy_chain"] == 0.0


def test_when_all_are_found_the_chain_of_several_classes_ranks_like_the_manual_masks() -> None:
    numbers = of_classes(set())["chain"].set_index("quantity")["estimate"]
    assert numbers["accuracy_difference"] == numbers["auc_difference"] == 0.0


def test_other_kinds_of_tasks_have_no_chain() -> None:
    task = SurvivalTask(question="How long?", time="months", event="died")
    truth = TRUTH.assign(time=np.arange(1.0, N + 1))
    risks = MANUAL.rename(columns={"probability": "risk"})
    options = EvaluationOptions(details={"chain": PREDICTED}, n_bootstrap=0)
    assert "chain" not in evaluate_task(task, risks, truth, options).tables
