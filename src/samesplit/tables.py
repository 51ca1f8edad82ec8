"""The tables that pass between the stages: their columns, their checks, and how they are kept on disk.

Every table is a tidy `pandas.DataFrame`. In a run's folder it is a parquet file with a JSON record beside
it that says which version made it from which inputs.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from samesplit.csv_files import read_cells
from samesplit.errors import Faults, SamesplitError, gathering
from samesplit.kept import read_kept_json
from samesplit.ordering import at_most
from samesplit.storage import hash_bytes, hash_object, write_bytes, write_json, write_text
from samesplit.table_checks import check_lines, check_table, number_cells
from samesplit.tasks import Task
from samesplit.version import __version__

__all__ = [
    "CLASS_PREDICTIONS",
    "FEATURES",
    "IMAGES",
    "LEDGER",
    "LESIONS",
    "LESIONS_OF_TASKS",
    "MARKED_READINGS",
    "MARKED_READINGS_OF_TASKS",
    "MASK_PREDICTIONS",
    "POSITION",
    "PREDICTIONS",
    "PROVENANCES",
    "READINGS",
    "READINGS_OF_TASKS",
    "READING_KEY",
    "RESULTS",
    "RISK_PREDICTIONS",
    "SCHEMAS",
    "SPLITS",
    "check_lines",
    "check_table",
    "empty_table",
    "hash_table",
    "number_cells",
    "prediction_schema",
    "read_csv",
    "read_record",
    "read_table",
    "readings_schema",
    "stack_ledgers",
    "write_csv",
    "write_table",
]

_NOT_EMPTY = pa.Check.str_length(min_value=1, error="must not be empty")
_PROBABILITY = pa.Check.in_range(0.0, 1.0, error="must lie in [0, 1]")
_NOT_NEGATIVE = pa.Check.ge(0, error="must not be negative")
_FINITE = pa.Check(lambda values: ~values.isin([float("inf"), float("-inf")]), error="must be finite")
_SUBSET = pa.Check.isin(["train", "validation", "test"], error="must be 'train', 'validation' or 'test'")
_LABEL = pa.Check.str_matches(
    r"(?i)^(any|(?!0*\.?0*(e|$))\d*\.?\d+(e[+-]?\d+)?)$", error="must be 'any' or a number above 0"
)
SUM_TOLERANCE = 1e-6
"""How far the probabilities of all classes may sum to something else than 1."""
_CLAIMS = ["", "higher", "lower", "not shown"]
_STATUS = ["repaired", "noted", "missing", "failed", "excluded"]


def _text(*checks: pa.Check, nullable: bool = False, required: bool = True) -> pa.Column:
    return pa.Column(str, [_NOT_EMPTY, *checks], nullable=nullable, required=required)


def _whole(*checks: pa.Check) -> pa.Column:
    return pa.Column("int64", list(checks), coerce=True)


def _number(*checks: pa.Check, nullable: bool = False, required: bool = True) -> pa.Column:
    return pa.Column("float64", list(checks), nullable=nullable, coerce=True, required=required)


def _table(
    name: str, columns: dict[str, pa.Column], key: list[str], *checks: pa.Check, strict: bool
) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        columns, list(checks), name=name, strict=strict, unique=key, metadata={"key": key}
    )


def _held_by_its_interval(results: pd.DataFrame) -> pd.Series[bool]:
    """Where the estimate lies in its interval, or has none; the last digits do not count."""
    low, estimate, high = (results[name].astype("float64") for name in ("ci_low", "estimate", "ci_high"))
    within = pd.Series(at_most(low, estimate) & at_most(estimate, high), index=results.index)
    return within | low.isna() | high.isna()


PROVENANCES = ("pathology", "imaging")
"""How a label may have been proven."""

LESIONS = _table(
    "lesions",
    {
        "lesion_id": _text(),
        "patient_id": _text(),
        "label": _text(),
        "label_provenance": _text(
            pa.Check.isin(PROVENANCES, error="must be 'pathology' or 'imaging'"),
            nullable=True,
            required=False,
        ),
        "site": _text(nullable=True, required=False),
        "scanner_vendor": _text(nullable=True, required=False),
        "date": _text(
            pa.Check.str_matches(r"^\d{4}-\d{2}-\d{2}$", error="must be YYYY-MM-DD"),
            nullable=True,
            required=False,
        ),
        "size_mm": _number(pa.Check.gt(0, error="must be above 0"), nullable=True, required=False),
    },
    ["lesion_id"],
    strict=False,
)
"""One row a lesion; `label` holds the class by name; free clinical columns are allowed."""

LESIONS_OF_TASKS = LESIONS.update_column("label", nullable=True, required=False)
"""The lesions of a benchmark with named tasks, whose outcomes stand in the columns that the tasks name."""

IMAGES = _table(
    "images",
    {
        "lesion_id": _text(),
        "sequence": _text(),
        "rater": _text(),
        "image": _text(),
        "mask": _text(),
        "mask_label": pa.Column(str, [_LABEL], coerce=True),
        "spacing_mm": _number(pa.Check.gt(0, error="must be above 0"), nullable=True),
        "organ_mask": _text(nullable=True, required=False),
    },
    ["lesion_id", "sequence", "rater"],
    strict=True,
)
"""One row an image and mask; a sequence that a lesion lacks has no row. `mask_label` is a number as text, or
`any`; `spacing_mm` is for arrays only; `organ_mask` marks the organ that the lesion lies in, with the lesion."""

SPLITS = _table(
    "splits",
    {
        "patient_id": _text(),
        "repeat": _whole(_NOT_NEGATIVE),
        "fold": _whole(_NOT_NEGATIVE),
        "subset": _text(_SUBSET),
        "test_set": _text(nullable=True, required=False),
    },
    ["patient_id", "repeat", "fold"],
    strict=True,
)
"""One row a patient, repeat and fold: the side on which the patient stands there. `test_set` names the set that a
tested patient belongs to and is empty otherwise; without that column there is one unnamed test part."""

FEATURES = _table(
    "features",
    {
        "lesion_id": _text(),
        "sequence": _text(),
        "rater": _text(),
        "profile": _text(),
        "feature": _text(),
        "value": _number(nullable=True),
    },
    ["lesion_id", "sequence", "rater", "profile", "feature"],
    strict=True,
)
"""One row a feature value."""

_PREDICTION_KEY = ["model", "seed", "repeat", "fold", "subset", "rater", "lesion_id"]


def _prediction_columns() -> dict[str, pa.Column]:
    """Return what every table of predictions says first: which fit of which model, on which lesion."""
    return {
        "model": _text(),
        "seed": _whole(),
        "repeat": _whole(_NOT_NEGATIVE),
        "fold": _whole(_NOT_NEGATIVE),
        "subset": _text(_SUBSET),
        "rater": _text(),
        "lesion_id": _text(),
    }


def _probabilities_sum_to_one(predictions: pd.DataFrame) -> pd.Series[bool]:
    """Where the probabilities of all classes of a prediction sum to 1."""
    total = predictions.groupby(_PREDICTION_KEY)["probability"].transform("sum")
    return (total - 1.0).abs() <= SUM_TOLERANCE


PREDICTIONS = _table(
    "predictions",
    {**_prediction_columns(), "probability": _number(_PROBABILITY)},
    _PREDICTION_KEY,
    strict=True,
)
"""Answers to a binary task: one row a probability of the positive class."""

CLASS_PREDICTIONS = _table(
    "class predictions",
    {**_prediction_columns(), "class": _text(), "probability": _number(_PROBABILITY)},
    [*_PREDICTION_KEY, "class"],
    pa.Check(_probabilities_sum_to_one, error="must sum to 1 over the classes of a lesion"),
    strict=True,
)
"""Answers to a multiclass task: one row a probability of a class; those of a lesion sum to 1."""

RISK_PREDICTIONS = _table(
    "risk predictions",
    {**_prediction_columns(), "risk": _number(_FINITE)},
    _PREDICTION_KEY,
    strict=True,
)
"""Answers to a survival task: one row a risk, which is the higher the earlier the event is expected."""

MASK_PREDICTIONS = _table(
    "mask predictions",
    {**_prediction_columns(), "sequence": _text(), "mask": _text()},
    [*_PREDICTION_KEY, "sequence"],
    strict=True,
)
"""Answers to a segmentation task: one row a mask, by the path of its file."""

_DATE = pa.Check.str_matches(r"^\d{4}-\d{2}-\d{2}$", error="must be YYYY-MM-DD")


def _reading_columns() -> dict[str, pa.Column]:
    return {
        "reader_id": _text(),
        "lesion_id": _text(),
        "modality": _text(),
        "decision": pa.Column(
            "Int8", pa.Check.isin([0, 1], error="must be 0 or 1"), nullable=True, coerce=True
        ),
        "score": _number(_FINITE, nullable=True),
        "seconds": _number(_NOT_NEGATIVE, _FINITE, nullable=True),
        "session": _text(nullable=True, required=False),
        "order": _number(_NOT_NEGATIVE, _FINITE, nullable=True, required=False),
        "date": _text(_DATE, nullable=True, required=False),
    }


def _mark_columns() -> dict[str, pa.Column]:
    positions = {name: _number(_FINITE, nullable=True, required=name != "z_mm") for name in POSITION}
    return {"mark": _whole(_NOT_NEGATIVE), **positions}


POSITION = ("x_mm", "y_mm", "z_mm")
"""The columns of a position in mm; images of one slice have no `z_mm`."""

READING_KEY = ["reader_id", "lesion_id", "modality"]
"""What names one reading."""

READINGS = _table("readings", _reading_columns(), READING_KEY, strict=True)
"""One row a reading; `decision` is 1 for the positive class, 0 for the negative, missing for no call.

