"""DICOM: series, enhanced multi-frame files, PET, RTSTRUCT and SEG, whose tags and bytes are spoilt."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from imaging.dicom.scanner import Scanner, box
from reliability.fuzz.kinds import Kind, Spoilt
from reliability.fuzz.mutations import spoilt_bytes
from samesplit.imaging.case import read_case

__all__ = ["KINDS"]

SERIES = "1.2.3.4"
VALUES: tuple[Any, ...] = (
    "", None, "0", 0, 1, -1, 65535, 1e30, float("nan"), float("inf"), "x", "1\\2", "1\\2\\3", [0, 0, 0],
    [1, 0, 0, 0, 1, 0],
    [1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [1e30, 0, 0], ["nan", "nan", "nan"], [1], "CT", "PT",
    "MONOCHROME1", "RGB",
    "PALETTE COLOR", "1.2.3", "20269999", "999999", "9" * 70, "MM", "CLOSED_PLANAR", "POINT",
)  # fmt: skip
"""What may stand in a tag that wants something else."""


def _scanner(folder: Path) -> Scanner:
    folder.mkdir(parents=True, exist_ok=True)
    return Scanner(folder)


def _array() -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).integers(-500, 500, size=(4, 8, 9))


def _mask() -> np.ndarray[Any, Any]:
    mask = np.zeros((4, 8, 9), dtype=np.uint8)
    mask[1:3, 2:6, 3:7] = 1
    return mask


def _of_series(modality: str) -> Callable[[Path], Path]:
    """A series with an RTSTRUCT beside it; one of its slices is to be spoilt."""

    def tags(dataset: Dataset, _: int) -> None:
        if modality == "PT":
            dataset.Units, dataset.DecayCorrection, dataset.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
            dataset.PatientWeight, dataset.SeriesDate, dataset.AcquisitionDate = 70, "20260102", "20260102"
            dataset.SeriesTime = dataset.AcquisitionTime = "101500"
            drug = Dataset()
            drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = 3.7e8, 6586.2
            drug.RadiopharmaceuticalStartTime = "091500"
            dataset.RadiopharmaceuticalInformationSequence = [drug]

    def prepare(folder: Path) -> Path:
        scanner = _scanner(folder)
        series = scanner.series(_array(), "image", modality=modality, series=SERIES, edit=tags)
        _rtstruct(scanner)
        return sorted(series.iterdir())[1]

    return prepare


def _rtstruct(scanner: Scanner) -> Path:
    rois = {"GTV": [box((2.5, 6.5), (1.6, 5.4), z) for z in (1, 2)]}
    return Path(scanner.rtstruct(rois, name="mask.dcm", series=SERIES))


def _contours(folder: Path) -> Path:
    scanner = _scanner(folder)
    scanner.series(_array(), "image", series=SERIES)
    return _rtstruct(scanner)


def _segment(kind: str) -> Callable[[Path], Path]:
    def prepare(folder: Path) -> Path:
        scanner = _scanner(folder)
        series = scanner.series(_array(), "image", series=SERIES)
        mask = _mask()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = mask.astype(float) if kind == "FRACTIONAL" else mask
            return Path(scanner.seg(series, {"GTV": given}, kind=kind, name="mask.dcm"))

    return prepare


def _enhanced(folder: Path) -> Path:
    scanner = _scanner(folder)
    path = Path(scanner.enhanced(_array())).rename(folder / "enhanced.dcm")
    _rtstruct(scanner)
    return path


def _read(path: Path) -> object:
    """Read the case whose image or mask the file belongs to."""
    in_series = path.parent.name == "image"
    folder = path.parents[1] if in_series else path.parent
    enhanced = folder / "enhanced.dcm"
    image = enhanced if enhanced.exists() else folder / "image"
    return read_case(str(image), f"{folder / 'mask.dcm'}::GTV", lesion_id="L1")


@st.composite
def _spoilt_tags(draw: Callable[[st.SearchStrategy[Any]], Any], content: bytes) -> bytes:
    """One to three tags, at any depth, are gone, have another value, or another VR."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(draw(st.integers(1, 3))):
            holder = draw(st.sampled_from(_datasets(dataset)))
            tags = [element.tag for element in holder]
            if not tags:
                continue
            tag = draw(st.sampled_from(tags))
            kind = draw(st.integers(0, 3))
            if kind == 0:
                del holder[tag]
                continue
            vr = (
                draw(st.sampled_from(["DS", "IS", "LO", "US", "FD", "UI", "SQ", "OB", "UN", "CS"]))
                if kind == 1
                else None
            )
            try:
                element = pydicom.DataElement(tag, vr or holder[tag].VR, draw(st.sampled_from(VALUES)))
                trial = Dataset()
                trial.add(element)
                trial.save_as(io.BytesIO(), implicit_vr=False, little_endian=True)
                holder[tag] = element
            except Exception:  # pydicom writes no such value
                del holder[tag]
        told = io.BytesIO()
        try:
            dataset.save_as(told, enforce_file_format=False)
        except Exception:  # nor the whole
            return content[: len(content) // 2]
    return told.getvalue()


def _datasets(dataset: Dataset) -> list[Dataset]:
    """A dataset and those in its sequences."""
    inner = [item for element in dataset if element.VR == "SQ" for item in element.value]
    return [dataset, *(found for one in inner for found in _datasets(one))]


def _spoilt(content: bytes) -> Spoilt:
    return _spoilt_tags(content) | spoilt_bytes(content, (), len(content))


KINDS = (
    Kind("slice of a CT series", "DICOM", _of_series("CT"), _spoilt, _read),
    Kind("slice of a PET series", "DICOM", _of_series("PT"), _spoilt, _read),
    Kind("enhanced MR", "DICOM", _enhanced, _spoilt, _read),
    Kind("RTSTRUCT", "DICOM", _contours, _spoilt, _read),
    Kind("SEG, binary", "DICOM", _segment("BINARY"), _spoilt, _read),
    Kind("SEG, fractional", "DICOM", _segment("FRACTIONAL"), _spoilt, _read),
)
