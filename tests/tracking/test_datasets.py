from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from samesplit.tables import write_table
from samesplit.tracking.datasets import labels_of, parts_of_split
from tracking.made_runs import make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run")


def record_of(run: Path, **changes: object) -> dict[str, object]:
    return json.loads((run / "run.json").read_text()) | changes


def test_each_part_of_the_split_counts_its_lesions_patients_and_classes(run: Path) -> None:
    parts = {part.name: part for part in parts_of_split(run, record_of(run))}

    assert list(parts) == ["balls/test", "balls/validation", "balls/train"]
    told = json.loads(parts["balls/test"].profile)
    assert (told["num_lesions"], told["num_patients"], told["num_folds"]) == (13, 12, 2)
    assert told["lesions_by_class"] == {"benign": 7, "malignant": 6}
    source = json.loads(parts["balls/test"].source)
    assert source == {"uri": "benchmarks/balls", "split_sha256": "s" * 64, "cohort_sha256": "c" * 64}
    columns = {one["name"]: one["type"] for one in json.loads(parts["balls/test"].schema)["mlflow_colspec"]}
    assert columns == {"lesion_id": "string", "label": "string", "age": "double"}


def test_the_digest_follows_the_split_and_the_lesions(run: Path) -> None:
    def digests(**changes: object) -> list[str]:
        return [part.digest for part in parts_of_split(run, record_of(run, **changes))]

    before = digests()
    assert digests() == before
    assert len(set(before)) == 3
    assert max(map(len, before)) <= 36  # MLflow takes no more
    other = digests(hashes={"split": "t" * 64, "cohort": "c" * 64})
    assert not set(other) & set(before)
    lesions = pd.read_parquet(run / "lesions.parquet")
    write_table(lesions[lesions["lesion_id"] != "L00b"], run / "lesions.parquet")
    assert digests()[0] != before[0]


def test_named_test_sets_are_datasets_of_their_own(run: Path) -> None:
    splits = pd.read_parquet(run / "splits.parquet")
    far = splits["patient_id"].isin(["P00", "P01"])
    names = far.map({True: "external", False: "internal"}).where(splits["subset"] == "test")
    write_table(splits.assign(test_set=names), run / "splits.parquet")

    parts = {part.name: part for part in parts_of_split(run, record_of(run))}

    assert [*parts][:3] == ["balls/test", "balls/test/external", "balls/test/internal"]
    external = parts["balls/test/external"]
    assert json.loads(external.profile)["num_lesions"] == 3
    assert (external.group, external.prefix) == ("test_set=external", "test/external/")


def test_a_named_task_has_the_lesions_that_have_an_outcome_in_it(run: Path) -> None:
    outcomes = pd.DataFrame({"lesion_id": ["L00a", "L01a", "L02a"], "label": [0, 1, 1]})
    write_table(outcomes, run / "tasks" / "grade" / "outcomes.parquet")
    record = record_of(run, tasks=[{"name": "grade", "kind": "binary", "classes": ["low", "high"]}])

    part = parts_of_split(run, record, "grade")[0]

    assert part.name == "balls/grade/test"
    assert json.loads(part.profile)["lesions_by_class"] == {"high": 2, "low": 1}


def test_the_outcome_of_a_survival_task_is_the_event(run: Path) -> None:
    lesions = pd.read_parquet(run / "lesions.parquet").drop(columns="label")
    write_table(lesions.assign(died=[1, 0] * 6 + [0], months=3.0), run / "lesions.parquet")
    record = record_of(run, tasks=[{"name": "task", "kind": "survival", "event": "died", "time": "months"}])

    assert labels_of(run, record).value_counts().to_dict() == {"censored": 7, "event": 6}


def test_a_run_without_a_split_has_no_datasets(run: Path) -> None:
    (run / "splits.parquet").unlink()
    assert parts_of_split(run, record_of(run)) == []
