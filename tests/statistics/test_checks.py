from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_confidence, check_labels, check_scores, codes_of


def test_labels_come_back_as_integers() -> None:
    assert check_labels([True, False]).tolist() == [1, 0]


@pytest.mark.parametrize("labels", [[], [[0, 1]], 3])
def test_labels_must_be_a_non_empty_column(labels: object) -> None:
    with pytest.raises(StatisticsError, match="non-empty column"):
        check_labels(labels)  # type: ignore[arg-type]


def test_other_labels_than_0_and_1_are_named() -> None:
    with pytest.raises(StatisticsError, match="found 2, 7"):
        check_labels([0, 1, 2, 7])


@pytest.mark.parametrize(("labels", "missing"), [([0, 0], "positive"), ([1, 1], "negative")])
def test_a_missing_class_is_an_error_that_names_it(labels: list[int], missing: str) -> None:
    with pytest.raises(StatisticsError, match=f"is {missing}"):
        check_labels(labels)
    assert check_labels(labels, both_classes=False).tolist() == labels


def test_scores_must_fit_the_labels() -> None:
    with pytest.raises(StatisticsError, match="3 labels do not fit"):
        check_scores([0.1, 0.2], n=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_missing_or_infinite_score_is_an_error(bad: float) -> None:
    with pytest.raises(StatisticsError, match="1 scores are missing or infinite"):
        check_scores([0.1, bad], n=2)


def test_probabilities_must_lie_between_0_and_1() -> None:
    with pytest.raises(StatisticsError, match=r"outside \[0, 1\]"):
        check_scores([0.1, 1.2], n=2, probabilities=True)
    assert check_scores([-3.0, 1.2], n=2).tolist() == [-3.0, 1.2]


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(StatisticsError, match="not between 0 and 1"):
        check_confidence(confidence)


def test_codes_number_the_sorted_values() -> None:
    assert codes_of(["b", "a", "b"], n=3).tolist() == [1, 0, 1]
    with pytest.raises(StatisticsError, match="do not fit ids"):
        codes_of(["a"], n=3)
