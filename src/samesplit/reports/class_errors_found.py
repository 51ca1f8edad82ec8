"""Which lesions were misclassified in a task with several classes, and as what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from samesplit.ordering import ranked
from samesplit.reports.context import Context
from samesplit.reports.rows import groups

__all__ = ["ClassMiss", "class_misses"]


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

    @property
    def caption(self) -> str:
        """In words: the class, and what the models called it."""
        called = Counter(name for name, _ in self.called.values() if name != self.label)
        named = ", ".join(f"{name} by {count}" for name, count in sorted(called.items()))
        return f"{self.label}; called {named} of {self.models} models" if named else self.label


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
    means = groups(test, ["model", "lesion_id", "class"])
    return {
        (str(m), str(lesion), str(c)): float(part["probability"].mean()) for (m, lesion, c), part in means
    }
