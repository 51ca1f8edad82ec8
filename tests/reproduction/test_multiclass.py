from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from samesplit.reproduction.multiclass import (
    Found,
    confusion_tables,
    counts_of_precision_and_recall,
    divided_in_two,
)
from samesplit.reproduction.numbers import parse


@pytest.mark.parametrize(("right", "reference", "named"), [(82, 97, 121), (16, 17, 16), (2, 7, 3), (1, 1, 1)])
def test_the_lesions_behind_printed_rates_are_among_those_found(
    right: int, reference: int, named: int
) -> None:
    precision, recall = parse(f"{right / named:.4f}"), parse(f"{right / reference:.4f}")
    found = counts_of_precision_and_recall(precision, recall, reference)
    assert Found(right, reference, named) in found
    assert all(round(each.right / each.named, 4) == precision.number for each in found)


def test_no_whole_lesions_print_as_an_impossible_recall() -> None:
    assert counts_of_precision_and_recall(parse("0.5000"), parse("0.9000"), 7) == []
    assert counts_of_precision_and_recall(parse("0.0"), parse("0.0"), 7) == []


def test_a_rate_of_1_is_printed_to_whole_percents() -> None:
    assert counts_of_precision_and_recall(parse("1.0"), parse("0.9412"), 17) == [Found(16, 17, 16)]


def test_wrong_lesions_and_f1_follow_from_the_counts() -> None:
    found = Found(right=177, reference=244, named=230)
    assert found.wrong == 53
    assert found.f1 == pytest.approx(2 * (177 / 230) * (177 / 244) / (177 / 230 + 177 / 244))


def test_only_one_division_of_427_masses_prints_the_rates_of_both_kidneys() -> None:
    precisions, recalls = [parse("0.7696"), parse("0.7235")], [parse("0.7254"), parse("0.6721")]
    assert divided_in_two(precisions, recalls, 427) == [(Found(177, 244, 230), Found(123, 183, 170))]
    assert divided_in_two(precisions, recalls, 427, right=301) == []
    assert divided_in_two(precisions, recalls, 427, wrong=99) == []


def test_the_tables_are_all_that_have_the_margins() -> None:
    rng = np.random.default_rng(3)
    table = rng.integers(0, 3, size=(3, 3))
    right, reference, named = np.diag(table).tolist(), table.sum(axis=1).tolist(), table.sum(axis=0).tolist()
    found = {tuple(each.ravel()) for each in confusion_tables(right, reference, named)}
    tried = set()
    for off in product(range(4), repeat=6):
        each = np.diag(right)
        each[~np.eye(3, dtype=bool)] = off
        if each.sum(axis=1).tolist() == reference and each.sum(axis=0).tolist() == named:
            tried.add(tuple(each.ravel()))
    assert tuple(table.ravel()) in found
    assert found == tried


def test_contradictory_margins_have_no_table() -> None:
    assert confusion_tables([16, 74, 36], [17, 77, 43], [16, 82, 38]) == []  # 136 predictions of 137 masses
    assert (
        confusion_tables([16, 74, 36], [17, 77, 43], [16, 83, 38]) == []
    )  # 9 wrong cystic ones, 8 others missed
    assert confusion_tables([3, 1], [2, 2], [2, 2]) == []
