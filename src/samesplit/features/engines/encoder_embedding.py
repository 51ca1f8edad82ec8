"""One lesion through a frozen encoder. Kept apart because it needs PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
import torch

from samesplit.errors import LesionError, ModelError
from samesplit.features.engines.encoder_settings import EncoderSettings
from samesplit.imaging.case import Case
from samesplit.imaging.views.cutting import prepare_case
from samesplit.pretrained.encoders.base import Encoder
from samesplit.pretrained.encoders.build import pretrained_encoder, random_encoder
from samesplit.pretrained.files import read_weights

__all__ = ["check_weights", "embed", "encoder_input"]

Image = npt.NDArray[np.float32]


def embed(case: Case, settings: EncoderSettings) -> tuple[npt.NDArray[np.float64], str]:
    """Return the pooled embedding, shape (features,), and the layout that the weights were read in.

    Raises:
        LesionError: The network cannot take the case.
        ModelError: The weights cannot be read, or are of another network.
    """
    encoder, layout = _encoder(settings.model_dump_json(), settings.weights_file(), settings.weights_sha256())
    images = torch.from_numpy(encoder_input(case, settings)[np.newaxis])
    with _one_thread(), torch.inference_mode():
        try:
            stage = encoder(images).flatten(2)
        except (RuntimeError, ValueError) as error:
            raise LesionError(
                f"the encoder cannot take an input of {settings.view.size} voxels a side ({error})",
                remedy="choose a larger 'size' under 'view', a multiple of 32",
            ) from error
        pooled = stage.double().mean(2) if settings.pooling == "average" else stage.double().amax(2)
    return pooled[0].numpy(), layout


def check_weights(settings: EncoderSettings) -> None:
    """Build the encoder once from its weights, and let it go again.

    Raises:
        ModelError: The weights cannot be read, or are of another network.
    """
    _encoder.__wrapped__(settings.model_dump_json(), settings.weights_file(), settings.weights_sha256())


def encoder_input(case: Case, settings: EncoderSettings) -> Image:
    """Cut what the network is shown out of an image.

    Returns:
        Shape (channels, size, size) or (channels, size, size, size).
    """
    view, low, high = settings.view, *settings.intensities
    if settings.window is not None:
        case = replace(case, image=_windowed(case.image, settings.window))
        view = view.model_copy(update={"scaling": "none"})
    if case.matching_reference is case.image:  # the sequence that the others are matched to stays as it is
        view = view.model_copy(update={"histogram_matching": None})
    cut: npt.NDArray[Any] = prepare_case(case, view, sequence="")
    if settings.window is not None:
        cut = low + (high - low) * cut
    elif view.scaling == "percentile":
        cut = low + (high - low) * (cut + 1) / 2
    if view.dimensions == 3:
        order, flips = settings.turn()
        cut = np.flip(cut.transpose(0, *(axis + 1 for axis in order)), tuple(axis + 1 for axis in flips))
    if settings.mean:
        each = [(cut[0] - mean) / sd for mean, sd in zip(settings.mean, settings.sd, strict=True)]
        cut = np.stack(each)
    return np.ascontiguousarray(cut, dtype=np.float32)


def _windowed(image: sitk.Image, window: tuple[float, float]) -> sitk.Image:
    """Clip to a window, which becomes 0 to 1: what lies outside the image, 0, is thus its lower end."""
    return cast("sitk.Image", sitk.IntensityWindowing(sitk.Cast(image, sitk.sitkFloat32), *window, 0.0, 1.0))


@lru_cache(maxsize=2)
def _encoder(declared: str, file: Path | None, sha256: str) -> tuple[Encoder, str]:
    """Return the network of some settings; a process that embeds many lesions loads it once.

    It is the same for the same settings and content of the file, and nothing is changed in it.
    """
    settings = EncoderSettings.model_validate_json(declared)
    shape: dict[str, Any] = {
        "width": settings.width,
        "dimensions": settings.view.dimensions,
        "channels": settings.channels,
        "dilated": settings.dilated,
    }
    if file is None:
        encoder, layout = random_encoder(settings.network, seed=settings.seed, **shape), ""
    else:
        weights = read_weights(file, sha256=sha256)
        encoder, layout = pretrained_encoder(settings.network, weights, layout=settings.layout, **shape)
    if encoder.features != settings.embedding:
        raise ModelError(
            f"the network gives {encoder.features} features, not {settings.embedding} as declared",
            where=file,
            remedy="correct 'features', or 'width'",
        )
    return encoder, layout


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: sums in another order would differ in their last digits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
