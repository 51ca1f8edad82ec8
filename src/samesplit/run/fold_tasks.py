"""One task: one model, one seed, one fold. Done once, kept by the hash of its inputs, resumed after a kill."""

from __future__ import annotations

import errno
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import ModelError, SamesplitError, WorkspaceError
from samesplit.execution.dispatch import dispatch
from samesplit.execution.processes import WorkerCrashed
from samesplit.kept import note_damage
from samesplit.models.protocol import Cases, Explains, Model, Prepares, Scored, Segments, TrainingFold
from samesplit.models.settings import ModelSettings, Weights
from samesplit.run.fold_record import read_fold, write_fold
from samesplit.run.fold_result import FoldResult
from samesplit.run.processor import instructions, processor
from samesplit.run.progress import Advance
from samesplit.run.remote_folds import Files, read_files, unpack, worker_store, write_files
from samesplit.run.task_predictions import as_mask_table, as_prediction_table, members_by_column
from samesplit.run.versions import versions
from samesplit.run.weights import WeightKeeper
from samesplit.source import source_digest
from samesplit.storage import (
    hash_object,
    locked,
    replace_directory,
    temporary_directory,
)
from samesplit.tables import prediction_schema, write_table
from samesplit.tasks import DEFAULT_TASK, BinaryTask, SegmentationTask, Task
from samesplit.under_way import doing
from samesplit.uses import uses

__all__ = ["FoldResult", "FoldTask", "run_folds", "with_members"]


_TWO_CLASSES = BinaryTask(question="", positive="positive", negative="negative")
MASKS = "masks"
"""The folder of predicted masks inside that of a fold."""


@dataclass(frozen=True)
class FoldTask:
    """Everything that one fold of one model needs.

    Attributes:
        settings: The model.
        seed: Of this fit.
        repeat: Of the split.
        fold: Of the split.
        cases: All cases of the model per rater.
        subsets: `train`, `validation` or `test` per lesion_id.
        outcomes: Column `label` (class number, or whether the event was seen), and `time` of a survival task, of
            the training and validation lesions by `lesion_id`, and of no other.
        primary_rater: Whose masks the model learns from.
        digest: Hash of the cases' content.
        store: Folder of kept folds.
        task: What is asked.
        task_name: What the benchmark calls it.
        inner: The inner fold that it is fitted for, in words; empty for a fold of the split.
    """

    settings: ModelSettings
    seed: int
    repeat: int
    fold: int
    cases: dict[str, Cases]
    subsets: pd.Series[str]
    outcomes: pd.DataFrame
    primary_rater: str
    digest: str
    store: Path
    task: Task = _TWO_CLASSES
    task_name: str = DEFAULT_TASK
    inner: str = ""

    @cached_property
    def key(self) -> str:
        """The hash of all inputs, under which the result is kept. Equal questions of different names share it.

        Asked for once and then carried along, so that a process that the task is sent to looks for what is there
        already under the same name, whatever has become of the source code meanwhile.
        """
        return hash_object(
            {
                "code": source_digest(__name__, *self.settings.code()),
                "versions": versions(),
                "model": self.settings.digest(),
                "name": self.settings.name,
                "seed": self.seed,
                "fold": [self.repeat, self.fold],
                "subsets": sorted(self.subsets.items()),
                "task": [self.task.kind, list(self.task.prediction_columns), list(_classes(self.task))],
                "outcomes": _plain_outcomes(self.outcomes),
                "cases": self.digest,
                "rater": self.primary_rater,
            }
        )

    @property
    def folder(self) -> Path:
        """Where the finished result stands."""
        return self.store / self.key[:2] / self.key

    @property
    def done(self) -> bool:
        """Whether the result is there, whole, with the weights that are asked for."""
        return bool(read_fold(self.folder, weights=self.weights)[0])

    @property
    def weights(self) -> Weights:
        """Which weights are kept: as the model file says, of an inner fold none."""
        return "none" if self.inner else self.settings.keeps()

    @property
    def working(self) -> Path:
        """Where an attempt leaves what the next one can go on from."""
        return self.store / "working" / self.key

    @property
    def what(self) -> str:
        """The task in words, for who waits."""
        several = f" repeat {self.repeat}" if self.repeat else ""
        seed = f" seed {self.seed}" if len(self.settings.seeds) > 1 else ""
        task = f" {self.task_name}" if self.task_name != DEFAULT_TASK else ""
        inner = f" {self.inner}" if self.inner else ""
        return f"{self.settings.name}{task}{several} fold {self.fold}{inner}{seed}"

    @property
    def lock(self) -> Path:
        """Held by whoever makes or changes the result."""
        return self.store / "locks" / f"{self.key}.lock"

    def build(self) -> Model:
        """Return the unfitted model."""
        return self.settings.build(cache=self.store.parent / "inputs")

    def training_fold(self) -> TrainingFold:
        """Return what the model may learn from."""
        cases = self.cases[self.primary_rater]
        training, validation = (cases.select(_ids(self, cases, part)) for part in ("train", "validation"))
        known, to_choose = (self.outcomes.loc[part.lesion_ids] for part in (training, validation))
        if "label" not in self.outcomes:  # a task of masks
            known, to_choose = (table.assign(label=0) for table in (known, to_choose))
        timed = "time" in self.outcomes
        return TrainingFold(
            training=training,
            training_labels=known["label"],
            validation=validation,
            validation_labels=to_choose["label"],
            seed=self.seed,
            directory=self.working,
            task=self.task,
            training_times=known["time"] if timed else None,
            validation_times=to_choose["time"] if timed else None,
        )


