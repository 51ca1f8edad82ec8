from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.claims import ClaimRules, add_claims, comparisons_not_made


def _rows(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["quantity", "model", "reference", "estimate", "p_value"])
    return table.assign(group="all")


def test_a_difference_is_claimed_by_its_adjusted_p_value_alone() -> None:
    found = add_claims(
        _rows(
            ("auc_difference", "a", "c", 0.1, 0.01),
            ("auc_difference", "b", "c", -0.1, 0.02),
            ("auc_difference", "a", "b", 0.1, 0.9),
            ("auc_difference", "d", "c", 0.1, math.nan),
        )
    )
    assert found["p_adjusted"].tolist() == pytest.approx([0.03, 0.04, 0.9, math.nan], nan_ok=True)
    assert found["claim"].tolist() == ["higher", "lower", "not shown", "not shown"]


def test_what_is_no_difference_is_not_claimed() -> None:
    found = add_claims(_rows(("calibration_slope", "a", "", 0.5, math.nan)))
    assert found["claim"].tolist() == [""]


def test_a_p_value_of_exactly_the_level_is_no_claim_whatever_its_last_digits() -> None:
    level = 1 - 0.95  # 0.050000000000000044
    for p in (0.05, level, np.nextafter(0.05, 0)):
        assert add_claims(_rows(("auc_difference", "a", "b", 0.1, p)))["claim"].tolist() == ["not shown"]


def test_each_kind_of_comparison_is_a_family_of_its_own() -> None:
    rows = _rows(
        ("auc_difference", "a", "c", 0.1, 0.04),
        ("sensitivity_difference", "a", "c", 0.1, 0.04),
        ("auc_difference", "reader:R1/aided", "c", 0.1, 0.04),
        ("auc_difference", "readers:mean/aided", "c", 0.1, 0.04),
        ("auc_difference", "reader:R1/aided", "reader:R1/unaided", 0.1, 0.04),
        ("auc_difference", "readers:mean/aided", "readers:mean/unaided", 0.1, 0.04),
    )
    assert add_claims(rows)["p_adjusted"].tolist() == pytest.approx([0.04] * 6)
    doubled = add_claims(pd.concat([rows, rows.assign(model=rows["model"] + "2")], ignore_index=True))
    assert doubled["p_adjusted"].tolist() == pytest.approx([0.08] * 12)


def test_a_model_that_stands_apart_changes_no_other_claim() -> None:
    rows = pd.DataFrame(
        {
            "quantity": "auc_difference", "group": "all", "estimate": 0.1,
            "model": ["a", "b", "arm"], "reference": ["b", "c", "a"], "p_value": [0.02, 0.03, 0.04],
        }
    )  # fmt: skip
    alone = add_claims(rows.iloc[:2])
    beside = add_claims(rows, rules=ClaimRules(apart=("arm",)))
    assert beside["p_adjusted"].tolist() == [*alone["p_adjusted"], 0.04]
    assert add_claims(rows)["p_adjusted"].tolist() == pytest.approx([0.06, 0.06, 0.06])


def test_a_claim_carries_the_probability_that_it_is_false_and_is_not_made_above_5_percent() -> None:
    rows = _rows(("auc_difference", "a", "b", 0.1, 0.11), ("auc", "a", "", 0.8, np.nan))
    found = add_claims(rows, confidence=0.8)
    assert found["false_claim_probability"][0] == pytest.approx(0.055)
    assert np.isnan(found["false_claim_probability"][1])
    assert found["p_adjusted"][0] == pytest.approx(0.11)
    assert found["claim"].tolist() == ["not shown", ""]
    allowed = add_claims(_rows(("auc_difference", "a", "b", 0.1, 0.09)), confidence=0.8)
    assert allowed["claim"].tolist() == ["higher"]


PAIRS = _rows(
    ("auc_difference", "a", "d", 0.1, 0.01),
    ("auc_difference", "b", "d", 0.1, 0.02),
    ("auc_difference", "c", "d", 0.1, 0.03),
    ("auc_difference", "readers:mean/unaided", "a", 0.1, 0.04),
)


def test_a_declared_family_is_adjusted_by_itself_and_the_rest_together() -> None:
    families = {"primary": [("d", "c"), ("a", "readers:mean/unaided")]}
    found = add_claims(PAIRS, rules=ClaimRules(families=families))
    assert found["p_adjusted"].tolist() == pytest.approx([0.02, 0.02, 0.06, 0.06])
    assert found["claim"].tolist() == ["higher", "higher", "not shown", "not shown"]


def test_the_declared_method_of_adjustment_is_used() -> None:
    of_models = PAIRS.iloc[:3]
    adjusted = {
        method: add_claims(of_models, rules=ClaimRules(multiplicity=method))["p_adjusted"].tolist()
        for method in ("holm", "hochberg", "Benjamini-Hochberg")
    }
    assert adjusted["holm"] == pytest.approx([0.03, 0.04, 0.04])
    assert adjusted["hochberg"] == pytest.approx([0.03, 0.03, 0.03])
    assert adjusted["Benjamini-Hochberg"] == pytest.approx([0.03, 0.03, 0.03])


def test_comparisons_that_were_declared_and_not_made_are_named() -> None:
    rules = ClaimRules(families={"primary": [("a", "d"), ("x", "d")], "secondary": [("a", "y")]})
    assert comparisons_not_made(rules, PAIRS) == ["x - d", "a - y"]
