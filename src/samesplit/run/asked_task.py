"""Which task of a benchmark somebody means who asks for one by name, or for none."""

from __future__ import annotations

import difflib

from samesplit.errors import DeclarationError
from samesplit.run.plan import Plan
from samesplit.tasks import Task

__all__ = ["asked_task"]


def asked_task(
    plan: Plan,
    name: str | None,
    kinds: tuple[type[Task], ...],
    *,
    none: str,
    other: str,
    these: str,
) -> str:
    """Return the name of the task that was asked for, or of the benchmark's first of some kinds.

    Args:
        plan: The benchmark's.
        name: What was asked for; None for the first.
        kinds: The kinds of task that will do.
        none: What to say where nothing was asked for and the benchmark has no such task.
        other: What to say of a task of another kind, after its name.
        these: What the tasks that will do are called.

    Raises:
        DeclarationError: There is no such task.
    """
    known = [one for one, task in plan.tasks.items() if isinstance(task, kinds)]
    if name is None and known:
        return known[0]
    if name is not None and name in known:
        return name
    near = difflib.get_close_matches(name or "", known, n=1)
    raise DeclarationError(
        none
        if name is None
        else f"the task '{name}' {other}"
        if name in plan.tasks
        else f"the benchmark has no task '{name}'",
        where=plan.definition.name,
        remedy=(f"did you mean '{near[0]}'? " if near else "") + f"{these} are: {', '.join(known) or 'none'}",
    )
