"""The chain judged on all lesions that were to be diagnosed: found, drawn and classified, or lost on the way.

The lesions of the intention-to-diagnose analysis are all test lesions: one that was not found is an error, as it
is for the patient. Lesions that only one of the arms has would make the two arms different cohorts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from samesplit.errors import PredictionsError
from samesplit.evaluation.chain.arms import FIT, Arms, read_arms
from samesplit.evaluation.chain.cases import chain_cases
from samesplit.evaluation.comparison import measured_difference
from samesplit.evaluation.options import EvaluationOptions
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_summaries import (
    correlation,
    paired_mean,
    ratio_of_counts,
    summary_of_lesions,
)
from samesplit.tasks import ClassificationTask

__all__ = [
    "CHAIN",
    "CHAIN_CASES",
    "CHAIN_COLUMNS",
    "CHAIN_IMAGES",
    "CHAIN_LESIONS",
    "CHAIN_MODELS",
    "evaluate_chain",
]

CHAIN = "chain"
"""The name of the predictions on predicted masks among the details, and of the table of results."""
CHAIN_MODELS = "chain_models"
"""The name of the table of segmentation models and their classifiers, among the details."""
CHAIN_LESIONS = "chain_lesions"
"""The name of the table of test lesions and whether they were found, among the details."""
CHAIN_IMAGES = "chain_images"
"""The name of the table of false positives of each image, among the details."""
CHAIN_CASES = "chain_cases"
"""The name of the table of what became of every lesion."""

CHAIN_COLUMNS = [
    "segmentation",
    "model",
    "quantity",
    "estimate",
    "ci_low",
    "ci_high",
    "p_value",
    "n",
    "n_patients",
    "method",
    "note",
]

_LOSSES = {
    "loss_localisation": "localisation",
    "loss_not_classified": "not classified",
}

Rows = Iterator[tuple[str, Interval, pd.DataFrame]]


def evaluate_chain(
    task: ClassificationTask, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> dict[str, pd.DataFrame]:
    """Compare classifiers on predicted masks with the same classifiers on manual masks.

    Args:
        task: The classification.
        predictions: Its predictions, with those of the validation part.
        truth: Indexed by lesion_id: patient_id, label.
        options: `details["chain"]` has the predictions on predicted masks (columns of the task's predictions and
            `segmentation`), `details["chain_models"]`, if there, segmentation and model of every chain (default:
            those with any such prediction), `details["chain_lesions"]` every test lesion of each segmentation
            model's folds (segmentation, repeat, fold, lesion_id, found, reason, dice) and
            `details["chain_images"]`, if there, the false positives of each image (segmentation, repeat, fold,
            patient_id, false_positives).

    Returns:
        `chain`: a row a segmentation model, classifier and quantity. `accuracy_manual`, `accuracy_chain` and
        `accuracy_difference` (chain minus manual, on all lesions, a lost one counts as wrong); of two classes the
        same of `sensitivity` and `specificity`; `auc_manual`, `auc_chain` and `auc_difference` on the lesions
        that have an answer in both arms; of two classes `auc_all` on all, where a lost lesion ranks as wrong as
        can be.
        `error_classification` + `loss_localisation` + `loss_not_classified` + `loss_segmentation` is the error
        of the chain; `loss_segmentation` is net of lesions that only the predicted mask gets right.
        `lesions_found`, `false_positives_per_patient`, `correlation_dice_right`.
        `chain_cases`: see `cases.chain_cases`.

        A chain that found no lesion has no `auc_manual`, `auc_chain` and `auc_difference`.

    Raises:
        PredictionsError: A classifier has predictions on predicted masks, but none of a lesion that was found.
    """
    confidence = check_confidence(options.confidence)
    lesions = options.details[CHAIN_LESIONS]
    arms = read_arms(task, predictions, options.details[CHAIN], truth, options)
    pairs = options.details.get(CHAIN_MODELS, arms.predicted)[["segmentation", "model"]]
    pairs = pairs.drop_duplicates().sort_values(["segmentation", "model"])
    cases = chain_cases(arms, lesions[lesions["lesion_id"].isin(arms.truth.index)], pairs)
    settings = {"n_resamples": options.n_bootstrap, "seed": options.seed, "confidence": confidence}
    images = options.details.get(CHAIN_IMAGES, pd.DataFrame())
    rows: list[dict[str, Any]] = []
    for segmentation, model in pairs.itertuples(index=False):
        mine = cases[(cases["segmentation"] == segmentation) & (cases["model"] == model)]
        found = [
            *_right_answers(mine, arms.n_classes, settings),
            *_stages(mine, settings),
            *_rankings(arms, str(segmentation), str(model), lesions, confidence),
            *_false_positives(images, str(segmentation), mine, settings),
        ]
        rows += [
            {
                "segmentation": segmentation,
                "model": model,
                "quantity": quantity,
                "estimate": value.estimate,
                "ci_low": value.ci_low,
                "ci_high": value.ci_high,
                "p_value": value.p_value,
                "n": part["lesion_id"].nunique(),
                "n_patients": part["patient_id"].nunique(),
                "method": value.method,
                "note": value.note,
            }
            for quantity, value, part in found
        ]
    return {CHAIN: pd.DataFrame(rows, columns=CHAIN_COLUMNS), CHAIN_CASES: cases.reset_index(drop=True)}


def _right_answers(cases: pd.DataFrame, n_classes: int, settings: dict[str, Any]) -> Rows:
    """Yield accuracy, sensitivity and specificity of both arms and their differences."""
    parts = {"accuracy": cases}
    if n_classes == 2:
        parts |= {"sensitivity": cases[cases["label"] == 1], "specificity": cases[cases["label"] == 0]}
    for name, part in parts.items():
        if part.empty:
            continue
        lesions = part.groupby(["lesion_id", "patient_id"], as_index=False)[
            ["manual_right", "chain_right"]
        ].mean()
        patients = lesions["patient_id"].to_numpy()
        for arm in ("manual", "chain"):
            yield f"{name}_{arm}", _share(lesions[f"{arm}_right"], lesions, settings), part
        differences = (lesions["chain_right"] - lesions["manual_right"]).to_numpy()
        tested = paired_mean(differences, patients, confidence=settings["confidence"], largest=1.0)
        yield f"{name}_difference", tested, part


def _stages(cases: pd.DataFrame, settings: dict[str, Any]) -> Rows:
    """Yield what each stage costs, how many lesions are found, and what Dice has to do with right answers."""
    if cases.empty:
        return
    answered = cases["chain_decision"].notna()
    each = cases.assign(
        found=cases["found"].astype(float),
        error_classification=(~cases["manual_right"]).astype(float),
        **{name: (cases["stage"] == stage).astype(float) for name, stage in _LOSSES.items()},
        loss_segmentation=(cases["manual_right"].astype(float) - cases["chain_right"].astype(float)).where(
            answered, 0.0
        ),
    )
    names = ["error_classification", *_LOSSES, "loss_segmentation"]
    lesions = each.groupby(["lesion_id", "patient_id"], as_index=False)[["found", *names]].mean()
    yield "lesions_found", _share(lesions["found"], lesions, settings), cases
    for name in names[:-1]:
        yield name, _share(lesions[name], lesions, settings), cases
    net = summary_of_lesions(lesions["loss_segmentation"], lesions["patient_id"], **settings)
    yield "loss_segmentation", net, cases
    drawn = cases[answered]
    if len(drawn):
        right = drawn.assign(right=drawn["chain_right"].astype(float))
        means = right.groupby(["lesion_id", "patient_id"], as_index=False)[["dice", "right"]].mean()
        related = correlation(means["dice"], means["right"], means["patient_id"], **settings)
        yield "correlation_dice_right", related, drawn


def _share(values: pd.Series[float], lesions: pd.DataFrame, settings: dict[str, Any]) -> Interval:
    """Return a share of lesions, drawn by patient."""
    patients = lesions["patient_id"]
    above, below = values.groupby(patients).sum(), values.groupby(patients).size()
    return ratio_of_counts(above.to_numpy(), below.to_numpy(), **settings)


def _rankings(arms: Arms, segmentation: str, model: str, lesions: pd.DataFrame, confidence: float) -> Rows:
    """Yield the AUC of both arms on the lesions that have both answers, and of the chain on all lesions."""
    key = [*FIT, "lesion_id"]
    predicted = arms.predicted[
        (arms.predicted["segmentation"] == segmentation) & (arms.predicted["model"] == model)
    ]
    asked = lesions.loc[lesions["segmentation"] == segmentation, ["repeat", "fold", "lesion_id", "found"]]
    manual = arms.manual[arms.manual["model"] == model].merge(asked, on=["repeat", "fold", "lesion_id"])
    both = predicted.merge(manual.loc[manual["found"].astype(bool), key], on=key).sort_values(key)
    if both.empty and len(predicted):
        raise PredictionsError(
            "no lesion has an answer with its manual and with its predicted mask",
            where=f"{model} on masks of {segmentation}",
            remedy="check that the segmentation finds any lesion, and that both have the same folds",
        )
    if len(both):
        same = manual.merge(both[key], on=key).sort_values(key)
        yield from _rankings_of_both(arms, arms.table(same), arms.table(both), confidence)
    if arms.n_classes > 2 or manual.empty:
        return
    answered = pd.MultiIndex.from_frame(both[key])
    lost = manual[~pd.MultiIndex.from_frame(manual[key]).isin(answered)]
    everything = arms.worst_table(both, lost[key])
    if arms.measure.is_defined(everything):
        yield "auc_all", arms.measure.interval(everything, confidence), everything


def _rankings_of_both(arms: Arms, manual: pd.DataFrame, chain: pd.DataFrame, confidence: float) -> Rows:
    """Yield the AUC of both arms and their difference; both tables have the same lesions."""
    if arms.measure.is_defined(manual):
        yield "auc_manual", arms.measure.interval(manual, confidence), manual
        yield "auc_chain", arms.measure.interval(chain, confidence), chain
        yield (
            "auc_difference",
            measured_difference(chain, manual, arms.measure, confidence=confidence),
            manual,
        )


def _false_positives(
    images: pd.DataFrame, segmentation: str, cases: pd.DataFrame, settings: dict[str, Any]
) -> Rows:
    """Yield the false positives per patient of the fits of a segmentation model."""
    if images.empty:
        return
    mine = images[images["segmentation"] == segmentation]
    fits = mine.groupby("patient_id")[["repeat", "fold"]].apply(lambda fits: len(fits.drop_duplicates()))
    counts = mine.groupby("patient_id")["false_positives"].sum()
    found = ratio_of_counts(counts.to_numpy(float), fits.to_numpy(float), share=False, **settings)
    yield "false_positives_per_patient", found, cases
