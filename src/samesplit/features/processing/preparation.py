"""One lesion's image and mask brought, step by step, to the regions that features are computed on.

What looks at the whole image (unit, bias field, histogram, normalising) is done once; everything else on the box
around the lesion alone, and interpolation shares one prefilter among all spacings. Each step leaves a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.families.region import Region
from samesplit.features.processing.grid import Grid, Slices, Spacing, aligned_grid, corner_grid, input_box
from samesplit.features.processing.intensities import (
    Change,
    Scaling,
    cut_decimals,
    moments,
    round_intensities,
)
from samesplit.features.processing.interpolation import Interpolator, resample_mask
from samesplit.features.processing.resegmentation import resegment
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.features.processing.units import check_unit
from samesplit.features.steps import Step
from samesplit.imaging.case import Case
from samesplit.imaging.correction import correct_bias, match_histogram
from samesplit.imaging.mask_extent import mask_extent

__all__ = ["Around", "PreparedImage", "PreparedRegion", "prepare"]

Voxels = tuple[int, int, int]
Around = Callable[[Grid], Voxels]
"""How many voxels of a grid, along z, y, x, are wanted around the lesion."""


_NONE: Voxels = (0, 0, 0)


@dataclass(frozen=True)
class PreparedRegion:
    """A lesion on one grid, with what led to it.

    Attributes:
        region: What features are computed on.
        grid: The whole grid.
        box: The part of the grid that the region holds.
        steps: All steps from the image as it was read.
    """

    region: Region
    grid: Grid
    box: Slices
    steps: tuple[Step, ...]


class PreparedImage:
    """An image and a mask ready for interpolation onto one or several spacings; made by `prepare`.

    Attributes:
        settings: How it is processed.
        image: The whole image after bias correction and histogram matching, before `change`; axes z, y, x.
        mask: The whole mask, uint8.
        spacing_mm: Distance of voxels along z, y, x.
        change: Rounding and normalising of each voxel, before interpolation; None where nothing is done.
        steps: What was done to the whole image.
        notes: For the case ledger.
    """

    def __init__(
        self,
        case: Case,
        settings: ProcessingSettings,
        *,
        spacings_mm: Sequence[Spacing],
        margin_mm: float,
        around: Around | None = None,
        change: Change | None,
        steps: Sequence[Step],
        notes: Sequence[str],
    ) -> None:
        self._case = case  # keeps the memory alive that the arrays look at
        self.settings = settings
        self.image: npt.NDArray[np.floating] = sitk.GetArrayViewFromImage(case.image)
        self.mask: npt.NDArray[np.uint8] = sitk.GetArrayViewFromImage(case.mask)
        x, y, z = case.image.GetSpacing()
        self.spacing_mm: tuple[float, float, float] = (z, y, x)
        self.change = change
        self.steps = tuple(steps)
        self.notes = tuple(notes)
        self.margin_mm = margin_mm
        self._masks = {spacing: self._resample_mask(spacing) for spacing in dict.fromkeys(spacings_mm)}
        self._around = {
            spacing: around(grid)
            for spacing, (grid, _, _) in self._masks.items()
            if around is not None and spacing == settings.target_mm
        }
        needed = [
            input_box(
                grid, self._widened(grid, box, margin_mm, self._around.get(spacing, _NONE)), self.image.shape
            )
            for spacing, (grid, box, _) in self._masks.items()
        ]
        self._interpolator = Interpolator(
            self.image, reduce(_union, needed), change=change, mirrored=settings.grid == "corner"
        )

    def grid(self, spacing_mm: Spacing) -> Grid:
        """Return the grid of a spacing (z, y, x) over the whole image.

        Corner on corner, as in pyradiomics, an axis on which the mask has one voxel is kept.
        """
        if self.settings.grid == "centres":
            return aligned_grid(self.image.shape, self.spacing_mm, spacing_mm)
        z, y, x = (
            None if low == high else step
            for low, high, step in zip(*mask_extent(self.mask), spacing_mm, strict=True)
        )
        return corner_grid(self.image.shape, self.spacing_mm, (z, y, x))

    def at(
        self, spacing_mm: Spacing, *, margin_mm: float | None = None, around: Voxels = _NONE
    ) -> PreparedRegion:
        """Return the lesion on the grid of one spacing.

        Args:
            spacing_mm: Along z, y, x, one of those that were announced; None keeps an axis.
            margin_mm: How much of the surroundings to take along, as far as the image goes; at most (and by
                default) what was announced.
            around: The same in voxels of the grid along z, y, x, at most what was announced; the larger counts.

        Raises:
            LesionError: No voxel of the lesion is left after re-segmentation.
            ValueError: The spacing or margin was not announced.
        """
        margin = self.margin_mm if margin_mm is None else margin_mm
        announced = self._around.get(spacing_mm, _NONE)
        too_far = margin > self.margin_mm or any(a > b for a, b in zip(around, announced, strict=True))
        if spacing_mm not in self._masks or too_far:
            raise ValueError(
                f"the spacing {spacing_mm} with a margin of {margin:g} mm and {around} voxels was not announced"
            )
        settings = self.settings
        grid, tight, inside = self._masks[spacing_mm]
        box = self._widened(grid, tight, margin, around)
        intensities = self._interpolator.resample(grid, settings.image_interpolation, box)
        if settings.rounding in ("after", "both"):
            round_intensities(intensities)
        elif self._cuts_decimals and not all(grid.kept):
            cut_decimals(intensities)
        morphological = np.zeros(intensities.shape, dtype=np.uint8)
        morphological[_shifted(tight, box)] = inside
        intensity = resegment(
            intensities, morphological, keep_range=settings.range, outliers_sd=settings.outliers_sd
        )
        kept, drawn = int(np.count_nonzero(intensity)), int(np.count_nonzero(inside))
        if settings.resegment_shape:
            morphological = intensity
        if kept == 0:
            raise LesionError(
                "no voxel of the mask is left after re-segmentation",
                remedy="check the mask, the image's unit, and the profile's range",
            )
        region = Region(intensities, morphological, intensity, grid.spacing_mm)
        steps = (*self.steps, *_region_steps(settings, grid, drawn, kept, cut=self._cuts_decimals))
        return PreparedRegion(region, grid, box, steps)

    @property
    def _cuts_decimals(self) -> bool:
        return self.settings.rounding == "stored" and self._case.whole_numbers and self.change is None

    def _resample_mask(self, spacing_mm: Spacing) -> tuple[Grid, Slices, npt.NDArray[np.uint8]]:
        """Return the grid, the box of the mask on it, and the mask in this box."""
        grid, settings = self.grid(spacing_mm), self.settings
        inside, box = resample_mask(
            self.mask, grid, settings.mask_interpolation, threshold=settings.mask_threshold
        )
        if not inside.any():
            raise LesionError(
                f"no voxel of the mask is left at {_mm(grid)} mm: the lesion falls between the voxels",
                remedy="choose a smaller spacing or a lower mask_threshold, or leave this lesion out",
            )
        low, high = mask_extent(inside)
        tight = _slices(
            (part.start + a, part.start + b + 1) for part, a, b in zip(box, low, high, strict=True)
        )
        return grid, tight, inside[_shifted(tight, box)]

    @staticmethod
    def _widened(grid: Grid, box: Slices, margin_mm: float, around: Voxels) -> Slices:
        more = [
            max(int(np.ceil(round(margin_mm / step, 6))), voxels)
            for step, voxels in zip(grid.spacing_mm, around, strict=True)
        ]
        return _slices(
            (max(part.start - extra, 0), min(part.stop + extra, n))
            for part, extra, n in zip(box, more, grid.size, strict=True)
        )


def prepare(
    case: Case,
    settings: ProcessingSettings,
    *,
    spacings_mm: Sequence[Spacing] | None = None,
    margin_mm: float = 0.0,
    around: Around | None = None,
    reference: sitk.Image | None = None,
) -> PreparedImage:
    """Do what looks at the whole image, and make ready for interpolation.

    Args:
        case: Image and mask.
        settings: The profile's processing.
        spacings_mm: Every spacing (z, y, x) that will be asked for; that of the settings when None.
        margin_mm: The largest margin around the lesion that will be asked for.
        around: The largest in voxels that will be asked for on the grid of the settings; called with that grid.
        reference: The image that `settings.histogram_matching` matches to; its bias field is corrected as well
            where the settings say so.

    Raises:
        LesionError: The intensities do not have the declared unit, a correction fails or has no reference, or
            the lesion falls between the voxels of a grid.
    """
    steps: list[Step] = []
    views = sitk.GetArrayViewFromImage(case.image), sitk.GetArrayViewFromImage(case.mask)
    notes = check_unit(*views, settings.unit)
    if settings.unit in ("HU", "SUV"):
        steps.append(Step("unit", f"{settings.unit}, checked"))
    image = _corrected(case.image, settings, reference, steps)
    corrected = settings.bias_correction is not None or settings.histogram_matching is not None
    case = Case(image, case.mask, case.repairs, whole_numbers=case.whole_numbers and not corrected)
    change = _change(case, settings, steps)
    return PreparedImage(
        case,
        settings,
        spacings_mm=[settings.target_mm] if spacings_mm is None else spacings_mm,
        margin_mm=margin_mm,
        around=around,
        change=change,
        steps=steps,
        notes=notes,
    )


def _corrected(
    image: sitk.Image, settings: ProcessingSettings, reference: sitk.Image | None, steps: list[Step]
) -> sitk.Image:
    bias, matching = settings.bias_correction, settings.histogram_matching
    if bias is not None:
        image = correct_bias(image, bias)
        steps.append(
            Step(
                "bias correction",
                f"N4, mask {bias.mask}, shrink factor {bias.shrink_factor}, "
                f"at most {', '.join(map(str, bias.iterations))} iterations, until {bias.convergence:g}",
            )
        )
    if matching is not None:
        if reference is None:
            raise LesionError(
                f"there is no {matching.reference} image to match the histogram to",
                remedy=f"give this lesion's {matching.reference} in images.csv, or leave histogram_matching out",
            )
        if bias is not None:
            reference = correct_bias(reference, bias)
        image = match_histogram(image, reference, matching)
        corrected = " (bias corrected)" if bias is not None else ""
        background = ", without voxels below the mean" if matching.threshold_at_mean else ""
        steps.append(
            Step(
                "histogram matching",
                f"to {matching.reference}{corrected}, {matching.levels} bins, {matching.points} quantiles"
                + background,
            )
        )
    return image


def _change(case: Case, settings: ProcessingSettings, steps: list[Step]) -> Change | None:
    change: Change | None = None
    if settings.rounding in ("before", "both"):
        change = round_intensities
        steps.append(Step("rounding before interpolation", "to whole numbers, halves to the even one"))
    normalisation = settings.normalisation
    if normalisation is None:
        return change
    mask = sitk.GetArrayViewFromImage(case.mask) if normalisation.over == "roi" else None
    mean, sd = moments(
        sitk.GetArrayViewFromImage(case.image), mask, change=change, sample=normalisation.sample
    )
    scaling = Scaling(mean=mean, sd=sd, scale=normalisation.scale, clip_sd=normalisation.clip_sd)
    clipped = "" if scaling.clip_sd is None else f", cut at {scaling.clip_sd:g} standard deviations"
    over = "the whole image" if mask is None else "the lesion"
    steps.append(
        Step(
            "normalisation",
            f"mean {mean:g} and standard deviation {sd:g} of {over} to 0 and {scaling.scale:g}{clipped}",
        )
    )
    return scaling if change is None else lambda values: scaling(round_intensities(values))


def _region_steps(
    settings: ProcessingSettings, grid: Grid, drawn: int, kept: int, *, cut: bool
) -> list[Step]:
    if all(grid.kept):
        steps = [Step("interpolation", f"none, voxels of {_mm(grid)} mm")]
    else:
        size = " x ".join(str(n) for n in reversed(grid.size))
        steps = [
            Step(
                "interpolation",
                f"{settings.image_interpolation}, to {size} voxels of {_mm(grid)} mm, "
                + ("grid centres aligned" if settings.grid == "centres" else "corner on corner"),
            )
        ]
    if settings.rounding in ("after", "both"):
        steps.append(Step("rounding after interpolation", "to whole numbers, halves to the even one"))
    if not all(grid.kept) and cut:
        steps.append(Step("decimals cut off", "towards 0, because the file holds whole numbers"))
    if not all(grid.kept):
        steps.append(
            Step(
                "mask",
                f"{settings.mask_interpolation}, at least {settings.mask_threshold:g}: {drawn:,} voxels",
            )
        )
    rules = []
    if settings.range is not None:
        low, high = settings.range
        rules.append(
            f"range {'-inf' if low is None else f'{low:g}'} to {'inf' if high is None else f'{high:g}'}"
        )
    if settings.outliers_sd is not None:
        rules.append(f"mean +- {settings.outliers_sd:g} standard deviations")
    if rules:
        steps.append(Step("re-segmentation", f"{' and '.join(rules)}: {kept:,} of {drawn:,} voxels kept"))
    return steps


def _mm(grid: Grid) -> str:
    return " x ".join(f"{step:g}" for step in reversed(grid.spacing_mm))


def _slices(ends: Iterable[tuple[int, int]]) -> Slices:
    z, y, x = (slice(start, stop) for start, stop in ends)
    return z, y, x


def _shifted(inner: Slices, outer: Slices) -> Slices:
    """Return the inner box in the indices of the outer one."""
    return _slices((a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))


def _union(one: Slices, other: Slices) -> Slices:
    return _slices((min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
