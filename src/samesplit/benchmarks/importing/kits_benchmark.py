"""What is asked of a KiTS cohort: the endpoints that its patients can carry, and the models that are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import CohortError

__all__ = ["FEWEST", "kits_benchmark"]

FEWEST = 10
"""A question is asked where each of its classes has this many patients, so that five folds have some of each."""

_SEQUENCE = "CT"


def kits_benchmark(
    lesions: pd.DataFrame, *, where: Path, title: str | None = None, several: bool = False
) -> dict[str, Any]:
    """Return the keys of benchmark.yaml for the lesions at hand.

    The main question is the ISUP grade (3 and 4 against 1 and 2), then stage pT3 or higher, aggressiveness after
    Xiong 2025, benign or malignant (few masses that are operated on are benign), the subtype and overall survival.
    Questions whose rarer class has fewer than `FEWEST` patients are left out.

    Args:
        lesions: Columns of `samesplit.benchmarks.importing.kits_outcomes`.
        where: The folder that they came from, for messages.
        title: Title of the benchmark.
        several: Whether a patient may have several lesions.

    Returns:
        The keys, in the order in which they are written.

    Raises:
        CohortError: No question has both classes.
    """
    binary = {
        "high-grade": ("Which masses are of ISUP grade 3 or 4?", "grade", "high", "low"),
        "late-stage": ("Which masses are of stage pT3 or higher?", "stage", "pT3 or higher", "below pT3"),
        "aggressive": ("Which masses are aggressive?", "aggressiveness", "aggressive", "indolent"),
        "malignant": ("Which masses are malignant?", "label", "malignant", "benign"),
    }
    carried = [
        name
        for name, (_, column, *classes) in binary.items()
        if all(_patients(lesions, column, one) >= FEWEST for one in classes)
    ]
    # A handful of patients carries nothing; then the first question that has both classes is asked all the same.
    carried = (
        carried
        or [
            name
            for name, (_, column, *classes) in binary.items()
            if all(_patients(lesions, column, one) for one in classes)
        ][:1]
    )
    if not carried:
        raise CohortError(
            "kits.json gives the patients at hand one class only, in every question",
            where=where,
            remedy="download more cases",
        )
    tasks: dict[str, Any] = {}
    for name in carried:
        question, column, positive, negative = binary[name]
        tasks[name] = {
            "kind": "binary", "question": question, "column": column, "positive": positive, "negative": negative,
        }  # fmt: skip
    subtypes = lesions.groupby("subtype")["patient_id"].nunique().sort_values(ascending=False, kind="stable")
    classes = [str(name) for name, count in subtypes.items() if count >= FEWEST][:10]
    if len(classes) >= 3:
        tasks["subtype"] = {
            "kind": "multiclass",
            "question": "Which subtype is it?",
            "column": "subtype",
            "classes": classes,
            "indeterminate": [str(name) for name in subtypes.index if name not in classes],
        }
    if lesions.loc[lesions["death"].eq(1), "patient_id"].nunique() >= FEWEST:
        tasks["overall-survival"] = {
            "kind": "survival",
            "question": "How long do patients live after surgery?",
            "time": "os_months",
            "event": "death",
            "unit": "months",
        }
    survival = "overall-survival" in tasks
    return {
        "title": title or "KiTS: renal masses on CT",
        "description": "Renal masses on contrast-enhanced CT before surgery, from the KiTS challenges (Heller et "
        "al., arXiv 1904.00445, 2307.01984). Diagnosis, grade and stage by pathology after nephrectomy. "
        + ("Each tumour is a lesion; patients with several have one diagnosis for all. " if several else "")
        + "Few of the masses are benign, so grade, stage and subtype are the endpoints; what benign or malignant "
        "can carry, its interval says.",
        "tasks": tasks,
        "cohort": {
            "sequences": [_SEQUENCE],
            "clinical": {"age": "number", "size_mm": "number", "bmi": "number", "sex": "category"},
        },
        "data": {
            "licence": "CC BY-NC-SA 4.0",
            "source": "KiTS challenges, https://kits-challenge.org, arXiv 1904.00445 and 2307.01984",
        },
        "split": {"scheme": "kfold", "folds": 5, "repeats": 1, "validation": 0.2, "seed": 2019},
        "profiles": {"xiong2025-ct": [_SEQUENCE], "ct-default": [_SEQUENCE]},
        "models": [
            "zero-rule",
            "lesion-size",
            "clinical-logistic",
            {
                "name": "lasso-random-forest",
                "use": "lasso-random-forest",
                "settings": {"profiles": ["xiong2025-ct"], "title": "LASSO and random forest (Xiong 2025)"},
            },
            {"name": "radiomics-small", "use": "radiomics-small", "settings": {"profiles": ["ct-default"]}},
            {
                "name": "resnet18-xiong2025",
                "use": "resnet18-multiphase-xiong2025",
                "settings": {
                    "title": "ResNet-18 on CT (Xiong 2025, one phase)",
                    "sequences": [_SEQUENCE],
                    "number_of_sequences": 1,
                },
            },
            {
                "name": "resnet18-narrow",
                "use": "resnet18-multiphase",
                "settings": {
                    "title": "Narrow ResNet-18 on CT",
                    "sequences": [_SEQUENCE],
                    "inputs": {  # those of the file, on a field that holds large masses
                        "view": "max-slice",
                        "field_mm": 160,
                        "mm_per_pixel": 2.5,
                        "mask": "box-with-mask-channel",
                        "scaling": "z-score",
                        "windows": {_SEQUENCE: [-150, 250]},
                    },
                },
            },
            *(["cox-clinical"] if survival else []),
        ],
        "statistics": {"reference": "radiomics-small", "group_cuts": {"size_mm": [40]}, "seed": 2019},
    }


def _patients(lesions: pd.DataFrame, column: str, value: str) -> int:
    return int(lesions.loc[lesions[column].eq(value), "patient_id"].nunique())
