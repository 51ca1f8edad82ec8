from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import read_benchmark_leniently
from samesplit.errors import CohortError, DeclarationError, Faults
from samesplit.tables import LEDGER, check_table

LESIONS = """\
lesion_id,patient_id,site,histology,grade,months,recurrence,age,sex
L1,P1,A,clear cell,high,12.5,1,61,female
L2,P1,A,oncocytoma,,3,0,48.5,female
L3,P2,B,clear cell,low,24,0,55,female
L4,P3,B,AML,,,,70,male
L5,P4,B,papillary,unclear,7,1,71,male
L6,P5,B,clear cell,high,30,,72,male
"""
MALIGNANT = {
    "kind": "multiclass",
    "question": "Which subtype?",
    "classes": ["AML", "clear cell", "papillary"],
    "column": "histology",
    "indeterminate": ["oncocytoma"],
}
AGGRESSIVE = {
    "kind": "binary",
    "question": "Which clear cell carcinomas are aggressive?",
    "positive": "high",
    "negative": "low",
    "column": "grade",
    "among": {"histology": ["clear cell", "oncocytoma"]},
    "indeterminate": ["unclear"],
}
RECURRENCE = {"kind": "survival", "question": "How long?", "time": "months", "event": "recurrence"}
WHERE = {"kind": "segmentation", "question": "Where?", "sequences": ["T2"]}
TASKS = {"subtype": MALIGNANT, "aggressive": AGGRESSIVE, "recurrence": RECURRENCE, "where": WHERE}
ONE = {"question": "?", "positive": "clear cell", "negative": "AML"}
IMAGES = """\
lesion_id,sequence,rater,image,mask
L1,T2,R1,L1.nii.gz,L1m.nii.gz
L2,T1C,R1,L2.nii.gz,L2m.nii.gz
"""


def load(benchmark_folder: Any, *, lesions: str = LESIONS, tasks: Any = None) -> Cohort:
    folder, definition = benchmark_folder(lesions=lesions, images=IMAGES, task=None, tasks=tasks or TASKS)
    return load_cohort(folder, definition)


def faults_of(benchmark_folder: Any, **changes: Any) -> list[str]:
    with pytest.raises(CohortError) as caught:
        load(benchmark_folder, **changes)
    first = caught.value
    return [str(fault).partition("lesions.csv")[2] for fault in (first, *first.more)]


def test_each_task_has_its_outcomes_by_lesion(benchmark_folder: Any) -> None:
    outcomes = load(benchmark_folder).outcomes
    assert list(outcomes) == list(TASKS)
    assert outcomes["subtype"]["label"].to_dict() == {"L1": 1, "L3": 1, "L4": 0, "L5": 2, "L6": 1}
    assert outcomes["aggressive"]["label"].to_dict() == {"L1": 1, "L3": 0, "L6": 1}
    assert outcomes["recurrence"]["label"].to_dict() == {"L1": 1, "L2": 0, "L3": 0, "L5": 1}
    assert outcomes["recurrence"]["time"].to_dict() == {"L1": 12.5, "L2": 3.0, "L3": 24.0, "L5": 7.0}
    assert outcomes["where"].index.tolist() == ["L1"]
    for name in ("subtype", "aggressive", "recurrence"):
        assert outcomes[name]["label"].dtype == "int64"
        assert outcomes[name].index.name == "lesion_id"


def test_the_labels_of_a_cohort_are_those_of_its_first_task_of_classes(benchmark_folder: Any) -> None:
    turned = {name: TASKS[name] for name in ("where", "recurrence", "aggressive", "subtype")}
    assert load(benchmark_folder, tasks=turned).labels.to_dict() == {"L1": 1, "L3": 0, "L6": 1}
    only = load(benchmark_folder, tasks={"recurrence": RECURRENCE})
    assert only.labels.to_dict() == {"L1": 1, "L2": 0, "L3": 0, "L5": 1}
    assert load(benchmark_folder, tasks={"where": WHERE}).labels.empty


def test_lesions_that_a_task_leaves_out_are_in_the_ledger_with_the_reason(benchmark_folder: Any) -> None:
    ledger = check_table(load(benchmark_folder).ledger, LEDGER)
    rows = ledger[ledger["stage"].str.startswith("task ")]
    assert set(rows["status"]) == {"excluded"}
    told = {(row["stage"], row["lesion_id"]): row["reason"] for row in rows.to_dict("records")}
    assert told == {
        ("task subtype", "L2"): "indeterminate: 'histology' is 'oncocytoma'",
        ("task aggressive", "L2"): "no outcome: 'grade' is empty",
        ("task aggressive", "L4"): "not asked about: 'histology' is 'AML', not 'clear cell' or 'oncocytoma'",
        (
            "task aggressive",
            "L5",
        ): "not asked about: 'histology' is 'papillary', not 'clear cell' or 'oncocytoma'",
        ("task recurrence", "L4"): "no outcome: 'months' is empty",
        ("task recurrence", "L6"): "no outcome: 'recurrence' is empty",
    }


