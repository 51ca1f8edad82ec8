"""The pyradiomics engine: pyradiomics' own code behind the engine interface, with pyradiomics' own names.

Three things are done here and not by pyradiomics, none of which changes a value beyond rounding: the image is
normalised as a whole and then cut to the lesion and a margin, so that the time depends on the lesion and not on
the field of view; images are floating point throughout (given a file of whole numbers, pyradiomics cuts decimals
off after interpolation); and its log stays silent.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.extras import require_extra
from samesplit.features.engines.protocol import EngineSettings, FeatureInfo, FeatureValues
from samesplit.features.engines.pyradiomics_catalogue import FEATURES
from samesplit.features.engines.pyradiomics_settings import PyradiomicsSettings
from samesplit.imaging.case import Box, Case, bounding_box, crop
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest

if TYPE_CHECKING:
    from samesplit.features.engines.profile import Profile

__all__ = ["PyradiomicsEngine"]

SPLINE_MARGIN = 24
"""Voxels around what is resampled or filtered: a cubic spline forgets the border to 4e-14 of the range."""

_SIGMAS = 6.0


class PyradiomicsEngine:
    """Features by the pyradiomics-bhklab package (module `radiomics`)."""

    name = "pyradiomics"
    settings: type[EngineSettings] = PyradiomicsSettings

    @cached_property
    def version(self) -> str:
        """The package's version, and a digest of the code around it and of the libraries that values depend on.

        Raises:
            MissingExtraError: The package is not installed.
        """
        require_extra("pyradiomics", needed_by="the engine 'pyradiomics'")
        libraries = library_digest("SimpleITK", "numpy", "scikit-image", "scipy")
        code = hash_object([source_digest(__name__), libraries])
        return f"{version('pyradiomics-bhklab')}+{code[:12]}"

    def catalogue(self, settings: EngineSettings) -> tuple[FeatureInfo, ...]:
        """List the features of the original and the native image that the settings ask for, with IBSI codes.

        Filtered images add the same features under their own names (`wavelet-LLH_glcm_Contrast`); these have
        no IBSI-1 code, and `describe` tells about them.
        """
        assert isinstance(settings, PyradiomicsSettings)
        names = [f"native_{c}_{f}" for c in settings.nativeFeatureClass for f in settings.chosen_native(c)]
        for feature_class in settings.featureClass:
            if feature_class.startswith("shape") or "Original" in settings.imageType:
                names += [f"original_{feature_class}_{f}" for f in settings.chosen(feature_class)]
        return tuple(self.describe(name, settings) for name in names)

    def describe(self, feature: str, settings: EngineSettings) -> FeatureInfo:
        """Return what a column of the features table is, from its name `<image>_<class>_<feature>`."""
        assert isinstance(settings, PyradiomicsSettings)
        image, family, name = feature.split("_", 2)
        info = FEATURES[family][name]
        plain = image in ("original", "native")
        return replace(
            info,
            feature=feature,
            ibsi_code=info.ibsi_code if plain else None,
            aggregation=_aggregation(family, settings),
            unit=info.unit if plain else "",
        )

    def extract(self, case: Case, profile: Profile) -> FeatureValues:
        """Return the features of one case; see `Engine`.

        Raises:
            LesionError: pyradiomics refuses the case, for example because resampling leaves too few voxels.
        """
        assert isinstance(profile.settings, PyradiomicsSettings)
        if profile.settings.slice == "largest":
            case = _largest_slice(case)
        with _quiet():
            try:
                values = _native(case, profile.settings) | _processed(case, profile.settings)
            except (ValueError, RuntimeError, AssertionError) as error:
                raise LesionError(
                    f"pyradiomics cannot use it ({error})",
                    remedy=f"check the mask, or the settings of the profile '{profile.name}'",
                ) from error
        return FeatureValues(values)


def _largest_slice(case: Case) -> Case:
    """Return the axial slice in which the lesion is largest, as a volume of one slice."""
    areas = np.count_nonzero(sitk.GetArrayViewFromImage(case.mask), axis=(1, 2))
    nx, ny, _ = case.mask.GetSize()
    box = Box((0, 0, int(np.argmax(areas))), (nx, ny, 1))
    return replace(case, image=crop(case.image, box), mask=crop(case.mask, box))


def _aggregation(family: str, settings: PyradiomicsSettings) -> str:
    flat, norm = settings.setting.force2D, settings.setting.weightingNorm
    if family in ("glszm", "gldm", "ngtdm"):
        return "2.5D" if flat else "3D"
    if family not in ("glcm", "glrlm"):
        return ""
    if norm is None:
        return "2.5D, direction-merged" if flat else "3D, averaged"
    if norm == "no_weighting":
        return "2.5D, merged" if flat else "3D, merged"
    return "2.5D, weighted" if flat else "3D, weighted"


def _native(case: Case, settings: PyradiomicsSettings) -> dict[str, float]:
    if not settings.nativeFeatureClass:
        return {}
    extractor = _extractor(_bins(settings))
    extractor.enabledImagetypes = {"Original": {}}
    extractor.enabledFeatures = {c: settings.chosen_native(c) for c in settings.nativeFeatureClass}
    box = bounding_box(case.mask, [1, 1, 1])
    found = extractor.execute(crop(case.image, box), crop(case.mask, box))
    return {f"native_{name.removeprefix('original_')}": float(value) for name, value in found.items()}


def _bins(settings: PyradiomicsSettings) -> dict[str, Any]:
    return settings.setting.model_dump(include={"binWidth", "binCount"}, exclude_none=True)


def _processed(case: Case, settings: PyradiomicsSettings) -> dict[str, float]:
    if not settings.featureClass:
        return {}
    from radiomics import imageoperations

    general = _general(settings)
    image = case.image
    if settings.setting.normalize:
        image = imageoperations.normalizeImage(image, **general)
    box = bounding_box(case.mask, _margin(case.image.GetSpacing(), settings))
    image = crop(image, box)
    if settings.setting.resampledPixelSpacing is None:
        mask = crop(case.mask, box)
    else:
        # The new grid hangs on the mask's corner, so the mask stays whole and only the image is cut.
        image, mask = imageoperations.resampleImage(image, case.mask, **general)
    extractor = _extractor({**general, "normalize": False, "resampledPixelSpacing": None})
    extractor.enabledImagetypes = {
        name: own.model_dump(exclude_none=True) for name, own in settings.imageType.items()
    }
    extractor.enabledFeatures = {name: settings.chosen(name) for name in settings.featureClass}
    return {name: float(np.asarray(value)) for name, value in extractor.execute(image, mask).items()}


def _general(settings: PyradiomicsSettings) -> dict[str, Any]:
    general = settings.setting.model_dump(exclude_none=True)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in general.items()}


def _margin(spacing_mm: tuple[float, ...], settings: PyradiomicsSettings) -> list[int]:
    """Voxels (x, y, z) of the image that processing and filters look at around the lesion's box."""
    filtered = any(name != "Original" for name in settings.imageType)
    target = settings.setting.resampledPixelSpacing
    if target is None and not filtered:
        return [1, 1, 1]
    log = settings.imageType.get("LoG")
    reach_mm = _SIGMAS * max(log.sigma) if log is not None and log.sigma else 0.0
    pads = [reach_mm] * 3
    if target is not None:
        pads = [(settings.setting.padDistance + 2) * max(step, 0.0) for step in target]
    return [SPLINE_MARGIN + math.ceil(pad / step) for pad, step in zip(pads, spacing_mm, strict=True)]


def _extractor(settings: dict[str, Any]) -> Any:
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    return RadiomicsFeatureExtractor(**{**settings, "additionalInfo": False, "label": 1})


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence pyradiomics' log and numpy's warnings about divisions that give NaN; leave all else alone."""
    import radiomics  # noqa: F401 - sets its log level when first imported

    logger = logging.getLogger("radiomics")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
