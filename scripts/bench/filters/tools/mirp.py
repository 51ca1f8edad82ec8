"""MIRP, called as its documentation shows."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from mirp import extract_features

NAME = "MIRP"
PACKAGE = "mirp"
REMARK = "non-separable wavelets have periodic boundaries, whatever boundary is asked for"
FAMILIES = ()

logging.disable(logging.INFO)
warnings.simplefilter("ignore")

_BY_SLICE = {"A": True, "B": False}
_LAWS = {"A": "L5E5", "B": "L5E5E5"}
_WAVELET = {"6A": "LH", "6B": "LLH", "7A": "HH", "7B": "HHH"}


def _filter(configuration: str, setting: str) -> dict[str, Any]:
    simoncelli = {"nonseparable_wavelet_families": "simoncelli"}
    gabor = {
        "filter_kernels": "gabor", "gabor_sigma": 5.0, "gabor_lambda": 2.0, "gabor_gamma": 1.5,
        "gabor_theta": 0.0, "gabor_theta_step": 22.5, "gabor_response": "modulus",
        "gabor_rotation_invariance": configuration == "B", "gabor_pooling_method": "mean",
    }  # fmt: skip
    wavelet = {
        "filter_kernels": "separable_wavelet", "separable_wavelet_families": "db3",
        "separable_wavelet_rotation_invariance": True, "separable_wavelet_pooling_method": "mean",
        "separable_wavelet_set": _WAVELET.get(f"{setting}{configuration}"),
        "separable_wavelet_decomposition_level": 1 if setting == "6" else 2,
    }  # fmt: skip
    laws = {
        "filter_kernels": "laws", "laws_kernel": _LAWS[configuration], "laws_compute_energy": True,
        "laws_delta": 7, "laws_rotation_invariance": True, "laws_pooling_method": "max",
    }  # fmt: skip
    riesz = {"riesz_filter_tensor_sigma": 1.0}  # asked for, though nothing is steered
    log = {"laplacian_of_gaussian_sigma": 1.5, "laplacian_of_gaussian_kernel_truncate": 4.0}
    known: dict[str, dict[str, Any]] = {
        "2": {"filter_kernels": "mean", "mean_filter_kernel_size": 5},
        "3": {"filter_kernels": "laplacian_of_gaussian", **log},
        "4": laws,
        "5": gabor,
        "6": wavelet,
        "7": wavelet,
        "8": {"filter_kernels": "nonseparable_wavelet", **simoncelli},
        "9": {
            "filter_kernels": "nonseparable_wavelet", "nonseparable_wavelet_decomposition_level": 2, **simoncelli
        },
        "riesz-log": {
            "filter_kernels": "riesz_laplacian_of_gaussian", "riesz_filter_order": [0, 0, 1], **riesz, **log
        },
        "riesz-simoncelli": {
            "filter_kernels": "riesz_nonseparable_wavelet", "riesz_filter_order": [0, 2, 0], **riesz, **simoncelli
        },
    }  # fmt: skip
    return known[setting] if setting != "1" else {}


def setting(case: dict[str, str], configuration: str, setting: str) -> int:
    """The 18 statistics of one response map."""
    chosen = _filter(configuration, setting)
    grid = {} if configuration == "A" else {"new_spacing": 1.0, "spline_order": 3, "anti_aliasing": False}
    families = "statistics" if setting == "1" else "none"
    tables = extract_features(
        image=case["image"],
        mask=case["mask"],
        image_modality="ct",
        by_slice=_BY_SLICE[configuration],
        resegmentation_intensity_range=[-1000.0, 400.0],
        boundary_condition="reflect",
        base_feature_families=families,
        response_map_feature_families="statistics",
        **grid,
        **chosen,
    )
    return sum("stat_" in name for table in tables for name in table.columns)
