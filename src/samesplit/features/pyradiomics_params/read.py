"""A parameter file of pyradiomics, as a profile of the engine `ibsi` or of the engine `pyradiomics`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesplit.declarations import parse_declaration
from samesplit.errors import DeclarationError
from samesplit.features.engines import get_engine
from samesplit.features.engines.profile import Profile
from samesplit.features.pyradiomics_params.harmless import note_harmless
from samesplit.features.pyradiomics_params.itself import itself
from samesplit.features.pyradiomics_params.original import ibsi_settings
from samesplit.features.pyradiomics_params.parameter_file import read_file
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
    """

    profile: Profile
    notes: tuple[str, ...]
    mask_label: int
    geometry_repair: tuple[RepairName, ...]


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
    )
