"""pictologics: one pipeline with a configuration for each setting, repeated work shared by the pipeline itself."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

os.environ["PICTOLOGICS_DISABLE_WARMUP"] = "1"  # the warm-up at import compiles far more than is used here

import numpy as np
from pictologics import RadiomicsPipeline, load_image, set_num_threads

INTERPRETER = "3.12"
NUMBA = True
NAME = "pictologics"
PACKAGE = "pictologics"
REMARK = "in a Python 3.12 of its own, which it needs"
_NAMES = {"statistics": "intensity"}
FAMILIES = (
    "morphology",
    "local_intensity",
    "statistics",
    "histogram",
    "ivh",
    "glcm",
    "glrlm",
    "glszm",
    "gldzm",
    "ngtdm",
    "ngldm",
)

logging.disable(logging.WARNING)
warnings.simplefilter("ignore")
set_num_threads(1)


def _steps(
    spacing: float, interpolation: str, bins: dict[str, Any], families: list[str], *, outliers: bool = False
) -> list[dict[str, Any]]:
    resample = {"new_spacing": (spacing,) * 3, "interpolation": interpolation}
    everything = "intensity" in families and "morphology" in families
    return [
        {"step": "resample", "params": resample},
        *([{"step": "filter_outliers", "params": {"sigma": 3.0}}] if outliers else []),
        {"step": "discretise", "params": bins},
        {
            "step": "extract_features",
            "params": {
                "families": families,
                "include_spatial_intensity": everything,
                "include_local_intensity": everything,
            },
        },
    ]


@cache
def _one(spacing_mm: float, family: str) -> RadiomicsPipeline:
    everything = ["intensity", "morphology", "texture", "histogram", "ivh"]
    families = everything if family == "all" else [_NAMES.get(family, family)]
    if family == "morphology":
        families = ["morphology", "spatial_intensity"]
    pipeline = RadiomicsPipeline()
    pipeline.add_config("one", _steps(spacing_mm, "cubic", {"method": "FBN", "n_bins": 32}, families))
    return pipeline


@cache
def _quantiles(image: str, mask: str) -> list[float]:
    """63 cuts that put as many voxels of the lesion into each of 64 levels; not timed after the first call."""
    inside = load_image(mask).array > 0
    return [float(cut) for cut in np.quantile(load_image(image).array[inside], np.arange(1, 64) / 64)]


@cache
def _sweep(image: str, mask: str, interpolation: str) -> tuple[RadiomicsPipeline, list[str]]:
    pipeline, cuts, names = RadiomicsPipeline(), _quantiles(image, mask), []
    for spacing in (1.0, 2.0, 3.0, 4.0):
        for bins in (8, 16, 32, 64):
            every = 64 // bins
            for name, how in (
                ("fbn", {"method": "FBN", "n_bins": bins}),
                ("equal", {"method": "FIXED_CUTOFFS", "cutoffs": cuts[every - 1 :: every]}),
            ):
                families = ["texture"]
                if (spacing, bins, name) == (1.0, 64, "fbn"):
                    families = ["intensity", "morphology", "texture", "histogram", "ivh"]
                steps = _steps(spacing, interpolation, how, families, outliers=True)
                names.append(f"{name}-{bins}-{spacing:g}")
                pipeline.add_config(names[-1], steps)
    return pipeline, names


def _count(pipeline: RadiomicsPipeline, case: dict[str, str], names: Sequence[str]) -> int:
    # Without names a pipeline also runs the configurations that it brings.
    found = pipeline.run(case["image"], case["mask"], config_names=list(names))
    return sum(len(values) for values in found.values())


def one(case: dict[str, str], spacing_mm: float, family: str) -> int:
    """One setting; every family or one."""
    return _count(_one(spacing_mm, family), case, ["one"])


def sweep(case: dict[str, str], interpolation: str) -> int:
    """Textures in 32 settings, half of them between quantiles; all else once at 1 mm."""
    pipeline, names = _sweep(case["image"], case["mask"], interpolation)
    return _count(pipeline, case, names)
