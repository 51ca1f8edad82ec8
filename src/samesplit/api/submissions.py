"""Predictions submitted fold by fold: each is kept the moment it is given, so that a killed loop goes on.

`reports/<benchmark>/submissions/[<task>/]<model>/seed0-repeat0-fold2.parquet` holds the predictions of one
fold, with a record beside it of the split that they were made in. When all folds are there they make one
table, which joins the benchmark as `samesplit compare` joins a CSV.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import PredictionsError
from samesplit.run.external_predictions import slug
from samesplit.storage import hash_file
from samesplit.tables import hash_table, read_record, read_table, write_table
from samesplit.tasks import BinaryTask, MulticlassTask, Task

__all__ = ["FoldKey", "Submissions"]


@dataclass(frozen=True, order=True)
class FoldKey:
    """One fit of a model: its seed, and the repeat and fold of the split."""

    seed: int
    repeat: int
    fold: int

    def __str__(self) -> str:
        return f"repeat {self.repeat} fold {self.fold}" + (f" seed {self.seed}" if self.seed else "")


@dataclass(frozen=True)
class Submissions:
    """The submitted predictions of one task of a benchmark.

    Attributes:
        folder: Where they are kept; made by the first submission.
        task: The task that they answer.
        split_sha256: The split that they must have been made in.
        pairs: Every (repeat, fold) of the split.
        rater: Whose masks the predictions refer to.
    """

    folder: Path
    task: Task
    split_sha256: str
    pairs: tuple[tuple[int, int], ...]
    rater: str

    def keep(
        self, title: str, key: FoldKey, predictions: Mapping[str, pd.DataFrame], *, replace: bool
    ) -> Path:
        """Keep the predictions of one fold, whole or not at all.

        Args:
            title: The name of the model.
            key: The fold.
            predictions: By subset, each indexed by lesion_id with the columns of the task.
            replace: Put them in the place of others.

        Raises:
            PredictionsError: Other predictions of this model and fold are kept, and `replace` was not asked
                for.
        """
        parts = [part.reset_index().assign(subset=subset) for subset, part in predictions.items()]
        table = pd.concat(parts, ignore_index=True)
        table = table[["subset", "lesion_id", *self.task.prediction_columns]]
        path = self._path(title, key)
        kept = self._read(path)
        if kept is not None and not replace and hash_table(kept) != hash_table(table):
            raise PredictionsError(
                "other predictions of this fold have been submitted",
                where=f"{title}, {key}",
                remedy="say replace=True to put these in their place, submit under another name, or skip the "
                "folds that have been submitted: if name in fold.submitted: continue",
            )
        record = {"title": title, "split_sha256": self.split_sha256}
        return write_table(table, path, None, **record)

    def titles(self) -> dict[str, str]:
        """Return the title of every model of which anything is kept, by its name in tables."""
        found: dict[str, str] = {}
        for path in sorted(self.folder.glob("*/seed*.parquet")):
            found.setdefault(path.parent.name, str(read_record(path).get("title", path.parent.name)))
        return found

    def of_fold(self, repeat: int, fold: int) -> tuple[str, ...]:
        """Return the titles of the models whose predictions of a fold are kept (under any seed)."""
        found = []
        for name, title in self.titles().items():
            paths = self.folder.glob(f"{name}/seed*-repeat{repeat}-fold{fold}.parquet")
            if any(self._read(path) is not None for path in paths):
                found.append(title)
        return tuple(found)

    def remove(self, title: str) -> None:
        """Remove everything that was submitted under a name.

        Raises:
            PredictionsError: Nothing was.
        """
        folder = self.folder / slug(title)
        if not folder.is_dir():
            there = ", ".join(self.titles().values())
            raise PredictionsError(
                f"nothing was submitted under the name '{title}'", remedy=f"submitted are: {there or 'none'}"
            )
        shutil.rmtree(folder)

    def table(self, name: str) -> pd.DataFrame:
        """Put the folds of a model together.

        Args:
            name: The model's name in tables, a key of `titles`.

        Returns:
            The predictions of all seeds and folds: a PREDICTIONS table, or that of the task's kind.

        Raises:
            PredictionsError: A fold lacks, or some folds have predictions of the validation part and others
                have not.
        """
        kept = self._folds(name)
        title = self.titles()[name]
        seeds = sorted({key.seed for key in kept}) or [0]
        lacking = [
            FoldKey(seed, *pair) for seed in seeds for pair in self.pairs if FoldKey(seed, *pair) not in kept
        ]
        if lacking:
            raise PredictionsError(
                f"{len(lacking)} of {len(self.pairs) * len(seeds)} folds have not been submitted; the first is "
                f"{lacking[0]}",
                where=title,
                remedy="run the loop over study.folds() to its end (folds that are kept need not be done again), "
                f"or take the model out: study.withdraw({title!r})",
            )
        validated = {key for key, table in kept.items() if (table["subset"] == "validation").any()}
        if validated and len(validated) < len(kept):
            first = min(set(kept) - validated)
            raise PredictionsError(
                f"predictions of the validation part are there for some folds and not for {first}",
                where=title,
                remedy="submit them for every fold, or for none",
            )
        rows = [
            table.assign(model=name, seed=key.seed, repeat=key.repeat, fold=key.fold, rater=self.rater)
            for key, table in kept.items()
        ]
        return _in_the_task_s_form(pd.concat(rows, ignore_index=True), self.task)

    def _folds(self, name: str) -> dict[FoldKey, pd.DataFrame]:
        found: dict[FoldKey, pd.DataFrame] = {}
        for path in sorted((self.folder / name).glob("seed*.parquet")):
            table = self._read(path)
            if table is not None:
                seed, repeat, fold = (int("".join(filter(str.isdigit, p))) for p in path.stem.split("-"))
                found[FoldKey(seed, repeat, fold)] = table
        return dict(sorted(found.items()))

    def _path(self, title: str, key: FoldKey) -> Path:
        return self.folder / slug(title) / f"seed{key.seed}-repeat{key.repeat}-fold{key.fold}.parquet"

    def _read(self, path: Path) -> pd.DataFrame | None:
        """Read what is kept of a fold; None where it is not there, not whole, or of another split."""
        record = read_record(path) if path.exists() else {}
        whole = bool(record) and record.get("sha256") == hash_file(path)
        return read_table(path) if whole and record.get("split_sha256") == self.split_sha256 else None


def _in_the_task_s_form(table: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Order columns and rows as the tables of predictions have them; one row a class where there are several."""
    key = ["model", "seed", "repeat", "fold", "subset", "rater", "lesion_id"]
    if isinstance(task, MulticlassTask):
        order: Sequence[Any] = list(task.classes)
        table = table.melt(key, order, var_name="class", value_name="probability")
        table["class"] = pd.Categorical(table["class"], categories=order, ordered=True)
        table = table.sort_values([*key, "class"], ignore_index=True)
        return table.astype({"class": "str"})[[*key, "class", "probability"]]
    value = "probability" if isinstance(task, BinaryTask) else "risk"
    return table.sort_values(key, ignore_index=True)[[*key, value]]
