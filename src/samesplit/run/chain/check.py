"""Whether the chain that benchmark.yaml declares can be made, found out before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from samesplit.benchmarks.chain_settings import ChainSettings
from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.errors import DeclarationError
from samesplit.models.settings import ModelSettings
from samesplit.tasks import ClassificationTask, Task

__all__ = ["chain_task", "check_chain", "classifiers_of"]


def chain_task(chain: ChainSettings, tasks: Mapping[str, Task]) -> str:
    """Return the name of the task whose masks the chain hands on; "" where there is none or more than one."""
    masks = [name for name, task in tasks.items() if task.kind == "segmentation"]
    if chain.task is not None:
        return chain.task if chain.task in masks else ""
    return masks[0] if len(masks) == 1 else ""


def classifiers_of(
    chain: ChainSettings,
    models: Sequence[ModelSettings],
    tasks: Mapping[str, Task],
    model_tasks: Mapping[str, Sequence[str]],
) -> tuple[str, ...]:
    """Return the names of the models that diagnose, in the order of the models.

    Args:
        chain: The chain.
        models: All models of the run.
        tasks: The tasks by name.
        model_tasks: The names of the tasks that each model is fitted for.
    """
    able = {
        model.name
        for model in models
        if (
            _looks(model, models)
            and any(isinstance(tasks[t], ClassificationTask) for t in model_tasks[model.name])
        )
    }
    return tuple(
        m.name for m in models if m.name in able and (not chain.classifiers or m.name in chain.classifiers)
    )


def check_chain(
    definition: BenchmarkDefinition,
    models: Sequence[ModelSettings],
    model_tasks: Mapping[str, Sequence[str]],
    folder: Path,
    *,
    only: Sequence[str] = (),
) -> None:
    """See to it that the models of the chain are there and can do what they are named for.

    Args:
        definition: Of the benchmark; without a chain there is nothing to check.
        models: Those of the run.
        model_tasks: The names of the tasks that each of them is fitted for.
        folder: The benchmark's folder, for messages.
        only: The models that were asked for; where there are any, those of the chain may lack.

    Raises:
        DeclarationError: There is no such model or task, or it cannot do its part.
    """
    chain = definition.chain
    if chain is None:
        return
    where, tasks = f"{folder / 'benchmark.yaml'}, chain", definition.all_tasks()
    asked = chain_task(chain, tasks)
    if not asked:
        masks = [name for name, task in tasks.items() if task.kind == "segmentation"]
        raise DeclarationError(
            "no single task of masks is named whose masks are handed on",
            where=where,
            remedy=f"write 'task: NAME' under chain; tasks of masks are: {', '.join(masks) or 'none'}",
        )
    listed = [model.name for model in definition.model_uses()]
    there = {model.name for model in models}
    for name in (*chain.segmentation, *chain.classifiers):
        if name not in listed:
            near = difflib.get_close_matches(name, listed, n=1)
            raise DeclarationError(
                f"'models' lists no model '{name}'",
                where=where,
                remedy=(f"did you mean '{near[0]}'? " if near else "")
                + f"its models are: {', '.join(listed)}",
            )
    for name in chain.segmentation:
        if name in there and asked not in model_tasks[name]:
            raise DeclarationError(
                f"the model '{name}' draws no masks for the task '{asked}'",
                where=where,
                remedy="name a model of kind segmentation-network",
            )
    able = classifiers_of(chain, models, tasks, model_tasks)
    for name in chain.classifiers:
        if name in there and name not in able:
            raise DeclarationError(
                f"the model '{name}' does not classify by features or images, so that masks would change nothing",
                where=where,
                remedy="take it out of 'classifiers'",
            )
    if not able and not only:
        raise DeclarationError(
            "no model classifies by features or images",
            where=where,
            remedy="list one under 'models', or take 'chain' out",
        )
    if definition.features is not None:
        raise DeclarationError(
            "a table of features made elsewhere tells nothing of predicted masks",
            where=where,
            remedy="extract features with 'profiles', or take 'chain' out",
        )


def _looks(model: ModelSettings, models: Sequence[ModelSettings]) -> bool:
    """Whether masks change what a model, or any member of it, is given."""
    needs = model.needs()
    members = [one for one in models if one.name in needs.members]
    return bool(needs.profiles or needs.images or any(_looks(one, models) for one in members))
