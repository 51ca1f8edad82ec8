"""The pieces of all folds done before the folds: counted, kept through a kill, and blamed on their own model."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import WorkspaceError
from samesplit.execution import work_units as module
from samesplit.models.protocol import Cases
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.run import fold_tasks as folds
from samesplit.run import grid_tasks as searches
from samesplit.run import model_stage
from samesplit.run.fold_tasks import FoldTask, run_folds
from samesplit.run.grid_tasks import run_searches, searching
from samesplit.run.progress import SilentReporter
from samesplit.source import source_digest

N_PIECES = 2 + 2 * 2
"""Of one task: two inner folds rank, and two classifiers are scored in each."""


def grid(name: str = "grid", **keys: Any) -> RadiomicsGridSettings:
    given = {
        "selectors": ["anova-f"],
        "classifiers": ["naive-bayes", "lda"],
        "sizes": [2, 3],
        "inner_folds": 2,
    }
    return RadiomicsGridSettings.model_validate({"name": name, "title": name} | given | keys)


def tasks_of(store: Path, *models: RadiomicsGridSettings) -> list[FoldTask]:
    """Two folds of each model, on 40 lesions with a planted feature."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"L{i:02d}" for i in range(40)], name="lesion_id")
    y = pd.Series(np.arange(40) % 2, index=ids)
    values = rng.normal(size=(40, 5))
    values[:, 0] += y
    cases = Cases(
        lesions=pd.DataFrame({"patient_id": ids.to_numpy()}, index=ids),
        images=pd.DataFrame({"lesion_id": list(ids)}),
        features=pd.DataFrame(values, index=ids, columns=[f"mr/T2/f{i}" for i in range(5)]),
        predictions=pd.DataFrame(index=ids),
        sequences=("T2",),
        rater="R1",
    )
    tasks = []
    for model in models:
        for fold in (0, 1):
            test = np.arange(40) // 2 % 2 == fold
            subsets = pd.Series(np.where(test, "test", "train"), index=ids)
            tasks.append(
                FoldTask(
                    settings=model, seed=0, repeat=0, fold=fold, cases={"R1": cases}, subsets=subsets,
                    outcomes=pd.DataFrame({"label": y[~test]}), primary_rater="R1", digest="cases", store=store,
                )
            )  # fmt: skip
    return tasks


