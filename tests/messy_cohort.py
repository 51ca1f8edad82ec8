"""Thirty lesions as they come from hospitals: every image format, and the faults that real tables and files have.

Write them to try samesplit as a new user would (`messy_cohort.build`), or import this as `messy_cohort`:

    PYTHONPATH=tests python -c "import messy_cohort, sys; messy_cohort.build(sys.argv[1])" messy
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset
from skimage.measure import find_contours

from imaging.dicom.scanner import Scanner

__all__ = ["FAULTS", "Lesion", "MessyCohort", "build"]

SHAPE = (14, 33, 35)
"""Slices, rows and columns: 33 x 35 is no multiple of 8."""
SPACING_MM = (1.0, 1.0, 3.0)


@dataclass
class Lesion:
    """One lesion on its way to disk.

    Attributes:
        lesion_id: Also the name of its folder.
        malignant: Bright when it is.
        values: Grey levels, whole numbers, axes z, y, x.
        mask: 0 and 1.
        folder: Where its files go.
        row: What a user would write into images.csv.
        mended: What the same user writes after reading the messages; None where the file itself is at fault.
        says: A part of the message that is due before anything is mended; empty when nothing is wrong.
        notes: A part of the note that is due after mending; empty when there is none.
    """

    lesion_id: str
    malignant: bool
    values: np.ndarray
    mask: np.ndarray
    folder: Path
    row: dict[str, str] = field(default_factory=dict)
    mended: dict[str, str] | None = field(default_factory=dict)
    says: str = ""
    notes: str = ""

    def save(self, array: np.ndarray, name: str, *, origin_mm: tuple[float, float, float] = (0, 0, 0)) -> str:
        """Write a volume and give its path as images.csv has it."""
        volume = sitk.GetImageFromArray(array)
        volume.SetSpacing(SPACING_MM)
        volume.SetOrigin(origin_mm)
        self.folder.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(volume, str(self.folder / name))
        return f"{self.folder.name}/{name}"

    def pair(self, image: np.ndarray, mask: np.ndarray, end: str = ".nii.gz") -> None:
        """Name an image and a mask file."""
        self.row = {"image": self.save(image, f"image{end}"), "mask": self.save(mask, f"mask{end}")}

    def scanner(self) -> Scanner:
        """A scanner that writes into the lesion's folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Scanner(self.folder, spacing_mm=SPACING_MM, origin_mm=(0, 0, 0))

    def dicom(
        self, *, heights: Sequence[float] | None = None, lean: float = 0.0, more: Sequence[np.ndarray] = ()
    ) -> None:
        """Write the slices at some heights as a series, with the lesion's outlines (and others) as RTSTRUCT."""
        scanner, known = self.scanner(), [SPACING_MM[2] * z for z in range(len(self.values))]
        heights = known if heights is None else list(heights)
        kept = [known.index(height) for height in heights]

        def edit(dataset: Dataset, place: int) -> None:
            dataset.ImagePositionPatient = [0, round(lean * heights[place], 6), heights[place]]

        scanner.series(self.values[kept], edit=edit)
        contours = [
            np.column_stack([line[:-1, 1], line[:-1, 0] + lean * known[z], np.full(len(line) - 1, z)])
            for z in kept
            for line in find_contours(self.mask[z].astype(float), 0.5)
        ]
        scanner.rtstruct({"Kidney": [], "GTV": [*contours, *more]})
        self.row = {"image": f"{self.folder.name}/ct", "mask": f"{self.folder.name}/rt.dcm::GTV"}


def nifti(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.int16), lesion.mask)


def nrrd(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.float32), lesion.mask, ".nrrd")


def metaimage(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.int16), lesion.mask, ".mha")


def rtstruct(lesion: Lesion) -> None:
    lesion.dicom()


