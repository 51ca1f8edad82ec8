"""The tables of an explanation: maps of the test lesions, and all lesions as a network arranges them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from skimage.measure import approximate_polygon, find_contours
from torch import Tensor, nn

from samesplit.imaging.views.settings import InputSettings
from samesplit.models.networks.explanation.embedding import FEWEST_LESIONS, last_layer_inputs, plane_of
from samesplit.models.networks.explanation.grad_cam import class_activation_maps, explained_layer
from samesplit.models.networks.preparation import PreparedInputs, prepare_inputs
from samesplit.models.networks.scopes import deterministic, seeded, single_thread
from samesplit.models.protocol import Cases

__all__ = ["EMBEDDING", "HEATMAPS", "MOST_MAPS", "explain_network"]

HEATMAPS = "heatmaps"
"""One row a test lesion: lesion_id, sequence, layer, width, height, classes; pixels (uint8, row by row), heat
(uint8, one map a class after the other, 255 where a map is highest) and contour (JSON lists of (x, y))."""
EMBEDDING = "embedding"
"""One row a lesion: lesion_id, subset (`train` or `test`), x, y."""
MOST_MAPS = 300
"""Of so many test lesions maps are kept."""

_PERCENTILES = (1.0, 99.0)
_TOLERANCE = 0.2


def explain_network(
    network: nn.Module,
    settings: InputSettings,
    training: Cases,
    test: Cases,
    *,
    classes: int,
    batch_size: int,
    cache: Path | None,
) -> dict[str, pd.DataFrame]:
    """Explain a fitted network on a CPU.

    The maps are of the axial slice with most of the lesion. Of three slices as channels (2.5D) a map belongs to
    all of them together, as the network has one.

    Args:
        network: In evaluation mode.
        settings: How its inputs are made.
        training: The lesions that it was fitted on.
        test: Those that it was not.
        classes: How many there are.
        batch_size: Lesions at once.
        cache: For prepared inputs.

    Returns:
        `HEATMAPS` and `EMBEDDING`; without those that the network cannot give (no convolution, no linear layer).
    """
    parts = {
        subset: prepare_inputs(cases, settings, sequences=cases.sequences, cache=cache)
        for subset, cases in (("train", training), ("test", test))
    }
    tables: dict[str, pd.DataFrame] = {}
    with seeded(0), single_thread(), deterministic(strict=False):
        heat = _maps(network, parts["test"], classes=classes, batch_size=batch_size)
        plane = _plane(network, parts, batch_size)
    if heat is not None:
        layer, maps = heat
        tables[HEATMAPS] = _with_images(maps, settings, test.select(list(maps)), layer)
    if plane is not None:
        tables[EMBEDDING] = plane
    return tables


def _batches(
    inputs: PreparedInputs, batch_size: int, most: int | None = None
) -> Iterator[tuple[list[str], Tensor]]:
    count = len(inputs) if most is None else min(most, len(inputs))
    for start in range(0, count, batch_size):
        places = range(start, min(start + batch_size, count))
        yield inputs.lesion_ids[start : places.stop], torch.from_numpy(np.stack([inputs[i] for i in places]))


def _maps(
    network: nn.Module, inputs: PreparedInputs, *, classes: int, batch_size: int
) -> tuple[str, dict[str, npt.NDArray[np.uint8]]] | None:
    """Return the layer and the maps of each test lesion, shape (classes, sides...), from 0 to 255."""
    if not len(inputs):
        return None
    layer = explained_layer(network, torch.from_numpy(inputs[0])[None])
    if layer is None:
        return None
    found: dict[str, npt.NDArray[np.uint8]] = {}
    for ids, images in _batches(inputs, batch_size, MOST_MAPS):
        maps = class_activation_maps(network, images, layer, classes=classes)
        found |= dict(zip(ids, (255 * maps).round().to(torch.uint8).numpy(), strict=True))
    return layer, found


def _plane(network: nn.Module, parts: dict[str, PreparedInputs], batch_size: int) -> pd.DataFrame | None:
    ids: list[tuple[str, str]] = []
    rows: list[Tensor] = []
    with torch.no_grad():
        for subset, inputs in parts.items():
            for lesions, images in _batches(inputs, batch_size):
                embedding = last_layer_inputs(network, images)
                if embedding is None:
                    return None
                rows.append(embedding)
                ids += [(lesion, subset) for lesion in lesions]
    if len(ids) < FEWEST_LESIONS:
        return None
    plane = plane_of(torch.cat(rows).double().numpy())
    return pd.DataFrame(ids, columns=["lesion_id", "subset"]).assign(x=plane[:, 0], y=plane[:, 1])


def _with_images(
    maps: dict[str, npt.NDArray[np.uint8]], settings: InputSettings, cases: Cases, layer: str
) -> pd.DataFrame:
    """Put each map on the slice that it is of, with surroundings, and the contour of the mask."""
    shown = settings.model_copy(update={"mask_background": False, "mask_channel": True, "background": "mean"})
    inputs = prepare_inputs(cases, shown, sequences=cases.sequences, cache=None)
    rows = []
    for place, lesion in enumerate(inputs.lesion_ids):
        sequence, grey, mask = _shown_slice(inputs[place], shown, cases.sequences)
        heat = maps[lesion]
        if grey.ndim == 3:
            level = int(mask.sum(axis=(1, 2)).argmax())
            grey, mask, heat = grey[level], mask[level], heat[:, level]
        height, width = grey.shape
        rows.append(
            {
                "lesion_id": lesion,
                "sequence": sequence,
                "layer": layer,
                "width": width,
                "height": height,
                "classes": len(heat),
                "pixels": _grey_levels(grey).tobytes(),
                "heat": np.ascontiguousarray(heat).tobytes(),
                "contour": _contour(mask),
            }
        )
    return pd.DataFrame(rows)


def _shown_slice(
    image: npt.NDArray[np.float32], settings: InputSettings, sequences: tuple[str, ...]
) -> tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the name, first image and mask of the first sequence that the lesion has."""
    each = settings.channels_per_sequence
    for number, sequence in enumerate(sequences):
        block = image[number * each : (number + 1) * each]
        if block.any():
            return sequence, block[0], block[settings.planes]
    return sequences[0], image[0], image[settings.planes]


def _grey_levels(image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    low, high = (float(value) for value in np.percentile(image, _PERCENTILES))
    if high <= low:
        low, high = float(image.min()), float(image.max())
    scaled = np.clip((image.astype(np.float64) - low) / (high - low or 1.0), 0, 1)
    return np.round(255 * scaled).astype(np.uint8)


def _contour(mask: npt.NDArray[np.float32]) -> str:
    """Return the outline, as lists of (x, y) from the picture's upper left corner."""
    lines = [
        approximate_polygon(line - 0.5, _TOLERANCE)
        for line in find_contours(np.pad(mask.astype(np.float64), 1), 0.5)
    ]
    found = [[(round(float(x), 2), round(float(y), 2)) for y, x in line] for line in lines]
    return json.dumps(found, separators=(",", ":"))
