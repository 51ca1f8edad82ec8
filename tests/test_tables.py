from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from samesplit import __version__
from samesplit.errors import PredictionsError, SamesplitError
from samesplit.storage import hash_file
from samesplit.tables import (
    CLASS_PREDICTIONS,
    FEATURES,
    IMAGES,
    LEDGER,
    LESIONS,
    MASK_PREDICTIONS,
    PREDICTIONS,
    READINGS,
    RISK_PREDICTIONS,
    SCHEMAS,
    SPLITS,
    check_table,
    empty_table,
    hash_table,
    prediction_schema,
    read_csv,
    read_record,
    read_table,
    readings_schema,
    stack_ledgers,
    write_csv,
    write_table,
)
from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask, SurvivalTask

SPLIT_COLUMNS = ["patient_id", "repeat", "fold", "subset"]
SPLIT = pd.DataFrame([("P1", 0, 0, "train"), ("P2", 0, 0, "test")], columns=SPLIT_COLUMNS)
PREDICTION = pd.DataFrame([("cnn", 0, 0, 0, "test", "R1", "L1", 0.5)], columns=list(PREDICTIONS.columns))
LESION = pd.DataFrame({"lesion_id": ["L1"], "patient_id": ["P1"], "label": ["benign"]})


def refused(table: pd.DataFrame, schema: pa.DataFrameSchema) -> str:
    with pytest.raises(PredictionsError) as caught:
        check_table(table, schema, where="t.csv", error=PredictionsError)
    return str(caught.value).removesuffix("\nRemedy: correct the table, or what made it")


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_empty_table_fits_its_schema_and_survives_parquet(tmp_path: Path, name: str) -> None:
    schema = SCHEMAS[name]
    table = empty_table(schema)
    assert check_table(table, schema).empty
    back = read_table(write_table(table, tmp_path / f"{name}.parquet", schema), schema)
    assert list(back.columns) == list(table.columns)


KEY = ["model", "seed", "repeat", "fold", "subset", "rater", "lesion_id"]


@pytest.mark.parametrize(("probabilities", "fine"), [((0.2, 0.3, 0.5), True), ((0.2, 0.3, 0.6), False)])
def test_the_probabilities_of_all_classes_of_a_lesion_sum_to_1(
    probabilities: tuple[float, ...], fine: bool
) -> None:
    rows = [("cnn", 0, 0, 0, "test", "R1", "L1", c, p) for c, p in zip("abc", probabilities, strict=True)]
    table = pd.DataFrame(rows, columns=[*KEY, "class", "probability"])
    if fine:
        assert len(check_table(table, CLASS_PREDICTIONS)) == 3
    else:
        assert "must sum to 1 over the classes of a lesion" in refused(table, CLASS_PREDICTIONS)


def test_readings_have_a_schema_for_each_way_of_reading() -> None:
    key = {
        (tasks, marks): readings_schema(tasks=tasks, marks=marks).metadata["key"]
        for tasks in (False, True)
        for marks in (False, True)
    }
    assert key[False, False] == ["reader_id", "lesion_id", "modality"]
    assert key[True, False] == [*key[False, False], "task"]
    assert key[False, True] == [*key[False, False], "mark"]
    assert key[True, True] == [*key[False, False], "mark", "task"]


def test_ledgers_are_put_below_each_other_and_empty_ones_stay_a_ledger() -> None:
    one = pd.DataFrame([("L1", "", "", "images", "failed", "no mask")], columns=list(LEDGER.columns))
    stacked = stack_ledgers([empty_table(LEDGER), one, one])
    assert stacked["lesion_id"].tolist() == ["L1", "L1"]
    assert list(stack_ledgers([empty_table(LEDGER)]).columns) == list(LEDGER.columns)


def test_each_kind_of_task_has_a_schema_of_its_predictions() -> None:
    assert prediction_schema(BinaryTask(question="?", positive="p", negative="n")) is PREDICTIONS
    assert prediction_schema(MulticlassTask(question="?", classes=("a", "b", "c"))) is CLASS_PREDICTIONS
    assert prediction_schema(SurvivalTask(question="?", time="m", event="e")) is RISK_PREDICTIONS
    assert prediction_schema(SegmentationTask(question="?")) is MASK_PREDICTIONS


