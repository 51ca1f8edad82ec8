from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.estimates import Numbers


def row(quantity: str, model: str, estimate: float, **more: Any) -> dict[str, Any]:
    about = {
        "quantity": quantity, "model": model, "reference": "", "subset": "test", "group": "all",
        "estimate": estimate, "ci_low": estimate - 0.1, "ci_high": estimate + 0.1, "p_value": np.nan,
        "p_adjusted": np.nan, "claim": "", "n": 40, "n_positive": 20, "method": "DeLong", "note": "",
    }  # fmt: skip
    return about | more


@pytest.fixture
def numbers() -> Numbers:
    return Numbers(
        pd.DataFrame(
            [
                row("auc", "grid", 0.7, subset="validation"),
                row("auc", "grid", 0.8),
                row("auc", "grid", 0.6, group="site=A"),
                row("auc_difference", "grid", 0.2, reference="clinical", claim="higher"),
                row("sensitivity", "grid", 0.9, method="Clopper-Pearson"),
                row("sensitivity", "grid", 0.85, method="Agresti-Coull"),
                row("auc", "zero", np.nan, ci_low=np.nan, ci_high=np.nan),
            ]
        )
    )


def test_estimates_are_those_of_the_test_subset(numbers: Numbers) -> None:
    found = numbers.get("auc", "grid")

    assert found is not None
    assert found.estimate == 0.8
    assert found.words(2) == "0.80 (0.70 to 0.90)"
    assert numbers.models() == ["grid", "zero"]
    assert numbers.groups("grid") == ["site=A"]


def test_a_difference_is_found_either_way_round(numbers: Numbers) -> None:
    one = numbers.difference("auc", "grid", "clinical")
    other = numbers.difference("auc", "clinical", "grid")

    assert one is not None
    assert other is not None
    assert (one.estimate, one.claim, one.excludes_zero) == (0.2, "higher", True)
    assert (other.estimate, other.low, other.high) == pytest.approx((-0.2, -0.3, -0.1))
    assert other.claim == "lower"
    assert numbers.difference("auc", "grid", "zero") is None


def test_of_two_intervals_of_a_rate_the_second_opinion_is_not_the_one_shown(numbers: Numbers) -> None:
    found = numbers.get("sensitivity", "grid")

    assert found is not None
    assert found.method == "Agresti-Coull"
    assert numbers.methods(("sensitivity",)) == ["Agresti-Coull"]


def test_what_there_is_not_is_a_dash(numbers: Numbers) -> None:
    assert numbers.cell("auc", "nobody").text == "–"
    assert numbers.cell("auc", "zero").text == "–"
    zero = numbers.get("auc", "zero")
    assert zero is not None
    assert not zero.is_known()
    assert zero.words() == "– (no interval)"
