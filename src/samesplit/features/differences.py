"""Why engines that are asked for the same feature give other numbers: the reasons that are known.

Each was found by taking the others away. On the same voxels with a fixed number of bins, pyradiomics 3.1.4 (of
bhklab) and MIRP 2.7.0 agree to a millionth in all features that both have, apart from kurtosis and the axis
lengths; with bins of a fixed size the features of `NUMBERED` differ as well, and no others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from samesplit.features.profiles import Profile

__all__ = ["NUMBERED", "REASONS", "Reason", "reasons_for"]


@dataclass(frozen=True)
class Reason:
    """A known cause of differences.

    Attributes:
        key: One word for tables.
        text: What it is, in a sentence.
    """

    key: str
    text: str


REASONS = {
    reason.key: reason
    for reason in (
        Reason(
            "grid",
            "pyradiomics puts the corner of the new grid on the corner of the image and takes the voxels that "
            "cover the lesion; IBSI, and so ibsi and MIRP, put the centre on the centre (3WE3).",
        ),
        Reason(
            "mask",
            "pyradiomics interpolates the mask to the nearest voxel; ibsi and MIRP interpolate it linearly and "
            "keep what reaches 0.5, as IBSI's configurations do.",
        ),
        Reason(
            "rounding",
            "ibsi and MIRP round CT to whole Hounsfield units before and after interpolation; pyradiomics does "
            "not.",
        ),
        Reason(
            "bin numbers",
            "With bins of a fixed size pyradiomics gives the lesion's lowest bin the number 1; IBSI counts from "
            "the lower end of the re-segmentation range, so that a number means the same intensity in every "
            "lesion. Only features that use the numbers themselves differ.",
        ),
        Reason(
            "definition",
            "The engine's definition differs from IBSI's; see the note of the feature.",
        ),
        Reason(
            "border",
            "Where a lesion touches the border of its image, the new grid may reach beyond it: there ibsi repeats "
            "the border voxel in image and mask, as IBSI's configurations do; MIRP takes the mask to be empty.",
        ),
        Reason(
            "enclosing",
            "IBSI prescribes no method for the smallest box and ellipsoid around the lesion and has no reference "
            "values for them: engines search differently.",
        ),
    )
}
"""By key."""

_GLCM = {"QWB0", "1QCO", "NDRX", "60VM", "ZGXS"}
_GLRLM = {"G3QZ", "3KUM", "IVPO", "V3SW", "GD3A", "HTZT"}
_GLSZM = {"5GN9", "J17V", "YH51", "XMSY", "HW1V", "5RAI"}
_NGLDM = {"OAE7", "9QMG", "NBZI", "TL9H", "JA6D", "EQ3F"}
NUMBERED = frozenset(_GLCM | _GLRLM | _GLSZM | _NGLDM | {"NQ30"})
"""IBSI codes of the features, of those that pyradiomics has, that depend on where the numbering of bins starts."""

_ENCLOSING = frozenset({"ZH1A", "IQYR", "SWZ1", "BRI8"})


def reasons_for(code: str, notes: tuple[str, ...], profiles: tuple[Profile, Profile]) -> tuple[str, ...]:
    """The keys of the known reasons why two profiles may differ in a feature.

    Args:
        code: The feature's IBSI code.
        notes: What the two engines say about their definitions.
        profiles: One of each engine.
    """
    found = ["definition"] if any(notes) else []
    engines = {profile.engine for profile in profiles}
    if code in _ENCLOSING:
        found.append("enclosing")
    if engines == {"ibsi", "mirp"} and _is_resampled(profiles):
        found.append("border")
    if "pyradiomics" not in engines or len(engines) == 1:
        return tuple(found)
    effective = next(p for p in profiles if p.engine == "pyradiomics").effective()["setting"]
    if _is_resampled(profiles):
        found += ["grid", "mask"]
        if profiles[0].modality == "CT":
            found.append("rounding")
    if effective["binWidth"] is not None and code in NUMBERED:
        found.append("bin numbers")
    return tuple(found)


def _is_resampled(profiles: tuple[Profile, Profile]) -> bool:
    """Whether either puts the image on another grid."""
    return any(_SPACING[profile.engine](profile.effective()) for profile in profiles)


_SPACING: dict[str, Callable[[dict[str, Any]], bool]] = {
    "ibsi": lambda settings: bool(settings["processing"]["spacing_mm"]),
    "mirp": lambda settings: bool(settings["new_spacing"]),
    "pyradiomics": lambda settings: bool(settings["setting"]["resampledPixelSpacing"]),
}
