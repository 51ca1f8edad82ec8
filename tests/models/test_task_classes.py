from __future__ import annotations

import pandas as pd
import pytest

from samesplit.errors import ModelError
from samesplit.models.task_classes import check_classes, class_names
from samesplit.tasks import BinaryTask, MulticlassTask, SurvivalTask

THREE = MulticlassTask(question="Which?", classes=("A", "B", "C"))


def test_labels_are_zero_and_one() -> None:
    with pytest.raises(ModelError, match=r"\[0, 1, 2\]"):
        check_classes(pd.Series([0, 1, 2]), model="m")
    with pytest.raises(ModelError, match=r"negative and no lesion of the positive class"):
        check_classes(pd.Series([], dtype="int64"), model="m")


def test_classes_are_named_by_their_task_and_of_two_by_their_sign() -> None:
    assert class_names(BinaryTask(question="Which?", positive="malignant", negative="benign")) == (
        "negative",
        "positive",
    )
    assert class_names(THREE) == ("A", "B", "C")
    with pytest.raises(ModelError, match="a survival task has no classes to learn"):
        class_names(SurvivalTask(question="How long?", time="months", event="death"))


def test_classes_of_several_that_are_missing_are_named() -> None:
    check_classes(pd.Series([0, 1, 2]), model="m", task=THREE)
    with pytest.raises(ModelError, match=r"\(2 lesions\) has no lesion of the class B, C"):
        check_classes(pd.Series([0, 0]), model="m", task=THREE)
    with pytest.raises(ModelError, match=r"labels must be 0 to 2, found \[0, 3\]"):
        check_classes(pd.Series([0, 3]), model="m", task=THREE)
