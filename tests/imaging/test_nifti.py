"""What is read of a NIfTI file without ITK is what ITK would have read."""

from __future__ import annotations

import contextlib
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import read_case
from samesplit.imaging.nifti import check_whole, read_plain


def written(folder: Path, dtype: str, name: str) -> Path:
    values = np.random.default_rng(3).integers(0, 100, (3, 4, 5)).astype(dtype)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-3.0, 4.0, 50.0))
    turned = sitk.Euler3DTransform((0, 0, 0), 0.1, -0.2, 0.3)
    image.SetDirection(turned.GetMatrix())
    sitk.WriteImage(image, str(folder / name))
    return folder / name


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize("name", ["image.nii", "image.nii.gz"])
def test_an_image_is_what_itk_reads(tmp_path: Path, dtype: str, name: str) -> None:
    path = written(tmp_path, dtype, name)
    ours, itks = read_plain(check_whole(path)), sitk.ReadImage(str(path))
    assert ours is not None
    assert ours.GetPixelID() == itks.GetPixelID()
    for part in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(ours, part)() == getattr(itks, part)()
    assert np.array_equal(sitk.GetArrayViewFromImage(ours), sitk.GetArrayViewFromImage(itks))


def test_scaled_voxels_are_left_to_itk(tmp_path: Path) -> None:
    path = written(tmp_path, "i2", "image.nii")
    content = bytearray(path.read_bytes())
    struct.pack_into("<2f", content, 112, 2.0, -5.0)
    path.write_bytes(bytes(content))
    assert check_whole(path).voxels is None


def test_voxels_in_foreign_byte_order_are_left_to_itk(tmp_path: Path) -> None:
    header = bytearray(348)
    struct.pack_into(">i", header, 0, 348)
    struct.pack_into(">8h", header, 40, 3, 2, 2, 2, 1, 1, 1, 1)
    struct.pack_into(">2h", header, 70, 4, 16)
    struct.pack_into(">f", header, 108, 352.0)
    path = tmp_path / "image.nii"
    path.write_bytes(bytes(header) + b"n+1\0" + bytes(16))
    assert check_whole(path).voxels is None


def test_a_file_of_several_gzip_members_is_read_whole(tmp_path: Path) -> None:
    path = written(tmp_path, "i2", "image.nii.gz")
    before = check_whole(path).voxels
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:400]) + gzip.compress(content[400:]))
    after = check_whole(path).voxels
    assert before is not None
    assert after is not None
    assert np.array_equal(before, after)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_voxels_that_are_no_numbers_are_found_in_the_order_of_the_file(tmp_path: Path, dtype: str) -> None:
    path = written(tmp_path, dtype, "image.nii")
    content = bytearray(path.read_bytes())
    voxels = np.frombuffer(content, dtype, offset=352)
    voxels[[7, 31]] = np.nan, np.inf
    path.write_bytes(bytes(content))
    found = check_whole(path)
    assert found.bad.tolist() == [7, 31]
    assert found.voxels is None


def test_what_itk_warns_of_is_left_to_itk(tmp_path: Path) -> None:
    path = written(tmp_path, "i2", "image.nii")
    content = bytearray(path.read_bytes())
    struct.pack_into("<12f", content, 280, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0)  # the sform: voxels of 1 mm
    path.write_bytes(bytes(content))
    assert check_whole(path).voxels is not None
    assert read_plain(check_whole(path)) is None


def test_a_header_followed_by_an_extension_is_read_as_itk_reads_it(tmp_path: Path) -> None:
    path = written(tmp_path, "i2", "image.nii")
    content = path.read_bytes()
    extended = bytearray(
        content[:348] + b"\1\0\0\0" + struct.pack("<2i", 16, 6) + b"a note!\0" + content[352:]
    )
    struct.pack_into("<f", extended, 108, 368.0)
    path.write_bytes(bytes(extended))
    ours, itks = read_plain(check_whole(path)), sitk.ReadImage(str(path))
    assert ours is not None
    assert np.array_equal(sitk.GetArrayViewFromImage(ours), sitk.GetArrayViewFromImage(itks))
    assert ours.GetOrigin() == itks.GetOrigin()


def test_a_folder_for_short_lived_files_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "i2", "image.nii.gz")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert read_plain(check_whole(path)) is None


def test_trailing_garbage_is_told_as_python_tells_it(tmp_path: Path) -> None:
    path = written(tmp_path, "i2", "image.nii.gz")
    path.write_bytes(path.read_bytes() + b"\xff" * 16)
    with pytest.raises(LesionError, match="Not a gzipped file"):
        check_whole(path)


@pytest.mark.parametrize("offset", [0.0, -7.0, 100.0])
def test_voxels_that_begin_inside_the_header_are_those_that_itk_reads(tmp_path: Path, offset: float) -> None:
    path = written(tmp_path, "i2", "image.nii")
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 108, offset)
    path.write_bytes(bytes(content))
    ours = read_plain(check_whole(path))
    itks = sitk.ReadImage(str(path))
    assert ours is None or np.array_equal(sitk.GetArrayViewFromImage(ours), sitk.GetArrayViewFromImage(itks))


@pytest.mark.parametrize(
    ("at", "kind", "value", "told"),
    [
        (40, "h", 0, "0 dimensions"),
        (40, "h", -3, "-3 dimensions"),
        (40, "h", 30, "30 dimensions"),
        (108, "f", float("nan"), "byte nan"),
        (108, "f", float("inf"), "byte inf"),
        (108, "f", 1e38, "cut off"),
        (42, "h", 32767, "cut off"),
    ],
)
def test_a_header_that_cannot_be_is_refused(
    tmp_path: Path, at: int, kind: str, value: float, told: str
) -> None:
    path = written(tmp_path, "f4", "image.nii")
    content = bytearray(path.read_bytes())
    struct.pack_into(f"<{kind}", content, at, value)
    path.write_bytes(bytes(content))
    with pytest.raises(LesionError, match=told) as caught:
        check_whole(path)
    assert caught.value.remedy


def test_bits_that_are_not_those_of_the_type_change_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "f4", "image.nii")
    before = check_whole(path).voxels
    content = bytearray(path.read_bytes())
    struct.pack_into("<h", content, 72, 8)
    path.write_bytes(bytes(content))
    assert before is not None
    assert np.array_equal(check_whole(path).voxels, before)


@pytest.mark.parametrize(
    ("at", "value"), [(280, "nan"), (292, "nan"), (284, "inf"), (256, "nan"), (268, "inf")]
)
@pytest.mark.parametrize("dims", [2, 3])
def test_a_place_that_is_no_number_is_passed_over_or_refused(
    tmp_path: Path, at: int, value: str, dims: int
) -> None:
    """The sform or the qform is NaN or infinite; ITK may take the other one."""
    image, mask = written(tmp_path, "f4", "image.nii"), tmp_path / "mask.nii"
    sitk.WriteImage(sitk.Cast(sitk.ReadImage(str(image)) > 50, sitk.sitkUInt8), str(mask))
    content = bytearray(image.read_bytes())
    struct.pack_into("<f", content, at, float(value))
    struct.pack_into("<h", content, 40, dims)
    image.write_bytes(bytes(content))
    with contextlib.suppress(LesionError):
        placed = read_case(str(image), str(mask), lesion_id="L1").image
        assert np.isfinite([*placed.GetOrigin(), *placed.GetSpacing(), *placed.GetDirection()]).all()
