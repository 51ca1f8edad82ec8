from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits import Split, make_split, read_nnunet, write_nnunet
from samesplit.errors import SplitError

SETTINGS = SplitSettings(scheme="fixed", file="given.csv")


@pytest.fixture
def cohort() -> tuple[pd.DataFrame, pd.Series[int]]:
    """Twelve patients, of whom P00 has two lesions."""
    ids = [f"P{number:02d}" for number in range(12)]
    lesions = pd.DataFrame({"lesion_id": [*(f"{p}-1" for p in ids), "P00-2"], "patient_id": [*ids, "P00"]})
    return lesions, pd.Series([*([0, 1] * 6), 1], index=lesions["lesion_id"])


def sides(lesions: pd.DataFrame, unit: str = "patient_id") -> pd.DataFrame:
    """The last four patients tested, the two before validated."""
    table = lesions[[unit, "patient_id"]].copy() if unit == "lesion_id" else lesions[[unit]].drop_duplicates()
    number = table["patient_id"].str[1:3].astype(int)
    return table.assign(subset=number.map(lambda n: "test" if n > 7 else "val" if n > 5 else "train"))


def make(tmp_path: Path, cohort: Any, text: str | pd.DataFrame) -> Split:
    text = text if isinstance(text, str) else text.to_csv(index=False)
    (tmp_path / "given.csv").write_text(text)
    return make_split(*cohort, SETTINGS, folder=tmp_path)


def refused(tmp_path: Path, cohort: Any, text: str | pd.DataFrame) -> str:
    with pytest.raises(SplitError) as caught:
        make(tmp_path, cohort, text)
    assert "\nRemedy: " in str(caught.value) or "is empty" in str(caught.value)
    return str(caught.value).replace(str(tmp_path), "")


class TestCsv:
    @pytest.mark.parametrize("unit", ["patient_id", "lesion_id"])
    def test_sides_given_by_patient_or_lesion_are_kept(self, tmp_path: Path, cohort: Any, unit: str) -> None:
        given = sides(cohort[0], unit)
        split = make(tmp_path, cohort, given.drop(columns="patient_id") if unit == "lesion_id" else given)
        assert split.patient_ids(0, 0, "test") == ["P08", "P09", "P10", "P11"]
        assert split.patient_ids(0, 0, "validation") == ["P06", "P07"]
        assert split.facts == {"validation": "from the file"}

    def test_ids_of_both_kinds_must_agree(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0], "lesion_id")
        assert make(tmp_path, cohort, given).pairs() == [(0, 0)]
        given.loc[3, "patient_id"] = "P09"
        assert refused(tmp_path, cohort, given).startswith(
            "/given.csv, line 5: lesion 'P03-1' is of patient 'P03' in lesions.csv, not of 'P09'"
        )

    def test_validation_is_drawn_from_train_where_the_file_has_none(
        self, tmp_path: Path, cohort: Any
    ) -> None:
        given = sides(cohort[0]).replace({"subset": {"val": "training"}})
        split = make(tmp_path, cohort, given)
        assert split.patient_ids(0, 0, "test") == ["P08", "P09", "P10", "P11"]
        assert len(split.patient_ids(0, 0, "validation")) == 2
        assert split.facts == {"validation": "drawn from train"}

    def test_repeats_and_folds_are_read(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0])
        folds = pd.concat([given.assign(repeat=0, fold=f) for f in (0, 3)])
        assert make(tmp_path, cohort, folds).pairs() == [(0, 0), (0, 3)]

    def test_a_patient_on_two_sides(self, tmp_path: Path, cohort: Any) -> None:
        given = pd.concat([sides(cohort[0]), pd.DataFrame({"patient_id": ["P01"], "subset": ["test"]})])
        assert refused(tmp_path, cohort, given) == (
            "/given.csv: patient 'P01' stands on two sides, test and train, in repeat 0, fold 0\n"
            "Remedy: all lesions of a patient belong on one side: take the patient out of the others"
        )

    def test_lesions_of_one_patient_on_two_sides(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0], "lesion_id").drop(columns="patient_id")
        given.loc[given["lesion_id"] == "P00-2", "subset"] = "test"
        assert "patient 'P00' stands on two sides, test and train," in refused(tmp_path, cohort, given)

    def test_a_patient_twice_on_one_side(self, tmp_path: Path, cohort: Any) -> None:
        given = pd.concat([sides(cohort[0]), pd.DataFrame({"patient_id": ["P01"], "subset": ["train"]})])
        assert "patient 'P01' stands twice in train in repeat 0" in refused(tmp_path, cohort, given)

    def test_a_doubled_lesion(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0], "lesion_id")
        given = pd.concat([given, given.iloc[[2]]])
        assert "lesion 'P02-1' stands twice in repeat 0, fold 0" in refused(tmp_path, cohort, given)

    def test_unknown_and_missing_patients(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0])
        assert "has 1 patients fewer than the cohort has; not placed are: 'P04'" in refused(
            tmp_path, cohort, given[given["patient_id"] != "P04"]
        )
        assert "has 1 patients that the cohort does not have: 'X'" in refused(
            tmp_path, cohort, given.replace("P04", "X")
        )

    def test_unknown_and_missing_lesions(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0], "lesion_id")
        assert "1 lesions are not in the cohort: 'X'" in refused(
            tmp_path, cohort, given.replace("P04-1", "X")
        )
        assert "repeat 0, fold 0 leaves out 1 lesions: 'P00-2'" in refused(
            tmp_path, cohort, given[given["lesion_id"] != "P00-2"]
        )

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("patient_id\nP00\n", "/given.csv: the split lacks the column 'subset'"),
            ("case,subset\nP00,train\n", "/given.csv: the split lacks the column 'lesion_id'"),
            ("patient_id,subset\nP00,dev\n", "/given.csv, line 2: unknown subset 'dev'"),
            ("patient_id,subset\nP00,train\nP01,\n", "/given.csv, line 3: column 'subset' is empty"),
            ("patient_id,subset\n,train\n", "/given.csv, line 2: column 'patient_id' is empty"),
            (
                "patient_id,subset,fold\nP00,train,0.5\n",
                "/given.csv, line 2: column 'fold' must hold a whole number from 0 up, found '0.5'",
            ),
            (
                "patient_id,subset,repeat\nP00,train,\n",
                "/given.csv, line 2: column 'repeat' must hold a whole number from 0 up, found nan",
            ),
        ],
    )
    def test_bad_cells_are_named_by_line(self, tmp_path: Path, cohort: Any, text: str, problem: str) -> None:
        assert refused(tmp_path, cohort, text).startswith(problem)

    def test_a_class_missing_from_the_test_part(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0])
        given.loc[given["patient_id"].isin(["P09", "P11"]), "subset"] = "train"
        assert "the test part of repeat 0, fold 0 (2 patients) is without a positive lesion" in refused(
            tmp_path, cohort, given
        )

    def test_a_fold_without_a_test_part(self, tmp_path: Path, cohort: Any) -> None:
        given = sides(cohort[0]).assign(subset="train")
        assert "the test part of repeat 0, fold 0 is empty" in refused(tmp_path, cohort, given)

    def test_a_missing_file(self, tmp_path: Path, cohort: Any) -> None:
        with pytest.raises(SplitError, match=r"given.csv: does not exist\nRemedy: check the name"):
            make_split(*cohort, SETTINGS, folder=tmp_path)


