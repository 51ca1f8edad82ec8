"""The sections of a board that are of one task: standing, differences from the first, model cards."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from samesplit.reports.document import Cell, Column, Figure, Row, Section, Table
from samesplit.reports.figures.standings import MOST_GROUPS, Standing, draw_standings
from samesplit.reports.formatting import (
    MISSING,
    count_cell,
    counted,
    estimate_cell,
    p_cell,
    short_hash,
    text_cell,
)
from samesplit.reports.leaderboard_tables import TaskBoard, pairs_by_rank, rounded
from samesplit.reports.main_quantity import MainQuantity, main_quantity
from samesplit.tasks import TaskKind

__all__ = ["cards_section", "differences_section", "main_of", "standing_figure", "standing_table"]

_OTHERS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "binary": (
        ("sensitivity", "Sensitivity", "At the operating point, which comes from development data"),
        ("specificity", "Specificity", "At the operating point, which comes from development data"),
        ("pr_auc", "PR AUC", "Area under the precision-recall curve"),
        ("brier", "Brier", "Mean squared error of the probabilities; lower is better"),
        (
            "calibration_slope",
            "Calibration slope",
            "1 where probabilities are neither too bold nor too timid",
        ),
    ),
    "multiclass": (
        ("balanced_accuracy", "Balanced accuracy", "Mean sensitivity over the classes"),
        ("cohen_kappa", "Cohen's kappa", "Agreement of calls with the truth beyond chance"),
        ("brier", "Brier", "Mean squared error of the probabilities; lower is better"),
    ),
    "survival": (("uno_c", "Uno's C", "Concordance that does not depend on the censoring"),),
}


def standing_figure(board: TaskBoard, main: MainQuantity, prefix: str) -> tuple[Figure, ...]:
    """Draw the entries of a task; nothing where none has an estimate."""
    lines = [
        Standing(
            label=f"{row['rank']}  {row['title']}",
            estimate=float(row["estimate"]),
            low=float(row["low"]),
            high=float(row["high"]),
            text=_ranks(row),
            groups=tuple(row["groups"]),
            leading=int(row["rank_low"]) == 1,
        )
        for row in _rows(board)
        if not pd.isna(row["rank"])
    ]
    if not lines:
        return ()
    letters = {letter for line in lines for letter in line.groups}
    groups = (
        "Lines with dots: groups of entries that are not shown to differ."
        if len(letters) <= MOST_GROUPS
        else f"The {len(letters)} groups stand in the table."
    )
    alt = f"Forest plot of the {main.noun} of {counted(len(lines), 'entry', 'entries')}, from the best down."
    return (
        Figure(
            id=f"{prefix}standing-figure",
            title=f"{main.title} with intervals, ranks and groups",
            caption=(
                f"Blue: entries that nobody is shown to be better than. {groups} Intervals are each entry's "
                "own and do not decide about differences, which are paired."
                + (" Dashed: chance." if main.chance else "")
            ),
            alt=alt,
            svg=draw_standings(
                lines, quantity=main.title, chance=main.chance, name=f"{prefix}standings", alt=alt
            ),
        ),
    )


def standing_table(board: TaskBoard, main: MainQuantity, confidence: float, prefix: str) -> Table:
    """Show the entries of a task with their numbers."""
    others = _OTHERS[board.kind]
    sets = [
        str(name)
        for name in board.entries
        if str(name).startswith(f"{main.quantity} in ") and f"{name}, low" in board.entries
    ]
    columns = (
        Column(key="who", title="Entry"),
        Column(key="estimate", title=main.title, kind="interval", help=main.help),
        Column(key="ranks", title="Ranks", help="Ranks that the claimed differences leave"),
        Column(key="groups", title="Groups", help="Entries that share a letter are not shown to differ"),
        Column(
            key="forest", title="", kind="forest", of="estimate", axis=_axis(board, main), mark=main.chance
        ),
        *(
            Column(
                key=name,
                title=name.replace(main.quantity, main.title, 1),
                kind="interval",
                help="Named test set",
            )
            for name in sets
        ),
        *(Column(key=key, title=title, kind="interval", help=text) for key, title, text in others),
        Column(
            key="better",
            title="Better than",
            kind="number",
            help="Entries that it is shown to be better than",
        ),
        Column(
            key="worse", title="Worse than", kind="number", help="Entries that it is shown to be worse than"
        ),
    )
    rows = []
    for row in _rows(board):
        known = not pd.isna(row["rank"])
        found = estimate_cell(row["estimate"], row["low"], row["high"])
        cells = {
            "who": text_cell(f"{row['rank']}  {row['title']}" if known else row["title"]),
            "ranks": text_cell(_ranks(row) if known else ""),
            "groups": text_cell(" ".join(row["groups"])),
            "forest": found,
            "estimate": found.model_copy(update={"note": row["note"]}),
            "better": count_cell(row["better_than"] if known else None),
            "worse": count_cell(row["worse_than"] if known else None),
        }
        cells |= {name: _estimate(row, name, f"{name}, low", f"{name}, high") for name in sets}
        cells |= {key: _estimate(row, key, f"{key}_low", f"{key}_high", 2) for key, *_ in others}
        rows.append(Row(cells=_with_rounded(cells), emphasis=known and int(row["rank_low"]) == 1))
    first = board.entries.iloc[0]
    positive = f", {int(first['n_positive'])} of them of the positive class" if board.kind == "binary" else ""
    notes = [
        f"{counted(int(first['n']), 'lesion')}{positive}; every entry is judged on all of them. Intervals of "
        f"{100 * confidence:g} %. {main.title}: {'; '.join(dict.fromkeys(board.entries['method']))}. Bold: "
        "entries that nobody is shown to be better than."
    ]
    if board.kind == "binary" and (board.entries["operating_point"] == "").any():
        notes.append(
            "An entry without predictions of validation lesions and without a threshold has no operating "
            "point, so no sensitivity and specificity."
        )
    return Table(
        id=f"{prefix}standing-table", title="Entries", columns=columns, rows=tuple(rows), notes=tuple(notes)
    )


def differences_section(board: TaskBoard, main: MainQuantity, prefix: str) -> Section:
    """Show the differences of the first entry from all others."""
    first = str(board.entries.index[0])
    titles = board.entries["title"].to_dict()
    columns = (
        Column(key="other", title="Other entry"),
        Column(key="difference", title=f"Difference of {main.title}", kind="interval"),
        Column(key="p", title="P", kind="number", help="Of this difference alone"),
        Column(key="adjusted", title="Adjusted P", kind="number", help="For all pairs of entries"),
        Column(key="claim", title="Shown"),
    )
    words = {
        "higher": "the first is better",
        "lower": "the first is worse",
        "not shown": "not shown to differ",
    }
    rows = [
        Row(
            cells=_with_rounded(
                {
                    "other": text_cell(titles[one["model_b"]]),
                    "difference": estimate_cell(
                        one["difference"], one["ci_low"], one["ci_high"], signed=True, note=one["note"]
                    ),
                    "p": p_cell(one["p_value"]),
                    "adjusted": p_cell(one["p_adjusted"]),
                    "claim": text_cell(words.get(one["claim"], "")),
                }
            )
        )
        for one in pairs_by_rank(board)
        if one["model_a"] == first
    ]
    table = Table(
        id=f"{prefix}differences-table",
        title="Differences of the first entry from the others",
        columns=columns,
        rows=tuple(rows),
        notes=("Paired, on the same lesions. Every two entries stand in board-differences.csv.",),
    )
    lead = f"“{titles[first]}” minus each other entry."
    return Section(id=f"{prefix}differences", title="Differences from the first", lead=lead, blocks=(table,))


def cards_section(board: TaskBoard, prefix: str) -> Section:
    """Show the model cards as whoever sent them wrote them."""
    columns = (
        Column(key="title", title="Entry"),
        Column(key="authors", title="Authors", kind="sentence"),
        Column(key="code", title="Code"),
        Column(key="data", title="Training data beyond the cohort", kind="sentence"),
        Column(key="point", title="Operating point"),
        Column(key="seeds", title="Seeds", kind="number"),
        Column(key="file", title="File", kind="code"),
        Column(key="sha256", title="SHA-256", kind="code"),
    )
    rows = tuple(
        Row(
            cells={
                "title": text_cell(row["title"]),
                "authors": text_cell(row["authors"]),
                "code": _link(str(row["code"])),
                "data": text_cell(row["training_data"]),
                "point": text_cell(row["operating_point"]),
                "seeds": count_cell(row["seeds"]),
                "file": text_cell(row["file"]),
                "sha256": Cell(text=short_hash(row["sha256"]), value=row["sha256"], note=row["sha256"]),
            }
        )
        for row in _rows(board)
    )
    table = Table(id=f"{prefix}cards-table", title="Model cards", columns=columns, rows=rows)
    lead = "As whoever sent them wrote it; nobody has checked it."
    return Section(id=f"{prefix}cards", title="Model cards", lead=lead, blocks=(table,))


def _link(code: str) -> Cell:
    """Return the address of the code as a link that shows where it leads."""
    if not code.startswith(("https://", "http://")):
        return Cell(text="not published" if code == "none" else code, value=code)
    host = code.split("/", 3)[2]
    return Cell(text=host if len(host) <= 40 else f"{host[:39]}…", value=code, url=code)


def _estimate(row: dict[str, Any], name: str, low: str, high: str, digits: int = 3) -> Cell:
    value = row.get(name, math.nan)
    if value is None or math.isnan(value):
        return Cell(text=MISSING)
    return estimate_cell(value, row[low], row[high], digits)


def _with_rounded(cells: dict[str, Cell]) -> dict[str, Cell]:
    """Return cells whose numbers are rounded, so that their last digits do not differ between processors."""

    def one(value: Any) -> Any:
        return rounded(value) if isinstance(value, float) else value

    return {
        key: cell.model_copy(update={name: one(getattr(cell, name)) for name in ("value", "low", "high")})
        for key, cell in cells.items()
    }


def _axis(board: TaskBoard, main: MainQuantity) -> tuple[float, float]:
    """Return the ends of the drawn axis: tenths that hold every interval and chance."""
    values = board.entries[["estimate", "low", "high"]].to_numpy(dtype="float64").ravel()
    known = [value for value in values if not math.isnan(value)] + [main.chance or 0.5]
    low, high = math.floor(min(known) * 10) / 10, math.ceil(max(known) * 10) / 10
    return (max(0.0, low), min(1.0, max(high, low + 0.1)))


def _rows(board: TaskBoard) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in board.entries.to_dict("records")]


def _ranks(row: dict[str, Any]) -> str:
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return f"{low}" if low == high else f"{low}\u00a0to\u00a0{high}"


def main_of(board: TaskBoard) -> MainQuantity:
    """Return what the entries of a task are ranked by."""
    kinds: dict[str, TaskKind] = {"binary": "binary", "multiclass": "multiclass", "survival": "survival"}
    return main_quantity(kinds[board.kind])
