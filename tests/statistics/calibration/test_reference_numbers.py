"""What rms, Hmisc, nricens, dcurves and R itself compute of the same predictions, computed by this package."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.statistics import auc_test, empirical_auc
from samesplit.statistics.calibration import (
    brier,
    brier_parts,
    brier_scaled,
    calibration_distances,
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    expected_calibration_error,
    hosmer_lemeshow,
    log_loss,
    logistic_indices,
    maximum_calibration_error,
    observed_to_expected,
    spiegelhalter,
)
from samesplit.statistics.decision_curve import decision_curve
from samesplit.statistics.interval import Interval
from samesplit.statistics.reclassification import (
    Reclassification,
    integrated_discrimination_improvement,
    net_reclassification_improvement,
)

Key = tuple[str, str, str, str]
"""Analysis, table, row and statistic, as in the table of reference numbers."""

PAIR = "p_new vs p_ref"
NOT_MATCHED = {
    # rms sorts probabilities into classes before it counts concordant pairs. p_mis is a monotone map of p_new, so
    # that the two have the same AUC; rms gives them two.
    ("p_new", "val.prob", "", "Dxy"), ("p_new", "val.prob", "", "C (ROC)"),
    ("p_mis", "val.prob", "", "Dxy"), ("p_mis", "val.prob", "", "C (ROC)"),
}  # fmt: skip


@pytest.mark.data
def test_all_numbers_of_the_reference_table_are_matched(reference: Callable[[str], pd.DataFrame]) -> None:
    found = _all_numbers(reference("calibration_binary.csv"))
    expected = reference("expected/calibration_nri_dca.csv")
    expected["row"] = expected["row"].fillna("")
    keys = list(expected[["analysis_id", "table", "row", "stat"]].itertuples(index=False, name=None))
    values = pd.Series(expected["value"].to_numpy(), index=keys)
    known = values[values.notna()]
    assert len(known) == 1101  # of 1104; three are NA in R
    off = {key for key, value in known.items() if found[key] != _near(value, 1e-6)}
    assert off == NOT_MATCHED


@pytest.mark.data
def test_the_core_numbers_are_matched_within_their_own_tolerances(
    reference: Callable[[str], pd.DataFrame],
) -> None:
    found = _all_numbers(reference("calibration_binary.csv"))
    core = reference("core_acceptance.csv")
    core = core[core["file"] == "calibration_nri_dca.csv"].fillna({"row": ""})
    core = core[core["check"].str.match("calibration|DCA|NRI/IDI")]
    assert len(core) == 31
    for row in core.to_dict("records"):
        at = row["row"]
        value = found[row["analysis_id"], row["table"], at, row["stat"]]
        assert value == _near(row["expected"], row["rel_tol"]), row["quantity"]


def _near(value: float, tolerance: float) -> object:
    """Near in relation; numbers that are 0 but for where an iteration ended are compared as such."""
    return pytest.approx(value, rel=tolerance, abs=1e-7 if abs(value) < 1e-6 else 0)


def _all_numbers(data: pd.DataFrame) -> dict[Key, float]:
    """Compute every number of the reference table from its data."""
    found: dict[Key, float] = {}
    for column in ("p_ref", "p_new", "p_mis"):
        found |= {(column, *key): value for key, value in _of_calibration(data["y"], data[column]).items()}
    return found | _of_reclassification(data) | _of_decision_curves(data)


def _standard_error(found: Interval) -> float:
    """Read the standard error off a Wald interval of 95 %."""
    return (found.ci_high - found.ci_low) / 2 / float(stats.norm.isf(0.025))


def _of_calibration(y: pd.Series[int], p: pd.Series[float]) -> dict[tuple[str, str, str], float]:
    indices, z, auc = logistic_indices(y, p), spiegelhalter(y, p), empirical_auc(y, p)
    slope, large = calibration_slope(y, p), calibration_in_the_large(y, p)
    intercept = calibration_intercept(y, p).estimate
    loess, lowess = calibration_distances(y, p), calibration_distances(y, p, smoother="lowess")
    hl = hosmer_lemeshow(y, p, fitted_here=True)
    tables = {
        "val.prob": {
            "Dxy": 2 * auc - 1, "C (ROC)": auc, "R2": indices.r2, "D": indices.discrimination,
            "D:Chi-sq": indices.discrimination_chi2, "U": indices.unreliability,
            "U:Chi-sq": indices.unreliability_chi2, "U:p": indices.unreliability_p, "Q": indices.quality,
            "Brier": brier(y, p), "Intercept": intercept, "Slope": slope.estimate, "Emax": lowess.emax,
            "E90": lowess.e90, "Eavg": lowess.ici, "S:z": z.estimate, "S:p": z.p_value,
        },
        "cox_recalibration": {
            "intercept_joint": intercept, "slope": slope.estimate, "slope_se": _standard_error(slope),
            "slope_ci_lower_wald": slope.ci_low, "slope_ci_upper_wald": slope.ci_high,
        },
        "calibration_in_the_large": {
            "intercept_offset": large.estimate, "se": _standard_error(large),
            "OE_ratio": observed_to_expected(y, p),
        },
        "ici_loess_default": {"ICI_raw": loess.ici, "E50": loess.e50, "E90": loess.e90, "Emax": loess.emax},
        "ici_lowess_iter0": {"Eavg": lowess.ici},
        "brier": {
            "brier": brier(y, p), "brier_max_prev": brier_parts(y, p).uncertainty,
            "brier_scaled": brier_scaled(y, p),
        },
        "logloss": {"nats": log_loss(y, p)},
        "spiegelhalter": {"z": z.estimate, "p": z.p_value},
    }  # fmt: skip
    found = {(table, "", stat): value for table, row in tables.items() for stat, value in row.items()}
    for n in (10, 15):
        found["ece_equal_width", str(n), "ECE"] = expected_calibration_error(y, p, n_bins=n)
        found["ece_equal_width", str(n), "MCE"] = maximum_calibration_error(y, p, n_bins=n)
    found["ece_equal_mass_rank10", "10", "ECE"] = expected_calibration_error(y, p, binning="frequency")
    return found | {
        ("hosmer_lemeshow", "10", "chi2"): hl.chi2,
        ("hosmer_lemeshow", "10", "p_df8"): hl.p_value,
    }


def _of_reclassification(data: pd.DataFrame) -> dict[Key, float]:
    y, old, new = data["y"], data["p_ref"], data["p_new"]
    nri = net_reclassification_improvement(y, old, new)
    idi = integrated_discrimination_improvement(y, old, new).idi
    auc = auc_test(y, old, new)
    improve = {
        "nri": nri.nri.estimate, "nri.ev": nri.events.estimate, "nri.ne": nri.non_events.estimate,
        "se.nri": _standard_error(nri.nri), "z.nri": nri.nri.estimate / _standard_error(nri.nri),
        "se.nri.ev": _standard_error(nri.events), "se.nri.ne": _standard_error(nri.non_events),
        "idi": idi.estimate, "se.idi": _standard_error(idi), "z.idi": idi.estimate / _standard_error(idi),
    }  # fmt: skip
    found = {(PAIR, "improveProb", "", stat): value for stat, value in improve.items()}
    found |= _of_nribin(nri, "nribin_continuous", "0")
    for row, limits in (("0.2", [0.2]), ("0.1/0.3", [0.1, 0.3])):
        by_category = net_reclassification_improvement(y, old, new, categories=limits)
        found |= _of_nribin(by_category, "nribin_category", row)
    return found | {
        (PAIR, "delong", "", "Z"): auc.estimate / _standard_error(auc),
        (PAIR, "delong", "", "p"): auc.p_value,
    }


def _of_nribin(found: Reclassification, table: str, row: str) -> dict[Key, float]:
    numbers = {
        "NRI": found.nri.estimate,
        "NRI+": found.events.estimate,
        "NRI-": found.non_events.estimate,
        "Pr(Up|Case)": found.events_up,
        "Pr(Down|Case)": found.events_down,
        "Pr(Down|Ctrl)": found.non_events_down,
        "Pr(Up|Ctrl)": found.non_events_up,
    }
    return {(PAIR, table, row, stat): value for stat, value in numbers.items()}


def _of_decision_curves(data: pd.DataFrame) -> dict[Key, float]:
    found: dict[Key, float] = {}
    everyone = {"all": np.ones(len(data)), "none": np.zeros(len(data))}
    for who in ("all", "none", "p_ref", "p_new", "p_mis"):
        p = everyone[who] if who in everyone else data[who]
        for row in decision_curve(data["y"], p, np.arange(1, 61) / 100).to_dict("records"):
            at = f"{row['threshold']:.2f}"
            found |= {(who, "dca", at, stat): row[stat] for stat in ("net_benefit", "tp_rate", "fp_rate")}
            avoided = (who, "dca_intervention_avoided", at, "net_intervention_avoided")
            found[avoided] = row["interventions_avoided"]
        for row in decision_curve(data["y"], p, [0.05, 0.1, 0.2], prevalence=0.05).to_dict("records"):
            at = f"{row['threshold']:.2f}"
            found[who, "dca_prevalence_0.05", at, "net_benefit"] = row["net_benefit"]
    return found
