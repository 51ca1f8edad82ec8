"""What may stand in a parameter file of pyradiomics, and such a file read and checked.

The keys are those of pyradiomics 3.1's `schemas/paramSchema.yaml`; keys of version 1 are taken for what they are
called now.
"""
# ruff: noqa: N815 - pyradiomics' own names

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from samesplit.declarations import Declaration, Location, parse_declaration, read_yaml
from samesplit.errors import DeclarationError, Faults

__all__ = ["IMAGE_TYPES", "FileContent", "FileSettings", "ParameterFile", "VoxelSettings", "read_file"]

Positive = Annotated[float, Field(gt=0)]

IMAGE_TYPES = (
    "Original",
    "LoG",
    "Wavelet",
    "Square",
    "SquareRoot",
    "Logarithm",
    "Exponential",
    "Gradient",
    "LBP2D",
    "LBP3D",
)
"""pyradiomics' image types."""

_PARTS = ("setting", "voxelSetting", "featureClass", "imageType")


class FileSettings(Declaration):
    """`setting` of a parameter file, or what stands under one image type; None where nothing is said."""

    minimumROIDimensions: int | None = Field(default=None, ge=1, le=3)
    minimumROISize: int | None = Field(default=None, gt=0)
    geometryTolerance: Positive | None = None
    correctMask: bool | None = None
    additionalInfo: bool | None = None
    label: int | None = Field(default=None, gt=0)
    label_channel: int | None = Field(default=None, ge=0)
    binWidth: Positive | None = None
    binCount: int | None = Field(default=None, gt=0)
    normalize: bool | None = None
    normalizeScale: Positive | None = None
    removeOutliers: Positive | None = None
    resampledPixelSpacing: tuple[Annotated[float, Field(ge=0)], ...] | None = None
    interpolator: str | int | None = None
    padDistance: int | None = Field(default=None, ge=0)
    distances: tuple[Annotated[int, Field(gt=0)], ...] | None = None
    force2D: bool | None = None
    force2Ddimension: int | None = Field(default=None, ge=0, le=2)
    resegmentRange: tuple[float, ...] | None = None
    resegmentMode: Literal["absolute", "relative", "sigma"] | None = None
    resegmentShape: bool | None = None
    preCrop: bool | None = None
    sigma: tuple[Positive, ...] | None = None
    start_level: int | None = Field(default=None, ge=0)
    level: int | None = Field(default=None, gt=0)
    wavelet: str | None = None
    gradientUseSpacing: bool | None = None
    lbp2DRadius: Positive | None = None
    lbp2DSamples: int | None = Field(default=None, ge=1)
    lbp2DMethod: Literal["default", "ror", "uniform", "var"] | None = None
    lbp3DLevels: int | None = Field(default=None, ge=1)
    lbp3DIcosphereRadius: Positive | None = None
    lbp3DIcosphereSubdivision: int | None = Field(default=None, ge=0)
    voxelArrayShift: int | None = None
    symmetricalGLCM: bool | None = None
    weightingNorm: Literal["manhattan", "euclidean", "infinity", "no_weighting"] | None = None
    gldm_a: int | None = Field(default=None, ge=0)
    enableCExtensions: bool | None = None
    """Until version 2."""
    verbose: bool | None = None
    """Until version 1."""


class VoxelSettings(Declaration):
    """`voxelSetting`: of feature maps only."""

    kernelRadius: int | None = Field(default=None, gt=0)
    maskedKernel: bool | None = None
    initValue: float | None = None
    voxelBatch: int | None = Field(default=None, gt=0)


class ParameterFile(Declaration):
    """A whole parameter file."""

    setting: FileSettings | None = None
    voxelSetting: VoxelSettings | None = None
    featureClass: dict[str, tuple[str, ...] | None] | None = None
    imageType: dict[str, FileSettings | None] | None = None


@dataclass
class FileContent:
    """A parameter file that was read, and what is found while it is turned into a profile.

    Attributes:
        path: The file; of parameters given in Python the word `parameters`.
        said: What it says.
        lines: The line of each key.
        faults: What cannot be done.
        notes: What is to be known, in sentences.
    """

    path: Path
    said: ParameterFile
    lines: Mapping[Location, int | str]
    faults: Faults = field(default_factory=Faults)
    notes: list[str] = field(default_factory=list)

    @property
    def setting(self) -> FileSettings:
        """The `setting` part."""
        return self.said.setting or FileSettings()

    def fault(self, location: Location, problem: str, remedy: str) -> None:
        """Keep what cannot be done, with the line it stands in."""
        ends = (location[:end] for end in range(len(location), 0, -1))
        line = next((self.lines[end] for end in ends if end in self.lines), None)
        where = str(self.path) if line is None else f"{self.path}, line {line}"
        self.faults.add(DeclarationError(problem, where=where, remedy=remedy))

    def note(self, text: str) -> None:
        """Keep what is to be known, once."""
        if text not in self.notes:
            self.notes.append(text)


def read_file(given: str | Path | Mapping[str, Any]) -> FileContent:
    """Read a parameter file.

    Args:
        given: The path of a YAML or JSON file, or what would stand in it.

    Raises:
        DeclarationError: It is missing, no YAML, or holds keys or values that pyradiomics does not know.
    """
    lines: Mapping[Location, int] = {}
    data: Any = given
    path = Path("parameters") if isinstance(given, Mapping) else Path(given)
    if not isinstance(given, Mapping):
        data, lines = read_yaml(path)
    if not isinstance(data, Mapping) or not data:
        raise DeclarationError(
            "holds no keys", where=path, remedy=f"give a parameter file with {', '.join(_PARTS)}"
        )
    if "engine" in data and "settings" in data:
        raise DeclarationError(
            "is a profile of samesplit and no parameter file of pyradiomics",
            where=path,
            remedy=f"name it so: --profile {path}",
        )
    notes: list[str] = []
    data, lines = _as_now(dict(data), lines, notes)
    said: ParameterFile = parse_declaration(data, ParameterFile, path=path, lines=lines)
    return FileContent(path, said, lines, notes=notes)


def _as_now(
    data: dict[str, Any], lines: Mapping[Location, int], notes: list[str]
) -> tuple[dict[str, Any], Mapping[Location, int]]:
    """Return the file in today's keys: version 1 wrote `inputImage`, and image types in any case."""
    if "inputImage" in data and "imageType" not in data:
        notes.append("inputImage is taken for imageType, as it is called since version 1.3.")
        data = {"imageType" if key == "inputImage" else key: value for key, value in data.items()}
        lines = {
            (("imageType", *place[1:]) if place[:1] == ("inputImage",) else place): line
            for place, line in lines.items()
        }
    types: Any = data.get("imageType")
    today = {name.lower(): name for name in IMAGE_TYPES}
    for name in list(types) if isinstance(types, dict) else ():
        now = today.get(str(name).lower(), name)
        if now not in types:
            notes.append(f"imageType {name} is taken for {now}.")
            types = {now if key == name else key: value for key, value in types.items()}
            lines = {
                ((place[0], now, *place[2:]) if place[:2] == ("imageType", name) else place): line
                for place, line in lines.items()
            }
    return (data if types is None else data | {"imageType": types}), lines
