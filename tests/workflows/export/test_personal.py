from __future__ import annotations

import pandas as pd
import pytest

from samesplit.workflows.export.personal import personal_columns


@pytest.mark.parametrize(
    ("column", "cells", "why"),
    [
        ("PatientName", ["x", "y"], "its name is that of"),
        ("surname", ["x"], "its name is that of"),
        ("date_of_birth", ["1950-01-01"], "its name is that of"),
        ("MRN", ["123"], "its name is that of"),
        ("StudyInstanceUID", ["1"], "its name is that of"),
        ("contact", ["ada@example.org"], "e-mail addresses"),
        ("image", ["LOVELACE^ADA/t2.nii.gz"], "names as DICOM writes them"),
        ("mask", ["1.2.840.113619.2.55.3.604688119/m.nii.gz"], "DICOM identifiers"),
        ("reader_id", ["Ada Lovelace", "Hopper, Grace"], "readers seem to be named"),
        ("rater", ["Ada Lovelace"], "raters seem to be named"),
        ("patient_id", ["Lovelace, Ada", "Hopper, Grace"], "patients seem to be named"),
    ],
)
def test_what_almost_surely_names_a_person_stops_the_export(column: str, cells: list[str], why: str) -> None:
    (found,) = personal_columns({"lesions.csv": pd.DataFrame({column: cells})})
    assert why in found.why
    assert found.stops
    assert str(found).startswith(f"lesions.csv, column '{column}': ")


@pytest.mark.parametrize(
    ("column", "cells", "why"),
    [
        ("date", ["2020-01-31", "2021-02-01"], "holds dates of the calendar"),
        ("scanned", ["31.01.2020 08:00", None], "holds dates of the calendar"),
        ("comment", ["good"], "holds free text"),
        ("finding_text", ["a mass of four centimetres in the left kidney, seen first in March"], "free text"),
        ("age", ["40", "93"], "ages above 89"),
        ("age_years", ["40", "93"], "ages above 89"),
    ],
)
def test_what_may_be_personal_is_told(column: str, cells: list[str], why: str) -> None:
    (found,) = personal_columns({"lesions.csv": pd.DataFrame({column: cells})})
    assert why in found.why
    assert not found.stops


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("lesion_id", ["L1", "L2"]),
        ("patient_id", ["TCGA-B0-4700"]),
        ("site", ["north"]),
        ("age", ["40", "89"]),
        ("scanner_vendor", ["GE"]),
        ("reader_id", ["A", "reader 2"]),
        ("image", ["case_1/phase 2/t1.nii.gz"]),
        ("rater", ["R1"]),
        ("stage", ["93"]),
        ("version", ["1.2.3"]),
        ("tumour_type", ["clear cell renal cell carcinoma"]),
        ("grade", [None, None]),
    ],
)
def test_usual_columns_are_let_pass(column: str, cells: list[str | None]) -> None:
    assert personal_columns({"lesions.csv": pd.DataFrame({column: cells})}) == ()
