"""How far the raters' masks give the same measurements: ICC, limits of agreement, Bland-Altman plots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from samesplit.ordering import at_least
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.bland_altman import Agreement, draw_bland_altman
from samesplit.reports.formatting import (
    MISSING,
    count_cell,
    counted,
    estimate_cell,
    number,
    number_cell,
    p_cell,
    text_cell,
)
from samesplit.reports.rows import records

__all__ = ["rater_features"]

_MOST_PLOTS = 12
_GRADES = (("poor, below 0.5", 0.0), ("moderate, 0.5 to 0.75", 0.5), ("good, 0.75 to 0.9", 0.75))
_EXCELLENT = ("excellent, 0.9 and more", 0.9)
_PAIR = ["rater_a", "rater_b"]


def rater_features(context: Context) -> Section | None:
    """Build the tables and plots of what two raters' masks measure on the same lesions."""
    table = context.data.table("rater_features")
    if table.empty:
        return None
    blocks: list[Block] = []
    single = table[table["bias"].notna()]
    many = table[table["bias"].isna()]
    if len(single):
        blocks.append(_measurements(context, single))
        blocks += _plots(context, single)
    if len(many):
        blocks.append(_graded(many))
    return Section(
        id="rater-features",
        title="Agreement of the raters' measurements",
        lead="The same features of the same lesions, measured under the masks of two raters. Lesions count that "
        "both drew and that are tested in some fold; no label is used.",
        blocks=tuple(blocks),
    )


def _name(row: dict[str, Any]) -> str:
    return f"{row['sequence']}, {str(row['feature']).removeprefix('native_').removeprefix('original_')}"


