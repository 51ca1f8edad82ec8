from __future__ import annotations

from collections import Counter
from functools import cache
from math import log
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from samesplit.models.radiomics.selectors import MIFS, SELECTORS
from samesplit.models.radiomics.selectors import entropy as module
from samesplit.models.radiomics.selectors.entropy import equal_frequency_codes, level_codes
from samesplit.models.radiomics.selectors.greedy import INFORMATION_SELECTORS
from samesplit.models.radiomics.selectors.information import ranking_without_discretisation

GREEDY = ("mifs", "mrmr", "cife", "jmi", "cmim", "icap", "disr")
KEYS = ("mim", *GREEDY)
SAME = 1e-8
"""What differs by no more is equal, and of equal ones the first column is chosen."""

Levels = tuple[int, ...]


# The criteria as Brown, Pocock, Zhao and Lujan write them (J Mach Learn Res 2012;13:27), from probabilities, one
# candidate at a time. Nothing of the code under test is used.


@cache
def mutual_information(a: Levels, b: Levels) -> float:
    """I(A;B) = sum p(a,b) ln p(a,b) / p(a) p(b)."""
    n, of_a, of_b = len(a), Counter(a), Counter(b)
    pairs = Counter(zip(a, b, strict=True))
    return sum(c / n * log((c / n) / (of_a[i] / n * of_b[j] / n)) for (i, j), c in pairs.items())


@cache
def conditional_information(a: Levels, b: Levels, given: Levels) -> float:
    """I(A;B|C) = sum over c of p(c) I(A;B | C = c)."""
    total = 0.0
    for level in set(given):
        rows = [i for i, found in enumerate(given) if found == level]
        total += (
            len(rows) / len(given) * mutual_information(tuple(a[i] for i in rows), tuple(b[i] for i in rows))
        )
    return total


def joined(*columns: Levels) -> Levels:
    """Several variables as one."""
    numbers: dict[Any, int] = {}
    return tuple(numbers.setdefault(cell, len(numbers)) for cell in zip(*columns, strict=True))


def entropy(a: Levels) -> float:
    """H(A) = -sum p ln p."""
    return -sum(c / len(a) * log(c / len(a)) for c in Counter(a).values())


def criterion(method: str, f: Levels, chosen: list[Levels], y: Levels) -> float:
    """J of a candidate."""
    relevance = mutual_information(f, y)
    if not chosen or method == "mim":
        return relevance
    redundant = [mutual_information(f, g) for g in chosen]
    given_label = [conditional_information(f, g, y) for g in chosen]
    match method:
        case "mifs":
            return relevance - 0.5 * sum(redundant)
        case "mrmr":
            return relevance - sum(redundant) / len(chosen)
        case "cife":
            return relevance - sum(redundant) + sum(given_label)
        case "jmi":
            return sum(mutual_information(joined(f, g), y) for g in chosen)
        case "cmim":
            return min(conditional_information(f, y, g) for g in chosen)
        case "icap":
            return relevance - sum(max(0.0, r - c) for r, c in zip(redundant, given_label, strict=True))
        case "disr":
            return sum(mutual_information(joined(f, g), y) / entropy(joined(f, g, y)) for g in chosen)
    raise AssertionError(method)


def reference_ranking(method: str, codes: np.ndarray, y: np.ndarray) -> list[int]:
    """All columns, one after another; of equal ones the first; columns of one level last."""
    columns = [tuple(column.tolist()) for column in codes]
    label = tuple(y.tolist())
    left = [j for j, column in enumerate(columns) if len(set(column)) > 1]
    constant = [j for j in range(len(columns)) if j not in left]
    ranking: list[int] = []
    while left:
        judged = {j: criterion(method, columns[j], [columns[g] for g in ranking], label) for j in left}
        best = max(judged.values())
        ranking.append(next(j for j in left if judged[j] >= best - SAME))
        left.remove(ranking[-1])
    return ranking + constant


