from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.searches import (
    choice_rows,
    chosen_cells,
    grid_cells,
    selected_features,
    stability_summary,
    summarise,
)

KEY = ["model", "seed", "repeat", "fold"]
FOLDS = pd.DataFrame(
    [("grid", 0, 0, 0, 0.70), ("grid", 0, 0, 1, 0.80), ("other", 0, 0, 0, 0.9)], columns=[*KEY, "auc"]
)


def _grid() -> pd.DataFrame:
    """Two fits of two cells."""
    rows = [
        ("grid", 0, 0, 0, "mrmr", "logistic", 10, 0.85, True, False),
        ("grid", 0, 0, 0, "lasso", "logistic", 5, 0.80, False, True),
        ("grid", 0, 0, 1, "mrmr", "logistic", 10, 0.75, False, False),
        ("grid", 0, 0, 1, "lasso", "logistic", 5, 0.90, True, True),
    ]
    columns = [*KEY, "selector", "classifier", "size", "inner_auc", "chosen", "one_standard_error"]
    return pd.DataFrame(rows, columns=columns)


def test_every_cell_is_averaged_over_the_fits() -> None:
    cells = grid_cells(_grid()).set_index("selector")
    assert cells.loc["mrmr", "inner_auc"] == pytest.approx(0.80)
    assert cells.loc["mrmr", "inner_sd"] == pytest.approx(np.std([0.85, 0.75], ddof=1))
    assert cells["chosen"].to_dict() == {"lasso": 1, "mrmr": 1}
    assert (cells["fits"] == 2).all()


def test_cells_without_sizes_and_choices_are_averaged_too() -> None:
    cells = grid_cells(_grid().drop(columns=["size", "chosen"]))
    assert (cells["size"] == 0).all()
    assert (cells["chosen"] == 0).all()


def test_the_auc_that_chose_stands_beside_that_of_the_test_part() -> None:
    found = chosen_cells(_grid(), FOLDS)
    assert found["selector"].tolist() == ["mrmr", "lasso"]
    assert found["choosing_auc"].tolist() == pytest.approx([0.85, 0.90])
    assert found["test_auc"].tolist() == pytest.approx([0.70, 0.80])
    assert found["gap"].tolist() == pytest.approx([0.15, 0.10])
    assert set(found["chooser"]) == {"inner"}
    assert found["sparest"].tolist() == ["lasso, logistic, 5"] * 2
    assert found["sparest_auc"].tolist() == pytest.approx([0.80, 0.90])


def test_where_the_validation_part_chose_its_auc_is_compared() -> None:
    found = chosen_cells(_grid().assign(validation_auc=[0.6, 0.5, 0.5, 0.7]), FOLDS)
    assert found["choosing_auc"].tolist() == pytest.approx([0.6, 0.7])
    assert set(found["chooser"]) == {"validation"}


def test_without_a_mark_there_is_no_sparest_cell_and_without_a_choice_no_line() -> None:
    bare = chosen_cells(_grid().drop(columns="one_standard_error"), FOLDS)
    assert bare["sparest"].tolist() == ["", ""]
    assert bare["sparest_auc"].isna().all()
    assert chosen_cells(_grid().drop(columns="chosen"), FOLDS).empty


def test_the_gap_of_a_model_is_the_mean_over_its_fits() -> None:
    table = pd.DataFrame({"lesion_id": ["L1", "L2"], "label": [0, 1]})
    rows = {row["quantity"]: row for row in choice_rows(chosen_cells(_grid(), FOLDS), {"grid": table})}
    assert rows["choosing_auc"]["estimate"] == pytest.approx(0.875)
    assert rows["chosen_test_auc"]["estimate"] == pytest.approx(0.75)
    assert rows["choosing_gap"]["estimate"] == pytest.approx(0.125)
    assert rows["choosing_gap"]["n"] == 2


def test_features_are_counted_over_the_fits_the_most_often_chosen_first() -> None:
    rows = [("m", 0, 0, 0, "a", 1), ("m", 0, 0, 0, "b", 2), ("m", 0, 0, 1, "b", 1)]
    chosen = pd.DataFrame(rows, columns=[*KEY, "feature", "rank"])
    found = selected_features(chosen)
    assert found[["feature", "count", "fits", "share", "mean_rank"]].to_numpy().tolist() == [
        ["b", 2, 2, 1.0, 1.5],
        ["a", 1, 2, 0.5, 1.0],
    ]
    assert selected_features(chosen.drop(columns="rank"))["mean_rank"].isna().all()


def test_steadiness_is_averaged_over_the_fits_in_the_order_of_the_table() -> None:
    rows = [
        ("m", 0, 0, fold, "z" if first else "a", 10, "draw", parts, value)
        for fold, parts in ((0, 4), (1, 5))
        for first, value in ((True, 0.2 + 0.2 * fold), (False, 0.8))
    ]
    table = pd.DataFrame(rows, columns=[*KEY, "selector", "size", "over", "parts", "stability"])
    found = stability_summary(table, "selector")
    assert found["selector"].tolist() == ["z", "a"]
    assert found["stability"].tolist() == pytest.approx([0.3, 0.8])
    assert (found["fits"].tolist(), found["parts"].tolist()) == ([2, 2], [5, 5])


def test_only_tables_that_are_there_are_summed_up() -> None:
    assert summarise({}, FOLDS) == {}
    assert summarise({"grid": pd.DataFrame({"model": []}), "history": _grid()}, FOLDS) == {}
    chosen = pd.DataFrame([("m", 0, 0, 0, "a", 1)], columns=[*KEY, "feature", "rank"])
    steady = pd.DataFrame(
        [("m", 0, 0, 0, "s", 10, "draw", 4, 0.5)], columns=[*KEY, "selector", "size", "over", "parts", "x"]
    )
    spread = steady.rename(columns={"selector": "classifier"})
    found = summarise(
        {
            "grid": _grid(),
            "chosen_features": chosen,
            "selector_stability": steady,
            "classifier_spread": spread,
        },
        FOLDS,
    )
    assert set(found) == {
        "grid_cells", "chosen_cells", "selected_features", "selector_stability", "classifier_spread",
    }  # fmt: skip
