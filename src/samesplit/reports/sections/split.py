"""The data split: fold assignment of the patients, and balance between subsets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.ordering import ranked
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Figure, Prose, Row, Section, Table
from samesplit.reports.figures.balance import draw_balance
from samesplit.reports.figures.split_strip import draw_split_strip
from samesplit.reports.formatting import count_cell, counted, number, number_cell, text_cell

__all__ = ["split"]

_SIDES = ("train", "validation", "test")
_MOST_STRIPS = 20
_MOST_VARIABLES = 24


def split(context: Context) -> Section:
    """Build the strip, the counts and the balance."""
    blocks: list[Block] = [_strip(context)]
    balance = _balance(context)
    if balance is not None:
        blocks.append(balance)
    overlap = _overlap(context)
    blocks.insert(0, overlap)
    return Section(id="split", title="Data split", lead=_lead(context), blocks=tuple(blocks))


def _lead(context: Context) -> str:
    settings = context.data.section("split")
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    repeats, folds = pairs["repeat"].nunique(), len(pairs)
    scheme = str(settings.get("scheme") or "unnamed")
    size = counted(folds, "fold") + (f" in {counted(repeats, 'repeat')}" if repeats > 1 else "")
    seed = f", seed {settings['seed']}" if settings.get("seed") is not None else ""
    return (
        f"Scheme “{scheme}”: {size}{seed}. The split was made from patient ids, labels and strata before "
        "any feature was computed, stored once, and used by every model."
    )


def _overlap(context: Context) -> Prose:
    doubled = context.data.splits.duplicated(["repeat", "fold", "patient_id"]).sum()
    if doubled:
        return Prose(
            text=f"{counted(int(doubled), 'patient')} in more than one subset of a fold.", tone="warning"
        )
    patients = context.data.splits["patient_id"].nunique()
    return Prose(
        text=f"Checked: none of the {patients} patients is in more than one subset of any fold.", tone="note"
    )


def _strip(context: Context) -> Figure:
    table, lesions = context.data.splits, context.data.lesions
    patients = lesions.groupby("patient_id").agg(positive=("positive", "max"))
    if "site" in lesions:
        patients["site"] = lesions["site"].fillna("").astype(str).groupby(lesions["patient_id"]).first()
    else:
        patients["site"] = ""
    patients = patients[patients.index.isin(table["patient_id"])]
    patients = patients.reset_index().sort_values(
        ["site", "positive", "patient_id"], ascending=[True, False, True]
    )
    pairs = table[["repeat", "fold"]].drop_duplicates().sort_values(["repeat", "fold"])
    shown = list(pairs.head(_MOST_STRIPS).itertuples(index=False, name=None))
    codes = table.assign(code=table["subset"].map({side: i for i, side in enumerate(_SIDES)}))
    wide = codes.pivot_table(index=["repeat", "fold"], columns="patient_id", values="code")
    sides = wide.reindex(index=pd.MultiIndex.from_tuples(shown), columns=patients["patient_id"]).fillna(-1)
    title = "Fold assignment"
    rest = f" The first {len(shown)} of {len(pairs)} folds are drawn." if len(pairs) > len(shown) else ""
    alt = f"Subset of each of {len(patients)} patients in {counted(len(shown), 'fold')}; counts are in the table."
    svg = draw_split_strip(
        sides.to_numpy().astype(np.int64),
        [fold_name(repeat, fold, pairs) for repeat, fold in shown],
        patients["site"].tolist(),
        patients["positive"].astype(bool).tolist(),
        classes=(context.data.positive, context.data.negative),
        name="split-strip",
        alt=alt,
    )
    return Figure(
        id="split-strip",
        title=title,
        caption=(
            "Each column is a patient and each row a fold. The top row is the class; a patient with a "
            f"lesion of the positive class counts as positive.{rest}"
        ),
        alt=alt,
        svg=svg,
        table=_counts(context, pairs),
    )


def fold_name(repeat: int, fold: int, pairs: pd.DataFrame) -> str:
    """A fold as it is called: `fold 1`, `repeat 2, fold 1`, or `test set` when it is the only one."""
    if len(pairs) == 1:
        return "test set"
    return (
        f"repeat {repeat + 1}, fold {fold + 1}" if len(pairs["repeat"].unique()) > 1 else f"fold {fold + 1}"
    )


def _counts(context: Context, pairs: pd.DataFrame) -> Table:
    merged = context.data.splits.merge(
        context.data.lesions.reset_index()[["lesion_id", "patient_id", "positive"]], on="patient_id"
    )
    columns = [Column(key="fold", title="Fold")]
    for side in _SIDES:
        columns += [
            Column(key=f"{side}_patients", title=f"{side}: patients", kind="number"),
            Column(key=f"{side}_lesions", title="lesions", kind="number"),
            Column(key=f"{side}_positive", title=context.data.positive, kind="number"),
        ]
    rows = []
    for repeat, fold in pairs.itertuples(index=False, name=None):
        here = merged[(merged["repeat"] == repeat) & (merged["fold"] == fold)]
        cells: dict[str, Cell] = {"fold": text_cell(fold_name(repeat, fold, pairs))}
        for side in _SIDES:
            part = here[here["subset"] == side]
            cells[f"{side}_patients"] = count_cell(part["patient_id"].nunique())
            cells[f"{side}_lesions"] = count_cell(len(part))
            cells[f"{side}_positive"] = count_cell(int(part["positive"].sum()))
        rows.append(Row(cells=cells))
    return Table(
        id="split-table", title="Patients and lesions of each fold", columns=tuple(columns), rows=tuple(rows)
    )


def _balance(context: Context) -> Figure | None:
    table = context.data.table("balance")
    if not {"subset", "variable", "level", "value", "smd"} <= set(table.columns):
        return None
    table = table.assign(level=table["level"].fillna("").astype(str))
    compared = table[table["smd"].notna()]
    keys = list(dict.fromkeys(zip(compared["variable"], compared["level"], strict=True)))
    if not keys:
        return None
    worst = compared.groupby(["variable", "level"])["smd"].agg(lambda values: values.abs().max())
    keys.sort()
    shown = [keys[i] for i in ranked([float(worst[key]) for key in keys], descending=True)][:_MOST_VARIABLES]
    titles = [_variable(context, *key) for key in shown]
    by_side = {
        side: [_of(compared, side, key)["smd"].tolist() for key in shown]
        for side in ("validation", "test")
        if (compared["subset"] == side).any()
    }
    rest = (
        f" The {len(shown)} with the largest differences of {len(keys)} are drawn."
        if len(keys) > len(shown)
        else ""
    )
    largest = shown[0]
    alt = (
        f"Standardised mean differences; the largest, {number(float(worst[largest]), 2)}, is of {titles[0]}."
    )
    return Figure(
        id="balance",
        title="Balance between subsets",
        caption=(
            "Each point is a fold. Subsets of a random split differ by chance, and small subsets differ "
            f"more; a large difference shows where results need care.{rest}"
        ),
        alt=alt,
        svg=draw_balance(titles, by_side, name="balance", alt=alt),
        table=_balance_table(context, table, keys),
    )


def _of(table: pd.DataFrame, side: str, key: tuple[str, str]) -> pd.DataFrame:
    return table[(table["subset"] == side) & (table["variable"] == key[0]) & (table["level"] == key[1])]


def _variable(context: Context, variable: str, level: str) -> str:
    name = variable.replace("_mm", ", mm").replace("_", " ")
    if variable == "label":
        return f"class: {context.data.positive}"
    return name if level in ("", "mean") else f"{name}: {level}"


def _balance_table(context: Context, table: pd.DataFrame, keys: list[tuple[str, str]]) -> Table:
    columns = [Column(key="what", title="Variable")]
    columns += [Column(key=side, title=side, kind="number", help="Mean over folds") for side in _SIDES]
    columns += [
        Column(key="smd", title="SMD test, mean", kind="number"),
        Column(
            key="worst", title="largest |SMD|", kind="number", help="Of validation and test, over all folds"
        ),
    ]
    rows = []
    for key in keys:
        cells: dict[str, Cell] = {"what": text_cell(_variable(context, *key))}
        shares = key[1] not in ("", "mean")
        for side in _SIDES:
            value = float(_of(table, side, key)["value"].mean())
            cells[side] = (
                Cell(text=f"{number(100 * value, 0)} %", value=value)
                if shares and not np.isnan(value)
                else number_cell(value, 2)
            )
        cells["smd"] = number_cell(float(_of(table, "test", key)["smd"].mean()), 2, signed=True)
        both = table[(table["variable"] == key[0]) & (table["level"] == key[1])]["smd"].abs()
        cells["worst"] = number_cell(float(both.max()), 2)
        rows.append(Row(cells=cells))
    return Table(
        id="balance-table",
        title="Balance between subsets",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=("SMD: standardised mean difference against train (Austin 2009, doi 10.1002/sim.3697).",),
    )
