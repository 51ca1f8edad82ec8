"""Size, shape and spatial spread of a lesion: the 29 morphological features (IBSI family HCUG).

Most depend on the morphological mask alone (`shape`, which needs no image). Four also look at intensities inside
the intensity mask (`spatial_intensity`). `morphology` gives all 29 in the order of the reference table.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.features.families.autocorrelation import spatial_autocorrelation
from samesplit.features.families.boxes import Cuboid, axis_aligned_box, oriented_box
from samesplit.features.families.centroid import centre_of_mass_shift
from samesplit.features.families.ellipsoids import Ellipsoid, enclosing_ellipsoid, principal_ellipsoid
from samesplit.features.families.hull import Hull, convex_hull
from samesplit.features.families.mesh import Surface, mesh_surface
from samesplit.features.families.region import Region
from samesplit.features.families.texture import MaskGeometry

__all__ = ["INTENSITY_TAGS", "SHAPE_TAGS", "TAGS", "morphology", "shape", "spatial_intensity"]

TAGS = (
    "morph_volume",
    "morph_vol_approx",
    "morph_area_mesh",
    "morph_av",
    "morph_comp_1",
    "morph_comp_2",
    "morph_sph_dispr",
    "morph_sphericity",
    "morph_asphericity",
    "morph_com",
    "morph_diam",
    "morph_pca_maj_axis",
    "morph_pca_min_axis",
    "morph_pca_least_axis",
    "morph_pca_elongation",
    "morph_pca_flatness",
    "morph_vol_dens_aabb",
    "morph_area_dens_aabb",
    "morph_vol_dens_ombb",
    "morph_area_dens_ombb",
    "morph_vol_dens_aee",
    "morph_area_dens_aee",
    "morph_vol_dens_mvee",
    "morph_area_dens_mvee",
    "morph_vol_dens_conv_hull",
    "morph_area_dens_conv_hull",
    "morph_integ_int",
    "morph_moran_i",
    "morph_geary_c",
)
INTENSITY_TAGS = ("morph_com", "morph_integ_int", "morph_moran_i", "morph_geary_c")
"""The features that need an image."""

SHAPE_TAGS = tuple(tag for tag in TAGS if tag not in INTENSITY_TAGS)
"""The features of the morphological mask alone."""


def morphology(region: Region, geometry: MaskGeometry | None = None) -> npt.NDArray[np.float64]:
    """Return the 29 morphological features, in the order of `TAGS`; NaN where one is undefined.

    Args:
        region: The lesion.
        geometry: Its masks, cut, when they are already at hand.

    Raises:
        LesionError: The intensity mask is empty.

    References:
        IBSI reference manual, chapter Morphological features (arXiv 1612.07003).

    Example:
        >>> mask = np.pad(np.ones((4, 4, 4), np.uint8), 2)
        >>> values = dict(zip(TAGS, morphology(Region(mask * 7.0, mask, mask, (1.0, 1.0, 1.0))), strict=True))
        >>> float(values["morph_vol_approx"]), round(float(values["morph_volume"]), 3)
        (64.0, 58.667)
    """
    masks = MaskGeometry(region.morphological, region.intensity) if geometry is None else geometry
    by_tag = dict(zip(SHAPE_TAGS, shape(masks, region.spacing_mm), strict=True))
    spatial = spatial_intensity(region, masks, volume_mm3=float(by_tag["morph_volume"]))
    by_tag.update(zip(INTENSITY_TAGS, spatial, strict=True))
    return np.array([by_tag[tag] for tag in TAGS])


def shape(geometry: MaskGeometry, spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """Return the 25 features of the morphological mask alone, in the order of `SHAPE_TAGS`; NaN where undefined.

    Lengths are in mm, areas in mm2, volumes in mm3. Flat and thin masks have a mesh and thus nearly all
    features; what divides by a principal axis of length 0 is NaN, and so is all that comes from the principal
    axes of a single voxel.

    Args:
        geometry: The masks of the lesion.
        spacing_mm: Distance of neighbouring voxels along z, y and x.

    Example:
        >>> voxel = np.ones((1, 1, 1), np.uint8)
        >>> float(shape(MaskGeometry(voxel, voxel), (1.0, 1.0, 1.0))[SHAPE_TAGS.index("morph_diam")])
        1.0
    """
    mask = geometry.morphological
    surface = mesh_surface(mask, spacing_mm)
    hull = convex_hull(mask, spacing_mm)
    principal = principal_ellipsoid(mask, spacing_mm)
    values = {
        "morph_vol_approx": float(np.count_nonzero(mask) * np.prod(spacing_mm)),
        "morph_diam": hull.largest_distance_mm(),
        **_compactness(surface),
        **_principal_axes(principal),
    }
    enclosing: dict[str, Cuboid | Ellipsoid | Hull] = {
        "aabb": axis_aligned_box(hull),
        "ombb": oriented_box(hull),
        "aee": principal,
        "mvee": enclosing_ellipsoid(hull),
        "conv_hull": hull,
    }
    for name, body in enclosing.items():
        values[f"morph_vol_dens_{name}"] = _ratio(surface.volume_mm3, body.volume_mm3)
        values[f"morph_area_dens_{name}"] = _ratio(surface.area_mm2, body.area_mm2)
    return np.array([values[tag] for tag in SHAPE_TAGS])


def spatial_intensity(
    region: Region, geometry: MaskGeometry, *, volume_mm3: float
) -> npt.NDArray[np.float64]:
    """Return the 4 features of where the intensities lie, in the order of `INTENSITY_TAGS`; NaN where undefined.

    Args:
        region: The lesion.
        geometry: Its masks, cut to the lesion (`MaskGeometry(region.morphological, region.intensity)`).
        volume_mm3: The volume of the mesh, which the integrated intensity multiplies by the mean.
    """
    inner = (slice(1, -1),) * 3
    intensities, intensity = region.intensities[geometry.box], geometry.intensity[inner]
    shift = centre_of_mass_shift(intensities, geometry.morphological[inner], intensity, region.spacing_mm)
    moran, geary = spatial_autocorrelation(intensities, intensity, region.spacing_mm)
    return np.array([shift, region.values().mean() * volume_mm3, moran, geary])


def _compactness(surface: Surface) -> dict[str, float]:
    volume, area = surface.volume_mm3, surface.area_mm2
    roundness = 36 * np.pi * volume**2 / area**3
    return {
        "morph_volume": volume,
        "morph_area_mesh": area,
        "morph_av": area / volume,
        "morph_comp_1": volume / np.sqrt(np.pi * area**3),
        "morph_comp_2": roundness,
        "morph_sph_dispr": roundness ** (-1 / 3),
        "morph_sphericity": roundness ** (1 / 3),
        "morph_asphericity": roundness ** (-1 / 3) - 1,
    }


def _principal_axes(ellipsoid: Ellipsoid) -> dict[str, float]:
    major, minor, least = (2 * semi_axis for semi_axis in ellipsoid.semi_axes_mm)
    return {
        "morph_pca_maj_axis": major,
        "morph_pca_min_axis": minor,
        "morph_pca_least_axis": least,
        "morph_pca_elongation": minor / major,
        "morph_pca_flatness": least / major,
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")
