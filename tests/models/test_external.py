from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.errors import PredictionsError
from samesplit.models.external import read_predictions

IDS = [f"L{number}" for number in range(6)]


def folds(test_parts: list[list[str]], repeat: int = 0) -> pd.DataFrame:
    rows = []
    for fold, test in enumerate(test_parts):
        rest = [lesion for lesion in IDS if lesion not in test]
        rows += [(repeat, fold, "test", lesion) for lesion in test]
        rows += [(repeat, fold, "validation", rest[0])]
        rows += [(repeat, fold, "train", lesion) for lesion in rest[1:]]
    return pd.DataFrame(rows, columns=["repeat", "fold", "subset", "lesion_id"])


TWO_FOLDS = folds([IDS[:3], IDS[3:]])
HOLDOUT = folds([IDS[:3]])
TWICE = pd.concat([folds([IDS[:3], IDS[3:]]), folds([IDS[::2], IDS[1::2]], repeat=1)], ignore_index=True)
PLAIN = "lesion_id,probability\n" + "".join(f"{lesion},0.{i + 1}\n" for i, lesion in enumerate(IDS))


def read(folder: Path, text: str, expected: pd.DataFrame = TWO_FOLDS, **keys: object) -> pd.DataFrame:
    path = folder / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return read_predictions(path, name="Mine", expected=expected, **keys)  # type: ignore[arg-type]


def refused(folder: Path, text: str, expected: pd.DataFrame = TWO_FOLDS) -> PredictionsError:
    with pytest.raises(PredictionsError) as caught:
        read(folder, text, expected)
    assert str(folder / "mine.csv") in str(caught.value.where)
    return caught.value


def test_without_a_fold_column_a_lesion_counts_wherever_it_is_tested(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN, TWICE)
    assert len(table) == 12
    assert set(table["subset"]) == {"test"}
    assert set(table["model"]) == {"Mine"}
    assert set(table["rater"]) == {"R1"}
    third = table[table["lesion_id"] == "L2"]
    assert third[["repeat", "fold"]].to_numpy().tolist() == [[0, 0], [1, 0]]
    assert (third["probability"] == 0.3).all()


def test_the_order_of_the_rows_in_the_file_does_not_matter(tmp_path: Path) -> None:
    lines = PLAIN.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    pd.testing.assert_frame_equal(read(tmp_path, PLAIN), read(tmp_path, turned))


def test_with_one_fold_lesions_of_other_parts_count_in_theirs(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN, HOLDOUT)
    assert table.set_index("lesion_id")["subset"].to_dict() == {
        "L0": "test", "L1": "test", "L2": "test", "L3": "validation", "L4": "train", "L5": "train"
    }  # fmt: skip


def test_with_one_fold_the_test_part_alone_is_enough(tmp_path: Path) -> None:
    assert len(read(tmp_path, "".join(PLAIN.splitlines(keepends=True)[:4]), HOLDOUT)) == 3


def test_seeds_folds_subsets_and_raters_are_taken_as_given(tmp_path: Path) -> None:
    rows = [
        f"{lesion},0.5,{seed},0,{fold},{subset},R2"
        for seed in (1, 2)
        for _, fold, subset, lesion in TWO_FOLDS.itertuples(index=False)
    ]
    text = "lesion_id,probability,seed,repeat,fold,subset,rater\n" + "\n".join(rows) + "\n"
    table = read(tmp_path, text)
    assert len(table) == 24
    assert set(table["seed"]) == {1, 2}
    assert set(table["rater"]) == {"R2"}


def test_an_id_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    expected = pd.DataFrame({"repeat": 0, "fold": 0, "subset": "test", "lesion_id": ["007", "7"]})
    table = read(tmp_path, "lesion_id,probability\n007,0.1\n7,0.9\n", expected)
    assert table.set_index("lesion_id")["probability"].to_dict() == {"007": 0.1, "7": 0.9}


def test_predictions_from_a_spreadsheet_are_the_same_and_noted(tmp_path: Path) -> None:
    notes: list[str] = []
    table = read(tmp_path, PLAIN.replace(",", ";").replace("0.", "0,"), notes=notes)
    pd.testing.assert_frame_equal(table, read(tmp_path, PLAIN))
    assert notes == [
        "mine.csv: its columns are separated by semicolons",
        "mine.csv: decimal commas were read in probability (6 cells)",
    ]


def test_all_lesions_that_are_not_in_the_benchmark_are_told_with_the_cause(tmp_path: Path) -> None:
    expected = pd.DataFrame({"repeat": 0, "fold": 0, "subset": "test", "lesion_id": ["007", "008"]})
    error = refused(tmp_path, "lesion_id,probability\n7,0.1\n8,2\n", expected)
    assert error.problem == "the probability 2 lies outside [0, 1]"
    assert [fault.problem for fault in error.more] == [
        "the lesion '7' is not in the benchmark",
        "the lesion '8' is not in the benchmark",
    ]
    assert "'7' is '007' of lesions.csv without its zeros" in str(error.more[0].remedy)


def test_a_word_for_missing_is_a_missing_prediction_where_those_are_allowed(tmp_path: Path) -> None:
    text = PLAIN.replace("L2,0.3", "L2,n.a.")
    assert "the probability is missing" in str(refused(tmp_path, text))
    table = read(tmp_path, text, allow_missing=True)
    assert "L2" not in set(table["lesion_id"])
    assert len(table) == 5


