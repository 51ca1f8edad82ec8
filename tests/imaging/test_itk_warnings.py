"""ITK's warnings are gathered for whoever asked, once a kind, and not printed; contradicting headers are told."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.imaging.case import Case, read_case
from samesplit.imaging.itk_warnings import as_notes, itk_warnings
from samesplit.imaging.nifti_placement import placement_notes

Save = Callable[..., str]
Block = tuple[np.ndarray, np.ndarray]
SIZES = {"spacing_mm": (0.865, 0.865, 3.0), "origin_mm": (0.0, 0.0, 0.0)}
UNIT = (-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0)
OWN = (-0.865, 0, 0, 0, 0, -0.865, 0, 0, 0, 0, 3, 0)
MOVED = (-0.865, 0, 0, 10, 0, -0.865, 0, 0, 0, 0, 3, 0)


def with_sform(path: str, sform: tuple[float, ...], *, qform_code: int = 1, sform_code: int = 1) -> str:
    """Change the header of an uncompressed NIfTI-1 file."""
    content = bytearray(Path(path).read_bytes())
    struct.pack_into("<12f", content, 280, *sform)
    struct.pack_into("<2h", content, 252, qform_code, sform_code)
    Path(path).write_bytes(content)
    return path


@pytest.fixture
def unit_rows(save: Save, block: Block) -> tuple[str, str]:
    image, mask = (with_sform(save(part, f"{n}.nii", **SIZES), UNIT) for n, part in enumerate(block))
    return image, mask


def test_unit_rows_beside_other_voxel_sizes_are_one_note_a_case(
    unit_rows: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    case = read_case(*unit_rows, lesion_id="L1")
    assert case.repairs == (
        "image and mask: the sform has voxels of 1 x 1 x 1 mm beside 0.865 x 0.865 x 3 mm in pixdim; those of "
        "pixdim were used, place and axes are those of the sform",
    )
    assert case.image.GetSpacing() == pytest.approx((0.865, 0.865, 3.0))
    assert capfd.readouterr() == ("", "")


def test_only_one_of_the_two_files(save: Save, block: Block) -> None:
    image = save(block[0], "i.nii", **SIZES)
    mask = with_sform(save(block[1], "m.nii", **SIZES), UNIT)
    assert [note.split(":")[0] for note in read_case(image, mask, lesion_id="L1").repairs] == ["mask"]


def read(save: Save, block: Block, name: str, sform: tuple[float, ...], **codes: int) -> Case:
    files = [
        with_sform(save(part, f"{name}{n}.nii", **SIZES), sform, **codes) for n, part in enumerate(block)
    ]
    return read_case(*files, lesion_id="L1")


@pytest.mark.parametrize(
    ("sform_code", "used", "origin"), [(1, "sform", -10.0), (2, "qform", 0.0)], ids=["same", "aligned"]
)
def test_forms_that_place_it_elsewhere(
    save: Save, block: Block, sform_code: int, used: str, origin: float
) -> None:
    case = read(save, block, "moved", MOVED, sform_code=sform_code)
    assert case.repairs == (
        f"image and mask: sform and qform place it up to 10 mm apart; place and axes are those of the {used}",
    )
    assert case.image.GetOrigin()[0] == pytest.approx(origin)


@pytest.mark.parametrize("codes", [(1, 1), (1, 0), (0, 1), (0, 0), (1, 2)])
def test_forms_that_agree_or_stand_alone_need_no_note(
    save: Save, block: Block, codes: tuple[int, int]
) -> None:
    assert read(save, block, "own", OWN, qform_code=codes[0], sform_code=codes[1]).repairs == ()


def test_a_rotation_is_compared_too(save: Save, block: Block) -> None:
    turned = (0, -0.865, 0, 0, -0.865, 0, 0, 0, 0, 0, 3, 0)
    note = read(save, block, "turned", turned).repairs[0]
    assert "sform and qform place it up to 15.9 mm apart" in note


def test_the_second_version_of_nifti(save: Save, block: Block, tmp_path: Path) -> None:
    image = sitk.ReadImage(save(block[0], "i.nii", **SIZES))
    header = bytearray(540)
    struct.pack_into("<i", header, 0, 540)
    struct.pack_into("<8d", header, 104, 1, 0.865, 0.865, 3, 0, 0, 0, 0)
    struct.pack_into("<2i", header, 344, 1, 1)
    struct.pack_into("<6d", header, 352, 0, 0, 1, 0, 0, 0)
    struct.pack_into("<12d", header, 400, *MOVED)
    assert placement_notes(bytes(header), image, "image") == [
        "image: sform and qform place it up to 10 mm apart; place and axes are those of the qform"
    ]
    assert placement_notes(bytes(540), image, "image") == []


class TestGathering:
    def test_each_thread_gets_its_own(
        self, unit_rows: tuple[str, str], capfd: pytest.CaptureFixture[str]
    ) -> None:
        found: dict[int, int] = {}

        def work(number: int) -> None:
            with itk_warnings() as warnings:
                for _ in range(number):
                    sitk.ReadImage(unit_rows[0])
            found[number] = len(warnings)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {number: 2 * number for number in range(1, 5)}
        assert capfd.readouterr().err == ""

    def test_what_ruled_before_rules_again(
        self, unit_rows: tuple[str, str], capfd: pytest.CaptureFixture[str]
    ) -> None:
        shown = sitk.ProcessObject.GetGlobalWarningDisplay()
        for wanted in (True, False):
            sitk.ProcessObject.SetGlobalWarningDisplay(wanted)
            with itk_warnings() as outer, itk_warnings() as inner:
                sitk.ReadImage(unit_rows[0])
            assert (len(outer), len(inner)) == (0, 2)
            assert sitk.ProcessObject.GetGlobalWarningDisplay() == wanted
            sitk.ReadImage(unit_rows[0])
            assert ("unexpected scales" in capfd.readouterr().err) == wanted
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)

    def test_many_kinds_are_cut_off(self) -> None:
        warnings = [f"WARNING: In /a.cxx, line {n}\nX (0x5): /L1/a.mha has fault {n}\n" for n in range(5)] * 2
        notes = as_notes(warnings, "mask", Path("/L1/a.mha"))
        assert notes[0] == "mask: ITK warns: the file has fault 0"
        assert notes[3] == "mask: ITK gives 2 other warnings"
        assert len(notes) == 4
