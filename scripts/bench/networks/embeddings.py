"""Times the embeddings of encoders whose profiles stand in `features/`, with random weights."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import yaml

from samesplit.features.engines.encoder_embedding import embed
from samesplit.features.engines.encoder_settings import EncoderSettings
from samesplit.imaging.case import case_of_images

FEATURES = Path(__file__).parents[3] / "features"
PROFILES = ("medicalnet-resnet18", "radimagenet-resnet50")
OF_WEIGHTS = ("sha256", "layout", "source", "licence")


def measure_embeddings(name: str, *, count: int = 3) -> dict[str, Any]:
    """Time one lesion of 40 mm after the other: its box cut and scaled, and the encoder."""
    declared = yaml.safe_load((FEATURES / f"{name}.yaml").read_text(encoding="utf-8"))["settings"]
    given = {key: value for key, value in declared.items() if key not in OF_WEIGHTS}
    settings = EncoderSettings.model_validate(given | {"weights": "random"})
    z, y, x = np.mgrid[:64, :64, :64] - 31.5
    image = np.random.default_rng(0).normal(0, 50, z.shape).astype(np.float32)
    mask = (z**2 + y**2 + x**2 < 20**2).astype(np.uint8)
    case = case_of_images(sitk.GetImageFromArray(image), sitk.GetImageFromArray(mask))
    embed(case, settings)
    seconds = []
    for _ in range(count):
        own = time.thread_time()
        embed(case, settings)
        seconds.append(time.thread_time() - own)
    return {"profile": name, "size": settings.view.size, "embedding_own_s": statistics.median(seconds)}
