from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits import make_split, read_split, write_split
from samesplit.errors import SplitError
from samesplit.tables import IMAGES, LEDGER, empty_table
from samesplit.tasks import DEFAULT_TASK


@pytest.fixture
def cohort(make_cohort: Any) -> Cohort:
    lesions, labels = make_cohort(24, 10)
    return Cohort(
        lesions, empty_table(IMAGES), {DEFAULT_TASK: labels.to_frame("label")}, empty_table(LEDGER), ""
    )


def freeze(
    cohort: Cohort, folder: Path, settings: SplitSettings, declared: SplitSettings | None = None
) -> None:
    split = make_split(cohort.lesions, cohort.labels, settings, folder=folder)
    write_split(split, folder, declared=declared or settings)


KFOLD = {"scheme": "kfold", "folds": 3}


@pytest.mark.parametrize(
    ("edited", "asked", "frozen"),
    [
        ({"folds": 4}, "folds: 4", "folds: 3"),
        ({"seed": 9}, "seed: 9", "seed: 0"),
        ({"strata": ("sex",)}, "strata: [sex]", "strata: []"),
        ({"validation": 0.3, "repeats": 2}, "repeats: 2, validation: 0.3", "repeats: 1, validation: 0.2"),
    ],
)
def test_settings_edited_after_the_split_was_frozen_are_refused_with_both_values(
    cohort: Cohort, tmp_path: Path, edited: dict[str, Any], asked: str, frozen: str
) -> None:
    freeze(cohort, tmp_path, SplitSettings(**KFOLD))
    with pytest.raises(SplitError) as caught:
        read_split(tmp_path, cohort, settings=SplitSettings(**(KFOLD | edited)))
    assert f"split says {asked}, but the frozen split was made when it said {frozen}" in str(caught.value)
    assert f"put back {frozen}; or" in str(caught.value)
    assert f"samesplit split {tmp_path.name} --overwrite" in str(caught.value)


def test_another_scheme_is_refused_at_its_line(cohort: Cohort, tmp_path: Path) -> None:
    freeze(cohort, tmp_path, SplitSettings(**KFOLD))
    (tmp_path / "benchmark.yaml").write_text("title: x\nsplit:\n  scheme: holdout\n")
    with pytest.raises(
        SplitError, match=r"benchmark\.yaml, line 3: split says scheme: holdout, folds: 5, but"
    ):
        read_split(tmp_path, cohort, settings=SplitSettings(scheme="holdout"))


def test_what_the_command_line_changed_is_no_disagreement_until_the_file_is_edited(
    cohort: Cohort, tmp_path: Path
) -> None:
    declared = SplitSettings(scheme="kfold", folds=5)
    freeze(cohort, tmp_path, SplitSettings(**KFOLD), declared)
    assert json.loads((tmp_path / "splits.json").read_text())["declared"]["folds"] == 5
    assert read_split(tmp_path, cohort, settings=declared).settings["folds"] == 3
    with pytest.raises(SplitError, match=r"says folds: 4, but .* when it said folds: 5"):
        read_split(tmp_path, cohort, settings=SplitSettings(scheme="kfold", folds=4))


def test_a_record_of_an_older_version_lacks_keys_that_came_later(cohort: Cohort, tmp_path: Path) -> None:
    freeze(cohort, tmp_path, SplitSettings(**KFOLD))
    record = json.loads((tmp_path / "splits.json").read_text())
    del record["settings"]["nnunet_val"]
    (tmp_path / "splits.json").write_text(json.dumps(record))
    assert read_split(tmp_path, cohort, settings=SplitSettings(**KFOLD)).scheme == "kfold"


class TestAFixedSplit:
    @pytest.fixture
    def file(self, cohort: Cohort, tmp_path: Path) -> Path:
        order = cohort.lesions.assign(label=cohort.labels.to_numpy()).sort_values(["label", "patient_id"])
        sides = pd.Series(["test" if place % 3 == 0 else "train" for place in range(len(order))])
        table = pd.DataFrame({"patient_id": order["patient_id"].to_numpy(), "subset": sides})
        table.to_csv(tmp_path / "fixed.csv", index=False)
        freeze(cohort, tmp_path, SplitSettings(scheme="fixed", file="fixed.csv"))
        return tmp_path / "fixed.csv"

    def test_the_same_file_agrees_though_validation_was_drawn(self, cohort: Cohort, file: Path) -> None:
        settings = SplitSettings(scheme="fixed", file="fixed.csv")
        assert read_split(file.parent, cohort, settings=settings).facts == {"validation": "drawn from train"}
        file.unlink()  # the frozen split is the truth
        assert read_split(file.parent, cohort, settings=settings).scheme == "fixed"

    def test_an_edited_file_is_refused(self, cohort: Cohort, file: Path) -> None:
        table = pd.read_csv(file)
        table.loc[0, "subset"] = "train"
        table.to_csv(file, index=False)
        with pytest.raises(
            SplitError, match=r"puts patient 'P\d+' of repeat 0, fold 0 into train; .* in test"
        ):
            read_split(file.parent, cohort, settings=SplitSettings(scheme="fixed", file="fixed.csv"))
