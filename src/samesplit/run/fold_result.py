"""The result of one fold of one model: where its tables are kept, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import ModelError
from samesplit.tables import prediction_schema, read_table
from samesplit.tasks import DEFAULT_TASK, BinaryTask, Task

__all__ = ["FoldResult"]


_TWO_CLASSES = BinaryTask(question="", positive="positive", negative="negative")


@dataclass(frozen=True)
class FoldResult:
    """Result of a fold.

    Attributes:
        model: The model's name.
        seed: Of the fit.
        repeat: Of the split.
        fold: Of the split.
        folder: The kept result; None when it failed.
        seconds: How long it took when it was made.
        error: Why it failed.
        record: What the result says of itself; see `samesplit.run.fold_record`.
        task: What is asked.
        task_name: What the benchmark calls it.
    """

    model: str
    seed: int
    repeat: int
    fold: int
    folder: Path | None
    seconds: float
    error: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    task: Task = _TWO_CLASSES
    task_name: str = DEFAULT_TASK

    def predictions(self) -> pd.DataFrame:
        """Return the predictions of this fold; the task says of which schema. Masks have absolute paths."""
        if self.folder is None:
            raise ModelError("has no predictions", where=self.model)
        table = read_table(self.folder / "predictions.parquet", prediction_schema(self.task))
        if self.task.kind == "segmentation":
            table["mask"] = [str(self.folder / mask) for mask in table["mask"]]
        return table

    def details(self) -> dict[str, pd.DataFrame]:
        """Return the model's own tables of this fold."""
        folder = self.folder
        if folder is None:
            return {}
        return {path.stem: read_table(path) for path in sorted((folder / "details").glob("*.parquet"))}
