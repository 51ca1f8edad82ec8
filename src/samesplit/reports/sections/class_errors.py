"""Misclassified lesions of a task with several classes: true class, called class and its probability."""

from __future__ import annotations

from dataclasses import dataclass

from samesplit.ordering import at_least, ranked
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Gallery, Prose, Row, Section, Table
from samesplit.reports.formatting import counted, number, text_cell

__all__ = ["class_errors", "class_misses"]

_MOST_ROWS = 60


@dataclass(frozen=True)
class ClassMiss:
    """A lesion and what the models called it.

    Attributes:
        lesion_id: The lesion.
        label: Its class.
        wrong: Sum over models of the share of their calls that were wrong.
        models: How many models called it; controls are left out.
        called: By model: the class that it called most often, and the mean probability of that class.
    """

    lesion_id: str
    label: str
    wrong: float
    models: int
    called: dict[str, tuple[str, float]]

    @property
    def share(self) -> float:
        """Of all models that called it, how many were wrong."""
        return self.wrong / max(self.models, 1)


def class_misses(context: Context) -> list[ClassMiss]:
    """Count the wrong calls of every judged lesion; the most missed first."""
    decisions = context.data.table("decisions")
    judged = [model.name for model in context.models if not model.is_control]
    labels = context.data.lesions["label"]
    if decisions.empty:
        return []
    rows = decisions[decisions["model"].isin(judged) & decisions["decision"].notna()]
    primary = rows[rows["rater"] == context.data.rater]
    rows = primary if len(primary) else rows
    names = dict(enumerate(context.data.task.classes))
    rows = rows[rows["lesion_id"].isin(labels.index)]
    rows = rows.assign(called=rows["decision"].map(lambda value: _name(value, names)))
    rows = rows.assign(wrong=rows["called"].to_numpy() != labels.reindex(rows["lesion_id"]).to_numpy())
    mean = _mean_probabilities(context)
    found: list[ClassMiss] = []
    for lesion, part in rows.groupby("lesion_id", sort=True):
        called = {}
        for model, mine in part.groupby("model", sort=False):
            counts = mine["called"].value_counts().reindex(list(names.values()), fill_value=0)
            most = str(
                counts.index[int(counts.to_numpy().argmax())]
            )  # of equal counts the one declared first
            called[str(model)] = (most, mean.get((str(model), str(lesion), most), float("nan")))
        wrong = float(part.groupby("model")["wrong"].mean().sum())
        found.append(ClassMiss(str(lesion), str(labels[lesion]), wrong, len(called), called))
    return [found[place] for place in ranked([miss.share for miss in found], descending=True)]


def _name(value: object, names: dict[int, str]) -> str:
    return names.get(int(value), str(value)) if isinstance(value, int | float) else str(value)


def _mean_probabilities(context: Context) -> dict[tuple[str, str, str], float]:
    test = context.data.test_predictions()
    means = test.groupby(["model", "lesion_id", "class"], sort=False)["probability"].mean()
    return {(str(m), str(lesion), str(c)): float(value) for (m, lesion, c), value in means.items()}


def class_errors(context: Context, gallery: Gallery | None) -> Section | None:
    """Build the table of the lesions that most models called wrongly, with their images."""
    everyone = class_misses(context)
    if context.data.shuffled or not everyone:
        return None
    missed = [miss for miss in everyone if at_least(miss.share, 0.5)]
    blocks: list[Block] = (
        [_table(context, missed)]
        if missed
        else [Prose(text="No lesion was misclassified by half of the models.")]
    )
    blocks += [gallery] if gallery is not None else []
    lead = (
        f"{counted(len(missed), 'lesion')} of {len(everyone)} misclassified by at least half of the "
        "models; controls are left out, and several calls of a model (repeats, seeds) count as their "
        "share."
    )
    return Section(id="errors", title="Misclassified lesions", lead=lead, blocks=tuple(blocks))


def _table(context: Context, missed: list[ClassMiss]) -> Table:
    columns = [
        Column(key="lesion", title="Lesion", kind="code"),
        Column(key="truth", title="True class"),
        Column(key="share", title="Error rate", kind="number", help="Share of the models that were wrong"),
    ]
    models = [m for m in context.models if any(m.name in miss.called for miss in missed)]
    columns += [Column(key=f"m{i}", title=model.title) for i, model in enumerate(models)]
    rows = []
    for miss in missed[:_MOST_ROWS]:
        cells = {
            "lesion": text_cell(miss.lesion_id),
            "truth": text_cell(miss.label),
            "share": Cell(text=f"{number(100 * miss.share, 0)} %", value=miss.share),
        }
        for i, model in enumerate(models):
            cells[f"m{i}"] = _called(miss, model.name)
        rows.append(Row(cells=cells))
    rest = len(missed) - len(rows)
    notes = (
        "Of each model: the class that it called, with its mean probability; ✓ where the call is right.",
    )
    return Table(
        id="errors-table",
        title="Lesions that most models misclassified",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(*notes, f"{rest} further lesions are left out.") if rest else notes,
    )


def _called(miss: ClassMiss, model: str) -> Cell:
    if model not in miss.called:
        return text_cell(None)
    name, probability = miss.called[model]
    mark = "✓ " if name == miss.label else ""
    return Cell(text=f"{mark}{name} ({number(probability, 2)})", value=name)