def search(tasks: list[FoldTask], **keys: Any) -> tuple[dict[int, str], list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    how = {"jobs": 1, "advance": lambda done, total: told.append((done, total))} | keys
    return run_searches(tasks, searching(tasks), **how), told


def fit(tasks: list[FoldTask], failed: dict[int, str] | None = None) -> list[Any]:
    return run_folds(tasks, jobs=1, advance=lambda *_: None, failed=failed)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every piece that is begun in this process."""
    begun: list[Any] = []
    attempt = module._attempt
    monkeypatch.setattr(module, "_attempt", lambda call: (begun.append(call), attempt(call))[1])
    return begun


def test_the_pieces_of_all_folds_are_counted_together_and_the_fits_only_read_them(
    tmp_path: Path, attempts: list[Any]
) -> None:
    tasks = tasks_of(tmp_path / "folds", grid())
    failed, told = search(tasks)
    assert failed == {}
    assert told == [*((done, 2 * N_PIECES) for done in range(2 * N_PIECES + 1)), (2 * N_PIECES,) * 2]
    assert len(attempts) == 2 * N_PIECES
    results = fit(tasks)
    assert len(attempts) == 2 * N_PIECES
    assert [result.error for result in results] == ["", ""]
    assert not list((tmp_path / "folds" / "working").iterdir())  # what the results are made of is not kept
    plain = fit(tasks_of(tmp_path / "plain", grid()))
    assert len(attempts) == 4 * N_PIECES  # without the stage each fold does its own pieces
    for one, other in zip(results, plain, strict=True):
        pd.testing.assert_frame_equal(one.predictions(), other.predictions())
        pd.testing.assert_frame_equal(one.details()["grid_folds"], other.details()["grid_folds"])
    assert searching(tasks) == []


def test_a_run_killed_in_the_middle_goes_on_with_the_pieces_that_are_missing(
    tmp_path: Path, attempts: list[Any]
) -> None:
    source_digest.cache_clear()  # the other process reads the code as it is now
    died = subprocess.run([sys.executable, __file__, str(tmp_path / "folds")], check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "folds").rglob("*.npz")}
    assert len(kept) == 5
    tasks = tasks_of(tmp_path / "folds", grid())
    failed, told = search(tasks)
    assert failed == {}
    assert told[-1] == (2 * N_PIECES, 2 * N_PIECES)
    assert len(attempts) == 2 * N_PIECES - 5
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    whole = fit(tasks_of(tmp_path / "whole", grid()))
    for one, other in zip(fit(tasks), whole, strict=True):
        pd.testing.assert_frame_equal(one.predictions(), other.predictions())


def test_a_piece_that_fails_fails_its_own_model_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attempts: list[Any]
) -> None:
    from sklearn.naive_bayes import GaussianNB

    def broken(*_: Any) -> Any:
        raise ValueError("no luck")

    monkeypatch.setattr(GaussianNB, "predict_proba", broken)
    tasks = tasks_of(tmp_path / "folds", grid("ill"), grid("well", classifiers=["lda"]))
    failed, told = search(tasks)
    assert set(failed) == {0, 1}
    assert "the classifier 'naive-bayes' failed" in failed[0]
    assert "ValueError: no luck" in failed[0]
    assert told[-1][0] == told[-1][1]
    before = len(attempts)
    results = fit(tasks, failed)
    assert len(attempts) == before  # those that failed are not tried again
    assert ["no luck" in result.error for result in results] == [True, True, False, False]
    assert [result.model for result in results] == ["ill", "ill", "well", "well"]


def test_a_search_that_cannot_begin_fails_its_own_model_with_its_reason(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path / "folds", grid("ill", compare="validation"), grid("well"))
    failed, told = search(tasks)
    assert set(failed) == {0, 1}
    assert "validation part" in failed[0]
    assert told[-1] == (2 * N_PIECES, 2 * N_PIECES)


def test_folds_that_do_not_fit_into_the_memory_together_come_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "_AT_ONCE_BYTES", 1)
    tasks = tasks_of(tmp_path / "folds", grid())
    work_unit_stages: list[int] = []
    run_work_units = searches.run_work_units
    monkeypatch.setattr(
        searches,
        "run_work_units",
        lambda given, **how: (work_unit_stages.append(len(given)), run_work_units(given, **how))[1],
    )
    failed, told = search(tasks)
    assert failed == {}
    assert told[-1] == (2 * N_PIECES, 2 * N_PIECES)
    assert work_unit_stages == [2, 4, 2, 4]


def test_a_long_piece_finds_the_folder_in_which_it_writes_down_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[bool] = []
    tasks = tasks_of(tmp_path / "folds", grid())
    run_work_units = searches.run_work_units

    def look(pieces: Any, **how: Any) -> Any:
        there.extend(task.training_fold().directory.is_dir() for task in tasks)
        return run_work_units(pieces, **how)

    monkeypatch.setattr(searches, "run_work_units", look)
    search(tasks)
    assert there == [True] * 4


def test_a_working_folder_that_cannot_be_made_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "folds").write_text("in the way")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        search(tasks_of(tmp_path / "folds", grid()))


def test_a_task_keeps_its_name_when_the_code_changes_while_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, other = tasks_of(tmp_path / "folds", grid())
    key = task.key
    monkeypatch.setattr(folds, "source_digest", lambda *_: "changed")
    assert pickle.loads(pickle.dumps(task)).key == key
    assert tasks_of(tmp_path / "folds", grid())[0].key != key
    assert other.key != key


def test_the_scheduler_of_the_command_line_is_given_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    run_work_units = searches.run_work_units

    def remember(pieces: Any, *, jobs: int, scheduler: str | None) -> Any:
        asked.append((jobs, scheduler))
        return run_work_units(pieces, jobs=1)

    monkeypatch.setattr(searches, "run_work_units", remember)
    plan: Any = SimpleNamespace(options=SimpleNamespace(jobs=3, scheduler="tcp://10.0.0.1:8786"))
    tasks = tasks_of(tmp_path / "folds", grid())
    assert model_stage._search(plan, tasks, SilentReporter()) == {}
    assert asked == [(3, "tcp://10.0.0.1:8786")] * 2
    fit(tasks)
    assert model_stage._search(plan, tasks, SilentReporter()) == {}
    assert len(asked) == 2  # nothing is left to be searched


def die_after(pieces: int) -> None:
    """Let this process die like one that is killed, when it begins the next piece after some."""
    attempt, begun = module._attempt, []

    def doomed(call: Any) -> Any:
        if len(begun) == pieces:
            os.kill(os.getpid(), signal.SIGKILL)
        begun.append(call)
        return attempt(call)

    module._attempt = doomed


if __name__ == "__main__":
    die_after(5)
    search(tasks_of(Path(sys.argv[1]), grid()))
