"""What ensembles that learn out of fold ask of a run: which fits, what they cost, and which failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from samesplit.models.settings import ModelSettings
from samesplit.run.fold_parts import FoldPart, PartsOfModels, parts_of_models
from samesplit.run.part_results import PartResults
from samesplit.run.plan import Plan
from samesplit.run.progress import Reporter

__all__ = ["fold_subsets", "inner_seconds", "plan_parts", "tell_extra_fits", "why_lost"]


def plan_parts(plan: Plan) -> PartsOfModels:
    """Return the folds of the split on which each model is fitted, and the inner folds that ensembles need."""
    folds = {
        asked: [
            FoldPart(asked, repeat, fold, (), fold_subsets(plan, asked, repeat, fold))
            for repeat, fold in plan.split.pairs()
        ]
        for asked in plan.tasks
    }
    by_model = {
        model.name: [part for asked in plan.model_tasks[model.name] for part in folds[asked]]
        for model in plan.models
    }
    lesions = plan.cohort.lesions
    patients = dict(zip(lesions["lesion_id"], lesions["patient_id"], strict=True))
    return parts_of_models(plan.models, by_model, patients, plan.outcomes)


def fold_subsets(plan: Plan, asked: str, repeat: int, fold: int) -> dict[str, str]:
    """Return the subset of each lesion that has an outcome in a task."""
    answered = set(plan.outcomes[asked].index)
    return {
        lesion: subset
        for subset in ("train", "validation", "test")
        for lesion in plan.split.lesions(plan.cohort.lesions, repeat, fold, subset)
        if lesion in answered
    }


def tell_extra_fits(plan: Plan, parts: PartsOfModels, reporter: Reporter) -> None:
    """Say before the start what the ensembles' out-of-fold predictions cost."""
    learning = [model.title for model in plan.models if model.needs().inner_folds]
    extra = {model.title: parts.extra_fits([model]) for model in plan.models}
    if any(extra.values()):
        each = ", ".join(f"{title} {count}" for title, count in extra.items() if count)
        reporter.say(
            f"{', '.join(learning)}: learnt from predictions of lesions that the members were fitted without. "
            f"For that the members are fitted {sum(extra.values())} times more, on inner folds ({each})."
        )


def inner_seconds(plan: Plan, model: ModelSettings, parts: PartsOfModels, results: PartResults) -> float:
    """Add up the time of all fits on inner folds that an ensemble asked for."""
    inner = {part for (name, _, _), cut in parts.inner.items() for part in cut if name == model.name}
    return sum(result.seconds for member in _below(plan, model) for result in results.of(member, inner))


def _below(plan: Plan, model: ModelSettings) -> list[str]:
    """Name the members of an ensemble, and the members of those."""
    by_name = {each.name: each for each in plan.models}
    found: dict[str, None] = {}
    for member in model.needs().members:
        found |= dict.fromkeys([member, *_below(plan, by_name[member])])
    return list(found)


def why_lost(
    model: ModelSettings, asked: str, failed: Mapping[str, str], parts: PartsOfModels, results: PartResults
) -> str:
    """Say why an ensemble cannot be fitted to a task; empty where it can.

    Args:
        model: The ensemble.
        asked: The name of the task.
        failed: By model: why it failed in the task.
        parts: Which inner folds it learns from.
        results: What its members gave.
    """
    members: Sequence[str] = model.needs().members
    lost = [member for member in members if member in failed]
    if lost:
        return f"its member {', '.join(lost)} failed"
    inner = {
        part
        for (name, part_of, _), cut in parts.inner.items()
        if name == model.name and part_of.task == asked
        for part in cut
    }
    for member in members:
        for result in results.of(member, inner):
            if result.folder is None:
                return f"its member {member} failed where it was fitted again: {result.error}"
    return ""
