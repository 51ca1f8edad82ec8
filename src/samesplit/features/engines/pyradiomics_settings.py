"""What a profile of the pyradiomics engine may say: pyradiomics' own names and layout, checked.

The keys are those of a pyradiomics parameter file, so that such a file can be pasted under `settings:`. What
samesplit does itself is not among them: reading labels (`label`), mending geometry (`correctMask`,
`geometryTolerance`) and cropping (`preCrop`).
"""
# ruff: noqa: N815 - pyradiomics' own names

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.features.engines.protocol import EngineSettings
from samesplit.features.engines.pyradiomics_catalogue import FEATURES, feature_names

__all__ = ["GeneralSettings", "ImageTypeSettings", "PyradiomicsSettings"]

FeatureClass = Literal["shape", "shape2D", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
ImageType = Literal[
    "Original",
    "Wavelet",
    "LoG",
    "Square",
    "SquareRoot",
    "Logarithm",
    "Exponential",
    "Gradient",
    "LBP2D",
]
Interpolator = Literal[
    "sitkNearestNeighbor",
    "sitkLinear",
    "sitkBSpline",
    "sitkGaussian",
    "sitkHammingWindowedSinc",
    "sitkCosineWindowedSinc",
    "sitkWelchWindowedSinc",
    "sitkLanczosWindowedSinc",
    "sitkBlackmanWindowedSinc",
]
Positive = Annotated[float, Field(gt=0)]
Features = Literal["all"] | tuple[str, ...]

_OWN_KEYS: dict[str, frozenset[str]] = {
    "LoG": frozenset({"sigma"}),
    "Wavelet": frozenset({"wavelet", "level", "start_level"}),
    "Gradient": frozenset({"gradientUseSpacing"}),
    "LBP2D": frozenset({"lbp2DRadius", "lbp2DSamples", "lbp2DMethod"}),
}


class GeneralSettings(Declaration):
    """The `setting` part: processing, discretisation and matrices."""

    normalize: bool = False
    """Turn the whole image to mean 0 and standard deviation 1 first."""
    normalizeScale: Positive = 1
    removeOutliers: Positive | None = None
    """After normalising, cut off beyond this many standard deviations."""
    resampledPixelSpacing: tuple[float, float, float] | None = None
    """New voxel size in mm (x, y, z); 0 keeps that axis; None resamples nothing."""
    interpolator: Interpolator = "sitkBSpline"
    padDistance: int = Field(default=5, ge=0)
    """Voxels around the lesion that are resampled too, for filters to see."""
    resegmentRange: tuple[float, ...] | None = None
    resegmentMode: Literal["absolute", "relative", "sigma"] = "absolute"
    resegmentShape: bool = False
    minimumROIDimensions: int = Field(default=2, ge=1, le=3)
    binWidth: Positive | None = None
    binCount: int | None = Field(default=None, ge=2)
    voxelArrayShift: int = 0
    symmetricalGLCM: bool = True
    distances: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(1,), min_length=1)
    weightingNorm: Literal["manhattan", "euclidean", "infinity", "no_weighting"] | None = None
    gldm_a: int = Field(default=0, ge=0)
    force2D: bool = False
    force2Ddimension: int = Field(default=0, ge=0, le=2)

    @model_validator(mode="after")
    def _consistent(self) -> GeneralSettings:
        if self.binWidth is not None and self.binCount is not None:
            raise ValueError(
                "give binWidth or binCount, not both: pyradiomics would drop binWidth in silence"
            )
        if self.removeOutliers is not None and not self.normalize:
            raise ValueError("removeOutliers counts standard deviations of a normalised image: set normalize")
        spacing = self.resampledPixelSpacing
        if spacing is not None and (min(spacing) < 0 or max(spacing) == 0):
            raise ValueError("resampledPixelSpacing holds mm above 0, or 0 for an axis to keep")
        if self.resegmentRange is not None and len(self.resegmentRange) not in (1, 2):
            raise ValueError("resegmentRange holds one threshold or a lowest and a highest one")
        return self


class ImageTypeSettings(Declaration):
    """What may be said for one image type: its filter's own settings, and bins of its own."""

    binWidth: Positive | None = None
    binCount: int | None = Field(default=None, ge=2)
    sigma: tuple[Positive, ...] | None = None
    wavelet: str | None = None
    level: int | None = Field(default=None, ge=1)
    start_level: int | None = Field(default=None, ge=0)
    gradientUseSpacing: bool | None = None
    lbp2DRadius: Positive | None = None
    lbp2DSamples: int | None = Field(default=None, ge=1)
    lbp2DMethod: Literal["default", "ror", "uniform", "var"] | None = None


