"""Which lesions were called wrongly, by whom."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from samesplit.ordering import above, at_least, ranked
from samesplit.reports.context import Context
from samesplit.reports.rows import records

__all__ = ["Miss", "miss_table", "misses", "reference_errors"]


@dataclass(frozen=True)
class Miss:
    """A lesion and how many called it wrongly.

    Attributes:
        lesion_id: The lesion.
        label: Its class by name.
        models_wrong: Sum over models of the share of their calls (folds, repeats, seeds) that were wrong.
        models: How many models called it; constant and other controls are left out.
        readers_wrong: How many readings were wrong.
        readers: How many readings called it.
        titles: Titles of the models that were wrong in more than half of their calls.
    """

    lesion_id: str
    label: str
    models_wrong: float
    models: int
    readers_wrong: int
    readers: int
    titles: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of all who called it, who were wrong; models and readings count alike."""
        return (self.models_wrong + self.readers_wrong) / max(self.models + self.readers, 1)


def miss_table(context: Context) -> list[Miss]:
    """Every judged lesion with its wrong calls, the most missed first."""
    lesions = context.data.lesions
    shares = _model_shares(context, lesions["positive"])
    wrong: dict[str, dict[str, float]] = {}
    for row in records(shares):
        wrong.setdefault(str(row["lesion_id"]), {})[str(row["model"])] = float(row["wrong"])
    read = _reading_errors(context, lesions["positive"]).groupby(level=0).agg(["sum", "size"])
    readings = {str(lesion): (int(found["sum"]), int(found["size"])) for lesion, found in read.iterrows()}
    found = []
    for lesion, label in zip(map(str, lesions.index), lesions["label"], strict=True):
        mine, (readers_wrong, readers) = wrong.get(lesion, {}), readings.get(lesion, (0, 0))
        if mine or readers:
            titles = tuple(context.title(model) for model, share in mine.items() if above(share, 0.5))
            found.append(
                Miss(lesion, str(label), sum(mine.values()), len(mine), readers_wrong, readers, titles)
            )
    found.sort(key=lambda miss: miss.lesion_id)
    return [found[place] for place in ranked([miss.share for miss in found], descending=True)]


def misses(context: Context) -> list[Miss]:
    """Return the lesions that at least half of the models and readings called wrongly."""
    return [miss for miss in miss_table(context) if at_least(miss.share, 0.5)]


def reference_errors(context: Context) -> list[tuple[str, str]]:
    """Lesions by how far the reference model's mean probability is from the truth, with a caption."""
    test = context.data.test_predictions()
    name = context.reference.name if context.reference else (context.models[0].name if context.models else "")
    mean = test[test["model"] == name].groupby("lesion_id")["probability"].mean()
    truth = context.data.lesions["positive"].reindex(mean.index)
    labels = context.data.lesions["label"]
    far = (mean - truth).abs()
    ordered = far.iloc[ranked(far, descending=True)]
    return [
        (str(i), f"{labels[i]}; probability of {context.data.positive} {mean[i]:.2f}") for i in ordered.index
    ]


def _model_shares(context: Context, truth: pd.Series[int]) -> pd.DataFrame:
    """Columns lesion_id, model, wrong: the share of a model's calls of a lesion that are wrong."""
    judged = [model.name for model in context.models if not model.is_control]
    rows = context.data.table("decisions")
    if rows.empty:
        return pd.DataFrame({"lesion_id": [], "model": [], "wrong": []})
    rows = rows[rows["model"].isin(judged) & rows["decision"].notna() & rows["lesion_id"].isin(truth.index)]
    primary = rows[rows["rater"] == context.data.rater]
    rows = primary if len(primary) else rows
    wrong = rows["decision"].astype(int).to_numpy() != truth.reindex(rows["lesion_id"]).to_numpy()
    order = pd.Categorical(rows["model"], categories=judged, ordered=True)
    table = rows.assign(model=order, wrong=wrong.astype(float))
    return table.groupby(["lesion_id", "model"], observed=True, sort=True)["wrong"].mean().reset_index()


def _reading_errors(context: Context, truth: pd.Series[int]) -> pd.Series[bool]:
    readings = context.data.readings
    judged = set(context.data.test_predictions()["lesion_id"])
    rows = readings[readings["decision"].notna() & readings["lesion_id"].isin(judged & set(truth.index))]
    wrong = rows["decision"].astype(int).to_numpy() != truth.reindex(rows["lesion_id"]).to_numpy()
    return pd.Series(wrong, index=rows["lesion_id"].to_numpy())
