"""Rows of results for predicted masks: overlap and distances of lesions, and how many of them were found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.segmentation.tables import MaskTables, Part
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_summaries import ratio_of_counts, summary_of_lesions

__all__ = ["SUMMARIES", "result_row", "rows_of_part"]

SUMMARIES: tuple[tuple[str, str, Literal["mean", "median"]], ...] = (
    ("dice", "dice", "mean"),
    ("dice_median", "dice", "median"),
    ("hausdorff_mm", "hausdorff_mm", "median"),
    ("hd95_mm", "hd95_mm", "median"),
    ("assd_mm", "assd_mm", "median"),
    ("nsd", "nsd", "mean"),
    ("volume_difference_ml", "volume_difference_ml", "mean"),
    ("volume_difference_percent", "volume_difference_percent", "median"),
    ("lesion_dice", "lesion_dice", "mean"),
    ("lesion_hd95_mm", "lesion_hd95_mm", "median"),
)
"""Quantity, column of the table of overlaps, and how lesions are summed up."""

_FITTED = ["seed", "repeat", "fold"]


def rows_of_part(part: Part, options: EvaluationOptions, confidence: float) -> Iterator[dict[str, Any]]:
    """Yield the results of all models in some of the lesions.

    A lesion counts once: its value is the mean over sequences, seeds and the folds in which it is tested.

    Args:
        part: The lesions.
        options: Bootstrap samples and their seed.
        confidence: Two-sided coverage.
    """
    settings: dict[str, Any] = {
        "n_resamples": options.n_bootstrap,
        "seed": options.seed,
        "confidence": confidence,
    }
    for model in part.tables.models:
        tables = part.tables.of_model(model)
        rows = tables.overlap
        n = rows["lesion_id"].nunique()
        owner = rows.groupby("lesion_id")["patient_id"].first()
        for quantity, column, statistic in SUMMARIES:
            if not tables.measured(column):
                continue
            lesions = rows.groupby("lesion_id")[column].mean()
            found = summary_of_lesions(
                lesions.to_numpy(), owner.loc[lesions.index].to_numpy(), statistic=statistic, **settings
            )
            yield result_row(quantity, model, part.group.name, found, n)
        if tables.measured("detected"):
            for quantity, found in _detection(tables, settings):
                yield result_row(quantity, model, part.group.name, found, n)


def _detection(tables: MaskTables, settings: dict[str, Any]) -> Iterator[tuple[str, Interval]]:
    """Yield recall, precision, F1, false positives, and what was found in at least one sequence."""
    rows, looked_at = tables.overlap, tables.examined
    patients = sorted(looked_at["patient_id"].unique())

    def by_patient(counts: pd.Series[Any]) -> FloatArray:
        return counts.reindex(patients, fill_value=0).to_numpy(dtype=np.float64)

    lesions = rows.groupby("patient_id")["detected"]
    hits, everything = by_patient(lesions.sum()), by_patient(lesions.size())
    wrong = tables.components[tables.components["component_of"] == ""]
    false = by_patient(wrong.groupby("patient_id").size())
    fits = by_patient(looked_at[[*_FITTED, "patient_id"]].drop_duplicates().groupby("patient_id").size())
    anywhere = rows.groupby(["patient_id", *_FITTED])["detected"].any().groupby("patient_id")
    each = rows.groupby(["patient_id", "lesion_id", *_FITTED])["detected"].any().groupby("patient_id")
    yield "detection_recall", ratio_of_counts(hits, everything, **settings)
    yield "detection_precision", ratio_of_counts(hits, hits + false, **settings)
    yield "detection_f1", ratio_of_counts(2 * hits, hits + false + everything, **settings)
    yield "false_positives_per_patient", ratio_of_counts(false, fits, share=False, **settings)
    yield "lesions_found", ratio_of_counts(by_patient(each.sum()), by_patient(each.size()), **settings)
    yield (
        "patients_found",
        ratio_of_counts(by_patient(anywhere.sum()), by_patient(anywhere.size()), **settings),
    )


def result_row(
    quantity: str, model: str, group: str, found: Interval, n: int, *, reference: str = ""
) -> dict[str, Any]:
    """Return a row of the table of results.

    Args:
        quantity: What was estimated.
        model: Of whom.
        group: In which lesions.
        found: The estimate.
        n: How many lesions.
        reference: The model that is compared with.
    """
    return {
        "quantity": quantity,
        "model": model,
        "reference": reference,
        "subset": "test",
        "group": group,
        "estimate": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "p_adjusted": math.nan,
        "claim": "",
        "false_claim_probability": math.nan,
        "n": n,
        "n_positive": 0,
        "method": found.method,
        "note": found.note,
    }
