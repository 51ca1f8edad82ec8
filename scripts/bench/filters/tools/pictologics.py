"""pictologics: one pipeline with a configuration for each response map; the pipeline shares repeated work."""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

os.environ["PICTOLOGICS_DISABLE_WARMUP"] = "1"  # the warm-up at import compiles far more than is used here

from pictologics import RadiomicsPipeline, set_num_threads

INTERPRETER = "3.12"
NUMBA = True
NAME = "pictologics"
PACKAGE = "pictologics"
REMARK = "no filters slice by slice but Gabor's; Simoncelli and Riesz filters with periodic boundaries"
FAMILIES = ()

logging.disable(logging.WARNING)
warnings.simplefilter("ignore")
set_num_threads(1)

_MIRROR = {"boundary": "mirror"}
_MEAN = {"rotation_invariant": True, "pooling": "average", **_MIRROR}
_GABOR = {"type": "gabor", "gamma": 1.5, "delta_theta": math.pi / 8, **_MEAN}
_SETTINGS: dict[str, dict[str, Any]] = {
    "2": {"type": "mean", "support": 5, **_MIRROR},
    "3": {"type": "log", "sigma_mm": 1.5, "truncate": 4.0, **_MIRROR},
    "4": {
        "type": "laws", "kernel": "L5E5E5", "compute_energy": True, "energy_distance": 7,
        "rotation_invariant": True, "pooling": "max", **_MIRROR,
    },
    "5": {**_GABOR, "sigma_mm": 5.0, "lambda_mm": 2.0, "average_over_planes": True},
    "6": {"type": "wavelet", "wavelet": "db3", "level": 1, "decomposition": "LLH", **_MEAN},
    "7": {"type": "wavelet", "wavelet": "db3", "level": 2, "decomposition": "HHH", **_MEAN},
    "8": {"type": "simoncelli", "level": 1},
    "9": {"type": "simoncelli", "level": 2},
    "riesz-log": {"type": "riesz", "variant": "log", "sigma_mm": 1.5, "order": (1, 0, 0)},
    "riesz-simoncelli": {"type": "riesz", "variant": "simoncelli", "level": 1, "order": (0, 2, 0)},
}  # fmt: skip
_LAWS = ("L5E5E5", "L5S5S5", "E5E5S5")
_FILTERED: tuple[dict[str, Any], ...] = (
    *({"type": "log", "sigma_mm": float(sigma), **_MIRROR} for sigma in (1, 2, 3, 4, 5)),
    *(
        {"type": "wavelet", "wavelet": "coif1", "level": 1, "decomposition": subband, **_MEAN}
        for subband in ("LLL", "LLH", "LHH", "HHH")
    ),
    *({**_SETTINGS["4"], "kernel": kernel} for kernel in _LAWS),
    *({**_GABOR, "gamma": 1.0, "sigma_mm": 2.25 * k, "lambda_mm": 4.0 * k} for k in (1, 2)),
)
"""The filters of the profiles ct-filtered and mr-filtered."""


@cache
def _setting(setting: str) -> tuple[RadiomicsPipeline, list[str]]:
    pipeline = RadiomicsPipeline()
    resample = {"new_spacing": (1.0, 1.0, 1.0), "interpolation": "cubic", "round_intensities": True}
    steps: list[dict[str, Any]] = [
        {"step": "resample", "params": resample},
        {"step": "resegment", "params": {"range_min": -1000, "range_max": 400}},
    ]
    if setting != "1":
        steps.append({"step": "filter", "params": _SETTINGS[setting]})
    pipeline.add_config("one", [*steps, {"step": "extract_features", "params": {"families": ["intensity"]}}])
    return pipeline, ["one"]


@cache
def _profile(name: str) -> tuple[RadiomicsPipeline, list[str]]:
    pipeline, names = RadiomicsPipeline(), []
    resample = {
        "new_spacing": (1.0, 1.0, 1.0),
        "interpolation": "cubic",
        "round_intensities": name == "ct-filtered",
    }
    bins = {"method": "FBN", "n_bins": 32}
    base = {"method": "FBS", "bin_width": 25.0, "min_val": -1000.0} if name == "ct-filtered" else bins
    families = ["intensity", "morphology", "texture", "histogram", "ivh"]
    for number, one in enumerate((None, *_FILTERED)):
        everything = one is None
        names.append(f"{number}")
        params = {
            "families": families if everything else ["intensity", "histogram", "texture"],
            "include_spatial_intensity": everything,
            "include_local_intensity": everything,
        }
        steps = [
            {"step": "resample", "params": resample},
            *([] if one is None else [{"step": "filter", "params": one}]),
            {"step": "discretise", "params": base if everything else bins},
            {"step": "extract_features", "params": params},
        ]
        pipeline.add_config(names[-1], steps)
    return pipeline, names


def _count(given: tuple[RadiomicsPipeline, Sequence[str]], case: dict[str, str]) -> int:
    # Without names a pipeline also runs the configurations that it brings.
    pipeline, names = given
    found = pipeline.run(case["image"], case["mask"], config_names=list(names))
    return sum(len(values) for values in found.values())


def setting(case: dict[str, str], configuration: str, setting: str) -> int:
    """The 18 statistics of one response map."""
    if configuration == "A":
        raise NotImplementedError("there are no filters slice by slice")
    return _count(_setting(setting), case)


def profile(case: dict[str, str], name: str) -> int:
    """A whole profile."""
    return _count(_profile(name), case)
