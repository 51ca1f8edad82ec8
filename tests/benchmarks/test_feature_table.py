from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.splits import make_split
from samesplit.errors import CohortError, DataMissingError, DeclarationError

TABLE = """\
lesion_id,volume,entropy (bits),GLCM/contrast
L2,20,1.5,
L1,10,2.5,-1e-3
L4,40,NaN,3
L3,30,3.5,2
"""


def load(build: Any, table: str = TABLE, *, name: str = "table.csv", **changes: Any) -> Cohort:
    settings: dict[str, Any] = {"features": name, "cohort": {"clinical": {"age": "number"}}} | changes
    folder, definition = build(images="lesion_id\n", files=False, **settings)
    (folder / "images.csv").unlink()
    path = folder / name
    path.write_bytes(gzip.compress(table.encode()) if name.endswith(".gz") else table.encode())
    return load_cohort(folder, definition)


def test_a_table_of_ones_own_needs_no_images_and_keeps_its_names(benchmark_folder: Any) -> None:
    cohort = load(benchmark_folder)

    assert cohort.features is not None
    assert list(cohort.features.table.columns) == ["volume", "entropy (bits)", "GLCM/contrast"]
    assert list(cohort.features.table.index) == ["L1", "L2", "L3", "L4"]
    assert cohort.features.table["volume"].tolist() == [10, 20, 30, 40]
    np.testing.assert_array_equal(cohort.features.table["GLCM/contrast"], [-1e-3, np.nan, 2, 3])
    assert cohort.images.empty
    assert cohort.ledger.empty


def test_the_hash_follows_the_numbers_and_not_the_file(benchmark_folder: Any, tmp_path: Path) -> None:
    plain = load(benchmark_folder).features
    packed = load(benchmark_folder, name="table.csv.gz").features
    sorted_rows = "\n".join([TABLE.splitlines()[0], *sorted(TABLE.splitlines()[1:])]) + "\n"
    shuffled = load(benchmark_folder, sorted_rows.replace("NaN", "")).features
    changed = load(benchmark_folder, TABLE.replace("-1e-3", "-1.0000000001e-3")).features
    folder, definition = benchmark_folder(features="table.parquet", cohort={}, files=False)
    assert plain is not None
    plain.table.to_parquet(folder / "table.parquet")
    parquet = load_cohort(folder, definition).features

    assert packed is not None
    assert shuffled is not None
    assert changed is not None
    assert parquet is not None
    assert plain.sha256 == packed.sha256 == shuffled.sha256 == parquet.sha256
    assert changed.sha256 != plain.sha256


def test_numbers_are_read_exactly(benchmark_folder: Any) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=4) * 10.0 ** rng.integers(-300, 300, size=4)
    text = "lesion_id,a\n" + "".join(f"L{i + 1},{value!r}\n" for i, value in enumerate(values.tolist()))

    found = load(benchmark_folder, text).features

    assert found is not None
    assert found.table["a"].tolist() == values.tolist()


def test_numbers_are_the_same_whichever_way_the_file_is_read(benchmark_folder: Any) -> None:
    plain = load(benchmark_folder).features
    quoted = load(benchmark_folder, TABLE.replace("volume", '"volume"').replace("L1", '"L1"')).features
    spaced = load(benchmark_folder, TABLE.replace(",", " , ").replace("L4", "\nL4")).features

    assert plain is not None
    assert quoted is not None
    assert spaced is not None
    pd.testing.assert_frame_equal(quoted.table, plain.table)
    pd.testing.assert_frame_equal(spaced.table, plain.table)


def test_whole_numbers_serve_as_ids_whatever_the_file(benchmark_folder: Any) -> None:
    lesions = "lesion_id,patient_id,label\n" + "".join(
        f"{i},{i},{'malignant' if i % 2 else 'benign'}\n" for i in range(4)
    )
    settings = {"lesions": lesions, "cohort": {}, "files": False}
    folder, definition = benchmark_folder(features={"file": "t.parquet", "id_column": "ID"}, **settings)
    for ids in ([0, 1, 2, 3], [0.0, 1.0, 2.0, 3.0], ["0", "1", "2", "3"]):
        pd.DataFrame({"ID": ids, "a": [1.0, 2.0, 3.0, 4.0]}).to_parquet(folder / "t.parquet")

        found = load_cohort(folder, definition).features

        assert found is not None
        assert list(found.table.index) == ["0", "1", "2", "3"]


