"""Training of the networks: histories, the weights that were kept, and those that seem untrained."""

from __future__ import annotations

import pandas as pd

from samesplit.ordering import first_best
from samesplit.reports.context import Context, slug
from samesplit.reports.document import Block, Column, Figure, Prose, Row, Section, Table
from samesplit.reports.figures.history import draw_history
from samesplit.reports.formatting import count_cell, counted, number_cell, text_cell
from samesplit.reports.rows import groups, records
from samesplit.reports.sections.fold_assignment import fold_name

__all__ = ["training"]

_FIT = ["seed", "repeat", "fold"]
_MOST_METRICS = 3
_MOST_ROWS = 150


def training(context: Context) -> Section | None:
    """Build a figure for every model with a training history, and the table of the weights that were kept."""
    table = context.data.table("details/history")
    if not {"model", "epoch", "metric", "value"} <= set(table.columns):
        return None
    blocks: list[Block] = []
    for model in context.models:
        history = table[(table["model"] == model.name) & table["value"].notna()]
        if len(history):
            blocks.append(_figure(context, model.name, history))
        fits = context.summed_up(model.name, "network_fits")
        if len(fits):
            blocks += _warnings(context, model.name, fits)
            blocks.append(_kept_table(context, model.name, fits))
        trials = context.found_by(model.name, "trials")
        if len(trials):
            blocks.append(_trials_table(context, model.name, trials))
    if not blocks:
        return None
    return Section(
        id="training",
        title="Network training",
        lead="Early stopping uses the validation part of the fold; the test part plays no role.",
        blocks=tuple(blocks),
    )


def _warnings(context: Context, model: str, fits: pd.DataFrame) -> list[Block]:
    """Return a warning where networks of the model seem untrained."""
    bad = fits[fits["untrained"] != ""]
    if bad.empty:
        return []
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    told = [
        f"{fold_name(int(row['repeat']), int(row['fold']), pairs)}, seed {int(row['seed'])}: {row['untrained']}"
        for row in records(bad.head(3))
    ]
    rest = "; ..." if len(bad) > len(told) else ""
    verb = "seems" if len(bad) == 1 else "seem"
    text = (
        f"{context.title(model)}: {len(bad)} of {counted(len(fits), 'fitted network')} {verb} untrained "
        f"({'; '.join(told)}{rest}). The AUC of such a network says little about what networks can do. "
        "More steps, another learning rate or group normalisation may train it."
    )
    return [Prose(text=text, tone="warning")]


def _figure(context: Context, model: str, history: pd.DataFrame) -> Figure:
    metrics = sorted(history["metric"].unique(), key=_rank)[:_MOST_METRICS]
    history = history[history["metric"].isin(metrics)]
    history = history.sort_values("metric", key=lambda column: column.map(metrics.index), kind="stable")
    steps = "steps" in history
    history = history.assign(at=history["steps" if steps else "epoch"])
    kept = context.summed_up(model, "network_fits")
    fits = history.groupby(_FIT).ngroups
    name = f"history-{slug(model)}"
    alt = f"Training history of {counted(fits, 'fit')} of {context.title(model)}: {', '.join(metrics)}."
    dots = " Dots: the weights that were kept." if len(kept) else ""
    return Figure(
        id=name,
        title=f"{context.title(model)}: training history",
        caption=(
            f"Each thin line is a fit ({counted(fits, 'fit')}: folds, repeats, seeds); the thick line is "
            f"their mean, as far as at least half of them were trained.{dots}"
        ),
        alt=alt,
        svg=draw_history(
            history, kept, axis="Step" if steps else "Epoch", style=context.style(model), name=name, alt=alt
        ),
        table=_table(context, name, history, metrics),
    )


