from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.statistics.bootstrap import PatientBootstrap, draw_patients
from samesplit.statistics.curve_bands import pr_band, roc_band
from samesplit.statistics.curves import pr_points, read_pr, read_roc, roc_points


def _sample(n: int = 80, folds: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    label = (np.arange(n) % 2).astype(int)
    score = np.round(label + rng.normal(0, 1.1, n), 1)  # with ties
    return pd.DataFrame(
        {"label": label, "score": score, "cell": rng.integers(0, folds, n), "patient": np.arange(n)}
    )


def _draw(table: pd.DataFrame, n: int = 300) -> PatientBootstrap:
    return draw_patients(table["label"], table["patient"], n_resamples=n)


def _columns(table: pd.DataFrame) -> tuple[pd.Series, ...]:
    return tuple(table[name] for name in ("label", "score", "cell", "patient"))


@pytest.mark.parametrize("folds", [1, 3])
def test_the_height_of_a_band_is_that_of_the_curve(folds: int) -> None:
    table = _sample(folds=folds)
    roc = roc_band(*_columns(table), _draw(table, 20))
    pr = pr_band(*_columns(table), _draw(table, 20))
    drawn = table["label"], table["score"], table["cell"]
    for place in (0.05, 0.1, 0.2, 0.5, 0.95):
        step = round(100 * place)
        assert roc.loc[step, "tpr"] == pytest.approx(read_roc(roc_points(*drawn), 1 - place))
        assert pr.loc[step, "precision"] == pytest.approx(read_pr(pr_points(*drawn), place))


def test_a_band_holds_the_curve_and_narrows_with_the_number_of_patients() -> None:
    widths = []
    for n in (40, 640):
        table = _sample(n)
        for band, height in ((roc_band, "tpr"), (pr_band, "precision")):
            found = band(*_columns(table), _draw(table))
            assert (found["ci_low"] <= found[height]).all()
            assert (found[height] <= found["ci_high"]).all()
            assert found["ci_low"].ge(0).all()
            assert found["ci_high"].le(1).all()
            widths.append((found["ci_high"] - found["ci_low"]).iloc[20:80].mean())
    assert widths[2] < widths[0] / 2.5
    assert widths[3] < widths[1] / 2.5


def test_a_band_is_the_percentiles_of_the_curves_of_the_samples() -> None:
    table = _sample(30)
    samples = _draw(table, 60)
    found = roc_band(*_columns(table), samples, confidence=0.8)
    heights = []
    for weights in samples.weights:
        again = table.loc[np.repeat(np.arange(30), weights.astype(int))]
        heights.append(read_roc(roc_points(again["label"], again["score"]), 0.7))
    low, high = np.quantile(heights, (0.1, 0.9))
    height = found.loc[30, "tpr"]
    assert found.loc[30, ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [min(low, height), max(high, height)]
    )


def test_a_fold_without_both_classes_does_not_count() -> None:
    table = _sample()
    more = table.iloc[:5].assign(label=0, cell=1)
    both = pd.concat([table, more], ignore_index=True)
    samples = _draw(table)
    for band in (roc_band, pr_band):
        alone, beside = (band(*_columns(t), samples) for t in (table, both))
        pd.testing.assert_frame_equal(alone, beside)


def test_without_both_classes_in_any_fold_there_is_no_band() -> None:
    table = _sample()
    samples = _draw(table)
    benign = table[table["label"] == 0]
    for band, height in ((roc_band, "tpr"), (pr_band, "precision")):
        assert band(*_columns(benign), samples)[[height, "ci_low", "ci_high"]].isna().all(axis=None)


def test_labels_and_scores_have_to_fit() -> None:
    table = _sample()
    with pytest.raises(Exception, match=r"\d"):
        roc_band(table["label"], table["score"].iloc[1:], table["cell"], table["patient"], _draw(table, 5))