@pytest.mark.parametrize(
    ("value", "message", "remedy"),
    [
        ("1.2", r"1\.2 lies outside \[0, 1\]", "logits"),
        ("-0.1", "outside", "logits"),
        ("inf", "outside", "logits"),
        ("", "is missing", "allow missing"),
        ("NaN", "is missing", "allow missing"),
        ("high", "'high' is not a number", "point"),
        ('"0,3"', "'0,3' is not a number", "point"),
    ],
)
def test_what_is_no_probability_names_file_line_lesion_and_remedy(
    tmp_path: Path, value: str, message: str, remedy: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(PLAIN.replace("L2,0.3", f"L2,{value}"), encoding="utf-8")
    with pytest.raises(PredictionsError, match=message) as caught:
        read_predictions(path, name="Mine", expected=TWO_FOLDS)
    assert caught.value.where == f"{path}, line 4, lesion L2"
    assert remedy in str(caught.value.remedy)


def test_zero_and_one_are_probabilities(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN.replace("0.1", "0").replace("0.6", "1"))
    assert table["probability"].min() == 0
    assert table["probability"].max() == 1


def test_an_unknown_lesion_names_its_line_and_the_nearest(tmp_path: Path) -> None:
    error = refused(tmp_path, PLAIN + "L33,0.5\n")
    assert "'L33' is not in the benchmark" in str(error)
    assert "line 8" in str(error)
    assert "did you mean 'L3'" in str(error)


def test_a_doubled_lesion_names_both_lines(tmp_path: Path) -> None:
    error = refused(tmp_path, PLAIN + "L1,0.5\n")
    assert "'L1' is predicted twice" in str(error)
    assert "lines 3 and 8" in str(error)


def test_missing_lesions_are_listed_unless_they_are_allowed(tmp_path: Path) -> None:
    text = PLAIN.replace("L1,0.2\n", "").replace("L4,0.5\n", "")
    assert "2 lesions have no probability" in str(refused(tmp_path, text))
    assert "L1, L4" in str(refused(tmp_path, text))
    assert len(read(tmp_path, text, allow_missing=True)) == 4


def test_a_long_list_of_missing_lesions_is_cut(tmp_path: Path) -> None:
    expected = pd.DataFrame(
        {"repeat": 0, "fold": 0, "subset": "test", "lesion_id": [f"M{number:02d}" for number in range(30)]}
    )
    assert "M10 and 19 more" in str(refused(tmp_path, "lesion_id,probability\nM00,0.5\n", expected))


def test_a_part_that_is_begun_must_be_complete(tmp_path: Path) -> None:
    error = refused(tmp_path, PLAIN.replace("L5,0.6\n", ""), HOLDOUT)
    assert "1 lesion has no probability" in str(error)
    assert "train" in str(error)


def test_each_seed_must_be_complete(tmp_path: Path) -> None:
    rows = [f"{lesion},0.5,{seed}" for seed in (0, 1) for lesion in IDS if (seed, lesion) != (1, "L3")]
    error = refused(tmp_path, "lesion_id,probability,seed\n" + "\n".join(rows) + "\n")
    assert "seed 1" in str(error)
    assert "L3" in str(error)


def test_a_lesion_in_the_wrong_part_of_a_fold_says_where_it_stands(tmp_path: Path) -> None:
    error = refused(tmp_path, "lesion_id,probability,fold\nL0,0.5,1\n")
    assert "'L0' is not in the test part of repeat 0 fold 1 but in validation" in str(error)
    error = refused(tmp_path, "lesion_id,probability,fold\nL0,0.5,9\n")
    assert "the split has no repeat 0 fold 9" in str(error)


def test_only_training_lesions_are_no_test(tmp_path: Path) -> None:
    text = "lesion_id,probability\nL4,0.5\nL5,0.5\n"
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PredictionsError, match="no prediction of a test lesion"):
        read_predictions(path, name="Mine", expected=HOLDOUT, allow_missing=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lesion,probability\nL0,0.5\n", r"lacks the column 'lesion_id'[\s\S]*rename the column 'lesion'"),
        ("lesion_id,probabilty\nL0,0.5\n", r"lacks the column 'probability'[\s\S]*'probabilty'"),
        ("lesion_id,probability,folds\nL0,0.5,0\n", r"unknown column 'folds'[\s\S]*did you mean 'fold'"),
        ("lesion_id,probability\n", "holds no predictions"),
        ("lesion_id,probability,model\nL0,0.5,a\nL1,0.5,b\n", "several models: a, b"),
        ("lesion_id,probability\n,0.5\n", "the lesion_id is empty"),
        ("lesion_id,probability,seed\nL0,0.5,one\n", "'seed' must hold a whole number"),
        ("lesion_id,probability,fold\nL0,0.5,0.5\n", "'fold' must hold a whole number"),
        ("lesion_id,probability,fold\nL0,0.5,\n", "found nothing"),
        ("lesion_id,probability,subset\nL0,0.5,tets\n", "'subset' must hold one of"),
    ],
)
def test_other_faults_of_the_file_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PredictionsError, match=message):
        read_predictions(path, name="Mine", expected=TWO_FOLDS)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match="does not exist"):
        read_predictions(tmp_path / "absent.csv", name="Mine", expected=TWO_FOLDS)


def test_a_predictions_table_of_ours_can_be_read_back(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN, TWICE)
    table.to_csv(tmp_path / "again.csv", index=False)
    again = read_predictions(tmp_path / "again.csv", name="Mine", expected=TWICE)
    pd.testing.assert_frame_equal(table, again)
