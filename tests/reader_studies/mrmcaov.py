"""The studies behind the reference numbers of other tools, and our calls for their analyses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from samesplit.statistics.mrmc import (
    AUC,
    SENSITIVITY,
    SPECIFICITY,
    FigureOfMerit,
    ORAnalysis,
    Random,
    ReaderStudy,
    expected_utility,
    obuchowski_rockette,
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)

Table = Callable[[str], pd.DataFrame]

FILES = {"VanDyke": "vandyke.csv", "dataset02": "vandyke.csv"}

RANDOM: dict[str, Random] = {
    "fixed_none": "readers and cases",
    "fixed_reader": "cases",
    "fixed_case": "readers",
    "RRRC": "readers and cases",
    "FRRC": "cases",
    "RRFC": "readers",
}

# Of each metric: what is read of the table, from which value on a rating is a positive call, and the figure.
METRICS: dict[str, tuple[str, float | None, FigureOfMerit]] = {
    "empirical_auc": ("rating", None, AUC),
    "ordinal_auc": ("ord", None, AUC),
    "pauc_spec_0.7_1.0": ("rating", None, partial_auc(0.7, 1.0, ends="interpolated")),
    "pauc_spec_0.7_1.0_norm": ("rating", None, partial_auc(0.7, 1.0, normalised=True, ends="interpolated")),
    "pauc_sens_0.8_1.0": ("rating", None, partial_auc(0.8, 1.0, over="sensitivity", ends="interpolated")),
    "pauc_spec_0.8_1": ("rating", None, partial_auc(0.8, 1.0, ends="interpolated")),
    "empirical_sens_at_spec_0.8": ("rating", None, sensitivity_at_specificity(0.8)),
    "empirical_spec_at_sens_0.8": ("rating", None, specificity_at_sensitivity(0.8)),
    "empirical_eu_slope1": ("rating", None, expected_utility(1.0)),
    "binary_sens_ge3": ("rating", 3.0, SENSITIVITY),
    "binary_spec_ge3": ("rating", 3.0, SPECIFICITY),
    "binary_sens_ord_ge3": ("ord", 3.0, SENSITIVITY),
    "binary_spec_ord_ge3": ("ord", 3.0, SPECIFICITY),
}


@cache
def _readings(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


@cache
def study_of(folder: Path, dataset: str, column: str) -> ReaderStudy:
    """One of the data sets as a study; modalities and readers in the order of their names."""
    rows = _readings(folder / FILES.get(dataset, f"{dataset}.csv")).sort_values(
        ["treatment", "reader", "case"]
    )
    return ReaderStudy.from_columns(
        rows["reader"], rows["case"], rows[column], rows["truth"], modality=rows["treatment"]
    )


@cache
def analysis_of(folder: Path, analysis_id: str) -> ORAnalysis:
    """Our analysis for a key of MRMCaov's tables, `dataset|metric|covariance|fixed_...`."""
    dataset, metric, covariance, fixed = analysis_id.split("|")
    column, threshold, figure = METRICS[metric]
    study = study_of(folder, dataset, column)
    if threshold is not None:
        study = study.decisions(threshold)
    return obuchowski_rockette(
        study,
        figure,
        covariance={"jackknife": "jackknife", "DeLong": "delong", "unbiased": "unbiased"}[covariance],  # type: ignore[arg-type]
        random=RANDOM[fixed],
        floor_fixed_readers=False,  # as MRMCaov does
    )


def unmatched(expected: pd.DataFrame, ours: Callable[[pd.Series], float], *, rel: float = 1e-9) -> list[str]:
    """The rows of reference numbers that we do not reach, as text; rows without a number are left out."""
    found = []
    for _, row in expected[expected["value"].notna()].iterrows():
        value = ours(row)
        if not np.isclose(value, row["value"], rtol=rel, atol=1e-12):
            where = " ".join(str(row[name]) for name in ("analysis_id", "table", "row", "stat"))
            found.append(f"{where}: {value!r} for {row['value']!r}")
    return found
