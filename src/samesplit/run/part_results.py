"""The results of all fits by model and part, and from them what an ensemble is given of its members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from samesplit.run.fold_parts import FoldPart
from samesplit.run.fold_result import FoldResult
from samesplit.tables import empty_table, prediction_schema
from samesplit.tasks import Task

__all__ = ["PartResults"]


@dataclass
class PartResults:
    """What was fitted so far.

    Attributes:
        found: By model and part: one result a seed.
    """

    found: dict[tuple[str, FoldPart], list[FoldResult]] = field(default_factory=dict)

    def take(self, parts: Sequence[FoldPart], results: Sequence[FoldResult]) -> None:
        """Take in results; `parts` says where each comes from."""
        for part, result in zip(parts, results, strict=True):
            self.found.setdefault((result.model, part), []).append(result)

    def of(self, model: str, parts: Collection[FoldPart]) -> list[FoldResult]:
        """Return a model's results in some parts, in the order in which they were taken in."""
        return [
            each
            for (name, part), them in self.found.items()
            if name == model and part in parts
            for each in them
        ]

    def digest(self, members: Iterable[str], parts: Iterable[FoldPart]) -> str:
        """Return what changes when any result of the members in the parts does."""
        them = (
            result for part in parts for member in members for result in self.found.get((member, part), [])
        )
        return "".join(result.folder.name if result.folder else "" for result in them)

    def predictions(
        self, members: Sequence[str], part: FoldPart, inner: Sequence[FoldPart], task: Task
    ) -> pd.DataFrame:
        """Return the members' predictions of the lesions of a part.

        Those of the validation and test lesions are of the members as they were fitted on the part; those of a
        training lesion, if there are inner folds, of members that were fitted without it.

        Returns:
            Rows of the task's predictions table; the subset of training lesions is `train`.
        """
        tables = [
            result.predictions()
            for member in members
            for result in self.found.get((member, part), [])
            if result.folder
        ]
        for one in inner:
            for result in (each for member in members for each in self.found.get((member, one), [])):
                held = result.predictions()
                tables.append(held[held["subset"] == "test"].assign(subset="train"))
        return pd.concat(tables, ignore_index=True) if tables else empty_table(prediction_schema(task))
