"""A run's folder as `samesplit run` writes it: a fabricated cohort, judged by the real statistics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.splits import Split, balance
from samesplit.evaluation.binary.evaluate import evaluate
from samesplit.evaluation.binary.judging import tables_by_model
from samesplit.evaluation.binary.searches import choice_rows, summarise
from samesplit.evaluation.checks import CheckedModel, CheckedRun, History, run_checks, run_history_checks
from samesplit.storage import write_json
from samesplit.tables import (
    IMAGES,
    LEDGER,
    PREDICTIONS,
    READINGS,
    RESULTS,
    SPLITS,
    write_csv,
    write_table,
)

STRENGTHS = {
    "radiomics-grid": 1.15,
    "resnet18-25d": 0.95,
    "clinical": 0.62,
    "average": 1.3,
    "lesion-size": 0.45,
    "zero-rule": 0.0,
}
TITLES = {
    "radiomics-grid": ("Radiomics grid", "radiomics-grid"),
    "resnet18-25d": ("ResNet-18, 2.5D", "network"),
    "clinical": ("Clinical logistic regression", "clinical-logistic"),
    "average": ("Average of radiomics and ResNet", "average"),
    "lesion-size": ("Lesion size alone", "lesion-size"),
    "zero-rule": ("Zero rule", "zero-rule"),
}
SITES = ("North", "South", "East", "West")
FEATURES = (
    "original_firstorder_Entropy",
    "original_glcm_Contrast",
    "original_shape_Sphericity",
    "original_firstorder_Mean",
    "original_glszm_ZoneEntropy",
    "original_ngtdm_Busyness",
    "original_glrlm_RunVariance",
    "original_glcm_Idm",
    "wavelet-LLH_glcm_Correlation",
    "original_shape_MeshVolume",
    "original_gldm_DependenceEntropy",
)


def make_run(
    folder: Path,
    *,
    n_lesions: int = 100,
    folds: int = 5,
    repeats: int = 1,
    seeds: tuple[int, ...] = (0, 1),
    models: tuple[str, ...] = tuple(STRENGTHS),
    reference: str | None = "radiomics-grid",
    n_readers: int = 4,
    shuffle_labels: bool = False,
    hostile: str = "",
    thumbnail_px: int = 72,
    bootstraps: int = 200,
    random_state: int = 7,
) -> Path:
    """Write a run's folder.

    Args:
        folder: Where to.
        hostile: Text that is put into a lesion's id, a reader's id, a site, a model's title and a reason.
        folds: 1 for a single test set.
    """
    rng = np.random.default_rng(random_state)
    lesions = _lesions(rng, n_lesions, hostile)
    truth = lesions.set_index("lesion_id").assign(label=lambda t: (t["label"] == "malignant").astype(int))
    judged = truth.assign(label=rng.permutation(truth["label"])) if shuffle_labels else truth
    splits = _splits(rng, lesions, folds, repeats)
    predictions = _predictions(rng, truth, splits, models, seeds, 0.0 if shuffle_labels else 1.0)
    readings = _readings(rng, truth, n_readers, hostile)
    found = evaluate(
        predictions,
        judged[["patient_id", "label", "site"]],
        readings=readings if n_readers else None,
        reference=reference,
        n_bootstrap=bootstraps,
        primary_rater="R1",
        groups=("site",),
    )
    _write_tables(folder, lesions, splits, predictions, readings if n_readers else None, found)
    details = _write_details(rng, folder, models, seeds, splits, predictions, judged)
    checked = CheckedRun(
        kind="binary",
        results=found.results,
        predictions=predictions,
        truth=judged,
        cohort=truth,
        splits=splits,
        images=_images(lesions)[["lesion_id", "sequence"]].assign(
            content=lambda t: t["lesion_id"] + t["sequence"]
        ),
        models=tuple(CheckedModel(name, *TITLES.get(name, (name, "external")), (0,)) for name in models),
        readings=readings if n_readers else pd.DataFrame(),
        thresholds=found.thresholds,
        details=details,
        reference=reference,
        classes=("benign", "malignant"),
        shuffled=shuffle_labels,
    )
    write_table(run_checks(checked), folder / "checks.parquet")
    history = run_history_checks(History(("0a1b",), shuffled=shuffle_labels))
    write_json(folder / "history.json", {"checks": history.to_dict("records")})
    ledger = _ledger(lesions, hostile)
    write_table(ledger, folder / "ledger.parquet", LEDGER)
    write_table(_images(lesions), folder / "images.parquet", IMAGES)
    write_table(_balance(lesions, splits), folder / "balance.parquet")
    _thumbnails(rng, lesions, thumbnail_px).to_parquet(folder / "thumbnails.parquet", index=False)
    _write_summaries(folder, found, judged)
    write_json(folder / "notes.json", list(found.notes))
    run = _run_json(models, reference, splits, shuffle_labels, hostile, seeds, folds, repeats)
    write_json(folder / "run.json", run)
    return folder


def change_run(folder: Path, **changes: Any) -> None:
    """Replace keys of run.json."""
    path = folder / "run.json"
    write_json(path, json.loads(path.read_text()) | changes)


def _lesions(rng: np.random.Generator, n: int, hostile: str) -> pd.DataFrame:
    patients = [f"P{index * 5 // 6:04d}" for index in range(n)]
    positive = rng.random(n) < 0.58
    table = pd.DataFrame(
        {
            "lesion_id": [f"L{index:04d}" for index in range(n)],
            "patient_id": patients,
            "label": np.where(positive, "malignant", "benign"),
            "label_provenance": np.where(positive | (rng.random(n) < 0.7), "pathology", "imaging"),
            "scanner_vendor": rng.choice(["Siemens", "GE", "Philips"], n),
            "size_mm": np.round(np.exp(rng.normal(3.4, 0.45, n) + 0.25 * positive), 1),
            "age": np.round(rng.normal(58, 12, n) + 3 * positive),
            "sex": rng.choice(["female", "male"], n),
        }
    )
    table["site"] = pd.Series(patients).map(
        {patient: str(rng.choice(SITES, p=[0.4, 0.3, 0.2, 0.1])) for patient in dict.fromkeys(patients)}
    )
    table.loc[5, "age"] = np.nan
    if hostile:
        table.loc[0, ["lesion_id", "site"]] = [f"L0{hostile}", f"North{hostile}"]
    return table


def _splits(rng: np.random.Generator, lesions: pd.DataFrame, folds: int, repeats: int) -> pd.DataFrame:
    patients = lesions["patient_id"].unique()
    rows = []
    for repeat in range(repeats):
        order = rng.permutation(patients)
        for fold in range(folds):
            tested = set(order[fold::folds]) if folds > 1 else set(order[: len(order) // 4])
            others = [patient for patient in order if patient not in tested]
            validation = set(others[: len(others) // 5])
            for patient in patients:
                side = "test" if patient in tested else "validation" if patient in validation else "train"
                rows.append((patient, repeat, fold, side))
    return pd.DataFrame(rows, columns=["patient_id", "repeat", "fold", "subset"])


def _predictions(
    rng: np.random.Generator,
    truth: pd.DataFrame,
    splits: pd.DataFrame,
    models: tuple[str, ...],
    seeds: tuple[int, ...],
    signal: float,
) -> pd.DataFrame:
    shared = rng.normal(0, 0.7, len(truth))
    sides = truth.reset_index()[["lesion_id", "patient_id"]].merge(splits, on="patient_id")
    parts = []
    for model in models:
        strength = STRENGTHS.get(model, 0.8) * signal
        own = rng.normal(0, 0.7, len(truth))
        for seed in seeds if model == "resnet18-25d" else seeds[:1]:
            score = strength * (truth["label"] - 0.5) * 1.6 + shared + own + rng.normal(0, 0.25, len(truth))
            part = sides[sides["subset"] != "train"].copy()
            noise = rng.normal(0, 0.2, len(part))
            logit = part["lesion_id"].map(score).to_numpy(float) + noise + 0.3
            logit = logit * (1.6 if model == "resnet18-25d" else 1.0)
            part["probability"] = 0.58 if model == "zero-rule" else 1 / (1 + np.exp(-logit))
            parts.append(part.assign(model=model, seed=seed, rater="R1"))
    columns = ["model", "seed", "repeat", "fold", "subset", "rater", "lesion_id", "probability"]
    return pd.concat(parts, ignore_index=True)[columns]


def _readings(rng: np.random.Generator, truth: pd.DataFrame, readers: int, hostile: str) -> pd.DataFrame:
    rows = []
    for reader in range(readers):
        shift = rng.normal(0, 0.25)
        name = f"Reader {reader + 1}{hostile if reader == 0 else ''}"
        for modality, strength in (("unaided", 1.25), ("aided", 1.7)):
            latent = strength * (truth["label"] - 0.45) + rng.normal(0, 1, len(truth)) + shift
            for lesion_id, value in latent.items():
                score = float(np.clip(np.round(50 + 22 * value), 0, 100))
                seconds = float(np.round(rng.gamma(6, 8), 1))
                rows.append((name, lesion_id, modality, int(value > 0.05), score, seconds))
    table = pd.DataFrame(
        rows, columns=["reader_id", "lesion_id", "modality", "decision", "score", "seconds"]
    ).astype({"decision": "Int8"})
    if len(table):
        table.loc[3, "decision"] = pd.NA
    return table


def _ledger(lesions: pd.DataFrame, hostile: str) -> pd.DataFrame:
    ids = lesions["lesion_id"].tolist()
    rows = [
        (ids[2], "T2", "R1", "cohort", "missing", "no T2 image"),
        (ids[9], "T2", "R1", "cohort", "missing", "no T2 image"),
        (ids[11], "T1C", "R1", "features", "repaired", "mask resampled to the image: spacing differed by 0.02 mm"),
        (ids[14], "T1C", "R1", "features", "failed", "the mask is empty"),
        (ids[17], "T1C", "R1", "features", "failed", "the image holds 12 voxels that are not numbers" + hostile),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(LEDGER.columns))


def _images(lesions: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (
            lesion,
            sequence,
            rater,
            f"/data/{index}_{sequence}.nii.gz",
            f"/data/{index}_{rater}.nii.gz",
            1,
            np.nan,
        )
        for index, lesion in enumerate(lesions["lesion_id"])
        for sequence in ("T1C", "T2")
        for rater in ("R1", "R2")
        if not (sequence == "T2" and index in (2, 9))
    ]
    columns = [name for name in IMAGES.columns if name != "organ_mask"]
    return pd.DataFrame(rows, columns=columns).astype({"spacing_mm": "float64"})


def _balance(lesions: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    split = Split(splits, "kfold", 0, "0" * 64, "1" * 64, {})
    labels = (lesions.set_index("lesion_id")["label"] == "malignant").astype(int)
    return balance(split, lesions, labels, ["age", "sex", "site", "size_mm"])


def _thumbnails(rng: np.random.Generator, lesions: pd.DataFrame, size: int) -> pd.DataFrame:
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    rows = []
    noise = rng.normal(0, 0.05, (size, size))
    for index, lesion in enumerate(lesions["lesion_id"]):
        turn = np.linspace(0, 2 * np.pi, 48)
        wobble = 1 + 0.12 * np.sin(3 * turn + index) + 0.06 * np.cos(5 * turn)
        radius = 0.16 + 0.1 * rng.random()
        line = np.column_stack([np.cos(turn) * radius * wobble, np.sin(turn) * radius * wobble])
        contour = [np.round((line + 0.5) * size, 2).tolist()]
        for sequence in ("T1C", "T2"):
            if sequence == "T2" and index in (2, 9):
                continue
            inside = np.hypot(x, y) < radius
            image = 0.35 + 0.25 * np.sin(5 * x + index) * np.cos(4 * y) + 0.35 * inside
            image = image + np.roll(noise, 7 * index)
            pixels = (255 * np.clip(image, 0, 1)).astype(np.uint8).tobytes()
            rows.append((lesion, sequence, "R1", size, size, pixels, json.dumps(contour)))
    columns = ["lesion_id", "sequence", "rater", "width", "height", "pixels", "contour"]
    return pd.DataFrame(rows, columns=columns)


def _catalogue() -> pd.DataFrame:
    """What two of the features are; the others have no entry."""
    ids = {"profile": "mr", "unit": "", "note": ""}
    contrast = {"feature": "original_glcm_Contrast", "name": "Contrast", "ibsi_code": "ACUI"}
    volume = {"feature": "original_shape_MeshVolume", "name": "Volume (mesh)", "ibsi_code": "RNU0"}
    return pd.DataFrame(
        [
            ids | contrast | {"family": "glcm", "aggregation": "3D, averaged"},
            ids | volume | {"family": "shape", "aggregation": ""},
        ]
    )


def _write_tables(
    folder: Path,
    lesions: pd.DataFrame,
    splits: pd.DataFrame,
    predictions: pd.DataFrame,
    readings: pd.DataFrame | None,
    found: Any,
) -> None:
    write_table(lesions, folder / "lesions.parquet")
    write_table(splits, folder / "splits.parquet", SPLITS)
    write_table(predictions, folder / "predictions.parquet", PREDICTIONS)
    if readings is not None:
        write_table(readings, folder / "readings.parquet", READINGS)
    write_table(found.results, folder / "results.parquet", RESULTS)
    write_csv(found.results, folder / "results.csv")
    for name, curve in found.curves.items():
        write_table(curve, folder / "curves" / f"{name}.parquet")
    for name in ("confusion", "folds", "pairs", "decisions", "thresholds"):
        write_table(getattr(found, name), folder / f"{name}.parquet")
    for name, table in found.tables.items():
        write_table(table, folder / f"{name}.parquet")


def _write_details(
    rng: np.random.Generator,
    folder: Path,
    models: tuple[str, ...],
    seeds: tuple[int, ...],
    splits: pd.DataFrame,
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    folds = list(splits[["repeat", "fold"]].drop_duplicates().itertuples(index=False, name=None))
    if "radiomics-grid" in models:
        grid, chosen = [], []
        for repeat, fold in folds:
            cells = [
                (selector, classifier, size, float(rng.normal(0.83, 0.025) + 0.01 * (size == 20)), 0.05)
                for selector in ("mrmr", "lasso")
                for classifier in ("logistic", "random-forest", "xgboost")
                for size in (10, 20)
            ]
            best = max(range(len(cells)), key=lambda index: cells[index][3])
            head = ("radiomics-grid", 0, repeat, fold)
            grid += [(*head, *cell, index == best, index == 0) for index, cell in enumerate(cells)]
            names = rng.choice(FEATURES, 6, replace=False, p=np.arange(11, 0, -1) / 66)
            chosen += [
                (*head, f"mr/{rng.choice(['T1C', 'T2'])}/{n}", i + 1, rng.random())
                for i, n in enumerate(names)
            ]
        key = ["model", "seed", "repeat", "fold"]
        columns = [
            *key,
            "selector",
            "classifier",
            "size",
            "inner_auc",
            "inner_sd",
            "chosen",
            "one_standard_error",
        ]
        write_table(pd.DataFrame(grid, columns=columns), folder / "details" / "grid.parquet")
        columns = [*key, "feature", "rank", "importance"]
        write_table(pd.DataFrame(chosen, columns=columns), folder / "details" / "chosen_features.parquet")
        write_table(_catalogue(), folder / "catalogue.parquet")
        _write_selection_stability(rng, folder, folds)
    if "resnet18-25d" in models:
        rows = []
        for seed in seeds:
            for repeat, fold in folds:
                for epoch in range(int(rng.integers(12, 25))):
                    decay = float(np.exp(-epoch / 7))
                    values = {
                        "train_loss": 0.25 + 0.45 * decay + rng.normal(0, 0.015),
                        "validation_loss": 0.45 + 0.25 * decay + 0.004 * epoch + rng.normal(0, 0.02),
                        "validation_auc": 0.84 - 0.3 * decay + rng.normal(0, 0.015),
                    }
                    rows += [
                        ("resnet18-25d", seed, repeat, fold, epoch + 1, 10 * (epoch + 1), m, v)
                        for m, v in values.items()
                    ]
        columns = ["model", "seed", "repeat", "fold", "epoch", "steps", "metric", "value"]
        history = pd.DataFrame(rows, columns=columns)
        write_table(history, folder / "details" / "history.parquet")
        fits = history.groupby(columns[:4], as_index=False)
        kept = fits.agg(epochs=("epoch", "max"), steps_trained=("steps", "max"))
        kept = kept.assign(
            epoch=kept["epochs"] // 2, steps=10 * (kept["epochs"] // 2), most_steps=250, trials=3,
            training_auc=0.97, validation_auc=0.84, probability_range=0.8, untrained="",
        )  # fmt: skip
        kept.loc[0, ["steps", "untrained"]] = 10, "kept after 10 of 250 steps"
        write_table(kept, folder / "details" / "kept_epoch.parquet")
        trials = kept[columns[:4]].merge(pd.DataFrame({"trial": [1, 2, 3]}), how="cross")
        trials = trials.assign(chosen=trials["trial"] == 3, validation_auc=0.78 + 0.02 * trials["trial"])
        write_table(trials, folder / "details" / "trials.parquet")
    return {path.stem: pd.read_parquet(path) for path in (folder / "details").glob("*.parquet")}


def _write_summaries(folder: Path, found: Any, truth: pd.DataFrame) -> None:
    """What the statistics make of the details, which are fabricated after the predictions were judged."""
    details = {path.stem: pd.read_parquet(path) for path in (folder / "details").glob("*.parquet")}
    summaries = summarise(details, found.folds)
    for name, table in summaries.items():
        write_table(table, folder / "summaries" / f"{name}.parquet")
    chosen = [summaries[name] for name in ("chosen_cells", "network_fits") if name in summaries]
    if chosen:
        decisions = found.decisions[found.decisions["rater"] == "R1"]
        tables = tables_by_model(decisions, truth)
        rows = [row for table in chosen for row in choice_rows(table, tables)]
        more = pd.DataFrame(rows).assign(p_adjusted=np.nan, claim="", false_claim_probability=np.nan)
        more = more[found.results.columns]
        results = pd.concat([found.results, more], ignore_index=True)
        write_table(results, folder / "results.parquet", RESULTS)
        write_csv(results, folder / "results.csv")


def _write_selection_stability(rng: np.random.Generator, folder: Path, folds: list[tuple[int, int]]) -> None:
    heads = [("radiomics-grid", 0, repeat, fold) for repeat, fold in folds]
    key, over = ["model", "seed", "repeat", "fold"], ["inner_fold", "draw"]
    stability = [
        (*head, selector, size, kind, 10, value, value - 0.1, value + 0.1)
        for head in heads
        for selector in ("mrmr", "lasso")
        for size in (10, 20)
        for kind, value in zip(over, rng.uniform(0.2, 0.9, 2), strict=True)
    ]
    columns = [*key, "selector", "size", "over", "parts", "stability", "ci_low", "ci_high"]
    write_table(pd.DataFrame(stability, columns=columns), folder / "details" / "selector_stability.parquet")
    spread = [
        (*head, classifier, size, kind, 10, rng.uniform(3, 12), 0.8)
        for head in heads
        for classifier in ("logistic", "random-forest", "xgboost")
        for size in (10, 20)
        for kind in over
    ]
    columns = [*key, "classifier", "size", "over", "parts", "relative_sd", "mean_auc"]
    write_table(pd.DataFrame(spread, columns=columns), folder / "details" / "classifier_spread.parquet")


def _run_json(
    models: tuple[str, ...],
    reference: str | None,
    splits: pd.DataFrame,
    shuffle_labels: bool,
    hostile: str,
    seeds: tuple[int, ...],
    folds: int,
    repeats: int,
) -> dict[str, Any]:
    digest = "9f2c4be1d07a5583e6b0c1f4a2d3958471ee60b2c3d4f5a697881726354a5b6c"
    return {
        "run": "2026-11-21-093000",
        "benchmark": "renal-mass-demo",
        "title": "Renal mass, synthetic MR" + hostile,
        "question": "Is a solid renal mass on MR benign or malignant?",
        "positive": "malignant",
        "negative": "benign",
        "models": [
            {
                "name": name,
                "title": TITLES.get(name, (name, "external"))[0] + (hostile if name == models[0] else ""),
                "kind": TITLES.get(name, (name, "external"))[1],
                "description": f"Settings of {name}.",
                "settings": {"folds": 3},
                "seeds": list(seeds if name == "resnet18-25d" else seeds[:1]),
            }
            for name in models
        ],
        "split": {
            "scheme": "kfold" if folds > 1 else "holdout",
            "sha256": digest,
            "cohort_sha256": digest[::-1],
            "seed": 0,
            "settings": {"folds": folds, "repeats": repeats, "validation": 0.2},
        },
        "hashes": {"cohort": digest[::-1], "images": digest, "features/mr": digest, "predictions": digest},
        "versions": {"samesplit": "0.1.0", "python": "3.11.9", "torch": "2.13.0"},
        "machine": {"system": "Linux", "processor": "x86_64", "cores": 2, "memory_gb": 8, "device": "cpu"},
        "seconds": {"features": 48.2, "models/radiomics-grid": 31.0, "models/resnet18-25d": 128.5},
        "started": "2026-11-21T09:30:00Z",
        "finished": "2026-11-21T09:34:11Z",
        "options": {"shuffle_labels": shuffle_labels},
        "profiles": [
            {"name": "mr", "engine": "pyradiomics", "description": "MR, 1 mm", "sequences": ["T1C", "T2"]}
        ],
        "statistics": {
            "reference": reference,
            "operating_point": "youden",
            "confidence": 0.95,
            "bootstraps": 200,
        },
        "cohort": {
            "clinical": {"age": "number", "sex": "category"},
            "sequences": ["T1C", "T2"],
            "rater": "R1",
        },
        "data": {"licence": "CC0-1.0", "source": "generated by samesplit"},
        "command": "samesplit run benchmarks/renal-mass-demo",
    }
