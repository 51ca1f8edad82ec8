"""A parameter file of pyradiomics, as a profile of the engine `ibsi` or of the engine `pyradiomics`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesplit.declarations import parse_declaration
from samesplit.errors import DeclarationError
from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.engines.profile import Profile
from samesplit.features.pyradiomics_params.harmless import note_harmless
from samesplit.features.pyradiomics_params.itself import itself
from samesplit.features.pyradiomics_params.original import ibsi_settings
from samesplit.features.pyradiomics_params.parameter_file import VoxelSettings, read_file
from samesplit.imaging.repairs import RepairName

__all__ = ["ENGINES", "PyradiomicsParameters", "read_parameters"]

ENGINES = ("ibsi", "pyradiomics")
"""The engines that a parameter file can be given to."""


@dataclass(frozen=True)
class PyradiomicsParameters:
    """A parameter file that was read.

    Attributes:
        profile: How features are extracted.
        notes: What is to be known about settings that have no effect or were renamed, a sentence each.
        mask_label: The mask's value that marks the lesion (`label`).
        geometry_repair: `resample_mask` where the file says `correctMask`.
        voxel: What the file says of feature maps.
    """

    profile: Profile
    notes: tuple[str, ...]
    mask_label: int
    geometry_repair: tuple[RepairName, ...]
    voxel: VoxelSettings

    def radius_of_maps(self) -> int:
        """Return the radius of the neighbourhoods of feature maps: `kernelRadius`, 1 where nothing is said.

        Raises:
            DeclarationError: The file asks for neighbourhoods beyond the lesion (`maskedKernel: false`).
        """
        if self.voxel.maskedKernel is False:
            raise DeclarationError(
                "maskedKernel is false: neighbourhoods would reach beyond the lesion",
                where=f"the parameter file {self.profile.name}",
                remedy="set it to true, or leave it out; maps look at the voxels of the lesion alone",
            )
        return self.voxel.kernelRadius or 1

    def without_map(self) -> tuple[str, ...]:
        """Return the features, in pyradiomics' words, that the file asks for and that have no map."""
        if not isinstance(self.profile.settings, IbsiSettings):
            return ()
        own = self.profile.settings.pyradiomics
        asked = (("firstorder", own.firstorder), ("glcm", own.glcm))
        return tuple(f"{kind} {name}" for kind, names in asked for name in names)


def read_parameters(given: str | Path | Mapping[str, Any], *, engine: str = "ibsi") -> PyradiomicsParameters:
    """Read a parameter file of pyradiomics into a profile that gives the same numbers.

    Every setting is mapped, or named in the notes because it has no effect on values, or an error.

    Args:
        given: The path of a YAML or JSON file, or what would stand in it.
        engine: `ibsi` for this package's own engine, `pyradiomics` to run pyradiomics itself (an extra).

    Raises:
        DeclarationError: The file is missing or holds what pyradiomics does not know, or a setting that the engine
            cannot follow; the error names it, its line, and what to do, and holds all others.

    Example:
        >>> found = read_parameters({"setting": {"binWidth": 10}, "featureClass": {"glcm": ["Contrast"]}})
        >>> found.profile.settings.features.glcm, found.profile.settings.discretisation[0].name
        (('cm_contrast',), 'fbs10')
    """
    if engine not in ENGINES:
        raise DeclarationError(
            f"the engine '{engine}' does not read parameter files of pyradiomics",
            remedy=f"choose {' or '.join(ENGINES)}",
        )
    content = read_file(given)
    settings = ibsi_settings(content) if engine == "ibsi" else itself(content)
    note_harmless(content, engine)
    content.faults.raise_any()
    said = content.setting
    return PyradiomicsParameters(
        profile=Profile(
            content.path.stem,
            engine,
            f"As pyradiomics with the parameter file {content.path.name}.",
            "any",
            parse_declaration(settings, get_engine(engine).settings, path=content.path, lines=content.lines),
        ),
        notes=tuple(content.notes),
        mask_label=said.label or 1,
        geometry_repair=("resample_mask",) if said.correctMask else (),
        voxel=content.said.voxelSetting or VoxelSettings(),
    )