def seg(lesion: Lesion) -> None:
    lesion.dicom()
    scanner = lesion.scanner()
    scanner.seg(lesion.folder / "ct", {"Tumour": lesion.mask})
    lesion.row["mask"] = f"{lesion.folder.name}/seg.dcm"


def mask_of_255(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.int16), lesion.mask * 255)
    lesion.says, lesion.mended = "no label 1; labels found: 255", {"mask_label": "255"}


def mask_scaled_to_one(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.int16), lesion.mask / np.float32(255))
    lesion.says, lesion.mended = "no label 1; labels found: 0.00392157", {"mask_label": "0,00392"}


def mask_of_grey_values(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.int16), (lesion.values * lesion.mask).astype(np.int16))
    lesion.says, lesion.mended = "different values that lie scattered", {"mask_label": "any"}
    lesion.notes = "mask_label any took"


def swapped(lesion: Lesion) -> None:
    nifti(lesion)
    lesion.row = {"image": lesion.row["mask"], "mask": lesion.row["image"]}
    lesion.says = "image and mask are swapped"
    lesion.mended = {"image": lesion.row["mask"], "mask": lesion.row["image"]}


def the_image_twice(lesion: Lesion) -> None:
    nifti(lesion)
    lesion.mended = {"mask": lesion.row["mask"]}
    lesion.row["mask"] = lesion.row["image"]
    lesion.says = "the mask holds the image's own voxels"


def slices_twice(lesion: Lesion) -> None:
    lesion.dicom()
    for path in sorted((lesion.folder / "ct").iterdir())[:3]:
        (path.parent / f"copy of {path.name}").write_bytes(path.read_bytes())
    lesion.notes = "3 slices were there twice"


def uneven_slices(lesion: Lesion) -> None:
    heights = [SPACING_MM[2] * z for z in range(len(lesion.values)) if z not in (5, 8)]
    lesion.dicom(heights=heights)
    lesion.says, lesion.notes = "2 slices missing", "2 of them interpolated"


def tilted_gantry(lesion: Lesion) -> None:
    lesion.dicom(lean=float(np.tan(np.radians(15))))
    lesion.says, lesion.notes = "a tilted gantry", "a gantry tilted by 15.00 degrees"


def degenerate_contours(lesion: Lesion) -> None:
    ends = [np.array([(17.0, 16.0, 0.0)]), np.array([(17.0, 16.0, 13.0), (18.0, 16.0, 13.0)])]
    lesion.dicom(more=ends)
    lesion.says, lesion.notes = "at least 3 are needed", "lost 2 of"


def contours_outside(lesion: Lesion) -> None:
    corner = np.array([(28.0, 28.0, 6.0), (38.0, 28.0, 6.0), (38.0, 31.0, 6.0), (28.0, 31.0, 6.0)])
    lesion.dicom(more=[corner])
    lesion.says, lesion.notes = "leaves the image by", "clip_contours"


def unit_rows_in_sform(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.int16), lesion.mask, ".nii")
    _with_sform(lesion, (-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0))
    lesion.notes = "the sform has voxels of 1 x 1 x 1 mm beside 1 x 1 x 3 mm"


def sform_elsewhere(lesion: Lesion) -> None:
    lesion.pair(lesion.values.astype(np.int16), lesion.mask, ".nii")
    _with_sform(lesion, (-1, 0, 0, 12, 0, -1, 0, 0, 0, 0, 3, 0))
    lesion.notes = "sform and qform place it up to 12 mm apart"


def _with_sform(lesion: Lesion, sform: Sequence[float]) -> None:
    for name in ("image.nii", "mask.nii"):
        content = bytearray((lesion.folder / name).read_bytes())
        struct.pack_into("<12f", content, 280, *sform)
        (lesion.folder / name).write_bytes(content)


def mask_moved(lesion: Lesion) -> None:
    nifti(lesion)
    lesion.row["mask"] = lesion.save(lesion.mask, "mask.nrrd", origin_mm=(1.0, 0.0, 0.0))
    lesion.says, lesion.notes = "different geometry", "resample_mask"


