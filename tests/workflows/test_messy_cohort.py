"""A cohort with every fault at once: each lesion's own is named, and what the messages advise mends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from messy_cohort import FAULTS, REPAIRS, MessyCohort, build
from samesplit.workflows.validate import validate

BENCHMARK = """
title: Messy
task: {question: "Which lesions are malignant?", positive: malignant, negative: benign}
cohort:
  sequences: [CT]
  clinical: {age: number, sex: category, size_mm: number}
split: {scheme: kfold, folds: 3, seed: 0}
profiles: {shape: [CT]}
models: [zero-rule]
"""


@pytest.fixture
def messy(tmp_path: Path) -> MessyCohort:
    folder = tmp_path / "benchmarks" / "messy"
    folder.mkdir(parents=True)
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    return build(folder, lesions=len(FAULTS) + 2)


def reasons_of(problems: pd.DataFrame, status: Callable[[pd.Series], pd.Series]) -> dict[str, str]:
    chosen = problems[status(problems["status"])]
    return {str(lesion): "\n".join(part["reason"]) for lesion, part in chosen.groupby("lesion_id")}


def test_every_fault_is_named_and_mended_as_advised(
    messy: MessyCohort, capfd: pytest.CaptureFixture[str]
) -> None:
    before = validate(messy.folder, jobs=1)
    wrong = reasons_of(before.problems, lambda status: status.isin(["failed", "missing"]))
    for lesion_id, lesion in messy.lesions.items():
        assert lesion.says in wrong.get(lesion_id, ""), lesion_id
        assert (lesion_id in wrong) == bool(lesion.says), wrong.get(lesion_id)
    assert not before.fine

    declared = messy.folder / "benchmark.yaml"
    declared.write_text(BENCHMARK.replace("cohort:", f"cohort:\n  geometry_repair: {REPAIRS}"))
    messy.write_tables(mended=True)
    after = validate(messy.folder, jobs=1)
    wrong = reasons_of(after.problems, lambda status: status.isin(["failed", "missing"]))
    assert sorted(wrong) == [name for name, lesion in messy.lesions.items() if lesion.mended is None]
    notes = reasons_of(after.problems, lambda status: ~status.isin(["failed", "missing"]))
    for lesion_id, lesion in messy.lesions.items():
        assert lesion.notes in notes.get(lesion_id, ""), lesion_id
    statuses = after.problems.groupby("lesion_id")["status"].agg(set).to_dict()
    assert (
        statuses["006"] == statuses["011"] == statuses["012"] == {"noted"}
    )  # copies, sform: nothing was changed
    assert statuses["007"] == statuses["009"] == statuses["010"] == {"repaired"}
    assert "WARNING" not in capfd.readouterr().err
