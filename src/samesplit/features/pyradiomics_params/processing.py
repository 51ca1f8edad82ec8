"""From the image as read to grey levels: a parameter file's settings in the words of the engine `ibsi`."""

from __future__ import annotations

from typing import Any

from samesplit.declarations import Location
from samesplit.features.processing.settings import SMALLEST_MM
from samesplit.features.pyradiomics_params.parameter_file import FileContent, FileSettings

__all__ = [
    "DEFAULT_BIN_WIDTH",
    "ITSELF",
    "aggregation_of",
    "discretisation_of",
    "distance_of",
    "processing_of",
]

ITSELF = "or run pyradiomics itself with this file: --engine pyradiomics"
"""The last resort in every remedy."""

DEFAULT_BIN_WIDTH = 25.0
"""What pyradiomics takes where neither a width nor a number of bins is given."""

_INTERPOLATIONS = {"sitkNearestNeighbor": "nearest", "sitkLinear": "linear", "sitkBSpline": "cubic"}
_BY_NUMBER = {1: "sitkNearestNeighbor", 2: "sitkLinear", 3: "sitkBSpline"}


def processing_of(content: FileContent) -> dict[str, Any]:
    """Return `processing` of a profile.

    Args:
        content: The file; what cannot be done is added to its faults, what is to be known to its notes.
    """
    said = content.setting
    return {**_grid(content, said), **_normalisation(content, said), **_resegmentation(content, said)}


def discretisation_of(content: FileContent, said: FileSettings) -> dict[str, Any]:
    """Return how intensities become grey levels.

    Args:
        content: The file.
        said: Its settings for the original image.
    """
    if said.binCount is not None:
        if said.binWidth is not None:
            content.note("binWidth is dropped because binCount is given, as pyradiomics does.")
        if not 2 <= said.binCount <= 4096:
            content.fault(
                _place(content, "binCount"),
                f"binCount is {said.binCount}, and 2 to 4,096 bins can be made",
                f"choose another number, {ITSELF}",
            )
        return {"method": "FBN", "bins": said.binCount}
    if said.binWidth is None:
        content.note(
            f"Neither binWidth nor binCount is given: bins are {DEFAULT_BIN_WIDTH:g} wide, as in pyradiomics."
        )
    return {"method": "FBS", "width": said.binWidth or DEFAULT_BIN_WIDTH, "origin": "lesion"}


def aggregation_of(content: FileContent, said: FileSettings) -> str:
    """Return how textures of several directions become one value: `3D_avg` where nothing else is said."""
    if said.weightingNorm not in (None, "no_weighting"):
        content.fault(
            _place(content, "weightingNorm"),
            f"weightingNorm '{said.weightingNorm}' weighs directions, which IBSI does not define",
            f"leave it empty or choose no_weighting, {ITSELF}",
        )
    if said.symmetricalGLCM is False:
        content.fault(
            _place(content, "symmetricalGLCM"),
            "symmetricalGLCM is false, and IBSI's co-occurrence matrices are symmetric",
            f"leave it out, {ITSELF}",
        )
    if said.force2D and said.force2Ddimension:
        content.fault(
            _place(content, "force2Ddimension"),
            f"force2Ddimension is {said.force2Ddimension}: textures in coronal or sagittal planes",
            f"turn images and masks so that slices are axial, and leave it out, {ITSELF}",
        )
    elif said.force2Ddimension and not said.force2D:
        content.note("force2Ddimension has no effect without force2D.")
    return ("2_5D" if said.force2D else "3D") + ("_comb" if said.weightingNorm == "no_weighting" else "_avg")


def distance_of(content: FileContent, said: FileSettings, classes: frozenset[str]) -> int:
    """Return the distance of neighbours; others than 1 are possible for co-occurrence alone."""
    distances = said.distances or (1,)
    if len(distances) > 1:
        content.fault(
            _place(content, "distances"),
            f"distances holds {', '.join(map(str, distances))}: one profile has one distance",
            f"write one file a distance, {ITSELF}",
        )
    elif distances != (1,) and (near := sorted(classes & {"gldm", "ngtdm"})):
        content.fault(
            _place(content, "distances"),
            f"distances is {distances[0]}, and {' and '.join(near)} look at distance 1",
            f"leave these classes out of featureClass, {ITSELF}",
        )
    return distances[0]


