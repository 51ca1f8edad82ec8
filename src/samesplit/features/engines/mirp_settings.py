"""What a profile of the MIRP engine may say: the names of MIRP's own keyword arguments, checked.

The keys are those of `mirp.extract_features`, so that such a call can be written down under `settings:`. Not
among them: what names and finds files, several spacings at a time, `mask_merge` and `mask_split` (a lesion is one
mask), perturbations (`samesplit perturb` makes them for every engine), spatial filters, conversions that need
DICOM files, and `roi_interpolation_mask_inclusion_threshold`, which MIRP 2.7.0 reads and never uses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from samesplit.features.engines.protocol import EngineSettings

__all__ = ["FAMILIES", "Family", "MirpSettings"]

Family = Literal[
    "morphological",
    "local_intensity",
    "intensity_volume_histogram",
    "statistics",
    "intensity_histogram",
    "glcm",
    "glrlm",
    "glszm",
    "gldzm",
    "ngtdm",
    "ngldm",
]

FAMILIES: tuple[Family, ...] = (
    "morphological",
    "local_intensity",
    "intensity_volume_histogram",
    "statistics",
    "intensity_histogram",
    "glcm",
    "glrlm",
    "glszm",
    "gldzm",
    "ngtdm",
    "ngldm",
)
"""In the order in which MIRP computes them."""

_ALIASES = {
    "morphological": "mrp morph morphology",
    "local_intensity": "li loc.int loc_int local_int",
    "statistics": "st stat stats statistical",
    "intensity_histogram": "ih int_hist int_histogram",
    "intensity_volume_histogram": "ivh int_vol_hist",
    "glcm": "cm grey_level_cooccurrence_matrix cooccurrence_matrix",
    "glrlm": "rlm grey_level_run_length_matrix run_length_matrix",
    "glszm": "szm grey_level_size_zone_matrix size_zone_matrix",
    "gldzm": "dzm grey_level_distance_zone_matrix distance_zone_matrix",
    "ngtdm": "tdm neighbourhood_grey_tone_difference_matrix grey_tone_difference_matrix",
    "ngldm": "ldm neighbouring_grey_level_dependence_matrix grey_level_dependence_matrix",
}
_FAMILY_OF = {alias: family for family, aliases in _ALIASES.items() for alias in aliases.split()}


def _as_tuple(value: Any) -> Any:
    """MIRP takes one value where it takes several."""
    return value if value is None or isinstance(value, list | tuple) else (value,)


def _known_families(value: Any) -> Any:
    names = _as_tuple(value)
    if not isinstance(names, Iterable):
        return names
    return tuple(_FAMILY_OF.get(name, name) if isinstance(name, str) else name for name in names)


def _nan_is_open(value: Any) -> Any:
    """MIRP writes nan for an open end; None is kept, so that settings have one spelling and one hash."""
    if not isinstance(value, list | tuple):
        return value
    return tuple(None if isinstance(end, float) and math.isnan(end) else end for end in value)


Positive = Annotated[float, Field(gt=0)]
Several = BeforeValidator(_as_tuple)
Ends = Annotated[tuple[float | None, float | None], BeforeValidator(_nan_is_open)]
Directional = Literal[
    "2d_average",
    "2d_slice_merge",
    "2.5d_direction_merge",
    "2.5d_volume_merge",
    "3d_average",
    "3d_volume_merge",
]
Omnidirectional = Literal["2d", "2.5d", "3d"]
Directionals = Annotated[tuple[Directional, ...], Several, Field(min_length=1)]
Omnidirectionals = Annotated[tuple[Omnidirectional, ...], Several, Field(min_length=1)]
Distances = Annotated[tuple[Annotated[float, Field(ge=1)], ...], Several, Field(min_length=1)]
Pooling = Literal["average", "min", "max", "range", "std", "var"]


class MirpSettings(EngineSettings):
    """The settings of the MIRP engine; every value that has an effect is shown by `samesplit show`."""

    # General
    image_modality: Literal["generic", "ct", "mr", "pet"] = "generic"
    """ct: rounded to whole HU; pet: nothing below 0; both: a lower bound for fixed_bin_size, units for the IVH."""
    by_slice: bool = False
    ibsi_compliant: bool = True
    no_approximation: bool = False
    mask_select_largest_region: bool = False
    mask_select_largest_slice: bool = False

    # Image processing
    image_denoise_method: Literal["none", "median", "gaussian", "susan"] = "none"
    image_denoiser_median_size: Annotated[int, Field(ge=1)] = 3
    image_denoiser_gaussian_sigma: Positive | None = None
    image_denoiser_susan_sigma: Positive | None = None
    image_denoiser_susan_intensity_threshold: Positive | None = None
    bias_field_correction: bool = False
    bias_field_correction_n_fitting_levels: Annotated[int, Field(ge=1)] = 3
    bias_field_correction_n_max_iterations: Annotated[tuple[int, ...], Several] | None = None
    bias_field_convergence_threshold: Positive = 0.001
    intensity_normalisation: Literal[
        "none",
        "range",
        "relative_range",
        "quantile_range",
        "standardisation",
        "custom_scale",
        "histogram_equalisation",
        "adaptive_equalisation",
        "match_uniform",
        "match_sigmoid",
    ] = "none"
    intensity_normalisation_range: Ends | None = None
    intensity_normalisation_saturation: Ends | None = None
    intensity_normalisation_standardisation_shift: float | None = None
    intensity_normalisation_standardisation_scale: Positive | None = None
    intensity_scaling: float | None = None
    tissue_mask_type: Literal["none", "range", "relative_range"] = "relative_range"
    tissue_mask_range: Ends | None = None

    # Interpolation
    new_spacing: Annotated[tuple[Positive, ...], Several, Field(min_length=1, max_length=3)] | None = None
    """mm: one number, or z, y, x (y, x where by_slice); None resamples nothing."""
    spline_order: Annotated[int, Field(ge=0, le=5)] = 3
    anti_aliasing: bool = True
    smoothing_beta: Annotated[float, Field(gt=0, le=1)] = 0.98
    roi_spline_order: Annotated[int, Field(ge=0, le=5)] = 1

    # Re-segmentation
    resegmentation_intensity_range: Ends | None = None
    resegmentation_sigma: Positive | None = None

    # Features
    base_feature_families: Annotated[
        tuple[Family | Literal["all"], ...], BeforeValidator(_known_families), Field(min_length=1)
    ] = ("all",)
    base_discretisation_method: Annotated[
        tuple[Literal["fixed_bin_number", "fixed_bin_size", "fixed_bin_size_pyradiomics", "none"], ...],
        Several,
    ] = ()
    base_discretisation_n_bins: Annotated[tuple[Annotated[int, Field(ge=2)], ...], Several] = ()
    base_discretisation_bin_width: Annotated[tuple[Positive, ...], Several] = ()
    stat_percentile: Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], Several] = (10.0, 90.0)
    stat_value_shift: float = 0.0
    ivh_discretisation_method: Literal["fixed_bin_number", "fixed_bin_size", "none"] = "none"
    ivh_discretisation_n_bins: Annotated[int, Field(ge=2)] = 1000
    ivh_discretisation_bin_width: Positive | None = None
    texture_feature_pooling_method: Annotated[tuple[Pooling, ...], Several] = ("average",)
    glcm_distance: Distances = (1.0,)
    glcm_spatial_method: Directionals | None = None
    glrlm_spatial_method: Directionals | None = None
    glszm_spatial_method: Omnidirectionals | None = None
    gldzm_spatial_method: Omnidirectionals | None = None
    ngtdm_spatial_method: Omnidirectionals | None = None
    ngldm_distance: Distances = (1.0,)
    ngldm_difference_level: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Several] = (0.0,)
    ngldm_spatial_method: Omnidirectionals | None = None

    @model_validator(mode="after")
    def _fitting(self) -> MirpSettings:
        self._check_bins()
        self._check_processing()
        if self.mask_select_largest_slice and not self.by_slice:
            raise ValueError("mask_select_largest_slice needs by_slice: true")
        if self.new_spacing is not None and len(self.new_spacing) not in (1, 2 if self.by_slice else 3):
            raise ValueError(
                "new_spacing holds one number, or "
                + ("y and x where by_slice is true" if self.by_slice else "z, y and x")
            )
        for family in self.texture_families():
            if self.by_slice and any(method.startswith("3d") for method in self.spatial_methods(family)):
                raise ValueError(f"{family}_spatial_method cannot be 3d where by_slice is true")
        if self.ibsi_compliant and set(self.texture_feature_pooling_method) != {"average"}:
            raise ValueError(
                "texture_feature_pooling_method can only be average unless ibsi_compliant is false"
            )
        return self

    def _check_bins(self) -> None:
        methods = set(self.base_discretisation_method)
        if {"intensity_histogram", *self.texture_families()} & set(self.families()) and not methods:
            raise ValueError("histogram and texture features need base_discretisation_method")
        if "fixed_bin_number" in methods and not self.base_discretisation_n_bins:
            raise ValueError("fixed_bin_number needs base_discretisation_n_bins, for example 32")
        if (
            methods & {"fixed_bin_size", "fixed_bin_size_pyradiomics"}
            and not self.base_discretisation_bin_width
        ):
            raise ValueError("fixed_bin_size needs base_discretisation_bin_width, for example 25")
        if "fixed_bin_size_pyradiomics" in methods and self.ibsi_compliant:
            raise ValueError("fixed_bin_size_pyradiomics needs ibsi_compliant: false")
        bounded = self.image_modality in ("ct", "pet")
        low = None if self.resegmentation_intensity_range is None else self.resegmentation_intensity_range[0]
        if "fixed_bin_size" in methods and not bounded and low is None:
            raise ValueError(
                "fixed_bin_size needs the lower end of resegmentation_intensity_range: the first bin starts there"
            )
        if self.ivh_discretisation_method == "fixed_bin_size" and self.ivh_discretisation_bin_width is None:
            raise ValueError("ivh_discretisation_method fixed_bin_size needs ivh_discretisation_bin_width")

    def _check_processing(self) -> None:
        needed = {
            "gaussian": ("image_denoiser_gaussian_sigma", self.image_denoiser_gaussian_sigma),
            "susan": ("image_denoiser_susan_sigma", self.image_denoiser_susan_sigma),
        }.get(self.image_denoise_method)
        if needed is not None and needed[1] is None:
            raise ValueError(f"image_denoise_method {self.image_denoise_method} needs {needed[0]}")
        if self.image_denoiser_median_size % 2 == 0:
            raise ValueError("image_denoiser_median_size is an odd number of voxels")
        if self.bias_field_correction and self.image_modality != "mr":
            raise ValueError("bias_field_correction needs image_modality: mr")
        if self.intensity_scaling == 0:
            raise ValueError("intensity_scaling of 0 would leave nothing of the image")

    def families(self) -> tuple[Family, ...]:
        """Return the families asked for, `all` written out."""
        asked = self.base_feature_families
        return FAMILIES if "all" in asked else tuple(family for family in FAMILIES if family in asked)

    def texture_families(self) -> tuple[Family, ...]:
        """Those of them that look at matrices."""
        return tuple(family for family in self.families() if family in FAMILIES[5:])

    def spatial_methods(self, family: Family) -> tuple[str, ...]:
        """How the matrices of a texture family become one value, MIRP's default where nothing is said."""
        given: tuple[str, ...] | None = getattr(self, f"{family}_spatial_method")
        if given is not None:
            return given
        if family in ("glcm", "glrlm"):
            return ("2d_slice_merge",) if self.by_slice else ("3d_volume_merge",)
        return ("2d",) if self.by_slice else ("3d",)