def test_numbers_are_compared_as_numbers_where_a_task_asks_about_some_lesions(benchmark_folder: Any) -> None:
    task = RECURRENCE | {"among": {"age": ["61", "48.50"]}}
    assert load(benchmark_folder, tasks={"r": task}).outcomes["r"].index.tolist() == ["L1", "L2"]


def test_the_hash_of_the_cohort_holds_the_classes_and_events_of_all_tasks(benchmark_folder: Any) -> None:
    before = load(benchmark_folder).sha256
    assert load(benchmark_folder).sha256 == before
    for old, new in (("high,12.5,1", "high,12.5,0"), ("high,30", "low,30")):
        assert load(benchmark_folder, lesions=LESIONS.replace(old, new)).sha256 != before
    # No split is made from how long it took, or from a clinical variable.
    for old, new in (("high,12.5,1", "high,13,1"), (",72,male", ",73,male")):
        assert load(benchmark_folder, lesions=LESIONS.replace(old, new)).sha256 == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("P3,B,AML", "P3,B,AMLL"),
            ", line 5: 1 lesion of the task 'subtype' has a value in 'histology' that is none of its "
            "classes 'AML', "
            "'clear cell', 'papillary'; the first is lesion 'L4'; values found: 'AMLL'\nRemedy: correct "
            "them, or name "
            "them under tasks.subtype.indeterminate in benchmark.yaml",
        ),
        (
            ("B,papillary", "B,oncocytoma"),
            ": no lesion of the task 'subtype' is 'papillary' in the column 'histology'\nRemedy: a task "
            "needs lesions",
        ),
        (
            ("low,24", "lo,24"),
            ", line 4: 1 lesion of the task 'aggressive' has a value in 'grade' that is none",
        ),
        (
            ("12.5,1", "12.5,2"),
            ", line 2: the event 'recurrence' of lesion 'L1' must be 0 or 1, found '2'\nRemedy: write 1 where the "
            "event was seen, 0 where follow-up ended",
        ),
        (
            ("12.5,1", "12.5,yes"),
            ", line 2: the event 'recurrence' of lesion 'L1' must be 0 or 1, found 'yes'",
        ),
        (
            ("low,24", "low,0"),
            ", line 4: the time 'months' of lesion 'L3' must be a number above 0 (months), found "
            "'0'\nRemedy: correct "
            "it, or leave the cell empty where there was no follow-up",
        ),
        (("low,24", "low,-3"), ", line 4: the time 'months' of lesion 'L3' must be a number above 0"),
        (("low,24", "low,long"), ", line 4: the time 'months' of lesion 'L3' must be a number above 0"),
        (
            ("site,histology,grade", "site,histology,grad"),
            ": there is no column 'grade', which tasks.aggressive in benchmark.yaml asks for\nRemedy: "
            "did you mean "
            "'grad'?",
        ),
        (
            ("months,recurrence", "months,relapse"),
            ": there is no column 'recurrence', which tasks.recurrence in ",
        ),
    ],
)
def test_an_outcome_that_cannot_be_is_named_with_file_lesion_and_remedy(
    benchmark_folder: Any, change: tuple[str, str], message: str
) -> None:
    (told,) = faults_of(benchmark_folder, lesions=LESIONS.replace(*change, 1))
    assert told.startswith(message), told


def test_all_that_is_wrong_with_several_tasks_is_told_at_once(benchmark_folder: Any) -> None:
    spoiled = LESIONS.replace("AML", "AMLL").replace("low,24", "lo,0").replace("7,1", "7,5")
    assert len(faults_of(benchmark_folder, lesions=spoiled)) == 4


