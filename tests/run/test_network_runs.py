"""A network from the model file to the report: what was kept, of how many, and how it was told."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.run import run_benchmark

NETWORK = """
kind: network
title: Net
network: resnet10
width: 0.125
stem: small
inputs: {view: 2d, size: 16}
training:
  steps: 4
  validate_every_steps: 2
  minimum_steps: 0
  batch_size: 8
  learning_rate: 0.000001
  trials: 2
  accelerator: cpu
"""


def test_the_report_tells_how_a_network_was_trained(small_study: SmallStudy) -> None:
    (small_study.root / "models" / "net.yaml").write_text(NETWORK)
    benchmark = small_study.folder / "benchmark.yaml"
    text = benchmark.read_text().replace("profiles: {first-order: [T1C, T2]}\n", "")
    text = text.replace("clinical-logistic, forest]", "net]").replace("reference: forest", "reference: net")
    benchmark.write_text(text)
    run = run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1)))
    fits = pd.read_parquet(run.folder / "summaries" / "network_fits.parquet")
    assert fits["most_steps"].unique().tolist() == [4]
    assert fits["trials"].unique().tolist() == [2]
    results = pd.read_csv(run.folder / "results.csv").set_index(["model", "quantity"])["estimate"]
    assert results["net", "choosing_gap"] == pytest.approx(fits["gap"].mean())
    trials = pd.read_parquet(run.folder / "details" / "trials.parquet")
    assert len(trials) == 2 * len(fits)
    page = run.report.read_text()
    assert "2 networks fitted in every fold for each seed" in page
    assert "Selected step" in page
    told = json.loads((run.folder / "report.json").read_text())
    assert "training" in [section["id"] for section in told["sections"]]
