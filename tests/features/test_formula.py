"""Formulas are computed as written, and nothing but a formula is accepted."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.formula import Formula

X = {"a": np.array([6.0, 1.0, np.nan]), "b": np.array([3.0, 0.0, 2.0])}


@pytest.mark.parametrize(
    ("text", "first"),
    [("a / b", 2.0), ("-(a - b) * 2", -6.0), ("+a + 1e1", 16.0), ("100 * (a - b) / b", 100.0)],
)
def test_a_formula_is_computed_as_python_would(text, first):
    assert Formula(text)(X)[0] == pytest.approx(first, rel=1e-12)


def test_a_missing_part_and_a_divisor_of_zero_give_a_missing_value():
    assert np.isnan(Formula("a / b")(X)).tolist() == [False, True, True]


def test_names_come_in_the_order_of_the_formula():
    assert Formula("(T1map - T1emap) / T1map").names == ("T1map", "T1emap")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.real / b",
        "a[0]",
        "a ** b",
        "abs(a)",
        "a if b else a",
        "a < b",
        "True + a",
        "'a'",
        "a +",
        "not a",
        "1 + 2",
        "",
        "a + " * 60 + "a",
    ],
)
def test_whatever_else_is_refused(text):
    with pytest.raises(ValueError, match=r"formula|names nothing|at most"):
        Formula(text)
