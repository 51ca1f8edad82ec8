"""The curves of all models as tables, and what is read off them as rows of results."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.calibration import smooth_calibration
from samesplit.evaluation.binary.estimates import Draws, Row, result_row
from samesplit.evaluation.binary.scores import has_both_classes
from samesplit.execution.calls import Calls
from samesplit.statistics.curve_bands import pr_band, roc_band
from samesplit.statistics.curves import (
    READ_RECALLS,
    READ_SPECIFICITIES,
    calibration_points,
    pr_points,
    read_pr,
    read_roc,
    roc_points,
)
from samesplit.statistics.interval import Interval

__all__ = ["ask_curves", "curve_tables", "read_off_rows"]


def curve_tables(
    tables: dict[str, pd.DataFrame], draws: Draws, *, confidence: float
) -> dict[str, pd.DataFrame]:
    """Compute the curves of every model, and the bands of those that have some.

    Args:
        tables: The table of each model, see `subject`, all on the same lesions.
        draws: The bootstrap samples of the patients.
        confidence: Two-sided coverage of the intervals of the calibration curve, and of the bands at each place.

    Returns:
        `roc`, `pr` and `calibration` points with a column `model`; a model without both classes in any fold has
        no ROC and precision-recall curve. `calibration_smooth`: loess curves with their bands, of models with
        enough distinct probabilities. `roc_bands` and `pr_bands`: the curves with pointwise bands at 101 steps;
        empty without bootstrap samples.
    """
    parts: dict[str, list[pd.DataFrame]] = {
        name: [] for name in ("roc", "pr", "calibration", "calibration_smooth", "roc_bands", "pr_bands")
    }
    for model, table in tables.items():
        y, p, cell = table["label"], table["score"], table["cell"]
        if has_both_classes(table):
            parts["roc"].append(roc_points(y, p, cell).assign(model=model))
            parts["pr"].append(pr_points(y, p, cell).assign(model=model))
            if draws.samples is not None:
                patients = draws.codes(table["patient_id"])
                for name, band in (("roc_bands", roc_band), ("pr_bands", pr_band)):
                    found = band(y, p, cell, patients, draws.samples, confidence=confidence)
                    parts[name].append(found.assign(model=model, n_resamples=len(draws.samples.weights)))
        points = calibration_points(y, p, lesions=table["lesion_id"], confidence=confidence)
        parts["calibration"].append(points.assign(model=model))
        smooth = smooth_calibration(table, draws, confidence=confidence).curve
        if len(smooth):
            parts["calibration_smooth"].append(smooth.assign(model=model))
    return {
        name: pd.concat(found, ignore_index=True) if found else pd.DataFrame({"model": []})
        for name, found in parts.items()
    }


def ask_curves(
    calls: Calls, tables: dict[str, pd.DataFrame], draws: Draws, *, confidence: float
) -> Callable[[], dict[str, pd.DataFrame]]:
    """Ask for the curves of every model, a call a model.

    Args:
        calls: Gets the calls.
        tables: As for `curve_tables`, and so are all others.
        draws: The bootstrap samples of the patients.
        confidence: Two-sided coverage.

    Returns:
        What gives the tables of `curve_tables` once the calls are done.
    """
    asked = [
        calls.ask(f"{model}, curves", curve_tables, {model: table}, draws, confidence=confidence)
        for model, table in tables.items()
    ]

    def finish() -> dict[str, pd.DataFrame]:
        found: dict[str, list[pd.DataFrame]] = {}
        for one in asked:
            for name, table in one.result.items():
                found.setdefault(name, []).append(table)
        return {name: _stacked(parts) for name, parts in found.items()}

    return finish


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    there = [part for part in parts if len(part)]
    return pd.concat(there, ignore_index=True) if there else parts[0]


def read_off_rows(curves: dict[str, pd.DataFrame], tables: dict[str, pd.DataFrame]) -> list[Row]:
    """Read sensitivities at fixed specificities and precisions at fixed recalls off the curves.

    They describe the curve and are no operating points. Their interval is that of the curve's band at this place;
    without a band they have none.

    Args:
        curves: As `curve_tables` returns them.
        tables: The table of each model, for the counts of lesions.

    Returns:
        Rows of `sensitivity_at_specificity_0.95`, ... and `precision_at_recall_0.50`, ...
    """
    rows: list[Row] = []
    readings = (
        ("roc", READ_SPECIFICITIES, read_roc, "sensitivity_at_specificity"),
        ("pr", READ_RECALLS, read_pr, "precision_at_recall"),
    )
    for name, places, read, quantity in readings:
        for model, points in curves[name].groupby("model", sort=False):
            bands = curves[f"{name}_bands"]
            band = bands[bands["model"] == model]
            for place in places:
                found = _read_off(read(points, place), band, 1 - place if name == "roc" else place)
                row = result_row(f"{quantity}_{place:.2f}", found, tables[str(model)], model=str(model))
                rows.append(row)
    return rows


def _read_off(height: float, band: pd.DataFrame, place: float) -> Interval:
    """Return the height of a curve with the bounds of its band at the nearest step."""
    if band.empty:
        note = "no bootstrap samples"
        return Interval(height, math.nan, math.nan, "read off the test curve", note)
    x = band["fpr"] if "fpr" in band else band["recall"]
    here = band.iloc[int(np.abs(x.to_numpy() - place).argmin())]
    low, high = min(float(here["ci_low"]), height), max(float(here["ci_high"]), height)
    return Interval(height, low, high, "read off the test curve, bootstrap percentile")
