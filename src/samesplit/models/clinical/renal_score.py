"""The R.E.N.A.L. nephrometry score of a renal mass, from points or from measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import ModelError

__all__ = ["COLUMNS", "MEASUREMENTS", "POLAR", "plain_word", "renal_points"]

COLUMNS: dict[str, str] = {
    "R": "renal_r",
    "E": "renal_e",
    "N": "renal_n",
    "L": "renal_l",
    "A": "renal_a",
    "h": "renal_h",
    "diameter_cm": "renal_diameter_cm",
    "exophytic_percent": "renal_exophytic_percent",
    "nearness_mm": "renal_nearness_mm",
    "polar": "renal_polar",
}
"""Clinical variables that hold the components, unless a model file names others."""

MEASUREMENTS: dict[str, str] = {
    "R": "diameter_cm",
    "E": "exophytic_percent",
    "N": "nearness_mm",
    "L": "polar",
}
"""What the points of a component are computed from where they are not given."""

POLAR: dict[str, int] = {"outside": 1, "crosses": 2, "mostly-across": 3, "midline": 3, "between": 3}
"""Where the mass lies: wholly above the upper or below the lower polar line; crossing one; more than half of it
across one; crossing the axial midline of the kidney; wholly between the polar lines."""

_SIDES = {"a": "a", "anterior": "a", "p": "p", "posterior": "p", "x": "x", "neither": "x"}
_HILAR = {"1": "yes", "yes": "yes", "h": "yes", "true": "yes", "0": "no", "no": "no", "false": "no"}


def renal_points(lesions: pd.DataFrame, columns: Mapping[str, str], *, where: str) -> pd.DataFrame:
    """Return the components of the score.

    - R, the largest diameter (the score calls it radius): up to 4 cm 1, below 7 cm 2, else 3 points.
    - E, the exophytic share: 50 % and more 1, less 2, none (0 %) 3 points.
    - N, the distance to the collecting system or sinus: 7 mm and more 1, above 4 mm 2, else 3 points.
    - L, the location relative to the polar lines: see `POLAR`.
    - A: `a` anterior, `p` posterior, `x` neither; h: `yes` where the mass touches the main renal artery or
      vein. Neither has points.

    Args:
        lesions: One row a lesion, indexed by `lesion_id`.
        columns: The variable that holds each component or measurement; see `COLUMNS`.
        where: How messages name the model.

    Returns:
        R, E, N, L (1 to 3, NaN where unknown), A and h (text, None where unknown), score (the sum of
        the four, NaN where one is unknown), indexed as the lesions.

    Raises:
        ModelError: A value cannot be, or points and measurement of a lesion contradict each other.

    References:
        Kutikov and Uzzo 2009, J Urol 182:844, https://doi.org/10.1016/j.juro.2009.05.035.

    Example:
        >>> mass = pd.DataFrame({"renal_diameter_cm": [5.5], "renal_exophytic_percent": [60.0],
        ...     "renal_nearness_mm": [4.0], "renal_polar": ["crosses"], "renal_a": ["p"]}, index=["L1"])
        >>> renal_points(mass, COLUMNS, where="example").drop(columns="h").values.tolist()
        [[2.0, 1.0, 3.0, 2.0, 'p', 8.0]]
    """
    table = pd.DataFrame(index=lesions.index)
    for component, measurement in MEASUREMENTS.items():
        given = _each(lesions, columns, component, _points, where)
        measured = _each(lesions, columns, measurement, _RULES[measurement], where)
        for lesion_id in lesions.index[given.notna() & measured.notna() & (given != measured)]:
            raise ModelError(
                f"{component} of lesion {lesion_id} is given as {given[lesion_id]:g} points, but "
                f"'{columns[measurement]}' makes it {measured[lesion_id]:g}",
                where=where,
                remedy="correct one of them, or leave one out",
            )
        table[component] = given.where(given.notna(), measured).astype("float64")
    table["A"] = _each(lesions, columns, "A", lambda value: _SIDES.get(plain_word(value)), where).astype(
        object
    )
    table["h"] = _each(lesions, columns, "h", lambda value: _HILAR.get(plain_word(value)), where).astype(
        object
    )
    table["score"] = table[list(MEASUREMENTS)].sum(axis=1, skipna=False)
    return table


def _each(
    lesions: pd.DataFrame,
    columns: Mapping[str, str],
    component: str,
    rule: Callable[[Any], float | str | None],
    where: str,
) -> pd.Series[Any]:
    """Return a component of every lesion by its rule; None where the value is missing."""
    name = columns.get(component, component)
    found: list[float | str | None] = []
    for lesion_id, value in lesions[name].items() if name in lesions else ():
        result = None if pd.isna(value) else rule(value)
        if result is None and not pd.isna(value):
            raise ModelError(
                f"'{name}' of lesion {lesion_id} is {value!r}, which is not possible for {_SAID[component]}",
                where=where,
                remedy="correct lesions.csv; leave the cell empty where it is not known",
            )
        found.append(result)
    return pd.Series(found or [None] * len(lesions), index=lesions.index, dtype=object)


def plain_word(value: Any) -> str:
    """Return a value as text: numbers without `.0`, words in lower case."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip().lower()


def _points(value: Any) -> float | None:
    return {"1": 1.0, "2": 2.0, "3": 3.0}.get(plain_word(value))


def _number(value: Any, low: float, high: float) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if low <= number <= high else None


def _diameter(value: Any) -> float | None:
    cm = _number(value, 0.01, 60)
    return None if cm is None else 1.0 if cm <= 4 else 2.0 if cm < 7 else 3.0


def _exophytic(value: Any) -> float | None:
    percent = _number(value, 0, 100)
    return None if percent is None else 1.0 if percent >= 50 else 2.0 if percent > 0 else 3.0


def _nearness(value: Any) -> float | None:
    mm = _number(value, 0, 300)
    return None if mm is None else 1.0 if mm >= 7 else 2.0 if mm > 4 else 3.0


_RULES: dict[str, Callable[[Any], float | str | None]] = {
    "diameter_cm": _diameter,
    "exophytic_percent": _exophytic,
    "nearness_mm": _nearness,
    "polar": lambda value: POLAR.get(plain_word(value)),
}
_SAID = {
    **dict.fromkeys("RENL", "points: 1, 2 or 3"),
    "A": "the side: a, p or x",
    "h": "a hilar mass: yes or no",
    "diameter_cm": "a diameter in cm",
    "exophytic_percent": "a share from 0 to 100",
    "nearness_mm": "a distance in mm",
    "polar": f"the location: {', '.join(POLAR)}",
}
