"""Probabilities of a task of two classes, and graded columns, judged as risks of later events.

`statistics.prognosis` in benchmark.yaml asks for it: does the probability of an aggressive mass say who dies
earlier, also beside stage and grade? Nothing is fitted: the predictions of the one task, restricted to lesions
with follow-up, join those of the survival task under names of their own, and so do columns such as the ISUP grade.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from samesplit.benchmarks.statistics_settings import PrognosisSettings
from samesplit.evaluation.binary.operating_point import choose_thresholds
from samesplit.run.plan import Plan
from samesplit.tables import RISK_PREDICTIONS, check_table

__all__ = ["adjusted_for", "cuts_of_scores", "records_of_scores", "score_name", "with_scores"]

_FIT = ["seed", "repeat", "fold"]
_KEY = ["model", *_FIT, "subset", "rater", "lesion_id"]


def score_name(task: str, model: str) -> str:
    """Name the probability of a model as a risk.

    Example:
        >>> score_name("aggressive", "resnet18")
        'aggressive-by-resnet18'
    """
    return f"{task}-by-{model}"


def with_scores(plan: Plan, predictions: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Add the scores that `statistics.prognosis` declares to the predictions of its survival tasks.

    Args:
        plan: The run.
        predictions: Of each task: of all models, those made elsewhere included.

    Returns:
        The same tables; those of survival tasks that are named have a row more for each lesion with follow-up and
        each score: `<task>-by-<model>` with the probability as risk, and each comparator with the rank of its
        value, in every fold that the task's models have predictions of.
    """
    joined, constant = dict(predictions), _constant(plan)
    for asked in plan.definition.statistics.prognosis:
        for outcome in asked.outcomes:
            known = set(plan.outcomes[outcome].index)
            own = predictions[asked.task]
            own = own[own["lesion_id"].isin(known) & own["subset"].isin(["test", "validation"])]
            own = own[~own["model"].isin(constant)]
            scores = own.rename(columns={"probability": "risk"}).assign(
                model=[score_name(asked.task, str(model)) for model in own["model"]]
            )
            tables = [joined[outcome], scores[[*_KEY, "risk"]], _comparators(plan, asked, own)]
            tables = [table for table in tables if len(table)]
            if tables:
                joined[outcome] = check_table(pd.concat(tables, ignore_index=True), RISK_PREDICTIONS)
    return joined


def _constant(plan: Plan) -> set[str]:
    """Return the models that give all lesions the same probability, which orders nothing."""
    return {model.name for model in plan.models if model.constant}


def _comparators(plan: Plan, asked: PrognosisSettings, predicted: pd.DataFrame) -> pd.DataFrame:
    """Return graded columns as risks of the lesions that models predicted; without a value there is no row."""
    lesions = plan.cohort.lesions.set_index("lesion_id")
    places = predicted[["repeat", "fold", "subset", "rater", "lesion_id"]].drop_duplicates()
    tables = []
    for column, values in asked.comparators.items():
        ranks = dict(zip(values, range(len(values)), strict=True))
        risk = places["lesion_id"].map(lesions[column].map(_as_told).map(ranks))
        table = places.assign(model=column, seed=0, risk=risk.astype("float64")).dropna(subset="risk")
        tables.append(table[[*_KEY, "risk"]])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*_KEY, "risk"])


def _as_told(value: Any) -> str | None:
    """Write a value of lesions.csv as it stands there: a grade that was read as 3.0 is 3."""
    if pd.isna(value):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def adjusted_for(plan: Plan, outcome: str) -> dict[str, str] | None:
    """Return the columns beside which hazard ratios of a survival task are estimated once more, and their kinds.

    Args:
        plan: The run.
        outcome: The survival task.

    Returns:
        Columns of numbers are a `number`, others a `category`; None where nothing was declared, and the clinical
        variables count.
    """
    columns = [
        column
        for asked in plan.definition.statistics.prognosis
        if outcome in asked.outcomes
        for column in asked.adjust
    ]
    if not columns:
        return None
    lesions = plan.cohort.lesions
    numbers = {column: pd.to_numeric(lesions[column], errors="coerce") for column in columns}
    return {
        column: "number" if numbers[column].notna().equals(lesions[column].notna()) else "category"
        for column in dict.fromkeys(columns)
    }


def cuts_of_scores(
    plan: Plan,
    predictions: Mapping[str, pd.DataFrame],
    outcome: str,
    truths: Mapping[str, pd.DataFrame],
    operating_point: str | float,
) -> dict[str, pd.Series[float]]:
    """Return above which risk a score is high: where the task itself calls a lesion positive.

    Args:
        plan: The run.
        predictions: Of each task.
        outcome: The survival task.
        truths: The truth of each task, from which validation lesions choose the threshold.
        operating_point: How the threshold is chosen.

    Returns:
        By score: the threshold of each fit, by seed, repeat and fold. Fits without one are left out.
    """
    cuts: dict[str, pd.Series[float]] = {}
    rater = plan.definition.cohort.rater
    for asked in plan.definition.statistics.prognosis:
        if outcome not in asked.outcomes or predictions[asked.task].empty:
            continue
        own = predictions[asked.task]
        own = own[own["rater"] == (rater if rater in set(own["rater"]) else own["rater"].iloc[0])]
        declared = {
            external.name: external.threshold
            for external in plan.externals
            if external.task == asked.task and external.threshold is not None
        }
        found = choose_thresholds(own, truths[asked.task], operating_point, declared)
        for model, part in found.dropna(subset="threshold").groupby("model"):
            cuts[score_name(asked.task, str(model))] = part.set_index(_FIT)["threshold"]
    return cuts


def records_of_scores(plan: Plan) -> list[dict[str, Any]]:
    """Return how run.json names the scores, by which the report knows their titles."""
    titles = {model.name: model.title for model in plan.models}
    titles |= {external.name: external.title for external in plan.externals}
    constant = _constant(plan)
    found: dict[str, dict[str, Any]] = {}
    for asked in plan.definition.statistics.prognosis:
        answered = [
            model.name
            for model in plan.models
            if asked.task in plan.model_tasks[model.name] and model.name not in constant
        ]
        answered += [external.name for external in plan.externals if external.task == asked.task]
        for model in answered:
            entry = _record(
                score_name(asked.task, model),
                f"{titles[model]}: probability in the task {asked.task}",
                f"The probability that {titles[model]} gives in the task {asked.task}, as a risk.",
                asked.outcomes,
            )
            found[entry["name"]] = entry
        for column, values in asked.comparators.items():
            entry = _record(
                column,
                column.replace("_", " "),
                f"The column {column} of lesions.csv in the order {', '.join(values)}, as a risk.",
                asked.outcomes,
            )
            found[entry["name"]] = entry
    return list(found.values())


def _record(name: str, title: str, description: str, tasks: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "kind": "score",
        "description": description,
        "seeds": [],
        "control": False,
        "tasks": list(tasks),
        "settings": {},
    }
