"""The rows of the audit's table: one a leak and kind of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from samesplit.audit.estimates import Inflation, inflation, inflation_when_shuffled, subject_table
from samesplit.audit.leaks import Leak
from samesplit.audit.procedure import cells_of
from samesplit.audit.work_list import WorkUnitList
from samesplit.audit.work_units import LabelSet
from samesplit.errors import StatisticsError

__all__ = ["AUDIT_COLUMNS", "audit_table"]

AUDIT_COLUMNS = [
    "leak",
    "variant",
    "title",
    "labels",
    "informative",
    "applied",
    "honest_auc",
    "honest_low",
    "honest_high",
    "leaky_auc",
    "leaky_low",
    "leaky_high",
    "difference",
    "difference_low",
    "difference_high",
    "p_value",
    "n",
    "n_positive",
    "candidates",
    "shuffles",
    "method",
    "note",
    "honest_title",
    "done_in",
    "measured",
]
"""leak, variant; labels (`real`, `shuffled`); informative (it lets test labels in); applied (else `note` says why
not); the AUCs and their difference, leaky minus honest, with intervals; candidates (cells of the leaky grid)."""

_WHOLE: dict[str, Any] = dict.fromkeys(("n", "n_positive", "candidates", "shuffles"), "Int64")


def audit_table(leaks: Sequence[Leak], works: WorkUnitList) -> pd.DataFrame:
    """Return the table of an audit whose pieces are done; `AUDIT_COLUMNS`.

    Args:
        leaks: Those that were asked for.
        works: The pieces of those that apply.
    """
    kinds = list(dict.fromkeys(version.kind for version in works.versions))
    rows = [_row(leak, kind, works) for leak in leaks for kind in kinds]
    return pd.DataFrame(rows, columns=AUDIT_COLUMNS).astype(_WHOLE)


def _row(leak: Leak, kind: str, works: WorkUnitList) -> dict[str, Any]:
    given = works.given
    about: dict[str, Any] = {
        "leak": leak.name,
        "variant": leak.variant,
        "title": leak.title,
        "labels": kind,
        "informative": leak.informative,
        "applied": False,
        "honest_title": leak.honest_title,
        "done_in": leak.done_in,
        "measured": leak.measured,
    }
    reason = leak.why_not(given.cohort, given.settings)
    if reason:
        return about | {"note": reason}
    versions = [version for version in works.versions if version.kind == kind]
    procedures = (leak.fair(given.settings), leak.leaky(given.settings))
    failures = [works.failure(procedure, version) for procedure in procedures for version in versions]
    if any(failures):
        return about | {"note": f"failed: {next(filter(None, failures))}"}
    confidence = given.plan.definition.statistics.confidence
    try:
        tables = [_tables(leak, version, works) for version in versions]
        if kind == "real":
            found = inflation(*tables[0], confidence=confidence)
        else:
            found = inflation_when_shuffled(*zip(*tables, strict=True), confidence=confidence)
    except StatisticsError as error:
        return about | {"note": f"no AUC: {error.problem}"}
    counts = {
        "candidates": len(cells_of(procedures[1].settings)),
        "shuffles": 0 if kind == "real" else len(versions),
    }
    return about | {"applied": True} | counts | _numbers(found)


def _tables(leak: Leak, version: LabelSet, works: WorkUnitList) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the honest and the leaky AUC are taken of."""
    fair, leaky = leak.fair(works.given.settings), leak.leaky(works.given.settings)
    first = works.scores(fair, version)
    second = first if leaky.key == fair.key else works.scores(leaky, version)
    return (
        subject_table([(repeat, leak.read_fair(part)) for repeat, part in first]),
        subject_table([(repeat, leak.read_leaky(part)) for repeat, part in second]),
    )


def _numbers(found: Inflation) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    intervals = {"honest": found.honest, "leaky": found.leaky, "difference": found.difference}
    for name, interval in intervals.items():
        value = name if name == "difference" else f"{name}_auc"
        numbers |= {
            value: interval.estimate,
            f"{name}_low": interval.ci_low,
            f"{name}_high": interval.ci_high,
        }
    notes = dict.fromkeys(part for one in intervals.values() for part in one.note.split("; ") if part)
    return numbers | {
        "p_value": found.difference.p_value,
        "n": found.n,
        "n_positive": found.n_positive,
        "method": found.honest.method,
        "note": "; ".join(notes),
    }
