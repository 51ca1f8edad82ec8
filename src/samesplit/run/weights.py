"""Keep the weights that a model file asks for: of the best fitted network, of all, or of none.

With `best` the folds are compared as they are finished, so that never many more weights lie on the disk than there
are processes. "Best" is by the validation part, as early stopping has it; no test label has a say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from samesplit.models.settings import Weights
from samesplit.ordering import above
from samesplit.run.fold_record import drop_weights, has_weights, read_fold
from samesplit.run.fold_result import FoldResult
from samesplit.storage import locked

__all__ = ["WeightKeeper"]


@dataclass
class WeightKeeper:
    """Sees every result of a stage and takes out the weights that are not to be kept.

    Attributes:
        asked: What each task of the stage is to keep.
        locks: The lock of each task.
        best: By task and model, the place of the best result so far.
        scores: By place, how well the validation part was told; -inf without one.
    """

    asked: Sequence[Weights]
    locks: Sequence[Path]
    best: dict[tuple[str, str], int] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)

    def saw(self, place: int, results: dict[int, FoldResult]) -> None:
        """Take in the result of one task, and drop its weights or those of the best before it."""
        result, asked = results[place], self.asked[place]
        if result.folder is None or asked == "all":
            return
        if asked == "none":
            self._drop(place, results)
            return
        score = result.record.get("score")
        self.scores[place] = float("-inf") if score is None else float(score)
        key = (result.task_name, result.model)
        so_far = self.best.get(key)
        if so_far is None:
            self.best[key] = place
        elif self._better(place, so_far):
            self.best[key] = place
            self._drop(so_far, results)
        else:
            self._drop(place, results)

    def _better(self, one: int, other: int) -> bool:
        """Whether the score is above the other's; of equal ones the earlier task's counts."""
        a, b = self.scores[one], self.scores[other]
        return bool(above(a, b)) or (one < other and not above(b, a))

    def lacking(self, results: dict[int, FoldResult]) -> list[int]:
        """Return the places of the best results whose weights an earlier run, which kept fewer, has dropped."""
        found = (place for place in self.best.values() if results[place].record["dropped"])
        return sorted(place for place in found if not has_weights(results[place].record))

    def _drop(self, place: int, results: dict[int, FoldResult]) -> None:
        result = results[place]
        if result.folder is None or not has_weights(result.record):
            return
        with locked(self.locks[place]):
            record, _ = read_fold(result.folder)
            if record and has_weights(record):
                results[place] = replace(result, record=drop_weights(result.folder, record))
