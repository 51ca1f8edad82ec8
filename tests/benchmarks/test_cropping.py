from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.benchmarks.cropping import CroppedFile, fetch_cropped, read_file_list, voxels_sha256
from samesplit.errors import DeclarationError, FetchError


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A public volume of 6 x 5 x 4 voxels."""
    volume = sitk.GetImageFromArray(np.arange(120, dtype=np.int16).reshape(4, 5, 6))
    volume.SetSpacing((1.0, 2.0, 3.0))
    path = tmp_path / "public" / "whole.nii.gz"
    path.parent.mkdir()
    sitk.WriteImage(volume, str(path))
    return path


def cropped(whole: Path, *, sha256: str | None = None) -> CroppedFile:
    part = sitk.RegionOfInterest(sitk.ReadImage(str(whole)), (3, 2, 2), (1, 2, 1))
    digest = sha256 or voxels_sha256(part)
    return CroppedFile("STS_001/image.nii.gz", whole.as_uri(), (1, 2, 1), (3, 2, 2), digest)


def test_the_wanted_part_is_kept_where_it_lay_in_space(whole: Path, tmp_path: Path) -> None:
    path = fetch_cropped(cropped(whole), tmp_path / "data")

    part = sitk.ReadImage(str(path))
    assert part.GetSize() == (3, 2, 2)
    assert part.GetOrigin() == (1.0, 4.0, 3.0)
    assert sitk.GetArrayFromImage(part)[0, 0, 0] == 1 * 30 + 2 * 6 + 1
    assert [file.name for file in path.parent.iterdir()] == ["image.nii.gz"]


def test_what_is_there_and_right_is_not_fetched_again(whole: Path, tmp_path: Path) -> None:
    file = cropped(whole)
    fetch_cropped(file, tmp_path / "data")
    whole.unlink()

    assert fetch_cropped(file, tmp_path / "data").exists()


def test_a_damaged_file_is_fetched_again(whole: Path, tmp_path: Path) -> None:
    path = fetch_cropped(cropped(whole), tmp_path / "data")
    path.write_bytes(b"damaged")

    fetch_cropped(cropped(whole), tmp_path / "data")

    assert sitk.ReadImage(str(path)).GetSize() == (3, 2, 2)


def test_other_voxels_than_promised_are_refused_and_nothing_is_left(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="not those promised"):
        fetch_cropped(cropped(whole, sha256="0" * 64), tmp_path / "data")

    assert list((tmp_path / "data" / "STS_001").iterdir()) == []


def test_a_file_that_is_no_volume_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "whole.nii.gz"
    text.write_text("not a volume")
    file = CroppedFile("a.nii.gz", text.as_uri(), (0, 0, 0), (1, 1, 1), "0" * 64)

    with pytest.raises(FetchError, match="is not a volume"):
        fetch_cropped(file, tmp_path / "data")


def test_the_list_of_the_sarcoma_benchmark_names_every_file_of_its_images_table() -> None:
    from samesplit.tables import read_csv
    from samesplit.workspace import builtin_folder

    folder = builtin_folder() / "benchmarks" / "sts-lung-metastasis"
    images = read_csv(folder / "images.csv")

    files = read_file_list(folder / "files.csv")

    assert {file.path for file in files} == {*images["image"], *images["mask"]}


@pytest.mark.data
def test_the_data_folder_holds_the_voxels_that_the_list_promises(shared_data: Path) -> None:
    from samesplit.workspace import builtin_folder

    files = read_file_list(builtin_folder() / "benchmarks" / "sts-lung-metastasis" / "files.csv")

    for file in files[::30]:
        volume = sitk.ReadImage(str(shared_data / "sts" / file.path))
        assert voxels_sha256(volume) == file.voxels_sha256, file.path


@pytest.mark.parametrize(
    "row",
    [
        "../a.nii.gz,file:///a,0 0 0,1 1 1,00",
        "/a.nii.gz,file:///a,0 0 0,1 1 1,00",
        "a.nii.gz,file:///a,0 0,1 1 1,00",
        "a.nii.gz,file:///a,0 0 x,1 1 1,00",
        "a.nii.gz,file:///a,0 0 0,1 0 1,00",
        "a.nii.gz,,0 0 0,1 1 1,00",
    ],
)
def test_a_line_that_cannot_be_is_an_error_that_names_it(row: str, tmp_path: Path) -> None:
    path = tmp_path / "files.csv"
    path.write_text(f"path,url,crop_start,crop_size,voxels_sha256\n{row}\n")

    with pytest.raises(DeclarationError, match="line 2"):
        read_file_list(path)


def test_a_list_without_a_column_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "files.csv"
    path.write_text("path,url\na,b\n")

    with pytest.raises(DeclarationError, match="crop_start"):
        read_file_list(path)
