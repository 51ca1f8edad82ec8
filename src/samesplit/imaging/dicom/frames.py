"""Whether a mask was drawn in the image's own frame of reference."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.dicom.assemble import FRAME_KEY

__all__ = ["check_frame"]


def check_frame(frame: str, image: sitk.Image, *, what: str, where: Path) -> list[str]:
    """Compare a mask's FrameOfReferenceUID with the image's.

    Args:
        frame: The mask's, empty when it has none.
        image: The image, which carries its own under `FRAME_KEY` when it was read from DICOM.
        what: The mask's name in messages.
        where: The mask's file.

    Returns:
        A note for the case ledger when they cannot be compared.

    Raises:
        LesionError: They differ: the coordinates of the one mean nothing in the other.
    """
    own = image.GetMetaData(FRAME_KEY) if image.HasMetaDataKey(FRAME_KEY) else ""
    if not own or not frame:
        return [
            f"mask: {what} was placed by its coordinates: no frame of reference to compare with the image"
        ]
    if own != frame:
        raise LesionError(
            f"{what} belongs to another frame of reference ({frame}) than the image ({own})",
            where=where,
            remedy="name the series that it was drawn on as the image, or bring both into one frame before",
        )
    return []
