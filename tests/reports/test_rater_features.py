"""The section on raters' measurements: a table and plots of few features, counts of many."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.raters import RATER_FEATURE_VALUES, RATER_FEATURES, feature_agreement
from samesplit.reports.context import make_context
from samesplit.reports.document import Figure, Section, Table
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.rater_features import rater_features
from samesplit.tables import write_table


def features(lesions: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for profile, count in (("roi", 2), ("texture", 60)):
        for number in range(count):
            true = rng.normal(1500, 300, len(lesions))
            for rater in ("R1", "R2"):
                noise = rng.normal(0, 20 * (number + 1), len(lesions))
                one = pd.DataFrame({"lesion_id": lesions, "value": true + noise})
                name = f"native_firstorder_F{number}"
                rows.append(one.assign(sequence="T1map", rater=rater, profile=profile, feature=name))
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def section(full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Section:
    folder = tmp_path_factory.mktemp("measured") / "run"
    shutil.copytree(full_run, folder)
    lesions = [f"L{number:03d}" for number in range(30)]
    truth = pd.DataFrame(index=pd.Index(lesions, name="lesion_id"))
    found = feature_agreement(features(lesions), truth, EvaluationOptions(primary_rater="R1"))
    write_table(found.table, folder / f"{RATER_FEATURES}.parquet")
    write_table(found.measured, folder / f"{RATER_FEATURE_VALUES}.parquet")
    made = rater_features(make_context(read_run(folder)))
    assert made is not None
    return made


def test_few_measurements_have_a_row_with_icc_and_limits_and_a_plot_each(section: Section) -> None:
    table, figure, _ = section.blocks
    assert isinstance(table, Table)
    assert [row.cells["feature"].text for row in table.rows] == [
        "T1map, firstorder_F0",
        "T1map, firstorder_F1",
    ]
    first = table.rows[0].cells
    assert first["pair"].text == "R1 and R2"
    assert "±" in first["first"].text
    bounds = [first[key].value for key in ("lower", "bias", "upper")]
    assert bounds == sorted(bounds)
    assert isinstance(figure, Figure)
    assert figure.svg.count("T1map, firstorder_F") == 2


def test_many_features_are_counted_by_how_well_they_agree(section: Section) -> None:
    table = section.blocks[-1]
    assert isinstance(table, Table)
    (row,) = table.rows
    counts = [row.cells[f"grade-{grade}"].value for grade in range(4)]
    assert sum(counts) == row.cells["n"].value == 60
    assert counts[0] > 0 < counts[3]


def test_a_run_with_one_rater_has_no_such_section(full_run: Path) -> None:
    assert rater_features(make_context(read_run(full_run))) is None
