"""Readings, truth and predictions of a reader study, read from CSV files and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from samesplit.errors import Faults, PredictionsError, ReadingsError, gathering
from samesplit.near_ids import which_id_is_meant
from samesplit.tables import (
    POSITION,
    PREDICTIONS,
    READING_KEY,
    check_lines,
    check_table,
    number_cells,
    read_csv,
    readings_schema,
)
from samesplit.workflows.readers.columns import ColumnNames, known_columns, with_our_names

__all__ = ["StudyTables", "read_study"]

_NUMBERS = ("score", "seconds", "order", "mark", *POSITION)
_TRUTH_READER = "truth"


@dataclass(frozen=True)
class StudyTables:
    """The tables of a reader study.

    Attributes:
        readings: Of the schema `samesplit.tables.readings_schema`.
        truth: Indexed by lesion_id: patient_id, label (0 or 1), and the other columns of the file.
        predictions: Of the schema PREDICTIONS; empty for no model.
        classes: The names of the negative and the positive class.
        notes: What was found out about the files.
    """

    readings: pd.DataFrame
    truth: pd.DataFrame
    predictions: pd.DataFrame
    classes: tuple[str, str]
    notes: tuple[str, ...] = field(default=())


def read_study(
    readings: Path,
    truth: Path,
    predictions: Sequence[Path] = (),
    *,
    names: ColumnNames | None = None,
    positive: str | None = None,
    where: tuple[str, str] | None = None,
) -> StudyTables:
    """Read the tables of a reader study.

    Args:
        readings: One row a reading (or a mark, with positions): reader, case, modality, score, decision.
        truth: One row a case: case, label, patient, columns of subgroups. It may be the file of the readings,
            where the truth stands beside each reading, as in tables of MRMCaov, or in rows of a reader called
            `truth`, as in input of iMRMC.
        predictions: Files of models: case, probability, and the model where a file has several.
        names: What columns are called, where neither our names nor usual ones are used.
        positive: The positive class by name; not needed where labels are 0 and 1.
        where: A column of the readings and the value that rows must have to be kept.

    Raises:
        ReadingsError: A file is missing or damaged, a column is missing, or a cell is wrong; all of them are told
            with their lines.
        PredictionsError: The same in predictions.
    """
    asked = names or ColumnNames()
    notes: list[str] = []
    raw = _kept(_read(readings, asked, notes), where, readings)
    given = asked.given()
    table = with_our_names(
        raw,
        ["reader_id", "lesion_id"],
        {key: value for key, value in given.items() if key not in ("label", "patient_id")},
        readings,
        optional=["modality", "score", "decision", "seconds"],
    )
    is_truth = table["reader_id"].str.lower() == _TRUTH_READER
    if truth.resolve() == readings.resolve():
        source = raw if not is_truth.any() else _of_truth_rows(table[is_truth])
    else:
        source = _read(truth, asked, notes)
    known, classes = _truth(source, given, truth, positive, notes)
    read = _readings(table[~is_truth], known, classes, readings)
    lacking = sorted(set(read["lesion_id"]) & set(known.index[known["label"].isna()]))
    if lacking:
        notes.append(
            f"{len(lacking)} cases have no label and are left out: {', '.join(lacking[:5])}"
            + (", ..." if len(lacking) > 5 else "")
        )
    known = known[known["label"].notna() & known.index.isin(read["lesion_id"])].astype({"label": "int64"})
    read = read[read["lesion_id"].isin(known.index)].reset_index(drop=True)
    if known["label"].nunique() < 2:
        raise ReadingsError(
            "the cases that were read are all of one class, or there are none",
            where=readings,
            remedy="give the labels of all cases that were read, of both classes",
        )
    return StudyTables(read, known, _predictions(predictions, asked, known, notes), classes, tuple(notes))


def _read(path: Path, names: ColumnNames, notes: list[str]) -> pd.DataFrame:
    return read_csv(path, error=ReadingsError, known=known_columns(names), numbers=_NUMBERS, notes=notes)


def _kept(table: pd.DataFrame, where: tuple[str, str] | None, path: Path) -> pd.DataFrame:
    if where is None:
        return table
    column, value = where
    if column not in table:
        raise ReadingsError(
            f"there is no column '{column}'", where=path, remedy=f"columns found: {', '.join(table.columns)}"
        )
    kept = table[table[column] == value]
    if kept.empty:
        values = ", ".join(sorted(table[column].dropna().unique())[:10])
        raise ReadingsError(
            f"no row has '{value}' in '{column}'", where=path, remedy=f"its values are: {values}"
        )
    return kept


def _of_truth_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the truth that iMRMC keeps as readings of `truth`: the score is the class."""
    return rows[["lesion_id", "score"]].rename(columns={"score": "label"})