def _kept_table(context: Context, model: str, fits: pd.DataFrame) -> Table:
    """Return which weights of each fit were kept, and their AUC on the parts of the fold."""
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    rows = []
    for row in records(fits.head(_MOST_ROWS)):
        seed, repeat, fold = (int(row[key]) for key in _FIT)
        cells = {
            "fit": text_cell(f"{fold_name(repeat, fold, pairs)}, seed {seed}"),
            "step": count_cell(row["steps"]),
            "epoch": number_cell(row.get("epoch"), 1),
            "trained": count_cell(row["steps_trained"]),
            "most": count_cell(row["most_steps"]),
            "training": number_cell(row["training_auc"]),
            "validation": number_cell(row["choosing_auc"]),
            "test": number_cell(row["test_auc"]),
            "range": number_cell(row["probability_range"]),
        }
        rows.append(Row(cells=cells))
    notes = [
        "AUC of the selected weights, without augmentation. They were selected on the validation part, so the "
        "validation AUC is too high. A training AUC far above the test AUC means overfitting, and one near 0.5 a "
        "network that did not learn.",
        *_gap_note(context, model, fits),
    ]
    if len(fits) > len(rows):
        notes.append(f"{len(fits) - len(rows)} more in summaries/network_fits.parquet.")
    columns = (
        Column(key="fit", title="Fit"),
        Column(key="step", title="Selected step", kind="number"),
        Column(key="epoch", title="Selected epoch", kind="number", help="Passes through the training part"),
        Column(key="trained", title="Steps trained", kind="number"),
        Column(key="most", title="Steps planned", kind="number"),
        Column(key="training", title="Training AUC", kind="number"),
        Column(key="validation", title="Validation AUC", kind="number"),
        Column(key="test", title="Test AUC", kind="number"),
        Column(
            key="range",
            title="Range of probabilities",
            kind="number",
            help="Highest minus lowest, over the lesions of the training and validation part.",
        ),
    )
    return Table(
        id=f"kept-{slug(model)}",
        title=f"{context.title(model)}: selected weights",
        columns=columns,
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _gap_note(context: Context, model: str, fits: pd.DataFrame) -> list[str]:
    """Return how many networks were candidates, and by how much the validation AUC was too high."""
    trials = int(fits["trials"].max())
    candidates = (
        f"{counted(trials, 'network')} fitted in every fold for each seed, of which the best was kept"
    )
    gap = context.numbers.get("choosing_gap", model)
    if gap is None:
        return [f"{candidates}."] if trials > 1 else []
    means = [context.numbers.get(quantity, model) for quantity in ("choosing_auc", "chosen_test_auc")]
    shown = [f"{mean.estimate:.3f}" if mean is not None else "unknown" for mean in means]
    text = f"Mean validation AUC {shown[0]}, test AUC {shown[1]}, difference {gap.estimate:.3f}"
    return [f"{text}; {candidates}." if trials > 1 else f"{text}."]


def _trials_table(context: Context, model: str, trials: pd.DataFrame) -> Table:
    """Return the validation scores of all networks of each fit, in one row."""
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    rows = []
    fits = groups(trials, _FIT)
    for (seed, repeat, fold), part in fits[:_MOST_ROWS]:
        cells = {
            "fit": text_cell(f"{fold_name(int(repeat), int(fold), pairs)}, seed {seed}"),
            "trials": count_cell(len(part)),
            "chosen": count_cell(part.loc[part["chosen"], "trial"].iloc[0]),
            "best": number_cell(part.loc[part["chosen"], "validation_auc"].iloc[0]),
            "lowest": number_cell(part["validation_auc"].min()),
            "median": number_cell(part["validation_auc"].median()),
        }
        rows.append(Row(cells=cells))
    columns = (
        Column(key="fit", title="Fit"),
        Column(key="trials", title="Networks", kind="number"),
        Column(key="chosen", title="Selected", kind="number"),
        Column(key="best", title="Its validation AUC", kind="number"),
        Column(key="median", title="Median", kind="number"),
        Column(key="lowest", title="Lowest", kind="number"),
    )
    rest = len(fits) - len(rows)
    return Table(
        id=f"trials-{slug(model)}",
        title=f"{context.title(model)}: networks fitted in each fold",
        columns=columns,
        rows=tuple(rows),
        notes=(f"{rest} more in details/trials.parquet.",) if rest else (),
    )


def _rank(metric: str) -> tuple[int, str]:
    """Losses first, validation scores after them, everything else last."""
    text = str(metric).lower()
    if "loss" in text:
        return (0 if "train" in text else 1), text
    return (2 if "val" in text else 3), text


def _table(context: Context, name: str, history: pd.DataFrame, metrics: list[str]) -> Table:
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    columns = [Column(key="fit", title="Fit"), Column(key="rounds", title="Validations", kind="number")]
    for i, metric in enumerate(metrics):
        what = "lowest" if "loss" in str(metric).lower() else "highest"
        columns.append(Column(key=f"m{i}", title=f"{metric}, {what}", kind="number"))
        columns.append(
            Column(key=f"e{i}", title="in step" if "steps" in history else "in epoch", kind="number")
        )
    rows = []
    fits = groups(history, _FIT)
    for (seed, repeat, fold), part in fits[:_MOST_ROWS]:
        cells = {
            "fit": text_cell(f"{fold_name(int(repeat), int(fold), pairs)}, seed {seed}"),
            "rounds": count_cell(part["at"].nunique()),
        }
        for i, metric in enumerate(metrics):
            values = part[part["metric"] == metric].set_index("at")["value"]
            if values.empty:
                cells[f"m{i}"], cells[f"e{i}"] = number_cell(None), number_cell(None)
                continue
            best = first_best(values, largest="loss" not in str(metric).lower())
            cells[f"m{i}"] = number_cell(float(values.iloc[best]))
            cells[f"e{i}"] = count_cell(int(values.index[best]))
        rows.append(Row(cells=cells))
    rest = len(fits) - len(rows)
    notes = (f"{rest} more in details/history.parquet.",) if rest else ()
    return Table(id=f"{name}-table", title="Each fit", columns=tuple(columns), rows=tuple(rows), notes=notes)
