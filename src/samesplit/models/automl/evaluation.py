"""How good a candidate is: its AUC in every inner fold, within limits of time and memory."""

from __future__ import annotations

import json
import logging
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from samesplit.ordering import merge_probabilities

__all__ = ["InnerFold", "Judge", "Limits", "Score", "Serial", "Workers", "remembering", "score"]

TOO_SLOW = "took longer than pipeline_minutes"
TOO_LATE = "the minutes of the search were over"
TOO_MUCH_MEMORY = "needed more than memory_gb, or its process died"


@dataclass(frozen=True)
class InnerFold:
    """One inner fold, prepared on the rows that are fitted on.

    Attributes:
        X_fit: Shape (n_fitted, n_features).
        y_fit: 0 or 1, shape (n_fitted,).
        X_held: Shape (n_held, n_features).
        y_held: 0 or 1, shape (n_held,).
    """

    X_fit: npt.NDArray[np.float64]
    y_fit: npt.NDArray[np.int64]
    X_held: npt.NDArray[np.float64]
    y_held: npt.NDArray[np.int64]

    @property
    def both_classes(self) -> bool:
        """Whether a classifier can be fitted and its AUC told."""
        return len(np.unique(self.y_fit)) == 2 and len(np.unique(self.y_held)) == 2


@dataclass(frozen=True)
class Score:
    """Result of a candidate.

    Attributes:
        aucs: One number an inner fold, NaN where it has one class only; empty when the candidate failed.
        error: Why it failed.
    """

    aucs: tuple[float, ...] = ()
    error: str = ""

    @property
    def mean(self) -> float:
        """The mean AUC over the folds that have one; NaN when there is none."""
        known = [auc for auc in self.aucs if not math.isnan(auc)]
        return float(np.mean(known)) if known else math.nan

    @property
    def final(self) -> bool:
        """Whether another try would give the same: a limit of time may be met on one day and not on another."""
        return self.error not in (TOO_SLOW, TOO_LATE, TOO_MUCH_MEMORY)


class Judge(Protocol):
    """Scores candidates."""

    def __call__(self, pipelines: Sequence[Any], *, until: float) -> Iterator[tuple[int, Score]]:
        """Yield the place and score of each pipeline as it is done; `until` is the end, of `time.monotonic`."""


@dataclass(frozen=True)
class Limits:
    """What one candidate may take, over all inner folds.

    Attributes:
        seconds: None for as long as it takes. A step that is inside compiled code when the time is over is left to
            end in the background.
        memory_gb: Beyond what its process held before; None for no bound. Linux keeps to it, other systems do not.
    """

    seconds: float | None = None
    memory_gb: float | None = None


def score(pipeline: Any, folds: Sequence[InnerFold], limits: Limits = Limits()) -> Score:
    """Fit a candidate in every inner fold and judge it on the rows held out.

    Args:
        pipeline: Unfitted; must give probabilities.
        folds: The inner folds.
        limits: What it may take.
    """
    try:
        with warnings.catch_warnings(), threadpool_limits(1), _memory_limit(limits.memory_gb):
            warnings.simplefilter("ignore")
            if limits.seconds is None:
                return Score(_aucs(pipeline, folds))
            return _within(limits.seconds, pipeline, folds)
    except MemoryError:
        return Score(error=TOO_MUCH_MEMORY)
    except Exception as error:  # a random pipeline may fail in any way; it costs that candidate
        reason = (str(error).strip().splitlines() or [""])[0]
        return Score(error=f"{type(error).__name__}: {reason}")


def _within(seconds: float, pipeline: Any, folds: Sequence[InnerFold]) -> Score:
    from func_timeout import FunctionTimedOut, func_timeout

    try:
        return Score(func_timeout(seconds, _aucs, args=(pipeline, folds)))
    except FunctionTimedOut:
        return Score(error=TOO_SLOW)