class TestCheck:
    def test_a_good_table_comes_back_typed_and_the_given_one_is_not_touched(self) -> None:
        given = SPLIT.astype({"fold": "float64"})
        checked = check_table(given, SPLITS)
        assert checked["fold"].dtype == np.int64
        assert given["fold"].dtype == np.float64

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"subset": "tset"}, "column 'subset' must be 'train', 'validation' or 'test', found 'tset' in row 0 "
                                 "(patient_id 'P1') (and 1 more such cells)"),
            ({"subset": ["train", "x"]}, "column 'subset' must be 'train', 'validation' or 'test', found 'x' in "
                                         "row 1 (patient_id 'P2')"),
            ({"fold": 0.5}, "column 'fold' must hold a whole number, found 0.5 in row 0 (patient_id 'P1')"),
            ({"fold": "a"}, "column 'fold' must hold a whole number, found 'a' in row 0 (patient_id 'P1')"),
            ({"fold": -1}, "column 'fold' must not be negative, found -1 in row 0 (patient_id 'P1') (and 1 more"),
            ({"patient_id": None}, "column 'patient_id' is empty in row 0"),
            ({"patient_id": ""}, "column 'patient_id' must not be empty, found '' in row 0 (patient_id '') ("),
            ({"patient_id": ["", "P2"]}, "column 'patient_id' must not be empty, found '' in row 0"),
            ({"patient_id": [3, 4]}, "column 'patient_id' must hold text, found"),
            ({"colour": "red"}, "the splits table has the unknown column 'colour'; it knows patient_id, repeat, "),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_named(self, change: dict[str, Any], problem: str) -> None:
        text = refused(SPLIT.assign(**change), SPLITS)
        assert text.startswith(f"t.csv: {problem}"), text

    def test_missing_columns_are_all_named(self) -> None:
        assert refused(SPLIT[["patient_id"]], SPLITS) == (
            "t.csv: the splits table lacks the columns repeat, fold, subset\nRemedy: columns found: patient_id"
        )
        assert refused(pd.DataFrame(), LESIONS).endswith("Remedy: columns found: none")
        assert "lacks the column label\n" in refused(LESION.drop(columns="label"), LESIONS)

    def test_doubled_rows_are_counted_and_the_first_named(self) -> None:
        assert refused(pd.concat([SPLIT, SPLIT]), SPLITS) == (
            "t.csv: the splits table has 4 doubled rows; the first: patient_id 'P1', repeat 0, fold 0"
            " in rows 0 and 2"
        )

    def test_rows_with_the_same_label_are_no_trouble(self) -> None:
        table = pd.concat([SPLIT, SPLIT.assign(fold=1)])
        assert len(check_table(table, SPLITS)) == 4

    @pytest.mark.parametrize("value", [1.2, -0.1, np.inf])
    def test_probabilities_lie_in_the_unit_interval(self, value: float) -> None:
        assert refused(PREDICTION.assign(probability=value), PREDICTIONS) == (
            f"t.csv: column 'probability' must lie in [0, 1], found {value} in row 0 (lesion_id 'L1')"
        )

    def test_a_missing_probability_is_not_taken_for_zero(self) -> None:
        assert "column 'probability' is empty in row 0" in refused(
            PREDICTION.assign(probability=np.nan), PREDICTIONS
        )

    @pytest.mark.parametrize("value", [2, -1, 0.5])
    def test_decisions_are_0_or_1(self, value: float) -> None:
        table = pd.DataFrame([("A", "L1", "aided", value, None, None)], columns=list(READINGS.columns)[:6])
        assert "column 'decision' must be 0 or 1, found" in refused(
            table.astype({"score": "float64", "seconds": "float64"}), READINGS
        ) or "column 'decision' must hold 0 or 1, found" in refused(table, READINGS)

    def test_optional_columns_are_checked_when_there(self) -> None:
        check_table(LESION.assign(site=None, colour="red"), LESIONS)
        assert "'size_mm' must be above 0, found -3.0 in row 0 (lesion_id 'L1')" in refused(
            LESION.assign(size_mm=-3.0), LESIONS
        )

    def test_a_type_that_is_wrong_as_a_whole_has_no_row(self) -> None:
        assert refused(PREDICTION.astype({"model": "category"}), PREDICTIONS) == (
            "t.csv: column 'model' must hold text, found 'category'"
        )


