"""One rule for missing values and spreadsheets in every table of a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesplit.benchmarks.cohort import load_cohort
from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.readings import load_readings
from samesplit.errors import CohortError, DeclarationError

LESIONS = """\
lesion_id,patient_id,label,site,date,age,sex
L1,P1,malignant,A,2020-01-01,61,female
L2,P2,benign,A,2020-02-01,48.5,male
L3,P3,malignant,B,2020-03-01,,female
L4,P4,benign,B,2020-04-01,70,male
"""
NO_IMAGES: dict[str, Any] = {"images": "lesion_id\n", "files": False, "features": "table.csv"}
COHORT = {"clinical": {"age": "number", "sex": "category"}}
TABLE = "lesion_id,volume,mean\nL1,1,2\nL2,NA,-\nL3,3,n.a.\nL4,4,5\n"


def folder_of(build: Any, lesions: str = LESIONS, **changes: Any) -> Any:
    folder, definition = build(lesions=lesions, **({"cohort": COHORT} | NO_IMAGES | changes))
    (folder / "table.csv").write_text(TABLE)
    return folder, definition


def test_words_for_missing_values_are_no_level_of_a_category_and_no_fault_of_a_number(
    benchmark_folder: Any,
) -> None:
    lesions = LESIONS.replace("48.5,male", "n.a.,-").replace("70,male", "N/A,NA")
    cohort = load_cohort(*folder_of(benchmark_folder, lesions))
    assert cohort.lesions["sex"].isna().tolist() == [False, True, False, True]
    np.testing.assert_array_equal(cohort.lesions["age"], [61, np.nan, np.nan, np.nan])
    assert cohort.notes == (
        "lesions.csv: read as missing: '-' in sex (1 cell); 'N/A' in age (1 cell); 'NA' in sex (1 cell); "
        "'n.a.' in age (1 cell)",
    )
    assert cohort.features is not None
    np.testing.assert_array_equal(cohort.features.table["volume"], [1, np.nan, 3, 4])
    np.testing.assert_array_equal(cohort.features.table["mean"], [2, np.nan, np.nan, 5])
    assert cohort.features.notes == (
        "table.csv: read as missing: '-' in mean (1 cell); 'NA' in volume (1 cell); 'n.a.' in mean (1 cell)",
    )


def test_a_benchmark_names_words_of_its_own(benchmark_folder: Any) -> None:
    lesions = LESIONS.replace("48.5,male", "-999,NA")
    folder, definition = folder_of(benchmark_folder, lesions, missing_values=["-999"])
    (folder / "table.csv").write_text(TABLE.replace("NA", "-999").replace("-\n", "1\n").replace("n.a.", "1"))
    cohort = load_cohort(folder, definition)
    assert cohort.lesions["sex"].tolist() == ["female", "NA", "female", "male"]
    assert np.isnan(cohort.lesions["age"][1])
    (folder / "table.csv").write_text(TABLE)
    with pytest.raises(
        CohortError, match=r"must hold numbers, found 'NA' for lesion 'L2'\n.*under missing_values"
    ):
        load_cohort(folder, definition)


def test_a_missing_label_is_a_fault_and_never_the_negative_class(benchmark_folder: Any) -> None:
    with pytest.raises(CohortError, match=r"line 3: column 'label' is empty .lesion_id 'L2'."):
        load_cohort(*folder_of(benchmark_folder, LESIONS.replace("P2,benign", "P2,NA")))


def test_readings_and_published_results_follow_the_same_rule(benchmark_folder: Any) -> None:
    folder, definition = folder_of(benchmark_folder, readings="readings.csv")
    (folder / "readings.csv").write_text(
        "reader_id;lesion_id;decision;score\nA;L1;1;3,5\nA;L2;-;n.a.\nA;L3;malignant;NA\nA;L4;0;2\n"
    )
    notes: list[str] = []
    readings, ledger = load_readings(folder, definition, load_cohort(folder, definition), notes=notes)
    assert readings["decision"].fillna(9).tolist() == [1, 9, 1, 0]
    np.testing.assert_array_equal(readings["score"], [3.5, np.nan, np.nan, 2])
    assert ledger["lesion_id"].tolist() == ["L2"]
    (folder / "published.csv").write_text("study;model_or_reader;metric;value;n\nX 2020;CNN;AUC;0,75;NA\n")
    published = load_published(folder, notes=notes)
    assert published["number"].tolist() == [0.75]
    assert np.isnan(published["n"][0])
    assert notes == [
        "readings.csv: its columns are separated by semicolons",
        "readings.csv: decimal commas were read in score (1 cell)",
        "readings.csv: read as missing: '-' in decision (1 cell); 'NA' in score (1 cell); 'n.a.' in score "
        "(1 cell)",
        "published.csv: its columns are separated by semicolons",
        "published.csv: decimal commas were read in value (1 cell)",
        "published.csv: read as missing: 'NA' in n (1 cell)",
    ]


def as_in_europe(text: str) -> bytes:
    """A table as Excel writes it under a German Windows."""
    return text.replace(",", ";").replace(".", ",").replace("\n", ";;\r\n").encode("cp1252") + b";;;;\r\n"


def test_the_same_tables_from_a_spreadsheet_are_the_same_cohort(
    benchmark_folder: Any, tmp_path: Path
) -> None:
    lesions = LESIONS.replace("female", "weiblich: ü")
    folder, definition = folder_of(
        benchmark_folder, lesions, split={"scheme": "kfold", "strata": ["age", "sex"]}
    )
    (folder / "table.csv").write_text(TABLE.replace("2\n", "2.25\n").replace("n.a.", ""))
    plain = load_cohort(folder, definition)
    for name in ("lesions.csv", "table.csv"):
        path = folder / name
        path.write_bytes(as_in_europe(path.read_text()))
    written = load_cohort(folder, definition)
    assert written.sha256 == plain.sha256
    assert written.lesions.equals(plain.lesions)
    assert written.features is not None
    assert plain.features is not None
    assert written.features.sha256 == plain.features.sha256
    assert len(written.notes) == 3


def test_a_class_is_no_word_for_a_missing_value(benchmark_folder: Any) -> None:
    lesions = LESIONS.replace("benign", "-")
    task = {"positive": "malignant", "negative": "-", "question": "Which?"}
    with pytest.raises(DeclarationError, match=r"class '-' is a word for a missing value .*missing_values"):
        folder_of(benchmark_folder, lesions, task=task)
    folder, definition = folder_of(benchmark_folder, lesions, task=task, missing_values=["NA", "n.a."])
    (folder / "table.csv").write_text(TABLE.replace("-", "NA"))
    cohort = load_cohort(folder, definition)
    assert cohort.labels.tolist() == [1, 0, 1, 0]
