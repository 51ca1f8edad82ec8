"""Feature maps as image files, and in words."""

from __future__ import annotations

import uuid
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from samesplit.errors import CohortError, WorkspaceError
from samesplit.features.maps.compute import Map

__all__ = ["SUFFIXES", "check_suffix", "described", "write_map"]

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")
"""The kinds of image file that maps are written to."""


def check_suffix(suffix: str) -> None:
    """Refuse a kind of file that maps are not written to.

    Raises:
        CohortError: It is none of `SUFFIXES`.
    """
    if suffix not in SUFFIXES:
        raise CohortError(
            f"maps are not written as '{suffix}'", remedy=f"choose one of {', '.join(SUFFIXES)}"
        )


def write_map(one: Map, folder: Path, *, suffix: str = ".nii.gz", whole: bool = False) -> Path:
    """Write one map as a float32 image, named like its feature; the file is there whole or not at all.

    Args:
        one: The map.
        folder: Created where it does not exist.
        suffix: One of `SUFFIXES`.
        whole: On the whole grid instead of on the lesion's box.

    Raises:
        CohortError: The suffix is unknown.
        WorkspaceError: The file cannot be written.
    """
    check_suffix(suffix)
    path = folder / f"{one.wanted.name}{suffix}"
    temporary = folder / f".{uuid.uuid4().hex}{suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            image: Any = one.placement.image(one.values, whole=whole)  # SimpleITK is not typed
            sitk.WriteImage(image, str(temporary), useCompression=suffix != ".nii", compressionLevel=1)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        raise WorkspaceError(
            f"a map cannot be written ({error})",
            where=path,
            remedy="check that the folder can be written and the disk is not full",
        ) from error
    return path


def described(one: Map) -> dict[str, Any]:
    """Return what a map shows, and what its values are like; NaN where it has none."""
    info, values = one.wanted.info, one.values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of maps that are NaN everywhere
        low, mean, high = (float(of(values)) for of in (np.nanmin, np.nanmean, np.nanmax))
    return {
        "feature": one.wanted.name,
        "family": info.family,
        "ibsi_code": info.ibsi_code or "",
        "aggregation": info.aggregation,
        "unit": info.unit,
        "voxels": len(values),
        "undefined": int(np.isnan(values).sum()),
        "minimum": low,
        "mean": mean,
        "maximum": high,
    }
