"""Where the phantoms and reference response maps of IBSI-2 lie on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Files", "find_files"]

_FOLDERS = ("", "ibsi2")
_PHANTOMS = (
    "phantoms/{name}.nii.gz",
    "nifti/{name}/image/{name}.nii.gz",
    "ibsi_2_digital_phantom/nifti/{name}/image/{name}.nii.gz",
    "data_sets/ibsi_2_digital_phantom/nifti/{name}/image/{name}.nii.gz",
)
_MAPS = (
    "maps/{name}.nii.gz",
    "reference_response_maps/{name}-ValidCRM.nii",
    "ibsi_2_reference_data/reference_response_maps/{name}-ValidCRM.nii",
)


@dataclass(frozen=True)
class Files:
    """What of it is there.

    Attributes:
        phantoms: Name -> file.
        maps: Name of the test, as in names of files (`3_b_2`) -> file.
    """

    phantoms: Mapping[str, Path]
    maps: Mapping[str, Path]


def find_files(data: Path, phantoms: Iterable[str], maps: Iterable[str]) -> Files:
    """Return the files that lie at or below a place, as the IBSI publishes them or in `phantoms` and `maps`.

    Args:
        data: The folder that holds them, or one above it.
        phantoms: Names of phantoms to look for.
        maps: Names of response maps to look for.
    """
    return Files(_found(data, _PHANTOMS, phantoms), _found(data, _MAPS, maps))


def _found(data: Path, patterns: Iterable[str], names: Iterable[str]) -> dict[str, Path]:
    found = {}
    for name in dict.fromkeys(names):
        places = (data / folder / pattern.format(name=name) for folder in _FOLDERS for pattern in patterns)
        path = next((place for place in places if place.is_file()), None)
        if path is not None:
            found[name] = path
    return found
