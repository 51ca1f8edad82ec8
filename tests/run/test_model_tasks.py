from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samesplit.errors import DeclarationError, Faults
from samesplit.models.registry import read_model
from samesplit.models.settings import ModelSettings
from samesplit.run.model_tasks import tasks_of_models
from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask, SurvivalTask, Task

BINARY = BinaryTask(question="?", positive="malignant", negative="benign")
TASKS: dict[str, Task] = {
    "malignant": BINARY,
    "grade": BINARY.model_copy(update={"column": "grade"}),
    "subtype": MulticlassTask(question="?", classes=("a", "b", "c"), column="subtype"),
    "survival": SurvivalTask(question="?", time="months", event="died"),
    "where": SegmentationTask(question="?"),
}
PLACES = {
    "size": "benchmark.yaml, line 9",
    "score": "benchmark.yaml, line 10",
    "mean": "benchmark.yaml, line 11",
}


def read(tmp_path: Path, name: str, text: str) -> ModelSettings:
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    return read_model(path)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, ModelSettings]:
    """A model of any classes, one of two classes, and their mean."""
    return {
        "mean": read(tmp_path, "mean", "kind: average\ntitle: M\nmembers: [rule, score]\n"),
        "rule": read(tmp_path, "rule", "kind: zero-rule\ntitle: Z\n"),
        "score": read(tmp_path, "score", "kind: renal-nomogram\ntitle: N\n"),
    }


def find(models: dict[str, ModelSettings], named: dict[str, list[str]] | None = None, **keys: Any) -> Any:
    faults = Faults()
    found = tasks_of_models(TASKS, models, named or {}, PLACES, faults, **keys)
    return found, [str(fault) for fault in faults.found]


def test_a_model_is_fitted_for_all_tasks_that_it_can_do_and_an_ensemble_for_those_of_its_members(
    models: dict[str, ModelSettings],
) -> None:
    found, faults = find(models)
    assert not faults
    assert list(found) == ["mean", "rule", "score"]
    assert found["rule"] == ("malignant", "grade", "subtype")
    assert found["score"] == found["mean"] == ("malignant", "grade")


def test_a_model_is_fitted_for_the_tasks_that_are_named(models: dict[str, ModelSettings]) -> None:
    found, faults = find(models, {"rule": ["subtype", "malignant"], "mean": ["malignant"]})
    assert not faults
    assert (found["rule"], found["mean"]) == (("malignant", "subtype"), ("malignant",))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"score": ["malignent"]}, "benchmark.yaml, line 10: the model 'score' is named for the task 'malignent', "
                                   "which the benchmark does not have\nRemedy: did you mean 'malignant'? "
                                   "tasks are: "),
        ({"score": ["subtype"]}, "benchmark.yaml, line 10: the model 'score' cannot do the task 'subtype': it is "
                                 "of "
                                 "kind multiclass, and the model does binary tasks\nRemedy: take the "
                                 "model out, or "),
        ({"mean": ["subtype"]}, "benchmark.yaml, line 11: the model 'mean' cannot do the task 'subtype': its "
                                "member "
                                "'score' is not fitted for it\nRemedy: take the task out of the model's 'tasks'"),
    ],
)  # fmt: skip
def test_a_task_that_a_model_cannot_do_is_refused_with_its_line(
    models: dict[str, ModelSettings], named: dict[str, list[str]], message: str
) -> None:
    found, faults = find(models, named)
    assert len(faults) == 1
    assert faults[0].startswith(message), faults[0]
    assert not set(named) & set(found)


def test_a_model_that_can_do_no_task_is_refused_unless_nobody_asked_for_it(tmp_path: Path) -> None:
    score = {"score": read(tmp_path, "score", "kind: renal-nomogram\ntitle: N\n")}
    faults = Faults()
    only = {"survival": TASKS["survival"]}
    assert tasks_of_models(only, score, {}, PLACES, faults) == {}
    assert str(faults.found[0]).startswith(
        "benchmark.yaml, line 10: the model 'score' cannot do the benchmark's task: it is of kind survival"
    )
    faults = Faults()
    assert tasks_of_models(only, score, {}, PLACES, faults, optional=["score"]) == {}
    assert not faults.found


def test_what_the_settings_refuse_of_a_task_is_told_in_their_words(
    models: dict[str, ModelSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: ModelSettings, task: Task) -> None:
        if task.kind == "multiclass":
            raise DeclarationError("it ranks for two classes", remedy="choose another selector")

    monkeypatch.setattr(type(models["rule"]), "check_task", refuse)
    found, faults = find({"rule": models["rule"]}, {"rule": ["subtype"]})
    assert not found
    assert (
        "cannot do the task 'subtype': it ranks for two classes\nRemedy: choose another selector" in faults[0]
    )
    assert find({"rule": models["rule"]})[0] == {"rule": ("malignant", "grade")}
