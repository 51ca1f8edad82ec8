"""Learning curves as tables: predictions of models fitted to subsets in, AUCs by size and crossings out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from samesplit.errors import PredictionsError
from samesplit.evaluation.validation import name_some
from samesplit.ordering import below, merge_probabilities
from samesplit.statistics.learning_curve import CurveFit, CurveSamples, sample_curves

__all__ = ["ALL_DRAWS", "CROSSINGS", "CURVE", "DIFFERENCES", "CurveTables", "judge_curves"]

ALL_DRAWS = -1
"""The draw of what was fitted to the whole training part, of which there is one subset only."""

CURVE = [
    "model", "size", "auc", "ci_low", "ci_high", "sd_draws", "draws", "fits", "n", "n_patients", "method", "note",
]  # fmt: skip
"""Columns of a curve: the AUC of a model at a size. `sd_draws` is the standard deviation over the draws of
subsets, `fits` how many fitted models the AUC is the mean of, `n` how many test lesions it rests on."""
DIFFERENCES = ["size", "first", "second", "difference", "ci_low", "ci_high", "n", "method", "note"]
"""AUC of the second model minus that of the first at a size."""
CROSSINGS = ["first", "second", "crossing", "ci_low", "ci_high", "confidence", "method", "note"]
"""The number of training lesions from which on the second model's AUC is no longer below that of the first, which
leads at the smallest size. 0: below the smallest size; infinity: above the largest."""

_FIT = ["size", "draw", "repeat", "fold"]


@dataclass(frozen=True)
class CurveTables:
    """What became of learning curves.

    Attributes:
        curve: One row a model and size; `CURVE`.
        differences: One row two models and a size; `DIFFERENCES`.
        crossings: One row two models; `CROSSINGS`.
        notes: What was left out, and why.
    """

    curve: pd.DataFrame
    differences: pd.DataFrame
    crossings: pd.DataFrame
    notes: tuple[str, ...] = ()


def judge_curves(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    models: Mapping[str, int],
    sizes: Sequence[int],
    draws: int,
    classes: Sequence[str],
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> CurveTables:
    """Judge models that were fitted to nested subsets, on the test lesions that all of them predicted.

    Args:
        predictions: Test predictions: model, size, draw (or `ALL_DRAWS`), seed, repeat, fold, lesion_id and
            probability; of more than two classes also class.
        truth: Indexed by lesion_id: patient_id and label (class number).
        models: The models in their order, with the number of their seeds.
        sizes: Of the subsets, rising.
        draws: How many draws of subsets there are.
        classes: Of the task in their order; of two, the second is the positive one.
        confidence: Two-sided coverage.
        n_resamples: Bootstrap samples.
        seed: Of the bootstrap.

    Returns:
        The tables. Where one fit of a model is missing (it failed), that subset is left out for all models.

    Raises:
        PredictionsError: No subset was predicted by all models, or no lesion.
    """
    rows, notes = _common(predictions, models)
    place = {name: number for number, name in enumerate(models)}
    fits = []
    for key, part in rows.groupby(["model", "size", "draw", "seed", "repeat", "fold"], sort=True):
        model, size, draw = cast("tuple[Any, ...]", key)[:3]
        fits.append(
            CurveFit(
                curve=place[model],
                size=list(sizes).index(size),
                draws=tuple(range(draws)) if draw == ALL_DRAWS else (int(draw),),
                **_arrays(part, truth, classes),
            )
        )
    samples = sample_curves(
        fits,
        n_curves=len(models),
        n_sizes=len(sizes),
        n_draws=draws,
        n_classes=len(classes),
        n_resamples=n_resamples,
        seed=seed,
    )
    lesions = rows["lesion_id"].unique()
    counts = (len(lesions), int(truth.loc[lesions, "patient_id"].nunique()))
    names = list(models)
    return CurveTables(
        curve=_curve(samples, rows, names, sizes, counts, confidence),
        differences=_differences(samples, names, sizes, counts[0], confidence),
        crossings=_crossings(samples, names, sizes, confidence),
        notes=tuple(notes),
    )


def _common(predictions: pd.DataFrame, models: Mapping[str, int]) -> tuple[pd.DataFrame, list[str]]:
    """Keep the subsets that every model was fitted to with all its seeds, and the lesions that all predicted."""
    notes: list[str] = []
    fitted = predictions[["model", "seed", *_FIT]].drop_duplicates().groupby(_FIT).size()
    whole = fitted.index[fitted == sum(models.values())]
    if len(whole) == 0:
        raise PredictionsError(
            "no subset was learnt from by all models, so there is nothing to compare",
            remedy="see the reasons of the fits that failed, or leave out the model that fails",
        )
    if len(whole) < len(fitted):
        notes.append(
            f"{len(fitted) - len(whole)} of {len(fitted)} subsets are left out for all models, since a fit to "
            "them failed"
        )
    rows = predictions[pd.MultiIndex.from_frame(predictions[_FIT]).isin(whole)]
    fits = rows[["model", "seed", *_FIT]].drop_duplicates().groupby(["repeat", "fold"]).size()
    units = rows[["model", "seed", *_FIT, "lesion_id"]].drop_duplicates()
    seen = units.groupby(["repeat", "fold", "lesion_id"]).size()
    everywhere = seen.index[
        seen.to_numpy() == fits.reindex(pd.MultiIndex.from_tuples([key[:2] for key in seen.index])).to_numpy()
    ]
    lost = set(seen.index.get_level_values("lesion_id")) - set(everywhere.get_level_values("lesion_id"))
    if lost:
        notes.append(f"test lesions that some fit did not predict are left out for all: {name_some(lost)}")
    rows = rows[pd.MultiIndex.from_frame(rows[["repeat", "fold", "lesion_id"]]).isin(everywhere)]
    if rows.empty:
        raise PredictionsError("no test lesion was predicted by all models at all sizes")
    return rows, notes


def _arrays(part: pd.DataFrame, truth: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """Return labels, scores and patients of one fitted model, lesion by lesion."""
    if len(classes) == 2:
        part = part.sort_values("lesion_id")
        scores = merge_probabilities(part["probability"].to_numpy(dtype=np.float64))
        known = truth.loc[part["lesion_id"]]
    else:
        wide = part.pivot_table(index="lesion_id", columns="class", values="probability")[list(classes)]
        scores = np.column_stack(
            [merge_probabilities(column) for column in wide.to_numpy(dtype=np.float64).T]
        )
        known = truth.loc[wide.index]
    return {
        "labels": known["label"].to_numpy(dtype=np.int64),
        "scores": scores,
        "patients": known["patient_id"].to_numpy(dtype=str),
    }


def _curve(
    samples: CurveSamples,
    rows: pd.DataFrame,
    names: Sequence[str],
    sizes: Sequence[int],
    counts: tuple[int, int],
    confidence: float,
) -> pd.DataFrame:
    fits = rows[["model", "size", "draw", "seed", "repeat", "fold"]].drop_duplicates()
    number = fits.groupby(["model", "size"]).size()
    found = []
    for (curve, name), (step, size) in itertools.product(enumerate(names), enumerate(sizes)):
        point = samples.point(curve, step, confidence=confidence)
        each = samples.by_draw[curve, step]
        mine = fits[(fits["model"] == name) & (fits["size"] == size)]
        draws = sorted(set(mine["draw"]) - {ALL_DRAWS})
        found.append(
            (
                name,
                size,
                point.estimate,
                point.ci_low,
                point.ci_high,
                float(np.std(each[draws], ddof=1)) if len(draws) > 1 else np.nan,
                len(draws) or min(1, len(mine)),
                int(number.get((name, size), 0)),
                *counts,
                point.method,
                point.note,
            )
        )
    return pd.DataFrame(found, columns=CURVE)


def _differences(
    samples: CurveSamples, names: Sequence[str], sizes: Sequence[int], n: int, confidence: float
) -> pd.DataFrame:
    found = []
    for (i, first), (j, second) in itertools.combinations(enumerate(names), 2):
        for step, size in enumerate(sizes):
            item = samples.difference(i, j, step, confidence=confidence)
            found.append(
                (size, first, second, item.estimate, item.ci_low, item.ci_high, n, item.method, item.note)
            )
    return pd.DataFrame(found, columns=DIFFERENCES)


def _crossings(
    samples: CurveSamples, names: Sequence[str], sizes: Sequence[int], confidence: float
) -> pd.DataFrame:
    """Compare every two models, the one that leads at the smallest size first; of equals, the first declared."""
    found = []
    for i, j in itertools.combinations(range(len(names)), 2):
        both = samples.estimates[[i, j]]
        known = np.flatnonzero(~np.isnan(both).any(axis=0))
        if known.size and below(both[0, known[0]], both[1, known[0]]):
            i, j = j, i
        item = samples.crossing(i, j, sizes, confidence=confidence)
        found.append(
            (
                names[i],
                names[j],
                item.estimate,
                item.ci_low,
                item.ci_high,
                confidence,
                item.method,
                item.note,
            )
        )
    return pd.DataFrame(found, columns=CROSSINGS)
