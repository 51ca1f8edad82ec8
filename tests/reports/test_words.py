"""Words say what their numbers carry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from samesplit.reports import build_report, make_report
from samesplit.reports.conclusion import answer
from samesplit.reports.context import make_context
from samesplit.reports.csv_twins import tables_of
from samesplit.reports.document import Report, Table
from samesplit.reports.pictures import choose_pictures
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.ledger import ledger

Copy = Callable[[Path], Path]
SYNTHETIC = "Synthetic data: images, labels and readings were made by a program."


def lead_of_ledger(folder: Path) -> str:
    context = make_context(read_run(folder))
    return ledger(context, choose_pictures([context])).lead


def table_of(report: Report, name: str) -> Table:
    found = [
        block
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Table) and block.id == name
    ]
    assert found, name
    return found[0]


def test_what_is_missing_is_named_and_a_call_is_no_lesion(small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    table = pd.read_parquet(folder / "ledger.parquet").iloc[:0]
    table.loc[0] = ["L0001", "T2", "R1", "cohort", "missing", "no T2 image"]
    table.loc[1] = ["L0002", "T2", "R1", "cohort", "missing", "no T2 image"]
    table.loc[2] = ["L0002", "T1C", "R1", "cohort", "missing", "no T1C image"]
    table.loc[3] = ["L0002", "", "", "readings", "missing", "no aided call"]
    table.loc[4] = ["L0002", "", "", "readings", "missing", "no unaided call"]
    table.loc[5] = ["L0003", "", "", "readings", "missing", "no aided call"]
    table.loc[6] = ["L0004", "T2", "R1", "features", "failed", "the mask is empty"]
    table.to_parquet(folder / "ledger.parquet")
    assert lead_of_ledger(folder) == (
        "1 lesion failed, 2 lesions not read by every reader, 1 lesion without T1C and 2 lesions without T2."
    )


@pytest.mark.usefixtures("undrawn")
def test_masks_of_other_raters_are_no_group_of_lesions(small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    results = pd.read_parquet(folder / "results.parquet")
    model = results["model"].iloc[0]
    again = results[(results["model"] == model) & (results["group"] == "all")].assign(group="rater=R2")
    pd.concat([results, again], ignore_index=True).to_parquet(folder / "results.parquet")
    report = make_report(folder)
    raters = table_of(report, "raters-table")
    assert raters.title == "AUC with the masks of other raters"
    assert [column.title for column in raters.columns[1:]] == ["rater: R2"]
    assert "Groups" not in "".join(raters.notes)
    assert "groups-table" not in [table.id for table in tables_of(report)], (
        "the section on subgroups tells them"
    )
    (folder / "subgroups.parquet").unlink()
    groups = table_of(make_report(folder), "groups-table")
    assert groups.title == "AUC by group of lesions"
    assert all(column.title.startswith("site: ") for column in groups.columns[1:])


def test_controls_are_not_counted_among_the_models(maker: ModuleType, tmp_path: Path) -> None:
    folder = maker.make_run(
        tmp_path / "run", n_lesions=60, folds=1, seeds=(0,), n_readers=0, bootstraps=0,
        models=("radiomics-grid", "clinical", "lesion-size", "zero-rule"),
    )  # fmt: skip
    assert " has the highest AUC of 2 models, " in answer(make_context(read_run(folder)))
    results = pd.read_parquet(folder / "results.parquet")
    auc = (results["quantity"] == "auc") & (results["group"] == "all")
    size = auc & (results["model"] == "lesion-size")
    results.loc[size, ["estimate", "ci_low", "ci_high"]] = [0.995, 0.99, 0.999]
    results.to_parquet(folder / "results.parquet")
    text = answer(make_context(read_run(folder)))
    assert " has the highest AUC of 2 models, " in text
    next_model, control = text.index(" The next, "), text.index(" No model has a higher AUC than the control")
    assert text[control:].startswith(" No model has a higher AUC than the control Lesion size alone.")
    assert next_model < control, "it, in 'does not differ from it', is the best model and not the control"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("synthetic", [True, False])
def test_that_data_are_synthetic_stands_above_the_answer(
    small_run: Path, copy_of: Copy, synthetic: bool
) -> None:
    folder = copy_of(small_run)
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    run["data"] = {"synthetic": synthetic}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    page = build_report(folder).read_text(encoding="utf-8")
    assert (SYNTHETIC in page) is synthetic
    if synthetic:
        assert page.index("<h1>") < page.index(SYNTHETIC) < page.index('<p class="answer">')


def test_the_checks_come_right_after_the_verdict(full_report: Report) -> None:
    assert [section.id for section in full_report.sections][:2] == ["verdict", "checks"]
