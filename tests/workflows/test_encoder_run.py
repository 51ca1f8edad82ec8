"""A benchmark with a frozen encoder beside radiomics, from weights to report; and the same features elsewhere."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import torch

import samesplit as ss
from conftest import SmallStudy
from samesplit.errors import DeclarationError
from samesplit.pretrained.encoders.resnet import ResNetEncoder
from samesplit.run import RunOptions, load_plan
from samesplit.storage import hash_file
from samesplit.workflows.extract import extract_table
from samesplit.workflows.perturb import measure_robustness, read_perturbations
from samesplit.workflows.run import run_benchmark

ENCODER = """
engine: encoder
description: A small random ResNet-10, written as MedicalNet's are.
settings:
  network: resnet10
  width: 0.125
  weights: ../weights/resnet_10.pth
  source: https://example.org/weights
  licence: MIT
  layout: medicalnet
  dilated: true
  view: {view: 3d, size: 24, scaling: none}
"""
MODELS = """models:
  - {name: encoder-alone, use: linear-probe, settings: {profiles: [small-encoder]}}
  - {name: neighbours, use: knn-probe, settings: {profiles: [small-encoder]}}
  - linear-probe
"""
QUICK = RunOptions(jobs=1)


@pytest.fixture
def study(small_study: SmallStudy, undrawn: None) -> SmallStudy:
    """The small study with an encoder profile and the probes."""
    weights = small_study.root / "weights" / "resnet_10.pth"
    weights.parent.mkdir()
    torch.manual_seed(1)
    state = ResNetEncoder("resnet10", width=0.125).body.state_dict()
    torch.save({"state_dict": {f"module.{name}": value for name, value in state.items()}}, weights)
    (small_study.root / "features" / "small-encoder.yaml").write_text(ENCODER)
    text = (small_study.folder / "benchmark.yaml").read_text()
    text = text.replace("{first-order: [T1C, T2]}", "{first-order: [T1C], small-encoder: [T1C, T2]}")
    text = text.replace("models: [zero-rule, clinical-logistic, forest]\n", MODELS)
    text = text.replace("reference: forest", "reference: linear-probe").replace(
        "readings: readings.csv\n", ""
    )
    (small_study.folder / "benchmark.yaml").write_text(text)
    return small_study


def test_an_encoder_stands_beside_radiomics_from_weights_to_report(study: SmallStudy) -> None:
    run_benchmark(load_plan(study.folder, QUICK))
    latest = study.root / "reports" / "balls" / "latest"
    features = pd.read_parquet(latest / "features" / "small-encoder.parquet")
    assert features.groupby(["lesion_id", "sequence"]).size().eq(64).all()
    assert features["value"].notna().all()
    assert features.groupby("feature")["value"].nunique().gt(10).any()
    # Bright balls are malignant, and even a random network sees how bright they are.
    results = pd.read_csv(latest / "results.csv").query("quantity == 'auc' and subset == 'test'")
    estimates = results.set_index("model")["estimate"]
    assert estimates[["encoder-alone", "neighbours", "linear-probe"]].min() > 0.7
    digest = hash_file(study.root / "weights" / "resnet_10.pth")
    report = json.loads((latest / "report.json").read_text())
    assert all(
        told in json.dumps(report) for told in (digest, "https://example.org/weights", "resnet_10.pth")
    )
    record = json.loads((latest / "run.json").read_text())
    told = next(profile for profile in record["profiles"] if profile["name"] == "small-encoder")["weights"]
    assert (told["licence"], told["sha256"]) == ("MIT", digest)

    # One image and mask alone, and a table of them from the cache of nothing, give the same numbers.
    first = features.query("lesion_id == 'L01a' and sequence == 'T1C'").set_index("feature")["value"]
    profile = study.root / "features" / "small-encoder.yaml"
    alone = ss.extract(study.image("L01a"), study.mask("L01a"), profile=profile)
    pd.testing.assert_series_equal(alone, first.rename("small-encoder"), check_names=False)
    table = pd.DataFrame({"image": [str(study.image("L01a"))], "mask": [str(study.mask("L01a"))]})
    done = extract_table(table, profile=profile, cache=study.root / "elsewhere", jobs=1)
    assert done.features["encoder_0007"].tolist() == [first["encoder_0007"]]
    done.write(study.root / "features.csv")
    assert json.loads((study.root / "features.json").read_text())["weights"]["sha256"] == digest


def test_perturbations_apply_to_an_encoder(study: SmallStudy) -> None:
    lesions = ["L01a", "L02a", "L03a", "L04a"]
    for file in ("lesions.csv", "images.csv"):
        study.edit(file, lambda rows: rows[rows["lesion_id"].isin(lesions)])
    text = (study.folder / "benchmark.yaml").read_text()
    text = text.replace("first-order: [T1C], small-encoder: [T1C, T2]", "small-encoder: [T1C]")
    (study.folder / "benchmark.yaml").write_text(text)
    asked = read_perturbations(None, kinds=("noise",), repetitions=2)
    table = pd.read_csv(measure_robustness(study.folder, asked, jobs=1).folder / "stability.csv")
    assert set(table["family"]) == {"encoder"}
    assert table["icc"].max() > 0.9


def test_a_run_without_the_weights_stops_before_anything_is_done(study: SmallStudy) -> None:
    (study.root / "weights" / "resnet_10.pth").unlink()
    with pytest.raises(DeclarationError, match="do not exist") as caught:
        load_plan(study.folder, QUICK)
    assert "small-encoder.yaml" in str(caught.value)