class TestNnunet:
    @pytest.fixture
    def split(self, cohort: Any) -> Split:
        return make_split(*cohort, SplitSettings(scheme="kfold", folds=3), folder=Path())

    @pytest.mark.parametrize("cases", ["lesion_id", "patient_id"])
    def test_our_folds_go_out_and_come_back(
        self, tmp_path: Path, cohort: Any, split: Split, cases: Any
    ) -> None:
        path = write_nnunet(split, cohort[0], tmp_path / "splits_final.json", cases=cases)
        folds = json.loads(path.read_text())
        assert len(folds) == 3
        assert sorted(folds[0]["train"] + folds[0]["val"]) == sorted(set(cohort[0][cases]))
        settings = SplitSettings(scheme="fixed", file=path.name)
        back = make_split(*cohort, settings, folder=tmp_path)
        for fold in range(3):
            assert back.patient_ids(0, fold, "test") == split.patient_ids(0, fold, "test")
            assert back.patient_ids(0, fold, "validation")

    def test_validation_goes_out_as_val_and_the_unlisted_are_tested(
        self, tmp_path: Path, cohort: Any
    ) -> None:
        split = make_split(*cohort, SplitSettings(scheme="holdout", test=0.3), folder=Path())
        path = write_nnunet(split, cohort[0], tmp_path / "splits_final.json", val="validation")
        settings = SplitSettings(scheme="fixed", file=path.name, nnunet_val="validation")
        back = make_split(*cohort, settings, folder=tmp_path)
        assert back.sha256 == split.sha256
        assert back.facts == {"validation": "from the file"}

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("{", "is not readable JSON"),
            ("[]", "is not a list of folds with the lists 'train' and 'val'"),
            ("{}", "is not a list of folds"),
            ("[1]", "is not a list of folds"),
            ('[{"train": ["P00"]}]', "is not a list of folds"),
            ('[{"train": ["P00"], "val": "P01"}]', "is not a list of folds"),
            ('[{"train": ["P00"], "val": [1]}]', "is not a list of folds"),
            ('[{"train": ["P00", "P00"], "val": []}]', "fold 0 names cases twice in 'train': 'P00'"),
            (
                '[{"train": ["P00", "X"], "val": []}]',
                "1 cases are neither lesions nor patients of the cohort: 'X'",
            ),
            (
                '[{"train": ["P00-1"], "val": ["P00-2"]}]',
                "patient 'P00' stands on two sides, test and train, in repeat 0, fold 0",
            ),
        ],
    )
    def test_bad_files_are_refused(self, tmp_path: Path, cohort: Any, content: str, problem: str) -> None:
        path = tmp_path / "splits_final.json"
        path.write_text(content)
        with pytest.raises(SplitError) as caught:
            read_nnunet(path, cohort[0])
        assert problem in str(caught.value)
        assert str(path) in str(caught.value)
        assert "\nRemedy: " in str(caught.value)

    def test_a_missing_file_is_refused(self, tmp_path: Path, cohort: Any) -> None:
        with pytest.raises(SplitError, match=r"splits_final.json: does not exist"):
            read_nnunet(tmp_path / "splits_final.json", cohort[0])

    def test_patients_in_no_list_are_refused_when_val_is_test(self, tmp_path: Path, cohort: Any) -> None:
        path = tmp_path / "splits_final.json"
        path.write_text('[{"train": ["P00", "P01"], "val": ["P02"]}]')
        with pytest.raises(SplitError, match="not placed are: 'P03', 'P04', 'P05', 'P06', 'P07', "):
            make_split(*cohort, SplitSettings(scheme="fixed", file=path.name), folder=tmp_path)
