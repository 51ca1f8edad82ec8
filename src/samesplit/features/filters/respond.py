"""Response maps of an image to several filters, one after the other, sharing what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatch
from itertools import groupby

import numpy as np
import numpy.typing as npt

from samesplit.features.filters.boundary import Box, PaddedImage
from samesplit.features.filters.fourier import Spectra
from samesplit.features.filters.gabor import gabor, gabor_window
from samesplit.features.filters.laplacian_of_gaussian import log_kernel
from samesplit.features.filters.laws import energy, laws_kernel
from samesplit.features.filters.mean import mean_kernel
from samesplit.features.filters.riesz import riesz
from samesplit.features.filters.separable import FirstPasses, Separable, respond_separably
from samesplit.features.filters.settings import (
    Filter,
    GaborFilter,
    LawsFilter,
    LogFilter,
    MeanFilter,
    RieszFilter,
    SimoncelliFilter,
    WaveletFilter,
)
from samesplit.features.filters.simoncelli import simoncelli
from samesplit.features.filters.wavelet import wavelet_kernel

__all__ = ["respond"]

Spacing = tuple[float, float, float]
Volume = npt.NDArray[np.float32]

_GABOR_AT_ONCE = 4
"""Responses of Gabor filters that are made together, and kept until they are asked for."""


def respond(
    image: npt.NDArray[np.floating],
    spacing_mm: Spacing,
    filters: Sequence[Filter],
    *,
    wanted: Box | None = None,
) -> Iterator[tuple[Filter, Volume]]:
    """Yield the response map of each filter, in their order; each is made when it is asked for.

    The array is taken as an image that goes on beyond its faces as each filter's boundary condition says. On a box
    cut out of a larger image responses are therefore right where they are at least the filter's `reach_voxels`
    away from faces that are cuts, and nowhere where that is None: such filters need the whole image.

    Args:
        image: Intensities, axes z, y, x.
        spacing_mm: Distance of voxels along z, y, x.
        filters: What to respond to.
        wanted: The part of the image on which responses are wanted; only what it and the filters' reach hold is
            worked on. All of it when None.

    Yields:
        The filter and its response, float32, shape (z, y, x) of the wanted part.

    Example:
        >>> image = np.zeros((5, 5, 5))
        >>> image[2, 2, 2] = 125
        >>> mean = MeanFilter(support_voxels=5)
        >>> [(one.name, response.max().item()) for one, response in respond(image, (1.0, 1.0, 1.0), [mean])]
        [('mean_5', 1.0)]
    """
    padded, spectra = PaddedImage(image, wanted), Spectra(image, wanted)
    plans = [(one, _separable(one, spacing_mm)) for one in filters]
    for _, group in groupby(plans, key=_shared):
        members = list(group)
        passes = FirstPasses(taps for _, kernel in members if kernel for taps in kernel.first_taps)
        while members:
            one, kernel = members.pop(0)
            if kernel is not None:
                window = padded.around(kernel.reach, one.boundary, one.constant)
                yield one, respond_separably(window, kernel, kernel.reach, passes)
            elif isinstance(one, GaborFilter):
                others, members = members[: _GABOR_AT_ONCE - 1], members[_GABOR_AT_ONCE - 1 :]
                alike = [one, *(other for other, _ in others if isinstance(other, GaborFilter))]
                yield from zip(alike, gabor(padded, alike, spacing_mm), strict=True)
            else:
                yield one, _other(one, padded, spectra, spacing_mm)


def _shared(plan: tuple[Filter, Separable | None]) -> object:
    """Return what filters in a row must have in common to share the first passes or transforms of a window."""
    one, kernel = plan
    if isinstance(one, GaborFilter):
        return gabor_window(one)
    return kernel is not None and (kernel.reach, one.boundary, one.constant)


def _other(one: Filter, padded: PaddedImage, spectra: Spectra, spacing_mm: Spacing) -> Volume:
    """Return the response to a filter that is no sum or pool of separable kernels."""
    if isinstance(one, LawsFilter) and one.energy_distance is not None:
        return energy(padded, one, one.energy_distance)
    if isinstance(one, SimoncelliFilter):
        return simoncelli(spectra, one)
    if isinstance(one, RieszFilter):
        return riesz(spectra, one, spacing_mm)
    return np.zeros(
        [part.stop - part.start for part in padded.wanted], dtype=np.float32
    )  # a mean that cancels


@singledispatch
def _separable(one: Filter, spacing_mm: Spacing) -> Separable | None:
    """Return the kernels of a separable filter; None of others, and where the response is 0 everywhere."""
    return None


@_separable.register
def _(one: MeanFilter, spacing_mm: Spacing) -> Separable | None:
    return mean_kernel(one)


@_separable.register
def _(one: LogFilter, spacing_mm: Spacing) -> Separable | None:
    return log_kernel(one, spacing_mm)


@_separable.register
def _(one: LawsFilter, spacing_mm: Spacing) -> Separable | None:
    return laws_kernel(one) if one.energy_distance is None else None


@_separable.register
def _(one: WaveletFilter, spacing_mm: Spacing) -> Separable | None:
    return wavelet_kernel(one)
