from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import CohortError
from samesplit.imaging.image_folders import FolderImages, find_images


def folder_of(root: Path, *files: str) -> Path:
    """A folder with empty files of these names: pairing looks at names alone."""
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def pairs(found: FolderImages, root: Path) -> list[tuple[str, str, str]]:
    """lesion_id, image and mask of each row, paths below the folder."""
    columns = found.table[["lesion_id", "image", "mask"]]
    return [
        (row.lesion_id, str(Path(row.image).relative_to(root)), str(Path(row.mask).relative_to(root)))
        for row in columns.itertuples(index=False)
    ]


def test_image_and_mask_of_a_case_belong_together(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path, "P2/t2.nii.gz", "P2/mask_a.nii.gz", "P1/t2.nii.gz", "P1/mask.nrrd", "notes.txt"
    )

    found = find_images(root, image_pattern="{case}/t2.nii.gz", mask_pattern="{case}/mask*")

    assert pairs(found, root) == [
        ("P1", "P1/t2.nii.gz", "P1/mask.nrrd"),
        ("P2", "P2/t2.nii.gz", "P2/mask_a.nii.gz"),
    ]
    assert found.ledger.empty


def test_sequences_raters_and_other_placeholders_become_columns(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path, "A/P1/T1.nii.gz", "A/P1/T2.nii.gz", "A/P1/mask-R1.nii.gz", "A/P1/mask-R2.nii.gz"
    )

    found = find_images(
        root,
        image_pattern="{site}/{case}/{sequence}.nii.gz",
        mask_pattern="{site}/{case}/mask-{rater}.nii.gz",
    )

    assert found.table.columns.tolist() == ["lesion_id", "site", "sequence", "rater", "image", "mask"]
    assert found.table[["lesion_id", "site", "sequence", "rater"]].to_numpy().tolist() == [
        ["P1", "A", sequence, rater] for sequence in ("T1", "T2") for rater in ("R1", "R2")
    ]


def test_lesions_of_a_case_are_named_by_both(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "P1/ct.nii.gz", "P1/roi1.nii.gz", "P1/roi2.nii.gz")

    found = find_images(root, image_pattern="{case}/ct.nii.gz", mask_pattern="{case}/roi{lesion}.nii.gz")

    assert found.table[["lesion_id", "case", "lesion"]].to_numpy().tolist() == [
        ["P1-1", "P1", "1"],
        ["P1-2", "P1", "2"],
    ]


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("{case}.nii.gz", "{case}_mask.nii.gz"),  # the image's pattern fits masks too
        ("{case}_*.nii.gz", "{case}_mask.nii.gz"),
    ],
)
def test_a_file_that_fits_both_patterns_is_what_the_narrower_one_says(
    tmp_path: Path, image: str, mask: str
) -> None:
    name = "P1.nii.gz" if image == "{case}.nii.gz" else "P1_t2.nii.gz"
    root = folder_of(tmp_path, name, "P1_mask.nii.gz")

    assert pairs(find_images(root, image_pattern=image, mask_pattern=mask), root) == [
        ("P1", name, "P1_mask.nii.gz")
    ]


def test_values_that_one_pattern_lists_hold_for_the_other(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path, *(f"P1/{name}_{what}.mha" for name in ("CT", "PET") for what in ("image", "mask"))
    )

    found = find_images(
        root, image_pattern="{case}/{sequence:CT}_image.mha", mask_pattern="{case}/{sequence}_mask.mha"
    )

    assert pairs(found, root) == [("P1", "P1/CT_image.mha", "P1/CT_mask.mha")]
    assert found.ledger.empty


def test_dicom_series_are_folders_and_two_arrays_are_one_file(tmp_path: Path) -> None:
    dicom = folder_of(tmp_path / "dicom", "P1/ct/1.dcm", "P1/ct/2.dcm", "P1/rt.dcm")
    arrays = folder_of(tmp_path / "arrays", "P1.npz")

    found = find_images(dicom, image_pattern="{case}/ct/", mask_pattern="{case}/rt.dcm::GTV-1")
    both = find_images(arrays, image_pattern="{case}.npz::image", mask_pattern="{case}.npz::mask")

    assert pairs(found, dicom) == [("P1", "P1/ct", "P1/rt.dcm::GTV-1")]
    assert pairs(both, arrays) == [("P1", "P1.npz::image", "P1.npz::mask")]


def test_copies_that_macos_leaves_and_other_hidden_files_are_not_seen(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "P1/t2.mha", "P1/m.mha", "P1/._t2.mha", ".trash/P2/t2.mha", ".P3/t2.mha")

    found = find_images(root, image_pattern="{case}/*t2.mha", mask_pattern="{case}/m.mha")

    assert pairs(found, root) == [("P1", "P1/t2.mha", "P1/m.mha")]
    assert found.ledger.empty


def test_cases_without_a_partner_or_with_several_have_a_row_in_the_ledger(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path, "P1/t2.mha", "P1/m.mha", "P2/t2.mha", "P3/m.mha", "P4/t2.mha", "P4/m1.mha", "P4/m2.mha"
    )

    found = find_images(root, image_pattern="{case}/t2.mha", mask_pattern="{case}/m*.mha")

    assert pairs(found, root) == [("P1", "P1/t2.mha", "P1/m.mha")]
    reasons = found.ledger.set_index("lesion_id")["reason"]
    assert reasons["P2"] == "there is no mask: no file fits 'P2/m*.mha'; the image is P2/t2.mha"
    assert reasons["P3"] == "there is no image: no file fits 'P3/t2.mha'; the mask is P3/m.mha"
    assert reasons["P4"].startswith(
        "2 masks fit 'P4/m*.mha': P4/m1.mha, P4/m2.mha; make the pattern narrower"
    )
    assert set(found.ledger["status"]) == {"failed"}


@pytest.mark.parametrize(
    ("image", "mask", "message"),
    [
        (
            "{case}/t1.mha",
            "{case}/m.mha",
            r"no file fits the image pattern '\{case\}/t1.mha'(.|\n)*P1/m.mha, P1/t2.mha",
        ),
        ("{case}/t2.mha", "{case}/seg.mha", "no file fits the mask pattern"),
        ("*/t2.mha", "*/m.mha", r"neither pattern has the placeholder \{case\}"),
        ("{case}/{image}.mha", "{case}/m.mha", "the placeholder {image} has the name of a column"),
        ("{case}/{a}.mha", "{case}/{b}.mha", "fits both patterns"),
    ],
)
def test_patterns_that_fit_nothing_or_everything_are_refused(
    tmp_path: Path, image: str, mask: str, message: str
) -> None:
    root = folder_of(tmp_path, "P1/t2.mha", "P1/m.mha")
    with pytest.raises(CohortError, match=message):
        find_images(root, image_pattern=image, mask_pattern=mask)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "t2.mha")
    with pytest.raises(CohortError, match="is no folder"):
        find_images(root / "t2.mha", image_pattern="{case}.mha", mask_pattern="{case}_m.mha")
