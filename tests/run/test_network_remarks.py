"""What networks note while they prepare images reaches the case ledger."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from samesplit.run.model_stage import ModelStage, TaskModels, _collect
from samesplit.tables import CLASS_PREDICTIONS, LEDGER, check_table, empty_table


def test_lines_for_the_ledger_are_taken_from_every_fold_and_name_the_model():
    line = {
        "lesion_id": "L1",
        "sequence": "A",
        "rater": "R1",
        "stage": "networks",
        "status": "noted",
        "reason": "the field of 40 mm cuts off 3.0% of the lesion",
    }
    folds = [
        SimpleNamespace(
            task_name="task",
            model="net",
            seed=0,
            repeat=0,
            fold=fold,
            folder="kept",
            seconds=1.0,
            predictions=lambda: empty_table(CLASS_PREDICTIONS),
            details=lambda: {"skipped": pd.DataFrame([line]), "history": pd.DataFrame({"steps": [10]})},
        )
        for fold in (0, 1)
    ]
    stage = ModelStage({"task": TaskModels(empty_table(CLASS_PREDICTIONS))}, empty_table(LEDGER))

    _collect(folds, stage)  # type: ignore[arg-type]

    ledger = check_table(stage.ledger, LEDGER)  # which refuses rows that are there twice
    assert ledger.to_dict("records") == [{**line, "stage": "model net"}]
    assert list(stage.tasks["task"].details) == ["history"]
