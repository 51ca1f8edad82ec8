"""What each column of the tables in `samesplit.tables` holds, for whoever reads a table without its code."""

from __future__ import annotations

__all__ = ["meaning_of"]

_EVERYWHERE = {
    "lesion_id": "Names the lesion, the unit that is scored.",
    "patient_id": "Names the patient; all lesions of a patient stand on the same side of the split.",
    "label": "The class of the lesion by name, as benchmark.yaml spells it.",
    "label_provenance": "How the label was proven.",
    "site": "The hospital or cohort that the lesion comes from.",
    "scanner_vendor": "Who made the scanner.",
    "date": "The day of the examination.",
    "size_mm": "The largest diameter, in mm.",
    "sequence": "Which image of the lesion: an MR sequence, a CT phase, a PET.",
    "rater": "Who drew the mask.",
    "image": "The file of the image, or a folder of DICOM slices, or an array in a file.",
    "mask": "The file of the mask, on the grid of the image.",
    "mask_label": "The value that marks the lesion in the mask.",
    "spacing_mm": "The edge of the cubic voxels in mm, of images that are arrays.",
    "organ_mask": "A mask of the organ that the lesion lies in, the lesion included.",
    "repeat": "Which repetition of the split, from 0.",
    "fold": "Which fold of the repetition, from 0.",
    "subset": "The side: what is fitted, what a threshold or a stop is chosen on, what is judged.",
    "test_set": "The named test set of a patient that is tested.",
    "profile": "The profile that the feature was extracted with: a file in `features/`.",
    "feature": "The name of the feature.",
    "value": "The value of the feature, in the unit of the catalogue; empty where it could not be computed.",
    "model": "The model, or the reader, by name.",
    "seed": "Of the random numbers that the model was fitted with.",
    "class": "The class by name.",
    "probability": "The probability that the lesion belongs to the class; in binary tasks, to the positive one.",
    "risk": "The higher, the earlier the event is expected; its scale means nothing.",
    "reader_id": "Names the reader.",
    "modality": "How the lesion was read: `unaided`, `aided` by a model, or any word of the study.",
    "decision": "The call: 1 for the positive class, 0 for the negative, empty for none.",
    "score": "How sure the reader was: the higher, the more for the positive class.",
    "seconds": "How long the reading took.",
    "session": "The sitting that the reading belongs to.",
    "order": "The place of the reading in its sitting.",
    "mark": "Numbers the marks of a reading, from 0.",
    "x_mm": "Where the mark lies, in mm.",
    "y_mm": "Where the mark lies, in mm.",
    "z_mm": "Where the mark lies, in mm; not there for images of one slice.",
    "task": "The task of the benchmark that is answered.",
    "quantity": "What is estimated: `auc`, `sensitivity`, `auc_difference` and others.",
    "reference": "What a difference is to: a model or a reader; empty for a quantity of one alone.",
    "group": "`all`, or whom the estimate is about: a subgroup, a test set, another subset.",
    "estimate": "The estimate; empty where there is none, with the reason in `note`.",
    "ci_low": "The lower end of the interval.",
    "ci_high": "The upper end of the interval.",
    "p_value": "Of the test that `method` names.",
    "p_adjusted": "The same, adjusted for the other comparisons that answer the same question.",
    "claim": "What may be said of a difference: `higher`, `lower` or `not shown`; empty where there is none.",
    "false_claim_probability": "The probability that a claim that the higher one is better would be false.",
    "n": "The lesions that count.",
    "n_positive": "Those of the positive class, or with the event.",
    "method": "The method of the interval and the test.",
    "note": "What a reader of the estimate should know.",
    "stage": "Where on the way it happened: reading, features, models and others.",
    "status": "What became of the lesion there.",
    "reason": "Why, in words.",
}

_IN_ONE_TABLE = {
    ("splits", "subset"): "The side that the patient stands on in this fold.",
    ("readings", "date"): "The day of the reading.",
    ("mask predictions", "mask"): "The file of the predicted mask.",
    ("results", "subset"): "The part of the split that the estimate is about; claims come from `test` alone.",
}


def meaning_of(column: str, *, table: str) -> str:
    """Return what a column holds, as one sentence.

    Args:
        column: Its name.
        table: The name of the table's schema.

    Raises:
        KeyError: No table has such a column.

    Example:
        >>> meaning_of("date", table="lesions"), meaning_of("date", table="readings")
        ('The day of the examination.', 'The day of the reading.')
    """
    return _IN_ONE_TABLE.get((table, column)) or _EVERYWHERE[column]