def run_folds(
    tasks: list[FoldTask],
    *,
    jobs: int,
    advance: Advance,
    failed: Mapping[int, str] | None = None,
    scheduler: str | None = None,
    leave_weights: bool = False,
) -> list[FoldResult]:
    """Carry out tasks on several processes or a cluster; what is kept already is not done again.

    A task that fails gives a result with an error and stops no other; only a disk that cannot be written
    stops them all.

    Args:
        tasks: In any order; the longest are best put first.
        jobs: Processes; each task keeps to one thread.
        advance: Told after each task.
        failed: The places of tasks that failed already, with the reason; they are not tried.
        scheduler: Address of a Dask scheduler whose workers fit the folds instead; they need to see the images of
            models that open them, and not the store.
        leave_weights: Whether weights that an earlier run kept stay where they are, whatever is asked for here.

    Returns:
        One result a task, in the order of the tasks.

    Raises:
        WorkspaceError: The disk is full or cannot be written.
    """
    uses(task.folder for task in tasks)
    results = {i: _failed(tasks[i], reason) for i, reason in (failed or {}).items()}
    results |= {i: kept for i, task in enumerate(tasks) if (kept := _kept(task, note=True)) is not None}
    todo = [i for i in range(len(tasks)) if i not in results]
    keeper = WeightKeeper([task.weights for task in tasks], [task.lock for task in tasks])
    for place in () if leave_weights else sorted(results):
        keeper.saw(place, results)
    advance(len(results), len(tasks))
    for number, result in _work_on([tasks[i] for i in todo], jobs, scheduler):
        results[todo[number]] = result
        keeper.saw(todo[number], results)
        advance(len(results), len(tasks))
    again = keeper.lacking(results)
    for place in again:
        shutil.rmtree(tasks[place].folder, ignore_errors=True)
    for number, result in _work_on([tasks[i] for i in again], jobs, scheduler):
        results[again[number]] = result
    return [results[i] for i in range(len(tasks))]


def _work_on(tasks: list[FoldTask], jobs: int, scheduler: str | None) -> Iterator[tuple[int, FoldResult]]:
    """Fit folds in this process for one job, which is the way to debug a model; else in others."""
    if scheduler is None:
        for place, result in dispatch(_carry_out, tasks, jobs=jobs, isolated=jobs > 1):
            if isinstance(result, WorkerCrashed):
                yield place, _failed(tasks[place], result.reason)
            else:
                yield place, result
        return
    for place, sent in dispatch(_carry_out_remotely, _Parcels(tasks), jobs=jobs, scheduler=scheduler):
        task = tasks[place]
        if isinstance(sent, WorkerCrashed):
            yield place, _failed(task, sent.reason)
            continue
        result, files = sent
        if result.folder is not None:
            with locked(task.lock):
                unpack(files, task.folder)
                result = _kept(task) or _failed(task, "what a worker sent back cannot be read")
            shutil.rmtree(task.working, ignore_errors=True)
        yield place, result


