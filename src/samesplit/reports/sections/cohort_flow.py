"""The cohort flow: how many lesions there are, which could be used, and which were evaluated in each task."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Flow, FlowStep
from samesplit.reports.formatting import counted
from samesplit.reports.rows import groups

__all__ = ["class_counts", "cohort_flows", "scored_lesions"]

_TASK = "task "
"""How the stage of ledger rows begins that tell why a lesion is left out of a task."""


def cohort_flows(contexts: Sequence[Context]) -> list[Flow]:
    """Build one flow; of several tasks one that they share, and one for each of them.

    Args:
        contexts: The tasks of the run.
    """
    first = contexts[0]
    if len(contexts) == 1:
        asked = set(first.data.lesions.index)
        apart = [_outcome_step(first)] if first.data.task.name else []
        steps = [*_shared_steps(contexts), *apart, *_task_steps(first, _usable(contexts) & asked)]
        return [Flow(id="flow", title="Cohort flow (STARD)", steps=tuple(steps))]
    flows = [Flow(id="flow", title="Cohort flow (STARD)", steps=tuple(_shared_steps(contexts)))]
    for context in contexts:
        asked = set(context.data.lesions.index)
        steps = [_outcome_step(context), *_task_steps(context, asked & _usable(contexts))]
        title = f"Cohort flow of the task “{context.data.task.title}”"
        flows.append(Flow(id=f"flow-{context.data.task.prefix}", title=title, steps=tuple(steps)))
    return flows


def _cases(context: Context) -> pd.DataFrame:
    """Return the ledger without readings, and without what only leaves a lesion out of a task."""
    ledger = context.data.ledger
    return ledger[(ledger["stage"] != "readings") & ~ledger["stage"].str.startswith(_TASK)]


def _marked(contexts: Sequence[Context]) -> tuple[set[str], set[str], set[str]]:
    """All lesions found, those with something missing, failed or excluded, and those that were predicted."""
    ledger = _cases(contexts[0])
    gone = set(ledger.loc[ledger["status"] == "excluded", "lesion_id"])
    found = set(contexts[0].data.cohort.index) | gone
    incomplete = set(ledger.loc[ledger["status"].isin(["missing", "failed", "excluded"]), "lesion_id"])
    predicted = set().union(*(context.data.predictions["lesion_id"] for context in contexts))
    return found, incomplete, predicted


def _usable(contexts: Sequence[Context]) -> set[str]:
    found, incomplete, predicted = _marked(contexts)
    return found - (incomplete - predicted)


def _shared_steps(contexts: Sequence[Context]) -> list[FlowStep]:
    context = contexts[0]
    alone = not context.data.task.name
    ledger = _cases(context)
    found, incomplete, predicted = _marked(contexts)
    usable = _usable(contexts)
    complete = f"{len(found - incomplete)} with {'all sequences' if len(context.data.images) else 'features'}"
    return [
        FlowStep(
            title="Lesions in the cohort",
            lesions=len(found),
            patients=int(context.data.cohort["patient_id"].nunique()),
            text=class_counts(context, context.data.lesions.index) if alone else "",
            leaving=_reasons(ledger, "excluded", "excluded"),
        ),
        FlowStep(
            title="Usable by at least one model",
            lesions=len(usable),
            patients=_patients(context, usable),
            text=", ".join(text for text in (complete, _repaired(ledger)) if text),
            leaving=(
                *_reasons(ledger, "missing", "without", still=predicted),
                *_reasons(ledger, "failed", "failed,", still=predicted),
            ),
        ),
    ]


def _outcome_step(context: Context) -> FlowStep:
    ledger = context.data.ledger
    own = ledger[ledger["stage"] == f"{_TASK}{context.data.task.name}"]
    lesions = set(context.data.lesions.index)
    return FlowStep(
        title="With an outcome" if context.data.task.kind != "segmentation" else "Asked for",
        lesions=len(lesions),
        patients=_patients(context, lesions),
        text=class_counts(context, lesions),
        leaving=_reasons(own, "excluded", "left out"),
    )


def _task_steps(context: Context, usable: set[str]) -> list[FlowStep]:
    tested = set(context.data.test_predictions()["lesion_id"])
    scored = scored_lesions(context)
    steps = []
    if len(tested) < len(usable):
        steps.append(
            FlowStep(
                title="In a test part",
                lesions=len(tested),
                patients=_patients(context, tested),
                text=class_counts(context, tested),
                leaving=(f"{len(usable - tested)} for training and validation only",),
            )
        )
    lost = tuple(
        f"{counted(len(tested - mine), 'lesion')} without a prediction of {model.title}"
        for model in context.models
        if (mine := _predicted(context, model.name)) and tested - mine
    )
    steps.append(
        FlowStep(
            title="Evaluated: the same lesions for all models",
            lesions=len(scored),
            patients=_patients(context, scored),
            text=class_counts(context, scored),
            leaving=lost,
        )
    )
    return steps


def _predicted(context: Context, model: str) -> set[str]:
    test = context.data.test_predictions()
    return set(test.loc[test["model"] == model, "lesion_id"])


def scored_lesions(context: Context) -> set[str]:
    """Give the lesions that every model predicted, on which all of them are evaluated."""
    sets = [_predicted(context, model.name) for model in context.models]
    return set.intersection(*sets) if sets else set()


def _patients(context: Context, lesions: set[str]) -> int:
    table = context.data.cohort
    return int(table.loc[table.index.isin(lesions), "patient_id"].nunique())


def class_counts(context: Context, lesions: Collection[str]) -> str:
    """Count lesions by their class in the task, in words: `63 malignant, 54 benign`.

    Args:
        context: The task.
        lesions: Which of its lesions.
    """
    task = context.data.task
    inside = context.data.lesions.loc[context.data.lesions.index.isin(list(lesions)), "label"]
    if task.kind == "survival":
        events = int((inside == "event").sum())
        return f"{events} with an event, {len(inside) - events} censored"
    order = task.classes if task.kind == "multiclass" else tuple(reversed(task.classes))
    return ", ".join(f"{int((inside == name).sum())} {name}" for name in order)


def _reasons(ledger: pd.DataFrame, status: str, verb: str, still: set[str] | None = None) -> tuple[str, ...]:
    rows = ledger[ledger["status"] == status]
    found = []
    for (sequence, reason), part in groups(rows, ["sequence", "reason"]):
        ids = set(part["lesion_id"])
        kept = (
            f"; {len(ids & still)} kept for models that do not need it"
            if still is not None and ids & still
            else ""
        )
        where = f" {sequence}" if sequence else ""
        found.append(f"{len(ids)} {verb}{where}: {reason}{kept}")
    return tuple(sorted(found, key=lambda text: (-int(text.split(" ", 1)[0]), text)))


def _repaired(ledger: pd.DataFrame) -> str:
    ids = ledger.loc[ledger["status"] == "repaired", "lesion_id"].nunique()
    return f"{counted(ids, 'lesion')} repaired" if ids else ""
