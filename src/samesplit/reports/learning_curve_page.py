"""The page of `samesplit learning-curve`: one HTML file that needs nothing but itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.reports.document import (
    Badge,
    Block,
    Column,
    Fact,
    Facts,
    Figure,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.figures.learning_curve import (
    CrossingMark,
    CurveLine,
    draw_learning_curve,
    save_learning_curve,
)
from samesplit.reports.formatting import (
    count_cell,
    counted,
    duration,
    estimate_cell,
    interval_text,
    is_missing,
    join_words,
    number,
    number_cell,
    short_hash,
    text_cell,
)
from samesplit.reports.html import to_html
from samesplit.reports.palette import Style, styles_for
from samesplit.reports.rows import records

__all__ = ["crossing_words", "learning_curve_page", "save_figure"]


def learning_curve_page(
    curve: pd.DataFrame, differences: pd.DataFrame, crossings: pd.DataFrame, record: dict[str, Any]
) -> str:
    """Write the page.

    Args:
        curve: One row a model and size, as `samesplit learning-curve` writes it.
        differences: One row two models and a size.
        crossings: One row two models.
        record: What they were made from.
    """
    words = crossing_words(crossings, record)
    report = Report(
        samesplit=str(record["samesplit"]),
        benchmark=str(record["benchmark"]),
        run="learning curve",
        kicker=f"{record['benchmark']} · learning curve",
        title=str(record["title"]),
        question="How does the AUC of each model rise with the number of training lesions?",
        answer=" ".join(_at_largest(differences, record) + words),
        badges=(
            Badge(
                name="split", text=short_hash(record["hashes"]["split"]), full=str(record["hashes"]["split"])
            ),
            Badge(
                name="cohort",
                text=short_hash(record["hashes"]["cohort"]),
                full=str(record["hashes"]["cohort"]),
            ),
            Badge(name="seed", text=str(record["seed"])),
            Badge(name="samesplit", text=str(record["samesplit"])),
            Badge(name="finished", text=str(record["finished"])[:16].replace("T", " ")),
        ),
        sections=(_section(curve, differences, crossings, record),),
        footer=(
            f"Written by samesplit {record['samesplit']}. Beside this page: learning_curve.csv, differences.csv "
            "and crossings.csv (every number at full precision), learning_curve.svg and .png, and record.json "
            "(what they were made from)."
        ),
    )
    return to_html(report, _styles(record))


def save_figure(curve: pd.DataFrame, crossings: pd.DataFrame, record: dict[str, Any], path: Path) -> None:
    """Save the figure of the page as files.

    Args:
        curve: One row a model and size.
        crossings: One row two models.
        record: What they were made from.
        path: Without its ending.
    """
    save_learning_curve(_lines(curve, record), _marks(crossings, record), axis=_quantity(record), path=path)


def crossing_words(crossings: pd.DataFrame, record: dict[str, Any]) -> list[str]:
    """Say of every two models where their curves cross, a sentence each."""
    return [_crossing_text(row, record) for row in records(crossings)]


def _crossing_text(row: dict[str, Any], record: dict[str, Any]) -> str:
    first, second = _title(row["first"], record), _title(row["second"], record)
    value, most = row["crossing"], max(record["sizes"])
    if is_missing(value) and value != float("inf"):
        return f"{second} and {first} cannot be compared."
    reach = f"{100 * float(row['confidence']):g} % interval {_bounds(row, record)}"
    if value == float("inf"):
        return (
            f"{second} stays below {first} up to {counted(most, 'training lesion')} (interval of the crossing: "
            f"{_bounds(row, record)})."
        )
    if value == 0:
        return (
            f"{second} is not below {first} at any size (interval of the crossing: {_bounds(row, record)})."
        )
    return f"{second} is no longer below {first} from {round(value)} training lesions on ({reach})."


def _bounds(row: dict[str, Any], record: dict[str, Any]) -> str:
    """Write the interval of a crossing; what lies beyond the sizes is not known."""
    least, most = min(record["sizes"]), max(record["sizes"])
    low, high = row["ci_low"], row["ci_high"]
    if pd.isna(low) or pd.isna(high):
        return "not known"
    said = [
        f"below {least}" if bound == 0 else f"above {most}" if bound == float("inf") else str(round(bound))
        for bound in (low, high)
    ]
    return said[0] if said[0] == said[1] else " to ".join(said)


def _at_largest(differences: pd.DataFrame, record: dict[str, Any]) -> list[str]:
    most = max(record["sizes"])
    return [
        f"With {counted(most, 'training lesion')}, the {_quantity(record)} of {_title(row['second'], record)} "
        f"minus that of {_title(row['first'], record)} is {number(row['difference'], signed=True)} "
        f"({interval_text(row['ci_low'], row['ci_high'], signed=True)})."
        for row in records(differences)
        if row["size"] == most
    ]


def _section(
    curve: pd.DataFrame, differences: pd.DataFrame, crossings: pd.DataFrame, record: dict[str, Any]
) -> Section:
    blocks: list[Block] = [_figure(curve, crossings, record), _curve_table(curve, record)]
    if len(differences):
        blocks += [_difference_table(differences, record), _crossing_table(crossings, record)]
    blocks.append(_facts(record))
    blocks += [Prose(text=f"{note}.", tone="note") for note in record["notes"]]
    blocks += [
        Prose(text=f"{_title(model, record)}: {why}", tone="warning")
        for model, why in record["failures"].items()
    ]
    return Section(
        id="learning-curve",
        title="Learning curve",
        lead=(
            "Every model was fitted to nested subsets of the training part, drawn by patient and stratified by "
            "class, and judged on the same, whole test part. The validation part stayed as it is."
        ),
        blocks=tuple(blocks),
    )


def _figure(curve: pd.DataFrame, crossings: pd.DataFrame, record: dict[str, Any]) -> Figure:
    names = join_words([_title(model, record) for model in record["models"]])
    alt = f"Line plot of the {_quantity(record)} of {names} against the number of training lesions."
    marks = _marks(crossings, record)
    bar = " Below the curves: where they cross, with its interval." if marks else ""
    return Figure(
        id="learning-curve-figure",
        title=f"{_quantity(record)} against the number of training lesions",
        caption=(
            f"Bars: {100 * float(record['confidence']):g} % intervals. The dashed line is chance; the axis of "
            f"lesions is logarithmic.{bar}"
        ),
        alt=alt,
        svg=draw_learning_curve(
            _lines(curve, record), marks, axis=_quantity(record), name="learning-curve", alt=alt
        ),
    )


def _curve_table(curve: pd.DataFrame, record: dict[str, Any]) -> Table:
    columns = (
        Column(key="model", title="Model"),
        Column(key="size", title="Training lesions", kind="number", help="At most so many, whole patients"),
        Column(key="auc", title=_quantity(record), kind="interval"),
        Column(key="sd", title="SD over draws", kind="number", help="Of the draws of subsets"),
        Column(key="draws", title="Draws", kind="number"),
        Column(key="fits", title="Fits", kind="number", help="Draws, folds and seeds"),
    )
    rows = [
        Row(
            key=str(row["model"]),
            cells={
                "model": text_cell(_title(row["model"], record)),
                "size": count_cell(row["size"]),
                "auc": estimate_cell(row["auc"], row["ci_low"], row["ci_high"]),
                "sd": number_cell(row["sd_draws"]),
                "draws": count_cell(row["draws"]),
                "fits": count_cell(row["fits"]),
            },
        )
        for row in records(curve)
    ]
    first = curve.iloc[0]
    note = (
        f"{100 * float(record['confidence']):g} % intervals: {first['method']}, {record['bootstraps']} samples, "
        f"on {counted(int(first['n']), 'test lesion')} of {counted(int(first['n_patients']), 'patient')}. They "
        "allow for other test patients and for other subsets of this training part, not for another training "
        "part: at the largest size, where all of it is taken, for other test patients alone."
    )
    return Table(id="learning-curve-table", title="Curves", columns=columns, rows=tuple(rows), notes=(note,))


def _difference_table(differences: pd.DataFrame, record: dict[str, Any]) -> Table:
    columns = (
        Column(key="second", title="Model"),
        Column(key="first", title="Minus"),
        Column(key="size", title="Training lesions", kind="number"),
        Column(key="difference", title="Difference", kind="interval", help="On the same test patients"),
    )
    rows = [
        Row(
            cells={
                "second": text_cell(_title(row["second"], record)),
                "first": text_cell(_title(row["first"], record)),
                "size": count_cell(row["size"]),
                "difference": estimate_cell(row["difference"], row["ci_low"], row["ci_high"], signed=True),
            }
        )
        for row in records(differences)
    ]
    note = "Intervals are of one difference each and are not adjusted for their number."
    return Table(
        id="learning-curve-differences", title="Differences", columns=columns, rows=tuple(rows), notes=(note,)
    )


def _crossing_table(crossings: pd.DataFrame, record: dict[str, Any]) -> Table:
    columns = (
        Column(key="second", title="Model"),
        Column(key="first", title="Overtakes", help="The model that leads at the smallest size"),
        Column(key="crossing", title="Training lesions at the crossing"),
        Column(key="interval", title=f"{100 * float(record['confidence']):g} % interval"),
        Column(key="note", title="Notes"),
    )
    most, least = max(record["sizes"]), min(record["sizes"])
    rows = []
    for row in records(crossings):
        value = row["crossing"]
        text = (
            f"above {most}" if value == float("inf") else f"below {least}" if value == 0 else number(value, 0)
        )
        rows.append(
            Row(
                cells={
                    "second": text_cell(_title(row["second"], record)),
                    "first": text_cell(_title(row["first"], record)),
                    "crossing": text_cell(text),
                    "interval": text_cell(_bounds(row, record)),
                    "note": text_cell(row["note"]),
                }
            )
        )
    note = (
        "From the crossing on, the model is no longer below the other at this and every larger size; between "
        "sizes the difference is a straight line over the logarithm of the number of lesions."
    )
    return Table(
        id="learning-curve-crossings", title="Crossings", columns=columns, rows=tuple(rows), notes=(note,)
    )


def _facts(record: dict[str, Any]) -> Facts:
    seconds = ", ".join(
        f"{_title(model, record)} {duration(value)}" for model, value in record["seconds"].items()
    )
    return Facts(
        facts=(
            Fact(name="Sizes", text=", ".join(map(str, record["sizes"]))),
            Fact(name="Draws of subsets", text=str(record["draws"])),
            Fact(name="Folds of the split", text=str(record["folds"])),
            Fact(name="Fits", text=str(record["fits"])),
            Fact(name="Computing time", text=f"{seconds} ({record['machine']['processor']})"),
        )
    )


def _lines(curve: pd.DataFrame, record: dict[str, Any]) -> list[CurveLine]:
    styles = _styles(record)
    found = []
    for model in record["models"]:
        mine = curve[curve["model"] == model].sort_values("size")
        found.append(
            CurveLine(
                title=_title(model, record),
                style=styles[model],
                sizes=[int(size) for size in mine["size"]],
                values=list(mine[["auc", "ci_low", "ci_high"]].itertuples(index=False, name=None)),
            )
        )
    return found


def _marks(crossings: pd.DataFrame, record: dict[str, Any]) -> list[CrossingMark]:
    """Return the crossings inside the sizes; of many models none, since the bars would say little."""
    inside = [row for row in records(crossings) if 0 < row["crossing"] < float("inf")]
    if len(record["models"]) > 3:
        return []
    return [
        CrossingMark(
            float(row["crossing"]),
            float(row["ci_low"]),
            float(row["ci_high"]),
            f"{_title(row['second'], record)} reaches {_title(row['first'], record)} at "
            f"{round(row['crossing'])} ({_bounds(row, record)})",
        )
        for row in inside
    ]


def _styles(record: dict[str, Any]) -> dict[str, Style]:
    return styles_for(list(record["models"]))


def _title(model: object, record: dict[str, Any]) -> str:
    return str(record["models"][str(model)]["title"])


def _quantity(record: dict[str, Any]) -> str:
    return "macro AUC" if record["several_classes"] else "AUC"
