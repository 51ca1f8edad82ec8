from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.free_response import HitRule, match_marks


def test_a_lesion_takes_the_nearest_mark_within_the_radius() -> None:
    hits, false = match_marks([[4, 0], [1, 0], [30, 0]], [5, 2, 4], [[0, 0]], HitRule(5))
    assert hits.tolist() == [1]
    assert false.tolist() == [False, False, True]  # the further mark within the radius is ignored


def test_or_the_highest_rated_one_where_the_rule_says_so() -> None:
    hits, _ = match_marks([[4, 0], [1, 0]], [5, 2], [[0, 0]], HitRule(5, takes="highest"))
    assert hits.tolist() == [0]


def test_a_further_mark_can_be_declared_false() -> None:
    rule = HitRule(5, further_marks="false")
    assert match_marks([[4, 0], [1, 0]], [5, 2], [[0, 0]], rule)[1].tolist() == [True, False]
    assert "counts as a mark of no lesion" in rule.sentence
    assert "is ignored" in HitRule(5, takes="highest").sentence


def test_one_mark_is_one_lesion_even_where_two_are_near() -> None:
    hits, false = match_marks([[1, 0]], [3], [[0, 0], [2.5, 0]], HitRule(5))
    assert hits.tolist() == [0, -1]
    assert not false.any()


def test_each_of_two_marks_goes_to_its_own_lesion() -> None:
    hits, _ = match_marks([[2.4, 0], [0.1, 0]], [1, 1], [[0, 0], [2.5, 0]], HitRule(5))
    assert hits.tolist() == [1, 0]


def test_equally_near_marks_and_lesions_are_taken_in_declared_order_whatever_the_last_digits() -> None:
    for noise in (0.0, 1e-13, -1e-13):
        marks = [[3.0 + noise, 0], [-3.0, 0]]
        assert match_marks(marks, [1, 2], [[0, 0]], HitRule(5))[0].tolist() == [0]


def test_a_mark_exactly_at_the_radius_is_a_hit() -> None:
    assert match_marks([[0.1 + 0.2, 0]], [1], [[0, 0]], HitRule(0.3))[0].tolist() == [0]


def test_distances_in_volumes_have_three_axes() -> None:
    assert match_marks([[0, 0, 6]], [1], [[0, 0, 0]], HitRule(5))[0].tolist() == [-1]


def test_without_marks_or_lesions_nothing_is_hit() -> None:
    hits, false = match_marks(np.zeros((0, 2)), [], [[0, 0]], HitRule(5))
    assert hits.tolist() == [-1]
    assert false.size == 0
    hits, false = match_marks([[0, 0]], [1], np.zeros((0, 2)), HitRule(5))
    assert hits.size == 0
    assert false.tolist() == [True]


def test_rules_and_positions_are_checked() -> None:
    with pytest.raises(StatisticsError, match="holds no mark"):
        HitRule(0)
    with pytest.raises(StatisticsError, match="unknown rule takes"):
        HitRule(5, takes="last")
    with pytest.raises(StatisticsError, match="unknown rule further_marks"):
        HitRule(5, further_marks="kept")
    with pytest.raises(StatisticsError, match="marks have 2 coordinates"):
        match_marks([[0, 0]], [1], [[0, 0, 0]], HitRule(5))
    with pytest.raises(StatisticsError, match="not two or three finite"):
        match_marks([[0, np.nan]], [1], [[0, 0]], HitRule(5))