class _Parcels(Sequence[Any]):
    """Each fold with what an earlier attempt left, read when its turn comes."""

    def __init__(self, tasks: Sequence[FoldTask]) -> None:
        self.tasks = tasks

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, place: Any) -> Any:
        task = self.tasks[place]
        return task, task.key, read_files(task.working)


def _carry_out_remotely(parcel: tuple[FoldTask, str, Files]) -> tuple[FoldResult, Files]:
    """Fit a fold in a folder of this worker's own; gives the files of its result."""
    sent, key, begun = parcel
    task = replace(sent, store=worker_store())
    task.__dict__["key"] = key  # the caller's, under which it keeps the result
    write_files(begun, task.working)
    result = _carry_out(task)
    if result.folder is None:
        return result, {}
    files = read_files(result.folder)
    shutil.rmtree(result.folder, ignore_errors=True)
    return result, files


def _kept(task: FoldTask, *, note: bool = False) -> FoldResult | None:
    """Return the kept result; None when it has to be made, with a note (if wanted) where it is damaged."""
    record, damage = read_fold(task.folder, weights=task.weights)
    if damage and note:
        note_damage(task.folder, damage)
    if not record:
        return None
    where = (task.settings.name, task.seed, task.repeat, task.fold)
    return FoldResult(
        *where,
        task.folder,
        float(record["seconds"]),
        record=record,
        task=task.task,
        task_name=task.task_name,
    )


def _failed(task: FoldTask, reason: str) -> FoldResult:
    of = f"task {task.task_name}, " if task.task_name != DEFAULT_TASK else ""
    where = f"{of}model {task.settings.name}, seed {task.seed}, repeat {task.repeat}, fold {task.fold}"
    where += f", {task.inner}" if task.inner else ""
    return FoldResult(
        task.settings.name,
        task.seed,
        task.repeat,
        task.fold,
        None,
        0.0,
        error=f"{where}: {reason}",
        task=task.task,
        task_name=task.task_name,
    )


def _carry_out(task: FoldTask) -> FoldResult:
    try:
        with locked(task.lock):
            kept = _kept(task)
            if kept is None:
                with doing(task.what):
                    _fit_and_predict(task)
                kept = _kept(task)
        return kept or _failed(task, "what was just written cannot be read again: is the disk in order?")
    except WorkspaceError:
        raise  # a full or read-only disk stops the run: no model is to blame
    except SamesplitError as error:
        return _failed(task, str(error))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise WorkspaceError(
                f"the disk cannot be written ({error.strerror})",
                where=error.filename or task.store,
                remedy="free some disk space; what was finished is kept, and the same command goes on from there",
            ) from error
        return _failed(task, traceback.format_exc(limit=-6))
    except Exception:  # a model may raise anything; it costs that model, not the run
        return _failed(task, traceback.format_exc(limit=-6))


def _fit_and_predict(task: FoldTask) -> None:
    started = time.perf_counter()
    working = task.working
    working.mkdir(parents=True, exist_ok=True)
    model = task.build()
    model.fit(task.training_fold())
    parts = [(task.primary_rater, "validation"), *((rater, "test") for rater in task.cases)]
    if isinstance(task.task, SegmentationTask):  # another rater's masks change no image
        parts = [*parts[:1], (task.primary_rater, "test")]
    tables = []
    for rater, subset in parts:
        ids = _ids(task, task.cases[rater], subset)
        if ids:
            where = {
                "model": task.settings.name,
                "seed": task.seed,
                "repeat": task.repeat,
                "fold": task.fold,
                "subset": subset,
                "rater": rater,
            }
            asked = task.cases[rater].select(ids)
            if isinstance(task.task, SegmentationTask):
                tables.append(_draw(task, model, asked, where))
            else:
                tables.append(as_prediction_table(model.predict(asked), task.task, where))
    with temporary_directory(beside=task.folder) as fresh:
        predictions = pd.concat(tables, ignore_index=True)
        write_table(predictions, fresh / "predictions.parquet", prediction_schema(task.task))
        for name, table in _with_explanation(task, model, model.details()).items():
            write_table(table, fresh / "details" / f"{name}.parquet")
        if (working / MASKS).is_dir():
            shutil.copytree(working / MASKS, fresh / MASKS)
        (fresh / "model").mkdir()
        model.save(fresh / "model")
        record = {
            "model": task.settings.name,
            "seed": task.seed,
            "repeat": task.repeat,
            "fold": task.fold,
            "seconds": round(time.perf_counter() - started, 3),
            "device": _device(task.settings),
            "processor": processor(),
            "instructions": instructions(),
            "score": model.validation_score() if isinstance(model, Scored) else None,
            "inputs": sorted(model.used_inputs) if isinstance(model, Prepares) else [],
        }
        write_fold(fresh, record, weights=task.weights)
        shutil.rmtree(task.folder, ignore_errors=True)  # whatever stands there is not done
        replace_directory(fresh, task.folder)
    shutil.rmtree(working, ignore_errors=True)


