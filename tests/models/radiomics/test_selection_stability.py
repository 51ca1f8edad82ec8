from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.models.radiomics.selection_stability import classifier_spread, selector_stability
from samesplit.statistics.selection_stability import nogueira, selection_matrix


def _rankings(**orders: list[list[str]]) -> pd.DataFrame:
    """A ranking a selector and inner fold."""
    rows = [
        (fold, selector, rank, feature)
        for selector, folds in orders.items()
        for fold, names in enumerate(folds)
        for rank, feature in enumerate(names, start=1)
    ]
    return pd.DataFrame(rows, columns=["inner_fold", "selector", "rank", "feature"])


def test_a_selector_that_ranks_alike_everywhere_is_stable_and_one_that_does_not_is_not() -> None:
    rng = np.random.default_rng(0)
    names = [f"f{i}" for i in range(30)]
    steady = [list(names) for _ in range(6)]
    random = [list(rng.permutation(names)) for _ in range(6)]
    table = selector_stability(
        _rankings(steady=steady, random=random), number="inner_fold", sizes=[5, 10], features=30
    ).set_index(["selector", "size"])
    assert table.loc["steady", "stability"].tolist() == pytest.approx([1.0, 1.0])
    assert table.loc["random", "stability"].abs().max() < 0.25
    assert table["parts"].tolist() == [6] * 4


def test_the_stability_is_that_of_the_features_up_to_the_size_among_all_there_were() -> None:
    folds = [["a", "b", "c"], ["b", "a", "d"], ["a", "e", "b"]]
    table = selector_stability(_rankings(lasso=folds), number="inner_fold", sizes=[2], features=9)
    chosen = selection_matrix([order[:2] for order in folds], [*"abcdefghi"])
    assert table["stability"].iloc[0] == pytest.approx(nogueira(chosen).estimate)
    assert table["ci_low"].iloc[0] == pytest.approx(nogueira(chosen).ci_low)


def test_names_may_be_categories_of_which_some_never_occur() -> None:
    table = _rankings(lasso=[["a", "b"], ["a", "c"]]).astype({"selector": "category", "feature": "category"})
    table["selector"] = table["selector"].cat.add_categories(["never"])
    assert selector_stability(table, number="inner_fold", sizes=[1], features=5)["selector"].tolist() == [
        "lasso"
    ]


def test_where_every_feature_is_chosen_the_stability_is_not_defined() -> None:
    table = selector_stability(_rankings(all=[["a", "b"]] * 3), number="inner_fold", sizes=[2], features=2)
    assert table["stability"].isna().all()


def test_the_spread_of_a_classifier_is_the_median_over_the_selectors() -> None:
    scores = pd.DataFrame(
        [
            (draw, selector, "lda", 10, auc)
            for selector, aucs in {"x": [0.6, 0.8], "y": [0.7, 0.7], "z": [0.5, 0.9]}.items()
            for draw, auc in enumerate(aucs)
        ],
        columns=["draw", "selector", "classifier", "size", "auc"],
    )
    table = classifier_spread(scores, number="draw")
    assert table["relative_sd"].tolist() == pytest.approx([100 * np.std([0.6, 0.8], ddof=1) / 0.7])
    assert table["mean_auc"].tolist() == pytest.approx([0.7])
    assert table["parts"].tolist() == [2]
