"""Checks of what was found: calibration, power, and controls that no model should be equalled by."""

from __future__ import annotations

import math

import pandas as pd
from scipy import stats

from samesplit.evaluation.checks.check import Finding, issue, not_applicable, passed, tip
from samesplit.evaluation.checks.checked_run import CheckedModel, CheckedRun
from samesplit.evaluation.validation import name_some
from samesplit.ordering import above, at_most, below, first_best
from samesplit.statistics.planning import detectable_difference

__all__ = ["calibration", "chance_control", "power_of_comparisons", "size_confounding"]

_CONTROLS = ("zero-rule", "lesion-size")
_MOST_ICI = 0.1
_MATTERS = 0.05
"""A difference of the main quantity that is taken to matter where no margin is declared."""


def _judged(run: CheckedRun) -> list[CheckedModel]:
    return [model for model in run.models if model.kind not in _CONTROLS]


def calibration(run: CheckedRun) -> Finding:
    """Look at the calibration slope, and at the integrated calibration index where it was computed."""
    slopes = run.estimates("calibration_slope")
    slopes = slopes[slopes["model"].isin({model.name for model in _judged(run)}) & slopes["estimate"].notna()]
    if slopes.empty:
        return not_applicable("no calibration slope was computed")
    expected = f"a calibration slope between 0.8 and 1.25, and an ICI of at most {_MOST_ICI:g}"
    grave: list[str] = []
    slight: list[str] = []
    for row in slopes.to_dict("records"):
        outside = below(row["estimate"], 0.8) or above(row["estimate"], 1.25)
        shown = below(row["ci_high"], 1.0) or above(row["ci_low"], 1.0)
        bounds = f"{row['ci_low']:.2f} to {row['ci_high']:.2f}"
        told = f"{run.title(row['model'])} slope {row['estimate']:.2f} ({bounds})"
        if outside:
            (grave if shown else slight).append(told)
    index = run.estimates("ici")
    far = index[above(index["estimate"].astype("float64"), _MOST_ICI) & index["model"].isin(slopes["model"])]
    slight += [f"{run.title(row['model'])} ICI {row['estimate']:.2f}" for row in far.to_dict("records")]
    size = f"n = {int(slopes['n'].max())}"
    if grave:
        return issue(expected, f"{grave[0]}, an interval that excludes 1", "; ".join([*grave, *slight, size]))
    if slight:
        return tip(expected, slight[0], "; ".join([*slight, size]))
    return passed(expected, f"so for all {len(slopes)} models", size)


def power_of_comparisons(run: CheckedRun) -> Finding:
    """Compute what differences the comparisons with the reference could have shown with a power of 80 %."""
    rows = run.differences(run.main)
    names = {model.name for model in _judged(run)}
    rows = rows[rows["model"].isin(names) & rows["reference"].isin(names) & rows["ci_low"].notna()]
    if run.reference is not None:
        rows = rows[(rows["model"] == run.reference) | (rows["reference"] == run.reference)]
    unshown = rows[rows["claim"] == "not shown"]
    if rows.empty:
        return not_applicable("no two models are compared")
    declared = not math.isnan(run.margin)
    least = run.margin if declared else _MATTERS
    what = "the declared margin" if declared else "a difference that may matter"
    expected = (
        f"comparisons that find a difference of {least:g} in {run.main_name} ({what}) with a power of 80 %"
    )
    if unshown.empty:
        return passed(expected, f"all {len(rows)} differences from the reference are shown")
    widths = (unshown["ci_high"] - unshown["ci_low"]).astype("float64")
    errors = widths / (2 * stats.norm.isf((1 - run.confidence) / 2))
    powers = [_detectable(error, run.confidence) for error in errors]
    worst = first_best(powers)
    row = unshown.iloc[worst]
    pair = f"{run.title(row['model'])} against {run.title(row['reference'])}"
    found = (
        f"{powers[worst]:.3f} is the smallest difference found with that power ({pair}, n = {int(row['n'])})"
    )
    evidence = "; ".join(
        f"{run.title(m)} against {run.title(r)}: {power:.3f}"
        for m, r, power in zip(unshown["model"], unshown["reference"], powers, strict=True)
    )
    if at_most(powers[worst], least):
        return passed(expected, found, evidence)
    told = f"{found}: a difference that is not shown may well be there"
    return issue(expected, told, evidence) if declared else tip(expected, told, evidence)