def _device(settings: ModelSettings) -> str:
    """Where a model computes: a network on the device that its file asks for, all others on the processor."""
    torch = sys.modules.get("torch")
    if torch is None or not settings.needs().images:
        return "cpu"
    wanted = getattr(getattr(settings, "training", None), "accelerator", "auto")
    if wanted in ("auto", "gpu") and torch.cuda.is_available():
        return "cuda"
    return "mps" if wanted in ("auto", "mps") and torch.backends.mps.is_available() else "cpu"


def _draw(task: FoldTask, model: Model, cases: Cases, where: dict[str, Any]) -> pd.DataFrame:
    """Let a model draw the masks of some lesions; what an attempt before this one has drawn is not drawn again."""
    if not isinstance(model, Segments):
        raise ModelError("draws no masks", where=f"model {task.settings.name}")
    hidden = {column: "" for column in ("mask", "organ_mask") if column in cases.images}
    unseen = replace(cases, images=cases.images.assign(**hidden))
    inside = Path(MASKS) / str(where["subset"])
    return as_mask_table(model.segment(unseen, task.working / inside), where, inside)


def _with_explanation(
    task: FoldTask, model: Model, details: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Add what a model tells of its test lesions, in every fold of the first repeat and with the first seed.

    An explanation that fails costs itself, with a note, and not the fold that was fitted.
    """
    if task.repeat != 0 or task.seed != task.settings.seeds[0] or not isinstance(model, Explains):
        return details
    cases = task.cases[task.primary_rater]
    training, test = (cases.select(_ids(task, cases, part)) for part in ("train", "test"))
    try:
        return details | model.explain(training, test)
    except (OSError, WorkspaceError):
        raise  # of the disk
    except Exception as error:  # of any library, after the predictions are made
        why = error.problem if isinstance(error, SamesplitError) else f"{type(error).__name__}: {error}"
        note = pd.DataFrame({"note": [f"the fitted network could not be explained ({why})"]})
        return details | {"notes": pd.concat([details.get("notes", note.iloc[:0]), note], ignore_index=True)}


def _classes(task: Task) -> tuple[str, ...]:
    return task.classes if task.kind in ("binary", "multiclass") else ()


def _plain_outcomes(outcomes: pd.DataFrame) -> list[list[Any]]:
    """Return the outcomes as plain data, by lesion."""
    return [
        [str(lesion), *(int(value) for value in values[:1]), *map(float, values[1:])]
        for lesion, *values in outcomes.sort_index().itertuples(name=None)
    ]


def _ids(task: FoldTask, cases: Cases, subset: str) -> list[str]:
    return [lesion for lesion in cases.lesion_ids if task.subsets.get(lesion) == subset]


def with_members(cases: dict[str, Cases], members: pd.DataFrame, task: Task) -> dict[str, Cases]:
    """Give an ensemble's cases the predictions of its members.

    Args:
        cases: Cases per rater.
        members: Predictions of the members in one fold; several seeds of a member are averaged.
        task: What they answer.
    """
    filled = {}
    for rater, given in cases.items():
        rows = members[members["rater"].isin([rater]) | (members["subset"] == "validation")]
        wide = members_by_column(rows, task)
        filled[rater] = replace(given, predictions=wide.reindex(given.lesions.index))
    return filled
