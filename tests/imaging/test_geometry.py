"""Image and mask on different grids: told side by side, and mended only as the benchmark names it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import read_case, roi_values

Save = Callable[..., str]
Block = tuple[np.ndarray, np.ndarray]


def test_rounding_in_a_header_is_no_difference(save: Save, block: Block) -> None:
    image = save(block[0], "i.nrrd")
    mask = save(block[1], "m.nrrd", origin_mm=(-10.0003, 5.0003, 20.0), spacing_mm=(1.00001, 2.0, 3.0))
    case = read_case(image, mask, lesion_id="L1")
    assert case.mask.GetOrigin() == case.image.GetOrigin()
    assert case.repairs == ()


def test_the_difference_is_shown_side_by_side_in_mm(save: Save, block: Block) -> None:
    image = save(block[0], "i.nrrd")
    mask = save(block[1], "m.nrrd", origin_mm=(-10.0, 5.5, 20.0), spacing_mm=(1.0, 2.0, 3.2))
    with pytest.raises(LesionError, match="different geometry") as caught:
        read_case(image, mask, lesion_id="L1")
    marked = {line.split("  ")[2]: line for line in caught.value.problem.splitlines() if "<- differs" in line}
    assert set(marked) == {"spacing (mm)", "origin (mm)"}
    assert "1.0000 2.0000 3.0000" in marked["spacing (mm)"]
    assert "1.0000 2.0000 3.2000" in marked["spacing (mm)"]
    assert "up to 1.868 mm apart" in caught.value.problem
    assert "resample_mask" in str(caught.value.remedy)
    assert "--repair" in str(caught.value.remedy)


def test_different_sizes_and_directions_are_differences(save: Save, block: Block) -> None:
    image = save(block[0], "i.nrrd")
    for mask in (
        save(block[1][:, :, :-1], "m1.nrrd"),
        save(block[1], "m2.nrrd", direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1)),
    ):
        with pytest.raises(LesionError, match="different geometry"):
            read_case(image, mask, lesion_id="L1")


def test_resample_mask_puts_the_mask_where_it_is_in_mm(save: Save, block: Block) -> None:
    image = save(block[0], "i.nrrd")
    small = save(block[1][3:7, 4:9, 5:11], "m.nrrd", origin_mm=(-10.0 + 5, 5.0 + 4 * 2, 20.0 + 3 * 3))
    case = read_case(image, small, lesion_id="L1", geometry_repair="resample_mask")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(case.mask), block[1])
    assert "24 mask voxels became 24" in case.repairs[0]
    assert "0.144 mL became 0.144 mL" in case.repairs[0]


def test_resample_mask_to_finer_voxels_keeps_the_volume(save: Save, block: Block) -> None:
    image = np.kron(block[0], np.ones((3, 2, 1))) + np.arange(14)
    fine = save(image, "i.nrrd", spacing_mm=(1.0, 1.0, 1.0), origin_mm=(-10.0, 4.5, 19.0))
    case = read_case(fine, save(block[1], "m.nrrd"), lesion_id="L1", geometry_repair="resample_mask")
    assert int(sitk.GetArrayViewFromImage(case.mask).sum()) == 24 * 6


def test_resample_mask_refuses_a_mask_outside_the_image(save: Save, block: Block) -> None:
    image = save(block[0], "i.nrrd")
    away = save(block[1], "m.nrrd", origin_mm=(-3.0, 5.0, 20.0))
    with pytest.raises(LesionError, match=r"75\.0% of the mask lies outside the image"):
        read_case(image, away, lesion_id="L1", geometry_repair="resample_mask")


def test_resample_mask_refuses_a_mask_that_vanishes(save: Save, block: Block) -> None:
    image = save(block[0][::5, ::5, ::5] + 1, "i.nrrd", spacing_mm=(5.0, 10.0, 15.0))
    mask = np.zeros_like(block[1])
    mask[2:4, 2:4, 2:4] = 1
    with pytest.raises(LesionError, match="no voxel left"):
        read_case(image, save(mask, "m.nrrd"), lesion_id="L1", geometry_repair="resample_mask")


def test_copy_header_trusts_the_voxel_order(save: Save, block: Block) -> None:
    image = save(block[0], "i.nrrd")
    moved = save(block[1], "m.nrrd", origin_mm=(0.0, 0.0, 0.0))
    case = read_case(image, moved, lesion_id="L1", geometry_repair="copy_header")
    np.testing.assert_array_equal(roi_values(case), np.arange(1.0, 25.0))
    assert "voxels moved by up to 22.913 mm" in case.repairs[0]


def test_copy_header_needs_equal_sizes(save: Save, block: Block) -> None:
    image = save(block[0], "i.nrrd")
    with pytest.raises(LesionError, match="same size"):
        read_case(image, save(block[1][1:], "m.nrrd"), lesion_id="L1", geometry_repair="copy_header")


def test_a_repair_that_is_not_needed_is_not_made(save: Save, block: Block) -> None:
    case = read_case(
        save(block[0], "i.nrrd"), save(block[1], "m.nrrd"), lesion_id="L1", geometry_repair="resample_mask"
    )
    assert case.repairs == ()


def shear(path: str, amount: float) -> str:
    """Put a sheared sform into a NIfTI-1 header."""
    content = bytearray(Path(path).read_bytes())
    struct.pack_into("<hh", content, 252, 0, 1)
    rows = np.array([[1, amount, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype="<f4")
    content[280:328] = rows.tobytes()
    Path(path).write_bytes(bytes(content))
    return path


def test_nearly_orthogonal_axes_are_straightened_and_reported(save: Save, block: Block) -> None:
    cubic = {"spacing_mm": (1.0, 1.0, 1.0)}
    image = shear(save(block[0], "i.nii", **cubic), 0.002)
    mask = shear(save(block[1], "m.nii", **cubic), 0.002)
    case = read_case(image, mask, lesion_id="L1")
    direction = np.reshape(case.image.GetDirection(), (3, 3))
    np.testing.assert_allclose(direction @ direction.T, np.eye(3), atol=1e-9)
    np.testing.assert_array_equal(roi_values(case), np.arange(1.0, 25.0))
    assert [note.split(":")[0] for note in case.repairs] == ["image", "mask"]
    assert "0.057 degrees" in case.repairs[0]


def test_truly_sheared_axes_are_an_error(save: Save, block: Block) -> None:
    image = shear(save(block[0], "i.nii"), 0.1)
    with pytest.raises(LesionError, match=r"sheared: making them orthogonal turns one by 2\.86 degrees"):
        read_case(image, image, lesion_id="L1")
