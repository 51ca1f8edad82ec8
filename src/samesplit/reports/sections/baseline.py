"""Baseline characteristics: the table of the cohort by class, as clinical papers print it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Row, Table
from samesplit.reports.formatting import MISSING, number

__all__ = ["baseline_table"]

_CATEGORIES = {
    "label_provenance": "Reference standard",
    "site": "Site",
    "scanner_vendor": "Scanner",
    "sex": "Sex",
}
_NUMBERS = {"age": "Age, years", "size_mm": "Size, mm"}
_MOST_LEVELS = 12
_MOST_WIDE = 5


def baseline_table(contexts: Sequence[Context]) -> Table:
    """Build the characteristics of all lesions and of those of each class of each task.

    Args:
        contexts: The tasks of the run.
    """
    cohort = contexts[0].data.cohort
    columns = [Column(key="what", title="")]
    parts = {"all": cohort}
    columns.append(Column(key="all", title="All", kind="number", help=f"{len(cohort)} lesions"))
    for context in contexts:
        task = context.data.task
        several = len(contexts) > 1
        for name, label in _classes(context):
            key = f"{task.prefix}-{name}" if several else name
            mine = context.data.lesions.index[context.data.lesions["label"] == label]
            parts[key] = cohort.loc[cohort.index.isin(mine)]
            told, above = f"{len(mine)} lesions", task.title if several else ""
            columns.append(Column(key=key, title=label, kind="number", help=told, group=above))
    rows = [
        _row("Lesions", {k: _count(len(p), None) for k, p in parts.items()}),
        _row("Patients", {k: _count(p["patient_id"].nunique(), None) for k, p in parts.items()}),
    ]
    for name, (title, kind) in _variables(contexts[0]).items():
        rows += _number_rows(name, title, parts) if kind == "number" else _category_rows(name, title, parts)
    if len(columns) > _MOST_WIDE:
        columns = [
            column.model_copy(update={"kind": "stacked"}) if column.title else column for column in columns
        ]
    return Table(
        id="cohort-table",
        title="Baseline characteristics",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "Per lesion. Numbers are median (lower to upper quartile); categories are counts with their share of "
            "the column.",
        ),
        sortable=False,
    )


def _classes(context: Context) -> list[tuple[str, str]]:
    """Return the key and name of each class, the positive one of two first."""
    task = context.data.task
    if task.kind == "binary":
        return [("positive", task.positive), ("negative", task.negative)]
    if task.kind == "survival":
        return [("event", "event"), ("censored", "censored")]
    return [(f"class-{number}", name) for number, name in enumerate(task.classes)]


def _variables(context: Context) -> dict[str, tuple[str, str]]:
    declared = context.data.section("cohort").get("clinical", {})
    columns = context.data.cohort.columns
    found = {name: (title, "number") for name, title in _NUMBERS.items() if name in columns}
    found |= {name: (title, "category") for name, title in _CATEGORIES.items() if name in columns}
    for name, kind in declared.items():
        if name in columns:
            found[name] = (found[name][0] if name in found else _title(name), str(kind))
    order = ["age", "sex", "size_mm", *declared, "site", "scanner_vendor", "label_provenance"]
    return {name: found[name] for name in dict.fromkeys(order) if name in found}


def _title(name: str) -> str:
    """Return the name of a column as a heading: `tumour_grade` is `Tumour grade`."""
    words = name.replace("_mm", ", mm").replace("_", " ")
    return words[:1].upper() + words[1:]


def _row(what: str, cells: dict[str, Cell], group: str = "") -> Row:
    return Row(cells={"what": Cell(text=what, value=what), **cells}, group=group)


def _count(count: int, total: int | None) -> Cell:
    share = f" ({number(100 * count / total, 0)} %)" if total else ""
    return Cell(text=f"{count}{share}", value=int(count))


def _number_rows(name: str, title: str, parts: dict[str, pd.DataFrame]) -> list[Row]:
    cells, missing = {}, {}
    for key, part in parts.items():
        values = pd.to_numeric(part[name], errors="coerce")
        missing[key] = int(values.isna().sum())
        low, middle, high = (float(values.quantile(q)) for q in (0.25, 0.5, 0.75))
        digits = _digits(middle)
        text = f"{number(middle, digits)} ({number(low, digits)} to {number(high, digits)})"
        cells[key] = Cell(text=text if values.notna().any() else MISSING, value=middle, low=low, high=high)
    rows = [_row(title, cells)]
    if missing["all"]:
        rows.append(_row(f"{title}: missing", {k: _count(m, len(parts[k])) for k, m in missing.items()}))
    return rows


def _digits(value: float) -> int:
    return 1 if abs(value) < 100 else 0


def _category_rows(name: str, title: str, parts: dict[str, pd.DataFrame]) -> list[Row]:
    values = parts["all"][name].astype("str").where(parts["all"][name].notna(), "missing")
    levels = values.value_counts()
    shown = sorted(levels.index, key=lambda level: (level == "missing", -levels[level], level))
    rows = []
    for level in shown[:_MOST_LEVELS]:
        inside = values == level
        rows.append(
            _row(
                f"{title}: {level}",
                {
                    key: _count(int(inside.reindex(part.index).sum()), len(part))
                    for key, part in parts.items()
                },
            )
        )
    rest = set(shown[_MOST_LEVELS:])
    if rest:
        inside = values.isin(rest)
        rows.append(
            _row(
                f"{title}: {len(rest)} others",
                {
                    key: _count(int(inside.reindex(part.index).sum()), len(part))
                    for key, part in parts.items()
                },
            )
        )
    return rows
