from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask, SurvivalTask, Task

ANY: TypeAdapter[Any] = TypeAdapter(Task)
BINARY = {"kind": "binary", "question": "?", "positive": "malignant", "negative": "benign"}
MULTICLASS = {"kind": "multiclass", "question": "?", "classes": ["AML", "cyst", "solid"]}
SURVIVAL = {"kind": "survival", "question": "?", "time": "months", "event": "died"}
SEGMENTATION = {"kind": "segmentation", "question": "?"}


@pytest.mark.parametrize(
    ("declared", "kind", "columns", "predicted"),
    [
        (BINARY, BinaryTask, ("label",), ("probability",)),
        (BINARY | {"column": "grade"}, BinaryTask, ("grade",), ("probability",)),
        (MULTICLASS, MulticlassTask, ("label",), ("AML", "cyst", "solid")),
        (SURVIVAL, SurvivalTask, ("months", "died"), ("risk",)),
        (SEGMENTATION, SegmentationTask, (), ("mask",)),
    ],
)
def test_a_task_says_where_its_outcome_stands_and_what_an_answer_looks_like(
    declared: dict[str, Any], kind: type, columns: tuple[str, ...], predicted: tuple[str, ...]
) -> None:
    task = ANY.validate_python(declared)
    assert isinstance(task, kind)
    assert (task.columns, task.prediction_columns) == (columns, predicted)
    assert ANY.validate_python(task.model_dump(mode="json")) == task


def test_the_classes_are_numbered_in_their_order_and_of_two_the_positive_one_is_1() -> None:
    assert ANY.validate_python(BINARY).classes.index("malignant") == 1
    assert ANY.validate_python(MULTICLASS).classes == ("AML", "cyst", "solid")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (BINARY | {"negative": "malignant"}, "positive and negative must be two different classes"),
        (BINARY | {"indeterminate": ["benign"]}, "'benign' stands under indeterminate and is a class too"),
        (MULTICLASS | {"classes": ["a", "b", "a"]}, "the classes must be different from each other"),
        (MULTICLASS | {"classes": ["a"]}, "at least 3 items"),
        (MULTICLASS | {"classes": ["a", "b"]}, "two classes make a binary task: write 'kind: binary'"),
        (MULTICLASS | {"classes": ["a", "fold", "b"]}, "a class cannot be called 'fold'"),
        (BINARY | {"among": {"site": []}}, "'site' lists no value"),
        (MULTICLASS | {"classes": list("abcdefghijk")}, "at most 10 items"),
        (MULTICLASS | {"indeterminate": ["AML"]}, "'AML' stands under indeterminate"),
        (SURVIVAL | {"event": "months"}, "time and event must be two different columns"),
        (SURVIVAL | {"classes": ["a"]}, "Extra inputs are not permitted"),
        ({"kind": "ordinal", "question": "?"}, "'ordinal' found using 'kind' does not match any"),
    ],
)
def test_what_cannot_be_is_refused(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ANY.validate_python(declared)
    assert message in str(caught.value)


def test_a_single_value_of_the_lesions_that_are_asked_about_needs_no_list() -> None:
    one = ANY.validate_python(BINARY | {"among": {"site": "north", "grade": ["1", "2"]}})
    assert one.among == {"site": ("north",), "grade": ("1", "2")}
