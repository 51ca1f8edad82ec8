"""A benchmark whose images.csv names DICOM is checked and read like any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from skimage.measure import find_contours

from samesplit.imaging.case_tasks import case_files
from samesplit.run.provenance import ContentHashes
from samesplit.workflows.validate import validate


@pytest.fixture
def dicom_study(small_study: Any, scanner: Any) -> Any:
    """The small study with two lesions' T1C as DICOM: contours of an RTSTRUCT for one, a SEG for the other."""
    data = small_study.folder / "images"
    names = {}
    for lesion, kind in (("L01a", "rt"), ("L02a", "seg")):
        image = sitk.ReadImage(str(small_study.image(lesion)))
        mask = sitk.GetArrayFromImage(sitk.ReadImage(str(small_study.mask(lesion))))
        scanner.root, scanner.spacing_mm, scanner.origin_mm = (
            data / lesion,
            image.GetSpacing(),
            image.GetOrigin(),
        )
        scanner.root.mkdir()
        values = np.round(sitk.GetArrayFromImage(image)).astype(int)
        folder = scanner.series(values, "t1", modality="MR")
        rounded = sitk.GetImageFromArray(values.astype(np.float32))
        rounded.CopyInformation(image)
        sitk.WriteImage(rounded, str(small_study.image(lesion)))
        if kind == "rt":
            scanner.rtstruct({"Kidney": [], "GTV": outlines(mask)})
            part = "rt.dcm::/GTV.*/"
        else:
            scanner.seg(folder, {"Mass": mask})
            part = "seg.dcm"
        names[lesion] = (f"images/{lesion}/t1", f"images/{lesion}/{part}")

    def rename(images: pd.DataFrame) -> pd.DataFrame:
        for lesion, (folder, mask) in names.items():
            row = images["lesion_id"].eq(lesion) & images["sequence"].eq("T1C")
            images.loc[row, ["image", "mask"]] = [folder, mask]
        return images

    def few(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["lesion_id"].isin(["L01a", "L02a", "L03a", "L04a"])]

    for name in ("lesions.csv", "images.csv", "readings.csv"):
        small_study.edit(name, few)
    small_study.edit("images.csv", rename)
    return small_study


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Contours that hold exactly these voxels."""
    return [
        np.column_stack([line[:-1, ::-1], np.full(len(line) - 1, z)])
        for z in range(len(mask))
        for line in find_contours(mask[z].astype(float), 0.5)
    ]


def test_validation_names_what_is_wrong_and_nothing_else(dicom_study: Any) -> None:
    def spoil(images: pd.DataFrame) -> pd.DataFrame:
        t1c = images["sequence"].eq("T1C")
        images.loc[images["lesion_id"].eq("L03a") & t1c, ["image", "mask"]] = [
            "images/L01a/t1",
            "images/L01a/rt.dcm::PTV",
        ]
        images.loc[images["lesion_id"].eq("L04a") & t1c, "image"] = "images/L04a/t1"
        return images

    dicom_study.edit("images.csv", spoil)
    findings = validate(dicom_study.folder, jobs=1)
    reasons = dict(zip(findings.problems["lesion_id"], findings.problems["reason"], strict=True))
    assert sorted(reasons) == ["L03a", "L04a"]
    assert "no ROI is named 'PTV'; found:\n    [4] Kidney\n    [5] GTV" in reasons["L03a"]
    assert "L04a/t1 does not exist" in reasons["L04a"]
    assert sorted(findings.doubled["lesion_id"]) == ["L01a", "L03a"]  # one series under two patients


def test_cases_are_those_of_the_same_voxels_in_nifti(dicom_study: Any) -> None:
    data = dicom_study.folder / "images"
    paths = [
        (str(data / "L01a" / "t1"), f"{data}/L01a/rt.dcm::GTV"),
        (str(data / "L02a" / "t1"), f"{data}/L02a/seg.dcm::[1]"),
        *[(str(dicom_study.image(lesion)), str(dicom_study.mask(lesion))) for lesion in ("L01a", "L02a")],
    ]
    rows = [(f"L{n}", "T1C", "R1", *pair, 1, np.nan) for n, pair in enumerate(paths)]
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "spacing_mm"]
    cases = case_files(pd.DataFrame(rows, columns=columns), geometry_repair=None, minimum_voxels=8)
    assert len({case.content for case in cases} - {""}) == 4
    read = [case.read() for case in cases]
    for ours, known in zip(read[:2], read[2:], strict=True):
        assert ours.repairs == ()
        for one, other in ((ours.image, known.image), (ours.mask, known.mask)):
            np.testing.assert_array_equal(sitk.GetArrayFromImage(one), sitk.GetArrayFromImage(other))
            assert one.GetSpacing() == pytest.approx(other.GetSpacing())
            assert one.GetOrigin() == pytest.approx(other.GetOrigin())


def test_content_hashes_follow_the_series_and_the_roi(dicom_study: Any) -> None:
    data = dicom_study.folder / "images" / "L01a"
    hashes = ContentHashes()
    references = [str(data / "t1"), f"{data}/t1::Thorax", f"{data}/rt.dcm::GTV", f"{data}/rt.dcm::Kidney"]
    found = [hashes.of(reference) for reference in references]
    assert found[0] == found[1]
    assert len(set(found)) == 3
    assert not any(text.startswith("missing") for text in found)
    assert hashes.of(f"{data}/t1::T2") == "missing"