`session` names the sitting, `order` is the place of the reading in it, `date` its day (YYYY-MM-DD)."""

MARKED_READINGS = _table(
    "readings", {**_reading_columns(), **_mark_columns()}, [*READING_KEY, "mark"], strict=True
)
"""Location-specific readings: one row a mark, numbered within its reading, with its position in mm. A reading
without any mark is one row without a position."""

READINGS_OF_TASKS = _table(
    "readings", {**READINGS.columns, "task": _text()}, [*READING_KEY, "task"], strict=True
)
"""The readings of a benchmark with named tasks: each names the binary task that it answers."""

MARKED_READINGS_OF_TASKS = _table(
    "readings", {**MARKED_READINGS.columns, "task": _text()}, [*READING_KEY, "mark", "task"], strict=True
)
"""The same, location-specific."""


def readings_schema(*, tasks: bool = False, marks: bool = False) -> pa.DataFrameSchema:
    """Return the schema of readings.

    Args:
        tasks: Whether each reading names the task that it answers.
        marks: Whether they are location-specific, one row a mark.
    """
    if marks:
        return MARKED_READINGS_OF_TASKS if tasks else MARKED_READINGS
    return READINGS_OF_TASKS if tasks else READINGS


RESULTS = _table(
    "results",
    {
        "quantity": _text(),
        "model": _text(),
        "reference": pa.Column(str),
        "subset": _text(),
        "group": _text(),
        "estimate": _number(nullable=True),
        "ci_low": _number(nullable=True),
        "ci_high": _number(nullable=True),
        "p_value": _number(nullable=True),
        "p_adjusted": _number(nullable=True),
        "claim": pa.Column(str, pa.Check.isin(_CLAIMS, error=f"must be one of {_CLAIMS}")),
        "false_claim_probability": _number(_PROBABILITY, nullable=True, required=False),
        "n": _whole(_NOT_NEGATIVE),
        "n_positive": _whole(_NOT_NEGATIVE),
        "method": _text(),
        "note": pa.Column(str),
    },
    ["quantity", "model", "reference", "subset", "group", "method"],
    pa.Check(_held_by_its_interval, error="must belong to an estimate inside its interval"),
    strict=True,
)
"""One row an estimate with its interval and the method's name; of a difference what may be claimed of it, and the
probability that a claim that the higher one is better would be false (see `statistics.false_claims`).

