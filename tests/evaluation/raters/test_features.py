"""Agreement of two raters' measurements: ICC and limits of agreement as their functions give them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.raters import RATER_FEATURE_VALUES, RATER_FEATURES, feature_agreement
from samesplit.evaluation.raters.features import MOST_WITH_LIMITS
from samesplit.evaluation.task import evaluate_task
from samesplit.statistics.agreement import bland_altman
from samesplit.statistics.icc import icc
from samesplit.tasks import BinaryTask

LESIONS = [f"L{number}" for number in range(12)]
TRUTH = pd.DataFrame({"patient_id": LESIONS, "label": [0, 1] * 6}, index=pd.Index(LESIONS, name="lesion_id"))
OPTIONS = EvaluationOptions(primary_rater="R2", n_bootstrap=0, operating_point=0.5)
RNG = np.random.default_rng(5)
TRUE = RNG.normal(1500, 300, len(LESIONS))
BY_RATER = {
    rater: TRUE + bias + RNG.normal(0, 60, len(LESIONS)) for rater, bias in (("R1", 40.0), ("R2", 0.0))
}


def features(columns: int = 1, **values: np.ndarray) -> pd.DataFrame:
    rows = [
        pd.DataFrame({"lesion_id": LESIONS, "value": measured}).assign(
            sequence="T1map", rater=rater, profile="roi", feature=f"mean{number}"
        )
        for rater, measured in (values or BY_RATER).items()
        for number in range(columns)
    ]
    return pd.concat(rows, ignore_index=True)


def test_a_measurement_has_both_iccs_and_the_limits_of_agreement_of_primary_minus_other():
    (row,) = feature_agreement(features(), TRUTH, OPTIONS).table.to_dict("records")
    pair = np.column_stack([BY_RATER["R2"], BY_RATER["R1"]])
    limits = bland_altman(pair[:, 0], pair[:, 1])
    assert (row["rater_a"], row["rater_b"], row["n"]) == ("R2", "R1", 12)
    assert row["icc"] == pytest.approx(float(icc(pair, form="ICC(A,1)").estimate))
    assert row["consistency"] == pytest.approx(float(icc(pair, form="ICC(C,1)").estimate))
    assert row["consistency"] > row["icc"]  # the bias counts in one of them alone
    assert row["bias"] == pytest.approx(limits.bias.estimate)
    assert row["upper_high"] == pytest.approx(limits.upper.ci_high)
    assert row["slope_p"] == pytest.approx(limits.slope.p_value)


def test_lesions_that_one_rater_lacks_or_without_an_outcome_do_not_count():
    table = features()
    table.loc[(table["lesion_id"] == "L3") & (table["rater"] == "R1"), "value"] = np.nan
    found = feature_agreement(table, TRUTH.drop("L5"), OPTIONS)
    assert found.table["n"].tolist() == [10]
    assert not found.measured["lesion_id"].isin(["L3", "L5"]).any()


def test_many_features_have_their_icc_and_no_limits():
    found = feature_agreement(features(columns=MOST_WITH_LIMITS + 1), TRUTH, OPTIONS)
    assert len(found.table) == MOST_WITH_LIMITS + 1
    assert found.table["bias"].isna().all()
    assert found.table["icc"].notna().all()
    assert found.measured.empty


def test_too_few_lesions_and_raters_without_a_feature_in_common_give_nothing():
    few = feature_agreement(features(), TRUTH.iloc[:2], OPTIONS)
    assert few.table.empty
    assert few.measured.empty
    table = features()
    apart = table.assign(feature=table["rater"])
    assert feature_agreement(apart, TRUTH, OPTIONS).table.empty


def test_the_evaluation_of_a_task_has_the_tables_where_features_are_given():
    task = BinaryTask(question="?", positive="malignant", negative="benign")
    key = {"model": "m", "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R2"}
    predictions = pd.DataFrame({"lesion_id": LESIONS, "probability": np.linspace(0.1, 0.9, 12)}).assign(**key)
    given = EvaluationOptions(
        primary_rater="R2", n_bootstrap=0, operating_point=0.5, details={RATER_FEATURES: features()}
    )
    tables = evaluate_task(task, predictions, TRUTH, given).tables
    assert len(tables[RATER_FEATURES]) == 1
    assert len(tables[RATER_FEATURE_VALUES]) == 12
