"""YAML of benchmarks, profiles, models, studies and pyradiomics; dataset.json of nnU-Net."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from conftest import SMALL_BENCHMARK, build_small_study
from reliability.fuzz.kinds import Kind, Spoilt
from reliability.fuzz.mutations import spoilt_json, spoilt_yaml
from samesplit.benchmarks.definition import read_benchmark, read_benchmark_leniently
from samesplit.benchmarks.importing.nnunet import import_nnunet
from samesplit.declarations import read_yaml
from samesplit.errors import gathering
from samesplit.features.profiles import read_profile
from samesplit.features.pyradiomics_params.read import read_parameters
from samesplit.models.registry import read_model
from samesplit.run.models import load_models
from samesplit.run.profiles import read_profiles
from samesplit.workspace import Workspace, builtin_folder

__all__ = ["KINDS"]

RICH_BENCHMARK = SMALL_BENCHMARK.replace(
    "models: [zero-rule, clinical-logistic, forest]",
    """models:
  - zero-rule
  - {name: grid, use: radiomics-small, settings: {sizes: [2, 3], inner_folds: 2}}
  - {name: net, use: resnet10-25d-minutes, settings: {training: {epochs: 1}}}
  - {name: average, use: average, settings: {members: [grid, net]}}
  - forest
data: {licence: CC0, source: here, files: []}
missing_values: [NA, "-"]""",
)
PARAMETERS = """
imageType:
  Original: {}
  LoG: {sigma: [1.0, 3.0]}
  Wavelet: {}
featureClass:
  shape:
  firstorder: [Mean, Entropy]
  glcm: [Contrast, Correlation]
setting:
  binWidth: 25
  label: 1
  interpolator: sitkBSpline
  resampledPixelSpacing: [1, 1, 1]
  normalize: true
  normalizeScale: 100
  correctMask: true
"""
UNFILTERED = PARAMETERS.replace("  LoG: {sigma: [1.0, 3.0]}\n  Wavelet: {}\n", "")


def _benchmark(folder: Path) -> Path:
    path = build_small_study(folder, patients=4).folder / "benchmark.yaml"
    path.write_text(RICH_BENCHMARK)
    return path


def _read_benchmark(path: Path) -> None:
    """As `run` reads it, models and profiles included; and as `validate` does."""
    folder = path.parent
    workspace = Workspace(folder.parents[1])
    read_benchmark_leniently(folder)
    definition = read_benchmark(folder)
    read_profiles(workspace, definition)
    load_models(workspace, folder, definition)


def _lenient(path: Path) -> None:
    """What is found leniently is as clear as what is raised."""
    with gathering(None) as faults:
        for fault in read_benchmark_leniently(path.parent)[1].found:
            faults.add(fault)


def _builtin(noun: str, name: str) -> Callable[[Path], Path]:
    def prepare(folder: Path) -> Path:
        (folder / noun).mkdir(parents=True)
        return Path(shutil.copy(builtin_folder() / noun / f"{name}.yaml", folder / noun))

    return prepare


def _written(name: str, text: str) -> Callable[[Path], Path]:
    def prepare(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        return folder / name

    return prepare


def _nnunet(folder: Path) -> Path:
    volume = sitk.GetImageFromArray(np.ones((3, 4, 5), dtype=np.uint8))
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True)
    for case in ("c_001", "c_002"):
        sitk.WriteImage(volume, str(folder / "labelsTr" / f"{case}.nii.gz"))
        for channel in range(2):
            sitk.WriteImage(volume, str(folder / "imagesTr" / f"{case}_{channel:04d}.nii.gz"))
    declared = {
        "channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "kidney": 1, "tumour": 2},
        "numTraining": 2,
        "file_ending": ".nii.gz", "description": "d", "reference": "r", "licence": "l",
    }  # fmt: skip
    (folder / "dataset.json").write_text(json.dumps(declared))
    return folder / "dataset.json"


def _read_nnunet(path: Path) -> None:
    out = path.parent / "made"
    shutil.rmtree(out, ignore_errors=True)
    import_nnunet(path.parent, out, label="tumour")


def _for_itself(path: Path) -> object:
    return read_parameters(path, engine="pyradiomics")


def _yaml_spoilt(content: bytes) -> Spoilt:
    return spoilt_yaml(content.decode())


def _json_spoilt(content: bytes) -> Spoilt:
    return spoilt_json(content.decode())


MODELS = (
    "radiomics-quick", "resnet10-25d-minutes", "resnet18-multiphase", "unet3d-cascade",
    "clinical-logistic", "cox-clinical",
    "lasso-random-forest", "univariate-multivariable-logistic", "weighted-average", "calibrated-cnn",
    "tpot", "extra-trees",
    "ridge", "stacking",
)  # fmt: skip
PROFILES = ("mr-default", "ct-filtered", "pyradiomics-mr", "ibsi2-b")

KINDS = (
    Kind("benchmark.yaml", "YAML", _benchmark, _yaml_spoilt, _read_benchmark),
    Kind("benchmark.yaml, all faults", "YAML", _benchmark, _yaml_spoilt, _lenient),
    *(
        Kind(f"profile {name}", "YAML", _builtin("features", name), _yaml_spoilt, read_profile)
        for name in PROFILES
    ),
    *(Kind(f"model {name}", "YAML", _builtin("models", name), _yaml_spoilt, read_model) for name in MODELS),
    Kind(
        "parameters of pyradiomics",
        "YAML",
        _written("params.yaml", UNFILTERED),
        _yaml_spoilt,
        read_parameters,
    ),
    Kind(
        "parameters of pyradiomics, filtered",
        "YAML",
        _written("params.yaml", PARAMETERS),
        _yaml_spoilt,
        _for_itself,
    ),
    Kind("any YAML", "YAML", _written("any.yaml", PARAMETERS), _yaml_spoilt, read_yaml),
    Kind("dataset.json of nnU-Net", "JSON", _nnunet, _json_spoilt, _read_nnunet),
)
