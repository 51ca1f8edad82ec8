from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from samesplit.evaluation.binary.label_permutation import label_permutation_verdict, verdict_lines
from samesplit.tables import RESULTS, empty_table


def write_results(folder: Path, *aucs: tuple[str, float, float, float]) -> Path:
    """A run's folder with AUCs as (model, estimate, low, high)."""
    rows = [
        ("auc", model, "", "test", "all", estimate, low, high, math.nan, math.nan, "", 40, 20, "DeLong", "")
        for model, estimate, low, high in aucs
    ]
    table = pd.DataFrame(rows, columns=list(empty_table(RESULTS).columns))
    table.to_parquet(folder / "results.parquet")
    (folder / "run.json").write_text(json.dumps({"statistics": {"confidence": 0.95}}))
    return folder


def test_a_perfect_auc_which_has_no_interval_is_not_at_chance(tmp_path: Path) -> None:
    folder = write_results(tmp_path, ("leak", 1.0, math.nan, math.nan), ("fair", 0.52, 0.40, 0.64))

    verdict = label_permutation_verdict(folder)

    assert not verdict.at_chance
    assert "leak" in verdict.text
    assert "fair" not in verdict.text


@pytest.mark.parametrize("ends", [(math.nan, math.nan), (0.5, 0.5)])
def test_the_zero_rule_which_has_no_interval_is_at_chance(tmp_path: Path, ends: tuple[float, float]) -> None:
    folder = write_results(tmp_path, ("zero-rule", 0.5, *ends), ("fair", 0.45, 0.33, 0.57))

    assert label_permutation_verdict(folder).at_chance


def test_several_models_share_the_error(tmp_path: Path) -> None:
    one = ("a", 0.62, 0.51, 0.73)  # P = 0.016, too much for one model and not for four

    assert not label_permutation_verdict(write_results(tmp_path, one)).at_chance
    others = [(name, 0.5, 0.4, 0.6) for name in "bcd"]
    assert label_permutation_verdict(write_results(tmp_path, one, *others)).at_chance


def write_tasks(folder: Path, **tasks: tuple[str, tuple[str, float, float, float]]) -> Path:
    """A run's folder with one result a named task, as task=(quantity, (model, estimate, low, high))."""
    for name, (quantity, result) in tasks.items():
        (folder / "tasks" / name).mkdir(parents=True)
        write_results(folder / "tasks" / name, result)
        path = folder / "tasks" / name / "results.parquet"
        pd.read_parquet(path).assign(quantity=quantity).to_parquet(path)
    record = {
        "statistics": {"confidence": 0.95},
        "tasks": [{"name": name} for name in tasks],
        "models": [{"name": "cox", "title": "Cox regression"}],
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def test_every_named_task_is_judged(tmp_path: Path) -> None:
    folder = write_tasks(
        tmp_path,
        subtype=("auc", ("ridge", 0.51, 0.41, 0.61)),
        recurrence=("c_index", ("cox", 0.72, 0.62, 0.82)),
        outline=("dice", ("net", 0.90, 0.88, 0.92)),
    )

    verdict = label_permutation_verdict(folder)

    assert not verdict.at_chance
    assert "cox in recurrence" in verdict.text
    assert "ridge" not in verdict.text
    assert "net" not in verdict.text  # a mask is not at 0.5 by chance
    assert verdict_lines(folder) == [
        "subtype:",
        "  ridge  AUC 0.510 (0.410 to 0.610), n = 40",
        "recurrence:",
        "  Cox regression  C-index 0.720 (0.620 to 0.820), n = 40",
        "outline:",
        "  net  Dice 0.900 (0.880 to 0.920), n = 40",
    ]


def test_a_single_task_needs_no_name_in_the_lines(tmp_path: Path) -> None:
    folder = write_results(
        tmp_path, ("zero", 0.5, math.nan, math.nan), ("reader:anna/unaided", 0.8, 0.7, 0.9)
    )

    assert verdict_lines(folder) == [
        "  Reader anna/unaided  AUC 0.800 (0.700 to 0.900), n = 40",
        "  zero                 AUC 0.500 (no interval), n = 40",
    ]


def test_a_run_without_an_estimate_has_no_lines(tmp_path: Path) -> None:
    assert verdict_lines(write_results(tmp_path, ("none", math.nan, math.nan, math.nan))) == []


def test_models_are_counted_over_all_tasks(tmp_path: Path) -> None:
    fair = ("ridge", 0.51, 0.41, 0.61)
    folder = write_tasks(tmp_path, subtype=("auc", fair), recurrence=("c_index", fair))

    assert "all 2 models of 2 tasks are at chance" in label_permutation_verdict(folder).text


def test_a_task_that_no_model_answered_has_a_folder_and_no_results(tmp_path: Path) -> None:
    folder = write_tasks(
        tmp_path,
        subtype=("auc", ("ridge", 0.51, 0.41, 0.61)),
        outline=("dice", ("net", 0.90, 0.88, 0.92)),
    )
    (folder / "tasks" / "outline" / "results.parquet").unlink()

    assert verdict_lines(folder) == ["subtype:", "  ridge  AUC 0.510 (0.410 to 0.610), n = 40"]
