"""A factorial benchmark as tables: how much of the variance of the AUC each factor explains."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.validation import choose_rater, common_units
from samesplit.ordering import merge_probabilities
from samesplit.statistics.bootstrap import bootstrap_interval, draw_patients
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.factorial import decompose, level_means
from samesplit.statistics.weighted import weighted_auc, weighted_multiclass_auc
from samesplit.tasks import ClassificationTask

__all__ = ["FACTORIAL", "FACTORIAL_LEVELS", "FACTORIAL_MODELS", "evaluate_factorial"]

FACTORIAL = "factorial"
"""The table of shares: a row a factor, then what belongs to none."""
FACTORIAL_LEVELS = "factorial_levels"
"""The table of the levels' mean AUCs."""
FACTORIAL_MODELS = "factorial_models"
"""The table of the combinations: model, a column a factor, and its AUC."""

_METHOD = "bootstrap of test patients, percentile"


def evaluate_factorial(
    task: ClassificationTask, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> dict[str, pd.DataFrame]:
    """Take the variance of the AUCs of all combinations apart, fold by fold, on the lesions that all predicted.

    Args:
        task: The classification.
        predictions: Its predictions.
        truth: Indexed by lesion_id: patient_id and label (class number).
        options: `factorial` has the levels of the combinations.

    Returns:
        `factorial`: term, kind (`factor` or `rest`), share of the variance with interval, `corrected` (the share
        without what chance gives) and `range`, by how much the best level's mean AUC lies above the worst
        one's, with interval. `factorial_levels`: factor, level, mean AUC with interval, number of combinations.
        `factorial_models`: model, its levels, AUC. All empty where no factor has two levels with predictions.
    """
    names = [name for name in options.factorial if (predictions["model"] == name).any()]
    levels = pd.DataFrame([dict(options.factorial[name]) for name in names], index=names)
    varied = [factor for factor in levels if len(set(levels[factor])) > 1]
    nothing = {name: pd.DataFrame() for name in (FACTORIAL, FACTORIAL_LEVELS, FACTORIAL_MODELS)}
    if not varied:
        return nothing
    rows = predictions[predictions["subset"] == "test"]
    rows = rows[rows["rater"] == choose_rater(rows, options.primary_rater)]
    rows, _ = common_units(rows)
    table = _aucs(task, rows[rows["model"].isin(names)], truth, names, options)
    if table.shape[1] == 0:
        return nothing
    codes = np.column_stack([pd.factorize(levels[factor])[0] for factor in varied])
    found = decompose(table, codes)
    settings = {"confidence": options.confidence}
    means = table.mean(axis=1)
    averaged = level_means(means, codes)
    shares: list[dict[str, Any]] = []
    by_level: list[dict[str, Any]] = []
    for number, factor in enumerate(varied):
        each: dict[str, FloatArray] = {}
        for level, mean in zip(dict.fromkeys(levels[factor]), averaged[number].T, strict=True):
            mine = (levels[factor] == level).to_numpy()
            each[level] = mean
            by_level.append(
                {
                    "factor": factor,
                    "level": level,
                    **_estimate("auc", each[level], settings),
                    "combinations": int(mine.sum()),
                    "method": _METHOD,
                }
            )
        together = np.stack(list(each.values()))
        spread = together.max(axis=0) - together.min(axis=0)
        shares.append(
            {
                "term": factor,
                "kind": "factor",
                **_estimate("share", found.factors[:, number], settings),
                "corrected": float(found.corrected[0, number]),
                **_estimate("range", spread, settings),
                "method": _METHOD,
            }
        )
    rest = {"interactions": found.interactions}
    balanced = bool(np.nanmax(np.abs(found.shared), initial=0.0) < 1e-9)
    rest |= {} if balanced else {"shared by factors": found.shared}
    rest |= {"folds": found.folds, "folds by combinations": found.residual} if table.shape[1] > 1 else {}
    for term, values in rest.items():
        shares.append(
            {"term": term, "kind": "rest", **_estimate("share", values, settings), "method": _METHOD}
        )
    models = levels.rename_axis("model").reset_index().assign(auc=means[0])
    return {
        FACTORIAL: pd.DataFrame(shares),
        FACTORIAL_LEVELS: pd.DataFrame(by_level),
        FACTORIAL_MODELS: models,
    }


def _aucs(
    task: ClassificationTask,
    rows: pd.DataFrame,
    truth: pd.DataFrame,
    names: list[str],
    options: EvaluationOptions,
) -> FloatArray:
    """Return the AUC by fold and combination, shape (1 + samples, folds, combinations): first as it is.

    Seeds are averaged. Folds without an AUC are left out.
    """
    n_classes = len(task.classes)
    tested = truth.loc[rows["lesion_id"].unique()]
    drawn = draw_patients(
        tested["label"],
        tested["patient_id"].astype(str),
        n_resamples=options.n_bootstrap,
        seed=options.seed,
        n_classes=n_classes,
    )
    patients = np.unique(tested["patient_id"].astype(str))
    weights = np.vstack([np.ones((1, patients.size)), drawn.weights])
    folds = {
        fold: place for place, fold in enumerate(sorted(set(zip(rows["repeat"], rows["fold"], strict=True))))
    }
    sums = np.zeros((len(weights), len(folds), len(names)))
    counts = np.zeros((len(folds), len(names)))
    for key, part in rows.groupby(["model", "repeat", "fold", "seed"], sort=True):
        model, repeat, fold, _ = cast("tuple[Any, ...]", key)
        if n_classes == 2:
            lesions = part["lesion_id"]
            values = merge_probabilities(part["probability"].to_numpy(dtype=np.float64))
        else:
            wide = part.pivot_table(index="lesion_id", columns="class", values="probability")
            table_of = wide[list(task.classes)].to_numpy(dtype=np.float64)
            values = np.column_stack([merge_probabilities(column) for column in table_of.T])
            lesions = wide.index.to_series()
        known = truth.loc[lesions]
        own = weights[:, np.searchsorted(patients, known["patient_id"].to_numpy(dtype=str))]
        labels = known["label"].to_numpy(dtype=np.int64)
        judge = weighted_auc if n_classes == 2 else weighted_multiclass_auc
        place = folds[repeat, fold], names.index(model)
        sums[:, place[0], place[1]] += judge(own, labels, values)
        counts[place] += 1
    table = sums / np.maximum(counts, 1)
    return table[:, ~np.isnan(table[0]).any(axis=1)]


def _estimate(name: str, values: FloatArray, settings: dict[str, float]) -> dict[str, float]:
    """Return an estimate, the first of the values, with the interval of the others."""
    found = bootstrap_interval(float(values[0]), values[1:], **settings)
    return {name: found.estimate, f"{name}_low": found.ci_low, f"{name}_high": found.ci_high}