def mask_missing(lesion: Lesion) -> None:
    nifti(lesion)
    (lesion.folder / "mask.nii.gz").unlink()
    lesion.says, lesion.mended = "does not exist", None


def image_cut_off(lesion: Lesion) -> None:
    nifti(lesion)
    path = lesion.folder / "image.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    lesion.says, lesion.mended = "cut off", None


CLEAN: tuple[Callable[[Lesion], None], ...] = (nifti, nrrd, metaimage, rtstruct, seg)
FAULTS: tuple[Callable[[Lesion], None], ...] = (
    mask_of_255,
    mask_scaled_to_one,
    mask_of_grey_values,
    swapped,
    the_image_twice,
    slices_twice,
    uneven_slices,
    tilted_gantry,
    degenerate_contours,
    contours_outside,
    unit_rows_in_sform,
    sform_elsewhere,
    mask_moved,
    mask_missing,
    image_cut_off,
)
REPAIRS = "[resample_mask, drop_degenerate_contours, clip_contours, resample_slices]"


@dataclass(frozen=True)
class MessyCohort:
    """What was written.

    Attributes:
        folder: The benchmark's folder, with lesions.csv and images.csv.
        lesions: The lesions by their id.
    """

    folder: Path
    lesions: dict[str, Lesion]

    def write_tables(self, *, mended: bool) -> None:
        """Write both tables as a European spreadsheet does: semicolons, decimal commas, a byte order mark."""
        columns = ["lesion_id", "sequence", "image", "mask", "mask_label"]
        lines = [";".join(columns)]
        about = ["lesion_id;patient_id;label;age;sex;size_mm"]
        for number, lesion in enumerate(self.lesions.values()):
            more = lesion.mended if mended and lesion.mended else {}
            row = {"lesion_id": lesion.lesion_id, "sequence": "CT", "mask_label": "", **lesion.row, **more}
            lines.append(";".join(row[column] for column in columns))
            age = "n.a." if number == 4 else f"{50 + 1.5 * number:.1f}".replace(".", ",")
            size = "" if number == 7 else f"{8 + number % 9 + lesion.malignant:.1f}".replace(".", ",")
            label = "malignant" if lesion.malignant else "benign"
            about.append(f"{lesion.lesion_id};P{number:02d};{label};{age};{'FM'[number % 3 == 0]};{size}")
        for name, text in (("images.csv", lines), ("lesions.csv", about)):
            (self.folder / name).write_text("\r\n".join(text) + "\r\n", encoding="utf-8-sig")


def build(
    folder: str | Path, *, faults: Sequence[Callable[[Lesion], None]] = FAULTS, lesions: int = 30
) -> MessyCohort:
    """Write a cohort in which each fault occurs once, and the other lesions are sound files of each format.

    Args:
        folder: The benchmark's folder; images go into folders of the lesions' ids.
        faults: Which faults.
        lesions: How many lesions in all.
    """
    folder = Path(folder)
    kinds = [*faults, *(CLEAN[place % len(CLEAN)] for place in range(lesions - len(faults)))]
    made = {}
    for number, kind in enumerate(kinds):
        rng = np.random.default_rng(number)
        z, y, x = np.indices(SHAPE, dtype=float)
        centre, radius = rng.uniform(-1.5, 1.5, 3) + np.array([19.5, 16, 17]), 7 + number % 4
        mask = (3 * z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2
        malignant = number % 2 == 0
        values = np.round(rng.normal(-40, 12, SHAPE) + mask * rng.normal(70 + 25 * malignant, 8)).astype(int)
        lesion = Lesion(
            f"{number + 1:03d}", malignant, values, mask.astype(np.uint8), folder / f"{number + 1:03d}"
        )
        kind(lesion)
        made[lesion.lesion_id] = lesion
    cohort = MessyCohort(folder, made)
    cohort.write_tables(mended=False)
    return cohort