def _grid(content: FileContent, said: FileSettings) -> dict[str, Any]:
    if said.interpolator is None and "interpolator" in said.model_fields_set and said.resampledPixelSpacing:
        content.note("interpolator is empty: nothing is resampled, as in pyradiomics.")
        return {}
    spacing = said.resampledPixelSpacing
    if not spacing or not any(spacing):
        return {}
    place: Location = ("setting", "resampledPixelSpacing")
    if len(spacing) != 3:
        content.fault(
            place, f"resampledPixelSpacing holds {len(spacing)} lengths", "give three, along x, y and z"
        )
    if any(0 < length < SMALLEST_MM for length in spacing):
        content.fault(
            place,
            f"resampledPixelSpacing holds less than {SMALLEST_MM} mm, and a lesion would not fit into memory",
            f"choose {SMALLEST_MM} mm or more",
        )
    return {
        "spacing_mm": spacing,
        "grid": "corner",
        "image_interpolation": _interpolation(content, said),
        "mask_interpolation": "nearest",
        "rounding": "stored",
    }


def _interpolation(content: FileContent, said: FileSettings) -> str:
    given = "sitkBSpline" if said.interpolator is None else said.interpolator
    name = _BY_NUMBER.get(given, str(given)) if isinstance(given, int) else given
    if name not in _INTERPOLATIONS:
        content.fault(
            ("setting", "interpolator"),
            f"interpolator '{given}' is none that IBSI names",
            f"choose {', '.join(_INTERPOLATIONS)}, {ITSELF}",
        )
    return _INTERPOLATIONS.get(name, "cubic")


def _normalisation(content: FileContent, said: FileSettings) -> dict[str, Any]:
    if not said.normalize:
        idle = [key for key in ("normalizeScale", "removeOutliers") if getattr(said, key) is not None]
        if idle:
            content.note(
                f"{' and '.join(idle)} ha{'s' if len(idle) == 1 else 've'} no effect without normalize."
            )
        return {}
    return {
        "normalisation": {
            "over": "image",
            "sample": True,
            "scale": said.normalizeScale or 1.0,
            "clip_sd": said.removeOutliers,
        }
    }


def _resegmentation(content: FileContent, said: FileSettings) -> dict[str, Any]:
    if said.resegmentRange is None:
        return {}
    place: Location = ("setting", "resegmentRange")
    ends = sorted(said.resegmentRange)
    if len(ends) not in (1, 2):
        content.fault(
            place,
            f"resegmentRange holds {len(ends)} numbers",
            "give the lowest, or the lowest and the highest",
        )
        return {}
    shape = {"resegment_shape": True} if said.resegmentShape else {}
    if said.resegmentMode == "relative":
        content.fault(
            ("setting", "resegmentMode"),
            "resegmentMode 'relative' cuts at a share of the lesion's maximum, which IBSI does not define",
            f"choose absolute or sigma, {ITSELF}",
        )
        return {}
    if said.resegmentMode == "sigma":
        if len(ends) != 2 or ends[0] != -ends[1]:
            content.fault(
                place,
                f"resegmentRange {list(said.resegmentRange)} is not the same to both sides of the mean",
                f"write [-3, 3] for 3 standard deviations, {ITSELF}",
            )
            return {}
        return {"outliers_sd": ends[1], **shape}
    low, high = (ends[0], None) if len(ends) == 1 else (ends[0], ends[1])
    if low == high:
        content.fault(
            place, f"resegmentRange holds {low:g} twice", "give the lowest and the highest intensity"
        )
        return {}
    return {"range": (low, high), **shape}


def _place(content: FileContent, key: str) -> Location:
    """Return where a key stands that may be said for the original image alone."""
    own: Location = ("imageType", "Original", key)
    return own if own in content.lines else ("setting", key)