def _truth(
    source: pd.DataFrame, given: dict[str, str], path: Path, positive: str | None, notes: list[str]
) -> tuple[pd.DataFrame, tuple[str, str]]:
    named = {key: value for key, value in given.items() if key in ("label", "lesion_id", "patient_id")}
    if "lesion_id" in named and named["lesion_id"] not in source:
        del named["lesion_id"]
    table = with_our_names(source, ["lesion_id", "label"], named, path, optional=["patient_id"])
    empty = table.index[table["lesion_id"].isna()]
    if len(empty):
        raise ReadingsError(
            "a case has no id", where=f"{path}, line {empty[0]}", remedy="fill it in, or take the line out"
        )
    if "patient_id" not in table:
        table = table.assign(patient_id=table["lesion_id"])
    for column in ("label", "patient_id"):
        several = table.groupby("lesion_id", sort=False)[column].nunique()
        doubled = several.index[several > 1]
        if len(doubled):
            lines = table.index[table["lesion_id"] == doubled[0]][:2]
            raise ReadingsError(
                f"the case '{doubled[0]}' has two values of {column}",
                where=f"{path}, lines {', '.join(map(str, lines))}",
                remedy="keep one row a case, or give all its rows the same",
            )
    of_case = table.groupby("lesion_id", sort=False).first()
    constant = table.groupby("lesion_id", sort=False).nunique().max() <= 1
    known = of_case[[name for name in of_case if constant.get(name, True)]]
    known = known.assign(patient_id=known["patient_id"].fillna(pd.Series(known.index, index=known.index)))
    classes = _classes(known["label"], positive, path)
    codes = {classes[0]: 0, classes[1]: 1}
    if positive is None:
        codes = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
    for name in POSITION:
        if name in known:
            known = known.assign(**{name: pd.to_numeric(known[name], errors="coerce")})
    return known.assign(label=known["label"].map(codes).astype("Int64")), classes


def _classes(labels: pd.Series[str], positive: str | None, path: Path) -> tuple[str, str]:
    """Name the negative and the positive class."""
    found = sorted(set(labels.dropna().str.removesuffix(".0")))
    if positive is None and set(found) <= {"0", "1"}:
        return ("negative", "positive")
    if len(found) > 2 or positive is None or positive not in found:
        shown = ", ".join(found[:6]) + (", ..." if len(found) > 6 else "")
        raise ReadingsError(
            f"the labels are not 0 and 1 but: {shown or 'none'}"
            if positive is None
            else f"'{positive}' and one other class are asked for, and the labels are: {shown or 'none'}",
            where=path,
            remedy="name the positive of two classes with --positive",
        )
    others = [name for name in found if name != positive]
    return (others[0] if others else f"not {positive}", positive)


def _readings(table: pd.DataFrame, known: pd.DataFrame, classes: tuple[str, str], path: Path) -> pd.DataFrame:
    if "score" not in table and "decision" not in table:
        raise ReadingsError(
            "the readings have neither a column 'score' nor a column 'decision'",
            where=path,
            remedy=f"add one, or name it with --score-column or --decision-column; columns found: "
            f"{', '.join(map(str, table.columns))}",
        )
    marks = any(name in table for name in ("mark", *POSITION))
    schema = readings_schema(marks=marks)
    with gathering(None) as faults:
        raw = table.assign(modality=table.get("modality", "unaided"))
        for column in ("score", "seconds", "decision"):
            if column not in raw:
                raw[column] = pd.Series(pd.NA, index=raw.index, dtype="str")
        for column in (name for name in _NUMBERS if name in raw):
            raw[column] = number_cells(raw[column], path, error=ReadingsError, faults=faults)
        raw["decision"] = _decisions(raw["decision"], classes, path, faults)
        if marks and "mark" not in raw:
            raw["mark"] = raw.groupby(READING_KEY, sort=False).cumcount() + 1
        raw = raw[[name for name in schema.columns if name in raw]]
        _known_cases(raw["lesion_id"], known, path, faults)
        read = check_lines(raw, schema, path, error=ReadingsError, faults=faults)
    return read.sort_values(list(READING_KEY), kind="stable", ignore_index=True)