def floats(seed: int, n: int = 90, p: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """All values distinct, some columns shifted between the classes, some alike."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 3 == 0).astype(int)
    X = rng.normal(size=(n, p)) + y[:, None] * rng.uniform(0, 1.2, p)
    X[:, 4] = X[:, 0] + 0.3 * rng.normal(size=n)
    X[:, 7] = X[:, 0] * np.where(y == 1, 1, -1)
    return X, y


def counts(seed: int, n: int = 70, p: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """Small whole numbers: equal values everywhere."""
    X, y = floats(seed, n, p)
    return (2 * X).round(), y


def doubles(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Copies, mirror images, two-valued columns and constants: equal scores everywhere."""
    X, y = floats(seed, n, 8)
    X[:, 2] = X[:, 2] > 0.4
    return np.column_stack((np.full(n, 2.0), X, X[:, ::-1], -X[:, :2], np.full(n, -1.0))), y


def few(seed: int, n: int = 8, p: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Few rows: many different columns have the same criterion."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3, (n, p)).astype(float), np.arange(n) % 2


TABLES = {"floats": floats, "counts": counts, "doubles": doubles, "few rows": few}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("key", KEYS)
def test_the_whole_ranking_is_that_of_the_published_formulas(key: str, kind: str, seed: int) -> None:
    X, y = TABLES[kind](seed)
    expected = reference_ranking(key, equal_frequency_codes(X, 5), y)
    assert SELECTORS[key]().fit(X, y).ranking_.tolist() == expected


@pytest.mark.parametrize("bins", [2, 3, 9])
@pytest.mark.parametrize("key", KEYS)
def test_the_number_of_bins_may_be_chosen(key: str, bins: int) -> None:
    X, y = floats(5)
    expected = reference_ranking(key, equal_frequency_codes(X, bins), y)
    assert SELECTORS[key](bins=bins).fit(X, y).ranking_.tolist() == expected


@pytest.mark.parametrize("kind", ["counts", "doubles"])
@pytest.mark.parametrize("key", KEYS)
def test_without_discretisation_the_formulas_are_the_same_on_values_as_levels(key: str, kind: str) -> None:
    X, y = TABLES[kind](3)
    expected = reference_ranking(key, level_codes(X), y)
    assert ranking_without_discretisation(X, y, key).tolist() == expected


def planted(n: int = 300, p: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, p))
    X[:, 31] += 1.6 * y
    X[:, 17] -= 1.4 * y
    return X, y


@pytest.mark.parametrize("key", KEYS)
def test_planted_features_are_found_where_raw_floats_come_out_in_file_order(key: str) -> None:
    X, y = planted()
    assert set(SELECTORS[key]().fit(X, y).ranking_[:2]) == {31, 17}
    assert ranking_without_discretisation(X, y, key).tolist() == list(range(40))


@pytest.mark.parametrize("key", KEYS)
def test_file_order_it_is_whatever_the_file(key: str) -> None:
    X, y = planted()
    order = np.random.default_rng(0).permutation(40)
    assert ranking_without_discretisation(X[:, order], y, key, 10).tolist() == list(range(40))
    assert set(order[SELECTORS[key]().fit(X[:, order], y).ranking_[:2]]) == {31, 17}


@pytest.mark.parametrize(
    "key", [key for key in GREEDY if key != "disr"]
)  # a copy adds no entropy to divide by
def test_a_copy_that_says_nothing_new_is_passed_over(key: str) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    strong = y + 0.8 * rng.normal(size=400)
    X = np.column_stack((strong, strong + 1e-6 * rng.normal(size=400), y + 0.9 * rng.normal(size=400)))
    assert SELECTORS["mim"]().fit(X, y).ranking_.tolist() == [0, 1, 2]
    assert SELECTORS[key]().fit(X, y).ranking_.tolist() == [0, 2, 1]


@pytest.mark.parametrize(("key", "second"), [
    ("mim", "weak"), ("mifs", "weak"), ("mrmr", "weak"), ("icap", "weak"),
    ("cife", "partner"), ("jmi", "partner"), ("cmim", "partner"), ("disr", "partner"),
])  # fmt: skip
def test_those_that_reward_it_see_what_two_features_say_only_together(key: str, second: str) -> None:
    """The label is the exclusive or of two columns, of which one leans towards it; a third says a little."""
    rows = [(a, b) for a in (0, 1) for b in (0, 1) for _ in range(50)] + [(0, 0), (1, 0)] * 20
    leaning, partner = np.repeat(rows, 20, axis=0).T
    y = leaning ^ partner
    weak = np.where(np.arange(len(y)) % 20 < 11, y, 1 - y)
    columns = {"weak": weak, "leaning": leaning, "partner": partner}
    ranking = SELECTORS[key]().fit(np.column_stack(list(columns.values())), y).ranking_
    assert [list(columns)[j] for j in ranking[:2]] == ["leaning", second]


@pytest.mark.parametrize("key", KEYS)
def test_constants_come_last_even_where_every_criterion_is_below_zero(key: str) -> None:
    X, y = floats(1)
    X = np.column_stack((np.full(len(y), 3.0), np.repeat(X[:, [1]], 9, axis=1), X, np.zeros(len(y))))
    constant = [0, X.shape[1] - 1]
    assert SELECTORS[key]().fit(X, y).ranking_[-2:].tolist() == constant
    assert ranking_without_discretisation(X, y, key)[-2:].tolist() == constant


@pytest.mark.parametrize("key", KEYS)
def test_all_columns_constant_is_the_order_of_the_columns(key: str) -> None:
    X, y = np.ones((6, 3)), np.arange(6) % 2
    assert SELECTORS[key]().fit(X, y).ranking_.tolist() == [0, 1, 2]
    assert ranking_without_discretisation(X, y, key).tolist() == [0, 1, 2]


@pytest.mark.parametrize("key", KEYS)
def test_the_ranking_is_the_same_for_rows_in_any_order_and_columns_on_any_scale(key: str) -> None:
    X, y = counts(2, n=90)
    ranking = SELECTORS[key]().fit(X, y).ranking_.tolist()
    order = np.random.default_rng(3).permutation(len(y))
    assert SELECTORS[key]().fit(X[order], y[order]).ranking_.tolist() == ranking
    assert SELECTORS[key]().fit(np.exp(X) * 1e4 - 7, y).ranking_.tolist() == ranking
    assert SELECTORS[key]().fit(X, 1 - y).ranking_.tolist() == ranking


def test_the_rankings_are_the_same_with_and_without_shared_work() -> None:
    X, y = floats(4, p=30)
    shared: dict[Any, Any] = {}
    raw: dict[Any, Any] = {}
    for bins in (5, 3):
        for key in KEYS:
            alone = SELECTORS[key](bins=bins).fit(X, y)
            beside = SELECTORS[key](bins=bins).fit(X, y, shared=shared)
            assert beside.ranking_.tolist() == alone.ranking_.tolist()
            np.testing.assert_array_equal(beside.scores_, alone.scores_)
            assert (
                ranking_without_discretisation(X.round(), y, key, shared=raw).tolist()
                == ranking_without_discretisation(X.round(), y, key).tolist()
            )


def test_what_one_selector_computed_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = floats(4, p=20)
    cut: list[int] = []
    columns: list[int] = []

    def codes(*arguments: Any, **named: Any) -> Any:
        cut.append(1)
        return codes_of(*arguments, **named)

    def sums(*arguments: Any) -> None:
        columns.append(int(arguments[3]))
        sums_of(*arguments)

    codes_of, sums_of = module.equal_frequency_codes, module._sums_from_bits
    monkeypatch.setattr(module, "equal_frequency_codes", codes)
    monkeypatch.setattr(module, "_sums_from_bits", sums)
    shared: dict[Any, Any] = {}
    for key in KEYS:
        SELECTORS[key]().fit(X, y, shared=shared)
    assert len(cut) == 1
    assert len(columns) == len(set(columns)) >= 19  # nothing is needed of the column that is taken last


@pytest.mark.parametrize("key", GREEDY)
def test_enough_are_chosen_one_by_one_and_the_others_follow_by_relevance(key: str) -> None:
    X, y = floats(6, p=25)
    whole = SELECTORS[key](enough=25).fit(X, y).ranking_.tolist()
    ranking = SELECTORS[key](enough=4).fit(X, y).ranking_.tolist()
    assert ranking[:4] == whole[:4]
    by_relevance = [j for j in SELECTORS["mim"]().fit(X, y).ranking_.tolist() if j not in whole[:4]]
    assert ranking[4:] == by_relevance
    assert ranking != whole


def test_scores_of_mim_are_nats_and_of_the_others_fall_along_the_ranking() -> None:
    X, y = floats(0)
    X[:, 2] = y
    mim = SELECTORS["mim"]().fit(X, y)
    assert mim.scores_[2] == pytest.approx(entropy(tuple(y.tolist())), abs=1e-9)
    for key in GREEDY:
        selector = SELECTORS[key]().fit(X, y)
        assert (np.diff(selector.scores_[selector.ranking_]) < 0).all()


def test_redundancy_weighs_as_much_as_beta_says() -> None:
    X, y = floats(0)
    assert MIFS(beta=0).fit(X, y).ranking_.tolist() == SELECTORS["mim"]().fit(X, y).ranking_.tolist()
    assert MIFS(beta=2).fit(X, y).ranking_.tolist() != MIFS(beta=0.1).fit(X, y).ranking_.tolist()


@pytest.mark.parametrize("key", KEYS)
def test_every_selector_says_what_it_is_and_can_be_cloned(key: str) -> None:
    selector = INFORMATION_SELECTORS[key]
    assert selector is SELECTORS[key]
    assert selector.title
    assert "I(f" in selector.definition
    assert selector.source.startswith("https://")
    assert clone(selector(size=3, bins=4)).get_params()["bins"] == 4


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("bins", [1, 65, 5.0, True])
def test_bins_out_of_range_are_refused(key: str, bins: float) -> None:
    X, y = floats(0)
    with pytest.raises(ValueError, match="bins must be"):
        SELECTORS[key](bins=bins).fit(X, y)


@pytest.mark.parametrize("beta", [-0.1, np.nan, np.inf, "1"])
def test_a_weight_that_is_none_is_refused(beta: Any) -> None:
    X, y = floats(0)
    with pytest.raises(ValueError, match="beta must be"):
        MIFS(beta=beta).fit(X, y)


@pytest.mark.parametrize("key", GREEDY)
def test_fewer_than_one_chosen_feature_is_refused(key: str) -> None:
    X, y = floats(0)
    with pytest.raises(ValueError, match="enough must be"):
        SELECTORS[key](enough=0).fit(X, y)
    with pytest.raises(ValueError, match="enough must be"):
        ranking_without_discretisation(X, y, key, 0)


def test_unknown_methods_one_class_and_shared_work_of_other_data_are_refused() -> None:
    X, y = floats(0)
    with pytest.raises(ValueError, match="no 'anova-f' among cife, cmim"):
        ranking_without_discretisation(X, y, "anova-f")
    with pytest.raises(ValueError, match="two classes"):
        ranking_without_discretisation(X, np.zeros(len(y)), "cmim")
    shared: dict[Any, Any] = {}
    ranking_without_discretisation(X, y, "cmim", shared=shared)
    for values, labels in ((X, 1 - y), (X + 1, y), (X[:, :5], y)):
        with pytest.raises(ValueError, match="other data"):
            ranking_without_discretisation(values, labels, "cmim", shared=shared)
