"""The search of a grid cut into pieces, and what their results say.

In a first round every part of the training part (inner fold, validation part, draw) ranks its features, in a
second every classifier is scored on every part. Where the pieces are done, and how many beside each other, does
not change the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from samesplit.errors import ModelError
from samesplit.execution.work_units import Deferred, WorkUnit, read_result
from samesplit.models.radiomics.resampling import draw_patients
from samesplit.models.radiomics.robustness import PartRobustness
from samesplit.models.radiomics.settings import ClassifierUse, RadiomicsGridSettings, SelectorUse
from samesplit.models.radiomics.work_units import RankingUnit, load_cell_work, rank_features, score_cells
from samesplit.source import source_digest
from samesplit.storage import hash_bytes, hash_object

__all__ = ["GridSearch", "Part", "inner_splits"]

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_VALIDATION = "validation"


def inner_splits(
    labels: npt.NDArray[np.int64], patients: npt.NDArray[Any], *, folds: int, seed: int, model: str
) -> list[tuple[Rows, Rows]]:
    """Folds of the training part, stratified by label; a patient's lesions stay together.

    Args:
        labels: Class numbers from 0, shape (n_lesions,).
        patients: The patient of each lesion, shape (n_lesions,).
        folds: How many; fewer where a class has fewer patients.
        seed: Of the shuffle.
        model: The model's name, for messages.

    Returns:
        Row numbers to fit on and row numbers held out, one pair a fold.

    Raises:
        ModelError: A class has fewer than two patients.
    """
    classes = range(max(2, int(labels.max(initial=0)) + 1))
    rarest = min(len(np.unique(patients[labels == label])) for label in classes)
    if rarest < 2:
        raise ModelError(
            "a class of the training part comes from a single patient, so nothing can be chosen by inner "
            "cross-validation",
            where=f"model '{model}'",
            remedy="make a split with fewer folds, or leave this model out",
        )
    splitter = StratifiedGroupKFold(min(folds, rarest), shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(labels)), labels, patients))


@dataclass(frozen=True)
class Part:
    """One training of the grid: an inner fold, the validation part, or a draw.

    Attributes:
        name: Fit for a file name.
        number: Of the fold or draw; -1 for the validation part.
        train_index: Rows to fit on.
        test_index: Rows held out.
        selectors: Those that rank.
        sizes: Those that are scored.
        columns: Numbers of the table's columns that may be used; None means all.
    """

    name: str
    number: int
    train_index: Rows
    test_index: Rows
    selectors: tuple[SelectorUse, ...]
    sizes: tuple[int, ...]
    columns: Rows | None = None


@dataclass(frozen=True)
class GridSearch:
    """The search of one training part, cut into pieces.

    Attributes:
        settings: The grid.
        table: The inputs, one row a lesion: the training part, and behind it the validation part where cells are
            compared on it.
        labels: Class numbers, shape (n_lesions,).
        patients: The patient of each lesion, shape (n_lesions,).
        n_training: How many of the rows are the training part.
        seed: Of the inner folds, the draws, and all selectors and classifiers.
        robustness: Says which features are stable in the rows that a part fits on; the others are unknown to that
            part. None where that is not asked. Its features are the table's, in their order.
        classes: The names of the classes, by number, for messages.

    Raises:
        ModelError: There are too few patients, or the validation part cannot compare.
    """

    settings: RadiomicsGridSettings
    table: pd.DataFrame
    labels: npt.NDArray[np.int64]
    patients: npt.NDArray[Any]
    n_training: int
    seed: int
    robustness: PartRobustness | None = None
    classes: tuple[str, ...] = ("negative", "positive")

    @cached_property
    def key(self) -> str:
        """A hash of all that decides the result."""
        given = self.table.select_dtypes("number")
        text = self.table.drop(columns=given.columns).astype(str)
        return hash_object(
            [
                source_digest(__name__, *self.settings.code()),
                self.settings.digest(),
                [str(column) for column in self.table.columns],
                hash_bytes(np.ascontiguousarray(given.to_numpy(dtype="float64")).tobytes()),
                text.to_numpy(dtype=object).tolist(),
                self.labels.tolist(),
                [str(patient) for patient in self.patients],
                self.n_training,
                self.seed,
                [(part.name, None if part.columns is None else part.columns.tolist()) for part in self.parts],
            ]
        )[:16]

    @cached_property
    def parts(self) -> list[Part]:
        """The inner folds, then the validation part, then the draws."""
        settings, n = self.settings, self.n_training
        labels, patients = self.labels[:n], self.patients[:n]
        splits = inner_splits(
            labels, patients, folds=settings.inner_folds, seed=self.seed, model=settings.name
        )
        whole = settings.selectors, tuple(settings.sizes)
        parts = [Part(f"fold-{i}", i, *indices, *whole) for i, indices in enumerate(splits)]
        if settings.compare == "validation":
            test_index = np.arange(n, len(self.labels))
            self._check_validation(test_index)
            parts.append(Part(_VALIDATION, -1, np.arange(n), test_index, *whole))
        if settings.resampling is not None:
            asked = settings.resampling
            drawn = draw_patients(labels, patients, draws=asked.draws, share=asked.share, seed=self.seed)
            uses = tuple(u for u in settings.selectors if asked.selector in (None, u.label))
            parts += [Part(f"draw-{i}", i, *rows, uses, (asked.size,)) for i, rows in enumerate(drawn)]
        return [replace(part, columns=self._stable_columns(part)) for part in parts]

    def _stable_columns(self, part: Part) -> Rows | None:
        """Find the columns that are stable in the lesions that a part fits on, and those that are no features."""
        if self.robustness is None:
            return None
        stable = self.robustness.robust_in(self.table.index[part.train_index].astype(str))
        if not stable.any():
            return np.zeros(0, dtype=np.int64)
        aside = np.arange(self.robustness.count, self.table.shape[1])
        return np.concatenate([np.flatnonzero(stable), aside]).astype(np.int64)

    def _can_fit(self, part: Part) -> bool:
        """Whether a part has every class to fit on, and a feature that is stable there."""
        whole = len(np.unique(self.labels[part.train_index])) == len(self.classes)
        return whole and (part.columns is None or len(part.columns) > 0)

    def _check_validation(self, test_index: Rows) -> None:
        there = set(self.labels[test_index].tolist())
        missing = [name for label, name in enumerate(self.classes) if label not in there]
        if not missing:
            return
        two = len(self.classes) == 2
        what = f"no {missing[0]} lesion" if two else f"no lesion of the class '{missing[0]}'"
        what = "no lesion of which anything is known" if len(test_index) == 0 else what
        raise ModelError(
            f"cells are to be compared on the validation part, but it has {what} in this fold",
            where=f"model '{self.settings.name}'",
            remedy=f"make a split with a validation part that has {'both' if two else 'all'} classes, or say "
            "'compare: inner'",
        )

    def work_unit_stages(self, folder: Path) -> list[list[WorkUnit]]:
        """Return the pieces: first every part's rankings, then every part's cells.

        Args:
            folder: Where the results will stand.
        """
        parts = [part for part in self.parts if self._can_fit(part)]
        ranks = [
            WorkUnit(
                self._key(part, "rank"),
                rank_features,
                RankingUnit(
                    settings=self.settings,
                    selectors=part.selectors,
                    size=max(part.sizes),
                    table=self.table,
                    labels=self.labels,
                    train_index=part.train_index,
                    test_index=part.test_index,
                    seed=self.seed,
                    columns=part.columns,
                ),
                what=f"{part.name} ranking",
            )
            for part in parts
        ]
        cells = [
            WorkUnit(
                self._key(part, name),
                score_cells,
                self._cell_work(folder, part, classifiers),
                what=f"{part.name} {', '.join(use.label for use in classifiers[:1])}",
            )
            for part in parts
            for name, classifiers in self._shares(part)
        ]
        return [ranks, cells]

    def _key(self, part: Part, what: str) -> str:
        return f"{self.key}-{part.name}-{what}"

    def _shares(self, part: Part) -> list[tuple[str, tuple[ClassifierUse, ...]]]:
        """Return the classifiers of each piece of the second round: one by one, but all together for a draw."""
        classifiers = self.settings.classifiers
        if part.name.startswith("draw"):
            return [("cells", classifiers)]
        return [(f"cells-{number}", (use,)) for number, use in enumerate(classifiers)]

    def _cell_work(self, folder: Path, part: Part, classifiers: tuple[ClassifierUse, ...]) -> Deferred:
        return Deferred(
            load_cell_work,
            (
                folder,
                self._key(part, "rank"),
                self.settings,
                classifiers,
                tuple(use.label for use in part.selectors),
                part.sizes,
                self.seed,
                len(self.classes),
                self.patients[part.test_index] if part.name == _VALIDATION else None,
            ),
        )

    def scores(self, folder: Path, part: Part, name: str = "auc") -> Floats:
        """AUC of a part's cells, shape (n_selectors, n_classifiers, n_sizes); NaN where classes are missing."""
        shape = (len(part.selectors), len(self.settings.classifiers), len(part.sizes))
        if not self._can_fit(part):
            return np.full(shape, np.nan)
        found = [read_result(folder, self._key(part, what), name)[name] for what, _ in self._shares(part)]
        return np.ascontiguousarray(np.concatenate(found).transpose(1, 0, 2))

    def rankings(self, folder: Path, part: Part) -> list[list[str]]:
        """Return the features that each selector of a part ranks first, best first."""
        if not self._can_fit(part):
            return [[] for _ in part.selectors]
        kept = read_result(folder, self._key(part, "rank"), "columns", "rankings")
        names = np.array([str(column) for column in self.table.columns], dtype=object)[kept["columns"]]
        return [list(names[ranking]) for ranking in kept["rankings"]]

    def usable(self, folder: Path) -> int:
        """How many features the preparation left to choose from: the most of any part."""
        ranked = [part for part in self.parts if self._can_fit(part)]
        return max(int(read_result(folder, self._key(part, "rank"), "usable")["usable"]) for part in ranked)

    def seconds(self, folder: Path) -> pd.DataFrame:
        """Tell what the inner folds (and the validation part) took: part, name, seconds, fits."""
        spent: dict[tuple[str, str], list[float]] = {}

        def add(part: str, name: str, seconds: float, fits: float) -> None:
            so_far = spent.setdefault((part, name), [0.0, 0.0])
            spent[part, name] = [so_far[0] + seconds, so_far[1] + fits]

        for part in self.parts:
            if part.name.startswith("draw") or not self._can_fit(part):
                continue
            first, *rest = read_result(folder, self._key(part, "rank"), "seconds")["seconds"]
            add("preparation", "", first, 1)
            for use, seconds in zip(part.selectors, rest, strict=True):
                add("selector", use.label, seconds, 1)
            for what, (classifier,) in self._shares(part):
                told = read_result(folder, self._key(part, what), "seconds", "fits")
                add("classifier", classifier.label, float(told["seconds"][0]), float(told["fits"]))
        rows = [(*key, seconds, int(fits)) for key, (seconds, fits) in spent.items()]
        return pd.DataFrame(rows, columns=["part", "name", "seconds", "fits"])
