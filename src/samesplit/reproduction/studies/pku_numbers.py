"""Whole masses behind the printed rates of Peking University First Hospital."""

from __future__ import annotations

import math

import pandas as pd

from samesplit.reproduction.multiclass import Found, counts_of_precision_and_recall, divided_in_two
from samesplit.reproduction.relations import locate

__all__ = ["CLASSIFIED", "DETECTED", "SIDES", "TYPES", "detection", "reference_masses", "type_counts"]

TYPES = ("AML", "cystic", "solid")
SIDES = ("left", "right")
DETECTED = ("test", "external")
CLASSIFIED = ("test, >=5 mm", "test, <5 mm", "external, TP components >5 mm")
"""The parts with rates of each type."""

_EXTERNAL_TYPES = ("AML", "cystic masses", "solid masses")


def reference_masses(published: pd.DataFrame, part: str) -> int | None:
    """Count the reference masses of a part: those classified (test), or those listed by type (external).

    Args:
        published: Rows of the study.
        part: One of `DETECTED`.
    """
    if part == "test":
        strata = [type_counts(published, name) for name in CLASSIFIED if name.startswith("test")]
        return sum(each.reference for counts in strata for each in counts.values()) if all(strata) else None
    listed = [
        locate(published, {"model_or_reader": name, "cohort_split": part, "metric": "n"})
        for name in _EXTERNAL_TYPES
    ]
    numbers = [one.number for one in listed if one is not None and one.number is not None]
    return int(sum(numbers)) if len(numbers) == len(listed) else None


def detection(published: pd.DataFrame, part: str) -> dict[str, Found] | None:
    """Find how the masses of a part divide into left and right kidneys so that all detection rates print.

    Args:
        published: Rows of the study.
        part: One of `DETECTED`.

    Returns:
        Left and right; None where the rates are not all there, or not exactly one division fits.
    """
    total = reference_masses(published, part)
    where = {"task": "mass_detection", "cohort_split": part}
    rates = {
        metric: [
            locate(published, {**where, "model_or_reader": f"3D U-Net {side}", "metric": metric})
            for side in SIDES
        ]
        for metric in ("precision", "recall")
    }
    precisions, recalls = ([one for one in rates[metric] if one is not None] for metric in rates)
    if total is None or len(precisions) + len(recalls) < 4:
        return None
    sums = [locate(published, {**where, "metric": metric}) for metric in ("TP", "FP")]
    right, wrong = (int(one.number) if one is not None and one.number is not None else None for one in sums)
    found = divided_in_two(precisions, recalls, total, right=right, wrong=wrong)
    return dict(zip(SIDES, found[0], strict=True)) if len(found) == 1 else None


def type_counts(published: pd.DataFrame, part: str) -> dict[str, Found]:
    """Find the whole masses behind precision and recall of each type.

    Args:
        published: Rows of the study.
        part: One of `CLASSIFIED`.

    Returns:
        The types that are there; nothing where a rate is missing or does not come from exactly one combination.
    """
    found = {}
    for kind in TYPES:
        where = {"cohort_split": part, "model_or_reader": f"3D ResNet-10 {kind}"}
        precision = locate(published, {**where, "metric": "precision"})
        recall = locate(published, {**where, "metric": "recall"})
        if precision is None or recall is None:
            continue
        size = float(str(published.loc[recall.row, "n_pos"]))
        counts = [] if math.isnan(size) else counts_of_precision_and_recall(precision, recall, int(size))
        if len(counts) != 1:
            return {}
        found[kind] = counts[0]
    return found
