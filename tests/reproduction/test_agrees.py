from __future__ import annotations

import pytest

from samesplit.reproduction.agrees import agrees, is_double_rounded, rounded


@pytest.mark.parametrize(
    ("printed", "value", "fits"),
    [
        ("0.70", 78 / 112, True),
        ("0.70", 77 / 112, False),
        ("0.7", 0.66, True),
        ("0.13", 0.125, True),  # ties away from zero
        ("0.12", 0.125, True),  # ties to even
        ("0.14", 0.135, True),
        ("0.13", 0.135, False),  # neither way
        ("<0.001", 0.0009, True),
        ("<0.001", 0.002, False),
        ("≤0.002", 0.002, True),
        (">0.05", 0.04, False),
        ("-0.30", -0.2951, True),
        ("1,162", 1162.0, True),
        ("13.8%", 0.1377, True),
        ("N/A", 0.5, False),
        ("0.5", float("nan"), False),
    ],
)
def test_a_number_agrees_when_it_would_be_printed_the_same(printed: str, value: float, fits: bool) -> None:
    assert agrees(printed, value) is fits


def test_a_tie_that_a_float_just_misses_is_a_tie() -> None:
    assert 0.1 * 3 / 2 != 0.15

    assert sorted(map(str, rounded(0.1 * 3 / 2, 1))) == ["0.1", "0.2"] or agrees("0.2", 0.1 * 3 / 2)


def test_rounding_twice_is_told_from_rounding_once() -> None:
    assert is_double_rounded("0.77", 0.7649)
    assert not is_double_rounded("0.77", 0.7651)
    assert not is_double_rounded("0.78", 0.7649)
    assert not is_double_rounded("N/A", 0.7649)
