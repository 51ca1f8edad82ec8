from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from samesplit.models.automl.evaluation import (
    TOO_LATE,
    TOO_MUCH_MEMORY,
    TOO_SLOW,
    InnerFold,
    Limits,
    Score,
    Serial,
    remembering,
    score,
)


class Waits(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    def __init__(self, seconds: float = 30.0) -> None:
        self.seconds = seconds

    def fit(self, X: Any, y: Any) -> Waits:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(0.01)
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.column_stack([1 - X[:, 0], X[:, 0]])


class Hoards(Waits):
    def fit(self, X: Any, y: Any) -> Waits:
        self.hoard_ = np.zeros((400, 1000, 1000))
        return self


def folds(n: int = 3, one_class: bool = False) -> list[InnerFold]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(n):
        y = np.arange(24) % 2
        held = np.zeros(12, dtype=np.int64) if one_class and number == 0 else y[:12]
        made.append(InnerFold(rng.normal(size=(24, 2)) + y[:, None], y, rng.normal(size=(12, 2)), held))
    return made


def test_a_score_is_the_auc_of_probabilities_in_each_fold() -> None:
    given = folds()
    found = score(LogisticRegression(), given)
    fitted = [LogisticRegression().fit(fold.X_fit, fold.y_fit) for fold in given]
    wanted = [
        roc_auc_score(fold.y_held, each.predict_proba(fold.X_held)[:, 1])
        for fold, each in zip(given, fitted, strict=True)
    ]
    assert found.aucs == pytest.approx(wanted)
    assert found.mean == pytest.approx(np.mean(wanted))


def test_a_fold_with_one_class_does_not_count() -> None:
    found = score(LogisticRegression(), folds(one_class=True))
    assert math.isnan(found.aucs[0])
    assert found.mean == pytest.approx(np.mean(found.aucs[1:]))


def test_a_classifier_without_probabilities_is_given_up_with_the_reason() -> None:
    found = score(LinearSVC(), folds())
    assert found.error.startswith("AttributeError")
    assert math.isnan(found.mean)
    assert found.final


def test_a_slow_candidate_is_given_up_in_time() -> None:
    started = time.monotonic()
    found = score(Waits(), folds(), Limits(seconds=0.2))
    assert found == Score(error=TOO_SLOW)
    assert time.monotonic() - started < 5
    assert not found.final


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux keeps to a limit of memory")
def test_a_candidate_that_needs_too_much_memory_is_given_up_and_the_next_is_not() -> None:
    assert score(Hoards(), folds(), Limits(memory_gb=0.5)) == Score(error=TOO_MUCH_MEMORY)
    assert score(LogisticRegression(), folds(), Limits(memory_gb=0.5)).aucs
    assert np.zeros((100, 1000, 1000)).nbytes == 8e8  # the limit is gone


def test_when_the_search_is_over_what_is_left_is_not_begun() -> None:
    judge = Serial(folds(1))
    until = time.monotonic() + 1.0
    found = dict(judge([Waits(0.0), Waits(), Waits()], until=until))
    assert found[0].aucs
    assert found[1] == found[2] == Score(error=TOO_LATE)


def test_what_is_written_down_is_not_done_again_and_a_broken_line_is(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    asked: list[Any] = []

    def judge(pipelines: Any, *, until: float) -> Any:
        for place, pipeline in enumerate(pipelines):
            asked.append(pipeline)
            yield place, Score(error=TOO_SLOW) if pipeline == "slow" else Score((0.5, math.nan))

    first = remembering(judge, path, key=str)
    assert dict(first(["a", "slow", "b"], until=math.inf))[2].aucs[0] == 0.5
    path.write_text(path.read_text(encoding="utf-8") + '{"key": "c", "au', encoding="utf-8")
    again = remembering(judge, path, key=str)
    found = dict(again(["b", "slow", "c", "a"], until=math.inf))
    assert asked == ["a", "slow", "b", "slow", "c"]
    assert sorted(found) == [0, 1, 2, 3]
    assert found[3].aucs[0] == 0.5
    assert math.isnan(found[3].aucs[1])
