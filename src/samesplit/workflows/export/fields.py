"""What the columns of the tables mean: for the metadata, and for whoever reads it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.tables import read_csv
from samesplit.tasks import SurvivalTask

__all__ = ["MEANINGS", "TYPES", "meanings_of_lesions"]

MEANINGS: dict[str, str] = {
    "lesion_id": "The lesion, which is the unit that is scored.",
    "patient_id": "The patient; all lesions of a patient are on one side of the split.",
    "label": "The class of the lesion, by name.",
    "label_provenance": "How the label was proven: pathology or imaging.",
    "site": "The hospital or centre of the patient.",
    "scanner_vendor": "The manufacturer of the scanner.",
    "date": "A day, YYYY-MM-DD.",
    "size_mm": "The size of the lesion in mm.",
    "sequence": "The MR sequence, CT phase or other kind of image.",
    "rater": "Who drew the mask.",
    "image": "The image file, relative to the data folder; it is not in the package.",
    "mask": "The mask file, relative to the data folder; it is not in the package.",
    "mask_label": "The value of the lesion in the mask, or 'any'.",
    "spacing_mm": "The voxel size of an image that is an array, in mm.",
    "organ_mask": "The mask of the organ, relative to the data folder; it is not in the package.",
    "repeat": "The repeat of the split, from 0.",
    "fold": "The fold of the repeat, from 0.",
    "subset": "The side on which the patient or lesion stands: train, validation or test.",
    "test_set": "The named test set that a tested patient belongs to.",
    "profile": "The feature profile (features/<profile>.yaml).",
    "feature": "The name of the feature; results/features/catalogue.csv says what it is.",
    "value": "The value of the feature.",
    "model": "The model (models/<model>.yaml, or predictions made elsewhere).",
    "seed": "The seed that the model was fitted with.",
    "probability": "The predicted probability: of the positive class, or of the class named beside it.",
    "class": "The class that the probability is of.",
    "risk": "The predicted risk: the higher, the earlier the event is expected.",
    "mask_sha256": "SHA-256 of the predicted mask's file, which is not in the package.",
    "task": "The question that is answered.",
    "reader_id": "The reader.",
    "modality": "How it was read: unaided, or aided.",
    "decision": "The reader's call: a class by name, or 1 for the positive and 0 for the negative one.",
    "score": "The reader's confidence: the higher, the surer of the positive class.",
    "seconds": "How long the reading took.",
    "session": "The sitting in which it was read.",
    "order": "The place of the reading in its sitting.",
    "mark": "The number of the mark within its reading.",
    "x_mm": "The position of the mark in mm.",
    "y_mm": "The position of the mark in mm.",
    "z_mm": "The position of the mark in mm.",
    "file": "Which of the files: image, mask or organ_mask.",
    "sha256": "SHA-256 of the content.",
    "quantity": "What is estimated.",
    "reference": "The model that it is compared with.",
    "group": "The group of lesions.",
    "estimate": "The estimate.",
    "ci_low": "The lower end of its confidence interval.",
    "ci_high": "The upper end of its confidence interval.",
    "p_value": "The P value.",
    "p_adjusted": "The P value, adjusted for the number of comparisons.",
    "claim": "What may be claimed of a difference: higher, lower, not shown.",
    "false_claim_probability": "The probability that a claim that the higher one is better would be false.",
    "n": "How many lesions.",
    "n_positive": "How many of them are of the positive class, or have an event.",
    "method": "The statistical method.",
    "note": "A remark.",
    "stage": "Where on the way it happened.",
    "status": "repaired, noted, missing, failed or excluded.",
    "reason": "The reason.",
}

TYPES: dict[str, str] = {
    **dict.fromkeys(("repeat", "fold", "seed", "n", "n_positive", "mark"), "sc:Integer"),
    **dict.fromkeys(
        ("size_mm", "spacing_mm", "value", "probability", "risk", "score", "seconds", "order", "x_mm", "y_mm",
         "z_mm", "estimate", "ci_low", "ci_high", "p_value", "p_adjusted", "false_claim_probability"),
        "sc:Float",
    ),
    "date": "sc:Date",
}  # fmt: skip
"""The type of each column by its schema.org name; columns that are not here are text."""


def meanings_of_lesions(
    definition: BenchmarkDefinition, folder: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the columns of lesions.csv mean, and their types.

    What columns.csv says of a column goes before what the schema of the table says.

    Args:
        definition: The benchmark.
        folder: Its folder.
    """
    meanings, types = dict(MEANINGS), dict(TYPES)
    for name, kind in definition.cohort.clinical.items():
        meanings.setdefault(name, f"A clinical variable ({kind}).")
        if kind == "number":
            types[name] = "sc:Float"
    for name, task in definition.all_tasks().items():
        asks = task.question.rstrip(".")
        of = "" if definition.task is not None else f" (task {name})"
        for column in task.columns:
            meanings[column] = f"The outcome{of}: {asks}"
        if isinstance(task, SurvivalTask):
            meanings[task.time] = f"The time to the event or to the end of follow-up, in {task.unit}{of}."
            meanings[task.event] = f"1 where the event was seen, 0 where follow-up ended before{of}."
            types |= {task.time: "sc:Float", task.event: "sc:Integer"}
    path = folder / "columns.csv"
    if path.is_file():
        meanings |= _dictionary(read_csv(path).fillna(""))
    return meanings, types


def _dictionary(columns: pd.DataFrame) -> dict[str, str]:
    """Return what a data dictionary says of the columns of lesions.csv, with their units."""
    told = {}
    for row in columns.to_dict("records"):
        if row.get("table") == "lesions" and row.get("meaning"):
            unit = f" ({row['unit']})" if row.get("unit") else ""
            told[str(row["column"])] = f"{row['meaning']}{unit}"
    return told
