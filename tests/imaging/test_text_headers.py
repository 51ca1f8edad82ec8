"""Headers of text that would end the process are refused, and sound ones are not."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import read_image


@pytest.mark.parametrize("ending", [".nrrd", ".nhdr", ".mha", ".mhd"])
@pytest.mark.parametrize("told", ["x" * 5000, "short"])
def test_what_itk_writes_is_read_whatever_programs_add_to_it(tmp_path: Path, ending: str, told: str) -> None:
    image = sitk.GetImageFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    image.SetMetaData("Segment0_Name", told)
    sitk.WriteImage(image, str(tmp_path / f"image{ending}"))

    read = read_image(str(tmp_path / f"image{ending}"), "image")

    assert np.array_equal(sitk.GetArrayFromImage(read), sitk.GetArrayFromImage(image))


@pytest.mark.parametrize(
    ("ending", "old", "new", "told"),
    [
        (".mha", b"NDims = 3", b"NDims = 2020-13-45", "'ndims' is '2020-13-45'"),
        (".mha", b"NDims = 3", b"NDims = 2020", "'ndims' is '2020'"),
        (".nrrd", b"dimension: 3", b"dimension: 99", "'dimension' is '99'"),
        (".mha", b"NDims = 3", b"\n \nNDims = 300", "'ndims' is '300'"),
        (".nrrd", b"type: short", b"space: " + b"9" * 5000, "'space' is followed by 5,001 characters"),
        (".nrrd", b"type: short", b"thicknesses: " + b"9" * 5000 + b" :=", "'thicknesses' is followed by"),
    ],
)
def test_headers_that_itk_does_not_survive_are_refused(
    tmp_path: Path, ending: str, old: bytes, new: bytes, told: str
) -> None:
    path = tmp_path / f"image{ending}"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((2, 3, 4), dtype=np.int16)), str(path))
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))

    with pytest.raises(LesionError, match=told) as caught:
        read_image(str(path), "image")
    assert caught.value.remedy


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize(
    "field",
    [
        "content: " + "unu(" * 1500,
        'labels: "" "" "" ""',
        "Segmentation_ConversionParameters:=" + "a: b|" * 3000,
        "# " + "x" * 5000,
    ],
    ids=lambda field: field[:10],
)
def test_nrrd_headers_of_other_programs_are_read(
    tmp_path: Path, encoding: str, detached: bool, field: str
) -> None:
    values = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    voxels = gzip.compress(values.tobytes()) if encoding == "gzip" else values.tobytes()
    fields = [
        "NRRD0005",
        "# Complete NRRD file format specification at:",
        "type: short",
        "dimension: 4",
        "space: left-posterior-superior",
        "sizes: 1 4 3 2",
        "space directions: none (1,0,0) (0,1,0) (0,0,2)",
        "kinds: list domain domain domain",
        "endian: little",
        f"encoding: {encoding}",
        "space origin: (5,6,7)",
        field,
        *(["data file: image.bin"] if detached else []),
    ]
    path = tmp_path / ("image.nhdr" if detached else "image.nrrd")
    path.write_bytes("\n".join([*fields, "", ""]).encode() + (b"" if detached else voxels))
    (tmp_path / "image.bin").write_bytes(voxels)

    read = read_image(str(path), "image")

    assert np.array_equal(sitk.GetArrayFromImage(read), values)
    assert read.GetOrigin() == (5.0, 6.0, 7.0)
    assert read.GetSpacing() == (1.0, 1.0, 2.0)


def test_a_metaimage_with_empty_lines_and_a_file_for_each_slice_is_read(tmp_path: Path) -> None:
    values = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    for number, part in enumerate(values):
        (tmp_path / f"{number}.raw").write_bytes(part.tobytes())
    lines = ["ObjectType = Image", "", "NDims = 3", "BinaryData = True", "DimSize = 4 3 2"]
    lines += ["ElementSpacing = 1 1 2", "Comment = a: b := c", "ElementType = MET_SHORT"]
    lines += ["ElementDataFile = LIST", "0.raw", "1.raw", ""]
    (tmp_path / "image.mhd").write_text("\n".join(lines))

    assert np.array_equal(sitk.GetArrayFromImage(read_image(str(tmp_path / "image.mhd"), "image")), values)
