"""One image and mask of a lesion, and how they are read. Apart from table code so that workers start quickly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from samesplit.imaging.case import Case, read_case
from samesplit.imaging.repairs import RepairName

__all__ = ["CaseFile", "ReadableCase"]


class ReadableCase(Protocol):
    """An image and mask of a lesion that a worker can read, wherever they are: in files or in memory.

    Attributes:
        lesion_id: The lesion.
        sequence: The image's name.
        rater: Who drew the mask.
        content: SHA-256 of image, mask and how they are read; empty when they cannot be opened.
        problem: Why they cannot; empty when they can.
        what: The case in words.
    """

    @property
    def lesion_id(self) -> str: ...  # noqa: D102
    @property
    def sequence(self) -> str: ...  # noqa: D102
    @property
    def rater(self) -> str: ...  # noqa: D102
    @property
    def content(self) -> str: ...  # noqa: D102
    @property
    def problem(self) -> str: ...  # noqa: D102
    @property
    def what(self) -> str: ...  # noqa: D102

    def read(self) -> Case:
        """Open and check it."""


@dataclass(frozen=True)
class CaseFile:
    """One row of the images table and how to read it.

    Attributes:
        lesion_id: The lesion.
        sequence: The image's name.
        rater: Who drew the mask.
        image: Path or array reference.
        mask: Path or array reference.
        mask_label: The mask value that marks the lesion, or `any`.
        spacing_mm: Voxel size of arrays; None for image files.
        geometry_repair: The repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        matching_reference: The image of another sequence of the same lesion to match its histogram to;
            empty otherwise.
        content: SHA-256 of image, mask and the settings above; empty when the files cannot be opened.
        problem: Why they cannot; empty when they can.
    """

    lesion_id: str
    sequence: str
    rater: str
    image: str
    mask: str
    mask_label: str
    spacing_mm: float | None
    geometry_repair: tuple[RepairName, ...]
    minimum_voxels: int
    matching_reference: str = ""
    content: str = ""
    problem: str = ""

    @property
    def what(self) -> str:
        """The case in words, for who waits."""
        return f"{self.lesion_id} {self.sequence}"

    def read(self) -> Case:
        """Open and check it; see `samesplit.imaging.case.read_case`."""
        return read_case(
            self.image,
            self.mask,
            lesion_id=self.lesion_id,
            mask_label=self.mask_label,
            spacing_mm=self.spacing_mm,
            geometry_repair=self.geometry_repair,
            minimum_voxels=self.minimum_voxels,
            matching_reference=self.matching_reference,
        )
