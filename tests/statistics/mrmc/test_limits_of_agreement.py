from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.anova import AnovaRow, three_way_anova, two_way_anova
from samesplit.statistics.mrmc.limits_of_agreement import Agreement, limits_of_agreement

Read = Callable[[str], pd.DataFrame]

_LINES = {
    "readerID": "reader",
    "caseID": "case",
    "modalityID": "modality",
    "Error": "error",
    "readerID:caseID": "reader x case",
    "readerID:modalityID": "modality x reader",
    "caseID:modalityID": "modality x case",
}


def _readings(*, readers: int = 4, cases: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=cases) + rng.normal(0, 0.3, (readers, 1))
    return truth + rng.normal(0, 0.5, (readers, cases)), truth + rng.normal(0.4, 0.5, (readers, cases))


def _anova(kind: Agreement, first: np.ndarray, second: np.ndarray) -> dict[str, AnovaRow]:
    if kind == "BRBM":
        return three_way_anova(np.stack([first, second]))
    return two_way_anova(first if kind == "BRWM" else first - second)


@pytest.mark.data
@pytest.mark.parametrize("kind", ["WRBM", "BRBM", "BRWM", "WRWM"])
def test_every_number_of_imrmc_is_met(kind: Agreement, reference: Read) -> None:
    readings = reference("sim_limits_of_agreement.csv").pivot_table(
        index=["modalityID", "readerID"], columns="caseID", values="score"
    )
    first, second = (readings.loc[name].to_numpy() for name in ("testA", "testB"))
    found = limits_of_agreement(first, None if kind == "BRWM" else second, kind=kind)
    ours = {
        "meanDiff": found.mean_difference.estimate,
        "var.MeanDiff": found.variance_of_mean,
        "var.1obs": found.variance_of_one,
        "ci95meanDiff.bot": found.mean_difference.ci_low,
        "ci95meanDiff.top": found.mean_difference.ci_high,
        "la.bot": found.low,
        "la.top": found.high,
    }
    lines = _anova(kind, first, second)
    expected = reference("expected/imrmc_limits_of_agreement.csv").query("fun == 'la' + @kind")
    assert len(expected) == (28 if kind == "BRBM" else 16)
    for table, row, stat, value in expected[["table", "row", "stat", "value"]].itertuples(index=False):
        if table == "limits.of.agreement":
            got = ours[stat]
        else:
            line = lines[_LINES[row]]
            got = {"df": line.df, "SS": line.sum_of_squares, "var": line.component}[stat]
        np.testing.assert_allclose(got, value, rtol=1e-9, atol=1e-13, err_msg=f"{table} {row} {stat}")


def test_limits_of_readings_that_some_readers_lack_are_near_those_of_all() -> None:
    first, second = _readings(readers=8, cases=200)
    whole = limits_of_agreement(first, second, kind="BRBM")
    rng = np.random.default_rng(1)
    for readings in (first, second):
        readings[rng.random(readings.shape) < 0.3] = np.nan
    part = limits_of_agreement(first, second, kind="BRBM")
    assert part.low == pytest.approx(whole.low, abs=0.15)
    assert part.high == pytest.approx(whole.high, abs=0.15)
    assert part.variance_of_mean != whole.variance_of_mean


def test_limits_hold_the_share_of_differences_that_is_asked_for() -> None:
    first, second = _readings(cases=400)
    found = limits_of_agreement(first, second, kind="WRBM", share=0.8)
    inside = np.mean((first - second > found.low) & (first - second < found.high))
    assert inside == pytest.approx(0.8, abs=0.03)


def test_a_negative_variance_gives_no_interval_and_says_so() -> None:
    for seed in range(200):
        first, second = _readings(readers=2, cases=3, seed=seed)
        found = limits_of_agreement(first, second, kind="WRBM")
        if found.variance_of_mean < 0:
            break
    assert np.isnan(found.mean_difference.ci_low)
    assert "negative" in found.mean_difference.note


def test_mean_squares_are_sums_of_squares_by_their_degrees_of_freedom() -> None:
    rows = two_way_anova(_readings()[0])
    assert rows["case"].mean_square == pytest.approx(rows["case"].sum_of_squares / 29)


def test_what_cannot_be_compared_is_refused() -> None:
    first, second = _readings()
    with pytest.raises(StatisticsError, match="unknown kind 'XX'"):
        limits_of_agreement(first, second, kind="XX")  # type: ignore[arg-type]
    with pytest.raises(StatisticsError, match=r"BRWM .* takes one array"):
        limits_of_agreement(first, second, kind="BRWM")
    with pytest.raises(StatisticsError, match=r"WRBM .* takes two arrays"):
        limits_of_agreement(first, kind="WRBM")
    with pytest.raises(StatisticsError, match="do not go together"):
        limits_of_agreement(first, second[:, :5], kind="WRBM")
    with pytest.raises(StatisticsError, match="no two readers read different cases"):
        limits_of_agreement(first[:1], second[:1], kind="WRBM")
    with pytest.raises(StatisticsError, match="some are missing"):
        two_way_anova(np.array([[1.0, np.nan], [1.0, 2.0]]))
    with pytest.raises(StatisticsError, match="two of each factor"):
        three_way_anova(np.zeros((1, 2, 2)))