class PyradiomicsSettings(EngineSettings):
    """The settings of the pyradiomics engine; every value that has an effect is shown by `samesplit show`."""

    setting: GeneralSettings = GeneralSettings()
    imageType: dict[ImageType, ImageTypeSettings] = Field(default_factory=lambda: _original())
    featureClass: dict[FeatureClass, Features] = Field(default_factory=dict)
    """Feature class -> `all` (or nothing after the colon) or the features' names."""
    slice: Literal["largest"] | None = None
    """`largest`: everything is computed on the one axial slice in which the lesion is largest (the first of
    several), as 2D studies do. Ours, not pyradiomics'."""
    nativeFeatureClass: dict[Literal["firstorder", "shape"], Features] = Field(default_factory=dict)
    """Classes computed on the image as it was read, before normalising, resampling and re-segmenting; their
    names start with `native_`. Not a pyradiomics key: this is how SUVmax stays the highest voxel's SUV."""

    @field_validator("imageType", mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: {} if settings is None else settings for name, settings in value.items()}
        return value

    @field_validator("featureClass", "nativeFeatureClass", mode="before")
    @classmethod
    def _empty_is_all(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: "all" if features is None else features for name, features in value.items()}
        return value

    @field_validator("featureClass", "nativeFeatureClass")
    @classmethod
    def _known_features(cls, value: dict[str, Features]) -> dict[str, Features]:
        for name, features in value.items():
            if features == "all":
                continue
            if not features:
                raise ValueError(f"'{name}' has an empty list: write 'all', name features, or drop the class")
            for feature in features:
                if feature not in FEATURES[name]:
                    near = difflib.get_close_matches(feature, FEATURES[name], n=1)
                    hint = f"; did you mean '{near[0]}'?" if near else ""
                    raise ValueError(f"the class '{name}' has no feature '{feature}'{hint}")
        return value

    @model_validator(mode="after")
    def _complete(self) -> PyradiomicsSettings:
        if not self.featureClass and not self.nativeFeatureClass:
            raise ValueError("name at least one class under featureClass or nativeFeatureClass")
        if not self.imageType:
            raise ValueError("name at least one image type, for example Original")
        if "shape2D" in self.featureClass and not self.setting.force2D:
            raise ValueError("shape2D needs setting.force2D: true")
        for name, settings in self.imageType.items():
            self._check_image_type(name, settings)
        native = self.chosen_native("firstorder") if "firstorder" in self.nativeFeatureClass else []
        if {"Entropy", "Uniformity"} & set(native) and not (self.setting.binWidth or self.setting.binCount):
            raise ValueError("Entropy and Uniformity need setting.binWidth or setting.binCount")
        return self

    def _check_image_type(self, name: str, settings: ImageTypeSettings) -> None:
        given = settings.model_dump(exclude_none=True).keys() - {"binWidth", "binCount"}
        foreign = sorted(given - _OWN_KEYS.get(name, frozenset()))
        if foreign:
            raise ValueError(f"imageType.{name} does not use {', '.join(foreign)}")
        if name == "LoG" and not settings.sigma:
            raise ValueError("imageType.LoG needs sigma, for example [1.0, 3.0] (mm)")
        if settings.binWidth is not None and settings.binCount is not None:
            raise ValueError(f"imageType.{name}: give binWidth or binCount, not both")
        needs_bins = any(not family.startswith("shape") for family in self.featureClass)
        bins = (settings.binWidth, settings.binCount, self.setting.binWidth, self.setting.binCount)
        if needs_bins and not any(bins):
            raise ValueError(
                "setting.binWidth or setting.binCount is needed: pyradiomics would take a width of 25 in silence"
            )

    def chosen(self, feature_class: FeatureClass) -> list[str]:
        """Return the names of the features of a class under `featureClass`."""
        return _names(feature_class, self.featureClass[feature_class])

    def chosen_native(self, feature_class: Literal["firstorder", "shape"]) -> list[str]:
        """Return the names of the features of a class under `nativeFeatureClass`."""
        return _names(feature_class, self.nativeFeatureClass[feature_class])


def _original() -> dict[ImageType, ImageTypeSettings]:
    return {"Original": ImageTypeSettings()}


def _names(feature_class: str, features: Features) -> list[str]:
    return feature_names(feature_class) if features == "all" else list(features)
