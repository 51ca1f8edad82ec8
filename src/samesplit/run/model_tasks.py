"""Which tasks each model is fitted for: those it names or all that it can do, refused before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from samesplit.errors import DeclarationError, Faults
from samesplit.models.settings import ModelSettings
from samesplit.tasks import Task

__all__ = ["tasks_of_models"]


def tasks_of_models(
    tasks: Mapping[str, Task],
    models: Mapping[str, ModelSettings],
    named: Mapping[str, Sequence[str]],
    places: Mapping[str, str],
    faults: Faults,
    *,
    optional: Sequence[str] = (),
) -> dict[str, tuple[str, ...]]:
    """Find the tasks that each model is fitted for.

    Args:
        tasks: The benchmark's tasks by name.
        models: The models by name, each before those that are made of it or after.
        named: The tasks that the benchmark names for a model; empty or absent for all that it can do.
        places: The line of each model in benchmark.yaml, for messages.
        faults: Gathers models that are named for a task that does not exist or that they cannot do, and models
            that can do none.
        optional: Models that nobody asked for: where they can do no task they are left out without a word.

    Returns:
        The names of the tasks by model, in the order of the benchmark; models at fault, and optional ones that
        can do no task, are not there.
    """
    found: dict[str, tuple[str, ...]] = {}
    tried: set[str] = set()

    def of(name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tasks of a model, those of its members first."""
        if name in tried or name in above or name not in models:
            return found.get(name, ())
        tried.add(name)
        here = (*above, name)  # a ring of models is told elsewhere
        members = [m for m in models[name].needs().members if m in models and m not in here]
        allowed = [set(of(member, here)) for member in members]
        # Of a member at fault nothing is known: it is told by itself.
        members, allowed = (
            [m for m, its in zip(members, allowed, strict=True) if its],
            [a for a in allowed if a],
        )
        with faults.kept():
            found[name] = _tasks_of(
                models[name], tasks, named.get(name, ()), places.get(name, ""), members, allowed
            )
        return found.get(name, ())

    for name in models:
        if name in optional:
            with Faults().kept():
                quiet = _tasks_of(models[name], tasks, (), "", [], [])
                found[name] = quiet
        else:
            of(name, ())
    return {name: found[name] for name in models if name in found}


def _tasks_of(
    settings: ModelSettings,
    tasks: Mapping[str, Task],
    named: Sequence[str],
    place: str,
    members: Sequence[str],
    allowed: Sequence[set[str]],
) -> tuple[str, ...]:
    """Return the tasks of one model.

    Raises:
        DeclarationError: It is named for a task that there is not or that it cannot do, or can do none.
    """
    model = f"the model '{settings.name}'"
    unknown = [name for name in named if name not in tasks]
    if unknown:
        near = difflib.get_close_matches(unknown[0], tasks, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise DeclarationError(
            f"{model} is named for the task '{unknown[0]}', which the benchmark does not have",
            where=place,
            remedy=f"{hint}tasks are: {', '.join(tasks)}",
        )
    able, reasons = [], {}
    for name, task in tasks.items():
        why = _cannot(settings, task)
        lacking = [member for member, its in zip(members, allowed, strict=True) if name not in its]
        if why is None and lacking:
            why = DeclarationError(f"its member '{lacking[0]}' is not fitted for it")
        if why is None:
            able.append(name)
        else:
            reasons[name] = why
    wanted = list(named) or able
    lost = [name for name in wanted if name in reasons]
    if lost:
        why = reasons[lost[0]]
        raise DeclarationError(
            f"{model} cannot do the task '{lost[0]}': {why.problem}",
            where=place,
            remedy=why.remedy or "take the task out of the model's 'tasks'",
        )
    if not wanted:
        why = next(iter(reasons.values()))
        which = "any task of the benchmark" if len(tasks) > 1 else "the benchmark's task"
        raise DeclarationError(
            f"{model} cannot do {which}: {why.problem}",
            where=place,
            remedy=why.remedy or "take the model out",
        )
    return tuple(name for name in tasks if name in wanted)


def _cannot(settings: ModelSettings, task: Task) -> DeclarationError | None:
    """Why a model cannot do a task; None where it can."""
    kinds = settings.task_kinds()
    if task.kind not in kinds:
        return DeclarationError(
            f"it is of kind {task.kind}, and the model does {' and '.join(sorted(kinds))} tasks",
            remedy="take the model out, or name the tasks that it can do: {name: NAME, use: FILE, tasks: [...]}",
        )
    try:
        settings.check_task(task)
    except DeclarationError as error:
        return error
    return None
