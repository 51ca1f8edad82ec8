from __future__ import annotations

import errno
import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.errors import WorkspaceError
from samesplit.execution.processes import WorkerCrashed
from samesplit.models.protocol import Cases
from samesplit.models.registry import read_model
from samesplit.run import RunOptions, SilentReporter, fold_tasks, load_plan
from samesplit.run.feature_stage import _no_images
from samesplit.run.model_stage import ModelStage, predict_folds
from samesplit.run.remote_folds import worker_store
from samesplit.tasks import DEFAULT_TASK
from samesplit.workflows.run import run_benchmark


def test_a_full_disk_stops_the_run_with_one_message_and_blames_no_model(small_study: SmallStudy) -> None:
    """The folds' folder is a file, which is how any folder that cannot be written shows itself to root, too."""
    folds = small_study.root / "reports" / ".cache" / "folds"
    folds.parent.mkdir(parents=True)
    folds.write_text("in the way")

    with pytest.raises(WorkspaceError, match="cannot be written") as caught:
        run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1)))

    assert str(folds) in str(caught.value)
    assert "the same command goes on from there" in str(caught.value)


@pytest.mark.usefixtures("undrawn")
def test_a_disk_that_fills_up_inside_a_library_stops_the_run_too(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesplit.models.baselines import ZeroRuleModel

    def full(_: ZeroRuleModel, directory: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(directory))

    only = RunOptions(jobs=1, only=("zero-rule",))
    with monkeypatch.context() as patch:
        patch.setattr(ZeroRuleModel, "save", full)
        with pytest.raises(WorkspaceError, match="No space left on device"):
            run_benchmark(load_plan(small_study.folder, only))

    outcome = run_benchmark(load_plan(small_study.folder, only))

    assert outcome.failures == {}


@pytest.mark.usefixtures("undrawn")
def test_models_are_copied_whole_where_there_are_no_hard_links(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("os.link", no_links)
    outcome = run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1, only=("zero-rule",))))

    kept = list((outcome.folder / "models").rglob("model.json"))
    originals = {p.read_bytes() for p in (small_study.root / "reports" / ".cache").rglob("model/model.json")}
    assert kept
    assert {path.read_bytes() for path in kept} <= originals


def a_cluster(died: str = "") -> Callable[..., Iterator[tuple[int, Any]]]:
    """A cluster that is this process; what it is sent and gives back is pickled, as on the way to another."""

    def work(function: Any, items: Sequence[Any], *, address: str) -> Iterator[tuple[int, Any]]:
        assert address == "tcp://somewhere:8786"
        for place in range(len(items)):
            item = pickle.loads(pickle.dumps(items[place]))
            crashed = item[0].what == died
            yield place, WorkerCrashed() if crashed else pickle.loads(pickle.dumps(function(item)))

    return work


def fitted(study: SmallStudy, scheduler: str | None) -> ModelStage:
    """Two models that need no images."""
    plan = load_plan(
        study.folder, RunOptions(jobs=1, only=("zero-rule", "clinical-logistic"), scheduler=scheduler)
    )
    return predict_folds(plan, _no_images(), SilentReporter())


def test_folds_fitted_on_a_cluster_give_the_same_and_are_kept_by_the_caller(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("samesplit.execution.dispatch.map_on_dask", a_cluster())
        there = fitted(small_study, "tcp://somewhere:8786")
    assert there.failures == {}
    folds = small_study.root / "reports" / ".cache" / "folds"
    kept = list(folds.glob("*/*/done.json"))
    assert len(kept) == 4
    assert not list(worker_store().glob("*/*/done.json"))

    for path in kept:
        path.unlink()
    here = fitted(small_study, None)
    pd.testing.assert_frame_equal(here.tasks[DEFAULT_TASK].predictions, there.tasks[DEFAULT_TASK].predictions)


def test_a_worker_that_dies_costs_its_model_only(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samesplit.execution.dispatch.map_on_dask", a_cluster("clinical-logistic fold 1"))
    stage = fitted(small_study, "tcp://somewhere:8786")
    assert list(stage.failures) == ["clinical-logistic"]
    assert "its process died" in stage.failures["clinical-logistic"]
    assert set(stage.tasks[DEFAULT_TASK].predictions["model"]) == {"zero-rule"}


def test_an_explanation_that_fails_costs_itself_and_not_the_fold(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesplit.models.baselines import ZeroRuleModel

    def explain(self: ZeroRuleModel, training: Cases, test: Cases) -> dict[str, pd.DataFrame]:
        raise ValueError("no perplexity fits")

    monkeypatch.setattr(ZeroRuleModel, "explain", explain, raising=False)
    plan = load_plan(small_study.folder, RunOptions(jobs=1, only=("zero-rule",)))
    stage = predict_folds(plan, _no_images(), SilentReporter())
    assert stage.failures == {}
    told = stage.tasks[DEFAULT_TASK]
    assert set(told.predictions["fold"]) == {0, 1}
    notes = set(told.details["notes"]["note"])
    assert notes == {"the fitted network could not be explained (ValueError: no perplexity fits)"}


def test_a_disk_that_is_full_while_explaining_stops_the_run(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesplit.models.baselines import ZeroRuleModel

    def explain(self: ZeroRuleModel, training: Cases, test: Cases) -> dict[str, pd.DataFrame]:
        raise WorkspaceError("the disk is full")

    monkeypatch.setattr(ZeroRuleModel, "explain", explain, raising=False)
    plan = load_plan(small_study.folder, RunOptions(jobs=1, only=("zero-rule",)))
    with pytest.raises(WorkspaceError, match="the disk is full"):
        predict_folds(plan, _no_images(), SilentReporter())


@pytest.mark.parametrize(
    ("gpu", "asked", "device"),
    [(False, "auto", "cpu"), (True, "auto", "cuda"), (True, "gpu", "cuda"), (True, "cpu", "cpu")],
)
def test_a_fold_records_the_device_that_its_model_asked_for(
    gpu: bool, asked: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(__file__).parents[2] / "models" / "resnet18-25d.yaml"
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpu)
    settings = read_model(file, overrides={"training": {"accelerator": asked}})
    assert fold_tasks._device(settings) == device
    assert fold_tasks._device(read_model(file.with_name("ridge.yaml"))) == "cpu"
