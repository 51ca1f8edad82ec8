"""Paths and array references, and the hash of what they name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from samesplit.errors import LesionError
from samesplit.imaging.image_references import Reference, content_hash, parse_reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/d/a.nii.gz", Reference(Path("/d/a.nii.gz"))),
        ("/d/A.NII", Reference(Path("/d/A.NII"))),
        ("/d/a b.npz::masks[0]", Reference(Path("/d/a b.npz"), "masks", 0)),
        ("/d/a.npz::volume", Reference(Path("/d/a.npz"), "volume")),
        ("/d/a.npy[12]", Reference(Path("/d/a.npy"), None, 12)),
        ("/d/a.npy", Reference(Path("/d/a.npy"))),
        ("/d/rt.dcm", Reference(Path("/d/rt.dcm"), is_dicom=True)),
        ("/d/rt.DCM::GTV::1[2]", Reference(Path("/d/rt.DCM"), is_dicom=True, part="GTV::1[2]")),
        ("/d/rt.dcm::[3]", Reference(Path("/d/rt.dcm"), is_dicom=True, part="[3]")),
    ],
)
def test_references_are_understood(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "text", ["/d/a.npz", "/d/a.npz[3]", "/d/a.nii.gz::x[1]", "/d/a.png", "/d/a", "", "/d/a.npy[-1]"]
)
def test_what_is_no_reference_is_an_error(text: str) -> None:
    with pytest.raises(LesionError, match="not an image file"):
        parse_reference(text)


def test_the_hash_is_of_the_content_and_not_of_the_path(save: Callable[..., str], tmp_path: Path) -> None:
    image = save(np.ones((3, 4, 5), dtype=np.float32), "a.nrrd")
    copy = tmp_path / "b.nrrd"
    copy.write_bytes(Path(image).read_bytes())
    assert content_hash(image) == content_hash(str(copy))
    copy.write_bytes(Path(image).read_bytes() + b"x")
    assert content_hash(image) != content_hash(str(copy))


def test_the_hash_of_an_array_item_is_its_own(tmp_path: Path) -> None:
    stack = np.arange(24.0).reshape(2, 3, 4)
    np.savez(tmp_path / "a.npz", x=stack)
    before = [content_hash(f"{tmp_path}/a.npz::x[{n}]") for n in (0, 1)]
    stack[1] += 1
    np.savez(tmp_path / "a.npz", x=stack, extra=stack)
    after = [content_hash(f"{tmp_path}/a.npz::x[{n}]") for n in (0, 1)]
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize(("header", "data"), [("a.mhd", "a.raw"), ("a.nhdr", "a.raw")])
def test_the_voxel_file_beside_a_header_counts(
    save: Callable[..., str], tmp_path: Path, header: str, data: str
) -> None:
    path = save(np.ones((3, 4, 5), dtype=np.float32), header)
    voxels = next(iter(tmp_path.glob("a.*raw*")))
    before = content_hash(path)
    content = bytearray(voxels.read_bytes())
    content[-1] ^= 1
    voxels.write_bytes(bytes(content))
    assert content_hash(path) != before
    voxels.unlink()
    with pytest.raises(LesionError, match="does not exist"):
        content_hash(path)


def test_a_list_of_voxel_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mhd").write_text("ObjectType = Image\nElementDataFile = LIST\n1.raw\n2.raw\n")
    with pytest.raises(LesionError, match="list of files"):
        content_hash(str(tmp_path / "a.mhd"))


def test_a_missing_file_has_no_hash(tmp_path: Path) -> None:
    with pytest.raises(LesionError, match="does not exist"):
        content_hash(str(tmp_path / "a.nii.gz"))
