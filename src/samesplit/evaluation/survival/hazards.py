"""Hazards by predicted risk: hazard ratios, the test of two risk groups, and shares without an event at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.estimates import Row, result_row
from samesplit.evaluation.binary.scores import ranking_is_trained
from samesplit.evaluation.survival.cox_table import one_term
from samesplit.statistics.interval import Interval
from samesplit.statistics.survival.kaplan_meier import kaplan_meier
from samesplit.statistics.survival.log_rank import log_rank
from samesplit.statistics.survival.rates import share_without_event

__all__ = ["cut_curves", "hazard_rows", "rate_rows", "time_of_rates"]

_ROUND_TIMES: dict[str, tuple[float, ...]] = {
    "days": (1826, 1461, 1096, 730, 365, 183, 91),
    "weeks": (261, 209, 157, 104, 52, 26, 13),
    "months": (60, 48, 36, 24, 12, 6, 3),
    "years": (5, 4, 3, 2, 1, 0.5),
}
"""Five years and shorter round times, by the unit."""
_FOLLOWED = 0.1


def time_of_rates(times: pd.Series[float], unit: str, declared: float | None = None) -> float:
    """Choose the time at which shares without an event are given.

    Args:
        times: Of all lesions that are judged.
        unit: Of the times.
        declared: In the task; None for five years or, where fewer than a tenth are followed up so long, the
            longest round time that a tenth reach.

    Example:
        >>> time_of_rates(pd.Series([10.0, 30.0, 50.0, 80.0]), "months")
        60.0
    """
    if declared is not None:
        return declared
    reached = float(times.sort_values().iloc[max(0, math.ceil(len(times) * (1 - _FOLLOWED)) - 1)])
    steps = [base * 10.0**power for power in range(6, -4, -1) for base in (5, 2, 1)]
    return float(next((at for at in _ROUND_TIMES.get(unit, steps) if at <= reached), reached))


def hazard_rows(
    lesions: pd.DataFrame, table: pd.DataFrame, model: str, *, cut: str, group: str, confidence: float
) -> list[Row]:
    """Estimate the hazard ratios of a model's risk and test the two risk groups against each other.

    Args:
        lesions: As `lesion_risks` makes them.
        table: Of the model.
        model: Its name.
        cut: How risks were cut.
        group: Of lesions.
        confidence: Two-sided coverage.
    """
    rows = []
    fitted = "; the fitted models are taken as given" if ranking_is_trained(table) else ""
    for quantity, column in (("hazard_ratio", "score"), ("hazard_ratio_high", "high")):
        found = one_term(lesions, column, confidence)
        if isinstance(found, str):
            ratio = Interval(math.nan, math.nan, math.nan, "Cox regression (Efron), Wald", found)
        else:
            ratio = found.hazard_ratios[column]
            what = "per standard deviation of the risk" if column == "score" else f"high against low, {cut}"
            ratio = _with_note(ratio, f"{what}{fitted}")
        rows.append(result_row(quantity, ratio, table, model=model, group=group))
    rows.append(result_row("log_rank", _log_rank(lesions, f"{cut}{fitted}"), table, model=model, group=group))
    return rows


def _log_rank(lesions: pd.DataFrame, cut: str) -> Interval:
    try:
        found = log_rank(lesions["time"], lesions["label"], lesions["high"].astype(int))
    except StatisticsError as why:
        return Interval(math.nan, math.nan, math.nan, "log-rank", str(why.problem))
    note = f"chi-square of high against low risk, {cut}"
    if lesions["patient_id"].duplicated().any():
        note += "; lesions of one patient count as independent"
    return Interval(found.statistic, math.nan, math.nan, "log-rank", note, found.p_value)


def rate_rows(lesions: pd.DataFrame, model: str, *, at: float, confidence: float) -> Iterator[dict[str, Any]]:
    """Yield the share without an event at a time: of all lesions, of those of low and of high risk.

    Args:
        lesions: As `lesion_risks` makes them.
        model: The model's name.
        at: The time.
        confidence: Two-sided coverage.
    """
    parts = {"low": lesions[~lesions["high"]], "high": lesions[lesions["high"]]}
    for name, part in parts.items():
        if len(part):
            found = share_without_event(part["time"], part["label"], at, confidence=confidence)
            yield {
                "model": model,
                "risk": name,
                "time": at,
                "estimate": found.estimate,
                "ci_low": found.ci_low,
                "ci_high": found.ci_high,
                "n": len(part),
                "n_events": int(part["label"].sum()),
                "at_risk": int((part["time"] >= at).sum()),
                "method": found.method,
                "note": found.note,
            }


def cut_curves(lesions: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """Return the share without an event over time of lesions of low and of high risk.

    Args:
        lesions: As `lesion_risks` makes them.
        confidence: Two-sided coverage.
    """
    parts = []
    for name, high in (("low", False), ("high", True)):
        part = lesions[lesions["high"] == high]
        if len(part):
            parts.append(kaplan_meier(part["time"], part["label"], confidence=confidence).assign(risk=name))
    return pd.concat(parts, ignore_index=True)


def _with_note(found: Interval, note: str) -> Interval:
    told = "; ".join(part for part in (note, found.note) if part)
    return Interval(found.estimate, found.ci_low, found.ci_high, found.method, told, found.p_value)
