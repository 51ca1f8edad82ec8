"""Corrections of a whole MR image with SimpleITK: N4 bias field, histogram matching to another sequence."""

from __future__ import annotations

from typing import Annotated, Literal

import SimpleITK as sitk
from pydantic import Field

from samesplit.declarations import Declaration
from samesplit.errors import LesionError

__all__ = ["BiasCorrection", "HistogramMatching", "correct_bias", "match_histogram"]

_FEWEST = 16  # an axis is not shrunk below this many voxels


class BiasCorrection(Declaration):
    """N4 bias field correction of the whole image (doi:10.1109/TMI.2010.2046908), one thread, no randomness."""

    mask: Literal["otsu", "image"] = "otsu"
    """Voxels that the field is fitted on: those above Otsu's threshold, or the whole image."""
    shrink_factor: int = Field(default=4, ge=1)
    """The field is fitted on every n-th voxel of each axis (fewer are skipped where an axis is short)."""
    iterations: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(50, 50, 50, 50), min_length=1)
    """At most this many iterations on each level of resolution."""
    convergence: float = Field(default=0.001, gt=0, allow_inf_nan=False)
    """A level ends once the field changes by less."""


class HistogramMatching(Declaration):
    """The whole image's histogram is matched to that of another sequence of the same lesion."""

    reference: str
    """The sequence to match to, for example T1C."""
    levels: int = Field(default=128, ge=2)
    """Histogram bins."""
    points: int = Field(default=7, ge=1)
    """Quantiles that are matched."""
    threshold_at_mean: bool = True
    """Leave voxels below the image's mean (background) out of both histograms."""


def correct_bias(image: sitk.Image, settings: BiasCorrection) -> sitk.Image:
    """Divide an image by the smooth field that N4 finds in it.

    The field is fitted on a shrunk copy and evaluated at full resolution. Source: Tustison et al., IEEE Trans Med
    Imaging 2010;29(6):1310 (doi:10.1109/TMI.2010.2046908).

    Args:
        image: The whole image; N4 looks at logarithms, so voxels of 0 or less do not take part.
        settings: How the field is fitted.

    Returns:
        A float32 image on the same grid.

    Raises:
        LesionError: N4 fails, for example because the image holds no signal above the threshold.
    """
    source = sitk.Cast(image, sitk.sitkFloat32)
    factors = [max(1, min(settings.shrink_factor, n // _FEWEST)) for n in source.GetSize()]
    small = sitk.Shrink(source, factors)
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetNumberOfThreads(1)
    corrector.SetNumberOfWorkUnits(1)
    corrector.SetMaximumNumberOfIterations(list(settings.iterations))
    corrector.SetConvergenceThreshold(settings.convergence)
    try:
        if settings.mask == "otsu":
            corrector.Execute(small, sitk.OtsuThreshold(small, 0, 1, 200))
        else:
            corrector.Execute(small)
        field = corrector.GetLogBiasFieldAsImage(source)
    except RuntimeError as error:
        raise LesionError(
            f"N4 bias field correction failed ({str(error).strip().splitlines()[-1].strip()})",
            remedy="check the image, try bias_correction: {mask: image}, or leave the correction out",
        ) from error
    corrected: sitk.Image = sitk.Divide(source, sitk.Cast(sitk.Exp(field), sitk.sitkFloat32))
    corrected.CopyInformation(image)
    return corrected


def match_histogram(image: sitk.Image, reference: sitk.Image, settings: HistogramMatching) -> sitk.Image:
    """Change an image's grey levels so that its histogram looks like another image's.

    Quantiles of both are matched, with straight lines between them. Source: Nyúl, Udupa, Zhang, IEEE Trans Med
    Imaging 2000;19(2):143 (doi:10.1109/42.836373), in SimpleITK's HistogramMatching.

    Args:
        image: The image to change.
        reference: The image to look like; it may lie on another grid.
        settings: Bins, quantiles and threshold.

    Returns:
        A float32 image on the image's grid.
    """
    matcher = sitk.HistogramMatchingImageFilter()
    matcher.SetNumberOfThreads(1)
    matcher.SetNumberOfWorkUnits(1)
    matcher.SetNumberOfHistogramLevels(settings.levels)
    matcher.SetNumberOfMatchPoints(settings.points)
    matcher.SetThresholdAtMeanIntensity(settings.threshold_at_mean)
    matched: sitk.Image = matcher.Execute(
        sitk.Cast(image, sitk.sitkFloat32), sitk.Cast(reference, sitk.sitkFloat32)
    )
    matched.CopyInformation(image)
    return matched
