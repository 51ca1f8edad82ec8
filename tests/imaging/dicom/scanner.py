"""Small DICOM series, RTSTRUCT and SEG files, written as a scanner or a drawing program would.

Import it as `features.dicom.scanner`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from highdicom.content import AlgorithmIdentificationSequence
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT, MR, PT = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "4", "128"))
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
CLASSES = {"CT": CT, "MR": MR, "PT": PT}
UPRIGHT = np.eye(3)

Edit = Callable[[Dataset, int], None]


def leave(dataset: Dataset, place: int) -> None:
    """Change nothing."""


@dataclass
class Scanner:
    """Writes DICOM files of one patient into a folder; images lie upright unless told otherwise."""

    root: Path
    frame: str = field(default_factory=generate_uid)
    study: str = field(default_factory=generate_uid)
    spacing_mm: tuple[float, float, float] = (1.0, 2.0, 3.0)
    origin_mm: tuple[float, float, float] = (-10.0, 5.0, 20.0)
    direction: np.ndarray = field(default_factory=lambda: UPRIGHT)

    def _base(self, kind: str, modality: str, series: str) -> Dataset:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = kind
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
        dataset.Modality, dataset.SeriesInstanceUID, dataset.StudyInstanceUID = modality, series, self.study
        dataset.PatientID, dataset.PatientName, dataset.PatientSex = "P1", "Test^Case", "O"
        dataset.PatientBirthDate = dataset.StudyTime = dataset.AccessionNumber = dataset.StudyID = ""
        dataset.StudyDate = "20260102"
        dataset.ReferringPhysicianName = dataset.Manufacturer = ""
        return dataset

    def point(self, index: Sequence[float]) -> np.ndarray:
        """The place in mm of an index (x, y, z)."""
        return np.array(self.origin_mm) + self.direction @ (np.array(self.spacing_mm) * np.array(index))

    def series(
        self,
        array: np.ndarray,
        name: str = "ct",
        *,
        modality: str = "CT",
        description: str = "Thorax",
        series: str | None = None,
        edit: Edit = leave,
    ) -> Path:
        """Write an array (z, y, x) of whole numbers as slices, in files whose names say nothing of their order."""
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        uid = series or generate_uid()
        for z, plane in enumerate(array):
            dataset = self._base(CLASSES[modality], modality, uid)
            dataset.SeriesDescription, dataset.SeriesNumber, dataset.InstanceNumber = description, 1, z + 1
            dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = self.frame, ""
            dataset.ImagePositionPatient = [round(float(v), 6) for v in self.point((0, 0, z))]
            dataset.ImageOrientationPatient = [float(v) for v in self.direction[:, :2].T.ravel()]
            dataset.PixelSpacing = [self.spacing_mm[1], self.spacing_mm[0]]
            dataset.SliceThickness = 99.0
            dataset.Rows, dataset.Columns = plane.shape
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
            dataset.PixelRepresentation = 1
            dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
            dataset.PixelData = plane.astype("<i2").tobytes()
            edit(dataset, z)
            dataset.save_as(folder / f"{(7 * z + 3) % 101:03d}.dcm", enforce_file_format=True)
        return folder

    def read(self, folder: Path) -> list[Dataset]:
        """The slices of a folder from low to high."""
        slices = [pydicom.dcmread(path) for path in folder.iterdir()]
        return sorted(slices, key=lambda each: float(each.InstanceNumber))

    def enhanced(self, array: np.ndarray, places: Sequence[Sequence[float]] | None = None) -> str:
        """Write an upright enhanced MR file of values 2 x + 1, its frames stored from high to low."""
        source = self.read(self.series(array, "source", modality="MR"))[0]
        file = Dataset()
        file.file_meta = source.file_meta
        for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality",
                        "FrameOfReferenceUID", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored",
                        "HighBit", "PixelRepresentation", "PhotometricInterpretation", "PatientName", "PatientSex",
                        "PatientBirthDate", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
                        "ReferringPhysicianName", "Manufacturer", "SeriesNumber", "InstanceNumber"):  # fmt: skip
            setattr(file, keyword, source.get(keyword))
        file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
        shared, orientation, measures, rescale = Dataset(), Dataset(), Dataset(), Dataset()
        orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        measures.PixelSpacing, measures.SliceThickness = [self.spacing_mm[1], self.spacing_mm[0]], 99
        rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 2, 1, "US"
        shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
        shared.PixelValueTransformationSequence = [rescale]
        file.SharedFunctionalGroupsSequence = [shared]
        file.PerFrameFunctionalGroupsSequence = []
        for z in reversed(range(len(array))):
            frame, place = Dataset(), Dataset()
            place.ImagePositionPatient = list(self.point((0, 0, z)) if places is None else places[z])
            frame.PlanePositionSequence = [place]
            file.PerFrameFunctionalGroupsSequence.append(frame)
        file.NumberOfFrames = len(array)
        file.PixelData = array[::-1].astype("<i2").tobytes()
        path = self.root / "enhanced.dcm"
        file.save_as(path, enforce_file_format=True)
        return str(path)

    def rtstruct(
        self,
        rois: dict[str, list[np.ndarray]],
        *,
        name: str = "rt.dcm",
        frame: str | None = None,
        series: str | None = None,
        edit: Edit = leave,
    ) -> str:
        """Write contours, given as (x, y, z) points in voxels; `edit` gets every contour item."""
        dataset = self._base(RTSTRUCT, "RTSTRUCT", generate_uid())
        drawn_on = Dataset()
        drawn_on.FrameOfReferenceUID = frame or self.frame
        if series is not None:
            study, inner = Dataset(), Dataset()
            inner.SeriesInstanceUID = series
            study.RTReferencedSeriesSequence = Items([inner])
            drawn_on.RTReferencedStudySequence = Items([study])
        dataset.ReferencedFrameOfReferenceSequence = Items([drawn_on])
        dataset.StructureSetROISequence, dataset.ROIContourSequence = Items(), Items()
        for number, (roi, contours) in enumerate(rois.items(), start=4):
            told, drawn = Dataset(), Dataset()
            told.ROINumber, told.ROIName = number, roi
            told.ReferencedFrameOfReferenceUID = frame or self.frame
            drawn.ReferencedROINumber = number
            drawn.ContourSequence = Items()
            for place, contour in enumerate(contours):
                item = Dataset()
                item.ContourGeometricType = "CLOSED_PLANAR"
                item.NumberOfContourPoints = len(contour)
                points = np.array([self.point(index) for index in contour]).ravel()
                item.ContourData = [f"{value:.10g}" for value in points]
                edit(item, place)
                drawn.ContourSequence.append(item)
            dataset.StructureSetROISequence.append(told)
            dataset.ROIContourSequence.append(drawn)
        path = self.root / name
        dataset.save_as(path, enforce_file_format=True)
        return str(path)

    def seg(
        self,
        folder: Path,
        masks: dict[str, np.ndarray],
        *,
        kind: str = "BINARY",
        name: str = "seg.dcm",
        edit: Edit = leave,
    ) -> str:
        """Write masks (z, y, x), one a segment, drawn on the slices of a folder, by highdicom."""
        algorithm = AlgorithmIdentificationSequence("test", codes.DCM.ArtificialIntelligence, "1")
        segments = [
            highdicom.seg.SegmentDescription(
                segment_number=number,
                segment_label=label,
                segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Neoplasm,
                algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
                algorithm_identification=algorithm,
            )
            for number, label in enumerate(masks, start=1)
        ]
        stack = np.stack(list(masks.values()), axis=-1)
        if kind == "LABELMAP":
            stack = (stack * np.arange(1, len(masks) + 1)).max(axis=-1).astype(np.uint8)
        written = highdicom.seg.Segmentation(
            source_images=self.read(folder),
            pixel_array=stack,
            segmentation_type=kind,
            segment_descriptions=segments,
            series_instance_uid=generate_uid(),
            series_number=9,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="test",
            manufacturer_model_name="test",
            software_versions="1",
            device_serial_number="1",
        )
        edit(written, 0)
        path = self.root / name
        written.save_as(path)
        return str(path)


def box(x: tuple[float, float], y: tuple[float, float], z: float) -> np.ndarray:
    """A rectangle in slice z, as contour points in voxels."""
    return np.array([(x[0], y[0], z), (x[1], y[0], z), (x[1], y[1], z), (x[0], y[1], z)], dtype=float)