class TestHash:
    def test_content_counts_and_the_index_does_not(self) -> None:
        assert hash_table(SPLIT) == hash_table(SPLIT.set_axis([5, 9]))
        assert hash_table(SPLIT) != hash_table(SPLIT[::-1])
        assert hash_table(SPLIT) != hash_table(SPLIT[["repeat", "patient_id", "fold", "subset"]])

    def test_the_last_bit_of_a_number_counts(self) -> None:
        assert hash_table(pd.DataFrame({"a": [0.3]})) != hash_table(pd.DataFrame({"a": [0.1 + 0.2]}))

    def test_it_survives_parquet(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        table = pd.DataFrame(
            {
                "lesion_id": [f"L{n}" for n in range(50)], "sequence": "CT", "rater": "R1", "profile": "p",
                "feature": "f", "value": rng.normal(size=50) * 10.0 ** rng.integers(-300, 300, 50),
            }
        )  # fmt: skip
        table.loc[3, "value"] = np.nan
        path = write_table(table, tmp_path / "features.parquet", FEATURES)
        assert hash_table(read_table(path, FEATURES)) == hash_table(table)
        assert read_record(path)["sha256"] == hash_file(path)


class TestFiles:
    def test_a_table_and_its_record(self, tmp_path: Path) -> None:
        path = write_table(SPLIT, tmp_path / "run" / "splits.parquet", SPLITS, seed=3)
        pd.testing.assert_frame_equal(read_table(path), SPLIT)
        assert read_record(path) == {
            "samesplit": __version__, "rows": 2, "sha256": hash_file(path), "seed": 3,
        }  # fmt: skip
        assert sorted(p.name for p in path.parent.iterdir()) == ["splits.json", "splits.parquet"]

    def test_a_table_without_a_schema_is_written_as_it_is(self, tmp_path: Path) -> None:
        path = write_table(pd.DataFrame({"x": [1]}), tmp_path / "x.parquet")
        assert read_table(path)["x"].tolist() == [1]

    def test_a_bad_table_is_not_written(self, tmp_path: Path) -> None:
        with pytest.raises(SamesplitError, match="must not be negative"):
            write_table(SPLIT.assign(fold=-1), tmp_path / "splits.parquet", SPLITS)
        assert list(tmp_path.iterdir()) == []

    def test_missing_and_damaged_files(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        with pytest.raises(SamesplitError, match=r"does not exist\nRemedy: run the benchmark first"):
            read_table(path)
        assert read_record(path) == {}
        path.write_bytes(b"PAR1 cut off")
        with pytest.raises(SamesplitError, match=r"is not a readable parquet .*\nRemedy: run the benchmark"):
            read_table(path)

    def test_a_table_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        path = write_table(SPLIT, tmp_path / "x.parquet")
        with pytest.raises(SamesplitError, match="the lesions table lacks the columns lesion_id, label"):
            read_table(path, LESIONS)

    def test_csv_has_the_same_bytes_everywhere(self, tmp_path: Path) -> None:
        path = write_csv(pd.DataFrame({"a": ["søn", "x,y"], "b": [0.1, None]}), tmp_path / "t.csv")
        assert path.read_bytes() == 'a,b\nsøn,0.1\n"x,y",\n'.encode()


class TestReadCsv:
    def test_numbers_are_read_and_ids_stay_text(self, tmp_path: Path) -> None:
        path = tmp_path / "images.csv"
        path.write_text(
            "lesion_id,sequence,rater,image,mask,mask_label,spacing_mm\n007,CT,R1,a,b,2,\n008,CT,R1,a,b,1,0.5\n"
        )
        table = read_csv(path, IMAGES)
        assert table["lesion_id"].tolist() == ["007", "008"]
        assert table["mask_label"].tolist() == ["2", "1"]
        assert np.isnan(table["spacing_mm"][0])
        assert list(table.index) == [0, 1]

    def test_without_a_schema_the_index_is_the_line(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_text("a\n\nx\n")
        assert read_csv(path)["a"].to_dict() == {3: "x"}

    def test_text_for_a_number_names_the_line(self, tmp_path: Path) -> None:
        path = tmp_path / "p.csv"
        write_csv(PREDICTION.astype({"probability": "object"}).assign(probability="0,5"), path)
        with pytest.raises(PredictionsError) as caught:
            read_csv(path, PREDICTIONS, error=PredictionsError)
        assert str(caught.value) == (
            f"{path}, line 2: column 'probability' must hold numbers, found '0,5'\n"
            "Remedy: write numbers with a decimal point, and leave unknown values empty"
        )

    def test_what_was_written_is_read_back(self, tmp_path: Path) -> None:
        pd.testing.assert_frame_equal(read_csv(write_csv(SPLIT, tmp_path / "s.csv"), SPLITS), SPLIT)

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(PredictionsError, match="does not exist"):
            read_csv(tmp_path / "p.csv", PREDICTIONS, error=PredictionsError)
