"""Which weights stay on the disk: of the best network by its validation part, of all, or of none."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.models.networks.settings import NetworkSettings
from samesplit.models.protocol import Cases
from samesplit.run.fold_tasks import FoldTask, run_folds

SCORES = {(0, 0): -0.7, (0, 1): -0.5, (1, 0): -0.5 - 1e-12, (1, 1): -0.6}
"""By repeat and fold; the best two are equal, so the earlier counts."""


class Stub:
    """A network whose training is left out: it predicts one half and weighs 20 MB."""

    used_inputs = frozenset({"a" * 16})

    def __init__(self, fits: list[Any]) -> None:
        self.fits = fits
        self.place = (0, 0)

    def fit(self, fold: Any) -> None:
        self.place = (fold.seed // 10, fold.seed % 10)
        self.fits.append(self.place)

    def predict(self, cases: Cases) -> pd.DataFrame:
        return pd.DataFrame({"probability": 0.5}, index=cases.lesions.index)

    def validation_score(self) -> float | None:
        return SCORES[self.place]

    def details(self) -> dict[str, pd.DataFrame]:
        return {}

    def save(self, directory: Path) -> None:
        (directory / "settings.json").write_text("{}")
        (directory / "weights.pt").write_bytes(bytes([*self.place]) * (10 * 2**20))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made: list[Any] = []
    monkeypatch.setattr(NetworkSettings, "build", lambda _, cache=None: Stub(made))
    return made


def tasks_of(store: Path, keep: str) -> list[FoldTask]:
    lesions = pd.DataFrame({"patient_id": list("abcd")}, index=pd.Index(list("ABCD"), name="lesion_id"))
    cases = Cases(lesions, pd.DataFrame({"lesion_id": []}), lesions, lesions, ("T1",), "R1")
    subsets = pd.Series({"A": "train", "B": "train", "C": "validation", "D": "test"})
    labels = pd.Series({"A": 0, "B": 1, "C": 1})
    settings = NetworkSettings.model_validate({"name": "net", "title": "Net", "keep": keep})
    return [
        FoldTask(
            settings,
            10 * repeat + fold,
            repeat,
            fold,
            {"R1": cases},
            subsets,
            labels.to_frame("label"),
            "R1",
            "d",
            store,
        )
        for repeat, fold in itertools.product((0, 1), (0, 1))
    ]


def run(store: Path, keep: str, **how: bool) -> list[tuple[int, int]]:
    """The repeats and folds whose weights are on the disk after a run."""
    tasks = tasks_of(store, keep)
    results = run_folds(tasks, jobs=1, advance=lambda *_: None, **how)
    assert [result.error for result in results] == [""] * 4
    assert all(task.done for task in tasks)
    kept = [r for r in results if r.folder and (r.folder / "model" / "weights.pt").exists()]
    return [(result.repeat, result.fold) for result in kept]


@pytest.mark.parametrize(
    ("keep", "kept"), [("none", []), ("best", [(0, 1)]), ("all", [(0, 0), (0, 1), (1, 0), (1, 1)])]
)
def test_weights_are_kept_as_declared(
    tmp_path: Path, fits: list[Any], keep: str, kept: list[tuple[int, int]]
) -> None:
    assert run(tmp_path, keep) == kept
    assert len(fits) == 4
    assert run(tmp_path, keep) == kept
    assert len(fits) == 4  # what was dropped is no damage
    size = sum(path.stat().st_size for path in tmp_path.rglob("weights.pt"))
    assert size == len(kept) * 20 * 2**20


def test_predictions_do_not_depend_on_what_is_kept_and_only_missing_weights_are_made_again(
    tmp_path: Path, fits: list[Any]
) -> None:
    assert run(tmp_path, "all") == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert run(tmp_path, "best") == [(0, 1)]
    assert len(fits) == 4
    assert run(tmp_path, "none") == []
    assert len(fits) == 4
    assert run(tmp_path, "best") == [(0, 1)]
    assert fits[4:] == [(0, 1)]  # the best one alone is trained again
    assert run(tmp_path, "all") == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len(fits) == 8


def test_a_learning_curve_leaves_the_weights_that_a_run_has_kept(tmp_path: Path, fits: list[Any]) -> None:
    assert run(tmp_path, "none", leave_weights=True) == []
    assert run(tmp_path, "best") == [(0, 1)]
    assert run(tmp_path, "none", leave_weights=True) == [(0, 1)]
    assert len(fits) == 5


def test_of_several_tasks_the_best_network_of_each_is_kept(tmp_path: Path, fits: list[Any]) -> None:
    first = tasks_of(tmp_path, "best")
    second = [
        replace(task, task_name="grade", outcomes=task.outcomes.assign(label=[1, 0, 0])) for task in first
    ]
    results = run_folds([*first, *second], jobs=1, advance=lambda *_: None)
    kept = [r for r in results if r.folder and (r.folder / "model" / "weights.pt").exists()]
    assert [(r.task_name, r.repeat, r.fold) for r in kept] == [("task", 0, 1), ("grade", 0, 1)]


@pytest.mark.parametrize("damage", ["cut off", "zeros", "deleted"])
def test_damaged_weights_are_made_again(
    tmp_path: Path, fits: list[Any], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path, "best")
    (path,) = tmp_path.rglob("weights.pt")
    size = path.stat().st_size
    if damage == "deleted":
        path.unlink()
    else:
        path.write_bytes(b"\0" * (size if damage == "zeros" else size // 2))

    assert run(tmp_path, "best") == [(0, 1)]

    assert fits[4:] == [(0, 1)]
    assert "model/weights.pt" in caplog.text


def test_the_default_is_the_best_alone() -> None:
    settings = NetworkSettings.model_validate({"name": "net", "title": "Net"})

    assert settings.keeps() == "best"
    assert settings.digest() == settings.model_copy(update={"keep": "all"}).digest()
