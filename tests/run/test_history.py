"""What other runs on the same split say of a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.run.history import adopt_history
from samesplit.storage import write_json
from samesplit.tables import RESULTS, write_table


def make_run(reports: Path, name: str, *, split: str = "s", auc: float = 0.5, shuffled: bool = False) -> Path:
    """A finished run with one model, as far as its history is concerned."""
    told = {"run": name, "split": {"sha256": split}, "options": {"shuffle_labels": shuffled}}
    told |= {"statistics": {"confidence": 0.95}}
    write_json(reports / name / "run.json", told | {"models": [{"name": "grid", "title": "Grid"}]})
    row = {
        "quantity": "auc", "model": "grid", "reference": "", "subset": "test", "group": "all", "estimate": auc,
        "ci_low": auc - 0.1, "ci_high": auc + 0.1, "p_value": np.nan, "p_adjusted": np.nan, "claim": "",
        "false_claim_probability": np.nan, "n": 80,
        "n_positive": 40, "method": "DeLong, logit", "note": "",
    }  # fmt: skip
    write_table(pd.DataFrame([row]), reports / name / "results.parquet", RESULTS)
    write_json(reports / name / "complete.json", {})
    return reports / name


def states(folder: Path) -> list[str]:
    return [row["state"] for row in json.loads((folder / "history.json").read_text())["checks"]]


def test_a_run_alone_was_scored_once_and_has_no_permutation_check(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a")
    assert adopt_history(run)
    assert states(run) == ["tip", "passed"]
    assert not adopt_history(run)


@pytest.mark.parametrize(("auc", "state"), [(0.52, "passed"), (0.9, "issue")])
def test_a_run_with_permuted_labels_is_found(tmp_path: Path, auc: float, state: str) -> None:
    run = make_run(tmp_path, "a", auc=0.8)
    adopt_history(run)
    make_run(tmp_path, "b", auc=auc, shuffled=True)
    assert adopt_history(run)
    assert states(run) == [state, "passed"]


def test_runs_on_other_splits_unfinished_ones_and_links_do_not_count(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a")
    make_run(tmp_path, "b", split="another")
    (make_run(tmp_path, "c") / "complete.json").unlink()
    (tmp_path / "latest").symlink_to("a", target_is_directory=True)
    (tmp_path / "notes.txt").write_text("mine")
    adopt_history(run)
    assert states(run)[1] == "passed"
    make_run(tmp_path, "d")
    assert adopt_history(run)
    assert states(run)[1] == "tip"


def test_a_damaged_run_with_permuted_labels_proves_nothing(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a")
    (make_run(tmp_path, "b", shuffled=True) / "results.parquet").unlink()
    adopt_history(run)
    assert states(run)[0] == "tip"