No estimate lies outside its interval."""

LEDGER = _table(
    "ledger",
    {
        "lesion_id": _text(),
        "sequence": pa.Column(str),
        "rater": pa.Column(str),
        "stage": _text(),
        "status": _text(pa.Check.isin(_STATUS, error=f"must be one of {_STATUS}")),
        "reason": _text(),
    },
    ["lesion_id", "sequence", "rater", "stage", "status", "reason"],
    strict=True,
)
"""The case ledger: one row for each thing that happened to a lesion on its way, with the reason."""

SCHEMAS: dict[str, pa.DataFrameSchema] = {
    schema.name: schema
    for schema in (
        LESIONS,
        IMAGES,
        SPLITS,
        FEATURES,
        PREDICTIONS,
        CLASS_PREDICTIONS,
        RISK_PREDICTIONS,
        MASK_PREDICTIONS,
        READINGS,
        RESULTS,
        LEDGER,
    )
}


def prediction_schema(task: Task) -> pa.DataFrameSchema:
    """Return the schema of the predictions that answer a task.

    Args:
        task: Any task.

    Example:
        >>> from samesplit.tasks import SurvivalTask
        >>> prediction_schema(SurvivalTask(question="How long?", time="months", event="died")).name
        'risk predictions'
    """
    return {
        "binary": PREDICTIONS,
        "multiclass": CLASS_PREDICTIONS,
        "survival": RISK_PREDICTIONS,
        "segmentation": MASK_PREDICTIONS,
    }[task.kind]


def empty_table(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table without rows that has the schema's required columns and types.

    Example:
        >>> list(empty_table(SPLITS).columns)
        ['patient_id', 'repeat', 'fold', 'subset']
    """
    required = {name: column for name, column in schema.columns.items() if column.required}
    return pd.DataFrame({name: pd.Series(dtype=_dtype(column)) for name, column in required.items()})