def _decisions(cells: pd.Series[str], classes: tuple[str, str], path: Path, faults: Faults) -> pd.Series[int]:
    words = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, classes[0]: 0, classes[1]: 1}
    decisions = cells.map(words)
    for line in cells.index[decisions.isna() & cells.notna()]:
        faults.add(
            ReadingsError(
                f"the decision {cells[line]!r} is neither {classes[1]!r} (1) nor {classes[0]!r} (0)",
                where=f"{path}, line {line}",
                remedy="write the name of a class, 1 or 0, or leave the cell empty where there was no call",
            )
        )
    return decisions.astype("Int8")


def _known_cases(cases: pd.Series[str], known: pd.DataFrame, path: Path, faults: Faults) -> None:
    unknown = cases[cases.notna() & ~cases.isin(known.index)]
    for case, rows in unknown.groupby(unknown, sort=False):
        lines = ", ".join(map(str, rows.index[:5])) + (", ..." if len(rows) > 5 else "")
        faults.add(
            ReadingsError(
                f"the truth has no case '{case}'",
                where=f"{path}, line{'s' * (len(rows) > 1)} {lines}",
                remedy=which_id_is_meant(str(case), set(known.index), table="the truth")
                + "Give its label (an empty one leaves it out), or take the lines out",
            )
        )


def _predictions(
    paths: Sequence[Path], names: ColumnNames, known: pd.DataFrame, notes: list[str]
) -> pd.DataFrame:
    """Return the predictions of all files, those of cases that nobody read left out."""
    tables = []
    given = {"lesion_id": names.case} if names.case is not None else {}
    for path in paths:
        raw = read_csv(
            path,
            error=PredictionsError,
            known=known_columns(names) | {"probability"},
            numbers=["probability"],
            notes=notes,
        )
        usable = {ours: name for ours, name in given.items() if name in raw}
        table = with_our_names(raw, ["lesion_id", "probability"], usable, path, optional=["model"])
        if "model" not in table:
            table = table.assign(model=path.name.removesuffix(".gz").removesuffix(".csv"))
        table = table[["model", "lesion_id", "probability"]]
        with gathering(None) as faults:
            values = number_cells(table["probability"], path, error=PredictionsError, faults=faults)
            for line in values.index[values.notna() & ~values.between(0, 1)]:
                faults.add(
                    PredictionsError(
                        f"the probability {values[line]:g} of case {table.loc[line, 'lesion_id']!r} lies "
                        "outside [0, 1]",
                        where=f"{path}, line {line}",
                        remedy="bring scores into [0, 1]; any rising map leaves the AUC as it is",
                    )
                )
            doubled = table.index[table.duplicated(["model", "lesion_id"])]
            for line in doubled:
                faults.add(
                    PredictionsError(
                        f"the case {table.loc[line, 'lesion_id']!r} is predicted twice by "
                        f"{table.loc[line, 'model']!r}",
                        where=f"{path}, line {line}",
                        remedy="keep one row a model and case",
                    )
                )
        tables.append(table.assign(probability=values)[values.notna()])
    joined = pd.concat(
        [pd.DataFrame({"model": [], "lesion_id": [], "probability": []}, dtype="str"), *tables]
    )
    joined = joined[joined["lesion_id"].isin(known.index)].assign(
        seed=0, repeat=0, fold=0, subset="test", rater="R1"
    )
    joined = joined.astype({"probability": "float64"})
    twice = joined[joined.duplicated(["model", "lesion_id"])]
    if len(twice):
        raise PredictionsError(
            f"two files have predictions of the model {twice['model'].iloc[0]!r}",
            remedy="give each model a name of its own in the column 'model'",
        )
    columns = list(PREDICTIONS.columns)
    return check_table(joined.reset_index(drop=True)[columns], PREDICTIONS, error=PredictionsError)
