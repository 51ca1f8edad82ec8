"""All 203 rows of core_acceptance.csv, each computed by public functions, counted in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.statistics import (
    auc_interval,
    brier,
    calibration_distances,
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    cohen_kappa_interval,
    correlated_aucs,
    decision_curve,
    expected_calibration_error,
    icc,
    integrated_discrimination_improvement,
    net_reclassification_improvement,
    spiegelhalter,
)
from samesplit.statistics.mrmc import (
    AUC,
    SENSITIVITY,
    SPECIFICITY,
    FigureOfMerit,
    ReaderStudy,
    obuchowski_rockette,
    partial_auc,
    sensitivity_at_specificity,
    u_statistic_analysis,
)
from samesplit.statistics.planning import DifferenceVariance, reader_study_power

Read = Callable[[str], pd.DataFrame]
Key = tuple[str, str, str, str]
"""Analysis, table, row and statistic, as the reference numbers are named."""

NOT_WITHIN_ITS_TOLERANCE = {
    # The true value is 0; what R prints (3e-12, -3e-12) is where its iteration stopped. Ours is as near to 0.
    ("calibration p_new", "cox_recalibration intercept_joint"),
    ("calibration p_new", "calibration_in_the_large intercept_offset"),
}


@pytest.mark.data
def test_every_row_is_within_its_tolerance_but_those_named(reference: Read) -> None:
    core = reference("core_acceptance.csv").fillna({"row": ""})
    found: dict[Key, float] = {}
    for analysis in core["analysis_id"][core["check"].str.startswith("MRMC OR")].unique():
        found |= _obuchowski_rockette(reference, analysis)
    for analysis in core["analysis_id"][core["file"] == "imrmc_auc.csv"].unique():
        found |= _u_statistics(reference, analysis)
    found |= _calls(reference) | _clustered(reference) | _agreement(reference)
    found |= _calibration(reference) | _power(reference)
    off = set()
    for row in core.to_dict("records"):
        value = found[row["analysis_id"], row["table"], row["row"], row["stat"]]
        if not abs(value - row["expected"]) <= max(row["rel_tol"] * abs(row["expected"]), 1e-17):
            assert abs(value - row["expected"]) < 1e-13, row  # what is named is no more than rounding
            off.add((row["check"], row["quantity"]))
    assert len(core) == 203
    assert off <= NOT_WITHIN_ITS_TOLERANCE


def _study(read: Read, name: str) -> ReaderStudy:
    rows = read("vandyke.csv" if name == "VanDyke" else f"{name}.csv")
    rows = rows.sort_values(["treatment", "reader", "case"])
    columns = rows["reader"], rows["case"], rows["rating"], rows["truth"]
    return ReaderStudy.from_columns(*columns, modality=rows["treatment"])


def _obuchowski_rockette(read: Read, analysis: str) -> dict[Key, float]:
    figures: dict[str, FigureOfMerit] = {
        "empirical_auc": AUC,
        "binary_sens_ge3": SENSITIVITY,
        "binary_spec_ge3": SPECIFICITY,
        "pauc_spec_0.7_1.0": partial_auc(0.7, 1.0, ends="interpolated"),
        "empirical_sens_at_spec_0.8": sensitivity_at_specificity(0.8),
    }
    name, figure, covariance, fixed = analysis.split("|")
    study = _study(read, name)
    found = obuchowski_rockette(
        study.decisions(3) if figure.startswith("binary") else study,
        figures[figure],
        covariance=covariance.lower(),  # type: ignore[arg-type]
        random={"fixed_none": "readers and cases", "fixed_reader": "cases", "fixed_case": "readers"}[fixed],  # type: ignore[arg-type]
        floor_fixed_readers=False,  # as MRMCaov has it
    )
    test, parts = found.global_test, found.components
    assert test is not None
    told = {"F": test.statistic, "X2": test.statistic, "df2": test.df2, "p-value": test.p_value}
    components = {"Cov1": parts.cov1, "Cov2": parts.cov2, "Cov3": parts.cov3, "Error": parts.error}
    return {(analysis, "test_equality", "all", stat): value for stat, value in told.items()} | {
        (analysis, "vcov_comps", row, "Estimate"): value for row, value in components.items()
    }


def _u_statistics(read: Read, analysis: str) -> dict[Key, float]:
    study = _study(read, analysis.split("|")[0])
    found = u_statistic_analysis(study, degrees="imrmc")
    first, second = study.modalities
    difference, variance = found.differences[first, second], found.difference_variances[first, second]
    row = f"m{first}:m{second}"
    told = {
        "AUCA": found.modalities[first].estimate,
        "AUCB": found.modalities[second].estimate,
        "AUCAminusAUCB": difference.estimate,
        "varAUCAminusAUCB": variance.value,
        "dfBDG": variance.df,
        "pValueBDG": difference.p_value,
    }
    return {(analysis, "Ustat", row, stat): value for stat, value in told.items()} | {
        (analysis, "MLEstat", row, "varAUCAminusAUCB"): variance.mle
    }


def _calls(read: Read) -> dict[Key, float]:
    study, result = _study(read, "VanDyke").decisions(3), {}
    first, second = study.modalities
    for code, figure in (("sens", "sensitivity"), ("spec", "specificity")):
        found = u_statistic_analysis(study, figure)  # type: ignore[arg-type]
        told = {
            "A": (found.modalities[first].estimate, found.variances[first].value),
            "B": (found.modalities[second].estimate, found.variances[second].value),
            "AminusB": (
                found.differences[first, second].estimate,
                found.difference_variances[first, second].value,
            ),
        }
        for row, values in told.items():
            for stat, value in zip(("mean", "var"), values, strict=True):
                result[f"VanDyke|{code}|uStat11.jointD", "mean", row, stat] = value
    return result


def _clustered(read: Read) -> dict[Key, float]:
    rows = read("sim_clustered_lesions.csv")
    scores = rows[["model_a", "model_b"]].to_numpy()
    both = correlated_aucs(rows["truth"], scores, ["a", "b"], patients=rows["patient"])
    return {
        ("model_a", "doAUCcluster", "auc", "1"): auc_interval(rows["truth"], rows["model_a"]).estimate,
        ("model_a", "doAUCcluster", "auc.se", "1"): float(np.sqrt(both.covariance[0, 0])),
        ("model_a vs model_b", "doAUCcluster", "p.value", "1"): both.differences["a", "b"].p_value,
    }


def _agreement(read: Read) -> dict[Key, float]:
    result: dict[Key, float] = {}
    rows = read("vandyke.csv").query("treatment == 1")
    wide = rows.pivot_table(index="case", columns="reader", values="rating").to_numpy()
    for row, weights in (("unweighted", "none"), ("equal", "linear"), ("squared", "quadratic")):
        kappa = cohen_kappa_interval(wide[:, 0], wide[:, 4], weights=weights)  # type: ignore[arg-type]
        result["vandyke_t1_reader1_reader5", "cohen_kappa", row, "value"] = kappa.estimate
        result["vandyke_t1_reader1_reader5", "cohen_kappa_ci", row, "var"] = kappa.standard_error**2
    forms = {
        "oneway.consistency": "ICC(1,{})",
        "twoway.agreement": "ICC(A,{})",
        "twoway.consistency": "ICC(C,{})",
    }
    for row, form in forms.items():
        for unit, k in (("single", "1"), ("average", "k")):
            found = icc(read("shrout_fleiss_1979.csv").to_numpy(), form=form.format(k))  # type: ignore[arg-type]
            for stat, value in zip(("value", "lbound", "ubound"), astuple(found)[:3], strict=True):
                result["shrout_fleiss", "icc_irr", f"{row}.{unit}", stat] = value
    return result


def _calibration(read: Read) -> dict[Key, float]:
    result: dict[Key, float] = {}
    data = read("calibration_binary.csv")
    y = data["y"]
    for name in ("p_ref", "p_new", "p_mis"):
        p = data[name]
        result |= {
            (name, "cox_recalibration", "", "slope"): calibration_slope(y, p).estimate,
            (name, "cox_recalibration", "", "intercept_joint"): calibration_intercept(y, p).estimate,
            (name, "calibration_in_the_large", "", "intercept_offset"): calibration_in_the_large(
                y, p
            ).estimate,
            (name, "brier", "", "brier"): brier(y, p),
            (name, "spiegelhalter", "", "z"): spiegelhalter(y, p).estimate,
            (name, "ece_equal_width", "10", "ECE"): expected_calibration_error(y, p, n_bins=10),
            (name, "ici_lowess_iter0", "", "Eavg"): calibration_distances(y, p, smoother="lowess").ici,
            (name, "ici_loess_default", "", "ICI_raw"): calibration_distances(y, p).ici,
        }
    curve = decision_curve(y, data["p_new"], [0.1, 0.2, 0.3])
    for at, value in zip(("0.10", "0.20", "0.30"), curve["net_benefit"], strict=True):
        result["p_new", "dca", at, "net_benefit"] = value
    nri = net_reclassification_improvement(y, data["p_ref"], data["p_new"]).nri
    idi = integrated_discrimination_improvement(y, data["p_ref"], data["p_new"]).idi
    width = 2 * float(stats.norm.isf(0.025))
    for stat, interval in (("nri", nri), ("idi", idi)):
        result["p_new vs p_ref", "improveProb", "", stat] = interval.estimate
        result["p_new vs p_ref", "improveProb", "", f"se.{stat}"] = (
            interval.ci_high - interval.ci_low
        ) / width
    return result


def _power(read: Read) -> dict[Key, float]:
    components = obuchowski_rockette(_study(read, "VanDyke")).components
    variance = DifferenceVariance.of_two_modalities(
        modality_reader=components.modality_reader,
        error=components.error,
        cov1=components.cov1,
        cov2=components.cov2,
        cov3=components.cov3,
        cases=114,
    )
    codes = {"RRRC": "readers and cases", "FRRC": "cases", "RRFC": "readers"}
    return {
        (
            f"dataset02|OR|{code}|power|{readers}|{cases}",
            "SsPowerGivenJK",
            "",
            f"power{code}",
        ): reader_study_power(
            variance,
            readers=readers,
            cases=cases,
            effect=0.05,
            random=random,  # type: ignore[arg-type]
        ).power
        for code, random in codes.items()
        for readers, cases in ((10, 163), (6, 251))
    }
