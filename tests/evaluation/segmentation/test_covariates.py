"""The declared regression of the Dice coefficient: columns, references, what is left out, and collinearity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from samesplit.errors import StatisticsError
from samesplit.evaluation.mask_regression import MaskRegressionSettings
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import evaluate_task
from samesplit.tasks import SegmentationTask

N = 80
RNG = np.random.default_rng(11)
LESIONS = [f"L{i:02d}" for i in range(N)]
TRUTH = pd.DataFrame(
    {
        "patient_id": [f"P{i // 2:02d}" for i in range(N)],
        "size_mm": RNG.uniform(12, 40, N),
        "scanner_vendor": RNG.choice(["GE", "Philips", "Siemens"], N),
        "field_t": RNG.choice([1.5, 3.0], N),
    },
    index=pd.Index(LESIONS, name="lesion_id"),
)
TRUTH["size_again"] = TRUTH["size_mm"] + RNG.normal(0, 0.3, N)
EFFECT = TRUTH["scanner_vendor"].map({"GE": 0.0, "Philips": -0.1, "Siemens": -0.2})


def overlap() -> pd.DataFrame:
    """Dice rises by 0.005 a mm and falls by vendor; the first three lesions are missed."""
    dice = 0.6 + 0.005 * TRUTH["size_mm"] + EFFECT + np.random.default_rng(1).normal(0, 0.03, N)
    missed = np.arange(N) < 3
    return pd.DataFrame(
        {
            "model": "net", "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1",
            "lesion_id": LESIONS, "sequence": "T1", "dice": np.where(missed, 0.0, dice),
            "detected": ~missed, "diameter_mm": TRUTH["size_mm"].to_numpy() * 0.9,
        }
    )  # fmt: skip


def regress(
    columns: tuple[str, ...],
    references: dict[str, str] | None = None,
    *,
    truth: pd.DataFrame = TRUTH,
    table: pd.DataFrame | None = None,
) -> pd.DataFrame:
    given = overlap() if table is None else table
    declared = MaskRegressionSettings(columns, references or {})
    options = EvaluationOptions(n_bootstrap=0, details={"overlap": given}, mask_regression=declared)
    task = SegmentationTask(question="Where?", covariates=("field_t",))
    return evaluate_task(task, given, truth, options).tables["dice_covariates"]


def test_the_coefficients_are_those_of_statsmodels_with_patients_as_clusters() -> None:
    found = regress(("size_mm", "scanner_vendor"), {"scanner_vendor": "Siemens"}).set_index("term")
    data = TRUTH.assign(dice=overlap()["dice"].to_numpy())
    formula = "dice ~ size_mm + C(scanner_vendor, Treatment('Siemens'))"
    groups = data["patient_id"].astype("category").cat.codes
    fitted = smf.ols(formula, data).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    names = {
        "intercept": "Intercept",
        "size_mm": "size_mm",
        "scanner_vendor: GE (against Siemens)": "C(scanner_vendor, Treatment('Siemens'))[T.GE]",
        "scanner_vendor: Philips (against Siemens)": "C(scanner_vendor, Treatment('Siemens'))[T.Philips]",
    }
    assert list(found.index) == list(names)
    for term, name in names.items():
        row, bounds = found.loc[term], fitted.conf_int().loc[name]
        expected = (fitted.params[name], bounds[0], bounds[1], fitted.pvalues[name])
        got = (row["coefficient"], row["ci_low"], row["ci_high"], row["p_value"])
        assert got == pytest.approx(expected, rel=1e-8)
    assert found["r_squared"].iloc[0] == pytest.approx(fitted.rsquared)


def test_what_is_declared_takes_the_place_of_the_diameter_and_the_covariates_of_the_task() -> None:
    assert regress(("size_mm",))["term"].tolist() == ["intercept", "size_mm"]
    assert regress(("diameter_mm",))["term"].tolist() == ["intercept", "diameter_mm"]
    own = TRUTH.assign(diameter_mm=TRUTH["size_mm"])
    in_the_table = regress(("diameter_mm",), truth=own).set_index("term").loc["diameter_mm"]
    measured = regress(("diameter_mm",)).set_index("term").loc["diameter_mm"]
    assert in_the_table["coefficient"] == pytest.approx(0.9 * measured["coefficient"])


def test_a_missed_lesion_counts_with_its_dice_of_zero() -> None:
    found = regress(("size_mm",))
    assert (found["n"] == N).all()
    assert (found["n_missed"] == 3).all()


def test_lesions_without_a_variable_are_left_out_and_counted() -> None:
    truth = TRUTH.assign(size_mm=TRUTH["size_mm"].where(TRUTH.index != "L07"))
    found = regress(("size_mm", "scanner_vendor"), truth=truth)
    assert (found["n"] == N - 1).all()
    assert (found["n_left_out"] == 1).all()
    assert found["note"].str.contains("1 rows without a covariate left out").all()


def test_variables_that_say_nearly_the_same_are_warned_of() -> None:
    found = regress(("size_mm", "size_again")).set_index("term")
    assert found.loc["size_mm", "inflation"] > 100
    assert found["note"].str.contains("covariates say nearly the same").all()
    apart = regress(("size_mm", "scanner_vendor"))
    assert not apart["note"].str.contains("nearly the same").any()
    assert apart["inflation"].iloc[1:].max() < 2


def test_numbers_with_a_reference_count_by_their_values() -> None:
    found = regress(("field_t",), {"field_t": "3.0"})
    assert found["term"].tolist() == ["intercept", "field_t: 1.5 (against 3.0)"]


def test_a_reference_that_no_tested_lesion_has_is_said(recwarn: Any) -> None:
    (row,) = regress(("scanner_vendor",), {"scanner_vendor": "Canon"}).to_dict("records")
    assert row["note"] == "not fitted: no test lesion has 'Canon', the reference of 'scanner_vendor'"


def test_a_column_that_is_not_there_is_named_with_the_key_to_correct() -> None:
    with pytest.raises(
        StatisticsError, match="no column 'stage' to regress the Dice coefficient on"
    ) as caught:
        regress(("stage",))
    assert "mask_regression" in str(caught.value.remedy)


def test_overlaps_without_detection_count_no_missed_lesion() -> None:
    assert (regress(("size_mm",), table=overlap().drop(columns="detected"))["n_missed"] == 0).all()
