"""The folder of a run with several tasks and named test sets, written by hand: what the report has to read.

The numbers are invented, apart from counts; a test may ask whether the page shows them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.storage import write_json
from samesplit.tables import IMAGES, LEDGER, RESULTS, SPLITS, write_table

SUBTYPES = ("AML", "clear cell", "cyst")
MODELS = {"radiomics": "Radiomics grid", "clinical": "Clinical model", "zero-rule": "Zero rule"}
RISKS = {"cox": "Cox model", "lesion-size": "Lesion size"}
SETS = ("internal", "external", "prospective")

TASKS: dict[str, dict[str, Any]] = {
    "malignant": {
        "kind": "binary", "question": "Is the mass malignant?", "positive": "malignant", "negative": "benign",
        "column": "label",
    },
    "subtype": {
        "kind": "multiclass", "question": "Which subtype is it?", "classes": list(SUBTYPES), "column": "subtype",
    },
    "recurrence": {
        "kind": "survival", "question": "How long until recurrence?", "time": "months", "event": "recurred",
        "unit": "months",
    },
}  # fmt: skip


def make_task_run(folder: Path, tasks: tuple[str, ...] = tuple(TASKS), n_lesions: int = 90) -> Path:
    """Write the folder.

    Args:
        folder: Where to.
        tasks: Which of the tasks the benchmark declares.
        n_lesions: One a patient; a third of them in each named test set.
    """
    rng = np.random.default_rng(3)
    lesions = _lesions(rng, n_lesions)
    write_table(lesions, folder / "lesions.parquet")
    write_table(_splits(lesions), folder / "splits.parquet", SPLITS)
    write_table(_images(lesions), folder / "images.parquet", IMAGES)
    left_out = lesions.loc[lesions["subtype"] == "unclear", "lesion_id"]
    ledger = [
        (i, "", "", "task subtype", "excluded", "indeterminate: subtype is 'unclear'") for i in left_out
    ]
    write_table(pd.DataFrame(ledger, columns=list(LEDGER.columns)), folder / "ledger.parquet", LEDGER)
    for name in tasks:
        _task(rng, folder / "tasks" / name, name, lesions)
    names = MODELS | (RISKS if "recurrence" in tasks else {})
    write_json(folder / "run.json", _run(names, tasks))
    return folder


def _lesions(rng: np.random.Generator, n: int) -> pd.DataFrame:
    subtype = rng.choice([*SUBTYPES, "unclear"], n, p=[0.3, 0.4, 0.2, 0.1])
    return pd.DataFrame(
        {
            "lesion_id": [f"L{i:03d}" for i in range(n)],
            "patient_id": [f"P{i:03d}" for i in range(n)],
            "label": np.where(rng.random(n) < 0.5, "malignant", "benign"),
            "subtype": subtype,
            "months": np.round(rng.exponential(30, n) + 1, 1),
            "recurred": rng.integers(0, 2, n),
            "site": [SETS[i % 3] for i in range(n)],
            "age": np.round(rng.normal(60, 10, n)),
        }
    )


def _splits(lesions: pd.DataFrame) -> pd.DataFrame:
    """One fold; every third patient is in training, the others in the test set of their site."""
    trained = np.arange(len(lesions)) % 5 < 2
    return pd.DataFrame(
        {
            "patient_id": lesions["patient_id"],
            "repeat": 0,
            "fold": 0,
            "subset": np.where(trained, "train", "test"),
            "test_set": [None if here else site for here, site in zip(trained, lesions["site"], strict=True)],
        }
    )


def _images(lesions: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (i, "T1C", "R1", f"/data/{i}.nii.gz", f"/data/{i}_m.nii.gz", "1", np.nan)
        for i in lesions["lesion_id"]
    ]
    needed = [name for name, column in IMAGES.columns.items() if column.required]
    return pd.DataFrame(rows, columns=needed).astype({"spacing_mm": "float64"})


def _task(rng: np.random.Generator, folder: Path, name: str, lesions: pd.DataFrame) -> None:
    declared = TASKS[name]
    outcomes = _outcomes(declared, lesions)
    write_table(outcomes, folder / "outcomes.parquet")
    tested = _splits(lesions).set_index("patient_id")["subset"] == "test"
    known = lesions[lesions["lesion_id"].isin(outcomes["lesion_id"])]
    numbers = outcomes.set_index("lesion_id")["label"].reindex(known["lesion_id"]).to_numpy()
    inside = known["patient_id"].map(tested).to_numpy()
    test = known[inside].assign(label=numbers[inside])
    models = RISKS if declared["kind"] == "survival" else MODELS
    write_table(_predictions(rng, declared, test, models), folder / "predictions.parquet")
    results = _results(declared, test, models)
    write_table(results, folder / "results.parquet", RESULTS)
    for table, rows in _more(rng, declared, test, models).items():
        write_table(rows, folder / f"{table}.parquet")


def _outcomes(declared: dict[str, Any], lesions: pd.DataFrame) -> pd.DataFrame:
    if declared["kind"] == "survival":
        kept = lesions.rename(columns={"recurred": "event"})
        return pd.DataFrame(
            {"lesion_id": kept["lesion_id"], "label": kept["event"], "time": kept["months"].astype(float)}
        )
    classes = _classes(declared)
    number = lesions[declared["column"]].map({name: i for i, name in enumerate(classes)})
    known = number.notna()
    return pd.DataFrame({"lesion_id": lesions["lesion_id"][known], "label": number[known].astype("int64")})


def _classes(declared: dict[str, Any]) -> tuple[str, ...]:
    if declared["kind"] == "binary":
        return (declared["negative"], declared["positive"])
    return tuple(declared.get("classes", ()))


def _predictions(
    rng: np.random.Generator, declared: dict[str, Any], test: pd.DataFrame, models: dict[str, str]
) -> pd.DataFrame:
    parts = []
    for model in models:
        base = pd.DataFrame(
            {
                "model": model, "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1",
                "lesion_id": test["lesion_id"].to_numpy(),
            }
        )  # fmt: skip
        if declared["kind"] == "survival":
            parts.append(base.assign(risk=rng.normal(0, 1, len(test))))
        elif declared["kind"] == "binary":
            parts.append(
                base.assign(
                    probability=np.clip(test["label"].to_numpy() * 0.3 + rng.random(len(test)) * 0.7, 0, 1)
                )
            )
        else:
            shares = rng.dirichlet(np.ones(len(SUBTYPES)), len(test))
            parts += [
                base.assign(**{"class": label, "probability": shares[:, i]})
                for i, label in enumerate(SUBTYPES)
            ]
    return pd.concat(parts, ignore_index=True)


def _row(
    quantity: str, model: str, group: str, estimate: float, n: int, positive: int, **more: Any
) -> dict[str, Any]:
    row = {
        "quantity": quantity, "model": model, "reference": "", "subset": "test", "group": group,
        "estimate": estimate, "ci_low": estimate - 0.08, "ci_high": estimate + 0.06, "p_value": np.nan,
        "p_adjusted": np.nan, "claim": "", "n": n, "n_positive": positive, "method": "invented", "note": "",
    }  # fmt: skip
    return row | more


def _results(declared: dict[str, Any], test: pd.DataFrame, models: dict[str, str]) -> pd.DataFrame:
    main = "c_index" if declared["kind"] == "survival" else "auc"
    several = declared["kind"] == "multiclass"
    rows = []
    for place, model in enumerate(models):
        best = 0.84 - 0.1 * place
        positive = 0 if several else int(test["label"].sum())
        rows.append(_row(main, model, "all", best, len(test), positive))
        for drop, name in enumerate(SETS):
            here = test[test["site"] == name]
            counted = 0 if several else int(here["label"].sum())
            rows.append(_row(main, model, f"test_set={name}", best + 0.02 - 0.05 * drop, len(here), counted))
        if several:
            rows += _class_rows(test, model, best)
        elif declared["kind"] == "binary":
            rows += [
                _row(quantity, model, "all", best - 0.1, len(test), positive)
                for quantity in ("sensitivity", "specificity", "brier", "pr_auc")
            ]
    first, second, *_ = models
    rows.append(
        _row(
            f"{main}_difference", second, "all", -0.1, len(test), 0, reference=first, p_value=0.01,
            p_adjusted=0.02, claim="lower",
        )
    )  # fmt: skip
    return pd.DataFrame(rows)


def _class_rows(test: pd.DataFrame, model: str, best: float) -> list[dict[str, Any]]:
    rows = [
        _row(quantity, model, "all", best - 0.15, len(test), 0)
        for quantity in (
            "accuracy", "balanced_accuracy", "f1_macro", "cohen_kappa", "brier", "log_loss",
            "expected_calibration_error", "auc_hand_till",
        )
    ]  # fmt: skip
    for number, name in enumerate(SUBTYPES):
        count = int((test["label"] == number).sum())
        rows += [
            _row(quantity, model, f"class={name}", best - 0.02 * number, len(test), count)
            for quantity in (
                "auc",
                "sensitivity",
                "specificity",
                "ppv",
                "npv",
                "f1",
                "expected_calibration_error",
                "calibration_slope",
                "calibration_in_the_large",
            )
        ]
    return rows


def _more(
    rng: np.random.Generator, declared: dict[str, Any], test: pd.DataFrame, models: dict[str, str]
) -> dict[str, pd.DataFrame]:
    """Pairs of models and, by kind, the tables behind the figures."""
    main = "c_index" if declared["kind"] == "survival" else "auc"
    first, second, *_ = models
    pairs = pd.DataFrame(
        [
            {
                "model_a": first, "model_b": second, f"{main}_a": 0.84, f"{main}_b": 0.74, "difference": 0.1,
                "ci_low": 0.02, "ci_high": 0.18, "p_value": 0.01, "p_corrected_t": np.nan, "p_adjusted": 0.02,
                "claim": "higher", "n": len(test), "method": "invented", "note": "",
            }
        ]
    )  # fmt: skip
    if declared["kind"] == "survival":
        return {"pairs": pairs, "curves/kaplan_meier": _kaplan_meier(models)}
    grid = np.linspace(0, 1, 6)
    shared = {"n_folds": 1}
    if declared["kind"] == "binary":
        roc = [{"model": m, "fpr": x, "tpr": x**0.4} | shared for m in models for x in grid]
        return {"pairs": pairs, "curves/roc": pd.DataFrame(roc)}
    curves = [
        {"model": m, "class": c, "fpr": x, "tpr": x**0.4} | shared
        for m in models
        for c in SUBTYPES
        for x in grid
    ]
    bins = [
        {
            "model": m, "class": c, "mean_probability": x, "observed": x, "ci_low": max(x - 0.1, 0),
            "ci_high": min(x + 0.1, 1), "n": 9.0,
        }
        for m in models for c in SUBTYPES for x in (0.1, 0.5, 0.9)
    ]  # fmt: skip
    called = {model: rng.integers(0, len(SUBTYPES), len(test)) for model in models}
    decisions = [
        ("test", model, 0, 0, 0, "R1", lesion, int(number))
        for model, numbers in called.items()
        for lesion, number in zip(test["lesion_id"], numbers, strict=True)
    ]
    counts = [
        {
            "model": model, "subset": "test", "group": "all", "true": true, "predicted": name,
            "n": int(((test["label"] == i).to_numpy() & (numbers == j)).sum()),
        }
        for model, numbers in called.items()
        for i, true in enumerate(SUBTYPES)
        for j, name in enumerate(SUBTYPES)
    ]  # fmt: skip
    columns = ["subset", "model", "seed", "repeat", "fold", "rater", "lesion_id", "decision"]
    return {
        "pairs": pairs,
        "curves/roc": pd.DataFrame(curves),
        "curves/calibration": pd.DataFrame(bins),
        "confusion_classes": pd.DataFrame(counts),
        "decisions": pd.DataFrame(decisions, columns=columns),
    }


def _kaplan_meier(models: dict[str, str]) -> pd.DataFrame:
    rows = []
    for model in models:
        for place, risk in enumerate(("low", "middle", "high")):
            for step in range(10):
                share = float(np.exp(-0.012 * (place + 1) * 6 * step))
                rows.append(
                    (model, risk, 6.0 * step, share, max(share - 0.1, 0), min(share + 0.1, 1), 20 - 2 * step)
                )
    return pd.DataFrame(rows, columns=["model", "risk", "time", "survival", "ci_low", "ci_high", "at_risk"])


def _run(models: dict[str, str], tasks: tuple[str, ...]) -> dict[str, Any]:
    return {
        "run": "0123456789", "benchmark": "synthetic-tasks", "title": "Renal masses: several questions",
        "tasks": [{"name": name} | TASKS[name] for name in tasks],
        "models": [
            {"name": name, "title": title, "kind": name, "seeds": [0], "description": "", "settings": {}}
            for name, title in models.items()
        ],
        "split": {"scheme": "fixed", "sha256": "a" * 64, "cohort_sha256": "b" * 64},
        "versions": {"samesplit": "0.1.0"},
        "statistics": {"reference": "radiomics", "confidence": 0.95},
        "cohort": {"rater": "R1", "sequences": ["T1C"], "clinical": {"age": "number"}},
        "finished": "2026-11-29T09:34:11Z",
    }  # fmt: skip
