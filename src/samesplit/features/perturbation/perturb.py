"""One case changed in one declared way; what is drawn depends on the case's content and on nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.perturbation.grids import MARGIN, displace, rotate, translate
from samesplit.features.perturbation.masks import Labels, change_volume, randomise_contour, supervoxels
from samesplit.features.perturbation.noise import add_noise
from samesplit.features.perturbation.settings import Perturbations
from samesplit.imaging.case import Box, Case, bounding_box
from samesplit.storage import hash_bytes, hash_object

__all__ = ["REVISION", "dice", "generator", "perturb", "supervoxels_of"]

REVISION = 2
"""Raise this when a perturbation comes out differently: kept results of another revision are not used."""

OF_THE_MASK = frozenset({"contour", "volume", "displacement"})
"""Steps that change the mask alone."""

_RIM_MM = 10.0

Draw = Callable[[Case, Perturbations, int, int, np.random.Generator], Case]


def perturb(
    case: Case,
    kind: str,
    settings: Perturbations,
    *,
    content: str,
    repetition: int,
    minimum_voxels: int = 8,
    parts: Labels | None = None,
) -> Case:
    """Change a case in one of the declared ways, after Zwanenburg et al. 2019.

    - `contour`: the mask is drawn anew from supervoxels (see `randomise_contour`).
    - `volume`: even repetitions shrink the mask, odd ones let it grow, by a share drawn up to the declared one.
    - `translation`, `rotation`: image and mask together are moved by parts of a voxel, or turned.
    - `displacement`: the mask alone is moved.
    - `noise`: as much noise as the image has is added around the lesion.

    Args:
        case: What was read.
        kind: A step, or several joined by `+`.
        settings: How strong each step is.
        content: The hash of image, mask and how they are read: it seeds the draws, so that they are the same on
            any machine and in any order. Steps that change the mask alone are seeded by the mask, so that
            sequences that share a mask have it changed in the same way.
        repetition: From 0; each has draws of its own.
        minimum_voxels: The smallest mask that counts.
        parts: What `supervoxels_of` finds in the case, for a kind whose first step is `contour`; None finds it
            here. A contour that follows another step is drawn in what that step has made of the case.

    Raises:
        LesionError: The perturbed mask has fewer voxels.

    References:
        https://doi.org/10.1038/s41598-018-36938-4
    """
    of_itself = (
        case.matching_reference is case.image
    )  # the sequence that histograms are matched to is not matched
    mask_content = hash_bytes(sitk.GetArrayViewFromImage(case.mask).tobytes())
    for place, step in enumerate(kind.split("+")):
        drawn_from = mask_content if step in OF_THE_MASK else content
        rng = generator(drawn_from, kind, settings, place=place, repetition=repetition)
        if step == "contour":
            given = parts if place == 0 else None
            case = _contour(case, supervoxels_of(case, settings) if given is None else given, rng)
        else:
            case = _STEPS[step](case, settings, repetition, minimum_voxels, rng)
    voxels = int(np.count_nonzero(sitk.GetArrayViewFromImage(case.mask)))
    if voxels < minimum_voxels:
        raise LesionError(
            f"the mask has {voxels} voxels left after '{kind}', at least {minimum_voxels} are needed",
            remedy="perturb less, or leave this kind out",
        )
    return replace(case, matching_reference=case.image) if of_itself else case


def generator(
    content: str, kind: str, settings: Perturbations, *, place: int, repetition: int
) -> np.random.Generator:
    """Return the random numbers of one step of one repetition."""
    seed = hash_object([REVISION, content, kind, settings.strength(kind), place, repetition])
    return np.random.default_rng(int(seed, 16))


def dice(one: sitk.Image, other: sitk.Image) -> float:
    """How far two masks on one grid agree: twice the shared voxels over the sum of both."""
    a, b = (sitk.GetArrayViewFromImage(mask) > 0 for mask in (one, other))
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


def supervoxels_of(case: Case, settings: Perturbations) -> Labels:
    """Cut the box around a lesion, 10 mm wider than the mask, into supervoxels; see `masks.supervoxels`.

    They depend on the image and the mask and on no draw, so that repetitions can share them.
    """
    box = _around(case, _RIM_MM)
    image, mask = _cut(case.image, box), _cut(case.mask, box) > 0
    return supervoxels(image, mask, spacing_mm=_spacing(case), supervoxel_mm3=settings.supervoxel_mm3)


def _contour(case: Case, parts: Labels, rng: np.random.Generator) -> Case:
    box = _around(case, _RIM_MM)
    new = randomise_contour(parts, _cut(case.mask, box) > 0, rng=rng)
    return replace(case, mask=_with(case.mask, new, box))


def _volume(
    case: Case, settings: Perturbations, repetition: int, minimum_voxels: int, rng: np.random.Generator
) -> Case:
    share = settings.volume_fraction * rng.random() * (1 if repetition % 2 else -1)
    box = bounding_box(case.mask)
    extent_mm = max(n * mm for n, mm in zip(box.size, case.mask.GetSpacing(), strict=True))
    box = _around(case, _RIM_MM + settings.volume_fraction * extent_mm)
    mask = _cut(case.mask, box) > 0
    new = change_volume(
        mask, fraction=share, spacing_mm=_spacing(case), minimum_voxels=minimum_voxels, rng=rng
    )
    return replace(case, mask=_with(case.mask, new, box))


def _translation(
    case: Case, settings: Perturbations, repetition: int, minimum_voxels: int, rng: np.random.Generator
) -> Case:
    x, y, z = rng.uniform(-settings.translation_voxels, settings.translation_voxels, 3).tolist()
    return translate(case, voxels=(x, y, z))


def _displacement(
    case: Case, settings: Perturbations, repetition: int, minimum_voxels: int, rng: np.random.Generator
) -> Case:
    x, y, z = rng.uniform(-settings.displacement_mm, settings.displacement_mm, 3).tolist()
    return displace(case, offset_mm=(x, y, z))


def _rotation(
    case: Case, settings: Perturbations, repetition: int, minimum_voxels: int, rng: np.random.Generator
) -> Case:
    return rotate(case, degrees=float(rng.uniform(-settings.rotation_degrees, settings.rotation_degrees)))


def _noise(
    case: Case, settings: Perturbations, repetition: int, minimum_voxels: int, rng: np.random.Generator
) -> Case:
    box = bounding_box(case.mask, [MARGIN] * 3)
    noisy = add_noise(_cut(case.image, box), factor=settings.noise_factor, rng=rng)
    whole = sitk.GetArrayFromImage(case.image)
    whole[_slices(box)] = noisy
    return replace(case, image=_like(whole, case.image))


_STEPS: dict[str, Draw] = {
    "volume": _volume,
    "translation": _translation,
    "displacement": _displacement,
    "rotation": _rotation,
    "noise": _noise,
}


def _spacing(case: Case) -> tuple[float, float, float]:
    x, y, z = case.image.GetSpacing()
    return (z, y, x)


def _around(case: Case, margin_mm: float) -> Box:
    return bounding_box(case.mask, [max(3, math.ceil(margin_mm / mm)) for mm in case.mask.GetSpacing()])


def _slices(box: Box) -> tuple[slice, ...]:
    return tuple(
        slice(start, start + size) for start, size in zip(box.start[::-1], box.size[::-1], strict=True)
    )


def _cut(image: sitk.Image, box: Box) -> npt.NDArray[np.float64]:
    return np.asarray(sitk.GetArrayViewFromImage(image)[_slices(box)], dtype=np.float64)


def _with(mask: sitk.Image, new: npt.NDArray[np.bool_], box: Box) -> sitk.Image:
    """Return the mask that holds `new` inside the box and nothing outside it."""
    whole = np.zeros(mask.GetSize()[::-1], dtype=np.uint8)
    whole[_slices(box)] = new
    return _like(whole, mask)


def _like(array: npt.NDArray[np.generic], image: sitk.Image) -> sitk.Image:
    made = sitk.GetImageFromArray(array)
    made.CopyInformation(image)
    return made
