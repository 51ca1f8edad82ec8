from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.ranks import letter_groups, letter_name, rank_entries


def claimed(truth: pd.Series, rng: np.random.Generator, share: float) -> pd.DataFrame:
    """Pairs of which a share is claimed, each claim being true."""
    rows = []
    for a, b in itertools.combinations(truth.index, 2):
        shown = truth[a] != truth[b] and rng.random() < share
        rows.append((a, b, ("lower", "higher")[int(truth[a] > truth[b])] if shown else "not shown"))
    return pd.DataFrame(rows, columns=["model_a", "model_b", "claim"])


@pytest.mark.parametrize("seed", range(4))
def test_where_the_claims_are_true_every_true_rank_lies_in_its_range(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = pd.Series(rng.permutation(12).astype(float), index=[f"m{k}" for k in range(12)])
    noisy = truth + rng.normal(scale=0.4, size=12)

    found = rank_entries(noisy, claimed(truth, rng, 0.6))

    true_rank = truth.rank(ascending=False)
    for name in truth.index:
        assert found.loc[name, "rank_low"] <= true_rank[name] <= found.loc[name, "rank_high"]


@pytest.mark.parametrize("seed", range(4))
def test_two_entries_share_a_letter_when_and_only_when_they_are_not_shown_to_differ(seed: int) -> None:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((15, 15)) < 0.5, 1)
    differ = upper | upper.T

    groups = letter_groups(differ)

    assert {member for group in groups for member in group} == set(range(15))
    for first, second in itertools.combinations(range(15), 2):
        together = any(first in group and second in group for group in groups)
        assert together == (not differ[first, second])


def test_no_letter_is_without_need() -> None:
    """Of the path 0 - 1 - 2 - 3, where neighbours do not differ, each letter holds one pair that no other does."""
    differ = np.ones((4, 4), dtype=bool) & (abs(np.subtract.outer(range(4), range(4))) > 1)

    assert letter_groups(differ) == [(0, 1), (1, 2), (2, 3)]


def test_a_hundred_entries_with_broken_claims_have_few_letters() -> None:
    """Claims that follow a threshold give as many letters as an interval order needs, not one a pair."""
    differ = abs(np.subtract.outer(range(100), range(100))) > 30

    assert len(letter_groups(differ)) == 70


def test_entries_that_differ_from_all_others_have_a_letter_of_their_own() -> None:
    assert letter_groups(~np.eye(3, dtype=bool)) == [(0,), (1,), (2,)]


def test_equal_estimates_share_a_rank_and_keep_their_order() -> None:
    estimates = pd.Series({"z": 0.1 + 0.2, "a": 0.3, "m": 0.5, "b": 0.1})
    pairs = pd.DataFrame(columns=["model_a", "model_b", "claim"])

    found = rank_entries(estimates, pairs)

    assert list(found.index) == ["m", "z", "a", "b"]
    assert found["rank"].tolist() == [1, 2, 2, 4]


def test_an_entry_without_an_estimate_stands_last_without_a_rank() -> None:
    found = rank_entries(
        pd.Series({"a": np.nan, "b": 0.7}),
        pd.DataFrame([("a", "b", "not shown")], columns=["model_a", "model_b", "claim"]),
    )

    assert list(found.index) == ["b", "a"]
    assert found["rank"].isna().tolist() == [False, True]
    assert found["rank_high"].iloc[0] == 1
    assert found["groups"].tolist() == [("a",), ()]


def test_letters_go_on_after_z() -> None:
    assert [letter_name(number) for number in (0, 25, 26, 27, 701, 702)] == [
        "a",
        "z",
        "aa",
        "ab",
        "zz",
        "aaa",
    ]
