"""Numbers of MRMCaov 0.3.0, all of them, on VanDyke and on simulated studies."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from reader_studies.mrmcaov import analysis_of, study_of, unmatched
from samesplit.statistics.mrmc import ORAnalysis, obuchowski_rockette

Table = Callable[[str], pd.DataFrame]
pytestmark = pytest.mark.data


def _component(found: ORAnalysis, row: str, stat: str) -> float:
    components = found.components
    names = {
        "reader": (components.reader, math.nan),
        "treatment:reader": (components.modality_reader, math.nan),
        "Error": (components.error, math.nan),
        "Cov1": (components.cov1, components.corr1),
        "Cov2": (components.cov2, components.corr2),
        "Cov3": (components.cov3, components.corr3),
    }
    return names[row][stat == "Correlation"]


def _anova(found: ORAnalysis, row: str, stat: str) -> float:
    i, j = found.n_modalities - 1, found.n_readers - 1
    square, df = {
        "treatment": (found.mean_squares.modality, i),
        "reader": (found.mean_squares.reader, j),
        "treatment:reader": (found.mean_squares.modality_reader, i * j),
    }[row]
    return {"Df": df, "Sum Sq": square * df, "Mean Sq": square}[stat]


def _equality(found: ORAnalysis, stat: str) -> float:
    test = found.global_test
    assert test is not None
    return {
        "MS(T)": found.mean_squares.modality,
        "MS(T:R)": found.mean_squares.modality_reader,
        "Cov1": found.components.cov1,
        "Cov2": found.components.cov2,
        "Cov3": found.components.cov3,
        "Denominator": test.denominator,
        "F": test.statistic,
        "X2": test.statistic,
        "df": test.df1,
        "df1": test.df1,
        "df2": test.df2,
        "p-value": test.p_value,
    }[stat]


def _interval(found: object, stat: str) -> float:
    names = {
        "Estimate": "estimate",
        "StdErr": "standard_error",
        "df": "df",
        "CI.Lower": "ci_low",
        "CI.Upper": "ci_high",
        "t": "statistic",
        "z": "statistic",
        "p-value": "p_value",
    }
    return float(getattr(found, names.get(stat, "estimate")))


def _of_one_modality(found: ORAnalysis, name: str, stat: str) -> float:
    place = list(found.modalities).index(name)
    own = {
        "MS(R)": float(found.figures[place].var(ddof=1)),
        "Cov2": found.components_of[name].cov2,
        "Var(Error)": found.components_of[name].error,
    }
    return own[stat] if stat in own else _interval(found.modalities[name], stat)


def _modality_reader(text: str) -> tuple[str, str]:
    """Of `test1:reader2` or `testtestA:reader2`."""
    modality, reader = text.split(":")
    return modality.removeprefix("test"), reader.removeprefix("reader")


def _difference(text: str) -> tuple[str, str]:
    first, second = text.split(" - ")
    return first, second


def ours(folder: Path, row: pd.Series) -> float:
    """Our number for a row of MRMCaov's tables."""
    found = analysis_of(folder, row["analysis_id"])
    table, name, stat = row["table"], str(row["row"]), row["stat"]
    if table == "meta":
        return 1.0 if study_of(folder, row["dataset"], "rating").is_crossed else math.nan
    if table == "vcov_comps":
        return _component(found, name, stat)
    if table == "anova":
        return _anova(found, name, stat)
    if table == "test_equality":
        return _equality(found, stat)
    if table == "test_diffs":
        return _interval(found.differences[_difference(name)], stat)
    if table == "test_means":
        return _of_one_modality(found, name, stat)
    if table in ("reader_estimates", "reader_means"):
        return _interval(found.readers[_modality_reader(name)], stat)
    reader, difference = name.split(":", 1)
    return _interval(found.reader_differences[reader.removeprefix("reader"), *_difference(difference)], stat)


def _has_no_variance(row: pd.Series) -> bool:
    """A reader at 1 in every jackknife sample: MRMCaov gives an interval of width 0, we give none."""
    if (
        row["table"] not in ("reader_means", "reader_test_diffs")
        or "StdErr CI.Lower CI.Upper".find(row["stat"]) < 0
    ):
        return False
    return (row["metric"], row["row"]) in {
        ("empirical_sens_at_spec_0.8", "test2:reader4"),
        ("empirical_spec_at_sens_0.8", "test1:reader4"),
        ("empirical_spec_at_sens_0.8", "test2:reader4"),
        ("empirical_spec_at_sens_0.8", "reader4:1 - 2"),
        ("binary_sens_ge3", "test2:reader4"),
    }


def _above_one(row: pd.Series) -> bool:
    """MRMCaov does not cut the interval of an expected utility off at 1."""
    return row["metric"] == "empirical_eu_slope1" and row["stat"] == "CI.Upper" and row["value"] > 1


