"""Every row of the acceptance table about agreement and clustered AUCs, within the tolerance that it names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from samesplit.statistics import auc_interval, cohen_kappa_interval, correlated_aucs, icc

ICC_FORMS = {
    ("oneway", "consistency"): "ICC(1,{})",
    ("twoway", "agreement"): "ICC(A,{})",
    ("twoway", "consistency"): "ICC(C,{})",
}
WEIGHTS = {"unweighted": "none", "equal": "linear", "squared": "quadratic"}


def _icc(quantity: str, tables: dict[str, Any]) -> float:
    name, stat = quantity.split(" ")
    model, kind, unit = name.split(".")
    form = ICC_FORMS[model, kind].format("1" if unit == "single" else "k")
    found = icc(tables["shrout"], form=form)
    return float({"value": found.estimate, "lbound": found.ci_low, "ubound": found.ci_high}[stat])


def _kappa(quantity: str, tables: dict[str, Any]) -> float:
    found = cohen_kappa_interval(*tables["pair"], weights=WEIGHTS[quantity.split(" ")[-1]])
    return found.standard_error**2 if " var " in quantity else found.estimate


def _clustered(check: str, quantity: str, lesions: pd.DataFrame) -> float:
    scores = lesions[["model_a", "model_b"]].to_numpy()
    found = correlated_aucs(lesions["truth"], scores, ["a", "b"], patients=lesions["patient"])
    if check.endswith("a vs b"):
        return found.differences["a", "b"].p_value
    if quantity == "auc":
        return auc_interval(lesions["truth"], lesions["model_a"], patients=lesions["patient"]).estimate
    return math.sqrt(found.covariance[0, 0])


@pytest.mark.data
def test_every_row_about_agreement_and_clusters_is_matched(reference: Callable[[str], pd.DataFrame]) -> None:
    ratings = reference("vandyke.csv").query("treatment == 1")
    wide = ratings.pivot_table(index="case", columns="reader", values="rating").to_numpy()
    tables = {"shrout": reference("shrout_fleiss_1979.csv").to_numpy(), "pair": (wide[:, 0], wide[:, 4])}
    lesions = reference("sim_clustered_lesions.csv")
    matched = {"ICC": 0, "kappa": 0, "Obuchowski": 0}
    for row in reference("core_acceptance.csv").itertuples():
        kind = row.check.split(" ")[0]
        if kind not in matched:
            continue
        if kind == "Obuchowski":
            number = _clustered(row.check, row.quantity, lesions)
        else:
            number = (_icc if kind == "ICC" else _kappa)(row.quantity, tables)
        assert number == pytest.approx(row.expected, rel=float(row.rel_tol)), row.check
        matched[kind] += 1
    assert matched == {"ICC": 18, "kappa": 6, "Obuchowski": 3}
