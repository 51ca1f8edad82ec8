from __future__ import annotations

import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.evaluation.groups import (
    Group,
    cut_column,
    cut_into_groups,
    grouping_columns,
    parse_group,
    values_of_columns,
)

TRUTH = pd.DataFrame(
    {"test_set": ["internal", "external", None, "internal"], "site": ["b", "a", "a", "c"]},
    index=pd.Index(["L1", "L2", "L3", "L4"], name="lesion_id"),
)


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (Group(), "all"),
        (Group("site", "north"), "site=north"),
        (Group(of_class="AML"), "class=AML"),
        (Group("test_set", "external", "AML"), "test_set=external, class=AML"),
        (Group("site", "Bern, Insel=1", "a, b=c"), "site=Bern, Insel=1, class=a, b=c"),
    ],
)
def test_a_group_is_read_from_the_name_that_it_makes(group: Group, name: str) -> None:
    assert group.name == name
    assert parse_group(name) == group


def test_a_group_of_lesions_can_be_told_by_class() -> None:
    assert Group("site", "north").with_class("AML") == Group("site", "north", "AML")


def test_named_test_sets_come_first_and_once() -> None:
    assert grouping_columns(TRUTH, ["site"]) == ("test_set", "site")
    assert grouping_columns(TRUTH, ["site", "test_set"]) == ("site", "test_set")
    assert grouping_columns(TRUTH[["site"]], []) == ()


def test_values_come_with_the_lesions_that_are_judged() -> None:
    notes: list[str] = []
    lesions = pd.Series(["L1", "L2", "L3"])
    found = {
        group.name: list(inside)
        for group, inside in values_of_columns(TRUTH, lesions, ["test_set", "site"], notes=notes)
    }
    assert found == {
        "test_set=external": ["L2"],
        "test_set=internal": ["L1"],
        "site=a": ["L2", "L3"],
        "site=b": ["L1"],
    }
    assert notes == ["1 lesions have no test_set; they are in no such group"]


def test_a_column_that_is_not_there_or_has_too_many_values_is_told() -> None:
    with pytest.raises(StatisticsError, match="no column 'vendor'"):
        list(values_of_columns(TRUTH, pd.Series(["L1"]), ["vendor"], notes=[]))
    many = pd.DataFrame({"size": range(21)}, index=[f"L{i}" for i in range(21)])
    with pytest.raises(StatisticsError, match="21 different values"):
        list(values_of_columns(many, pd.Series(many.index), ["size"], notes=[]))


def test_a_column_of_numbers_is_cut_into_groups_in_order_and_stays_as_it_is() -> None:
    sizes = pd.Series([55.0, 20.0, 5.0, float("nan"), 39.9], index=list("abcde"))
    truth = pd.DataFrame({"size_mm": sizes, cut_column("size_mm"): cut_into_groups(sizes, (5.5, 20, 40))})
    notes: list[str] = []
    found = values_of_columns(truth, pd.Series(list("abcde")), ["size_mm"], notes=notes)
    assert {group.name: list(inside) for group, inside in found} == {
        "size_mm=under 5.5": ["c"],
        "size_mm=20 to under 40": ["b", "e"],
        "size_mm=40 and over": ["a"],
    }
    assert notes == ["1 lesions have no size_mm; they are in no such group"]
    assert truth["size_mm"].dtype == "float64"


def test_one_cut_makes_two_groups() -> None:
    assert cut_into_groups(pd.Series([64.9, 65.0]), [65]).tolist() == ["under 65", "65 and over"]