@contextmanager
def _memory_limit(memory_gb: float | None) -> Iterator[None]:
    """Allocations beyond what the process holds now, and so much more, fail."""
    status = Path("/proc/self/status")
    if memory_gb is None or not status.exists():
        yield
        return
    import resource

    held = next(line for line in status.read_text().splitlines() if line.startswith("VmData:"))
    before = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = 1024 * int(held.split()[1]) + int(memory_gb * 1e9)
    ceiling = [limit for limit in before if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([wanted, *ceiling]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _aucs(pipeline: Any, folds: Sequence[InnerFold]) -> tuple[float, ...]:
    found = []
    for fold in folds:
        if not fold.both_classes:
            found.append(math.nan)
            continue
        fitted = clone(pipeline).fit(fold.X_fit, fold.y_fit)
        given = merge_probabilities(fitted.predict_proba(fold.X_held)[:, 1])
        found.append(float(roc_auc_score(fold.y_held, given)))
    return tuple(found)


@dataclass(frozen=True)
class Serial:
    """One candidate after the other, in this process.

    Attributes:
        folds: The inner folds.
        limits: What one candidate may take.
    """

    folds: Sequence[InnerFold]
    limits: Limits = Limits()

    def __call__(self, pipelines: Sequence[Any], *, until: float) -> Iterator[tuple[int, Score]]:
        """In their order."""
        return ((place, self._one(pipeline, until)) for place, pipeline in enumerate(pipelines))

    def _one(self, pipeline: Any, until: float) -> Score:
        left = until - time.monotonic()
        if left <= 0:
            return Score(error=TOO_LATE)
        allowed = self.limits.seconds
        if math.isinf(left) or (allowed is not None and allowed <= left):
            return score(pipeline, self.folds, self.limits)
        given = score(pipeline, self.folds, replace(self.limits, seconds=left))
        return Score(error=TOO_LATE) if given.error == TOO_SLOW else given


class Workers:
    """Candidates side by side on Dask workers.

    Args:
        client: A `distributed.Client`.
        folds: The inner folds; sent to the workers once.
        limits: What one candidate may take.
    """

    def __init__(self, client: Any, folds: Sequence[InnerFold], limits: Limits = Limits()) -> None:
        self.client = client
        self.folds = client.scatter([tuple(folds)], broadcast=True, hash=False)[0]
        self.limits = limits

    @classmethod
    @contextmanager
    def local(
        cls, folds: Sequence[InnerFold], *, jobs: int, directory: Path, limits: Limits = Limits()
    ) -> Iterator[Workers]:
        """Start processes on this machine, and end them afterwards.

        Args:
            folds: The inner folds.
            jobs: How many processes, of one thread each.
            directory: For what Dask writes down.
            limits: What one candidate may take.
        """
        import dask
        from distributed import Client, LocalCluster

        with (
            dask.config.set({"distributed.scheduler.allowed-failures": 0}),
            LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                dashboard_address=None,
                local_directory=str(directory),
                silence_logs=logging.CRITICAL + 1,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield cls(client, folds, limits)

    def __call__(self, pipelines: Sequence[Any], *, until: float) -> Iterator[tuple[int, Score]]:
        """In order of completion; no more are under way than there are workers."""
        from distributed import wait

        waiting = list(enumerate(pipelines))
        flying: dict[Any, int] = {}
        try:
            while (waiting or flying) and (left := until - time.monotonic()) > 0:
                while waiting and len(flying) < max(1, len(self.client.nthreads())):
                    place, pipeline = waiting.pop(0)
                    future = self.client.submit(score, pipeline, self.folds, self.limits, pure=False)
                    flying[future] = place
                try:
                    with self.client.as_current():
                        done = wait(list(flying), timeout=min(left, 3600), return_when="FIRST_COMPLETED").done
                except TimeoutError:
                    continue
                for future in done:
                    yield flying.pop(future), _result(future)
            late = [*flying.values(), *(place for place, _ in waiting)]
            yield from ((place, Score(error=TOO_LATE)) for place in late)
        finally:
            self.client.cancel(list(flying))


def _result(future: Any) -> Score:
    from distributed import CancelledError, KilledWorker

    try:
        given: Score = future.result()
    except (KilledWorker, CancelledError):
        return Score(error=TOO_MUCH_MEMORY)
    return given


def remembering(
    judge: Judge, path: Path | None, *, key: Callable[[Any], str], known: Mapping[str, Score] | None = None
) -> Judge:
    """Make a judge that writes down what it finds, so that a search that was killed goes on where it was.

    The search is the same for the same seed: begun anew it asks for the same candidates, and those that are
    written down are answered at once. What a limit cut off is tried again.

    Args:
        judge: Who scores what is not known yet.
        path: A file of one JSON object a line; None to write nothing down.
        key: From a pipeline to the text under which it is remembered.
        known: What is known beforehand, with what limits cut off.
    """
    known = {**({} if path is None else dict(_remembered(path))), **(known or {})}
    if path is not None and path.exists() and not path.read_bytes().endswith(b"\n"):
        _append(path, "\n")  # ends the line at which the search was killed

    def judged(pipelines: Sequence[Any], *, until: float) -> Iterator[tuple[int, Score]]:
        texts = [key(pipeline) for pipeline in pipelines]
        fresh = [place for place, text in enumerate(texts) if text not in known]
        yield from ((place, known[text]) for place, text in enumerate(texts) if text in known)
        for number, found in judge([pipelines[place] for place in fresh], until=until):
            text = texts[fresh[number]]
            if found.final:
                known[text] = found
                if path is not None:
                    _append(path, json.dumps({"key": text, **asdict(found)}) + "\n")
            yield fresh[number], found

    return judged


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _remembered(path: Path) -> Iterator[tuple[str, Score]]:
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines():
        try:
            record = json.loads(line)
            yield record["key"], Score(tuple(record["aucs"]), record["error"])
        except (ValueError, KeyError, TypeError):  # the line at which the search was killed
            continue