def test_a_lesion_that_the_table_lacks_goes_into_the_ledger(benchmark_folder: Any) -> None:
    rows = [line for line in TABLE.splitlines() if not line.startswith("L3")]
    cohort = load(benchmark_folder, "\n".join([*rows[:-1], "L4,,NA,null"]) + "\n")

    assert cohort.ledger[["lesion_id", "status", "reason"]].to_numpy().tolist() == [
        ["L3", "missing", "table.csv has no line of this lesion"],
        ["L4", "missing", "table.csv has no value in the line of this lesion"],
    ]
    assert set(cohort.lesions["lesion_id"]) == {"L1", "L2", "L3", "L4"}


def test_pyradiomics_columns_about_the_extraction_are_left_out_with_a_note(benchmark_folder: Any) -> None:
    header, *rows = TABLE.splitlines()
    wide = [f"{header},diagnostics_Versions_PyRadiomics,diagnostics_Image-original_Mean"]
    wide += [f"{row},v3.1.0,12.5" for row in rows]

    found = load(benchmark_folder, "\n".join(wide) + "\n").features

    assert found is not None
    assert list(found.table.columns) == ["volume", "entropy (bits)", "GLCM/contrast"]
    assert found.notes == (
        "table.csv: read as missing: 'NaN' in entropy (bits) (1 cell)",
        "table.csv: 2 columns diagnostics_... left out: they are about the extraction, not the lesion",
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE + "L9,1,1,1\n", "line 6: lesion 'L9' is not in lesions.csv\nRemedy: Add it to"),
        (TABLE + "L33,1,1,1\n", "lesion 'L33' is not in lesions.csv\nRemedy: did you mean 'L3'? Add"),
        (TABLE + "L1,1,1,1\n", "line 3 and line 6: lesion 'L1' stands twice\nRemedy: keep one line a lesion"),
        (TABLE + ",1,1,1\n", "line 6: column 'lesion_id' is empty"),
        (TABLE.replace("2.5", "much"), "line 3: column 'entropy (bits)' must hold numbers, found 'much' for "
                                       "lesion 'L1'\nRemedy: write numbers with a decimal point"),
        (TABLE.replace("2.5", '"2,5"'), "found '2,5' for lesion 'L1'"),
        (TABLE.replace("2.5", "1_0"), "found '1_0' for lesion 'L1'"),
        (TABLE.replace("30", "inf"), "line 5: column 'volume' holds an infinite number for lesion 'L3'"),
        (TABLE.replace("30", "-Infinity"), "column 'volume' holds an infinite number for lesion 'L3'"),
        (TABLE.replace("30", "1e999"), "column 'volume' holds an infinite number for lesion 'L3'"),
        (TABLE.replace("volume", "Label"), "column 'Label' tells the label or the patient: no model may see it\n"
                                           "Remedy: name it in benchmark.yaml as features.drop: [Label]"),
        (TABLE.replace("volume", "patient_id"), "column 'patient_id' tells the label or the patient"),
        (TABLE.replace("volume", "age"), "column 'age' stands in lesions.csv too\nRemedy: name it"),
        (TABLE.replace("volume", "a/b/c"), "the name of column 'a/b/c' reads as profile/sequence/feature"),
        (TABLE.replace("lesion_id", "lesion"), "there is no column 'lesion_id' that holds the ids of the lesions\n"
                                               "Remedy: did you mean 'lesion'? Name it as features.id_column"),
        (TABLE.replace("lesion_id,volume", "lesion_id,entropy (bits)"), "'entropy (bits)' stands twice"),
        (TABLE + "L9,1\n", "line 6: the line has 2 cells, the header has 4"),
        ("lesion_id\nL1\n", "has no column of features"),
        ("lesion_id,a\n", "holds no lesions"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_an_error_with_its_place_and_a_remedy(
    benchmark_folder: Any, table: str, message: str
) -> None:
    with pytest.raises(CohortError) as raised:
        load(benchmark_folder, table)

    assert message in str(raised.value)
    assert "table.csv" in str(raised.value)


def test_the_label_under_another_name_is_refused_and_can_be_dropped(benchmark_folder: Any) -> None:
    rng = np.random.default_rng(1)
    label = np.arange(20) % 2
    lesions = pd.DataFrame({"lesion_id": [f"L{i}" for i in range(20)]})
    lesions = lesions.assign(patient_id=lesions["lesion_id"], label=np.where(label, "malignant", "benign"))
    table = pd.DataFrame(
        {"lesion_id": lesions["lesion_id"], "noise": rng.normal(size=20), "Target": 7 - label}
    )
    given = {"lesions": lesions.to_csv(index=False), "cohort": {}}

    with pytest.raises(CohortError, match="column 'Target' is the label by another name"):
        load(benchmark_folder, table.to_csv(index=False), **given)

    dropped = {"file": "table.csv", "drop": ["Target"]}
    found = load(benchmark_folder, table.to_csv(index=False), **given, features=dropped).features
    assert found is not None
    assert list(found.table.columns) == ["noise"]
    with pytest.raises(
        CohortError, match=r"no column 'Targt', which features.drop [\s\S]*did you mean 'Target'"
    ):
        load(benchmark_folder, table.to_csv(index=False), **given, features=dropped | {"drop": ["Targt"]})
    blurred = table.assign(Target=table["Target"].where(table.index != 3, 7))
    assert load(benchmark_folder, blurred.to_csv(index=False), **given).features is not None


def test_the_table_may_lie_in_the_data_folder(
    benchmark_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "mine").mkdir(parents=True)
    data = {"folder": "mine", "source": "a paper"}
    folder, definition = benchmark_folder(features="t.csv", data=data, cohort={}, files=False)

    with pytest.raises(
        DataMissingError, match=r"no table of features 't.csv'[\s\S]*holds 'mine' with the file.*a paper"
    ):
        load_cohort(folder, definition)

    (tmp_path / "data" / "mine" / "t.csv").write_text(TABLE)
    found = load_cohort(folder, definition).features
    assert found is not None
    assert len(found.table) == 4


def test_a_broken_gzip_file_is_told(benchmark_folder: Any) -> None:
    folder, definition = benchmark_folder(features="t.gz", cohort={}, files=False)
    for content in (gzip.compress(TABLE.encode())[:-20], TABLE.encode()):
        (folder / "t.gz").write_bytes(content)

        with pytest.raises(CohortError, match=r"t\.gz: is not a whole gzip file"):
            load_cohort(folder, definition)


def test_a_split_of_a_benchmark_without_images_can_be_made(benchmark_folder: Any) -> None:
    lesions = "lesion_id,patient_id,label\n" + "".join(
        f"L{i},P{i},{'malignant' if i % 2 else 'benign'}\n" for i in range(20)
    )
    table = "lesion_id,a\n" + "".join(f"L{i},{i}\n" for i in range(20))
    cohort = load(benchmark_folder, table, lesions=lesions, cohort={})
    folder, definition = benchmark_folder(lesions=lesions, features="table.csv", cohort={}, files=False)

    split = make_split(cohort.lesions, cohort.labels, definition.split, folder=folder)

    assert set(split.table["patient_id"]) == set(cohort.lesions["patient_id"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"features": "t.csv", "profiles": {"shape": ["T1C"]}},
            "'features' replaces extraction, so 'profiles'",
        ),
        (
            {"features": "t.csv", "cohort": {"other_raters": ["R2"]}},
            "'cohort.other_raters' does nothing without",
        ),
        ({"features": "../t.csv"}, "must be a relative path"),
        (
            {"features": {"file": "t.csv", "id": "ID"}},
            "unknown key 'features.id'\nRemedy: remove it. Valid keys here: drop, file",
        ),
        ({"features": {"id_column": "ID"}}, "the key 'features.file' is missing"),
    ],
)
def test_declarations_that_contradict_themselves_are_refused(
    benchmark_folder: Any, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError) as raised:
        benchmark_folder(**changes)

    assert message in str(raised.value)
