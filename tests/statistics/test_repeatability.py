from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.icc import icc
from samesplit.statistics.repeatability import REPEATABILITY_COLUMNS, repeatability


def _repeats(**noise: float) -> pd.DataFrame:
    """Twelve lesions, three repetitions under two perturbations; each feature has its own noise (SD)."""
    rng = np.random.default_rng(0)
    rows = pd.MultiIndex.from_product(
        [[f"L{i}" for i in range(12)], ["contour", "raters"], range(3)],
        names=["lesion_id", "perturbation", "repetition"],
    ).to_frame(index=False)
    truth = rng.normal(size=12)[pd.factorize(rows["lesion_id"])[0]]
    return rows.assign(**{name: truth + rng.normal(scale=sd, size=len(rows)) for name, sd in noise.items()})


def test_each_feature_and_perturbation_has_its_icc() -> None:
    repeats = _repeats(steady=0.1, shaky=3.0)
    table = repeatability(repeats, ["steady", "shaky"])
    assert list(table.columns) == REPEATABILITY_COLUMNS
    assert table["form"].tolist() == ["ICC(1,1)"] * 2 + ["ICC(A,1)"] * 2
    own = repeats.query("perturbation == 'raters'")["steady"].to_numpy().reshape(12, 3)
    row = table.query("perturbation == 'raters' and feature == 'steady'").iloc[0]
    expected = icc(own, form="ICC(A,1)")
    assert [row["icc"], row["ci_low"], row["ci_high"]] == pytest.approx(
        [float(expected.estimate), float(expected.ci_low), float(expected.ci_high)]
    )
    assert table.query("feature == 'steady'")["ci_low"].min() > 0.9
    assert table.query("feature == 'shaky'")["icc"].max() < 0.5
    assert table["n_lesions"].tolist() == [12] * 4
    assert table["n_repetitions"].tolist() == [3] * 4


def test_the_order_of_the_rows_plays_no_part() -> None:
    repeats = _repeats(steady=0.1)
    mixed = repeats.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(repeatability(mixed, ["steady"]), repeatability(repeats, ["steady"]))


def test_a_lesion_that_lost_a_repetition_does_not_count() -> None:
    repeats = _repeats(steady=0.1)
    lost = repeats[~repeats.eval("lesion_id == 'L3' and perturbation == 'contour' and repetition == 1")]
    table = repeatability(lost, ["steady"]).set_index("perturbation")
    without = repeatability(repeats.query("lesion_id != 'L3'"), ["steady"]).set_index("perturbation")
    assert table["n_lesions"].to_dict() == {"contour": 11, "raters": 12}
    assert table["icc"]["contour"] == pytest.approx(without["icc"]["contour"])


def test_no_measurements_give_an_empty_table() -> None:
    table = repeatability(_repeats(steady=0.1).iloc[:0], ["steady"])
    assert table.empty
    assert list(table.columns) == REPEATABILITY_COLUMNS


def test_doubled_and_single_measurements_are_errors() -> None:
    repeats = _repeats(steady=0.1)
    with pytest.raises(StatisticsError, match="the same repetition twice"):
        repeatability(pd.concat([repeats, repeats.iloc[:1]]), ["steady"])
    with pytest.raises(StatisticsError, match="a single repetition") as problem:
        repeatability(repeats.query("repetition == 0"), ["steady"])
    assert "two or more raters" in str(problem.value)
