"""Which lesions lie in one image, where not all of them are outlined in every sequence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk

from samesplit.models.protocol import Cases
from samesplit.models.segmentation.scenes import read_lesions, scenes_of

SEQUENCES = ("A", "V")


def cases_of(rows: list[tuple[str, str, str, str, int]]) -> Cases:
    """Lesions from rows of lesion_id, sequence, image, mask and label."""
    images = pd.DataFrame(rows, columns=["lesion_id", "sequence", "image", "mask", "mask_label"])
    images = images.assign(rater="R1", spacing_mm=np.nan)
    ids = list(dict.fromkeys(images["lesion_id"]))
    nothing = pd.DataFrame(index=pd.Index(ids, name="lesion_id"))
    return Cases(nothing, images, nothing, nothing, SEQUENCES, "R1")


def test_lesions_of_one_scan_are_one_scene_where_one_is_not_outlined_in_every_phase() -> None:
    cases = cases_of(
        [
            ("P1-1", "A", "a1", "m", 1),
            ("P1-1", "V", "v1", "m", 1),
            ("P2-1", "A", "a2", "m", 1),
            ("P1-2", "V", "v1", "m", 2),
        ]
    )
    first, second = scenes_of(cases)
    assert first.lesion_ids == ("P1-1", "P1-2")
    assert (first.lesions_in("A"), first.lesions_in("V")) == (("P1-1",), ("P1-1", "P1-2"))
    assert first.only(["A"]).lesion_ids == ("P1-1",)
    assert second.lesion_ids == ("P2-1",)


def test_lesions_that_name_several_images_of_a_phase_are_apart_unless_they_name_the_same() -> None:
    rows = [
        ("P1-1", "A", "a1", "m", 1),
        ("P1-1", "V", "v1", "m", 1),
        ("P1-2", "A", "a1", "m", 2),
        ("P1-2", "V", "v1", "m", 2),
        ("P1-3", "A", "other", "m", 1),
        ("P1-3", "V", "v1", "m", 3),
    ]
    assert [scene.lesion_ids for scene in scenes_of(cases_of(rows))] == [("P1-1", "P1-2"), ("P1-3",)]


def test_a_lesion_outlined_in_another_phase_alone_is_learnt_from_that_outline(tmp_path: Path) -> None:
    coarse = np.zeros((6, 8, 8), np.uint8)
    coarse[1:3, 1:3, 1:3], coarse[3:5, 5:7, 5:7] = 1, 2
    fine = coarse.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    for name, values, spacing in (("A", fine, 1.0), ("V", coarse, 2.0)):
        for kind, array in (("image", np.random.default_rng(0).normal(size=values.shape)), ("mask", values)):
            image = sitk.GetImageFromArray(array.astype(np.float32 if kind == "image" else np.uint8))
            image.SetSpacing((spacing,) * 3)
            image.SetOrigin((spacing / 2,) * 3)
            sitk.WriteImage(image, str(tmp_path / f"{name}-{kind}.nii.gz"))
    files = {name: [str(tmp_path / f"{name}-{kind}.nii.gz") for kind in ("image", "mask")] for name in "AV"}
    (scene,) = scenes_of(
        cases_of(
            [
                ("P1-2", "V", files["V"][0], files["V"][1], 2),
                ("P1-1", "A", files["A"][0], files["A"][1], 1),
                ("P1-1", "V", files["V"][0], files["V"][1], 1),
            ]
        )
    )
    union, lost = read_lesions(scene, "A")
    assert not lost
    np.testing.assert_array_equal(sitk.GetArrayFromImage(union) > 0, fine > 0)