def _dtype(column: pa.Column) -> str:
    """Return the column's type by its pandas name; every kind of text is "str"."""
    name = str(column.dtype)
    return name if name in ("float64", "int64", "Int8") else "str"


def hash_table(table: pd.DataFrame) -> str:
    """SHA-256 of a table's content: columns in order, rows in order, values; the index does not count."""
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, float_format="%.17g", lineterminator="\n")
    return hash_object(buffer.getvalue())


def write_table(
    table: pd.DataFrame, path: Path, schema: pa.DataFrameSchema | None = None, **record: Any
) -> Path:
    """Write a table as parquet and its record as JSON beside it (`features.parquet`, `features.json`).

    The record holds the version, the number of rows and the SHA-256 of the parquet file.

    Args:
        table: The table; its index is not kept.
        path: Ends in `.parquet`.
        schema: Checked before writing when given.
        **record: What the table was made from: hashes, seeds, seconds. Plain data.
    """
    if schema is not None:
        table = check_table(table, schema, where=path)
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    content = buffer.getvalue()
    # The table first: after a kill between the two, the old record makes the stage run again.
    write_bytes(path, content)
    write_json(
        path.with_suffix(".json"),
        {"samesplit": __version__, "rows": len(table), "sha256": hash_bytes(content), **record},
    )
    return path


def read_table(path: Path, schema: pa.DataFrameSchema | None = None) -> pd.DataFrame:
    """Read a parquet table, and check it when a schema is given.

    Raises:
        SamesplitError: The file is missing, damaged or not such a table.
    """
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError:
        raise SamesplitError("does not exist", where=path, remedy="run the benchmark first") from None
    except (OSError, ValueError) as error:
        raise SamesplitError(
            f"is not a readable parquet file ({error})",
            where=path,
            remedy="run the benchmark again, which makes it anew",
        ) from error
    return table if schema is None else check_table(table, schema, where=path)


def read_record(path: Path) -> dict[str, Any]:
    """Read the JSON record that stands beside a parquet table; empty when there is none, or it is damaged."""
    return read_kept_json(path.with_suffix(".json"))[0]


def read_csv(
    path: Path,
    schema: pa.DataFrameSchema | None = None,
    *,
    error: type[SamesplitError] = SamesplitError,
    known: Collection[str] = (),
    numbers: Collection[str] = (),
    missing: Collection[str] = (),
    notes: list[str] | None = None,
    faults: Faults | None = None,
    comments: bool = False,
) -> pd.DataFrame:
    """Read a user's CSV: ids and text stay text (`007` is not 7), empty cells are missing.

    Args:
        path: See `samesplit.csv_files.read_rows` for what may stand in it.
        schema: Checked when given; its number columns are converted, its columns are known names.
        error: The kind of error to raise.
        known: Further names of columns that the table may have.
        numbers: Further columns that hold numbers.
        missing: Words that stand for a missing value.
        notes: What was found out about the file is added to these.
        faults: Gathers what is wrong with single lines; without it, all that is wrong is raised together.
        comments: Whether lines before the header row that begin with # are passed over.

    Returns:
        With a schema, the checked table; without, a table of text whose index is the line in the file.

    Raises:
        SamesplitError: (or the given kind) The file is missing, is not a CSV or does not fit the schema.
    """
    of_schema = {} if schema is None else {name: _dtype(column) for name, column in schema.columns.items()}
    with gathering(faults) as found:
        table = read_cells(
            path,
            error=error,
            known={*known, *of_schema},
            numbers={*numbers, *(name for name, kind in of_schema.items() if kind != "str")},
            missing=missing,
            notes=notes,
            faults=found,
            comments=comments,
        )
        if schema is None:
            return table
        for name in (name for name, kind in of_schema.items() if kind != "str" and name in table):
            table[name] = number_cells(table[name], path, error=error, faults=found)
        return check_lines(table, schema, path, error=error, faults=found).reset_index(drop=True)


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV, at once, the same bytes for the same table on every machine."""
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, lineterminator="\n")
    return write_text(path, buffer.getvalue())


def stack_ledgers(ledgers: list[pd.DataFrame]) -> pd.DataFrame:
    """Put ledgers below each other; an empty LEDGER table if all are empty."""
    tables = [ledger for ledger in ledgers if len(ledger)]
    return pd.concat(tables, ignore_index=True) if tables else empty_table(LEDGER)
