"""What an audit works on: the rows of a cohort with their labels, and the parts of each fold.

Unlike a model, an audit holds the labels of the test rows: the leaks that it measures are made of them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype

from samesplit.execution.work_units import is_kept
from samesplit.models.radiomics.harmonisation import SITE_COLUMN, covariate_column
from samesplit.storage import hash_bytes, hash_object, write_bytes

__all__ = [
    "Codes",
    "Parts",
    "Rows",
    "Table",
    "Values",
    "read_table_file",
    "shuffled_places",
    "stack_sequences",
]

Values = npt.NDArray[np.float64]
"""Features, shape (n_rows, n_features)."""
Codes = npt.NDArray[np.int64]
"""Labels as 0 and 1, shape (n_rows,)."""
Rows = npt.NDArray[np.int64]
"""Row numbers of a table."""


@dataclass(frozen=True)
class Table:
    """The rows of a cohort, without labels.

    Attributes:
        X: Shape (n_rows, n_features), NaN where missing.
        columns: The features' names.
        lesions: The lesion of each row, sorted; several rows a lesion when sequences are stacked.
        patients: The patient of each row.
        aside: What harmonisation needs beside the features, one value a row: `#site`, text, empty where unknown,
            and `#<name>` for a covariate, text or numbers. No `#site` where the benchmark does not tell it.
    """

    X: Values
    columns: tuple[str, ...]
    lesions: npt.NDArray[np.str_]
    patients: npt.NDArray[np.str_]
    aside: dict[str, npt.NDArray[Any]]

    @classmethod
    def of(cls, features: pd.DataFrame, lesions: pd.DataFrame, *, covariates: Sequence[str] = ()) -> Table:
        """Return the rows of which anything is known, sorted by lesion.

        Args:
            features: Indexed by lesion_id; NaN where missing.
            lesions: Indexed by lesion_id, with `patient_id` and perhaps `site`.
            covariates: Columns of `lesions` that harmonisation keeps.
        """
        known = features[features.notna().any(axis=1)].sort_index(kind="stable")
        about = lesions.loc[known.index]
        aside = {SITE_COLUMN: _plain(about["site"].astype(object))} if "site" in about else {}
        return cls(
            X=known.to_numpy(dtype=np.float64),
            columns=tuple(str(column) for column in known.columns),
            lesions=known.index.to_numpy(dtype=np.str_),
            patients=about["patient_id"].to_numpy(dtype=np.str_),
            aside=aside | {covariate_column(name): _plain(about[name]) for name in covariates},
        )

    def __len__(self) -> int:
        return len(self.lesions)

    @property
    def digest(self) -> str:
        """A hash of the content."""
        values = hash_bytes(np.ascontiguousarray(self.X).tobytes())
        ids = [part.tolist() for part in (self.lesions, self.patients, *self.aside.values())]
        return hash_object([values, self.X.shape, list(self.columns), list(self.aside), *ids])

    def rows_of(self, lesions: Sequence[str]) -> Rows:
        """Return the rows of some lesions, in the order of the table."""
        return np.flatnonzero(np.isin(self.lesions, np.asarray(lesions, dtype=np.str_)))

    def labels(self, labels: pd.Series[int]) -> Codes:
        """Return the label of each row.

        Args:
            labels: 0 or 1 per lesion_id.
        """
        return np.asarray(labels.loc[self.lesions.tolist()], dtype=np.int64)

    def write(self, folder: Path) -> Path:
        """Keep the table under its hash, for other processes."""
        path = folder / f"{self.digest}.npz"
        if not is_kept(folder, path.stem):
            kept = {"X": self.X, "columns": np.asarray(self.columns, dtype=np.str_)}
            kept |= {"lesions": self.lesions, "patients": self.patients}
            buffer = io.BytesIO()
            np.savez(buffer, allow_pickle=False, **kept, **self.aside)
            write_bytes(path, buffer.getvalue())
        return path


def _plain(column: pd.Series[Any]) -> npt.NDArray[Any]:
    """Numbers as they are, anything else as text, empty where missing."""
    if is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype(object).where(column.notna(), "").astype(str).to_numpy(dtype=np.str_)


@lru_cache(maxsize=2)
def read_table_file(path: Path) -> Table:
    """Read a table that `Table.write` kept; the last two stay in memory."""
    with np.load(path) as kept:
        columns = tuple(str(name) for name in kept["columns"])
        aside = {name: kept[name] for name in kept.files if name.startswith("#")}
        return Table(kept["X"], columns, kept["lesions"], kept["patients"], aside)


@dataclass(frozen=True)
class Parts:
    """The rows of one fold.

    Attributes:
        train: To learn from.
        validation: For the operating point; may be empty.
        test: To be scored.
    """

    train: Rows
    validation: Rows
    test: Rows

    def moved(self, places: Rows) -> Parts:
        """Return the parts after every row has gone to another's place.

        Args:
            places: For each row the one whose place it takes.
        """
        side = np.full(len(places), -1)
        for number, rows in enumerate((self.train, self.validation, self.test)):
            side[rows] = number
        now = side[places]
        return Parts(*(np.flatnonzero(now == number) for number in range(3)))


def shuffled_places(strata: npt.NDArray[Any], groups: npt.NDArray[Any], rng: np.random.Generator) -> Rows:
    """Another random split of the same sizes: every group takes the place of another of its stratum.

    Args:
        strata: Shape (n_rows,), what is to stay balanced: 0 or 1; a group counts where its largest value is.
        groups: Shape (n_rows,), whose rows stay together; `numpy.arange(n_rows)` lets each row go its own way.
        rng: Of the shuffle.

    Returns:
        For each row one whose place it takes; see `Parts.moved`.
    """
    names, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    level = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(level, codes, np.asarray(strata, dtype=np.int64))
    taken = np.arange(len(names))
    for value in np.unique(level):
        here = np.flatnonzero(level == value)
        taken[here] = rng.permutation(here)
    return np.asarray(first[taken][codes], dtype=np.int64)


def stack_sequences(
    features: pd.DataFrame, lesions: pd.DataFrame, sequences: Sequence[str], *, covariates: Sequence[str] = ()
) -> Table | None:
    """One row a sequence instead of one row a lesion: the features that all sequences share, stacked.

    Args:
        features: Columns named `<profile>/<sequence>/<feature>`, indexed by lesion_id.
        lesions: As for `Table.of`.
        sequences: Which to stack.
        covariates: As for `Table.of`.

    Returns:
        The table, or None where fewer than two sequences share at least two features.
    """
    for whole in (
        True,
        False,
    ):  # the same profile and feature in every sequence, or at least the same feature
        named: list[dict[str, str]] = []
        for sequence in sequences:
            parts = [(str(c), str(c).split("/", 2)) for c in features.columns if str(c).count("/") >= 2]
            named.append(
                {(f"{p[0]}/{p[2]}" if whole else p[2]): c for c, p in reversed(parts) if p[1] == sequence}
            )
        common = [name for name in (named[0] if named else {}) if all(name in other for other in named)]
        if len(named) > 1 and len(common) > 1:
            common.reverse()
            tables = [features[[one[name] for name in common]].set_axis(common, axis=1) for one in named]
            return Table.of(pd.concat(tables), lesions, covariates=covariates)
    return None
