"""The pieces of all models that search, done before their folds are fitted: on all cores, or on a Dask cluster.

Each result is kept in the working folder of its fold the moment it is there. A killed run goes on with the
pieces that are missing, and fitting a fold whose pieces are all there is quick.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from samesplit.errors import SamesplitError, WorkspaceError
from samesplit.execution.work_units import WorkUnit, run_work_units
from samesplit.models.protocol import HasWorkUnits
from samesplit.run.fold_tasks import FoldTask
from samesplit.run.progress import Advance
from samesplit.storage import make_directory

__all__ = ["run_searches", "searching"]

Rounds = list[list[WorkUnit]]

_AT_ONCE_BYTES = 512 * 1024**2


def searching(tasks: Sequence[FoldTask]) -> list[int]:
    """Return the places of the tasks that have pieces to be done."""
    return [place for place, task in enumerate(tasks) if task.settings.searches and not task.done]


def run_searches(
    tasks: Sequence[FoldTask],
    places: Sequence[int],
    *,
    jobs: int,
    scheduler: str | None = None,
    advance: Advance,
) -> dict[int, str]:
    """Do the pieces of some tasks; what is kept already is not done again.

    A piece that fails, or whose process dies, fails its own task and no other.

    Args:
        tasks: Of models that search and of others.
        places: Those that have pieces to be done; see `searching`.
        jobs: Processes of this machine; 1 does all in this one.
        scheduler: Address of a Dask scheduler whose workers do the pieces instead; they need not see this disk.
        advance: Told the number of pieces done and in all, over all tasks.

    Returns:
        The places of the tasks that failed, with the reason.

    Raises:
        WorkspaceError: The disk cannot be written, or the scheduler is not there.
    """
    failed: dict[int, str] = {}
    groups = list(_groups(tasks, places))
    stages_of: dict[int, Rounds] = {}
    counts: dict[int, int] = {}
    for place in places:
        work_unit_stages = _work_unit_stages(tasks[place], place, failed)
        counts[place] = sum(len(wanted) for wanted in work_unit_stages)
        if len(groups) == 1:  # else they are made again, some at a time: each holds the features of its fold
            stages_of[place] = work_unit_stages
    done, total = 0, sum(counts.values())
    advance(done, total)
    for group in groups:
        ready = [place for place in group if place not in failed]
        here = {
            place: stages_of.get(place) or _work_unit_stages(tasks[place], place, failed) for place in ready
        }
        for number in range(max(map(len, here.values()), default=0)):
            for place, reason in _do_round(tasks, here, number, failed, jobs=jobs, scheduler=scheduler):
                if reason:
                    failed.setdefault(place, reason)
                done += 1
                advance(done, total)
    advance(total, total)
    return {place: reason for place, reason in failed.items() if not tasks[place].done}


def _work_unit_stages(task: FoldTask, place: int, failed: dict[int, str]) -> Rounds:
    """Return the pieces of a task; none where the model cannot even begin, and why."""
    try:
        model = task.build()
        if not isinstance(model, HasWorkUnits):
            return []
        return [list(wanted) for wanted in model.work_unit_stages(task.training_fold())]
    except WorkspaceError:
        raise
    except SamesplitError as error:
        failed.setdefault(place, str(error))
    except Exception:  # a model may raise anything; it costs that model, not the run
        failed.setdefault(place, traceback.format_exc(limit=-6))
    return []


def _groups(tasks: Sequence[FoldTask], places: Sequence[int]) -> Iterator[list[int]]:
    """Tasks whose inputs fit into the memory together, at least one."""
    group: list[int] = []
    held = 0
    for place in places:
        size = 8 * tasks[place].cases[tasks[place].primary_rater].features.size
        if group and held + size > _AT_ONCE_BYTES:
            yield group
            group, held = [], 0
        group.append(place)
        held += size
    if group:
        yield group


def _do_round(
    tasks: Sequence[FoldTask],
    stages_of: Mapping[int, Rounds],
    number: int,
    failed: Mapping[int, str],
    *,
    jobs: int,
    scheduler: str | None,
) -> Iterator[tuple[int, str]]:
    """Do one round of several tasks together; gives the task of each piece, and why the piece failed."""
    owners: list[int] = []
    pieces: list[tuple[Path, WorkUnit]] = []
    for place, work_unit_stages in stages_of.items():
        if place not in failed and number < len(work_unit_stages):
            # Made now: a long piece on this machine writes down beside it how far it is.
            folder = make_directory(tasks[place].working / "pieces")
            owners += [place] * len(work_unit_stages[number])
            what = tasks[place].what
            pieces += [
                (folder, replace(piece, what=f"{what} {piece.what}".strip()))
                for piece in work_unit_stages[number]
            ]
    for at, reason in run_work_units(pieces, jobs=jobs, scheduler=scheduler):
        yield owners[at], reason
