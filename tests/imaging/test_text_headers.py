"""Headers of text that would end the process are refused, and sound ones are not."""

from __future__ import annotations

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
        (".nrrd", b"type: short", b"space: " + b"9" * 5000, "'space' is followed by 5,001 characters"),
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
