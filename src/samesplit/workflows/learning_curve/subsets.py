"""The fits of a learning curve: folds as a run has them, with fewer of their training lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from samesplit.benchmarks.splits import nested_subsets
from samesplit.errors import DeclarationError
from samesplit.evaluation.learning_curve import ALL_DRAWS
from samesplit.models.settings import ModelSettings
from samesplit.run.fold_tasks import FoldTask
from samesplit.run.model_inputs import ModelInputs
from samesplit.run.model_stage import fold_task
from samesplit.run.plan import Plan
from samesplit.tasks import ClassificationTask

__all__ = ["SMALLEST", "SubsetFit", "default_sizes", "subset_fits", "training_lesions"]

SMALLEST = 16
"""By default no subset is smaller than so many lesions."""
_STEPS = 5

Fold = tuple[int, int]


@dataclass(frozen=True)
class SubsetFit:
    """One fit of a curve.

    Attributes:
        task: What is fitted.
        size: At most so many training lesions.
        draw: The number of the draw of subsets; `ALL_DRAWS` for the whole training part.
        lesions: How many training lesions there are.
    """

    task: FoldTask
    size: int
    draw: int
    lesions: int


def training_lesions(plan: Plan, asked: str) -> dict[Fold, list[str]]:
    """Return the training lesions of each (repeat, fold) that have an outcome in a task."""
    answered = set(plan.outcomes[asked].index)
    return {
        pair: [one for one in plan.split.lesions(plan.cohort.lesions, *pair, "train") if one in answered]
        for pair in plan.split.pairs()
    }


def default_sizes(training: Mapping[Fold, Sequence[str]]) -> tuple[int, ...]:
    """Halve the smallest training part, up to five sizes of no fewer than `SMALLEST` lesions.

    Example:
        >>> default_sizes({(0, 0): ["L"] * 100})
        (25, 50, 100)
    """
    most = min(len(lesions) for lesions in training.values())
    sizes = [most // 2**step for step in range(_STEPS)]
    return tuple(sorted({size for size in sizes if size >= SMALLEST} | {most}))


def check_sizes(sizes: Sequence[int], training: Mapping[Fold, Sequence[str]], task: str) -> tuple[int, ...]:
    """Return sizes in rising order, each once.

    Raises:
        DeclarationError: One is larger than a training part, or there is none.
    """
    ordered = tuple(sorted(set(sizes)))
    (repeat, fold), least = min(training.items(), key=lambda item: len(item[1]))
    if ordered[0] < 2 or ordered[-1] > len(least):
        wrong = ordered[0] if ordered[0] < 2 else ordered[-1]
        raise DeclarationError(
            f"a subset of {wrong} training lesions cannot be drawn: the training part of repeat {repeat}, fold "
            f"{fold} has {len(least)}{f' in the task {task}' if task else ''}",
            where="--sizes",
            remedy=f"give sizes from 2 to {len(least)}, or leave --sizes out",
        )
    return ordered


def subset_fits(
    plan: Plan,
    asked: str,
    models: Sequence[ModelSettings],
    inputs: Mapping[str, ModelInputs],
    *,
    sizes: Sequence[int],
    draws: int,
    seed: int,
) -> list[SubsetFit]:
    """List every fit: models, seeds, folds, sizes and draws; what is the same for all draws stands there once.

    Args:
        plan: The benchmark.
        asked: The name of the task.
        models: Those whose curves are drawn.
        inputs: What each is given, by name.
        sizes: Of the subsets, rising.
        draws: How many times subsets are drawn.
        seed: Of the draws.

    Raises:
        DeclarationError: A subset lacks a class.
    """
    subsets = {
        (*pair, draw, size): subset
        for pair, lesions in training_lesions(plan, asked).items()
        for draw in range(draws)
        for size, subset in zip(sizes, _drawn(plan, asked, lesions, sizes, (seed, *pair, draw)), strict=True)
    }
    fits = []
    for model in models:
        for one in model.seeds:
            for repeat, fold in plan.split.pairs():
                whole = fold_task(plan, asked, model, inputs[model.name], seed=one, repeat=repeat, fold=fold)
                whole = replace(whole, settings=model.model_copy(update=_without_weights(model)))
                everyone = int((whole.subsets == "train").sum())
                for size in sizes:
                    for draw in range(draws):
                        subset = subsets[repeat, fold, draw, size]
                        if len(subset) == everyone:
                            fits.append(SubsetFit(whole, size, ALL_DRAWS, everyone))
                            break
                        fits.append(SubsetFit(_of(whole, subset), size, draw, len(subset)))
    # Models that open images, and large subsets, take longest and begin first.
    return sorted(fits, key=lambda fit: (not fit.task.settings.needs().images, -fit.lesions))


def _drawn(
    plan: Plan, asked: str, lesions: Sequence[str], sizes: Sequence[int], key: tuple[int, ...]
) -> list[list[str]]:
    """Return the nested subsets of one training part in one draw."""
    patients = plan.cohort.lesions.set_index("lesion_id")["patient_id"]
    labels = plan.outcomes[asked]["label"]
    classes = {lesion: int(labels[lesion]) for lesion in lesions}
    found = nested_subsets({lesion: str(patients[lesion]) for lesion in lesions}, classes, sizes, key)
    task = plan.tasks[asked]
    assert isinstance(task, ClassificationTask)
    for size, subset in zip(sizes, found, strict=True):
        lacking = sorted(set(range(len(task.classes))) - {classes[lesion] for lesion in subset})
        if lacking:
            raise DeclarationError(
                f"a subset of {size} training lesions holds no lesion of the class "
                f"'{task.classes[lacking[0]]}' (repeat {key[1]}, fold {key[2]})",
                where="--sizes",
                remedy="let the smallest size be larger, so that a stratified subset of it holds every class",
            )
    return found


def _of(whole: FoldTask, subset: Sequence[str]) -> FoldTask:
    """Return the fit with some of its training lesions; validation and test part stay as they are."""
    kept = set(subset)
    stays = (whole.subsets != "train") | whole.subsets.index.isin(kept)
    known = (whole.subsets[whole.outcomes.index] != "train") | whole.outcomes.index.isin(kept)
    return replace(whole, subsets=whole.subsets[stays], outcomes=whole.outcomes[known.to_numpy()])


def _without_weights(model: ModelSettings) -> dict[str, str]:
    """Return the setting that keeps no weights of a network; a curve has many and uses none again."""
    return {"keep": "none"} if "keep" in type(model).model_fields else {}
