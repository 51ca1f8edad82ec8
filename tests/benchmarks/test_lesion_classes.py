from __future__ import annotations

import pandas as pd

from samesplit.benchmarks.fingerprint import cohort_hash, patient_fingerprints
from samesplit.benchmarks.lesion_classes import LesionClasses, as_lesion_classes, classes_of_tasks
from samesplit.tasks import DEFAULT_TASK, BinaryTask, MulticlassTask, SegmentationTask, SurvivalTask, Task

LESIONS = pd.DataFrame({"lesion_id": ["a", "b", "c"], "patient_id": ["p", "p", "q"]})
TASKS: dict[str, Task] = {
    "malignant": BinaryTask(question="?", positive="yes", negative="no"),
    "subtype": MulticlassTask(question="?", classes=("AML", "cyst", "clear cell"), column="subtype"),
    "recurrence": SurvivalTask(question="?", time="months", event="recurrence"),
    "outline": SegmentationTask(question="?"),
}
OUTCOMES = {
    "malignant": pd.DataFrame({"label": [0, 1]}, index=["a", "b"]),
    "subtype": pd.DataFrame({"label": [0, 2, 2]}, index=["a", "b", "c"]),
    "recurrence": pd.DataFrame({"label": [1, 0, 0], "time": [1.0, 2.0, 3.0]}, index=["a", "b", "c"]),
}


def test_every_task_but_segmentation_has_classes_to_assign_patients_by() -> None:
    found = classes_of_tasks(TASKS, OUTCOMES)
    assert [task.task for task in found] == ["malignant", "subtype", "recurrence"]
    assert [task.classes for task in found] == [
        ("no", "yes"),
        ("AML", "cyst", "clear cell"),
        ("no event", "event"),
    ]
    assert [task.needed for task in found] == [(0, 1), (0, 1, 2), (1,)]
    assert [task.parts for task in found] == [("train", "validation"), ("train",), ("train",)]


def test_the_only_task_of_a_benchmark_is_what_plain_labels_are() -> None:
    labels = OUTCOMES["malignant"]["label"]
    (one,) = classes_of_tasks({DEFAULT_TASK: TASKS["malignant"]}, {DEFAULT_TASK: OUTCOMES["malignant"]})
    (plain,) = as_lesion_classes(labels)
    assert (one.task, one.classes, one.needed, one.parts) == (
        "",
        ("negative", "positive"),
        (0, 1),
        plain.parts,
    )
    assert plain.parts == ("train", "validation", "test")
    lesions = LESIONS[:2]
    assert cohort_hash(lesions, [one]) == cohort_hash(lesions, labels)
    assert patient_fingerprints(lesions, [one]) == patient_fingerprints(lesions, labels)


def test_patients_have_the_classes_of_their_lesions() -> None:
    malignant, subtype, _ = classes_of_tasks(TASKS, OUTCOMES)
    assert malignant.by_patient(LESIONS) == {"p": {0, 1}, "q": frozenset()}
    assert subtype.by_patient(LESIONS) == {"p": {0, 2}, "q": {2}}
    assert subtype.by_patient(LESIONS[2:]) == {"q": {2}}  # classes of lesions elsewhere do not count


def test_the_hash_of_a_cohort_with_several_tasks_changes_with_any_class_and_name() -> None:
    tasks = classes_of_tasks(TASKS, OUTCOMES)
    known = cohort_hash(LESIONS, tasks)
    assert cohort_hash(LESIONS[::-1], tasks) == known
    for changed in (
        OUTCOMES | {"malignant": pd.DataFrame({"label": [0, 0]}, index=["a", "b"])},
        OUTCOMES | {"malignant": pd.DataFrame({"label": [0, 1, 1]}, index=["a", "b", "c"])},
        OUTCOMES | {"recurrence": OUTCOMES["recurrence"].assign(label=0)},
    ):
        assert cohort_hash(LESIONS, classes_of_tasks(TASKS, changed)) != known
    later = OUTCOMES | {"recurrence": OUTCOMES["recurrence"].assign(time=9.0)}
    assert cohort_hash(LESIONS, classes_of_tasks(TASKS, later)) == known  # times assign nobody
    renamed = [LesionClasses("other", task.classes, task.numbers) for task in tasks]
    assert cohort_hash(LESIONS, renamed) != known


def test_the_line_of_a_patient_names_the_classes_in_every_task() -> None:
    lines = patient_fingerprints(LESIONS, classes_of_tasks(TASKS, OUTCOMES))
    words = {patient: line.split(" ") for patient, line in lines.items()}
    assert words["p"][:2] == [
        "lesions=2",
        "classes=malignant:no+yes;subtype:AML+clear_cell;recurrence:no_event+event",
    ]
    assert words["q"][:2] == ["lesions=1", "classes=malignant:;subtype:clear_cell;recurrence:no_event"]
    assert all(len(parts) == 3 for parts in words.values())
