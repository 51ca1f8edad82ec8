from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from samesplit.audit.cohort import _binary_task
from samesplit.errors import DeclarationError
from samesplit.tasks import BinaryTask, SurvivalTask

BINARY = BinaryTask(question="?", positive="p", negative="n")
TASKS = {
    "survival": SurvivalTask(question="?", time="m", event="e"),
    "malignant": BINARY,
    "aggressive": BINARY,
}


def plan(**tasks: Any) -> Any:
    return SimpleNamespace(tasks=tasks, definition=SimpleNamespace(name="study"))


def test_the_first_task_of_two_classes_is_audited_unless_another_is_named() -> None:
    assert _binary_task(plan(**TASKS), None) == "malignant"
    assert _binary_task(plan(**TASKS), "aggressive") == "aggressive"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "survival",
            "the task 'survival' has other than two classes, and leaks are measured by the AUC of two",
        ),
        (
            "agressive",
            "the benchmark has no task 'agressive'\nRemedy: did you mean 'aggressive'? binary tasks are",
        ),
    ],
)
def test_a_task_that_cannot_be_audited_is_refused(name: str, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        _binary_task(plan(**TASKS), name)
    assert message in str(caught.value)


def test_without_a_task_of_two_classes_there_is_nothing_to_audit() -> None:
    with pytest.raises(DeclarationError, match="the benchmark has no task of two classes to audit"):
        _binary_task(plan(survival=TASKS["survival"]), None)
