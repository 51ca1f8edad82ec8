"""Makes a benchmark of tables alone, of any size: lesions, features, readings. All of it is synthetic.

`python scripts/bench/scale/study.py FOLDER --lesions 300 --features 50 --readings 3000` tries it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

READERS = 5
MODALITIES = ("unaided", "aided")

BENCHMARK = """\
title: Scale, {lesions} lesions and {features} features
task: {{question: "Which masses are malignant?", positive: malignant, negative: benign}}
cohort:
  clinical: {{age: number}}
split: {{scheme: kfold, folds: 5, repeats: 1, seed: 0}}
features: features.{kind}
readings: readings.csv
models: [zero-rule, clinical-logistic, one-cell]
simple_arm: null
statistics: {{reference: one-cell}}
"""

ONE_CELL = """\
kind: radiomics-grid
title: One cell
description: ANOVA F, 20 features, logistic regression.
profiles: ["*"]
missing: 0.5
near_constant: 0.95
impute: median
scale: standard
correlation: 0.95
selectors: [anova-f]
classifiers: [logistic]
sizes: [20]
inner_folds: 2
choose: best
"""


def write_study(root: Path, *, lesions: int, features: int, readings: int, kind: str, seed: int = 0) -> Path:
    """Write `benchmarks/scale` and its model into a folder, unsplit.

    One patient in four has two lesions. Features come in families of thirty that are correlated, a few of which
    know of the label. Five readers read every lesion without and with aid, or as many of them as there are to be
    readings.

    Args:
        root: The folder.
        lesions: How many, 40 at least.
        features: How many.
        readings: How many.
        kind: `csv` or `parquet`: the file of features.
        seed: Of all that is drawn.

    Returns:
        The benchmark's folder.
    """
    draw = np.random.default_rng(seed)
    folder = root / "benchmarks" / "scale"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "models").mkdir(exist_ok=True)
    (root / "models" / "one-cell.yaml").write_text(ONE_CELL, encoding="utf-8")
    text = BENCHMARK.format(lesions=lesions, features=features, kind=kind)
    (folder / "benchmark.yaml").write_text(text, encoding="utf-8")
    ids = np.array([f"L{i:06d}" for i in range(lesions)])
    malignant = draw.random(lesions) < 0.4
    table = pd.DataFrame(
        {
            "lesion_id": ids,
            "patient_id": [f"P{i - i % 5 % 4 // 3:06d}" for i in range(lesions)],
            "label": np.where(malignant, "malignant", "benign"),
            "age": draw.normal(60, 12, lesions).round().clip(18, 95).astype(int) + 2 * malignant,
        }
    )
    table.to_csv(folder / "lesions.csv", index=False)
    _write_features(folder / f"features.{kind}", ids, malignant, features, draw)
    _readings(ids, malignant, readings, draw).to_csv(folder / "readings.csv", index=False)
    return folder


def _write_features(
    path: Path,
    ids: npt.NDArray[np.str_],
    malignant: npt.NDArray[np.bool_],
    features: int,
    draw: np.random.Generator,
) -> None:
    n_families = max(2, features // 30)
    families = draw.normal(size=(len(ids), n_families))
    families[:, : max(3, n_families // 20)] += 0.6 * malignant[:, None]
    of_family = draw.integers(0, n_families, features)
    columns = {}
    for place in range(features):
        values = 0.85 * families[:, of_family[place]] + 0.5 * draw.normal(size=len(ids))
        columns[f"feature_{place:05d}"] = np.exp(values) if place % 3 == 0 else values
    table = pd.DataFrame(columns)
    table.insert(0, "lesion_id", ids)
    if path.suffix == ".csv":
        table.to_csv(path, index=False, float_format="%.6g")
    else:
        table.to_parquet(path, index=False)


def _readings(
    ids: npt.NDArray[np.str_], malignant: npt.NDArray[np.bool_], readings: int, draw: np.random.Generator
) -> pd.DataFrame:
    of_lesion = draw.normal(size=len(ids))
    parts = []
    for reader in range(READERS):
        skill = draw.normal(0, 0.15)
        for modality in MODALITIES:
            seen = (1.0 if modality == "unaided" else 1.3) + skill
            raw = seen * malignant + 0.6 * of_lesion + 0.8 * draw.normal(size=len(ids))
            parts.append(
                pd.DataFrame(
                    {
                        "reader_id": f"R{reader + 1}",
                        "lesion_id": ids,
                        "modality": modality,
                        "decision": np.where(raw > 0.5, "malignant", "benign"),
                        "score": np.clip(np.round(50 + 20 * raw), 0, 100).astype(int),
                        "seconds": draw.lognormal(3.5, 0.4, len(ids)).round(1),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True).head(readings)


def main() -> None:
    """Write a study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lesions", type=int, default=10_000)
    parser.add_argument("--features", type=int, default=3_000)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--kind", choices=("csv", "parquet"), default="csv")
    asked = parser.parse_args()
    made = write_study(
        asked.folder, lesions=asked.lesions, features=asked.features, readings=asked.readings, kind=asked.kind
    )
    print(made)


if __name__ == "__main__":
    main()
