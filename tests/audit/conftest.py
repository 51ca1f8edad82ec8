"""A small benchmark of noise with a table of features of its own, to audit without images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARK = """
title: Noise
task: {question: "Which are positive?", positive: m, negative: b}
features: table.csv
split: {scheme: kfold, folds: 3, repeats: 1, validation: 0.25, seed: 1}
models: [small]
"""
GRID = """
kind: radiomics-grid
title: Small grid
selectors: [anova-f]
classifiers: [naive-bayes, knn]
sizes: [2, 8, 40]
inner_folds: 2
"""


@pytest.fixture(scope="session")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """72 lesions of 48 patients, a third positive; 150 features that know the patient but not the label."""
    from samesplit.workflows.split import freeze_split

    root = tmp_path_factory.mktemp("audit") / "workspace"
    folder = root / "benchmarks" / "noise"
    for name in (folder, root / "features", root / "models"):
        name.mkdir(parents=True)
    rng = np.random.default_rng(5)
    patients = [f"P{number:02d}" for number in range(48)]
    owners = sorted([*patients, *patients[::2]])
    own = {patient: rng.normal(size=150) for patient in patients}
    X = np.array([own[owner] + 0.5 * rng.normal(size=150) for owner in owners])
    ids = [f"L{number:02d}" for number in range(len(owners))]
    numbers = [int(owner[1:]) for owner in owners]
    lesions = pd.DataFrame(
        {
            "lesion_id": ids,
            "patient_id": owners,
            "label": ["m" if number % 3 == 0 else "b" for number in numbers],
            "site": ["ABCDEFGHIJKL"[number // 4] for number in numbers],
        }
    )
    lesions.to_csv(folder / "lesions.csv", index=False)
    table = pd.DataFrame(X.round(6), columns=[f"f{number:03d}" for number in range(150)])
    table.insert(0, "lesion_id", ids)
    table.to_csv(folder / "table.csv", index=False)
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    (root / "models" / "small.yaml").write_text(GRID)
    freeze_split(folder, changes={})
    return folder
