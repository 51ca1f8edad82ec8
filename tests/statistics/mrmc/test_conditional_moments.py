from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from reader_studies.imrmc import MOMENT_NAMES as NAMES
from reader_studies.imrmc import calls_of, joint_tables_of
from reader_studies.simulated import simulated
from samesplit.statistics.mrmc import ReaderStudy, u_statistic_analysis
from samesplit.statistics.mrmc.conditional_moments import ConditionalMoments, conditional_moments

Read = Callable[[str], pd.DataFrame]
DATA_SETS = ["VanDyke", "sim_roemetz_ord", "sim_roemetz_splitplot_ord", "sim_roemetz_missing_ord"]


def _conditional(study: ReaderStudy, figure: str) -> Iterator[tuple[tuple[str, str, str], float]]:
    places = study.truth == (figure == "sensitivity")
    right = study.scores[:, :, places] if figure == "sensitivity" else 1 - study.scores[:, :, places]
    found: dict[str, ConditionalMoments] = {}
    for row, i, j in (("1", 0, 0), ("2", 1, 1), ("3", 0, 1)):
        found[row] = conditional_moments(right[i], right[j], unshared="as zero")
        yield from ((("moments", row, n), v) for n, v in zip(NAMES, found[row].moments, strict=True))
        yield from ((("coeff", row, n), v) for n, v in zip(NAMES, found[row].coefficients, strict=True))
    one, two, cross = found["1"], found["2"], found["3"]
    for label, moments in (("A", one), ("B", two)):
        yield ("mean", label, "mean"), moments.means[0]
        yield ("mean", label, "var"), moments.covariance
        yield ("mean", label, "var.1obs"), moments.one_reading
        for reader, values in zip(study.readers, right[0 if label == "A" else 1], strict=True):
            yield ("meanPerR", reader, label), float(np.nanmean(values))
    yield ("mean", "AminusB", "mean"), one.means[0] - two.means[0]
    yield ("mean", "AminusB", "var"), one.covariance + two.covariance - 2 * cross.covariance
    yield ("mean", "AminusB", "var.1obs"), one.one_reading + two.one_reading - 2 * cross.one_reading


@pytest.mark.data
@pytest.mark.parametrize("name", DATA_SETS)
@pytest.mark.parametrize("endpoint", ["sens", "spec"])
def test_every_number_of_imrmc_for_calls_is_met(name: str, endpoint: str, reference: Read) -> None:
    expected = reference("expected/imrmc_binary_ustat11.csv")
    expected = expected[(expected["dataset"] == name) & (expected["endpoint"] == endpoint)]
    study = calls_of(reference, name, float(expected["threshold"].iloc[0]))
    figure = {"sens": "sensitivity", "spec": "specificity"}[endpoint]
    for function, ours in (
        ("uStat11.jointD", joint_tables_of(study, figure)),
        ("uStat11.conditionalD", dict(_conditional(study, figure))),
    ):
        table = expected[expected["fun"] == function]
        assert len(table) == 43
        for which, row, stat, value in table[["table", "row", "stat", "value"]].itertuples(index=False):
            got = ours[which, str(row), stat]
            np.testing.assert_allclose(got, value, rtol=1e-9, atol=1e-13, err_msg=f"{which} {row} {stat}")


def test_in_a_crossed_study_the_variance_is_that_of_the_u_statistic() -> None:
    study = simulated(1, readers=4, cases=20).decisions(4)
    right = study.scores[0] == study.truth
    found = conditional_moments(right.astype(float), right.astype(float))
    expected = u_statistic_analysis(study, "accuracy").variances["A"].unbiased
    assert found.covariance == pytest.approx(expected, rel=1e-9)


def test_readers_without_a_common_case_are_left_out_of_the_moment_of_one_case() -> None:
    """In a split-plot study of two groups alike the moment is that of a group, which iMRMC's is not."""
    group = np.array([[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]])
    study = np.full((4, 8), np.nan)
    study[:2, :4], study[2:, 4:] = group, group
    alone = conditional_moments(group, group).moments[2]
    assert conditional_moments(study, study).moments[2] == pytest.approx(alone)
    assert conditional_moments(study, study, unshared="as zero").moments[2] == pytest.approx(alone / 3)


def test_readings_of_no_reader_under_both_modalities_have_no_moment_of_one_reader() -> None:
    first, second = np.full((4, 6), np.nan), np.full((4, 6), np.nan)
    first[:2], second[2:] = np.eye(2, 6), np.eye(2, 6)
    found = conditional_moments(first, second)
    assert found.moments[0] == found.coefficients[0] == 0
    assert np.isfinite(found.covariance)
