"""Settings of a parameter file that do not change a value: named, so that nobody has to wonder."""

from __future__ import annotations

from samesplit.features.pyradiomics_params.parameter_file import FileContent
from samesplit.features.pyradiomics_params.processing import ITSELF

__all__ = ["BEFORE_FEATURES", "NO_EFFECT", "note_harmless"]

NO_EFFECT = {
    "additionalInfo": "there are no columns of diagnostics; settings and versions stand beside the output",
    "enableCExtensions": "there is one implementation",
    "geometryTolerance": "image and mask have to agree to 0.001 mm, or 0.001 of a voxel if that is more",
    "gradientUseSpacing": "belongs to a filter that is not used",
    "lbp2DMethod": "belongs to a filter that is not used",
    "lbp2DRadius": "belongs to a filter that is not used",
    "lbp2DSamples": "belongs to a filter that is not used",
    "lbp3DIcosphereRadius": "belongs to a filter that is not used",
    "lbp3DIcosphereSubdivision": "belongs to a filter that is not used",
    "lbp3DLevels": "belongs to a filter that is not used",
    "level": "belongs to a filter that is not used",
    "minimumROIDimensions": "small masks are refused by --minimum-voxels alone, as they were read",
    "minimumROISize": "small masks are refused by --minimum-voxels alone, as they were read",
    "padDistance": "as much of the image is looked at as is needed",
    "preCrop": "as much of the image is looked at as is needed",
    "sigma": "belongs to a filter that is not used",
    "start_level": "belongs to a filter that is not used",
    "verbose": "--help says what is printed",
    "wavelet": "belongs to a filter that is not used",
}
"""Keys that change no value of the original image, and why."""

BEFORE_FEATURES = frozenset(
    {
        "correctMask",
        "interpolator",
        "label",
        "label_channel",
        "normalize",
        "normalizeScale",
        "removeOutliers",
        "resampledPixelSpacing",
        "resegmentMode",
        "resegmentRange",
        "resegmentShape",
    }
)
"""Keys that pyradiomics reads under `setting` alone: under an image type they change nothing."""


_NOT_HANDED_ON = (
    "additionalInfo",
    "enableCExtensions",
    "geometryTolerance",
    "minimumROISize",
    "preCrop",
    "verbose",
)
"""What the engine `pyradiomics` does not take."""


def note_harmless(content: FileContent, engine: str) -> None:
    """Add to the notes which settings of a file have no effect; a channel of a mask cannot be chosen.

    Args:
        content: The file.
        engine: What it is read for: pyradiomics itself follows the settings of its filters.
    """
    said = content.setting
    keys = tuple(NO_EFFECT) if engine == "ibsi" else _NOT_HANDED_ON
    if said.label_channel:
        content.fault(
            ("setting", "label_channel"),
            f"label_channel is {said.label_channel}, and a mask has one value a voxel",
            f"save this channel as a mask of its own, {ITSELF}",
        )
    reasons: dict[str, list[str]] = {}
    for key in keys:
        if getattr(said, key) is not None:
            reasons.setdefault(NO_EFFECT[key], []).append(key)
    if said.resegmentRange is None:
        idle = [key for key in ("resegmentMode", "resegmentShape") if getattr(said, key) is not None]
        reasons |= {"there is no resegmentRange": idle} if idle else {}
    for reason, named in reasons.items():
        content.note(f"{', '.join(named)}: no effect on values; {reason}.")
    if content.said.voxelSetting is not None:
        content.note("voxelSetting: its kernelRadius holds for feature maps (--maps); no effect on a table.")
    own = (content.said.imageType or {}).get("Original")
    idle = sorted((set() if own is None else own.model_fields_set) & (BEFORE_FEATURES | NO_EFFECT.keys()))
    if idle and engine == "ibsi":
        content.note(f"{', '.join(idle)} under imageType.Original: no effect, as in pyradiomics.")
