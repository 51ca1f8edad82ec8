"""A parameter file in the words of the engine `pyradiomics`, which runs pyradiomics itself."""

from __future__ import annotations

from typing import Any

from samesplit.features.engines.pyradiomics_settings import GeneralSettings, ImageTypeSettings
from samesplit.features.pyradiomics_names import CLASSES
from samesplit.features.pyradiomics_params.feature_classes import RENAMED, WITHOUT_VALUE
from samesplit.features.pyradiomics_params.parameter_file import FileContent, FileSettings
from samesplit.features.pyradiomics_params.processing import DEFAULT_BIN_WIDTH

__all__ = ["itself"]

_OF_FILTERS = {
    "LoG": ("sigma",),
    "Wavelet": ("wavelet", "level", "start_level"),
    "Gradient": ("gradientUseSpacing",),
    "LBP2D": ("lbp2DRadius", "lbp2DSamples", "lbp2DMethod"),
}


def itself(content: FileContent) -> dict[str, Any]:
    """Return `settings` of a profile of the engine `pyradiomics`.

    Args:
        content: The file; what is taken in today's names is added to its notes.
    """
    said = content.setting
    general = _given(said, GeneralSettings.model_fields)
    if said.binCount is not None:
        general.pop("binWidth", None)
    elif said.binWidth is None:
        general["binWidth"] = DEFAULT_BIN_WIDTH
    if said.resampledPixelSpacing is not None and not any(said.resampledPixelSpacing):
        general.pop("resampledPixelSpacing")
    if not said.normalize:
        general.pop("removeOutliers", None)
    types = content.said.imageType or {"Original": None}
    classes = content.said.featureClass or dict.fromkeys(CLASSES)
    return {
        "setting": general,
        "imageType": {name: _image_type(name, own or FileSettings(), said) for name, own in types.items()},
        "featureClass": {name: _names(content, name, wanted) for name, wanted in classes.items()},
    }


def _image_type(name: str, own: FileSettings, general: FileSettings) -> dict[str, Any]:
    """Return what is said of one image type; a filter's own settings may stand under `setting` as well."""
    inherited = {key: getattr(general, key) for key in _OF_FILTERS.get(name, ())}
    found = {key: value for key, value in inherited.items() if value is not None}
    return found | _given(own, ImageTypeSettings.model_fields)


def _given(said: FileSettings, keys: Any) -> dict[str, Any]:
    return {key: value for key in keys if (value := getattr(said, key, None)) is not None}


def _names(content: FileContent, name: str, wanted: tuple[str, ...] | None) -> Any:
    if not wanted:
        return "all"
    today = [RENAMED.get(name, {}).get(one, one) for one in wanted]
    for one, now in zip(wanted, today, strict=True):
        if one != now:
            content.note(f"{name} {one} is called {now} today.")
    return tuple(dict.fromkeys(one for one in today if one not in WITHOUT_VALUE.get(name, {})))
