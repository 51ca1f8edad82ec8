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
            "One engine rounds CT to whole Hounsfield units around interpolation, as IBSI's configurations do; "
            "the other does not (pyradiomics never does).",
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
            "settings",
            "An engine was given a profile that is not the neutral setting: voxels, interpolation, normalisation, "
            "ranges or bins may differ, and then the numbers are not the same quantity.",
        ),
        Reason(
            "undefined",
            "One engine gives a value in lesions where the other gives none; n counts those where both do.",
        ),
        Reason(
            "enclosing",
            "IBSI prescribes no method for the smallest box and ellipsoid around the lesion and has no reference "
            "values for them: engines search differently.",
        ),
        Reason(
            "one level",
            "Several matrices are averaged, and one of a single grey level (a uniform slice, say) has no "
            "correlation and no first information correlation (0/0): ibsi leaves it out of the average, MIRP "
            "counts 1 for both, pyradiomics 1 and 0. Its inverse variance is 0, a sum over nothing: MIRP leaves "
            "it out.",
        ),
        Reason(
            "spheroid",
            "IBSI gives the area of the lesion's ellipsoid as a sum of Legendre polynomials, and so does ibsi. "
            "Where two axes have the same length to the last digit, MIRP takes the exact area, which is not that "
            "sum.",
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

_ELLIPSOID_AREA = "RDD2"

_ONE_LEVEL = frozenset({"NI2N", "R8DG", "E8JP"})
_AVERAGED = frozenset({"2D, averaged", "2D, slice-merged", "2.5D, direction-merged", "3D, averaged"})


def reasons_for(
    code: str,
    notes: tuple[str, ...],
    profiles: tuple[Profile, Profile],
    *,
    neutral: bool = True,
    aggregation: str = "",
) -> tuple[str, ...]:
    """Return the keys of the known reasons why two profiles may differ in a feature.

    Args:
        code: The feature's IBSI code.
        notes: What the two engines say about their definitions.
        profiles: One of each engine.
        neutral: Both are the neutral setting in the words of their engine.
        aggregation: How matrices become one value, in IBSI's words.
    """
    found = ["definition"] if any(notes) else []
    if not neutral:
        found.append("settings")
    engines = {profile.engine for profile in profiles}
    if code in _ENCLOSING:
        found.append("enclosing")
    if code in _ONE_LEVEL and aggregation in _AVERAGED and len(engines) > 1:
        found.append("one level")
    resampled = _each(_RESAMPLES, profiles)
    if engines == {"ibsi", "mirp"}:
        if all(resampled):
            found.append("border")
        if code == _ELLIPSOID_AREA:
            found.append("spheroid")
    if "pyradiomics" in engines and len(engines) > 1:
        if all(resampled):
            if not all(_each(_CORNER, profiles)):
                found.append("grid")
            if all(_each(_NEAREST, profiles)) != any(_each(_NEAREST, profiles)):
                found.append("mask")
        numbered_alike = all(_each(_FROM_LOWEST, profiles))
        if all(_each(_FIXED_SIZE, profiles)) and not numbered_alike and code in NUMBERED:
            found.append("bin numbers")
    if any(resampled) and len(set(_each(_ROUNDS, profiles))) > 1:
        found.append("rounding")
    return tuple(found)


_Question = dict[str, Callable[[dict[str, Any]], bool]]
"""By engine: what its effective settings answer."""


def _each(question: _Question, profiles: tuple[Profile, Profile]) -> list[bool]:
    return [question[profile.engine](profile.effective()) for profile in profiles]


_RESAMPLES: _Question = {
    "ibsi": lambda said: bool(said["processing"]["spacing_mm"] or said["texture_spacing_mm"]),
    "mirp": lambda said: bool(said["new_spacing"]),
    "pyradiomics": lambda said: bool(said["setting"]["resampledPixelSpacing"]),
}
"""Is the image put on another grid?"""

_NEAREST: _Question = {
    "ibsi": lambda said: said["processing"]["mask_interpolation"] == "nearest",
    "mirp": lambda said: False,
    "pyradiomics": lambda said: True,
}
"""Is the mask interpolated to the nearest voxel?"""

_CORNER: _Question = {
    "ibsi": lambda said: said["processing"]["grid"] == "corner",
    "mirp": lambda said: False,
    "pyradiomics": lambda said: True,
}
"""Does the new grid's corner lie on the image's corner?"""

_ROUNDS: _Question = {
    "ibsi": lambda said: said["processing"]["rounding"] not in ("none", "stored"),
    "mirp": lambda said: said["image_modality"] == "ct",
    "pyradiomics": lambda said: False,
}
"""Are intensities rounded to whole numbers? Cutting decimals off as ITK does is what pyradiomics does too."""

_FIXED_SIZE: _Question = {
    "ibsi": lambda said: any(one["method"] == "FBS" for one in said["discretisation"]),
    "mirp": lambda said: "fixed_bin_size" in said.get("base_discretisation_method", ()),
    "pyradiomics": lambda said: said["setting"]["binWidth"] is not None,
}
"""Are bins of a fixed size?"""

_FROM_LOWEST: _Question = {
    "ibsi": lambda said: all(
        one["origin"] == "lesion" for one in said["discretisation"] if one["method"] == "FBS"
    ),
    "mirp": lambda said: False,
    "pyradiomics": lambda said: True,
}
"""Does the lesion's lowest bin of a fixed size have the number 1?"""
