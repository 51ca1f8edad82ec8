"""The rows of core_acceptance.csv that reader studies by U-statistics answer for, each at its own tolerance."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from reader_studies.imrmc import calls_of, joint_tables_of, study_of, tables_of
from samesplit.statistics.mrmc import ReaderStudy, u_statistic_analysis

Read = Callable[[str], pd.DataFrame]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n"),
    [("VanDyke", 7), ("sim_roemetz", 7), ("sim_roemetz_splitplot", 7), ("sim_roemetz_missing", 7)],
)
def test_rows_of_imrmc(name: str, n: int, reference: Read) -> None:
    rows = reference("core_acceptance.csv").query("file == 'imrmc_auc.csv'")
    rows = rows[rows["analysis_id"].str.startswith(f"{name}|")]
    ours = tables_of(study_of(reference, name))
    assert len(rows) == n
    for table, row, stat, expected, tolerance in _parts(rows):
        assert ours[table, row, stat] == pytest.approx(expected, rel=tolerance, abs=1e-15), (row, stat)


@pytest.mark.data
@pytest.mark.parametrize(("endpoint", "figure"), [("sens", "sensitivity"), ("spec", "specificity")])
def test_rows_of_calls(endpoint: str, figure: str, reference: Read) -> None:
    rows = reference("core_acceptance.csv")
    rows = rows[rows["check"].str.startswith(f"MRMC {endpoint} U-stat")]
    ours = joint_tables_of(calls_of(reference, "VanDyke", 3), figure)  # type: ignore[arg-type]
    assert len(rows) == 6
    for table, row, stat, expected, tolerance in _parts(rows):
        assert ours[table, row, stat] == pytest.approx(expected, rel=tolerance), (row, stat)


@pytest.mark.data
def test_the_largest_difference_of_viper_is_the_published_one(reference: Read) -> None:
    """doi:10.1117/1.JMI.6.1.015501: 0.047 in favour of film, SE 0.023, P = 0.047."""
    readings = reference("viper_obs.csv.gz").query("subStudyLabel == 'challengeHighP'")
    study = ReaderStudy.from_columns(
        readings["readerID"],
        readings["caseID"],
        readings["score"],
        readings["cancerStatus455"],
        modality=readings["modalityID"],
    ).select(modalities=["SFM", "FFDM"])
    assert not study.is_crossed
    found = u_statistic_analysis(study, degrees="imrmc").differences["SFM", "FFDM"]
    assert found.estimate == pytest.approx(0.047, abs=0.0005)
    assert found.standard_error == pytest.approx(0.023, abs=0.0006)
    assert found.p_value == pytest.approx(0.047, abs=0.0005)


def _parts(rows: pd.DataFrame) -> list[tuple[str, str, str, float, float]]:
    columns = ["table", "row", "stat", "expected", "rel_tol"]
    return [
        (table, str(row), stat, float(expected), float(tolerance))
        for table, row, stat, expected, tolerance in rows[columns].itertuples(index=False)
    ]