def _of_another_reader(row: pd.Series) -> bool:
    """With three modalities MRMCaov 0.3.0 gives differences of readers the standard error of another reader.

    It recycles one standard error a reader along a table with three rows a reader.
    """
    return (
        row["table"] == "reader_test_diffs"
        and row["dataset"] == "sim_roemetz_3mod"
        and row["stat"] != "Estimate"
    )


def test_every_row_of_the_acceptance_list_is_within_its_tolerance(
    reference: Table, shared_data: Path
) -> None:
    rows = reference("core_acceptance.csv")
    rows = rows[rows["check"].str.startswith("MRMC OR")]
    assert len(rows) == 99
    missed = []
    for _, row in rows.iterrows():
        value = ours(shared_data / "reader_stats", row)
        if abs(value - row["expected"]) > row["rel_tol"] * abs(row["expected"]):
            missed.append((row["check"], row["quantity"], value, row["expected"]))
    assert missed == []


def test_every_number_of_vandyke_comes_out_but_those_of_readers_without_variance(
    reference: Table, shared_data: Path
) -> None:
    expected = reference("expected/mrmcaov_or_main.csv")
    left = expected.apply(_has_no_variance, axis=1) | expected.apply(_above_one, axis=1)
    assert left.sum() == 15 + 1
    assert expected[~left]["value"].notna().sum() == 2391
    folder = shared_data / "reader_stats"
    assert unmatched(expected[~left], lambda row: ours(folder, row)) == []
    assert all(
        math.isnan(ours(folder, row))
        for _, row in expected[expected.apply(_has_no_variance, axis=1)].iterrows()
    )


def test_every_number_of_the_simulated_studies_comes_out_but_those_of_mixed_up_readers(
    reference: Table, shared_data: Path
) -> None:
    expected = reference("expected/mrmcaov_sim_cc0.csv")
    left = expected.apply(_of_another_reader, axis=1)
    assert expected[~left]["value"].notna().sum() == 4104
    folder = shared_data / "reader_stats"
    assert unmatched(expected[~left], lambda row: ours(folder, row)) == []


def test_the_mixed_up_standard_errors_are_those_of_our_readers_in_turn(
    reference: Table, shared_data: Path
) -> None:
    expected = reference("expected/mrmcaov_sim_cc0.csv")
    errors = expected[expected.apply(_of_another_reader, axis=1) & (expected["stat"] == "StdErr")]
    for analysis_id, rows in errors.groupby("analysis_id"):
        found = analysis_of(shared_data / "reader_stats", str(analysis_id))
        own = [found.reader_differences[str(j), "testA", "testB"].standard_error for j in range(1, 6)]
        recycled = [own[place % 5] for place in range(15)]
        assert rows["value"].tolist() == pytest.approx(recycled, rel=1e-9)


def test_every_number_for_single_readers_comes_out(reference: Table, shared_data: Path) -> None:
    expected = reference("expected/mrmcaov_single_reader.csv")
    folder = shared_data / "reader_stats"

    def single(row: pd.Series) -> float:
        found = analysis_of(folder, f"VanDyke|empirical_auc|{row['cov_method']}|fixed_reader")
        reader = str(row["reader"])
        if row["table"] == "srmc_test_diffs":
            return _interval(found.reader_differences[reader, "1", "2"], row["stat"])
        return _interval(found.readers[row["row"].removeprefix("test"), reader], row["stat"])

    assert expected["value"].notna().sum() == 170
    assert unmatched(expected, single) == []


def test_the_covariance_matrices_come_out(reference: Table, shared_data: Path) -> None:
    expected = reference("expected/mrmcaov_cov_matrices.csv")
    folder = shared_data / "reader_stats"

    def entry(row: pd.Series) -> float:
        found = analysis_of(folder, f"VanDyke|empirical_auc|{row['cov_method']}|fixed_none")
        places = [5 * (int(name[0]) - 1) + int(name[2]) - 1 for name in row["row"].split(" x ")]
        return float(found.covariance[places[0], places[1]])

    assert len(expected) == 165
    assert unmatched(expected, entry) == []


def test_a_single_reader_is_analysed_over_cases_alone(reference: Table, shared_data: Path) -> None:
    study = study_of(shared_data / "reader_stats", "VanDyke", "rating")
    found = obuchowski_rockette(study.select(readers=["3"]), random="cases")
    expected = reference("expected/mrmcaov_single_reader.csv").query(
        "analysis_id == 'VanDyke|jackknife|srmc|3'"
    )
    for _, row in expected.iterrows():
        assert _interval(found.differences["1", "2"], row["stat"]) == pytest.approx(row["value"], rel=1e-9)
    assert found.global_test is not None
    assert found.global_test.p_value == pytest.approx(found.differences["1", "2"].p_value, rel=1e-9)
