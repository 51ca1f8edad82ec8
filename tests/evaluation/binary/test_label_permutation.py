from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from samesplit.evaluation.binary.label_permutation import label_permutation_verdict
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