def test_no_event_at_all_and_values_that_no_lesion_has(benchmark_folder: Any) -> None:
    told = faults_of(benchmark_folder, lesions=LESIONS.replace("12.5,1", "12.5,0").replace("7,1", "7,0"))
    assert told[0].startswith(": no lesion of the task 'recurrence' has the event: 'recurrence' is nowhere 1")
    typo = {"r": RECURRENCE | {"among": {"histology": ["clear cel"]}}}
    told = faults_of(benchmark_folder, tasks=typo)
    assert told[0].startswith(
        ": no lesion has 'clear cel' in the column 'histology', which tasks.r.among in bench"
    )
    assert "did you mean 'clear cell'?" in told[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": ONE, "tasks": TASKS}, "'task' and 'tasks' both say what is asked"),
        ({}, "the key 'task' is missing: say what is asked of the lesions, under 'task' or 'tasks'"),
        ({"tasks": {"task": RECURRENCE}}, "a task cannot be called 'task'"),
        (
            {"tasks": {"r": RECURRENCE | {"time": "age"}}},
            "'age' holds the outcome of the task 'r' and stands under cohort.clinical: no model may see it",
        ),
        (
            {"tasks": {"a": AGGRESSIVE | {"column": "site"}}},
            "'site' names the lesion, its patient or site, and cannot be the outcome of the task 'a'",
        ),
        (
            {"tasks": {"a": AGGRESSIVE | {"negative": "NA"}}},
            "the class 'NA' of the task 'a' is a word for a missing",
        ),
        (
            {"tasks": {"a": AGGRESSIVE | {"colum": "site"}}},
            "unknown key 'tasks.a.colum'\nRemedy: did you mean 'column'? Valid keys here: among, column, ",
        ),
        (
            {"tasks": {"a": AGGRESSIVE | {"kind": "binry"}}},
            "unknown kind 'binry'\nRemedy: did you mean 'binary'?",
        ),
        ({"tasks": {"a": {"question": "?"}}}, "the key 'tasks.a.kind' is missing"),
        (
            {"tasks": {"a": MALIGNANT | {"classes": ["x", "y", "x"]}}},
            "'tasks.a': the classes must be different",
        ),
    ],
)
def test_tasks_that_cannot_be_are_refused(benchmark_folder: Any, changes: Any, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        benchmark_folder(lesions=LESIONS, images=IMAGES, **{"task": None} | changes)
    assert message in str(caught.value)


def test_looking_goes_on_past_a_task_that_is_wrong(benchmark_folder: Any, tmp_path: Path) -> None:
    folder, _ = benchmark_folder(lesions=LESIONS, images=IMAGES, task=None, tasks=TASKS)
    text = (folder / "benchmark.yaml").read_text()
    (folder / "benchmark.yaml").write_text(text.replace("question: How long?", "questoin: How long?"))
    definition, faults = read_benchmark_leniently(folder)
    assert definition is not None
    assert [fault.problem for fault in faults.found] == [
        "unknown key 'tasks.recurrence.questoin'",
        "the key 'tasks.recurrence.question' is missing",
    ]
    found = Faults()
    assert set(load_cohort(folder, definition, faults=found).outcomes) == set(TASKS)
    assert not found.found


def test_a_column_of_features_that_repeats_the_classes_of_any_task_is_refused(
    benchmark_folder: Any,
) -> None:
    lines = [f"L{i},P{i},{'abc'[i % 3]}" for i in range(12)]
    tasks = {"t": {"kind": "multiclass", "question": "?", "classes": ["a", "b", "c"], "column": "type"}}
    folder, definition = benchmark_folder(
        lesions="lesion_id,patient_id,type\n" + "\n".join(lines) + "\n",
        task=None,
        tasks=tasks,
        cohort={},
        features="features.csv",
    )
    table = pd.DataFrame({"lesion_id": [f"L{i}" for i in range(12)], "fine": range(12)})
    table.assign(told=[(5.0, 5.0, 7.0)[i % 3] for i in range(12)]).to_csv(
        folder / "features.csv", index=False
    )
    with pytest.raises(CohortError, match="column 'told' is the label by another name"):
        load_cohort(folder, definition)


def test_a_column_of_features_that_repeats_the_events_is_refused(benchmark_folder: Any) -> None:
    lines = [f"L{i},P{i},{i + 1},{i % 2}" for i in range(12)]
    folder, definition = benchmark_folder(
        lesions="lesion_id,patient_id,months,died\n" + "\n".join(lines) + "\n",
        task=None,
        tasks={"t": {"kind": "survival", "question": "?", "time": "months", "event": "died"}},
        cohort={},
        features="features.csv",
    )
    table = pd.DataFrame({"lesion_id": [f"L{i}" for i in range(12)], "fine": range(12)})
    table.assign(status=[1.0 - i % 2 for i in range(12)]).to_csv(folder / "features.csv", index=False)
    with pytest.raises(CohortError, match="column 'status' is the label by another name"):
        load_cohort(folder, definition)


def test_columns_that_masks_are_to_be_judged_by_are_looked_for_before_anything_runs(
    benchmark_folder: Any,
) -> None:
    named = {"groups": ["sit"], "lesion_type": "histologie", "covariates": ["site", "weight"]}
    told = faults_of(benchmark_folder, tasks={"where": WHERE | named})
    assert [line.partition("which ")[2].partition(" in ")[0] for line in told] == [
        "tasks.where.groups", "tasks.where.lesion_type", "tasks.where.covariates",
    ]  # fmt: skip
    assert "did you mean 'histology'?" in told[1]
