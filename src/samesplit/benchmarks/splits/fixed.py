"""Splits that others have made: read from a CSV, or from nnU-Net."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits.checks import check_patients, check_sides, check_test_sets, some
from samesplit.benchmarks.splits.nnunet import read_nnunet
from samesplit.benchmarks.splits.split import SUBSETS, Row, split_table
from samesplit.errors import SplitError
from samesplit.tables import read_csv

__all__ = ["read_fixed"]

_ALIASES = {"val": "validation", "valid": "validation", "training": "train"}


def read_fixed(
    settings: SplitSettings, folder: Path, lesions: pd.DataFrame
) -> tuple[list[Row], dict[str, str]]:
    """Read the file of the scheme `fixed`.

    A `.json` is nnU-Net's `splits_final.json` (see `read_nnunet`). A CSV has the columns `subset`
    (train, validation or test; `val` is understood), `patient_id` or `lesion_id`, where there are
    several, `repeat` and `fold`, and, where test sets have names, `test_set` (empty for those who are not tested).

    Args:
        settings: The `split` section; `file` is relative to the folder.
        folder: The benchmark's folder.
        lesions: The lesions table.

    Returns:
        Rows (patient_id, repeat, fold, subset), sorted, where a fold may be without validation; and the named test
        set of each tested patient, none where sets have no names.

    Raises:
        SplitError: The file is missing or unreadable, names unknown patients or leaves some out, or puts a
            patient on two sides or into two test sets.
    """
    path = folder / str(settings.file)
    if path.suffix == ".json":
        rows = read_nnunet(path, lesions, val=settings.nnunet_val)
        test_sets: dict[str, str] = {}
    else:
        rows, test_sets = _read_csv(path, lesions)
    table = split_table(rows)
    check_sides(table, where=path)
    check_patients(table, lesions["patient_id"], where=path)
    return list(table.itertuples(index=False, name=None)), test_sets


def _read_csv(path: Path, lesions: pd.DataFrame) -> tuple[list[Row], dict[str, str]]:
    known = ("patient_id", "lesion_id", "subset", "repeat", "fold", "test_set")
    table = read_csv(path, error=SplitError, known=known)
    unit = "patient_id" if "patient_id" in table else "lesion_id"
    missing = [column for column in (unit, "subset") if column not in table]
    if missing:
        raise SplitError(
            f"the split lacks the column '{missing[0]}'",
            where=path,
            remedy=f"it needs patient_id (or lesion_id) and subset; columns found: {', '.join(map(str, table))}",
        )
    for column in ("repeat", "fold"):
        table[column] = _whole(table, column, path)
    for column in (unit, "subset"):
        for line in table.index[table[column].isna()]:
            raise SplitError(
                f"column '{column}' is empty",
                where=f"{path}, line {line}",
                remedy="fill it in, or take the line out",
            )
    table["subset"] = table["subset"].replace(_ALIASES)
    for line in table.index[~table["subset"].isin(SUBSETS)]:
        raise SplitError(
            f"unknown subset {table.loc[line, 'subset']!r}",
            where=f"{path}, line {line}",
            remedy="write train, validation or test",
        )
    by_lesion = "lesion_id" in table
    if by_lesion:
        _check_lesions(table, lesions, path)
        owner = lesions.set_index("lesion_id")["patient_id"]
        table["patient_id"] = table["lesion_id"].map(owner)
    check_test_sets(table, where=path)
    tested = table[table["test_set"].notna()] if "test_set" in table else table.assign(test_set="")[:0]
    test_sets = dict(zip(tested["patient_id"].astype(str), tested["test_set"].astype(str), strict=True))
    rows = table[["patient_id", "repeat", "fold", "subset"]].drop_duplicates() if by_lesion else table
    columns = rows[["patient_id", "repeat", "fold", "subset"]]
    return list(columns.itertuples(index=False, name=None)), test_sets


def _check_lesions(table: pd.DataFrame, lesions: pd.DataFrame, path: Path) -> None:
    known = set(lesions["lesion_id"])
    unknown = set(table["lesion_id"].fillna("")) - known
    if unknown:
        raise SplitError(
            f"{len(unknown)} lesions are not in the cohort: {some(unknown)}",
            where=path,
            remedy="correct the ids, or take the lines out",
        )
    if table.duplicated(["lesion_id", "repeat", "fold"]).any():
        first = table[table.duplicated(["lesion_id", "repeat", "fold"])].iloc[0]
        raise SplitError(
            f"lesion {first['lesion_id']!r} stands twice in repeat {first['repeat']}, fold {first['fold']}",
            where=path,
            remedy="keep one line",
        )
    if "patient_id" in table:
        owner = lesions.set_index("lesion_id")["patient_id"]
        wrong = table[table["patient_id"] != table["lesion_id"].map(owner)]
        for line, row in wrong.iterrows():
            raise SplitError(
                f"lesion {row['lesion_id']!r} is of patient {owner[row['lesion_id']]!r} in lesions.csv, "
                f"not of {row['patient_id']!r}",
                where=f"{path}, line {line}",
                remedy="correct one of the two files",
            )
    for (repeat, fold), part in table.groupby(["repeat", "fold"]):
        left_out = known - set(part["lesion_id"])
        if left_out:
            raise SplitError(
                f"repeat {repeat}, fold {fold} leaves out {len(left_out)} lesions: {some(left_out)}",
                where=path,
                remedy="give every lesion of lesions.csv one side in every fold",
            )


def _whole(table: pd.DataFrame, column: str, path: Path) -> pd.Series[int]:
    if column not in table:
        return pd.Series(0, index=table.index, dtype="int64")
    for line in table.index[~table[column].str.fullmatch(r"\d{1,9}").fillna(value=False).astype(bool)]:
        raise SplitError(
            f"column '{column}' must hold a whole number from 0 up, found {table.loc[line, column]!r}",
            where=f"{path}, line {line}",
            remedy="number repeats and folds 0, 1, 2, ...",
        )
    return table[column].astype("int64")
