"""From cases to a table of numbers: which columns a model looks at, and how they are made fit for it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

from samesplit.errors import ModelError
from samesplit.models.protocol import Cases

__all__ = ["Impute", "Scale", "clinical_table", "feature_table", "preparation", "scaler"]

Impute = Literal["median", "mean", "none"]
"""What a missing number becomes: the training median or mean, or nothing is done."""
Scale = Literal["standard", "min-max", "robust", "none"]
"""Mean 0 and SD 1, range 0 to 1, median 0 and IQR 1 (all of the training part), or as they are."""

_NOT_CLINICAL = ("patient_id", "site")


def feature_table(cases: Cases, *, profiles: Sequence[str] = ("*",), model: str) -> pd.DataFrame:
    """Return the features of the cases' sequences; infinite values count as missing.

    Args:
        cases: Feature columns are named `<profile>/<sequence>/<feature>`, or as in a table of one's own: those
            belong to no profile or sequence, and all are taken.
        profiles: The profiles to use; `*` means all.
        model: The model's name, for messages.

    Returns:
        One row a lesion, float64, NaN where missing.

    Raises:
        ModelError: There is no such column.
    """

    def wanted(column: str) -> bool:
        profile, sequence, _ = column.split("/", 2) if column.count("/") >= 2 else ("*", "", column)
        named = "*" in profiles or profile in profiles
        return named and (not sequence or sequence in cases.sequences)

    columns = [str(column) for column in cases.features.columns if wanted(str(column))]
    if not columns:
        raise ModelError(
            f"there are no features of the profiles {', '.join(profiles)} and the sequences "
            f"{', '.join(cases.sequences) or '(none)'}",
            where=f"model '{model}'",
            remedy="name profiles and sequences of the benchmark, or declare 'profiles:' there",
        )
    table = cases.features[columns].astype("float64")
    return table.where(np.isfinite(table))


def clinical_table(cases: Cases, *, variables: Sequence[str] = (), model: str) -> pd.DataFrame:
    """Return the declared clinical variables: numbers as float64, categories as text, NaN where missing.

    Args:
        cases: The lesions table holds the variables.
        variables: Which of them; empty means all that the benchmark declares.
        model: The model's name, for messages.

    Raises:
        ModelError: A variable is not there, or none is.
    """
    declared = [str(column) for column in cases.lesions.columns if column not in _NOT_CLINICAL]
    wanted = list(variables) or declared
    if not wanted:
        raise ModelError(
            "the benchmark declares no clinical variables",
            where=f"model '{model}'",
            remedy="declare columns of lesions.csv under cohort.clinical in benchmark.yaml",
        )
    for name in wanted:
        if name not in cases.lesions:
            near = difflib.get_close_matches(name, declared, n=1)
            raise ModelError(
                f"there is no clinical variable '{name}'",
                where=f"model '{model}'",
                remedy=(f"did you mean '{near[0]}'? " if near else "")
                + f"Declared under cohort.clinical: {', '.join(declared) or 'none'}",
            )
    return pd.DataFrame({name: _plain(cases.lesions[name]) for name in wanted}, index=cases.lesions.index)


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    if is_numeric_dtype(column):
        numbers = column.astype("float64")
        return numbers.where(np.isfinite(numbers))
    text = column.astype(object)
    return text.where(column.notna(), np.nan)


def scaler(scale: Scale) -> Any:
    """Return the scikit-learn transformer of a way of scaling.

    Example:
        >>> scaler("min-max")
        MinMaxScaler()
    """
    return {
        "standard": StandardScaler,
        "min-max": MinMaxScaler,
        "robust": RobustScaler,
        "none": lambda: "passthrough",
    }[scale]()


def preparation(table: pd.DataFrame, *, impute: Impute = "median", scale: Scale = "standard") -> Any:
    """Make an unfitted transformer from a training table to numbers without gaps.

    Numbers are imputed and scaled. Categories are imputed with the commonest one and become one column per
    category; a category that the training part lacks becomes zeros. Columns without any value in the
    training table are left out, as are columns that `table` does not have.

    Args:
        table: The training part, for its columns and their types.
        impute: For numbers.
        scale: For numbers.
    """
    usable = [name for name in table if table[name].notna().any()]
    numbers = [name for name in usable if is_numeric_dtype(table[name])]
    categories = [name for name in usable if name not in numbers]
    imputer = "passthrough" if impute == "none" else SimpleImputer(strategy=impute)
    steps = [
        ("numbers", Pipeline([("impute", imputer), ("scale", scaler(scale))]), numbers),
        (
            "categories",
            Pipeline(
                [
                    ("impute", SimpleImputer(strategy="most_frequent")),
                    ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
                ]
            ),
            categories,
        ),
    ]
    return ColumnTransformer(
        [step for step in steps if step[2]], remainder="drop", verbose_feature_names_out=False
    )
