"""The named repairs of images and masks that a benchmark may ask for; nothing is mended without being asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

__all__ = ["REPAIRS", "GeometryRepair", "RepairName", "how_to_allow", "ledger_status", "repairs_of"]

RepairName = Literal[
    "resample_mask", "copy_header", "drop_degenerate_contours", "clip_contours", "resample_slices"
]
"""A repair's name under `cohort.geometry_repair`:

- `resample_mask`: a mask on another grid takes, at each voxel of the image, its nearest voxel.
- `copy_header`: a mask whose header alone is wrong takes the image's.
- `drop_degenerate_contours`: contours of an RTSTRUCT with fewer than three points are left out.
- `clip_contours`: contours of an RTSTRUCT lose what lies outside the image.
- `resample_slices`: uneven or sideways shifted slices of a DICOM series are brought onto a regular upright grid.
"""

GeometryRepair = RepairName | tuple[RepairName, ...]
"""One repair, or several."""

REPAIRS: tuple[RepairName, ...] = get_args(RepairName)


UNASKED = ("direction cosines made orthonormal", "were given the image's lowest value")
"""What is mended without a name, because it moves nothing that matters."""


def ledger_status(note: str) -> Literal["repaired", "noted"]:
    """Return the case ledger's word for a note on a case: `repaired` where something was changed, else `noted`.

    Example:
        >>> ledger_status("copy_header: the mask took the image's header"), ledger_status("image: PET became SUV")
        ('repaired', 'noted')
    """
    mended = note.split(":")[0] in REPAIRS or any(words in note for words in UNASKED)
    return "repaired" if mended else "noted"


def repairs_of(given: GeometryRepair | Sequence[str] | None) -> tuple[RepairName, ...]:
    """Repairs in their one order, each once.

    Example:
        >>> repairs_of("copy_header"), repairs_of(None), repairs_of(("resample_slices", "clip_contours"))
        (('copy_header',), (), ('clip_contours', 'resample_slices'))

    Raises:
        ValueError: A name is not known, or two of them contradict each other.
    """
    names = (given,) if isinstance(given, str) else tuple(given or ())
    unknown = sorted(set(names) - set(REPAIRS))
    if unknown:
        raise ValueError(f"there is no repair '{unknown[0]}'; there are: {', '.join(REPAIRS)}")
    if {"resample_mask", "copy_header"} <= set(names):
        raise ValueError("resample_mask and copy_header contradict each other: keep one of them")
    return tuple(name for name in REPAIRS if name in names)


def how_to_allow(name: RepairName) -> str:
    """Say how a user allows a repair, as a part of a remedy.

    Example:
        >>> how_to_allow("copy_header")
        'allow the repair (cohort.geometry_repair: copy_header in benchmark.yaml, or samesplit extract --repair)'
    """
    return (
        f"allow the repair (cohort.geometry_repair: {name} in benchmark.yaml, or samesplit extract --repair)"
    )