def _digits(*values: float) -> int:
    """Return how many decimals leave three significant digits of the largest of some values."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 3 if largest <= 0 else int(np.clip(2 - math.floor(math.log10(largest)), 0, 4))


def _measurements(context: Context, table: pd.DataFrame) -> Table:
    """Return a row a pair of raters and feature."""
    columns = [
        Column(key="feature", title="Measurement"),
        Column(key="pair", title="Raters"),
        Column(key="n", title="Lesions", kind="number"),
        Column(key="first", title="Mean ± SD, first", kind="number"),
        Column(key="second", title="Mean ± SD, second", kind="number"),
        Column(key="icc", title="ICC, agreement", kind="interval"),
        Column(key="consistency", title="ICC, consistency", kind="interval"),
        Column(key="bias", title="Mean difference", kind="interval"),
        Column(key="lower", title="Lower limit", kind="interval"),
        Column(key="upper", title="Upper limit", kind="interval"),
        Column(key="slope", title="P of slope", kind="number"),
    ]
    rows = []
    for row in records(table):
        digits = _digits(row["sd_a"], row["sd_b"])
        of = {
            key: estimate_cell(row[key], row[f"{key}_low"], row[f"{key}_high"], digits, signed=True)
            for key in ("bias", "lower", "upper")
        }
        rows.append(
            Row(
                cells={
                    "feature": text_cell(_name(row)),
                    "pair": text_cell(f"{row['rater_a']} and {row['rater_b']}"),
                    "n": count_cell(row["n"]),
                    "first": _mean_cell(row["mean_a"], row["sd_a"], digits),
                    "second": _mean_cell(row["mean_b"], row["sd_b"], digits),
                    "icc": estimate_cell(row["icc"], row["icc_low"], row["icc_high"]),
                    "consistency": estimate_cell(
                        row["consistency"], row["consistency_low"], row["consistency_high"]
                    ),
                    **of,
                    "slope": p_cell(row["slope_p"]),
                }
            )
        )
    return Table(
        id="rater-measurements",
        title="Measurements of two raters",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"ICC with {context.percent()} intervals, of a single rater: agreement is ICC(A,1) (2,1 of Shrout and "
            "Fleiss), consistency ICC(C,1) (3,1), which does not count a difference that all lesions share.",
            "Mean difference (first minus second) and limits between which 95 % of the differences of single "
            "lesions lie (Bland and Altman), with exact intervals for normally distributed differences. A small P "
            "of the slope: the difference changes with what is measured, and one pair of limits does not describe "
            "all lesions. All intervals take lesions for independent.",
        ),
    )


def _mean_cell(mean: float, spread: float, digits: int) -> Any:
    text = MISSING if not math.isfinite(mean) else f"{number(mean, digits)} ± {number(spread, digits)}"
    return number_cell(mean).model_copy(update={"text": text})


def _plots(context: Context, table: pd.DataFrame) -> list[Figure]:
    """Return the Bland-Altman plots of the first pair of raters."""
    values = context.data.table("rater_feature_values")
    if values.empty:
        return []
    first = table.iloc[0]
    pair = (values["rater_a"] == first["rater_a"]) & (values["rater_b"] == first["rater_b"])
    mine = table[(table["rater_a"] == first["rater_a"]) & (table["rater_b"] == first["rater_b"])]
    plots = []
    for row in records(mine.head(_MOST_PLOTS)):
        inside = pair & (values["profile"] == row["profile"]) & (values["sequence"] == row["sequence"])
        part = values[inside & (values["feature"] == row["feature"])]
        plots.append(
            Agreement(
                title=_name(row),
                first=part["value_a"].to_numpy(np.float64),
                second=part["value_b"].to_numpy(np.float64),
                bias=float(row["bias"]),
                lower=float(row["lower"]),
                upper=float(row["upper"]),
            )
        )
    left = len(mine) - len(plots)
    raters = f"{first['rater_a']} and {first['rater_b']}"
    alt = f"Bland-Altman plots of {counted(len(plots), 'measurement')} by {raters}."
    return [
        Figure(
            id="rater-measurements-plots",
            title="Differences between raters",
            caption=(
                f"{first['rater_a']} minus {first['rater_b']} of each lesion against the mean of both. Solid: the "
                "mean difference; dashed: the limits of agreement."
                + (f" The first {len(plots)} of {len(mine)} measurements." if left else "")
            ),
            alt=alt,
            svg=draw_bland_altman(
                plots,
                axis=f"{first['rater_a']} − {first['rater_b']}",
                name="rater-measurements-plots",
                alt=alt,
            ),
        )
    ]


def _graded(table: pd.DataFrame) -> Table:
    """Return, of profiles with many features, how many agree how well."""
    grades = [*_GRADES, _EXCELLENT]
    columns = [
        Column(key="profile", title="Profile"),
        Column(key="sequence", title="Sequence"),
        Column(key="pair", title="Raters"),
        Column(key="n", title="Features", kind="number"),
        Column(key="median", title="Median ICC", kind="number"),
        *(
            Column(key=f"grade-{place}", title=title, kind="number")
            for place, (title, _) in enumerate(grades)
        ),
    ]
    rows = []
    for (first, second, profile, sequence), part in table.groupby([*_PAIR, "profile", "sequence"], sort=True):
        known = part["icc"].dropna().to_numpy(np.float64)
        above = [int(at_least(known, limit).sum()) for _, limit in grades[1:]]
        counts = -np.diff([len(known), *above, 0])
        cells = {
            "profile": text_cell(profile),
            "sequence": text_cell(sequence),
            "pair": text_cell(f"{first} and {second}"),
            "n": count_cell(len(known)),
            "median": number_cell(float(np.median(known)) if len(known) else None),
        }
        cells |= {f"grade-{place}": count_cell(int(count)) for place, count in enumerate(counts)}
        rows.append(Row(cells=cells))
    return Table(
        id="rater-feature-grades",
        title="Features by their agreement between raters",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "ICC(A,1) of each feature, graded after Koo and Li 2016 (doi 10.1016/j.jcm.2016.02.012); features "
            "that are the same for all lesions are left out.",
        ),
    )
