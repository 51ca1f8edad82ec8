from __future__ import annotations

import pytest

from samesplit.errors import CohortError
from samesplit.imaging.name_patterns import NamePattern


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("{case}/t2.nii.gz", "P01/t2.nii.gz", {"case": "P01"}),
        ("./{case}/t2.nii.gz", "P01/t2.nii.gz", {"case": "P01"}),
        ("{case}/t2.nii.gz", "site/P01/t2.nii.gz", None),
        ("**/{case}/t2.nii.gz", "site/a/P01/t2.nii.gz", {"case": "P01"}),
        ("**/{case}/t2.nii.gz", "P01/t2.nii.gz", {"case": "P01"}),
        ("{case}/mask*.nii.gz", "P01/mask_reader-2.nii.gz", {"case": "P01"}),
        ("{case}_0000.nii.gz", "KITS_017_0000.nii.gz", {"case": "KITS_017"}),
        (
            "sub-{case}/sub-{case}_{sequence}.nii.gz",
            "sub-7/sub-7_T1w.nii.gz",
            {"case": "7", "sequence": "T1w"},
        ),
        ("sub-{case}/sub-{case}_{sequence}.nii.gz", "sub-7/sub-8_T1w.nii.gz", None),
        ("{case}_{sequence:T1,T2}.nii.gz", "A_B_T1.nii.gz", {"case": "A_B", "sequence": "T1"}),
        ("{case}_{sequence:T1,T2}.nii.gz", "A_B_PET.nii.gz", None),
        ("{case}-?.mha", "P01-2.mha", {"case": "P01"}),
        ("{case}.t2[1]+(a).nii.gz", "P01.t2[1]+(a).nii.gz", {"case": "P01"}),
        ("{case}/ct/", "P01/ct", {"case": "P01"}),
        ("{case}/rt.dcm::GTV.*", "P01/rt.dcm", {"case": "P01"}),
    ],
)
def test_a_pattern_reads_what_a_name_says(pattern: str, path: str, wanted: dict[str, str] | None) -> None:
    assert NamePattern(pattern).read(path) == wanted


def test_what_follows_two_colons_goes_with_every_file() -> None:
    pattern = NamePattern("{case}/rt.dcm::GTV-1")

    assert (pattern.path, pattern.part, pattern.of_folders) == ("{case}/rt.dcm", "::GTV-1", False)
    assert NamePattern("{case}/ct/").of_folders


@pytest.mark.parametrize(
    ("pattern", "path", "message"),
    [
        ("{case}_{sequence}.nii.gz", "A_B_T1.nii.gz", r"\{case\} may be 'A_B' or 'A'"),
        ("{case}*.nii.gz", "P01_t2.nii.gz", r"\{case\} may be 'P01_t2' or 'P'"),
    ],
)
def test_a_name_that_can_be_read_in_two_ways_is_refused(pattern: str, path: str, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        NamePattern(pattern).read(path)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{}/t2.nii.gz", "'{}' is no placeholder"),
        ("{my case}/t2.nii.gz", "'{my case}' is no placeholder"),
        ("{case}/{sequence:T1,}.nii.gz", "'{sequence:T1,}' is no placeholder"),
        ("{case/t2.nii.gz", "a brace that belongs to no placeholder"),
        ("{case}/rt.dcm::{case}", "a brace that belongs to no placeholder"),
        ("/data/{case}/t2.nii.gz", "leads out of the folder"),
        ("../{case}/t2.nii.gz", "leads out of the folder"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        NamePattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "folder", "wanted"),
    [
        ("{case}/t2.nii.gz", "P01", True),
        ("{case}/t2.nii.gz", "P01/dicom", False),
        ("sub-{case}/anat/x.nii.gz", "derivatives", False),
        ("sub-{case}/anat/x.nii.gz", "sub-1/anat", True),
        ("**/{case}.nii.gz", "a/b/c", True),
        ("{case}/ct/", "P01/ct", False),
    ],
)
def test_folders_in_which_nothing_can_fit_are_not_looked_into(
    pattern: str, folder: str, wanted: bool
) -> None:
    assert NamePattern(pattern).may_hold(folder) is wanted