def _detectable(error: float, confidence: float) -> float:
    return detectable_difference(error, confidence=confidence) if error > 0 else 0.0


def _best(run: CheckedRun) -> pd.Series | None:
    """Return the row of the best model by the main quantity that is no control."""
    rows = run.estimates(run.main)
    rows = rows[rows["model"].isin({model.name for model in _judged(run)}) & rows["estimate"].notna()]
    return None if rows.empty else rows.iloc[first_best(rows["estimate"].tolist())]


def size_confounding(run: CheckedRun) -> Finding:
    """Compare the best model with the size of the lesion alone."""
    sizes = [model.name for model in run.models if model.kind == "lesion-size"]
    best = _best(run)
    if not sizes or best is None or run.estimates(run.main)["model"].isin(sizes).sum() == 0:
        return not_applicable("the size of the lesion alone (a model of kind lesion-size) was not judged")
    name = sizes[0]
    size = run.estimates(run.main).set_index("model").loc[name]
    expected = f"the best model shown to be above the size of the lesion alone in {run.main_name}"
    found = (
        f"{run.title(best['model'])} {best['estimate']:.3f} ({best['ci_low']:.3f} to {best['ci_high']:.3f}), size "
        f"alone {size['estimate']:.3f} ({size['ci_low']:.3f} to {size['ci_high']:.3f}), n = {int(best['n'])}"
    )
    if at_most(best["estimate"], size["estimate"]):
        return issue(expected, f"{found}: no model is above size")
    claim = _claim(run, best["model"], name)
    return (
        passed(expected, found) if claim == "higher" else tip(expected, f"{found}: a difference is not shown")
    )


def _claim(run: CheckedRun, model: str, reference: str) -> str:
    """Return what is claimed of a model against another, whichever of the two was written first."""
    rows = run.differences(run.main)
    straight = rows[(rows["model"] == model) & (rows["reference"] == reference)]["claim"]
    turned = rows[(rows["model"] == reference) & (rows["reference"] == model)]["claim"]
    other = {"higher": "lower", "lower": "higher"}
    return next(iter([*straight, *(other.get(claim, claim) for claim in turned)]), "")


def chance_control(run: CheckedRun) -> Finding:
    """Look whether what must be at chance is: all models with permuted labels, else the constant model."""
    if run.main == "dice":
        return not_applicable("an overlap has no value of chance")
    rows = run.estimates(run.main)
    rows = rows[rows["estimate"].notna() & rows["ci_low"].notna()]
    if not run.shuffled:
        rows = rows[rows["model"].isin({model.name for model in run.models if model.kind == "zero-rule"})]
    if rows.empty:
        return not_applicable("no model must be at chance (a model of kind zero-rule, or permuted labels)")
    low, high = rows["ci_low"].astype("float64"), rows["ci_high"].astype("float64")
    # Without any signal cross-validated AUCs lean below 0.5, which is no leak.
    off = rows[above(low, 0.5) | (below(high, 0.5) & (not run.shuffled))]
    who = "all models with permuted labels" if run.shuffled else "the model without any knowledge"
    expected = f"{who} at chance: an interval of {run.main_name} with 0.5 in it"
    if len(off):
        row = off.iloc[0]
        told = (
            f"{run.title(row['model'])} {row['estimate']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
        )
        return issue(
            expected, f"{told}: look for a leak", name_some(run.title(name) for name in off["model"])
        )
    return passed(
        expected, f"so for {', '.join(run.title(name) for name in rows['model'])}, n = {int(rows['n'].max())}"
    )
