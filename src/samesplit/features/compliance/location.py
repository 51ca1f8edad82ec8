"""Where the CT phantom lies on this machine."""

from __future__ import annotations

from pathlib import Path

from samesplit.errors import DataMissingError

__all__ = ["IMAGE", "MASK", "ct_phantom_folder"]

IMAGE = "nifti/image/phantom.nii.gz"
"""The CT phantom's image in its folder."""

MASK = "nifti/mask/mask.nii.gz"
"""Its mask."""

_FOLDERS = ("", "ct_phantom", "ibsi1/ct_phantom", "ibsi_1_ct_radiomics_phantom")


def ct_phantom_folder(data: Path) -> Path:
    """Return the folder of the CT phantom at or below a place.

    Raises:
        DataMissingError: It is not there; the message says where it was looked for and where to get it.
    """
    for name in _FOLDERS:
        folder = data / name
        if all((folder / file).is_file() for file in (IMAGE, MASK)):
            return folder
    looked = ", ".join(str(data / name) for name in _FOLDERS)
    raise DataMissingError(
        f"the IBSI-1 CT phantom is not here: no folder among {looked} holds {IMAGE} and {MASK}",
        where=data,
        remedy="get the folder ibsi_1_ct_radiomics_phantom (CC BY-NC 3.0) of the public IBSI data sets, "
        "https://github.com/theibsi/data_sets, and name it, or the folder that holds it, as --data; "
        "without --data the digital phantom alone is checked",
    )
