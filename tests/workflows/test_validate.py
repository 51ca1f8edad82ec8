"""All that is wrong with a benchmark is told in one go."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.cli.findings import lines_of
from samesplit.workflows.split import freeze_split
from samesplit.workflows.validate import Findings, validate
from samesplit.workflows.validation_table import place_of

LESIONS = """\
lesion_id;patient_id;label;age;grade
001;P1;malignant;61,5;NA
002;P2;benign;sixty;G2
003;P03;bening;40;-
003;P3;;40;G1
005;P5;benign;-1e;G1
006;P6;malignant
"""
IMAGES = """\
lesion_id,sequence,image,mask
1,CT,1/a\\b.nii,1/m.nii
002,T1,2/x.nii,2/y.nii
003,CT,C:\\x.nii,3/y.nii
005,CT,../x.nii,5/y.nii
"""
READINGS = "reader_id,lesion_id,decision\nA,5,yes\nB,002,1\nNA,002,1\n"
BENCHMARK = """\
titel: Messy
task: {question: "Which?", positive: malignant, negative: benign}
cohort:
  sequences: [CT]
  clinical: {age: number, grade: category, sexx: category}
  minimum_voxel: 3
split: {scheme: kfoldd}
profiles: {shap: [CT]}
models: [zero-rul, extra-trees, clinical-logistic]
readings: readings.csv
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What is found in a benchmark with something wrong in every file."""
    root = tmp_path_factory.mktemp("messy")
    folder = root / "benchmarks" / "messy"
    folder.mkdir(parents=True)
    for noun in ("features", "models"):
        (root / noun).mkdir()
    for name, text in (("benchmark.yaml", BENCHMARK), ("lesions.csv", LESIONS), ("images.csv", IMAGES),
                       ("readings.csv", READINGS), ("published.csv", "study,metric\nx,AUC\n")):  # fmt: skip
        (folder / name).write_text(text)
    return validate(folder, jobs=1)


def told(found: Findings, file: str) -> list[str]:
    """The faults of a file, with their lines."""
    faults = [(place_of(fault), fault) for fault in found.faults]
    return [f"{lines}: {fault.problem}" for (where, lines), fault in faults if where.endswith(file)]


def test_every_fault_of_every_file_is_told_at_once(found: Findings) -> None:
    assert told(found, "benchmark.yaml") == [
        "6: unknown key 'cohort.minimum_voxel'",
        "1: unknown key 'titel'",
        ": the key 'title' is missing",
        "7: 'split.scheme': Input should be 'holdout', 'kfold', 'leave-one-site-out', 'temporal' or 'fixed' "
        "(given: 'kfoldd')",
        "9: there is no models/zero-rul.yaml",
    ]
    assert told(found, "lesions.csv") == [
        "7: the line has 3 cells, the header has 5",
        "5: column 'label' is empty (lesion_id '003')",
        "4, 5: lesion_id '003' stands in 2 lines",
        ": there is no column 'sexx', which cohort.clinical in benchmark.yaml asks for",
        "3: clinical variable 'age' is declared a number, but lesion '002' holds 'sixty'",
        "6: clinical variable 'age' is declared a number, but lesion '005' holds '-1e'",
        "4: 1 lesions have a label outside the two classes 'benign' and 'malignant'; the first is lesion '003'; "
        "labels found: 'bening'",
    ]
    assert told(found, "images.csv") == [
        "2: lesion '1' is not in lesions.csv",
        "3: unknown sequence 'T1' of lesion '002'; the benchmark knows CT",
        "2: the path '1/a\\\\b.nii' is written as on Windows, with backslashes",
        "4: the path 'C:\\\\x.nii' is written as on Windows, with the letter of a drive",
        f"5: the path '../x.nii' leaves the data folder {found.faults[0].where.split('/benchmark.yaml')[0]}",
    ]
    assert told(found, "readings.csv") == [
        "4: column 'reader_id' holds 'NA', a word for a missing value",
        "2: decision 'yes' of reader 'A' on lesion '5' is neither 'malignant' (1) nor 'benign' (0)",
        "2: lesion '5' is not in lesions.csv (reader 'A')",
    ]
    assert told(found, "published.csv") == [": the published results lack the columns model_or_reader, value"]
    assert any("there is no features/shap.yaml" in fault.problem for fault in found.faults)
    assert all(fault.remedy for fault in found.faults)
    assert not found.fine


def test_causes_are_named(found: Findings) -> None:
    remedies = {fault.problem: fault.remedy for fault in found.faults}
    assert remedies["lesion '1' is not in lesions.csv"] == (
        "'1' is '001' of lesions.csv without its zeros, as a spreadsheet writes it: format the column as text. "
    )
    assert remedies["the path '1/a\\\\b.nii' is written as on Windows, with backslashes"] == (
        "write forward slashes: 1/a/b.nii"
    )
    assert "lesions.csv: read as missing: '-' in grade (1 cell); 'NA' in grade (1 cell)" in found.notes
    assert any("patient_id 'P03' and 'P3' differ in zeros" in note for note in found.notes)


def test_all_of_it_is_written_to_a_file(found: Findings) -> None:
    assert found.file is not None
    assert found.file.name == "validation.csv"
    table = pd.read_csv(found.file, keep_default_na=False)
    assert list(table.columns) == [
        "finding", "file", "line", "lesion_id", "sequence", "rater", "problem", "remedy",
    ]  # fmt: skip
    assert (table["finding"] == "fault").sum() == len(found.faults)
    assert (table["finding"] == "note").sum() == len(found.notes)
    assert table["file"].str.endswith("images.csv").sum() == 5


def test_what_is_printed_is_grouped_by_file_and_never_cut_off(found: Findings) -> None:
    printed = list(lines_of(found))
    places = [line for line in printed if line.startswith("  /")]
    assert len({*places}) == len(places)
    assert any(line.endswith("benchmarks/messy/images.csv") for line in places)
    assert "    line 2: lesion '1' is not in lesions.csv" in printed
    assert not any("row" in line.split() for line in printed)


def test_a_frozen_split_that_disagrees_is_a_fault(small_study: SmallStudy) -> None:
    freeze_split(small_study.folder, changes={}, overwrite=True)
    path = small_study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("folds: 2", "folds: 3"))
    (problem,) = [fault.problem for fault in validate(small_study.folder, jobs=1).faults]
    assert problem == "split says folds: 3, but the frozen split was made when it said folds: 2"


def test_the_file_of_a_fixed_split_is_looked_at_before_it_is_frozen(small_study: SmallStudy) -> None:
    path = small_study.folder / "benchmark.yaml"
    text = path.read_text()
    begin = text.index("split: {")
    end = text.index("}", begin) + 1
    path.write_text(text[:begin] + "split: {scheme: fixed, file: sides.csv}" + text[end:])
    for name in ("splits.csv", "splits.json"):
        (small_study.folder / name).unlink(missing_ok=True)
    (small_study.folder / "sides.csv").write_text("lesion_id;subset\nL1x;train\n")
    (problem,) = [fault.problem for fault in validate(small_study.folder, jobs=1).faults]
    assert problem == "1 lesions are not in the cohort: 'L1x'"


def test_files_that_do_not_exist_are_told_beside_the_faults_of_other_lines(small_study: SmallStudy) -> None:
    path = small_study.folder / "images.csv"
    first, second, *others = path.read_text().splitlines()[1:]
    image = second.split(",")[3]
    lines = [path.read_text().splitlines()[0], "x" + first, second.replace(image, "gone.nii.gz"), *others]
    path.write_text("\n".join(lines) + "\n")

    found = validate(small_study.folder, jobs=1)

    assert [place_of(fault)[1] for fault in found.faults] == ["2"]
    missing = found.problems[found.problems["status"] == "missing"]
    assert [reason.endswith("gone.nii.gz does not exist") for reason in missing["reason"]] == [True]


def test_a_file_that_is_no_yaml_says_what_was_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "benchmarks" / "x").mkdir(parents=True)
    (tmp_path / "benchmarks" / "x" / "benchmark.yaml").write_text("a: [1\n")
    found = validate(tmp_path / "benchmarks" / "x")
    assert len(found.faults) == 1
    assert "Not looked at yet: the tables, the split and the models: benchmark.yaml comes first" in lines_of(
        found
    )
